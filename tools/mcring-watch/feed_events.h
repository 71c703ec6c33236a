/* SPDX-License-Identifier: BSD-3-Clause */
/* What the events of a feed mean: counters, what is remembered, alarms. Thread: the watch's. */
#ifndef MCR_WATCH_FEED_EVENTS_H
#define MCR_WATCH_FEED_EVENTS_H

#include "watch.h"

/* feed_event takes an event of a feed that is open. What a sender makes ever so many of is counted
 * in any case, and remembered and raised as long as that keeps up. */
void feed_event(struct watch *w, struct watch_feed *f, const struct mcr_feed_msg *m);

/* feed_events_end says of what was raised and has not ended that it is not watched any more. */
void feed_events_end(struct watch *w, struct watch_feed *f);

#endif
