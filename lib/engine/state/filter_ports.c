/* SPDX-License-Identifier: BSD-3-Clause */
/* From the engine's joins, and what the proxy wants, to the filters of its ports. Control lists
 * what is wanted, and the device thread programs it, one change of a port at a time; changes that
 * come meanwhile are the next one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "engine/interface/interface_querier.h"
#include "engine/state/filter_ports.h"
#include "engine/state/lcore_pins.h"
#include "engine/state/log.h"
#include "engine/state/open_filter.h"
#include "engine/state/relay.h"
#include "engine/state/state.h"

/* Reports of joins wait for the filters that let their data in, so that none of it is dropped at
 * the NIC, but not for a kernel that is busy: a querier may give us as little as a tenth of a
 * second (RFC 3376 §4.1.1), and a switch that hears of a join late costs more than the first
 * packets. */
#define REPORTS_WAIT_NS UINT64_C(100000000)

uint16_t mcr_engine_group_queue(const struct mcr_engine *e, const struct mcr_group *g)
{
	const struct mcr_port *port = e->interfaces[g->interface].port;
	int lcore = mcr_engine_pin_of(e, g);
	uint16_t queues[MCR_QUEUES_MAX], n = 0;

	for (uint16_t q = 0; lcore >= 0 && q < port->n_queues; q++)
		if (port->worker_of_queue[q] == lcore)
			queues[n++] = q;
	if (n > 0)
		return queues[mcr_filter_spread(g->group, n)];
	return mcr_filter_spread(g->group, port->n_queues);
}

static void limit_sources(struct mcr_filter_want *want, const struct mcr_source_filter *filter)
{
	if (filter->mode != MCR_FILTER_INCLUDE || filter->n > MCR_FLOW_SOURCES)
		return;
	want->n_sources = (uint16_t)filter->n;
	for (size_t i = 0; i < filter->n; i++)
		want->sources[i] = filter->sources[i];
}

/* Whether downstream interfaces want the group from this one. */
static int is_proxied(const struct mcr_engine *e, unsigned interface, struct mcr_address group)
{
	struct mcr_source_filter proxied;

	if (!e->relay || interface != e->relay->upstream)
		return 0;
	mcr_route_set_proxied(e->relay->routes, group, &proxied);
	return proxied.mode == MCR_FILTER_EXCLUDE || proxied.n > 0;
}

static struct mcr_filter_want want_of(const struct mcr_engine *e, const struct mcr_group *g)
{
	struct mcr_filter_want want = {
	    .group = g->group,
	    .vlan = e->interfaces[g->interface].config.vlan,
	    .queue = mcr_engine_group_queue(e, g),
	    .udp_port = g->udp_port,
	};

	if (is_proxied(e, g->interface, g->group))
		want.udp_port = 0; /* and from any source: others want it as well */
	else
		limit_sources(&want, &g->source_filter);
	return want;
}

/* At most, beside its joins and what the proxy wants. */
#define WANTS_OF_INTERFACE (3 + MCR_INTERFACE_OWN_GROUPS + MCR_INTERFACE_QUERIER_GROUPS)

static size_t list_protocols(const struct mcr_interface *i, int has_ipv6,
			     struct mcr_filter_want *wants)
{
	struct mcr_address routers[MCR_INTERFACE_QUERIER_GROUPS];
	size_t n_routers = mcr_interface_querier_groups(i, routers), n = 0;
	uint16_t vlan = i->config.vlan;

	if (i->igmp)
		wants[n++] = (struct mcr_filter_want){.vlan = vlan,
						      .kind = MCR_FILTER_IGMP,
						      .is_querier = !!i->queriers[MCR_GMP_IGMP]};
	if (has_ipv6 && i->config.mld != MCR_MLD_OFF)
		wants[n++] = (struct mcr_filter_want){
		    .vlan = vlan, .kind = MCR_FILTER_MLD, .is_querier = !!i->queriers[MCR_GMP_MLD]};
	if (i->config.role == MCR_RELAY_DOWNSTREAM)
		wants[n++] = (struct mcr_filter_want){.vlan = vlan, .kind = MCR_FILTER_ALL};
	for (size_t k = 0; k < n_routers; k++)
		wants[n++] = (struct mcr_filter_want){
		    .group = routers[k], .vlan = vlan, .kind = MCR_FILTER_ROUTERS};
	return n;
}

