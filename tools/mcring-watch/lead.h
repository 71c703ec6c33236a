/* SPDX-License-Identifier: BSD-3-Clause */
/* How far the lines of a feed are apart: for each number, when its copies came. Pure.
 *
 * Times are those of NICs or switches where both copies have them and by the same clock, or by
 * clocks that somebody vouches for; else those of the rx lcores. Those are of a burst, so a packet
 * may have waited for others in its NIC. A lead never mixes the two: when its packets have come to
 * be of the other kind it begins anew. */
#ifndef MCR_WATCH_LEAD_H
#define MCR_WATCH_LEAD_H

#include <stdint.h>

#include <mcring/feed.h>

#define LEAD_BUCKETS MCR_FEED_LEADS
#define LEAD_UNIT_NS 16

/* How far a line is behind (+) or ahead (-) of the one that had the same number first, or second.
 * ahead[i], behind[i]: packets by less than 2^i * 16 ns and not less than half of that. */
struct watch_lead {
	uint64_t ahead[LEAD_BUCKETS], behind[LEAD_BUCKETS];
	int64_t min_ns, max_ns;
	uint64_t packets;
	int is_hw;              /* by times of NICs or switches on both sides */
	uint64_t resolution_ns; /* the smallest step that the coarser side's times have shown: what
				 * is finer says nothing; 0 = unknown */
};

struct lead;

/* lead_create: clocks[i] is the same for lines whose interfaces have the same index on the same
 * engine. is_one_clock: somebody vouches for all clocks. NULL = no memory. Size: about 400 KiB. */
struct lead *lead_create(const uint8_t clocks[MCR_FEED_LINES_MAX], int is_one_clock);
void lead_destroy(struct lead *l); /* NULL is allowed */

/* lead_take: a packet of the feed, as it came (MCR_FEED_AS_THEY_COME). leads: of each line. */
void lead_take(struct lead *l, struct watch_lead *const leads[MCR_FEED_LINES_MAX],
	       const struct mcr_feed_msg *m);

#endif
