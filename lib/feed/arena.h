/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory for payloads that must outlive their place in a ring: of a fixed size, taken and given
 * back in any order. */
#ifndef MCR_FEED_ARENA_H
#define MCR_FEED_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define MCR_FEED_ARENA_UNIT 256u

struct mcr_feed_arena {
	uint8_t *memory;
	uint64_t *taken; /* a bit for each unit */
	uint32_t n_units, n_free;
	uint32_t at; /* where the next search begins */
};

/* mcr_feed_arena_create. Errors: -ENOMEM. mcr_feed_arena_destroy frees it in any case. */
int mcr_feed_arena_create(struct mcr_feed_arena *out, uint64_t bytes);
void mcr_feed_arena_destroy(struct mcr_feed_arena *a);

/* mcr_feed_arena_take returns room for len octets at a multiple of 8, with its handle, which is
 * not 0; NULL when there is none. mcr_feed_arena_give gives it back. */
uint8_t *mcr_feed_arena_take(struct mcr_feed_arena *a, size_t len, uint64_t *handle);
void mcr_feed_arena_give(struct mcr_feed_arena *a, uint64_t handle);

#endif
