/* SPDX-License-Identifier: BSD-3-Clause */
/* What the queriers know of their hosts. */
#include <string.h>

#include "engine/control/control_info.h"
#include "engine/control/control_json.h"

#define SOURCES_SHOWN 1024 /* of a group */

static const char *protocol_of(int is_mld)
{
	return is_mld ? "mld" : "igmp";
}

/* UINT64_MAX = never */
static json_t *number_or_never(uint64_t value)
{
	return value == UINT64_MAX ? json_null() : mcr_json_number(value);
}

static void add(json_t *all, const char *name, json_t *value)
{
	json_object_set_new(all, name, value);
}

static void add_timing(json_t *all, const struct mcr_querier_info *q)
{
	add(all, "robustness", mcr_json_number(q->robustness));
	add(all, "query_interval_ns", mcr_json_number(q->query_interval_ns));
	add(all, "query_response_interval_ns", mcr_json_number(q->query_response_interval_ns));
	add(all, "last_member_query_interval_ns",
	    mcr_json_number(q->last_member_query_interval_ns));
	add(all, "membership_interval_ns", mcr_json_number(q->membership_interval_ns));
	add(all, "other_querier_interval_ns", mcr_json_number(q->other_querier_interval_ns));
	add(all, "last_member_query_time_ns", mcr_json_number(q->last_member_query_time_ns));
}

static void add_received(json_t *all, const struct mcr_querier_info *q)
{
	json_t *rx = json_object();

	for (unsigned r = 0; rx && r < MCR_QUERIER_RX_KINDS; r++)
		add(rx, mcr_engine_querier_rx_name(r), mcr_json_number(q->rx_by[r]));
	add(all, "rx_packets", mcr_json_number(q->rx));
	add(all, "rx_bad", mcr_json_number(q->rx_bad));
	add(all, "rx", rx);
	add(all, "records", mcr_json_number(q->records));
	add(all, "records_unknown", mcr_json_number(q->records_unknown));
	add(all, "records_bad_group", mcr_json_number(q->records_bad_group));
	add(all, "records_ssm", mcr_json_number(q->records_ssm));
	add(all, "refused_groups", mcr_json_number(q->refused_groups));
	add(all, "refused_sources", mcr_json_number(q->refused_sources));
	add(all, "refused_leaves", mcr_json_number(q->refused_leaves));
	add(all, "newer_queries", mcr_json_number(q->newer_queries));
	add(all, "older_queries", mcr_json_number(q->older_queries));
	add(all, "last_ssm_group", mcr_json_address_or_null(q->last_ssm_group));
	add(all, "last_ssm_source", mcr_json_address_or_null(q->last_ssm_source));
	add(all, "last_off_subnet", mcr_json_address_or_null(q->last_off_subnet));
	add(all, "last_newer", mcr_json_address_or_null(q->last_newer));
	add(all, "last_older", mcr_json_address_or_null(q->last_older));
}

static void add_sent(json_t *all, const struct mcr_querier_info *q)
{
	add(all, "tx_general", mcr_json_number(q->tx_general));
	add(all, "tx_group", mcr_json_number(q->tx_group));
	add(all, "tx_sources", mcr_json_number(q->tx_sources));
	add(all, "tx_retries", mcr_json_number(q->tx_retries));
	add(all, "changes", mcr_json_number(q->changes));
	add(all, "elections", mcr_json_number(q->elections));
}

MCR_CONTROL_ITEM(mcr_control_querier)
{
	struct mcr_querier_info q = {.size = sizeof(q)};
	json_t *all;

	(void)snapshot;
	if (mcr_engine_querier_info(src->engine, i, &q) < 0)
		return NULL;
	all = json_pack("{so ss ss so so si si sb so so so so so so so so}", "interface",
			mcr_json_string(q.interface), "protocol", protocol_of(q.is_mld), "mode",
			q.mode == MCR_QUERIER_AUTO ? "auto" : "on", "role", mcr_json_string(q.role),
			"querier", mcr_json_address_or_null(q.querier), "version", q.version,
			"configured_version", q.configured_version, "fast_leave", q.fast_leave,
			"other_left_ns", mcr_json_number_or_null(q.other_left_ns), "older_left_ns",
			mcr_json_number_or_null(q.older_left_ns), "next_query_left_ns",
			number_or_never(q.next_query_left_ns), "groups", mcr_json_number(q.groups),
			"sources", mcr_json_number(q.sources), "groups_max",
			mcr_json_number(q.groups_max), "sources_max",
			mcr_json_number(q.sources_max), "memory_bytes", mcr_json_number(q.bytes));
	if (all) {
		add(all, "sources_all_max", mcr_json_number(q.sources_all_max));
		add_timing(all, &q);
		add_received(all, &q);
		add_sent(all, &q);
	}
	return all;
}

json_t *mcr_control_querier_role(const struct mcr_control_source *src, const char *interface,
				 int is_mld)
{
	struct mcr_querier_info q = {.size = sizeof(q)};

	for (size_t i = 0; mcr_engine_querier_info(src->engine, i, &q) == 0; i++)
		if (q.is_mld == is_mld && strcmp(q.interface, interface) == 0)
			return mcr_json_string(q.role);
	return json_null();
}

/* The first ones: n_sources says how many there are. */
static json_t *sources_of(const struct mcr_engine *engine, size_t i)
{
	struct mcr_member_source list[SOURCES_SHOWN];
	int n = mcr_engine_member_sources(engine, i, list, SOURCES_SHOWN);
	json_t *sources = json_array();

	for (int k = 0; sources && k < n && k < SOURCES_SHOWN; k++)
		json_array_append_new(
		    sources,
		    json_pack("{so so sb}", "source", mcr_json_address(list[k].address), "left_ns",
			      mcr_json_number(list[k].left_ns), "forwarded", list[k].is_forwarded));
	return sources;
}

static MCR_CONTROL_ITEM(member)
{
	struct mcr_member_info m = {.size = sizeof(m)};

	(void)snapshot;
	if (mcr_engine_member_info(src->engine, i, &m) < 0)
		return NULL;
	return json_pack("{so ss so si ss sb si so so so so so so so}", "interface",
			 mcr_json_string(m.interface), "protocol", protocol_of(m.is_mld), "group",
			 mcr_json_address(m.group), "version", m.version, "mode",
			 m.mode == MCR_FILTER_INCLUDE ? "include" : "exclude", "asking",
			 m.is_asking, "n_sources", (int)m.n_sources, "sources",
			 sources_of(src->engine, i), "left_ns", mcr_json_number_or_null(m.left_ns),
			 "v1_left_ns", mcr_json_number_or_null(m.v1_left_ns), "v2_left_ns",
			 mcr_json_number_or_null(m.v2_left_ns), "since_ns",
			 mcr_json_number_or_null(m.since_ns), "last_report_ns",
			 mcr_json_number_or_null(m.last_report_ns), "last_reporter",
			 mcr_json_address_or_null(m.last_reporter));
}

const struct mcr_control_section mcr_control_members[] = {
    {"queriers", &mcr_control_by_index, mcr_control_querier},
    {"members", &mcr_control_by_index, member},
    {NULL, NULL, NULL},
};
