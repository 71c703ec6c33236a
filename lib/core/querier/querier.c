/* SPDX-License-Identifier: BSD-3-Clause */
/* The querier of one interface and family: its life, and its poll. */
#include "core/querier/querier_state.h"

#include <errno.h>
#include <stdlib.h>

static void set_defaults(struct mcr_querier_config *cfg)
{
	if (!cfg->mtu)
		cfg->mtu = 1500;
	if (!cfg->burst)
		cfg->burst = MCR_QUERIER_BURST;
	if (!cfg->groups_max)
		cfg->groups_max = MCR_QUERIER_GROUPS;
	if (!cfg->sources_max)
		cfg->sources_max = MCR_QUERIER_SOURCES;
}

/* Polling allocates nothing, whatever the MTU becomes. */
static size_t packet_octets(const struct mcr_querier *q)
{
	size_t most = mcr_gmp_query_sources(q->wire, UINT16_MAX);
	size_t n = q->cfg.sources_max < most ? q->cfg.sources_max : most;

	return mcr_gmp_query_octets(q->wire, MCR_GMP_LEVEL_NEWEST, n);
}

int mcr_querier_create(struct mcr_querier **out, const struct mcr_querier_config *cfg,
		       uint64_t now_ns)
{
	const struct mcr_gmp_wire *wire = mcr_gmp_wire_of(cfg->family);
	struct mcr_querier_timing timing;

	if (!wire || (cfg->mtu && cfg->mtu < wire->mtu_min) || cfg->prefix_len > 32 ||
	    mcr_querier_timing_of(&timing, cfg, "", NULL) < 0)
		return -EINVAL;
	struct mcr_querier *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->cfg = *cfg;
	set_defaults(&q->cfg);
	q->wire = wire;
	q->configured_level = mcr_querier_level_of(wire, cfg);
	q->packet_octets = packet_octets(q);
	q->packet = malloc(q->packet_octets);
	const struct mcr_members_config members = {.seed = cfg->seed,
						   .wire = wire,
						   .groups_max = q->cfg.groups_max,
						   .sources_max = q->cfg.sources_max,
						   .sources_all = MCR_QUERIER_SOURCES_ALL,
						   .changed = cfg->changed,
						   .changed_ctx = cfg->changed_ctx};

	if (!q->packet || mcr_members_create(&q->members, &members) < 0) {
		mcr_querier_destroy(q);
		return -ENOMEM;
	}
	mcr_querier_start(q, now_ns);
	*out = q;
	return 0;
}

void mcr_querier_destroy(struct mcr_querier *q)
{
	if (!q)
		return;
	mcr_members_destroy(q->members);
	free(q->scratch);
	free(q->packet);
	free(q);
}

uint64_t mcr_querier_poll(struct mcr_querier *q, uint64_t now_ns, mcr_gmp_send send, void *ctx)
{
	mcr_querier_advance(q, now_ns);
	mcr_members_expire(q->members, now_ns);
	mcr_querier_ask(q, now_ns, send, ctx);

	uint64_t ask_ns = mcr_querier_ask_due(q, now_ns), role_ns = mcr_querier_role_due(q);
	uint64_t due_ns = ask_ns < role_ns ? ask_ns : role_ns;

	return due_ns > now_ns ? due_ns : now_ns + MCR_GMP_TICK_NS;
}

void mcr_querier_restart(struct mcr_querier *q, struct mcr_address address, uint8_t prefix_len,
			 uint64_t now_ns)
{
	q->cfg.address = address;
	q->cfg.prefix_len = prefix_len;
	mcr_querier_start(q, now_ns);
}

int mcr_querier_set_mtu(struct mcr_querier *q, uint16_t mtu)
{
	if (mtu < q->wire->mtu_min)
		return -EINVAL;
	q->cfg.mtu = mtu;
	return 0;
}
