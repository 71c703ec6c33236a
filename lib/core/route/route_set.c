/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "core/address.h"
#include "core/route/route_state.h"

/* ---- static groups ---- */

static int by_place(const void *va, const void *vb)
{
	const struct mcr_route_static *a = va, *b = vb;
	const int order = memcmp(&a->group, &b->group, sizeof(a->group));

	if (order != 0)
		return order;
	if (a->interface != b->interface)
		return a->interface < b->interface ? -1 : 1;
	return memcmp(&a->source, &b->source, sizeof(a->source));
}

/* Returns how many there are, none twice. */
static size_t collect_statics(struct mcr_route_static *out,
			      const struct mcr_interface_config *configs, size_t n)
{
	size_t found = 0, kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct mcr_static_group *groups = configs[i].static_groups;

		if (configs[i].role != MCR_RELAY_DOWNSTREAM)
			continue;
		for (size_t k = 0; k < configs[i].n_static_groups; k++)
			if (!mcr_group_is_link_local(groups[k].group))
				out[found++] = (struct mcr_route_static){
				    groups[k].group, groups[k].source, (unsigned)i};
	}
	if (found > 1)
		qsort(out, found, sizeof(*out), by_place);
	for (size_t i = 0; i < found; i++)
		if (i == 0 || by_place(&out[i], &out[kept - 1]) != 0)
			out[kept++] = out[i];
	return kept;
}

static struct mcr_route_group *add_group(struct mcr_route_set *set, struct mcr_address address)
{
	struct mcr_route_group *g = mcr_route_groups_add(&set->groups, address);

	if (g)
		g->closed = mcr_route_scopes_closed(set->scopes, set->n_scopes,
						    mcr_route_address_of(address));
	return g;
}

static int add_statics(struct mcr_route_set *set, const struct mcr_interface_config *configs,
		       size_t n)
{
	struct mcr_route_group *g = NULL;
	size_t most = 1;

	for (size_t i = 0; i < n; i++)
		most += configs[i].n_static_groups;
	set->statics = malloc(most * sizeof(*set->statics));
	set->sources = malloc(most * sizeof(*set->sources));
	if (!set->statics || !set->sources)
		return -ENOMEM;
	set->n_statics = collect_statics(set->statics, configs, n);
	for (size_t i = 0; i < set->n_statics; i++) {
		const struct mcr_address address = set->statics[i].group;

		set->sources[i] = set->statics[i].source;
		if (!g || !mcr_address_is_equal(g->address, address)) {
			g = add_group(set, address);
			if (!g)
				return -ENOMEM;
			g->statics = (uint32_t)i;
			mcr_route_groups_queue(&set->groups, g, MCR_ROUTE_NOTED);
		}
		g->n_statics++;
	}
	return 0;
}

/* ---- life ---- */

int mcr_route_set_create(struct mcr_route_set **out, const struct mcr_interface_config *configs,
			 size_t n,
			 void (*wants)(void *ctx, unsigned interface, struct mcr_address group,
				       struct mcr_source_filter *out),
			 void *ctx, uint64_t seed)
{
	struct mcr_route_set *set = calloc(1, sizeof(*set));
	struct mcr_rng rng;

	if (!set)
		return -ENOMEM;
	mcr_rng_seed(&rng, seed);
	mcr_address_hash_seed(&set->groups.hash, mcr_rng_next(&rng));
	set->seed = mcr_rng_next(&rng);
	set->wants = wants;
	set->ctx = ctx;
	set->upstream = MCR_ROUTE_NO_INTERFACE;
	for (size_t i = 0; i < n; i++) {
		if (configs[i].role == MCR_RELAY_UPSTREAM)
			set->upstream = (unsigned)i;
		else if (configs[i].role == MCR_RELAY_DOWNSTREAM)
			set->downstream |= UINT64_C(1) << i;
	}
	if (mcr_route_scopes_make(&set->scopes, &set->n_scopes, configs, n) != 0 ||
	    add_statics(set, configs, n) != 0) {
		mcr_route_set_destroy(set);
		return -ENOMEM;
	}
	*out = set;
	return 0;
}

void mcr_route_set_destroy(struct mcr_route_set *set)
{
	if (!set)
		return;
	mcr_route_groups_clear(&set->groups);
	mcr_route_merge_clear(&set->merge);
	free(set->statics);
	free(set->sources);
	free(set->scopes);
	free(set);
}

/* ---- changes ---- */

int mcr_route_set_note(struct mcr_route_set *set, struct mcr_address group)
{
	struct mcr_route_group *g;

	if (mcr_group_is_link_local(group))
		return 0;
	g = mcr_route_groups_find(&set->groups, group);
	if (!g)
		g = add_group(set, group);
	if (!g) {
		set->is_lost = 1;
		return -ENOMEM;
	}
	mcr_route_groups_queue(&set->groups, g, MCR_ROUTE_NOTED);
	return 0;
}

int mcr_route_set_is_noted(const struct mcr_route_set *set)
{
	return set->groups.queues[MCR_ROUTE_NOTED].first || set->changed > 0 || set->is_lost;
}

