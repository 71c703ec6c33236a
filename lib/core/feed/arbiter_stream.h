/* SPDX-License-Identifier: BSD-3-Clause */
/* The streams of a feed, by their scope. */
#ifndef MCR_CORE_FEED_ARBITER_STREAM_H
#define MCR_CORE_FEED_ARBITER_STREAM_H

#include "core/feed/arbiter_state.h"

static inline uint32_t mcr_stream_hash(const struct mcr_arbiter *a, const uint64_t scope[2])
{
	uint64_t h = (scope[0] ^ a->seed) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32 ^ scope[1]) * 0xd6e8feb86659fd93u;
	return (uint32_t)(h >> 32);
}

/* mcr_stream_find: MCR_NONE = there is none. */
static inline uint32_t mcr_stream_find(const struct mcr_arbiter *a, const uint64_t scope[2])
{
	uint32_t at = mcr_stream_hash(a, scope);

	for (;; at++) {
		uint32_t key = a->table[at & a->table_mask];

		if (key == MCR_NONE)
			return key;
		const struct mcr_stream *s = mcr_stream_at(a, key);

		if (!((s->scope[0] ^ scope[0]) | (s->scope[1] ^ scope[1])))
			return key;
	}
}

/* mcr_stream_make: a stream that begins with this packet of a line; MCR_NONE = there are keys_max.
 */
uint32_t mcr_stream_make(struct mcr_arbiter *a, unsigned line, const struct mcr_feed_packet *p);

#endif
