/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a packet of the present generation stands in its stream. */
#ifndef MCR_CORE_FEED_ARBITER_PLACE_H
#define MCR_CORE_FEED_ARBITER_PLACE_H

#include "core/feed/arbiter_state.h"

void mcr_place(struct mcr_arbiter *a, struct mcr_arrival *at);

/* mcr_place_fills_late: what of [at->x, end) fills a gap comes out by mcr_place_late. held: the
 * payload's. 1: some does. */
int mcr_place_fills_late(struct mcr_arbiter *a, struct mcr_arrival *at, uint64_t end,
			 uint64_t held);

/* mcr_place_late: the next piece of what fills a gap late. */
void mcr_place_late(struct mcr_arbiter *a);

/* mcr_place_implausible: a number that moves nothing. */
void mcr_place_implausible(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t x);

#endif