/* Adds what one interface wants. at: before its static entries; moved behind them. */
static int add_interface(struct mcr_route_set *set, const struct mcr_route_group *g,
			 unsigned interface, size_t *at)
{
	static const struct mcr_source_filter all = {.mode = MCR_FILTER_EXCLUDE};
	const uint64_t output = UINT64_C(1) << interface;
	const size_t end = (size_t)g->statics + g->n_statics;
	struct mcr_source_filter filter;
	size_t first;

	while (*at < end && set->statics[*at].interface < interface)
		++*at;
	first = *at;
	while (*at < end && set->statics[*at].interface == interface)
		++*at;
	if (*at > first && mcr_address_is_none(set->sources[first]))
		return mcr_route_merge_add(&set->merge, output, &all);
	set->wants(set->ctx, interface, g->address, &filter);
	if (mcr_route_merge_add(&set->merge, output, &filter) != 0)
		return -ENOMEM;
	filter = (struct mcr_source_filter){MCR_FILTER_INCLUDE, set->sources + first, *at - first};
	return mcr_route_merge_add(&set->merge, output, &filter);
}

static int merge_interfaces(struct mcr_route_set *set, const struct mcr_route_group *g)
{
	size_t at = g->statics;

	mcr_route_merge_begin(&set->merge);
	for (uint64_t left = set->downstream & ~g->closed; left; left &= left - 1)
		if (add_interface(set, g, (unsigned)__builtin_ctzll(left), &at) != 0)
			return -ENOMEM;
	mcr_route_merge_end(&set->merge);
	return 0;
}

static int is_same_route(const struct mcr_route_group *g, const struct mcr_route_merge *m)
{
	if (g->any != m->any || g->n_sources != m->n)
		return 0;
	for (size_t i = 0; i < m->n; i++)
		if (g->outputs[i] != m->list[i].outputs ||
		    !mcr_address_is_equal(g->sources[i], m->list[i].source))
			return 0;
	return 1;
}

static int is_same_filter(const struct mcr_source_filter *a, const struct mcr_source_filter *b)
{
	return a->mode == b->mode && a->n == b->n &&
	       (a->n == 0 || memcmp(a->sources, b->sources, a->n * sizeof(*a->sources)) == 0);
}

/* Copies the list into new memory of the group. Returns -ENOMEM, and changes nothing, or 0. */
static int copy_list(struct mcr_route_group *g, const struct mcr_route_merge *m)
{
	const int excludes = m->any != 0;
	struct mcr_address *unwanted;
	uint64_t *outputs = NULL;
	size_t n_unwanted = 0;

	for (size_t i = 0; i < m->n; i++)
		n_unwanted += m->list[i].outputs == 0;
	if (m->n > 0) {
		outputs = malloc(m->n * sizeof(*outputs) +
				 (m->n + n_unwanted) * sizeof(struct mcr_address));
		if (!outputs)
			return -ENOMEM;
	}
	g->outputs = outputs;
	g->sources = outputs ? (void *)(outputs + m->n) : NULL;
	g->n_sources = (uint32_t)m->n;
	g->any = m->any;
	unwanted = outputs ? g->sources + m->n : NULL;
	g->proxied = (struct mcr_source_filter){
	    .mode = excludes ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE,
	    .sources = excludes ? unwanted : g->sources,
	    .n = excludes ? n_unwanted : m->n,
	};
	for (size_t i = 0; i < m->n; i++) {
		outputs[i] = m->list[i].outputs;
		g->sources[i] = m->list[i].source;
		if (outputs[i] == 0)
			*unwanted++ = m->list[i].source;
	}
	return 0;
}

static void count(struct mcr_route_set *set, const struct mcr_route_group *g, int by)
{
	if (mcr_route_group_has_route(g))
		set->n_routes += (size_t)by;
	set->n_sources += (size_t)by * g->n_sources;
	if (mcr_route_group_is_proxied(g))
		set->n_proxied += (size_t)by;
}

/* What is wanted of a group whose route goes nowhere upstream. */
static void proxy_nothing(struct mcr_route_group *g)
{
	g->proxied = (struct mcr_source_filter){.mode = MCR_FILTER_INCLUDE};
}

static int goes_upstream(const struct mcr_route_set *set, const struct mcr_route_group *g)
{
	return set->upstream != MCR_ROUTE_NO_INTERFACE && !(g->closed >> set->upstream & 1);
}

static int update_group(struct mcr_route_set *set, struct mcr_route_group *g)
{
	const struct mcr_route_group old = *g;

	if (merge_interfaces(set, g) != 0)
		return -ENOMEM;
	if (is_same_route(g, &set->merge))
		return 0;
	if (copy_list(g, &set->merge) != 0)
		return -ENOMEM;
	if (!goes_upstream(set, g))
		proxy_nothing(g);
	count(set, &old, -1);
	count(set, g, 1);
	set->changed++;
	if (!is_same_filter(&g->proxied, &old.proxied))
		mcr_route_groups_queue(&set->groups, g, MCR_ROUTE_UNTOLD);
	free(old.outputs);
	return 0;
}

