/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs: packets that prove nothing alone are kept until reset_run of them in a row do, on a line
 * (docs/feeds.md, rules 9 and 15). */
#ifndef MCR_CORE_FEED_ARBITER_RUN_H
#define MCR_CORE_FEED_ARBITER_RUN_H

#include "core/feed/arbiter_state.h"

/* mcr_run_add adds the packet at hand, numbers [x, end), to its line's run of that kind. Another
 * kind, or numbers that do not ascend or are far off, begin a new run; a copy of its last packet
 * says nothing new. Returns 1 when the run is long enough. Its packets count as implausible until
 * they are taken; those of MCR_RUN_OLD as stale. */
int mcr_run_add(struct mcr_arbiter *a, const struct mcr_arrival *at, unsigned kind, uint64_t x,
		uint64_t end);

/* mcr_run_break: it proved nothing. */
void mcr_run_break(struct mcr_arbiter *a, uint32_t key, unsigned line);

/* mcr_run_take holds the packets of the lines' (bits) runs in their stream, in the order in which
 * they came. shifts: of each line, by how much its numbers are higher; NULL = not at all. */
void mcr_run_take(struct mcr_arbiter *a, uint32_t key, uint32_t lines, const uint64_t shifts[]);

/* mcr_run_first: the number of its first packet that is kept; `otherwise` if none is. */
uint64_t mcr_run_first(const struct mcr_arbiter *a, uint32_t key, unsigned line,
		       uint64_t otherwise);

#endif
