/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's counters and state, for statistics, and their names. */
#include "core/igmp/igmp_state.h"

#include <arpa/inet.h>
#include <errno.h>

static const char *const rx_names[MCR_IGMP_RX_COUNT] = {
    [MCR_IGMP_RX_QUERY] = "query",
    [MCR_IGMP_RX_REPORT] = "report",
    [MCR_IGMP_RX_TYPE] = "other_type",
    [MCR_IGMP_RX_NOT_JOINED] = "not_joined",
    [MCR_IGMP_RX_DESTINATION] = "destination",
    [MCR_IGMP_RX_BAD_GROUP] = "bad_group",
    [MCR_IGMP_RX_GENERAL_SOURCES] = "general_with_sources",
    [MCR_IGMP_RX_NO_SOURCE] = "no_unicast_source",
    [MCR_IGMP_RX_STRICT_TTL] = "strict_ttl",
    [MCR_IGMP_RX_STRICT_ALERT] = "strict_router_alert",
    [MCR_IGMP_RX_BAD_IP] = "bad_ip_header",
    [MCR_IGMP_RX_FRAGMENT] = "fragment",
    [MCR_IGMP_RX_BAD_LENGTH] = "bad_length",
    [MCR_IGMP_RX_BAD_SOURCES] = "bad_source_count",
    [MCR_IGMP_RX_BAD_CHECKSUM] = "bad_checksum",
};

const char *mcr_igmp_rx_name(unsigned rx)
{
	return rx < MCR_IGMP_RX_COUNT ? rx_names[rx] : NULL;
}

const char *mcr_igmp_reason_text(enum mcr_igmp_reason reason)
{
	switch (reason) {
	case MCR_IGMP_REASON_FORCED:
		return "set by the configuration";
	case MCR_IGMP_REASON_V2_QUERIER:
		return "a v2 querier is present";
	case MCR_IGMP_REASON_V1_QUERIER:
		return "a v1 querier is present";
	case MCR_IGMP_REASON_DEFAULT:
		break;
	}
	return "no older querier is present";
}

const char *mcr_igmp_group_state_name(enum mcr_igmp_group_state state)
{
	switch (state) {
	case MCR_IGMP_GROUP_REPORTING:
		return "reporting";
	case MCR_IGMP_GROUP_DELAYING:
		return "delaying";
	case MCR_IGMP_GROUP_LEAVING:
		return "leaving";
	case MCR_IGMP_GROUP_IDLE:
		break;
	}
	return "idle";
}

static enum mcr_igmp_reason reason_of(const struct mcr_igmp *igmp)
{
	if (igmp->cfg.version)
		return MCR_IGMP_REASON_FORCED;
	if (igmp->version == 1)
		return MCR_IGMP_REASON_V1_QUERIER;
	return igmp->version == 2 ? MCR_IGMP_REASON_V2_QUERIER : MCR_IGMP_REASON_DEFAULT;
}

static size_t memory_of(const struct mcr_igmp *igmp)
{
	return sizeof(*igmp) + mcr_igmp_groups_memory(&igmp->groups) +
	       igmp->queue.slots * (igmp->queue.stride + sizeof(uint16_t)) +
	       igmp->n_scratch * sizeof(uint32_t);
}

void mcr_igmp_get_info(const struct mcr_igmp *igmp, uint64_t now_ns, struct mcr_igmp_info *out)
{
	*out = igmp->stats;
	out->version = igmp->version;
	out->reason = (uint8_t)reason_of(igmp);
	out->robustness = igmp->robustness;
	out->querier_present = (uint8_t)mcr_igmp_is_querier_present(igmp, now_ns);
	out->querier_version = igmp->querier_version;
	out->querier_be = htonl(igmp->querier);
	out->query_interval_s = igmp->query_interval_s;
	out->last_query_ns = igmp->last_query_ns;
	out->querier_until_ns = igmp->querier_until_ns;
	out->v1_until_ns = igmp->v1_until_ns;
	out->v2_until_ns = igmp->v2_until_ns;
	out->repeat_due_ns = igmp->cfg.repeat_s == MCR_IGMP_NO_REPEAT || !igmp->n_wanted
				 ? MCR_IGMP_NEVER
				 : igmp->repeat_due_ns;
	out->groups = igmp->n_wanted;
	out->leaving = igmp->groups.n - igmp->n_wanted;
	out->unsent = 0;
	for (const struct mcr_igmp_group *g = igmp->groups.first; g; g = g->next)
		out->unsent += g->unsent;
	out->pending = mcr_igmp_pending(igmp);
	out->memory_bytes = memory_of(igmp);
}

void mcr_igmp_get_brief(const struct mcr_igmp *igmp, struct mcr_igmp_brief *out)
{
	*out = (struct mcr_igmp_brief){
	    .version = igmp->version,
	    .reason = (uint8_t)reason_of(igmp),
	    .querier_be = htonl(igmp->querier),
	    .old_queries = igmp->stats.rx_v1_queries + igmp->stats.rx_v2_queries +
			   igmp->stats.rx_v2_ssm_queries,
	};
}

size_t mcr_igmp_pending(const struct mcr_igmp *igmp)
{
	return igmp->queue.n - igmp->queue.head + igmp->groups.n_heap +
	       (igmp->sweep.due_ns != MCR_IGMP_NEVER);
}

static enum mcr_igmp_group_state state_of(const struct mcr_igmp *igmp,
					  const struct mcr_igmp_group *g)
{
	if (!mcr_membership_wanted(&g->membership))
		return MCR_IGMP_GROUP_LEAVING;
	if (g->change_due_ns != MCR_IGMP_NEVER || (igmp->version < 3 && g->copies))
		return MCR_IGMP_GROUP_REPORTING;
	if (g->answer_due_ns != MCR_IGMP_NEVER)
		return MCR_IGMP_GROUP_DELAYING;
	if (igmp->sweep.due_ns != MCR_IGMP_NEVER && g->swept != igmp->sweep.number)
		return MCR_IGMP_GROUP_DELAYING;
	return MCR_IGMP_GROUP_IDLE;
}

int mcr_igmp_get_group(const struct mcr_igmp *igmp, uint32_t group_be,
		       struct mcr_igmp_group_info *out)
{
	const struct mcr_igmp_group *g = mcr_igmp_groups_find(&igmp->groups, ntohl(group_be));

	if (!g)
		return -ENOENT;
	*out = (struct mcr_igmp_group_info){
	    .group_be = group_be,
	    .sources = g->membership.n_listed,
	    .recorded = g->n_recorded,
	    .state = (uint8_t)state_of(igmp, g),
	    .mode = g->membership.mode,
	    .last_reporter = g->last_reporter,
	    .unsent = g->unsent,
	    .last_report_ns = g->last_report_ns,
	    .last_query_ns =
		g->last_query_ns > igmp->last_query_ns ? g->last_query_ns : igmp->last_query_ns,
	    .next_change_ns = g->change_due_ns,
	    .next_answer_ns = g->answer_due_ns,
	};
	return 0;
}
