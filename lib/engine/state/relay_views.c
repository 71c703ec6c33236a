/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "engine/plan/relay_config.h"
#include "engine/port/port_netdev.h"
#include "engine/relay/relay_view.h"
#include "engine/state/relay.h"
#include "engine/state/relay_views.h"
#include "engine/state/routes.h"
#include "engine/state/state.h"

/* ---- who forwards ---- */

static int forwards(const struct mcr_engine *e, unsigned interface, unsigned family)
{
	const struct mcr_interface *it = &e->interfaces[interface];
	const struct mcr_querier *q = it->queriers[family];
	struct mcr_querier_state state;

	switch (mcr_relay_forward_when(&it->config)) {
	case MCR_FORWARD_ALWAYS:
		return 1;
	case MCR_FORWARD_QUERIER:
		if (!q)
			return 0;
		mcr_querier_get_state(q, &state);
		return state.role == MCR_QUERIER_US;
	default:
		return 0;
	}
}

void mcr_engine_relay_forwarding(const struct mcr_engine *e, uint64_t forwarding[2])
{
	forwarding[0] = forwarding[1] = 0;
	for (unsigned i = 0; i < e->n_interfaces; i++)
		for (unsigned f = 0; e->interfaces[i].config.role != MCR_RELAY_NONE && f < 2; f++)
			forwarding[f] |= (uint64_t)forwards(e, i, f) << i;
}

/* ---- the view ---- */

static int has_rules(const struct mcr_group_table *table, unsigned interface,
		     struct mcr_address group)
{
	static const uint8_t no_source[16];
	struct mcr_target targets[MCR_CHANNELS_MAX];
	uint32_t membership;
	int ret;

	if (mcr_address_is_ipv6(group))
		ret = mcr_group_table_match_ipv6(table, (uint16_t)interface, group.octets, 0,
						 no_source, targets, &membership);
	else
		ret = mcr_group_table_match(table, (uint16_t)interface, mcr_address_ipv4_be(group),
					    0, 0, targets, &membership);
	return ret != -(1 + MCR_DROP_UNKNOWN_GROUP);
}

/* For the callback of mcr_route_table_create. */
struct making {
	const struct mcr_engine *e;
	const struct mcr_group_table *table;
	uint64_t kernel; /* interfaces that the kernel may want something from */
};

static uint64_t wanted_here(const void *making, struct mcr_address group)
{
	const struct making *m = making;
	uint64_t rings = m->kernel;

	for (unsigned i = 0; i < m->e->n_interfaces; i++)
		if ((m->e->relay->interfaces & ~rings) >> i & 1 && has_rules(m->table, i, group))
			rings |= UINT64_C(1) << i;
	return rings;
}

static int fill_inputs(const struct mcr_engine *e, struct mcr_relay_view *view)
{
	const struct mcr_interface_config *configs[MCR_INTERFACES_MAX];
	int ret = 0;

	for (size_t i = 0; i < e->n_interfaces; i++)
		configs[i] = &e->interfaces[i].config;
	for (unsigned i = 0; ret == 0 && i < e->n_interfaces; i++) {
		if (configs[i]->role == MCR_RELAY_NONE)
			continue;
		ret = mcr_route_rpf_make(&view->inputs[i].rpf, i, configs, e->n_interfaces);
		view->inputs[i].guard = configs[i]->loop_guard ? e->relay->guard : NULL;
	}
	return ret;
}

static void fill_outputs(const struct mcr_engine *e, struct mcr_relay_view *view)
{
	for (size_t i = 0; i < e->n_interfaces; i++) {
		const struct mcr_interface *it = &e->interfaces[i];
		const struct mcr_port *port = it->port;

		if (it->config.role == MCR_RELAY_NONE)
			continue;
		view->outputs[i] = (struct mcr_relay_output){
		    .port = port->id,
		    .vlan = it->config.vlan,
		    .mtu = mcr_port_tx_mtu(port),
		    .is_up = port->link_up && !port->removed,
		    .ttl_threshold = mcr_relay_ttl_threshold(&it->config),
		    .takes_chains = port->takes_chains,
		    .ether = {mcr_parse_own(port->mac.addr_bytes),
			      mcr_parse_own_ipv6(port->mac.addr_bytes)},
		};
		memcpy(view->macs[view->n_macs++], port->mac.addr_bytes, sizeof(view->macs[0]));
	}
}

static uint64_t kernel_interfaces(const struct mcr_engine *e)
{
	uint64_t interfaces = 0;

	for (unsigned i = 0; i < e->n_interfaces; i++)
		if (mcr_kernel_path_is_up(e->interfaces[i].kernel))
			interfaces |= UINT64_C(1) << i;
	return interfaces;
}

int mcr_engine_make_relay_view(const struct mcr_engine *e, const struct mcr_group_table *table,
			       struct mcr_relay_view **out)
{
	const struct making making = {.e = e, .table = table, .kernel = kernel_interfaces(e)};
	struct mcr_relay_view *view;
	int ret;

	*out = NULL;
	if (!e->relay)
		return 0;
	view = calloc(1, sizeof(*view));
	if (!view)
		return -ENOMEM;
	view->interfaces = e->relay->interfaces;
	mcr_engine_relay_forwarding(e, view->forwarding);
	fill_outputs(e, view);
	ret = fill_inputs(e, view);
	if (ret == 0)
		ret = mcr_route_table_create(&view->table, e->relay->routes, wanted_here, &making);
	if (ret < 0) {
		mcr_relay_view_destroy(view);
		return ret;
	}
	*out = view;
	return 0;
}

void mcr_engine_relay_published(struct mcr_engine *e, const struct mcr_relay_view *view)
{
	if (!view)
		return;
	e->relay->is_due = 0;
	memcpy(e->relay->forwarding, view->forwarding, sizeof(view->forwarding));
}