int mcr_route_set_update(struct mcr_route_set *set, size_t max)
{
	int changed;

	if (set->is_lost) {
		set->is_lost = 0;
		return -ENOMEM;
	}
	for (; max > 0 && set->groups.queues[MCR_ROUTE_NOTED].first; max--) {
		if (update_group(set, set->groups.queues[MCR_ROUTE_NOTED].first) != 0)
			return -ENOMEM;
		mcr_route_groups_drop(&set->groups,
				      mcr_route_groups_next(&set->groups, MCR_ROUTE_NOTED));
	}
	changed = set->changed;
	set->changed = 0;
	return changed;
}

/* Nothing is told upstream any more. */
static void remove_upstream(struct mcr_route_set *set)
{
	struct mcr_route_group *g;

	set->upstream = MCR_ROUTE_NO_INTERFACE;
	set->changed++; /* of what comes in downstream */
	set->n_proxied = 0;
	for (uint32_t b = 0; b < set->groups.n_buckets; b++)
		for (g = set->groups.buckets[b]; g; g = g->hash_next)
			proxy_nothing(g);
	while ((g = mcr_route_groups_next(&set->groups, MCR_ROUTE_UNTOLD)))
		mcr_route_groups_drop(&set->groups, g);
}

/* Whether a group has an output. */
static int goes_to(const struct mcr_route_group *g, uint64_t output)
{
	uint64_t outputs = g->any;

	for (uint32_t i = 0; i < g->n_sources; i++)
		outputs |= g->outputs[i];
	return (outputs & output) != 0;
}

void mcr_route_set_remove(struct mcr_route_set *set, unsigned interface)
{
	const uint64_t output = UINT64_C(1) << interface;

	if (interface == set->upstream)
		remove_upstream(set);
	if (!(set->downstream & output))
		return;
	set->downstream &= ~output;
	for (uint32_t b = 0; b < set->groups.n_buckets; b++)
		for (struct mcr_route_group *g = set->groups.buckets[b]; g; g = g->hash_next)
			if (goes_to(g, output))
				mcr_route_groups_queue(&set->groups, g, MCR_ROUTE_NOTED);
}

/* ---- the proxy ---- */

unsigned mcr_route_set_upstream(const struct mcr_route_set *set)
{
	return set->upstream;
}

void mcr_route_set_proxied(const struct mcr_route_set *set, struct mcr_address group,
			   struct mcr_source_filter *out)
{
	const struct mcr_route_group *g = mcr_route_groups_find(&set->groups, group);

	if (g)
		*out = g->proxied;
	else
		*out = (struct mcr_source_filter){.mode = MCR_FILTER_INCLUDE};
}

int mcr_route_set_take_proxied(struct mcr_route_set *set, struct mcr_address *group)
{
	struct mcr_route_group *g = mcr_route_groups_next(&set->groups, MCR_ROUTE_UNTOLD);
	struct mcr_route_group *last = set->taken;

	set->taken = g;
	if (g)
		g->is_taken = 1;
	if (last && last != g) {
		last->is_taken = 0;
		mcr_route_groups_drop(&set->groups, last);
	}
	if (!g)
		return 0;
	*group = g->address;
	return 1;
}

void mcr_route_set_give_back(struct mcr_route_set *set, struct mcr_address group)
{
	struct mcr_route_group *g = mcr_route_groups_find(&set->groups, group);

	if (g && set->upstream != MCR_ROUTE_NO_INTERFACE)
		mcr_route_groups_queue(&set->groups, g, MCR_ROUTE_UNTOLD);
}

/* ---- to look at ---- */

size_t mcr_route_set_groups(const struct mcr_route_set *set)
{
	return set->n_routes;
}

size_t mcr_route_set_proxied_groups(const struct mcr_route_set *set)
{
	return set->n_proxied;
}

static void show(const struct mcr_route_group *g,
		 void (*each)(void *ctx, const struct mcr_route_entry *entry), void *ctx)
{
	struct mcr_route_entry entry = {.group = g->address, .outputs = g->any};

	each(ctx, &entry);
	for (uint32_t i = 0; i < g->n_sources; i++) {
		entry.source = g->sources[i];
		entry.outputs = g->outputs[i];
		each(ctx, &entry);
	}
}

int mcr_route_set_some(const struct mcr_route_set *set, size_t *at, size_t enough,
		       void (*each)(void *ctx, const struct mcr_route_entry *entry), void *ctx)
{
	size_t n = 0;

	for (; *at < set->groups.n_buckets && n < enough; (*at)++) {
		const struct mcr_route_group *g = set->groups.buckets[*at];

		for (n++; g; g = g->hash_next) {
			n += 1 + g->n_sources;
			if (mcr_route_group_has_route(g))
				show(g, each, ctx);
		}
	}
	return *at >= set->groups.n_buckets;
}

void mcr_route_set_each(const struct mcr_route_set *set,
			void (*each)(void *ctx, const struct mcr_route_entry *entry), void *ctx)
{
	size_t at = 0;

	(void)mcr_route_set_some(set, &at, SIZE_MAX, each, ctx);
}
