/* SPDX-License-Identifier: BSD-3-Clause */
/* The last N packets that came first, over all streams: what a later copy is compared with, and how
 * far the lines are apart. A ring in the order of arrival, and chains through it by hash: what fell
 * out of the ring falls out of the chains by its age. */
#ifndef MCR_CORE_FEED_RECENT_H
#define MCR_CORE_FEED_RECENT_H

#include <stddef.h>
#include <stdint.h>

#define MCR_RECENT_HOPS 16 /* of a chain that are looked at */

struct mcr_recent_packet {
	uint64_t seq, ns;
	uint32_t id, count;
	uint32_t before; /* of the chain */
	uint32_t line;
};

struct mcr_recent {
	struct mcr_recent_packet *packets;
	uint64_t *hashes; /* of payloads; NULL = they are not compared */
	uint32_t *heads;
	uint32_t mask;
	uint32_t heads_mask;
	uint32_t n;       /* the place of the next; counts on and on */
	uint32_t chained; /* those before it are in the chains */
};

/* mcr_recent_create: n is rounded up to a power of two. -ENOMEM. */
int mcr_recent_create(struct mcr_recent *r, uint32_t n, int compare);
void mcr_recent_destroy(struct mcr_recent *r);

/* It is in no chain until one is looked along: lines bring the same packets in the same order, and
 * then none is. */
static inline void mcr_recent_add(struct mcr_recent *r, uint32_t id, uint64_t seq, uint32_t count,
				  unsigned line, uint64_t ns, uint64_t hash)
{
	struct mcr_recent_packet *p = &r->packets[r->n & r->mask];

	*p = (struct mcr_recent_packet){seq, ns, id, count, 0, line};
	if (__builtin_expect(r->hashes != NULL, 0))
		r->hashes[r->n & r->mask] = hash;
	r->n++;
}

static inline int mcr_recent_is(const struct mcr_recent_packet *p, uint32_t id, uint64_t seq,
				uint32_t count)
{
	return p->seq == seq && p->id == id && p->count == count;
}

/* mcr_recent_search looks along the chain. NULL = there is none, or none any more. */
const struct mcr_recent_packet *mcr_recent_search(struct mcr_recent *r, uint32_t id, uint64_t seq,
						  uint32_t count);

/* mcr_recent_find: the packet with these numbers, as mcr_recent_search. *at: of the line that asks:
 * the place behind the last that it found. */
static inline const struct mcr_recent_packet *
mcr_recent_find(struct mcr_recent *r, uint32_t *at, uint32_t id, uint64_t seq, uint32_t count)
{
	const struct mcr_recent_packet *p = &r->packets[*at & r->mask];

	if (__builtin_expect(!mcr_recent_is(p, id, seq, count), 0))
		p = mcr_recent_search(r, id, seq, count);
	if (p)
		*at = (uint32_t)(p - r->packets) + 1;
	return p;
}

#endif
