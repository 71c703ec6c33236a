/* SPDX-License-Identifier: BSD-3-Clause */
/* The groups of a route set: found by address, and queued for what is still to be done about them.
 * Thread: control. */
#ifndef MCR_CORE_ROUTE_GROUPS_H
#define MCR_CORE_ROUTE_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "core/address_hash.h"
#include "core/source_filter.h"

/* What may be waiting for its turn. */
enum mcr_route_queue {
	MCR_ROUTE_NOTED,  /* what is wanted of it may be another than before */
	MCR_ROUTE_UNTOLD, /* what is proxied is another than was told */
	MCR_ROUTE_QUEUES
};

struct mcr_route_group {
	/* What a table reads of it stands together. */
	struct mcr_address address;
	uint64_t any;    /* outputs of sources that are not listed */
	uint64_t closed; /* interfaces that have it in their scopes: constant */
	uint64_t *outputs;
	struct mcr_address *sources; /* n_sources, ascending, and the outputs of each; in the one
				      * allocation that begins at outputs */
	struct mcr_route_group *hash_next;
	uint32_t n_sources;

	uint32_t statics, n_statics; /* in the set's array: constant. While one of them counts, the
				      * group has a route */
	uint8_t is_queued[MCR_ROUTE_QUEUES], is_taken;
	struct mcr_source_filter proxied; /* its sources: behind the others */
	struct mcr_route_group *next[MCR_ROUTE_QUEUES];
};

struct mcr_route_groups {
	struct mcr_address_hash hash;
	struct mcr_route_group **buckets;
	uint32_t n_buckets, n;
	struct {
		struct mcr_route_group *first, *last;
	} queues[MCR_ROUTE_QUEUES];
};

static inline int mcr_route_group_has_route(const struct mcr_route_group *g)
{
	return g->any != 0 || g->n_sources != 0;
}

/* Whether the proxy wants it. */
static inline int mcr_route_group_is_proxied(const struct mcr_route_group *g)
{
	return g->proxied.mode == MCR_FILTER_EXCLUDE || g->proxied.n != 0;
}

struct mcr_route_group *mcr_route_groups_find(const struct mcr_route_groups *gs,
					      struct mcr_address address);

/* mcr_route_groups_add makes a group that is not there yet, without a route. Returns NULL when
 * there is no memory. */
struct mcr_route_group *mcr_route_groups_add(struct mcr_route_groups *gs,
					     struct mcr_address address);

/* mcr_route_groups_drop frees the group if there is nothing to know of it. */
void mcr_route_groups_drop(struct mcr_route_groups *gs, struct mcr_route_group *g);

/* mcr_route_groups_queue puts it at the end, unless it waits already. */
void mcr_route_groups_queue(struct mcr_route_groups *gs, struct mcr_route_group *g,
			    enum mcr_route_queue queue);

/* mcr_route_groups_next takes the first one out of the queue; NULL if it is empty. */
struct mcr_route_group *mcr_route_groups_next(struct mcr_route_groups *gs,
					      enum mcr_route_queue queue);

void mcr_route_groups_clear(struct mcr_route_groups *gs);

#endif
