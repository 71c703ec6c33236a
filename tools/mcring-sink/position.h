/* SPDX-License-Identifier: BSD-3-Clause */
/* The position of a sink: what the broker keeps of it, so that it goes on there after a restart, on
 * another host, too. A text of JSON:
 *
 *     {"version": 1, "instance": "<hex>", "time_ns": N, "sources": [
 *         {"channel": "md", "rings": [{"ring": 0, "epoch": "<hex>", "next": N, "ns": N}]},
 *         {"feed": "itch", "streams": [...]}]}
 *
 * Sources that the sink does not have any more stay in it as they are. The text comes from the
 * broker and is not trusted. Thread: the sink's. */
#ifndef MCR_SINK_POSITION_H
#define MCR_SINK_POSITION_H

#include <stdint.h>

#include <jansson.h>

#include <mcring/types.h>

#include "sink.h"

/* position_load takes what the broker had, of up to 4 MiB, before the first read. Returns 0, or
 * -EINVAL with err filled: it cannot be understood. */
int position_load(struct sink *s, const char *text, struct mcr_error *err);

/* position_text writes the position: all that was handed to the broker. now_ns: CLOCK_REALTIME. The
 * caller frees it. NULL = no memory. */
char *position_text(const struct sink *s, uint64_t now_ns);

/* What is written as hexadecimal digits, up to 16 of them. position_hex_is: 0, or -EINVAL. */
json_t *position_hex(uint64_t value);
int position_hex_is(const json_t *hex, uint64_t *out);

/* position_number_is reads an integer that is not negative. Returns 0 or -EINVAL. */
int position_number_is(const json_t *number, uint64_t *out);

#endif
