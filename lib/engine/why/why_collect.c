/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/why/why_collect.h"
#include "engine/why/why_state.h"

/* That one step looks at. The dearest is a consumer: the engine counts its way to each. */
#define CONSUMERS_A_STEP 64
#define SIGHTINGS_A_STEP 2048
#define JOINS_A_STEP     8192
#define GROUPS_A_STEP    128
#define FLOWS_A_GROUP    16 /* with more of them a group counts as several */
#define ROUTES_A_STEP    1024

#define OWN_GROUPS_MAX 16 /* of an interface */

#define RESTARTS_MAX 4
#define BEGIN_JOINS  4 /* the phase */

/* Each returns 1 when its list is at its end, 0 when it is not, or -errno. */
typedef int phase_fn(struct mcr_why_collector *c);

static int find_port(const struct mcr_why_evidence *e, uint16_t dpdk_port)
{
	for (size_t i = 0; i < e->n_ports; i++)
		if (e->ports[i].dpdk_port == dpdk_port)
			return (int)i;
	return -1;
}

/* Whether the interface itself is a member of the group that was asked about. */
static void note_own(const struct mcr_engine *engine, struct mcr_why_evidence *e, size_t i)
{
	struct mcr_address own[OWN_GROUPS_MAX];
	int n = mcr_engine_interface_groups(engine, i, own, OWN_GROUPS_MAX);

	for (int k = 0; k < n && k < OWN_GROUPS_MAX; k++)
		if (e->own_on < 0 && mcr_address_is_equal(own[k], e->query.group))
			e->own_on = (int)i;
}

/* Of another host: our own queries count as heard, too. */
static void hear_querier(struct mcr_why_evidence *e, uint16_t dpdk_port, uint64_t age_ns)
{
	if (age_ns < e->now_ns)
		mcr_why_hear(e, dpdk_port, e->now_ns - age_ns);
}

static int collect_interface(const struct mcr_engine *engine, struct mcr_why_evidence *e, size_t i)
{
	struct mcr_why_interface *it = &e->interfaces[i];
	struct mcr_interface_config cfg = {.size = sizeof(cfg)};

	it->info = (struct mcr_interface_info){.size = sizeof(it->info)};
	if (mcr_engine_interface_info(engine, i, &it->info) < 0 ||
	    mcr_engine_interface_config(engine, i, &cfg) < 0)
		return -ENOENT;
	memcpy(it->port_name, cfg.port, sizeof(it->port_name));
	it->address = cfg.address;
	it->address6 = cfg.address6;
	it->prefix_len = cfg.prefix_len;
	it->prefix6_len = cfg.prefix6_len;
	it->igmp = cfg.igmp;
	it->mld = cfg.mld;
	it->tx_never = cfg.tx_never;
	it->udp_checksum = cfg.udp_checksum;
	it->querier = cfg.querier;
	it->mld_querier = cfg.mld_querier;
	it->role = cfg.role;
	it->vlan = cfg.vlan;
	it->port = find_port(e, it->info.dpdk_port);
	if (it->querier == MCR_QUERIER_OFF)
		hear_querier(e, it->info.dpdk_port, it->info.igmp.querier_age_ns);
	if (it->mld_querier == MCR_QUERIER_OFF)
		hear_querier(e, it->info.dpdk_port, it->info.mld.querier_age_ns);
	note_own(engine, e, i);
	return 0;
}

static int collect_base(struct mcr_why_collector *c)
{
	struct mcr_why_evidence *e = c->evidence;

	mcr_engine_account(c->engine, &e->account);
	e->shard = (struct mcr_shard_info){.size = sizeof(e->shard)};
	mcr_engine_shard_info(c->engine, &e->shard);
	for (; e->n_ports < MCR_INTERFACES_MAX; e->n_ports++) {
		struct mcr_port_info *port = &e->ports[e->n_ports];

		*port = (struct mcr_port_info){.size = sizeof(*port)};
		if (mcr_engine_port_info(c->engine, e->n_ports, port) < 0)
			break;
	}
	while (e->n_interfaces < MCR_INTERFACES_MAX &&
	       collect_interface(c->engine, e, e->n_interfaces) == 0)
		e->n_interfaces++;
	for (; e->n_channels < MCR_CHANNELS_MAX; e->n_channels++) {
		struct mcr_channel_info *channel = &e->channels[e->n_channels];

		*channel = (struct mcr_channel_info){.size = sizeof(*channel)};
		if (mcr_engine_channel_info(c->engine, e->n_channels, channel) < 0)
			break;
	}
	return 1;
}

