/* SPDX-License-Identifier: BSD-3-Clause */
/* What feeds.c and feed_events.c know of a feed beside what is shown. */
#ifndef MCR_WATCH_FEED_STATE_H
#define MCR_WATCH_FEED_STATE_H

#include "feed/ask.h"
#include "lead.h"

#define FEED_KINDS 32 /* room for enum mcr_feed_kind */

struct feed_state {
	struct mcr_feed_ask ask; /* for the declaration */
	uint64_t asked_ns;       /* since when it waits for the answer; 0 = it does not ask ... */
	uint64_t due_ns;         /* ... and asks again then. Both CLOCK_MONOTONIC */
	uint64_t digest;         /* of the declaration, as the engine lists it */
	uint8_t is_listed;
	uint8_t is_changed; /* it is to be asked for again */
	uint8_t is_twin;    /* another one is watched that is the same */
	uint8_t was_empty;  /* the last read found nothing, and the last arm something */
	struct lead *lead;  /* NULL = it has one line */
	struct watch_lead *leads[MCR_FEED_LINES_MAX];
	uint64_t begun; /* where streams began, together: by `starts` events, and `resets` ones */
	uint64_t starts, resets;
	uint64_t span_ns;          /* since when ... */
	unsigned span[FEED_KINDS]; /* ... so many events of a kind came */
};

#endif
