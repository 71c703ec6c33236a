/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/querier/members.h"

#include <errno.h>
#include <stdlib.h>

#include "core/querier/members_table.h"

int mcr_members_create(struct mcr_members **out, const struct mcr_members_config *cfg)
{
	struct mcr_members *ms = calloc(1, sizeof(*ms));

	if (!ms)
		return -ENOMEM;
	ms->cfg = *cfg;
	ms->memory_bytes = sizeof(*ms);
	mcr_address_hash_seed(&ms->hash, cfg->seed);
	*out = ms;
	return 0;
}

void mcr_members_destroy(struct mcr_members *ms)
{
	if (!ms)
		return;
	for (uint32_t i = 0; i < ms->n; i++) {
		free(ms->all[i]->sources);
		free(ms->all[i]);
	}
	free(ms->all);
	free(ms->buckets);
	free(ms->heaps[0]);
	free(ms->heaps[1]);
	free(ms->scratch);
	free(ms);
}

void mcr_members_filter(struct mcr_members *ms, struct mcr_address group,
			struct mcr_source_filter *out)
{
	const struct mcr_members_group *g = mcr_members_find(ms, group);
	struct mcr_members_view view = {MCR_FILTER_INCLUDE, 0};
	uint32_t n = 0;

	if (g)
		view = mcr_members_view_of(g);
	for (uint32_t i = 0; view.n > 0 && i < g->n; i++)
		if (view.mode == MCR_FILTER_INCLUDE || !g->sources[i].until_ns)
			ms->scratch[n++] = g->sources[i].address;
	*out = (struct mcr_source_filter){
	    .mode = view.mode, .sources = n ? ms->scratch : NULL, .n = n};
}

void mcr_members_get_counts(const struct mcr_members *ms, struct mcr_members_counts *out)
{
	*out = (struct mcr_members_counts){
	    .groups = ms->n,
	    .sources = ms->n_sources,
	    .memory_bytes = ms->memory_bytes,
	    .refused_groups = ms->refused_groups,
	    .refused_sources = ms->refused_sources,
	    .refused_leaves = ms->refused_leaves,
	    .changes = ms->changes,
	};
}

int mcr_members_get_group(struct mcr_members *ms, size_t i, struct mcr_querier_group *out)
{
	const struct mcr_members_group *g;

	if (i >= ms->n)
		return -ENOENT;
	mcr_members_sort(ms);
	g = ms->all[i];
	*out = (struct mcr_querier_group){
	    .group = g->address,
	    .version = mcr_gmp_version_of(ms->cfg.wire, mcr_members_level(g)),
	    .mode = g->mode,
	    .queries_left = g->left,
	    .n_sources = g->n,
	    .until_ns = g->until_ns,
	    .v1_until_ns = g->older_until_ns[0],
	    .v2_until_ns = g->older_until_ns[1],
	    .since_ns = g->since_ns,
	    .last_report_ns = g->last_report_ns,
	    .last_reporter = g->last_reporter,
	};
	return 0;
}

int mcr_members_get_sources(struct mcr_members *ms, size_t i, struct mcr_querier_source *out,
			    size_t cap)
{
	const struct mcr_members_group *g;
	int is_all;

	if (i >= ms->n)
		return -ENOENT;
	mcr_members_sort(ms);
	g = ms->all[i];
	is_all = mcr_members_level(g) != MCR_GMP_LEVEL_NEWEST;
	for (uint32_t j = 0; j < g->n && j < cap; j++) {
		const struct mcr_members_source *s = &g->sources[j];

		out[j] = (struct mcr_querier_source){
		    .address = s->address,
		    .until_ns = s->until_ns,
		    .is_forwarded = !g->is_hidden && (is_all || s->until_ns),
		    .queries_left = s->left,
		};
	}
	return (int)g->n;
}
