/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges of numbers that did not come: those that were given up, of a stream, and those that one
 * line lacks. The last MCR_ARBITER_RANGES are remembered. */
#ifndef MCR_CORE_FEED_ARBITER_RANGE_H
#define MCR_CORE_FEED_ARBITER_RANGE_H

#include "core/feed/arbiter_state.h"

#define MCR_RANGE_OF_STREAM MCR_FEED_LINES_MAX /* as line: what was given up */

void mcr_range_add(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t first,
		   uint64_t end);

/* mcr_range_find: the first numbers of [first, end) that are in a range: 1, with *from and *to. */
int mcr_range_find(const struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t first,
		   uint64_t end, uint64_t *from, uint64_t *to);

/* mcr_range_lacked: how many numbers of [first, end) some line lacks. */
uint64_t mcr_range_lacked(const struct mcr_arbiter *a, uint32_t key, uint64_t first, uint64_t end);

/* mcr_range_cut takes [first, end) out of the ranges, as it came after all. Returns how many
 * numbers of it were in one. */
uint64_t mcr_range_cut(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t first,
		       uint64_t end);

/* mcr_range_settle counts as lost what the lines lacked at gap_timeout before the present time. */
void mcr_range_settle(struct mcr_arbiter *a);

/* mcr_range_unsettled: what a line lacks, not counted as lost yet, and passed by each other line.
 */
uint64_t mcr_range_unsettled(const struct mcr_arbiter *a, unsigned line);

#endif
