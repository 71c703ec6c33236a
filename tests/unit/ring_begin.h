/* SPDX-License-Identifier: BSD-3-Clause */
/* A ring that is not new: for what comes with time only, numbers that no longer fit 25 or 32 bits.
 */
#ifndef RING_BEGIN_H
#define RING_BEGIN_H

#include "core/ring.h"

/* The ring, formatted and attached to, goes on as if so much had been published before. Nothing of
 * that is held. offset: a multiple of MCR_RING_LINE. */
static inline void ring_begin_at(struct mcr_ring_writer *w, uint64_t messages, uint64_t offset)
{
	struct mcr_ring_header *h = w->header;

	h->published[0] = (struct mcr_ring_published){.messages = messages, .end = offset};
	h->reserved = offset + MCR_RING_LINE;
	w->next = w->published = messages;
	w->published_end = offset;
	w->lap = offset - offset % w->bytes;
	w->at = w->limit = w->data + offset % w->bytes;
	w->reserved = h->reserved;
}

#endif
