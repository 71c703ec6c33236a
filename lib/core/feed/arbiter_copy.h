/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets all of which came before (docs/feeds.md, rules 6 and 8). */
#ifndef MCR_CORE_FEED_ARBITER_COPY_H
#define MCR_CORE_FEED_ARBITER_COPY_H

#include "core/feed/arbiter_item.h"
#include "core/feed/arbiter_line.h"

/* mcr_copy_behind notes by how much the line, or the other one, was behind. */
static inline void mcr_copy_behind(struct mcr_arbiter *a, const struct mcr_recent_packet *first,
				   unsigned line, uint64_t rx_ns)
{
	const int64_t ns = (int64_t)(rx_ns - first->ns);

	if (first->line < MCR_FEED_LINES_MAX && first->line != line && first->ns)
		mcr_line_behind(&a->lines[ns < 0 ? first->line : line],
				(uint64_t)(ns < 0 ? -ns : ns));
}

/* mcr_copy compares a copy on a line of stream s, count numbers from x on, with the packet that was
 * first, if that is remembered, and counts it. */
static inline void mcr_copy(struct mcr_arbiter *a, const struct mcr_stream *s, uint32_t key,
			    unsigned line, uint64_t x, uint32_t count, uint64_t hash,
			    uint64_t rx_ns)
{
	struct mcr_arbiter_line *l = &a->lines[line];
	const struct mcr_recent_packet *p =
	    mcr_recent_find(&a->recent, &l->copied, s->id, x, count);

	if (!p) {
		l->duplicates++;
		if (!a->compare)
			return;
		a->stats.not_comparable++; /* but a third line may pack like this one */
		mcr_recent_add(&a->recent, s->id, x, count, line, 0, hash);
		return;
	}
	mcr_copy_behind(a, p, line, rx_ns);
	if (!a->compare || a->recent.hashes[p - a->recent.packets] == hash) {
		l->duplicates++;
		return;
	}
	struct mcr_feed_msg event = mcr_item_event(a, MCR_FEED_MISMATCH, key, line, x);

	event.mismatch.seq = x;
	event.mismatch.first_line = p->line;
	l->mismatches++;
	a->stats.mismatches++;
	mcr_item_push(a, &event);
}

#endif
