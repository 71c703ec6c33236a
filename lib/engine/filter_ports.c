/* SPDX-License-Identifier: BSD-3-Clause */
/* From the joins of the engine to the filters of its ports, and back to those who ask. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/pins.h"

uint16_t mcr_engine_group_queue(const struct mcr_engine *e, const struct mcr_group *g)
{
	const struct mcr_port *port = e->interfaces[g->interface].port;
	int lcore = mcr_engine_pin_of(e, g);
	uint16_t queues[MCR_QUEUES_MAX], n = 0;

	for (uint16_t q = 0; lcore >= 0 && q < port->n_queues; q++)
		if (port->worker_of_queue[q] == lcore)
			queues[n++] = q;
	if (n > 0)
		return queues[mcr_filter_spread(g->group_be, n)];
	return mcr_filter_spread(g->group_be, port->n_queues);
}

static struct mcr_filter_want want_of(const struct mcr_engine *e, const struct mcr_group *g)
{
	struct mcr_filter_want want = {
	    .group_be = g->group_be,
	    .vlan = e->interfaces[g->interface].config.vlan,
	    .queue = mcr_engine_group_queue(e, g),
	    .udp_port = g->udp_port,
	};

	if (g->filter.mode == MCR_FILTER_INCLUDE && g->filter.n <= MCR_FLOW_SOURCES) {
		want.sources_be = g->filter.sources_be;
		want.n_sources = (uint16_t)g->filter.n;
	}
	return want;
}

/* What the joins want of a port. wants: room for all groups and interfaces. */
static size_t list_wants(const struct mcr_engine *e, const struct mcr_port *port,
			 struct mcr_filter_want *wants)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n_interfaces; i++)
		if (e->interfaces[i].port == port && e->interfaces[i].igmp != NULL)
			wants[n++] = (struct mcr_filter_want){.vlan = e->interfaces[i].config.vlan};
	for (size_t i = 0; i < e->joins->n_groups; i++) {
		const struct mcr_group *g = &e->joins->groups[i];

		if (e->interfaces[g->interface].port == port)
			wants[n++] = want_of(e, g);
	}
	return n;
}

/* The multicast that the kernel wants from a port beside ours. */
static void list_kernel_groups(const struct mcr_engine *e, struct mcr_port *port)
{
	struct mcr_filter_port *f = &port->filter;

	f->n_others = 0;
	for (size_t i = 0; i < e->n_interfaces; i++) {
		const struct mcr_kernel_path *k = e->interfaces[i].kernel;

		if (e->interfaces[i].port != port || !mcr_kernel_path_is_up(k))
			continue;
		for (size_t g = 0; g < k->n_groups && f->n_others < MCR_FILTER_OTHERS; g++)
			mcr_mac_of_number(f->others[f->n_others++].addr_bytes, k->groups[g]);
	}
}

/* A refusal is logged once, however many groups and changes meet it. */
static void log_refusal(const struct mcr_engine *e, struct mcr_port *port)
{
	const struct mcr_filter_flow *flow = &port->filter.flow;

	if (flow->n_refused == 0 || (port->n_queues <= 1 && !flow->isolated))
		return;
	for (unsigned i = 0; i < MCR_PORT_TOLD; i++)
		if (strcmp(port->told[i], flow->why) == 0)
			return;
	memcpy(port->told[port->next_told++ % MCR_PORT_TOLD], flow->why, sizeof(flow->why));
	if (flow->isolated && flow->catch_all == NULL)
		mcr_engine_log(e, MCR_LOG_ERROR,
			       "port %s (%s): %zu groups are not received, the isolated port takes "
			       "no rule for them: %s",
			       port->name, port->driver, flow->n_refused, flow->why);
	else
		mcr_engine_log(e, MCR_LOG_INFO,
			       "port %s (%s): no flow rule for %zu of %zu groups: %s", port->name,
			       port->driver, flow->n_refused, flow->n_rules, flow->why);
}

static void filter_port(struct mcr_engine *e, struct mcr_port *port)
{
	struct mcr_filter_want *wants =
	    calloc(e->joins->n_groups + e->n_interfaces + 1, sizeof(*wants));
	enum mcr_rung rung = port->filter.mac.rung;
	int ret = -ENOMEM;

	list_kernel_groups(e, port);
	if (wants != NULL)
		ret = mcr_filter_port_set(&port->filter, wants, list_wants(e, port, wants));
	free(wants);
	if (ret < 0)
		mcr_engine_log(e, MCR_LOG_ERROR,
			       "port %s: no memory for its filter: it is as it was", port->name);
	log_refusal(e, port);
	if (port->filter.mac.rung != rung)
		mcr_engine_log(e, MCR_LOG_INFO, "port %s (%s): filter %s%s%s", port->name,
			       port->driver, mcr_rung_name(port->filter.mac.rung),
			       port->filter.mac.reason[0] ? ": " : "", port->filter.mac.reason);
}

void mcr_engine_filter_ports(struct mcr_engine *e)
{
	e->filter_due = 0;
	for (size_t i = 0; i < e->n_ports; i++)
		if (e->ports[i]->started)
			filter_port(e, e->ports[i]);
}

void mcr_engine_group_filter(const struct mcr_engine *e, const struct mcr_group *g,
			     struct mcr_filter_state *out)
{
	const struct mcr_interface *i = &e->interfaces[g->interface];

	mcr_filter_port_state(&i->port->filter, i->config.vlan, g->group_be, out);
}
