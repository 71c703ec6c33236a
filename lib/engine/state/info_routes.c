/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay does: copies for the application, made on the control thread. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "core/sized.h"
#include "engine/plan/relay_config.h"
#include "engine/relay/relay_lcore.h"
#include "engine/state/relay.h"
#include "engine/state/route_listing.h"
#include "engine/state/state.h"

/* ---- the interfaces ---- */

/* Finds number i of the interfaces that have a role. Returns its index, or -ENOENT. */
static int find_interface(const struct mcr_engine *e, size_t i)
{
	for (unsigned at = 0; e->relay && at < e->n_interfaces; at++)
		if ((e->relay->interfaces >> at & 1) != 0 && i-- == 0)
			return (int)at;
	return -ENOENT;
}

static void add_counts(struct mcr_relay_counts *to, const struct mcr_relay_counts *c)
{
	to->offered += c->offered;
	to->tx += c->tx;
	to->tx_full += c->tx_full;
	to->tx_mtu += c->tx_mtu;
	to->tx_ttl += c->tx_ttl;
	to->tx_no_buffer += c->tx_no_buffer;
	to->tx_down += c->tx_down;
}

static void lcore_into(const struct mcr_relay_lcore *r, unsigned interface,
		       struct mcr_relay_info *out)
{
	const struct mcr_flow_totals flows = mcr_flow_cache_totals(r->flows, interface);
	struct mcr_relay_counts counts;

	mcr_relay_counts_read(r, interface, &counts);
	add_counts(&out->out, &counts);
	out->wrong_interface += __atomic_load_n(&r->wrong_interface[interface], __ATOMIC_RELAXED);
	out->looped += __atomic_load_n(&r->looped[interface], __ATOMIC_RELAXED);
	out->flows += flows.kept;
	out->flows_evicted += flows.evicted;
}

/* Why packets of a family are not forwarded to an interface. */
static void querier_why(const struct mcr_interface *it, unsigned family, char *why, size_t cap)
{
	char other[MCR_ADDRESS_TEXT];
	struct mcr_querier_state state;

	if (!it->queriers[family]) {
		snprintf(why, cap, "%s",
			 family == MCR_GMP_MLD ? "IPv6: no mld_querier" : "IPv4: no querier");
		return;
	}
	mcr_querier_get_state(it->queriers[family], &state);
	switch (state.role) {
	case MCR_QUERIER_OTHER:
		snprintf(why, cap, "%s is the querier", mcr_address_format(other, state.querier));
		break;
	case MCR_QUERIER_WAITING:
		snprintf(why, cap, "waiting: is anybody the querier?");
		break;
	case MCR_QUERIER_US: /* since this round */
		snprintf(why, cap, "it is about to forward");
		break;
	default:
		snprintf(why, cap, "the querier has no address to ask from");
	}
}

/* A family that has a querier comes first: another is the querier there, or may be. */
static void queriers_why(const struct mcr_interface *it, const uint8_t forwards[2], char *why,
			 size_t cap)
{
	for (unsigned has = 2; has-- > 0;)
		for (unsigned f = 0; f < 2 && why[0] == '\0'; f++)
			if (!forwards[f] && has == (it->queriers[f] != NULL))
				querier_why(it, f, why, cap);
}

static void why_into(const struct mcr_engine *e, unsigned i, struct mcr_relay_info *out)
{
	const struct mcr_interface *it = &e->interfaces[i];
	char *why = out->why;
	const size_t cap = sizeof(out->why);

	if (it->port->removed)
		snprintf(why, cap, "the port was removed");
	else if (!it->port->link_up)
		snprintf(why, cap, "the link is down");
	else if (it->config.tx_never)
		snprintf(why, cap, "tx=never");
	else if (out->forward_when == MCR_FORWARD_NEVER)
		snprintf(why, cap, "forward_when=never");
	else
		queriers_why(it, out->forwards, why, cap);
}

static int is_up(const struct mcr_interface *it)
{
	return it->port->link_up && !it->port->removed;
}

