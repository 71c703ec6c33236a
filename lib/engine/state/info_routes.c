/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay does: copies for the application, made on the control thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/sized.h"
#include "engine/plan/relay_config.h"
#include "engine/relay/relay_lcore.h"
#include "engine/state/relay.h"
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

/* A route as it is shown, or a part of it: what one lcore counted for one set of outputs, or what
 * the set of routes says. */
struct mcr_route_shown {
	struct mcr_address group, source;
	uint64_t outputs; /* of packets, and of those that would come */
	uint64_t packets, bytes, wrong_interface;
	uint64_t first_ns, last_ns;
	uint32_t interface;
	uint32_t counted; /* of the whole: where its packets by output begin */
};

/* A growing list of parts. */
struct parts {
	const struct mcr_engine *e;
	struct mcr_route_shown *list;
	size_t n, cap;
	int ret;
};

static struct mcr_route_shown *add_part(struct parts *p)
{
	if (p->n == p->cap) {
		const size_t cap = p->cap ? 2 * p->cap : 64;
		struct mcr_route_shown *list = realloc(p->list, cap * sizeof(*list));

		if (!list) {
			p->ret = -ENOMEM;
			return NULL;
		}
		p->list = list;
		p->cap = cap;
	}
	p->list[p->n] = (struct mcr_route_shown){0};
	return &p->list[p->n++];
}

static void add_flow(struct parts *p, const struct mcr_flow *flow)
{
	struct mcr_route_shown *part = add_part(p);

	if (!part)
		return;
	part->group = mcr_route_address_back(flow->key.group);
	part->source = mcr_route_address_back(flow->key.source);
	part->interface = (uint32_t)flow->key.interface;
	part->outputs = flow->key.outputs;
	part->first_ns = flow->first_ns;
	part->last_ns = flow->last_ns;
	if (flow->key.outputs == 0) {
		part->wrong_interface = flow->packets;
	} else {
		part->packets = flow->packets;
		part->bytes = flow->bytes;
	}
}

/* Where the next packet goes, as far as the routes say. */
static uint64_t outputs_of(const struct mcr_engine *e, unsigned in, struct mcr_address group,
			   struct mcr_address source)
{
	int rings;

	return mcr_route_outputs(e->view->relay->table, in, mcr_route_address_of(group),
				 mcr_route_address_of(source), &rings);
}

/* A route's packets come in upstream; where the group's scopes forbid that, downstream. */
static unsigned input_of(const struct mcr_engine *e, const struct mcr_route_entry *entry)
{
	const unsigned upstream = e->relay->upstream;

	if (outputs_of(e, upstream, entry->group, entry->source) != 0)
		return upstream;
	for (unsigned i = 0; i < e->n_interfaces; i++)
		if (i != upstream && (e->relay->interfaces >> i & 1) != 0 &&
		    outputs_of(e, i, entry->group, entry->source) != 0)
			return i;
	return upstream;
}

static void add_entry(void *ctx, const struct mcr_route_entry *entry)
{
	struct parts *p = ctx;
	struct mcr_route_shown *part;

	if (entry->outputs == 0 && mcr_address_is_none(entry->source))
		return; /* only listed sources are wanted */
	part = add_part(p);
	if (!part)
		return;
	part->group = entry->group;
	part->source = entry->source;
	part->interface = input_of(p->e, entry);
	part->outputs = outputs_of(p->e, part->interface, entry->group, entry->source);
}

static int by_key(const void *a, const void *b)
{
	const struct mcr_route_shown *x = a, *y = b;
	int order = memcmp(&x->group, &y->group, sizeof(x->group));

	if (order == 0)
		order = memcmp(&x->source, &y->source, sizeof(x->source));
	if (order == 0)
		order = (x->interface > y->interface) - (x->interface < y->interface);
	return order;
}

/* The end of the parts of one route that begin at `from`, and all their outputs. */
static size_t end_of(const struct parts *p, size_t from, uint64_t *outputs)
{
	size_t end = from;

	*outputs = 0;
	for (; end < p->n && by_key(&p->list[from], &p->list[end]) == 0; end++)
		*outputs |= p->list[end].outputs;
	if (*outputs != 0)
		*outputs |= outputs_of(p->e, p->list[from].interface, p->list[from].group,
				       p->list[from].source);
	return end;
}

/* The place of an output among the packets of a route. */
static unsigned place_of(uint64_t outputs, unsigned output)
{
	return (unsigned)__builtin_popcountll(outputs & ((UINT64_C(1) << output) - 1));
}