/* What an interface itself listens to. On an isolated port ff02::1 stays the kernel's, which learns
 * its routers there. */
static size_t list_own(const struct mcr_interface *i, struct mcr_filter_want *wants)
{
	struct mcr_address own[MCR_INTERFACE_OWN_GROUPS];
	size_t n_own = mcr_interface_own_groups(i, own);
	size_t n = list_protocols(i, n_own > 0, wants);

	for (size_t k = 0; k < n_own; k++)
		if (!i->port->filter.flow.isolated ||
		    !mcr_address_is_equal(own[k], MCR_ADDRESS_ALL_NODES))
			wants[n++] = (struct mcr_filter_want){
			    .group = own[k], .vlan = i->config.vlan, .kind = MCR_FILTER_ND};
	return n;
}

/* For the callback of mcr_route_set_each. */
struct listing {
	const struct mcr_engine *e;
	struct mcr_filter_want *wants;
	size_t n, cap;
	struct mcr_address last; /* a group's entries follow each other */
};

static void list_proxied(void *ctx, const struct mcr_route_entry *entry)
{
	struct listing *l = ctx;
	const uint16_t upstream = (uint16_t)l->e->relay->upstream;
	const struct mcr_interface *it = &l->e->interfaces[upstream];
	struct mcr_filter_want want = {.group = entry->group, .vlan = it->config.vlan};
	struct mcr_source_filter proxied;

	if (mcr_address_is_equal(entry->group, l->last) || l->n == l->cap)
		return;
	l->last = entry->group;
	mcr_route_set_proxied(l->e->relay->routes, entry->group, &proxied);
	if ((proxied.mode == MCR_FILTER_INCLUDE && proxied.n == 0) ||
	    mcr_join_set_find(l->e->joins, upstream, entry->group))
		return;
	want.queue = mcr_filter_spread(entry->group, it->port->n_queues);
	limit_sources(&want, &proxied);
	l->wants[l->n++] = want;
}

/* Those of the upstream interface's groups that nobody has joined here. Returns how many. */
static size_t list_upstream(const struct mcr_engine *e, struct mcr_filter_want *wants)
{
	struct listing listing = {
	    .e = e, .wants = wants, .cap = mcr_route_set_proxied_groups(e->relay->routes)};

	mcr_route_set_each(e->relay->routes, list_proxied, &listing);
	return listing.n;
}

static int is_upstream_of(const struct mcr_engine *e, const struct mcr_port *port)
{
	return e->relay && e->relay->upstream != MCR_ROUTE_NO_INTERFACE &&
	       e->interfaces[e->relay->upstream].port == port;
}

/* What is wanted of a port. wants: room for all groups, those that the proxy wants, and
 * WANTS_OF_INTERFACE for each interface, and one. */
static size_t list_wants(const struct mcr_engine *e, const struct mcr_port *port,
			 struct mcr_filter_want *wants)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n_interfaces; i++)
		if (e->interfaces[i].port == port)
			n += list_own(&e->interfaces[i], wants + n);
	if (port->look.until_ns != 0)
		wants[n++] = (struct mcr_filter_want){.kind = MCR_FILTER_LOOK};
	for (size_t i = 0; i < e->joins->n_groups; i++) {
		const struct mcr_group *g = &e->joins->groups[i];

		if (e->interfaces[g->interface].port == port)
			wants[n++] = want_of(e, g);
	}
	if (is_upstream_of(e, port))
		n += list_upstream(e, wants + n);
	return n;
}

static void let_in(struct mcr_filter_port *f, struct rte_ether_addr mac)
{
	if (f->n_others < MCR_FILTER_OTHERS)
		f->others[f->n_others++] = mac;
}

