/* SPDX-License-Identifier: BSD-3-Clause */
/* The forwarding table knows to which interfaces a datagram goes: (input interface, group) ->
 * sources -> set of outputs (RFC 4605 §4.2). It is an immutable snapshot: control makes it from the
 * set of routes (route_set.h), the rx lcores look packets up. It knows nothing of UDP ports, rings
 * or links, nor who is the querier. A set of interfaces is a word with a bit for each.
 *
 * A group has one route for all inputs, since they differ only in three things: nothing goes out
 * where it came in; what comes in downstream also goes upstream; an interface's scopes. */
#ifndef MCR_CORE_ROUTE_TABLE_H
#define MCR_CORE_ROUTE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/address_hash.h"
#include "core/route/route_scopes.h"

/* A group. One cache line. */
struct mcr_route {
	struct mcr_route_address group;
	uint64_t any;    /* outputs of sources that are not listed */
	uint64_t closed; /* interfaces that have the group in their scopes: not in, not out */
	uint64_t rings;  /* inputs whose packets of the group somebody on this host wants as well */
	uint32_t sources, n_sources; /* in the table's array, ascending */
	uint64_t used;               /* 0: no entry */
	uint64_t pad;
};

struct mcr_route_source {
	struct mcr_route_address address;
	uint64_t outputs;
};

struct mcr_route_table; /* its fields: below */
struct mcr_route_set;

/* mcr_route_table_create makes a snapshot of the set. rings: NULL, or asked once for each group:
 * the interfaces whose packets of the group the rings, a handler or the kernel may want. Returns 0
 * or -ENOMEM; *out is set on success only. Thread: control. */
int mcr_route_table_create(struct mcr_route_table **out, const struct mcr_route_set *set,
			   uint64_t (*rings)(const void *ctx, struct mcr_address group),
			   const void *ctx);

/* mcr_route_table_destroy: no lcore may look at the table any more. table may be NULL. */
void mcr_route_table_destroy(struct mcr_route_table *table);

/* mcr_route_outputs: where a packet of a group goes that came in by interface `in`: a set of
 * interfaces, 0 = nowhere. *rings: 1 if this host may want it as well, as far as the table knows.
 * Whether the source belongs to `in`, and which outputs forward now, is the caller's. Thread: any
 * rx lcore. */
static inline uint64_t mcr_route_outputs(const struct mcr_route_table *table, unsigned in,
					 struct mcr_route_address group,
					 struct mcr_route_address source, int *rings);

/* mcr_route_outputs_from is mcr_route_outputs in two steps, with time to fetch what first_look
 * points to. first: mcr_route_first_look of the group in the same table. */
static inline const struct mcr_route *mcr_route_first_look(const struct mcr_route_table *table,
							   struct mcr_route_address group);
static inline uint64_t mcr_route_outputs_from(const struct mcr_route_table *table,
					      const struct mcr_route *first, unsigned in,
					      struct mcr_route_address group,
					      struct mcr_route_address source, int *rings);

/* ---- what follows is inline for the rx loop's sake; its fields are private ---- */

struct mcr_route_table {
	uint64_t upstream; /* its bit, when what comes in downstream goes there; else 0 */
	uint64_t downstream;
	struct mcr_address_hash hash;
	unsigned shift; /* 64 - log2 of the entries */
	uint32_t mask;  /* entries - 1; at most half of them are used */
	struct mcr_route *routes;
	struct mcr_route_source *sources;
	size_t n_scopes;
	struct mcr_route_scope *scopes; /* for groups that have no route */
};

static inline uint32_t mcr_route_hash(const struct mcr_route_table *table,
				      struct mcr_route_address group)
{
	return (uint32_t)(mcr_address_hash_words(&table->hash, group.words[0], group.words[1]) >>
			  table->shift);
}

static inline const struct mcr_route *mcr_route_first_look(const struct mcr_route_table *table,
							   struct mcr_route_address group)
{
	return &table->routes[mcr_route_hash(table, group)];
}

static inline const struct mcr_route *mcr_route_find_from(const struct mcr_route_table *table,
							  const struct mcr_route *first,
							  struct mcr_route_address group)
{
	const struct mcr_route *last = table->routes + table->mask;

	for (const struct mcr_route *r = first; r->used != 0; r = r == last ? table->routes : r + 1)
		if (mcr_route_address_same(r->group, group))
			return r;
	return NULL;
}

static inline const struct mcr_route *mcr_route_find(const struct mcr_route_table *table,
						     struct mcr_route_address group)
{
	return mcr_route_find_from(table, mcr_route_first_look(table, group), group);
}

/* The outputs of a listed source; `any` if it is not listed. Not inline: few groups list any. */
uint64_t mcr_route_of_source(const struct mcr_route_table *table, const struct mcr_route *route,
			     struct mcr_route_address source);

static inline uint64_t mcr_route_outputs_from(const struct mcr_route_table *table,
					      const struct mcr_route *first, unsigned in,
					      struct mcr_route_address group,
					      struct mcr_route_address source, int *rings)
{
	const uint64_t here = UINT64_C(1) << in;
	const uint64_t upstream = table->downstream & here ? table->upstream : 0;
	const struct mcr_route *r = mcr_route_find_from(table, first, group);
	uint64_t outputs, closed;

	if (__builtin_expect(r != NULL, 1)) {
		outputs = r->n_sources == 0 ? r->any : mcr_route_of_source(table, r, source);
		closed = r->closed;
		*rings = (r->rings >> in & 1) != 0;
	} else {
		outputs = 0;
		closed =
		    upstream ? mcr_route_scopes_closed(table->scopes, table->n_scopes, group) : 0;
		*rings = 1;
	}
	return closed & here ? 0 : (outputs | upstream) & ~closed & ~here;
}

static inline uint64_t mcr_route_outputs(const struct mcr_route_table *table, unsigned in,
					 struct mcr_route_address group,
					 struct mcr_route_address source, int *rings)
{
	return mcr_route_outputs_from(table, mcr_route_first_look(table, group), in, group, source,
				      rings);
}

#endif