static void relay_into(const struct mcr_engine *e, unsigned i, struct mcr_relay_info *out)
{
	const struct mcr_interface *it = &e->interfaces[i];

	*out = (struct mcr_relay_info){
	    .role = it->config.role,
	    .forward_when = (uint8_t)mcr_relay_forward_when(&it->config),
	    .ttl_threshold = mcr_relay_ttl_threshold(&it->config),
	    .tx_queues = it->port->tx.n_queues,
	    .tx_shared = (uint16_t)mcr_tx_plan_shared(&it->port->tx),
	};
	memcpy(out->interface, it->config.name, sizeof(out->interface));
	for (unsigned family = 0; family < 2; family++)
		out->forwards[family] = is_up(it) && (e->relay->forwarding[family] >> i & 1) != 0;
	why_into(e, i, out);
	for (unsigned w = 0; w < e->n_workers; w++)
		lcore_into(e->workers[w]->relay, i, out);
}

int mcr_engine_relay_info(const struct mcr_engine *e, size_t i, struct mcr_relay_info *out)
{
	struct mcr_relay_info info;
	int at = find_interface(e, i);

	if (at < 0)
		return at;
	relay_into(e, (unsigned)at, &info);
	return mcr_sized_give(out, &info, sizeof(info));
}

int mcr_engine_relay_lcore(const struct mcr_engine *e, size_t i, size_t lcore,
			   struct mcr_relay_counts *out)
{
	int at = find_interface(e, i);

	if (at < 0 || lcore >= e->n_workers)
		return -ENOENT;
	mcr_relay_counts_read(e->workers[lcore]->relay, (unsigned)at, out);
	return 0;
}

/* ---- the routes ---- */

int mcr_engine_routes_collect(struct mcr_engine *e, uint64_t *ticket)
{
	if (!e->relay)
		return -ENOENT;
	return mcr_route_listing_step(e->relay->listing, ticket);
}

int mcr_engine_route_collected(const struct mcr_engine *e, size_t i, struct mcr_route_info *out)
{
	const struct mcr_route_shown *route =
	    e->relay ? mcr_route_listing_get(e->relay->listing, i) : NULL;
	struct mcr_route_info info;

	if (!route)
		return -ENOENT;
	info = (struct mcr_route_info){
	    .source = route->source,
	    .group = route->group,
	    .packets = route->packets,
	    .bytes = route->bytes,
	    .wrong_interface = route->wrong_interface,
	    .first_ns = route->first_ns,
	    .last_ns = route->last_ns,
	    .n_outputs = (unsigned)__builtin_popcountll(route->outputs),
	};
	memcpy(info.interface, e->interfaces[route->interface].config.name, sizeof(info.interface));
	return mcr_sized_give(out, &info, sizeof(info));
}

int mcr_engine_route_info(struct mcr_engine *e, size_t i, struct mcr_route_info *out)
{
	int ret = e->relay && i == 0 ? mcr_route_listing_renew(e->relay->listing) : 0;

	return ret < 0 ? ret : mcr_engine_route_collected(e, i, out);
}

int mcr_engine_route_outputs(struct mcr_engine *e, size_t i, struct mcr_route_output *outputs,
			     size_t cap)
{
	const struct mcr_relay *r = e->relay;
	const struct mcr_route_shown *route = r ? mcr_route_listing_get(r->listing, i) : NULL;
	const uint64_t *packets;
	uint64_t now;
	size_t n = 0;

	if (!route)
		return -ENOENT;
	packets = mcr_route_listing_packets(r->listing, route);
	now = mcr_engine_route_goes_to(e, route->interface, route->group, route->source) &
	      r->forwarding[mcr_address_is_ipv6(route->group)];
	for (uint64_t left = route->outputs; left != 0; left &= left - 1, n++) {
		const unsigned at = (unsigned)__builtin_ctzll(left);
		const struct mcr_interface *it = &e->interfaces[at];

		if (n >= cap)
			continue;
		outputs[n] = (struct mcr_route_output){
		    .packets = packets[n],
		    .is_forwarded = is_up(it) && (now >> at & 1) != 0,
		    .ttl_threshold = mcr_relay_ttl_threshold(&it->config),
		};
		memcpy(outputs[n].interface, it->config.name, sizeof(outputs[n].interface));
	}
	return (int)n;
}
