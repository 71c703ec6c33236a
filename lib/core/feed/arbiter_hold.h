/* SPDX-License-Identifier: BSD-3-Clause */
/* A stream's order: what is beyond the next number is held, what is missing is given up when its
 * time has come (docs/feeds.md, rules 3 to 5 and 18). */
#ifndef MCR_CORE_FEED_ARBITER_HOLD_H
#define MCR_CORE_FEED_ARBITER_HOLD_H

#include "core/feed/arbiter_state.h"

/* mcr_hold_has: all of [first, end) is held already. */
int mcr_hold_has(const struct mcr_arbiter *a, uint32_t key, uint64_t first, uint64_t end);

/* mcr_hold_ends: a line says that the session ends at number x. It is said behind all below it,
 * once, and again if data went on. */
void mcr_hold_ends(struct mcr_arbiter *a, uint32_t key, uint64_t x);

/* mcr_hold_ends_at: what is held says already that number x is to come. */
int mcr_hold_ends_at(const struct mcr_arbiter *a, uint32_t key, uint64_t x);

/* mcr_hold_node puts a kept packet, or a mark, into its stream's tree. */
void mcr_hold_node(struct mcr_arbiter *a, uint32_t key, uint32_t n);

/* mcr_hold_step does the next thing that is due in a stream, with what is held beyond the next
 * number. 1: *out is an item. 0: nothing is due; its hole, if there is one, has its time. But with
 * has_late, that is due, and then this stream again. */
int mcr_hold_step(struct mcr_arbiter *a, uint32_t key, struct mcr_feed_msg *out);

/* mcr_hold_after hands out the packet that had to wait for what comes before it. */
void mcr_hold_after(struct mcr_arbiter *a);

/* mcr_hold_count: data that are handed out from a line, in order: counters, and AFTER_GAP. */
void mcr_hold_count(struct mcr_arbiter *a, uint32_t key, struct mcr_feed_msg *item);

/* mcr_hold_passed: other lines than this one have passed the numbers below. mcr_hold_fill counts
 * numbers [first, end) that are handed out from a line: those that another one lacks. */
uint64_t mcr_hold_passed(const struct mcr_arbiter *a, uint32_t key, unsigned line);
void mcr_hold_fill(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t first,
		   uint64_t end);

/* mcr_hold_switch: the next data of a stream come from line. */
void mcr_hold_switch(struct mcr_arbiter *a, uint32_t key, unsigned line);

#endif
