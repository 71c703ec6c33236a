/* SPDX-License-Identifier: BSD-3-Clause */
/* The querier's counters and state, for statistics, and their names; and its view of the table. */
#include "core/querier/querier_state.h"

static const char *const rx_names[MCR_QUERIER_RX_COUNT] = {
    [MCR_QUERIER_RX_QUERY] = "query",
    [MCR_QUERIER_RX_REPORT] = "report",
    [MCR_QUERIER_RX_LEAVE] = "leave",
    [MCR_QUERIER_RX_TYPE] = "other_type",
    [MCR_QUERIER_RX_OWN] = "own_address",
    [MCR_QUERIER_RX_NO_ADDRESS] = "no_address",
    [MCR_QUERIER_RX_OFF_SUBNET] = "off_subnet",
    [MCR_QUERIER_RX_DESTINATION] = "destination",
    [MCR_QUERIER_RX_BAD_GROUP] = "bad_group",
    [MCR_QUERIER_RX_SSM] = "ssm",
    [MCR_QUERIER_RX_STRICT] = "strict",
    [MCR_QUERIER_RX_SOURCE] = "not_link_local",
    [MCR_QUERIER_RX_HOP_LIMIT] = "hop_limit",
    [MCR_QUERIER_RX_NO_ALERT] = "no_router_alert",
    [MCR_QUERIER_RX_BAD_IP] = "bad_ip_header",
    [MCR_QUERIER_RX_FRAGMENT] = "fragment",
    [MCR_QUERIER_RX_BAD_LENGTH] = "bad_length",
    [MCR_QUERIER_RX_BAD_RECORDS] = "bad_records",
    [MCR_QUERIER_RX_BAD_CHECKSUM] = "bad_checksum",
};

const char *mcr_querier_rx_name(unsigned rx)
{
	return rx < MCR_QUERIER_RX_COUNT ? rx_names[rx] : NULL;
}

const char *mcr_querier_role_name(enum mcr_querier_role role)
{
	switch (role) {
	case MCR_QUERIER_WAITING:
		return "waiting";
	case MCR_QUERIER_OTHER:
		return "other";
	case MCR_QUERIER_US:
		return "us";
	case MCR_QUERIER_SILENT:
		break;
	}
	return "no address";
}

static uint64_t older_until_ns(const struct mcr_querier *q)
{
	return q->level < q->configured_level ? q->older_until_ns[q->level] : 0;
}

void mcr_querier_get_state(const struct mcr_querier *q, struct mcr_querier_state *out)
{
	int is_us = q->role == MCR_QUERIER_US;
	struct mcr_members_counts counts;

	mcr_members_get_counts(q->members, &counts);
	*out = q->stats;
	out->role = q->role;
	out->version = mcr_gmp_version_of(q->wire, q->level);
	out->querier = is_us ? q->cfg.address : q->other.address;
	out->other_until_ns = is_us ? 0 : q->other.until_ns;
	out->older_until_ns = older_until_ns(q);
	out->next_query_ns = q->next_query_ns;
	out->startup_left = q->startup_left;
	out->timing = q->timing;
	out->groups = counts.groups;
	out->sources = counts.sources;
	out->groups_max = q->cfg.groups_max;
	out->sources_max = q->cfg.sources_max;
	out->memory_bytes = sizeof(*q) + q->packet_octets + q->n_scratch * sizeof(*q->scratch) +
			    counts.memory_bytes;
	out->refused_groups = counts.refused_groups;
	out->refused_sources += counts.refused_sources;
	out->refused_leaves = counts.refused_leaves;
	out->changes = counts.changes;
}

void mcr_querier_filter(struct mcr_querier *q, struct mcr_address group,
			struct mcr_source_filter *out)
{
	mcr_members_filter(q->members, group, out);
}

int mcr_querier_get_group(struct mcr_querier *q, size_t i, struct mcr_querier_group *out)
{
	return mcr_members_get_group(q->members, i, out);
}

int mcr_querier_get_sources(struct mcr_querier *q, size_t i, struct mcr_querier_source *out,
			    size_t cap)
{
	return mcr_members_get_sources(q->members, i, out, cap);
}