static int collect_consumers(struct mcr_why_collector *c)
{
	struct mcr_why_evidence *e = c->evidence;
	struct mcr_consumer_info *more;

	if (c->at == MCR_CONSUMERS_MAX)
		return 1;
	more = realloc(e->consumers, (c->at + CONSUMERS_A_STEP) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	e->consumers = more;
	for (unsigned n = 0; n < CONSUMERS_A_STEP; n++, c->at++) {
		more[c->at] = (struct mcr_consumer_info){.size = sizeof(more[0])};
		if (mcr_engine_consumer_info(c->engine, c->at, &more[c->at]) < 0)
			return 1;
		e->n_consumers = c->at + 1;
	}
	return 0;
}

static int collect_sightings(struct mcr_why_collector *c)
{
	for (unsigned n = 0; n < SIGHTINGS_A_STEP; n++, c->at++) {
		struct mcr_sighting sighting = {.size = sizeof(sighting)};

		if (mcr_engine_sighting(c->engine, c->at, &sighting) < 0)
			return 1;
		if (mcr_address_is_none(sighting.group))
			continue;
		if (mcr_why_flows_add(&c->evidence->flows, &sighting) < 0)
			return -ENOMEM;
		if (sighting.dropped != MCR_DROP_OWN_FRAME)
			mcr_why_hear(c->evidence, sighting.dpdk_port, sighting.last_ns);
	}
	return 0;
}

static int collect_samples(struct mcr_why_collector *c)
{
	for (unsigned r = 0; r < MCR_DROP_COUNT; r++) {
		struct mcr_drop_sample *sample = &c->evidence->samples[r];

		*sample = (struct mcr_drop_sample){.size = sizeof(*sample)};
		if (mcr_engine_drop_sample(c->engine, (enum mcr_drop)r, sample) < 0)
			continue;
		if (mcr_why_flows_add_sample(&c->evidence->flows, r, sample) < 0)
			return -ENOMEM;
	}
	return 1;
}

static uint64_t views_of(const struct mcr_engine *engine)
{
	struct mcr_control_info control = {.size = sizeof(control)};

	return mcr_engine_control_info(engine, &control) < 0 ? 0 : control.views;
}

static int begin_joins(struct mcr_why_collector *c)
{
	c->views = views_of(c->engine);
	return 1;
}

static int take_join(struct mcr_why_evidence *e, const struct mcr_join *join)
{
	int interface;

	if (!mcr_address_is_none(e->query.group)) {
		if (!mcr_address_is_equal(join->group, e->query.group) ||
		    e->n_joins++ >= MCR_WHY_JOINS_MAX)
			return 0;
		return mcr_join_list_add(&e->joins, join);
	}
	if (!mcr_why_channel_is(join->channel, e->query.channel))
		return 0;
	interface = mcr_why_interface_named(e, join->interface);
	e->n_channel_joins++;
	return interface < 0 ? 0 : mcr_why_set_add(&e->wanted, join->group, (uint32_t)interface);
}

/* Of the group, or of the channel, that was asked about. */
static int collect_joins(struct mcr_why_collector *c)
{
	struct mcr_why_evidence *e = c->evidence;
	struct mcr_join join;

	if (mcr_address_is_none(e->query.group) && e->query.channel[0] == '\0')
		return 1;
	for (unsigned n = 0; n < JOINS_A_STEP; n++, c->at++) {
		if (mcr_engine_join_info(c->engine, c->at, &join) < 0)
			return 1;
		if (take_join(e, &join) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int is_asked(const struct mcr_why_evidence *e, const struct mcr_group_info *g)
{
	if (e->query.channel[0] == '\0' || !mcr_address_is_none(e->query.group))
		return 1;
	return mcr_why_set_has(&e->wanted, g->group,
			       (uint32_t)mcr_why_interface_named(e, g->interface));
}

static int collect_groups(struct mcr_why_collector *c)
{
	struct mcr_why_evidence *e = c->evidence;

	for (size_t n = 0; n < GROUPS_A_STEP; n++, c->at++) {
		struct mcr_group_info group = {.size = sizeof(group)};

		if (mcr_engine_group_info(c->engine, c->at, &group) < 0)
			return 1;
		n += mcr_why_flows_length(&e->flows, group.group) / FLOWS_A_GROUP;
		if (!is_asked(e, &group))
			continue;
		mcr_why_tally_add(e, &group);
		c->take(c->ctx, &group);
		if (mcr_address_is_equal(group.group, e->query.group) &&
		    e->n_groups < MCR_INTERFACES_MAX)
			e->groups[e->n_groups++] = group;
	}
	return 0;
}

static void add_outputs(struct mcr_why_collector *c, const struct mcr_route_info *route)
{
	struct mcr_route_output outputs[MCR_WHY_OUTPUTS_MAX];
	int n = mcr_engine_route_outputs(c->engine, c->at, outputs, MCR_WHY_OUTPUTS_MAX);
	struct mcr_why_evidence *e = c->evidence;

	for (int k = 0; k < n && k < MCR_WHY_OUTPUTS_MAX; k++) {
		struct mcr_why_output *out = &e->outputs[e->n_outputs];

		if (!outputs[k].is_forwarded || e->n_outputs == MCR_WHY_OUTPUTS_MAX)
			continue;
		out->source = route->source;
		memcpy(out->from, route->interface, sizeof(out->from));
		memcpy(out->to, outputs[k].interface, sizeof(out->to));
		out->packets = outputs[k].packets;
		out->last_ns = route->last_ns;
		e->n_outputs++;
	}
}

/* Routes matter only to a group that no channel has. */
static int needs_routes(const struct mcr_why_evidence *e)
{
	return !mcr_address_is_none(e->query.group) && e->n_groups == 0;
}

static int await_routes(struct mcr_why_collector *c)
{
	int ret = needs_routes(c->evidence) ? mcr_engine_routes_collect(c->engine, &c->ticket) : 1;

	return ret == -ENOENT ? 1 : ret; /* no relay */
}

static int collect_routes(struct mcr_why_collector *c)
{
	const struct mcr_why_evidence *e = c->evidence;

	if (!needs_routes(e))
		return 1;
	for (unsigned n = 0; n < ROUTES_A_STEP; n++, c->at++) {
		struct mcr_route_info route = {.size = sizeof(route)};

		if (mcr_engine_route_collected(c->engine, c->at, &route) < 0)
			return 1;
		if (mcr_address_is_equal(route.group, e->query.group))
			add_outputs(c, &route);
	}
	return 0;
}

/* Memberships that came or went meanwhile have shifted the others. The one that was asked about
 * must not be missed. */
static int look_again(struct mcr_why_collector *c)
{
	struct mcr_why_evidence *e = c->evidence;

	if (mcr_address_is_none(e->query.group) || views_of(c->engine) == c->views ||
	    c->restarts == RESTARTS_MAX)
		return 1;
	c->restarts++;
	c->phase = BEGIN_JOINS;
	c->at = 0;
	mcr_join_list_clear(&e->joins);
	e->n_joins = e->n_groups = e->n_outputs = 0;
	for (size_t i = 0; i < e->n_interfaces; i++)
		memset(e->interfaces[i].tally, 0, sizeof(e->interfaces[i].tally));
	return 0;
}

static phase_fn *const phases[] = {
    collect_base,
    collect_consumers,
    collect_sightings,
    collect_samples,
    [BEGIN_JOINS] = begin_joins,
    collect_joins,
    collect_groups,
    await_routes,
    collect_routes,
    look_again,
};

int mcr_why_collect_step(struct mcr_why_collector *c, uint64_t now_ns)
{
	int ret;

	c->evidence->now_ns = now_ns;
	ret = phases[c->phase](c);
	if (ret <= 0)
		return ret;
	c->phase++;
	c->at = 0;
	return c->phase == sizeof(phases) / sizeof(phases[0]);
}
