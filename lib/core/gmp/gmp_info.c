/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's counters and state, for statistics, and their names. */
#include "core/gmp/gmp_state.h"

#include <errno.h>

static const char *const rx_names[MCR_GMP_RX_COUNT] = {
    [MCR_GMP_RX_QUERY] = "query",
    [MCR_GMP_RX_REPORT] = "report",
    [MCR_GMP_RX_TYPE] = "other_type",
    [MCR_GMP_RX_NOT_JOINED] = "not_joined",
    [MCR_GMP_RX_DESTINATION] = "destination",
    [MCR_GMP_RX_BAD_GROUP] = "bad_group",
    [MCR_GMP_RX_GENERAL_SOURCES] = "general_with_sources",
    [MCR_GMP_RX_NO_SOURCE] = "no_unicast_source",
    [MCR_GMP_RX_STRICT_TTL] = "strict_ttl",
    [MCR_GMP_RX_STRICT_ALERT] = "strict_router_alert",
    [MCR_GMP_RX_SOURCE] = "not_link_local",
    [MCR_GMP_RX_HOP_LIMIT] = "hop_limit",
    [MCR_GMP_RX_NO_ALERT] = "no_router_alert",
    [MCR_GMP_RX_BAD_IP] = "bad_ip_header",
    [MCR_GMP_RX_FRAGMENT] = "fragment",
    [MCR_GMP_RX_BAD_LENGTH] = "bad_length",
    [MCR_GMP_RX_BAD_SOURCES] = "bad_source_count",
    [MCR_GMP_RX_BAD_CHECKSUM] = "bad_checksum",
};

const char *mcr_gmp_rx_name(unsigned rx)
{
	return rx < MCR_GMP_RX_COUNT ? rx_names[rx] : NULL;
}

const char *mcr_gmp_reason_text(enum mcr_gmp_reason reason)
{
	switch (reason) {
	case MCR_GMP_REASON_FORCED:
		return "set by the configuration";
	case MCR_GMP_REASON_V2_QUERIER:
		return "a v2 querier is present";
	case MCR_GMP_REASON_V1_QUERIER:
		return "a v1 querier is present";
	case MCR_GMP_REASON_DEFAULT:
		break;
	}
	return "no older querier is present";
}

const char *mcr_gmp_group_state_name(enum mcr_gmp_group_state state)
{
	switch (state) {
	case MCR_GMP_GROUP_REPORTING:
		return "reporting";
	case MCR_GMP_GROUP_DELAYING:
		return "delaying";
	case MCR_GMP_GROUP_LEAVING:
		return "leaving";
	case MCR_GMP_GROUP_IDLE:
		break;
	}
	return "idle";
}

static enum mcr_gmp_reason reason_of(const struct mcr_gmp *gmp)
{
	if (gmp->cfg.version)
		return MCR_GMP_REASON_FORCED;
	if (gmp->level == MCR_GMP_LEVEL_NEWEST)
		return MCR_GMP_REASON_DEFAULT;
	return mcr_gmp_version_of(gmp->wire, gmp->level) == 1 ? MCR_GMP_REASON_V1_QUERIER
							      : MCR_GMP_REASON_V2_QUERIER;
}

/* What is kept by level, of an older version of the protocol: 0 when that is the newest. */
static uint64_t of_version(const struct mcr_gmp *gmp, const uint64_t *by_level, unsigned version)
{
	uint8_t level = mcr_gmp_level_of(gmp->wire, version);

	return level < MCR_GMP_LEVEL_NEWEST ? by_level[level] : 0;
}

static uint8_t querier_version_of(const struct mcr_gmp *gmp)
{
	return gmp->querier_level ? mcr_gmp_version_of(gmp->wire, gmp->querier_level) : 0;
}

/* RFC 9776 §8.5, RFC 9777 §9.5: of the last querier, or with the values that they set without one.
 */
static uint64_t querier_timeout_of(const struct mcr_gmp *gmp)
{
	if (gmp->querier_level)
		return gmp->querier_until_ns - gmp->last_query_ns;
	return gmp->robustness * gmp->query_interval_s * MCR_GMP_SECOND_NS + MCR_GMP_QRI_NS / 2;
}

static size_t memory_of(const struct mcr_gmp *gmp)
{
	return sizeof(*gmp) + mcr_gmp_groups_memory(&gmp->groups) +
	       gmp->queue.slots * (gmp->queue.stride + sizeof(uint16_t)) +
	       gmp->n_scratch * sizeof(struct mcr_address);
}