/* The multicast that the kernel wants from a port beside ours. Its list is empty when the device is
 * in another network namespace: what finds the link-local address there is let in without it. */
static void list_kernel_groups(const struct mcr_engine *e, struct mcr_port *port)
{
	struct mcr_filter_port *f = &port->filter;
	struct rte_ether_addr mac;

	f->n_others = 0;
	for (size_t i = 0; i < e->n_interfaces; i++) {
		const struct mcr_kernel_path *k = e->interfaces[i].kernel;

		if (e->interfaces[i].port != port || !mcr_kernel_path_is_up(k))
			continue;
		for (size_t g = 0; g < k->n_groups; g++) {
			mcr_mac_of_number(mac.addr_bytes, k->groups[g]);
			let_in(f, mac);
		}
		let_in(f, mcr_filter_mac_of(MCR_ADDRESS_ALL_NODES));
		let_in(f, mcr_filter_mac_of(mcr_address_solicited_node(
			      mcr_address_link_local(port->mac.addr_bytes))));
	}
}

/* Returns 1, and from then on 0: a refusal is logged once, however many groups and changes meet it.
 */
static int is_new_refusal(struct mcr_port *port, const char *what)
{
	char text[MCR_FLOW_WHY];

	snprintf(text, sizeof(text), "%s", what);
	for (unsigned i = 0; i < MCR_PORT_REFUSALS; i++)
		if (strcmp(port->logged_refusals[i], text) == 0)
			return 0;
	memcpy(port->logged_refusals[port->next_refusal++ % MCR_PORT_REFUSALS], text, sizeof(text));
	return 1;
}

static void log_refused_groups(const struct mcr_engine *e, struct mcr_port *port)
{
	const struct mcr_filter_flow *flow = &port->filtered->flow;
	int is_open = 1;

	if (flow->n_refused == 0 || (port->n_queues <= 1 && !flow->isolated) ||
	    !is_new_refusal(port, flow->why))
		return;
	for (size_t i = 0; i < RTE_DIM(flow->families); i++)
		is_open &= !flow->families[i].is_short || flow->families[i].catch_all;
	if (flow->isolated && !is_open)
		mcr_engine_log(e, MCR_LOG_ERROR,
			       "port %s (%s): %zu groups are not received, the isolated port takes "
			       "no rule for them: %s",
			       port->name, port->driver, flow->n_refused, flow->why);
	else
		mcr_engine_log(e, MCR_LOG_INFO,
			       "port %s (%s): no flow rule for %zu of %zu groups: %s", port->name,
			       port->driver, flow->n_refused, flow->n_groups, flow->why);
}

/* What follows when an isolated port does not let in what the host listens to. */
static const char *deafness(const struct mcr_filter_flow *flow, const struct mcr_filter_rule *r)
{
	switch (r->kind) {
	case MCR_FILTER_IGMP:
		return flow->families[0].catch_all ? NULL : "no IGMP is heard";
	case MCR_FILTER_MLD:
		if (r->n_flows == 0)
			return "no MLD is heard";
		return r->is_querier
			   ? "only general queries and what is sent to routers are heard of MLD"
			   : "only general queries of MLD are heard";
	case MCR_FILTER_ND:
		return "neighbours do not find its IPv6 address";
	default:
		return NULL;
	}
}

static void log_refused_protocols(const struct mcr_engine *e, struct mcr_port *port)
{
	const struct mcr_filter_flow *flow = &port->filtered->flow;

	for (size_t i = 0; flow->isolated && i < flow->n_rules; i++) {
		const struct mcr_filter_rule *r = &flow->rules[i];
		const char *what = r->why[0] ? deafness(flow, r) : NULL;

		if (what && is_new_refusal(port, what))
			mcr_engine_log(e, MCR_LOG_WARNING,
				       "port %s (%s): %s on VLAN %u, since the isolated port takes "
				       "no rule for it: %s",
				       port->name, port->driver, what, r->vlan, r->why);
	}
}

