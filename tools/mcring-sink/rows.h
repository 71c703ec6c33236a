/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of the sink's state as objects of JSON: docs/sink.md says what their members mean. Each
 * returns a new reference, or NULL when memory was short. Thread: the sink's. */
#ifndef MCR_SINK_ROWS_H
#define MCR_SINK_ROWS_H

#include <jansson.h>

#include "sink.h"

/* sink_row_whole: the broker, and what all sources share. */
json_t *sink_row_whole(const struct sink *s);

/* sink_row_source: a channel or a feed. engine: the name of its engine. now_ns: CLOCK_REALTIME. */
json_t *sink_row_source(const struct sink_source *src, const char *engine, uint64_t now_ns);

#endif
