/* SPDX-License-Identifier: BSD-3-Clause */
/* A bounded ring of pointers from one thread to one other. What is full takes no more and holds
 * nobody up. The reader may look at what is there before it takes it. C11 atomics: the release of
 * each side pairs with the acquire of the other. */
#ifndef MCR_CORE_HANDOVER_H
#define MCR_CORE_HANDOVER_H

#include <stdint.h>

struct mcr_handover;

/* mcr_handover_create: room for n pointers, a power of two up to 2^31. Returns 0 or -ENOMEM; *out
 * is set on success only. Thread: any. */
int mcr_handover_create(struct mcr_handover **out, uint32_t n);

/* mcr_handover_destroy: nobody uses it any more; what is in it is forgotten. NULL is allowed. */
void mcr_handover_destroy(struct mcr_handover *ring);

/* mcr_handover_put puts the first of n pointers in, as many as there is room for. Returns how many.
 * What the writer stored before is what the reader of the pointers sees. Thread: the writer. */
static inline uint32_t mcr_handover_put(struct mcr_handover *ring, void *const *items, uint32_t n);

/* mcr_handover_look copies the oldest pointers, max at most, and leaves them there. Returns how
 * many. mcr_handover_take removes the n oldest, which were looked at. Thread: the reader. */
static inline uint32_t mcr_handover_look(struct mcr_handover *ring, void **items, uint32_t max);
static inline void mcr_handover_take(struct mcr_handover *ring, uint32_t n);

/* ---- what follows is inline for the rx loop's sake; its fields are private ---- */

#define MCR_HANDOVER_LINE 64 /* of the cache */

/* Places are counted on for ever, modulo 2^32; place i is items[i & mask]. Each side keeps what it
 * last saw of the other's count, and looks again only when that does not do. */
struct mcr_handover {
	/* Writer: the ring's writer. */
	_Alignas(MCR_HANDOVER_LINE) uint32_t put; /* shared */
	uint32_t taken_seen;                      /* its own: taken is this far at least */

	/* Writer: the ring's reader. */
	_Alignas(MCR_HANDOVER_LINE) uint32_t taken; /* shared */
	uint32_t put_seen;                          /* its own: put is this far at least */

	/* Constant; the items' writer is the ring's. */
	_Alignas(MCR_HANDOVER_LINE) uint32_t mask;
	void *items[];
};

static inline uint32_t mcr_handover_put(struct mcr_handover *ring, void *const *items, uint32_t n)
{
	const uint32_t put = ring->put;
	uint32_t room = ring->mask + 1 - (put - ring->taken_seen);

	if (room < n) {
		/* Pairs with mcr_handover_take: the places were read. */
		ring->taken_seen = __atomic_load_n(&ring->taken, __ATOMIC_ACQUIRE);
		room = ring->mask + 1 - (put - ring->taken_seen);
		if (room < n)
			n = room;
	}
	for (uint32_t i = 0; i < n; i++)
		ring->items[(put + i) & ring->mask] = items[i];
	__atomic_store_n(&ring->put, put + n, __ATOMIC_RELEASE); /* pairs with mcr_handover_look */
	return n;
}

static inline uint32_t mcr_handover_look(struct mcr_handover *ring, void **items, uint32_t max)
{
	const uint32_t taken = ring->taken;
	uint32_t n = ring->put_seen - taken;

	if (n < max) {
		/* Pairs with mcr_handover_put: the places were written. */
		ring->put_seen = __atomic_load_n(&ring->put, __ATOMIC_ACQUIRE);
		n = ring->put_seen - taken;
	}
	if (n > max)
		n = max;
	for (uint32_t i = 0; i < n; i++)
		items[i] = ring->items[(taken + i) & ring->mask];
	return n;
}

static inline void mcr_handover_take(struct mcr_handover *ring, uint32_t n)
{
	/* Pairs with mcr_handover_put. */
	__atomic_store_n(&ring->taken, ring->taken + n, __ATOMIC_RELEASE);
}

#endif