static void run_change(struct mcr_job *job)
{
	struct mcr_port *port = container_of(job, struct mcr_port, change.job);
	struct mcr_filter_change *c = &port->change;

	c->ret = mcr_filter_port_set(&port->filter, c->wants, c->n_wants);
	free(c->wants);
	c->result = mcr_filter_port_copy(&port->filter);
	if (!c->result)
		c->ret = -ENOMEM;
}

static void change_done(struct mcr_job *job, void *ctx);

static void log_no_memory(const struct mcr_engine *e, const struct mcr_port *port)
{
	mcr_engine_log(e, MCR_LOG_ERROR, "port %s: no memory for its filter: it may be as it was",
		       port->name);
}

static void submit_change(struct mcr_engine *e, struct mcr_port *port)
{
	size_t n = e->joins->n_groups + WANTS_OF_INTERFACE * e->n_interfaces + 1; /* a look */
	struct mcr_filter_want *wants;

	if (is_upstream_of(e, port))
		n += mcr_route_set_proxied_groups(e->relay->routes);
	wants = calloc(n, sizeof(*wants));
	port->filter_due = 0;
	if (!wants) {
		log_no_memory(e, port);
		return;
	}
	list_kernel_groups(e, port);
	port->change = (struct mcr_filter_change){
	    .job = {.run = run_change, .done = change_done},
	    .wants = wants,
	    .n_wants = list_wants(e, port, wants),
	    .has_look = port->look.until_ns != 0,
	};
	mcr_device_thread_submit(e->device, &port->change.job);
}

static void show_result(struct mcr_engine *e, struct mcr_port *port)
{
	enum mcr_rung before = port->filtered->mac.rung;
	const struct mcr_filter_mac *mac;

	mcr_filter_port_copy_destroy(port->filtered);
	port->filtered = port->change.result;
	mac = &port->filtered->mac;
	log_refused_groups(e, port);
	log_refused_protocols(e, port);
	if (mac->rung != before)
		mcr_engine_log(e, MCR_LOG_INFO, "port %s (%s): filter %s%s%s", port->name,
			       port->driver, mcr_rung_name(mac->rung), mac->reason[0] ? ": " : "",
			       mac->reason);
	mcr_engine_note_look(e, port);
}

static int is_filtering(const struct mcr_port *port)
{
	return port->change.job.is_pending || port->filter_due;
}

static int is_any_filtering(const struct mcr_engine *e)
{
	for (size_t i = 0; i < e->n_ports; i++)
		if (is_filtering(e->ports[i]))
			return 1;
	return e->filter_due;
}

static void change_done(struct mcr_job *job, void *ctx)
{
	struct mcr_port *port = container_of(job, struct mcr_port, change.job);
	struct mcr_engine *e = ctx;

	if (port->change.ret < 0)
		log_no_memory(e, port);
	if (port->change.result)
		show_result(e, port);
	if (port->filter_due && port->started)
		submit_change(e, port);
	port->filter_due = 0;
	if (!is_any_filtering(e))
		mcr_engine_log_pins(e);
}

void mcr_engine_filter_ports(struct mcr_engine *e)
{
	e->filter_due = 0;
	for (size_t i = 0; i < e->n_ports; i++) {
		struct mcr_port *port = e->ports[i];

		if (!port->started)
			continue;
		if (port->change.job.is_pending)
			port->filter_due = 1;
		else
			submit_change(e, port);
	}
}

/* ---- reports ---- */

void mcr_engine_joins_changed(struct mcr_engine *e, uint64_t now_ns)
{
	e->filter_due = 1; /* changes that come together go to the NICs as one */
	if (e->reports_wait_until_ns == 0)
		e->reports_wait_until_ns = now_ns + REPORTS_WAIT_NS;
}

int mcr_engine_must_reports_wait(struct mcr_engine *e, const struct mcr_port *port, uint64_t now_ns)
{
	if (now_ns >= e->reports_wait_until_ns || !is_any_filtering(e))
		e->reports_wait_until_ns = 0;
	return e->reports_wait_until_ns != 0 && is_filtering(port);
}
