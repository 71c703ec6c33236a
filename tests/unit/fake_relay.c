/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay of the engine that fake_engine.h makes up. */
#include "fake_engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"

/* The upstream interface, "up", and then "lan1" and so on: all of lcore 1. */
int mcr_engine_relay_info(const struct mcr_engine *e, size_t i, struct mcr_relay_info *out)
{
	memset(out, 0, sizeof(*out));
	strcpy(out->interface, "up");
	if (i > 0)
		snprintf(out->interface, sizeof(out->interface), "lan%zu", i);
	out->role = i == 0 ? MCR_RELAY_UPSTREAM : MCR_RELAY_DOWNSTREAM;
	out->forward_when = i == 0 ? MCR_FORWARD_ALWAYS : MCR_FORWARD_QUERIER;
	out->ttl_threshold = (uint8_t)(i + 1);
	out->forwards[0] = 1;
	out->forwards[1] = i == 0;
	strcpy(out->why, i == 0 ? "" : "IPv6: fe80::1 is the querier");
	out->wrong_interface = 5;
	out->looped = 6;
	out->flows = e->n_routes;
	out->flows_evicted = i == 0 ? 0 : 9;
	out->tx_queues = 2;
	out->tx_shared = 1;
	(void)mcr_engine_relay_lcore(e, i, 0, &out->out);
	return i < e->n_relay ? 0 : -ENOENT;
}

int mcr_engine_relay_lcore(const struct mcr_engine *e, size_t i, size_t lcore,
			   struct mcr_relay_counts *out)
{
	*out = (struct mcr_relay_counts){.offered = 21,
					 .tx = 6,
					 .tx_full = 5,
					 .tx_mtu = 4,
					 .tx_ttl = 3,
					 .tx_no_buffer = 2,
					 .tx_down = 1};
	return i < e->n_relay && lcore < 1 ? 0 : -ENOENT;
}

int mcr_engine_routes_collect(struct mcr_engine *e, uint64_t *ticket)
{
	if (++*ticket < FAKE_ROUTE_STEPS)
		return 0;
	e->collected++;
	return e->n_relay > 0 ? 1 : -ENOENT;
}

/* 239.2.0.0 of any source, of which no packet came, 239.2.0.1 of 10.0.0.1, and so on. */
int mcr_engine_route_collected(const struct mcr_engine *e, size_t i, struct mcr_route_info *out)
{
	if (e->collected == 0)
		return -ENOENT;
	memset(out, 0, sizeof(*out));
	strcpy(out->interface, "up");
	out->group = mcr_address_from_ipv4(htonl(0xef020000 + (uint32_t)i));
	out->n_outputs = e->n_relay > 0 ? (unsigned)e->n_relay - 1 : 0;
	if (i > 0) {
		out->source = mcr_address_from_ipv4(htonl(0x0a000000 + (uint32_t)i));
		out->packets = 100 * i;
		out->bytes = 10000 * i;
		out->wrong_interface = i;
		out->first_ns = 1700000000000000000;
		out->last_ns = 1700000001000000000;
	}
	return i < e->n_routes ? 0 : -ENOENT;
}

int mcr_engine_route_outputs(struct mcr_engine *e, size_t i, struct mcr_route_output *outputs,
			     size_t cap)
{
	if (i >= e->n_routes)
		return -ENOENT;
	for (size_t k = 0; k + 1 < e->n_relay && k < cap; k++) {
		outputs[k] = (struct mcr_route_output){.packets = i * 100 - i * k,
						       .is_forwarded = k % 2 == 0,
						       .ttl_threshold = (uint8_t)(k + 1)};
		snprintf(outputs[k].interface, sizeof(outputs[k].interface), "lan%zu", k + 1);
	}
	return e->n_relay > 0 ? (int)e->n_relay - 1 : 0;
}
