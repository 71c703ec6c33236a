/* SPDX-License-Identifier: BSD-3-Clause */
/* What the queriers know: copies for the application, made on the control thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/sized.h"
#include "engine/state/state.h"

_Static_assert(MCR_QUERIER_RX_KINDS == MCR_QUERIER_RX_COUNT, "info.h and querier.h agree");

#define FAMILIES 2 /* of queriers of an interface, by enum mcr_gmp_family */

const char *mcr_engine_querier_rx_name(unsigned kind)
{
	return mcr_querier_rx_name(kind);
}

/* One of the engine's queriers. */
struct place {
	const struct mcr_interface *interface;
	struct mcr_querier *querier;
	int is_mld;
};

/* Finds the next querier from number *at on, of FAMILIES for each interface. Returns 0 or -ENOENT.
 */
static int next_querier(const struct mcr_engine *e, size_t *at, struct place *out)
{
	for (; *at < e->n_interfaces * FAMILIES; ++*at) {
		const struct mcr_interface *it = &e->interfaces[*at / FAMILIES];
		const size_t family = *at % FAMILIES;

		if (!it->queriers[family])
			continue;
		*out = (struct place){it, it->queriers[family], family == MCR_GMP_MLD};
		++*at;
		return 0;
	}
	return -ENOENT;
}

static uint64_t left(uint64_t until_ns, uint64_t now_ns)
{
	return until_ns > now_ns ? until_ns - now_ns : 0;
}

/* ---- queriers ---- */

static void counts_into(const struct mcr_querier_state *state, struct mcr_querier_info *out)
{
	for (unsigned r = 0; r < MCR_QUERIER_RX_COUNT; r++) {
		out->rx += state->rx[r];
		out->rx_by[r] = state->rx[r];
		if (r >= MCR_QUERIER_RX_MALFORMED)
			out->rx_bad += state->rx[r];
	}
	out->records = state->records;
	out->records_unknown = state->records_unknown;
	out->records_bad_group = state->records_bad_group;
	out->records_ssm = state->records_ssm;
	out->refused_groups = state->refused_groups;
	out->refused_sources = state->refused_sources;
	out->refused_leaves = state->refused_leaves;
	out->newer_queries = state->newer_queries;
	out->older_queries = state->older_queries;
	out->tx_general = state->tx_general;
	out->tx_group = state->tx_group;
	out->tx_sources = state->tx_sources;
	out->tx_retries = state->tx_retries;
	out->changes = state->changes;
	out->elections = state->elections;
	out->last_ssm_group = state->last_ssm_group;
	out->last_ssm_source = state->last_ssm_source;
	out->last_off_subnet = state->last_off_subnet;
	out->last_newer = state->last_newer;
	out->last_older = state->last_older;
}

static void timing_into(const struct mcr_querier_timing *timing, struct mcr_querier_info *out)
{
	out->robustness = timing->robustness;
	out->query_interval_ns = timing->interval_ns;
	out->query_response_interval_ns = timing->response_ns;
	out->last_member_query_interval_ns = timing->last_member_interval_ns;
	out->membership_interval_ns = timing->membership_ns;
	out->other_querier_interval_ns = timing->other_querier_ns;
	out->last_member_query_time_ns = timing->last_member_ns;
}

static void querier_into(const struct place *place, struct mcr_querier_info *out)
{
	const struct mcr_interface_config *config = &place->interface->config;
	const uint64_t now_ns = mcr_clock_now_monotonic();
	const uint8_t version =
	    place->is_mld ? config->mld_querier_version : config->querier_version;
	struct mcr_querier_state state;

	mcr_querier_get_state(place->querier, &state);
	*out = (struct mcr_querier_info){
	    .is_mld = (uint8_t)place->is_mld,
	    .mode = place->is_mld ? config->mld_querier : config->querier,
	    .version = state.version,
	    .configured_version = version != 0    ? version
				  : place->is_mld ? 2
						  : 3,
	    .fast_leave = config->fast_leave,
	    .querier = state.querier,
	    .other_left_ns = left(state.other_until_ns, now_ns),
	    .older_left_ns = left(state.older_until_ns, now_ns),
	    .next_query_left_ns = state.next_query_ns == MCR_QUERIER_NEVER
				      ? UINT64_MAX
				      : left(state.next_query_ns, now_ns),
	    .groups = state.groups,
	    .sources = state.sources,
	    .groups_max = state.groups_max,
	    .sources_max = state.sources_max,
	    .sources_all_max = MCR_QUERIER_SOURCES_ALL,
	    .bytes = state.memory_bytes,
	};
	memcpy(out->interface, config->name, sizeof(out->interface));
	snprintf(out->role, sizeof(out->role), "%s", mcr_querier_role_name(state.role));
	timing_into(&state.timing, out);
	counts_into(&state, out);
}

