/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/route/route_table.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "core/route/route_state.h"

#define CACHE_LINE 64u
#define HASHES_MAX 8u /* that are tried */

_Static_assert(sizeof(struct mcr_route) == CACHE_LINE, "one entry in a cache line");

static uint32_t bits_of(size_t n_routes)
{
	uint32_t bits = 1; /* a shift by 64 is undefined */

	while ((size_t)1 << bits < 2 * n_routes)
		bits++;
	return bits;
}

/* One allocation: the header, the entries, the sources, the scopes. */
static struct mcr_route_table *allocate(const struct mcr_route_set *set)
{
	const uint32_t bits = bits_of(set->n_routes);
	const size_t header =
	    (sizeof(struct mcr_route_table) + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	const size_t routes = sizeof(struct mcr_route) << bits;
	const size_t sources = set->n_sources * sizeof(struct mcr_route_source);
	const size_t scopes = set->n_scopes * sizeof(struct mcr_route_scope);
	const size_t size =
	    (header + routes + sources + scopes + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	struct mcr_route_table *table;
	char *p;

	if (set->n_routes > UINT32_MAX / 4 || set->n_sources > UINT32_MAX)
		return NULL;
	p = aligned_alloc(CACHE_LINE, size);
	if (!p)
		return NULL;
	memset(p, 0, header + routes);
	table = (void *)p;
	table->shift = 64 - bits;
	table->mask = (uint32_t)(((size_t)1 << bits) - 1);
	table->routes = (void *)(p + header);
	table->sources = (void *)(p + header + routes);
	table->scopes = (void *)(p + header + routes + sources);
	table->n_scopes = set->n_scopes;
	if (set->n_scopes > 0)
		memcpy(table->scopes, set->scopes, scopes);
	return table;
}

/* The first free entry for the group. Each that is not free takes one of the looks; NULL when none
 * is left. */
static struct mcr_route *place(const struct mcr_route_table *table, struct mcr_route_address group,
			       size_t *looks)
{
	for (uint32_t at = mcr_route_hash(table, group); *looks > 0; at++, --*looks)
		if (table->routes[at & table->mask].used == 0)
			return &table->routes[at & table->mask];
	return NULL;
}

/* Fills in the entries. Returns 0 when that takes too many looks. */
static int place_all(struct mcr_route_table *table, const struct mcr_route_set *set, size_t looks)
{
	const struct mcr_route_groups *groups = &set->groups;
	uint32_t n_sources = 0;

	for (uint32_t b = 0; b < groups->n_buckets; b++)
		for (const struct mcr_route_group *g = groups->buckets[b]; g; g = g->hash_next) {
			struct mcr_route *r;

			if (!mcr_route_group_has_route(g))
				continue;
			r = place(table, mcr_route_address_of(g->address), &looks);
			if (!r)
				return 0;
			*r = (struct mcr_route){
			    .group = mcr_route_address_of(g->address),
			    .any = g->any,
			    .closed = g->closed,
			    .sources = n_sources,
			    .n_sources = g->n_sources,
			    .used = 1,
			};
			for (uint32_t i = 0; i < g->n_sources; i++)
				table->sources[n_sources++] = (struct mcr_route_source){
				    mcr_route_address_of(g->sources[i]), g->outputs[i]};
		}
	return 1;
}

/* Groups stand in rows, mostly. One hash in seven makes long chains of a row, so it is tried
 * whether a lookup looks at 2 entries on average; of random groups it looks at 1.5. */
static void choose_hash(struct mcr_route_table *table, const struct mcr_route_set *set,
			struct mcr_rng *rng)
{
	for (unsigned left = HASHES_MAX; left > 0; left--) {
		const size_t looks = left > 1 ? set->n_routes + 16 : SIZE_MAX;

		mcr_address_hash_seed(&table->hash, mcr_rng_next(rng));
		if (place_all(table, set, looks))
			return;
		memset(table->routes, 0, ((size_t)table->mask + 1) * sizeof(*table->routes));
	}
}

int mcr_route_table_create(struct mcr_route_table **out, const struct mcr_route_set *set,
			   uint64_t (*rings)(const void *ctx, struct mcr_address group),
			   const void *ctx)
{
	struct mcr_route_table *table = allocate(set);
	struct mcr_rng rng;

	if (!table)
		return -ENOMEM;
	table->downstream = set->downstream;
	if (set->upstream != MCR_ROUTE_NO_INTERFACE)
		table->upstream = UINT64_C(1) << set->upstream;
	mcr_rng_seed(&rng, set->seed);
	choose_hash(table, set, &rng);
	for (size_t i = 0; rings && i <= table->mask; i++)
		if (table->routes[i].used)
			table->routes[i].rings =
			    rings(ctx, mcr_route_address_back(table->routes[i].group));
	*out = table;
	return 0;
}

void mcr_route_table_destroy(struct mcr_route_table *table)
{
	free(table);
}

/* In the order of memcmp, in which the sources stand. */
static int is_before(struct mcr_route_address a, struct mcr_route_address b)
{
	const uint64_t a0 = be64toh(a.words[0]), b0 = be64toh(b.words[0]);

	return a0 < b0 || (a0 == b0 && be64toh(a.words[1]) < be64toh(b.words[1]));
}

uint64_t mcr_route_of_source(const struct mcr_route_table *table, const struct mcr_route *route,
			     struct mcr_route_address source)
{
	const struct mcr_route_source *at = table->sources + route->sources;
	size_t n = route->n_sources;

	while (n > 1) {
		const size_t half = n / 2;

		at = is_before(source, at[half].address) ? at : at + half;
		n -= half;
	}
	return mcr_route_address_same(at->address, source) ? at->outputs : route->any;
}
