/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose loss a gap is (docs/feeds.md, rule 17). */
#ifndef MCR_CORE_FEED_ARBITER_WHOSE_H
#define MCR_CORE_FEED_ARBITER_WHOSE_H

#include "core/feed/arbiter_state.h"

/* mcr_whose_judge fills in whose and host_lost of a gap, and remembers it. */
void mcr_whose_judge(struct mcr_arbiter *a, uint32_t key, struct mcr_feed_msg *gap);

/* mcr_whose_passed: number x is the first on a line since the reader was lapped there. */
void mcr_whose_passed(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t x);

/* mcr_whose_lost: numbers that this program had and could not keep. */
void mcr_whose_lost(struct mcr_arbiter *a, uint32_t key, uint64_t first, uint64_t end);

#endif
