/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines: up and down (docs/feeds.md, rule 10), and what each of them lacks (rule 7). */
#ifndef MCR_CORE_FEED_ARBITER_LINE_H
#define MCR_CORE_FEED_ARBITER_LINE_H

#include "core/feed/arbiter_state.h"

/* mcr_line_alive: a packet came on it. */
void mcr_line_alive(struct mcr_arbiter *a, unsigned line, uint64_t rx_ns);

/* mcr_line_down: at the time at hand. */
void mcr_line_down(struct mcr_arbiter *a, unsigned line, uint32_t why);

/* mcr_line_due: when the next line is down by silence, and which. UINT64_MAX = none will be. */
uint64_t mcr_line_due(const struct mcr_arbiter *a, unsigned *line);

/* mcr_line_moves: numbers [x, end) of its stream came on a line that is in this generation. */
void mcr_line_moves(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t x, uint64_t end);

static inline void mcr_line_counts_mark(struct mcr_arbiter *a, unsigned line, int is_end)
{
	(*(is_end ? &a->lines[line].ended : &a->lines[line].heartbeats))++;
}

/* mcr_line_behind: a copy came ns after the one that was first. */
static inline void mcr_line_behind(struct mcr_arbiter_line *l, uint64_t ns)
{
	unsigned i = ns < 16 ? 0 : 64 - (unsigned)__builtin_clzll(ns >> 4);

	l->behind[i < MCR_FEED_LEADS ? i : MCR_FEED_LEADS - 1]++;
	if (ns > l->behind_max_ns)
		l->behind_max_ns = ns;
}

#endif
