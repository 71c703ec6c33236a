/* SPDX-License-Identifier: BSD-3-Clause */
/* Items that wait for mcr_arbiter_next. */
#ifndef MCR_CORE_FEED_ARBITER_ITEM_H
#define MCR_CORE_FEED_ARBITER_ITEM_H

#include "core/feed/arbiter_state.h"

/* mcr_item_event: an event of a stream or a line, at the time of what is at hand. */
struct mcr_feed_msg mcr_item_event(const struct mcr_arbiter *a, unsigned kind, uint32_t key,
				   unsigned line, uint64_t seq);

/* mcr_item_push queues an item: data, or an event if it is wanted. */
void mcr_item_push(struct mcr_arbiter *a, const struct mcr_feed_msg *item);

/* mcr_item_pop: 1 = *out is one, 0 = the queue is empty. */
int mcr_item_pop(struct mcr_arbiter *a, struct mcr_feed_msg *out);

/* mcr_item_data fills in data that are handed out. */
static inline void mcr_item_data(struct mcr_feed_msg *out, const struct mcr_msg *msg, uint64_t seq,
				 uint32_t count, uint32_t skip, uint32_t key, unsigned line,
				 unsigned flags)
{
	out->msg = msg;
	out->seq = seq;
	out->count = count;
	out->skip = skip;
	out->key = key;
	out->kind = MCR_FEED_DATA;
	out->line = (uint8_t)line;
	out->flags = (uint16_t)flags;
	out->held = 0;
}

#endif