static void add_to_whole(struct mcr_route_shown *whole, const struct mcr_route_shown *part,
			 uint64_t *counted)
{
	for (uint64_t left = part->outputs; left != 0; left &= left - 1)
		counted[place_of(whole->outputs, (unsigned)__builtin_ctzll(left))] += part->packets;
	whole->packets += part->packets;
	whole->bytes += part->bytes;
	whole->wrong_interface += part->wrong_interface;
	if (part->last_ns > whole->last_ns)
		whole->last_ns = part->last_ns;
	if (part->first_ns != 0 && (whole->first_ns == 0 || part->first_ns < whole->first_ns))
		whole->first_ns = part->first_ns;
}

/* Makes routes of the sorted parts, in their place. counted: room for all outputs of all of them.
 */
static void join_parts(struct parts *p, uint64_t *counted)
{
	size_t n = 0, used = 0;

	for (size_t from = 0, end; from < p->n; from = end, n++) {
		struct mcr_route_shown whole = {.group = p->list[from].group,
						.source = p->list[from].source,
						.interface = p->list[from].interface,
						.counted = (uint32_t)used};

		end = end_of(p, from, &whole.outputs);
		for (size_t i = from; i < end; i++)
			add_to_whole(&whole, &p->list[i], counted + used);
		used += (size_t)__builtin_popcountll(whole.outputs);
		p->list[n] = whole;
	}
	p->n = n;
}

static size_t count_outputs(const struct parts *p)
{
	uint64_t outputs;
	size_t n = 0;

	for (size_t from = 0; from < p->n; n += (size_t)__builtin_popcountll(outputs))
		from = end_of(p, from, &outputs);
	return n;
}

static int collect(struct mcr_engine *e)
{
	struct mcr_relay *r = e->relay;
	struct parts parts = {.e = e};
	uint64_t *counted = NULL;
	struct mcr_flow flow;

	for (unsigned w = 0; w < e->n_workers; w++)
		for (size_t i = 0; i < MCR_FLOWS_MAX; i++)
			if (mcr_flow_cache_get(e->workers[w]->relay->flows, i, &flow))
				add_flow(&parts, &flow);
	mcr_route_set_each(r->routes, add_entry, &parts);
	if (parts.n > 0)
		qsort(parts.list, parts.n, sizeof(*parts.list), by_key);
	if (parts.ret == 0)
		counted = calloc(count_outputs(&parts) + 1, sizeof(*counted));
	if (!counted) {
		free(parts.list);
		return -ENOMEM;
	}
	join_parts(&parts, counted);
	free(r->shown);
	free(r->shown_packets);
	r->shown = parts.list;
	r->n_shown = parts.n;
	r->shown_packets = counted;
	return 0;
}

int mcr_engine_route_info(struct mcr_engine *e, size_t i, struct mcr_route_info *out)
{
	const struct mcr_route_shown *route;
	struct mcr_route_info info;
	int ret = 0;

	if (!e->relay)
		return -ENOENT;
	if (i == 0)
		ret = collect(e);
	if (ret < 0 || i >= e->relay->n_shown)
		return ret < 0 ? ret : -ENOENT;
	route = &e->relay->shown[i];
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

int mcr_engine_route_outputs(struct mcr_engine *e, size_t i, struct mcr_route_output *outputs,
			     size_t cap)
{
	const struct mcr_relay *r = e->relay;
	const struct mcr_route_shown *route;
	uint64_t now;
	size_t n = 0;

	if (!r || i >= r->n_shown)
		return -ENOENT;
	route = &r->shown[i];
	now = outputs_of(e, route->interface, route->group, route->source) &
	      r->forwarding[mcr_address_is_ipv6(route->group)];
	for (uint64_t left = route->outputs; left != 0; left &= left - 1, n++) {
		const unsigned at = (unsigned)__builtin_ctzll(left);
		const struct mcr_interface *it = &e->interfaces[at];

		if (n >= cap)
			continue;
		outputs[n] = (struct mcr_route_output){
		    .packets = r->shown_packets[route->counted + n],
		    .is_forwarded = is_up(it) && (now >> at & 1) != 0,
		    .ttl_threshold = mcr_relay_ttl_threshold(&it->config),
		};
		memcpy(outputs[n].interface, it->config.name, sizeof(outputs[n].interface));
	}
	return (int)n;
}