void mcr_gmp_get_info(const struct mcr_gmp *gmp, uint64_t now_ns, struct mcr_gmp_info *out)
{
	*out = gmp->stats;
	out->version = mcr_gmp_version_of(gmp->wire, gmp->level);
	out->reason = (uint8_t)reason_of(gmp);
	out->robustness = gmp->robustness;
	out->querier_present = (uint8_t)mcr_gmp_is_querier_present(gmp, now_ns);
	out->querier_version = querier_version_of(gmp);
	out->querier = gmp->querier;
	out->query_interval_s = gmp->query_interval_s;
	out->last_query_ns = gmp->last_query_ns;
	out->querier_until_ns = gmp->querier_until_ns;
	out->v1_until_ns = of_version(gmp, gmp->until_ns, 1);
	out->v2_until_ns = of_version(gmp, gmp->until_ns, 2);
	out->rx_v1_queries = of_version(gmp, gmp->old_queries, 1);
	out->rx_v2_queries = of_version(gmp, gmp->old_queries, 2);
	out->repeat_due_ns = gmp->cfg.repeat_s == MCR_GMP_NO_REPEAT || !gmp->n_wanted
				 ? MCR_GMP_NEVER
				 : gmp->repeat_due_ns;
	out->groups = gmp->n_wanted;
	out->leaving = gmp->groups.n - gmp->n_wanted;
	out->unsent = 0;
	for (const struct mcr_gmp_group *g = gmp->groups.first; g; g = g->next)
		out->unsent += g->unsent;
	out->pending = mcr_gmp_pending(gmp);
	out->memory_bytes = memory_of(gmp);
}

void mcr_gmp_get_brief(const struct mcr_gmp *gmp, struct mcr_gmp_brief *out)
{
	*out = (struct mcr_gmp_brief){
	    .version = mcr_gmp_version_of(gmp->wire, gmp->level),
	    .reason = (uint8_t)reason_of(gmp),
	    .querier = gmp->querier,
	    .old_queries =
		gmp->old_queries[1] + gmp->old_queries[2] + gmp->stats.rx_old_ssm_queries,
	    .querier_version = querier_version_of(gmp),
	    .groups = gmp->n_wanted,
	    .last_query_ns = gmp->last_query_ns,
	    .querier_timeout_ns = querier_timeout_of(gmp),
	};
}

size_t mcr_gmp_pending(const struct mcr_gmp *gmp)
{
	return gmp->queue.n - gmp->queue.head + gmp->groups.n_heap +
	       (gmp->sweep.due_ns != MCR_GMP_NEVER);
}

static enum mcr_gmp_group_state state_of(const struct mcr_gmp *gmp, const struct mcr_gmp_group *g)
{
	if (!mcr_membership_wanted(&g->membership))
		return MCR_GMP_GROUP_LEAVING;
	if (g->change_due_ns != MCR_GMP_NEVER || (gmp->level < MCR_GMP_LEVEL_NEWEST && g->copies))
		return MCR_GMP_GROUP_REPORTING;
	if (g->answer_due_ns != MCR_GMP_NEVER)
		return MCR_GMP_GROUP_DELAYING;
	if (gmp->sweep.due_ns != MCR_GMP_NEVER && g->swept != gmp->sweep.number)
		return MCR_GMP_GROUP_DELAYING;
	return MCR_GMP_GROUP_IDLE;
}

int mcr_gmp_get_group(const struct mcr_gmp *gmp, struct mcr_address group,
		      struct mcr_gmp_group_info *out)
{
	const struct mcr_gmp_group *g = mcr_gmp_groups_find(&gmp->groups, group);

	if (!g)
		return -ENOENT;
	*out = (struct mcr_gmp_group_info){
	    .group = group,
	    .sources = g->membership.n_listed,
	    .recorded = g->n_recorded,
	    .state = (uint8_t)state_of(gmp, g),
	    .mode = g->membership.mode,
	    .last_reporter = g->last_reporter,
	    .unsent = g->unsent,
	    .last_report_ns = g->last_report_ns,
	    .last_query_ns =
		g->last_query_ns > gmp->last_query_ns ? g->last_query_ns : gmp->last_query_ns,
	    .next_change_ns = g->change_due_ns,
	    .next_answer_ns = g->answer_due_ns,
	};
	return 0;
}