int mcr_engine_querier_info(const struct mcr_engine *e, size_t i, struct mcr_querier_info *out)
{
	struct mcr_querier_info info;
	struct place place;
	size_t at = 0;

	do {
		if (next_querier(e, &at, &place) < 0)
			return -ENOENT;
	} while (i-- > 0);
	querier_into(&place, &info);
	return mcr_sized_give(out, &info, sizeof(info));
}

/* ---- members ---- */

/* Finds the querier of entry *i over all of them, and makes *i its entry. Returns 0 or -ENOENT. */
static int find_entry(const struct mcr_engine *e, size_t *i, struct place *out)
{
	size_t at = 0;

	while (next_querier(e, &at, out) == 0) {
		struct mcr_querier_state state;

		mcr_querier_get_state(out->querier, &state);
		if (*i < state.groups)
			return 0;
		*i -= state.groups;
	}
	return -ENOENT;
}

int mcr_engine_member_info(const struct mcr_engine *e, size_t i, struct mcr_member_info *out)
{
	const uint64_t now_ns = mcr_clock_now_monotonic();
	struct mcr_querier_group group;
	struct mcr_member_info info;
	struct place place;
	uint64_t since_ns;

	if (find_entry(e, &i, &place) < 0 || mcr_querier_get_group(place.querier, i, &group) < 0)
		return -ENOENT;
	since_ns = mcr_clock_realtime_of(group.since_ns);
	info = (struct mcr_member_info){
	    .group = group.group,
	    .is_mld = (uint8_t)place.is_mld,
	    .version = group.version,
	    .mode = group.mode,
	    .is_asking = group.queries_left > 0,
	    .n_sources = group.n_sources,
	    .left_ns = left(group.until_ns, now_ns),
	    .v1_left_ns = left(group.v1_until_ns, now_ns),
	    .v2_left_ns = left(group.v2_until_ns, now_ns),
	    .since_ns = since_ns,
	    .last_report_ns = since_ns + (group.last_report_ns - group.since_ns),
	    .last_reporter = group.last_reporter,
	};
	memcpy(info.interface, place.interface->config.name, sizeof(info.interface));
	return mcr_sized_give(out, &info, sizeof(info));
}

/* Converts the first n sources of an entry. Returns 0 or -ENOMEM. */
static int copy_sources(struct mcr_querier *q, size_t i, struct mcr_member_source *sources,
			size_t n)
{
	const uint64_t now_ns = mcr_clock_now_monotonic();
	struct mcr_querier_source *own = calloc(n, sizeof(*own));

	if (!own)
		return -ENOMEM;
	mcr_querier_get_sources(q, i, own, n);
	for (size_t k = 0; k < n; k++)
		sources[k] = (struct mcr_member_source){
		    .address = own[k].address,
		    .left_ns = left(own[k].until_ns, now_ns),
		    .is_forwarded = own[k].is_forwarded,
		};
	free(own);
	return 0;
}

int mcr_engine_member_sources(const struct mcr_engine *e, size_t i,
			      struct mcr_member_source *sources, size_t cap)
{
	struct place place;
	int n, ret = 0;

	if (find_entry(e, &i, &place) < 0)
		return -ENOENT;
	n = mcr_querier_get_sources(place.querier, i, NULL, 0);
	if (n > 0 && cap > 0)
		ret = copy_sources(place.querier, i, sources, (size_t)n < cap ? (size_t)n : cap);
	return ret < 0 ? ret : n;
}
