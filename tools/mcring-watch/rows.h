/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of the watch's state as objects of JSON: docs/watch.md says what their members mean. Each
 * returns a new reference, or NULL when memory was short. */
#ifndef MCR_WATCH_ROWS_H
#define MCR_WATCH_ROWS_H

#include <jansson.h>

#include "watch.h"

json_t *watch_row_feed(const struct watch_feed *f);
json_t *watch_row_engine(const struct watch_engine *e);
json_t *watch_row_channel(const struct watch_channel *c);
json_t *watch_row_group(const struct watch_channel *c, const struct watch_group *g);
json_t *watch_row_recording(struct recorder *r);
json_t *watch_row_alarm(const struct watch_alarm *a);

/* watch_row_bursts: a row for each window; NULL gives an empty list. */
json_t *watch_row_bursts(struct watch_burst *b);

/* watch_event_word: "gap", "line-down": of an enum mcr_feed_kind. */
const char *watch_event_word(uint32_t kind);

/* watch_lead_median gives the time by which half of a line's packets are behind at most: less than
 * 0 where it is ahead. By the buckets of struct watch_lead, so a power of two of 16 ns. */
int64_t watch_lead_median(const struct watch_lead *lead);

#endif
