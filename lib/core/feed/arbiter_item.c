/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/arbiter_item.h"

struct mcr_feed_msg mcr_item_event(const struct mcr_arbiter *a, unsigned kind, uint32_t key,
				   unsigned line, uint64_t seq)
{
	return (struct mcr_feed_msg){
	    .kind = (uint8_t)kind, .key = key, .line = (uint8_t)line, .seq = seq, .ns = a->at_ns};
}

void mcr_item_push(struct mcr_arbiter *a, const struct mcr_feed_msg *item)
{
	if ((item->kind != MCR_FEED_DATA && !mcr_arbiter_wants(a, item->kind)) ||
	    a->queue_n == MCR_ARBITER_EVENTS)
		return;
	a->queue[(a->queue_head + a->queue_n++) % MCR_ARBITER_EVENTS] = *item;
	a->head.pending = 1;
}

int mcr_item_pop(struct mcr_arbiter *a, struct mcr_feed_msg *out)
{
	if (!a->queue_n)
		return 0;
	*out = a->queue[a->queue_head];
	a->queue_head = (a->queue_head + 1) % MCR_ARBITER_EVENTS;
	a->queue_n--;
	return 1;
}
