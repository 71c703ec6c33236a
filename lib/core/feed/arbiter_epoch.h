/* SPDX-License-Identifier: BSD-3-Clause */
/* Generations of a stream: what begins one, and which packets are of it (docs/feeds.md, rule 9). */
#ifndef MCR_CORE_FEED_ARBITER_EPOCH_H
#define MCR_CORE_FEED_ARBITER_EPOCH_H

#include "core/feed/arbiter_state.h"

/* mcr_epoch_judge: 1 = the packet at hand is of this generation, and its number is at->x. 0 = it
 * was dealt with: it is stale, or begins a generation, which mcr_epoch_begin_now does when all that
 * is held was handed out. */
int mcr_epoch_judge(struct mcr_arbiter *a, struct mcr_arrival *at);

/* mcr_epoch_proven: the line's run of reset_run packets begins a generation. */
void mcr_epoch_proven(struct mcr_arbiter *a, struct mcr_arrival *at);

/* mcr_epoch_front_stands: the next number has not moved for so long that the packet at hand, far
 * below it, is not of a line that is behind. */
int mcr_epoch_front_stands(struct mcr_arbiter *a, const struct mcr_arrival *at);

void mcr_epoch_begin_now(struct mcr_arbiter *a);

#endif
