/* SPDX-License-Identifier: BSD-3-Clause */
#include "outputs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eth_ring.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "../common/fail.h"
#include "../common/find_port.h"

#define TX_RING   1024
#define RX_RING   64
#define AT_A_TIME 64

static int make_rings(struct output *out, unsigned i)
{
	int node = (int)rte_socket_id(), port;
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "out_rx%u", i);
	out->rx = rte_ring_create(name, RX_RING, node, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "out_tx%u", i);
	out->tx = rte_ring_create(name, TX_RING, node, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (!out->rx || !out->tx)
		return fail("no memory: give EAL more (-m MEGABYTES)");
	snprintf(name, sizeof(name), "out%u", i);
	port = rte_eth_from_rings(name, &out->rx, 1, &out->tx, 1, (unsigned)node);
	if (port < 0 || rte_eth_dev_get_name_by_port((uint16_t)port, out->name) < 0)
		return fail("DPDK makes no net_ring port");
	out->port = (uint16_t)port;
	return 0;
}

/* The i-th port behind the one of the feed: net_null1 behind net_null0. */
static int find_next(struct output *out, const char *port, unsigned i)
{
	size_t len = strlen(port);

	while (len > 0 && isdigit((unsigned char)port[len - 1]))
		len--;
	snprintf(out->name, sizeof(out->name), "%.*s%lu", (int)len, port,
		 strtoul(port + len, NULL, 10) + i);
	return find_port(out->name, &out->port);
}

int outputs_create(struct output *outputs, const struct bench_options *o)
{
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < o->outputs; i++)
		ret =
		    o->chains ? make_rings(&outputs[i], i) : find_next(&outputs[i], o->port, i + 1);
	return ret;
}

void output_drain(const struct output *out)
{
	struct rte_mbuf *mbufs[AT_A_TIME];
	unsigned n;

	if (!out->tx)
		return;
	while ((n = rte_ring_sc_dequeue_burst(out->tx, (void **)mbufs, AT_A_TIME, NULL)) > 0)
		rte_pktmbuf_free_bulk(mbufs, n);
}

void outputs_destroy(struct output *outputs, const struct bench_options *o)
{
	for (unsigned i = 0; i < o->outputs; i++) {
		output_drain(&outputs[i]);
		rte_ring_free(outputs[i].rx);
		rte_ring_free(outputs[i].tx);
	}
}
