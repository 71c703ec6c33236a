/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "engine/why/why_flows.h"
#include "engine/why/why_limits.h"

#define NONE  UINT32_MAX
#define FIRST 1024 /* room at the start */

uint64_t mcr_why_group_mac(struct mcr_address group)
{
	uint8_t mac[6];

	mcr_group_mac(mac, group);
	return mcr_mac_number(mac);
}

static struct mcr_why_chain *chain_of(const struct mcr_why_flows *flows, struct mcr_address group)
{
	/* Multiples of the golden ratio: see mcr_filter_spread. */
	const uint64_t hash = mcr_why_group_mac(group) * UINT64_C(0x9e3779b97f4a7c15);

	return &flows->chains[hash >> 32 & (flows->n_chains - 1)];
}

static void link_flow(struct mcr_why_flows *flows, uint32_t i)
{
	struct mcr_why_chain *chain = chain_of(flows, flows->items[i].group);

	flows->items[i].next = chain->first;
	chain->first = i;
	chain->length++;
}

/* Twice the room. Adding up, each flow is linked twice. */
static int grow(struct mcr_why_flows *flows)
{
	const size_t cap = flows->cap ? 2 * flows->cap : FIRST;
	struct mcr_why_flow *items = realloc(flows->items, cap * sizeof(*items));
	struct mcr_why_chain *chains;

	if (!items)
		return -ENOMEM;
	flows->items = items;
	chains = malloc(cap * sizeof(*chains));
	if (!chains)
		return -ENOMEM;
	free(flows->chains);
	flows->chains = chains;
	flows->cap = flows->n_chains = cap;
	for (size_t i = 0; i < cap; i++)
		chains[i] = (struct mcr_why_chain){NONE, 0};
	for (size_t i = 0; i < flows->n; i++)
		link_flow(flows, (uint32_t)i);
	return 0;
}

size_t mcr_why_flows_length(const struct mcr_why_flows *flows, struct mcr_address group)
{
	return flows->n_chains > 0 ? chain_of(flows, group)->length : 0;
}

static int add(struct mcr_why_flows *flows, const struct mcr_why_flow *flow)
{
	if (mcr_address_is_none(flow->group))
		return 0;
	if (flows->n == flows->cap && grow(flows) < 0)
		return -ENOMEM;
	flows->items[flows->n] = *flow;
	link_flow(flows, (uint32_t)flows->n++);
	return 0;
}

int mcr_why_flows_add(struct mcr_why_flows *flows, const struct mcr_sighting *s)
{
	struct mcr_why_flow flow = {
	    .group = s->group,
	    .source = s->source,
	    .port = s->port,
	    .source_port = s->source_port,
	    .vlan = s->vlan,
	    .dpdk_port = s->dpdk_port,
	    .interface = s->interface,
	    .ttl = s->ttl,
	    .dropped = s->dropped,
	    .len = s->len,
	    .first_ns = s->first_ns,
	    .last_ns = s->last_ns,
	    .dropped_ns = s->dropped_ns,
	    .seen = s->seen,
	};

	memcpy(flow.destination_mac, s->destination_mac, 6);
	memcpy(flow.source_mac, s->source_mac, 6);
	return add(flows, &flow);
}

static int is_there(const struct mcr_why_flows *flows, const struct mcr_why_flow *flow)
{
	const struct mcr_why_flow *f = NULL;

	while ((f = mcr_why_flows_next(flows, flow->group, f)))
		if (mcr_address_is_equal(f->group, flow->group) &&
		    mcr_address_is_equal(f->source, flow->source) && f->port == flow->port &&
		    f->vlan == flow->vlan && f->dpdk_port == flow->dpdk_port &&
		    f->dropped == flow->dropped)
			return 1;
	return 0;
}

int mcr_why_flows_add_sample(struct mcr_why_flows *flows, unsigned reason,
			     const struct mcr_drop_sample *s)
{
	struct mcr_why_flow flow = {
	    .group = s->group,
	    .source = s->source,
	    .port = s->port,
	    .source_port = s->source_port,
	    .vlan = s->vlan,
	    .dpdk_port = s->dpdk_port,
	    .interface = s->interface,
	    .dropped = (uint8_t)reason,
	    .len = s->len,
	    .first_ns = s->time_ns,
	    .last_ns = s->time_ns,
	    .dropped_ns = s->time_ns,
	    .seen = 1,
	};

	memcpy(flow.destination_mac, s->destination_mac, 6);
	memcpy(flow.source_mac, s->source_mac, 6);
	if (s->time_ns == 0 || mcr_address_is_none(s->group) || is_there(flows, &flow))
		return 0;
	return add(flows, &flow);
}

const struct mcr_why_flow *mcr_why_flows_next(const struct mcr_why_flows *flows,
					      struct mcr_address group,
					      const struct mcr_why_flow *flow)
{
	const uint64_t mac = mcr_why_group_mac(group);
	uint32_t i = NONE;

	if (flow)
		i = flow->next;
	else if (flows->n_chains > 0)
		i = chain_of(flows, group)->first;
	while (i != NONE && mcr_why_group_mac(flows->items[i].group) != mac)
		i = flows->items[i].next;
	return i == NONE ? NULL : &flows->items[i];
}

void mcr_why_flows_clear(struct mcr_why_flows *flows)
{
	free(flows->items);
	free(flows->chains);
	memset(flows, 0, sizeof(*flows));
}

int mcr_why_flow_is_dropped(const struct mcr_why_flow *flow)
{
	return flow->dropped != MCR_DROP_NONE &&
	       flow->dropped_ns + MCR_WHY_DROPPED_NS >= flow->last_ns;
}
