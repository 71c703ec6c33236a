/* SPDX-License-Identifier: BSD-3-Clause */
/* All that the watch knows, as one line of JSON (docs/watch.md). It is made piece by piece, so that
 * thousands of groups hold nobody up: what comes or goes between two pieces may be missing or
 * appear twice. */
#ifndef MCR_WATCH_STATE_JSON_H
#define MCR_WATCH_STATE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "../common/reply.h"
#include "watch.h"

#define WATCH_ALL_GROUPS SIZE_MAX

/* A place among the groups. */
struct watch_group_at {
	unsigned engine, channel;
	uint32_t group;
};

/* An answer that is being made. */
struct watch_state_json {
	const struct watch *watch;
	unsigned section;
	size_t item;
	struct watch_group_at *groups; /* to be shown */
	size_t n_groups;
};

/* watch_state_begin begins an answer with `groups` groups at most: those that are silent first,
 * then those with the most packets. now_ns: CLOCK_REALTIME. Returns 0 or -ENOMEM. Clear it in
 * either case. */
int watch_state_begin(struct watch_state_json *s, struct reply_text *out, const struct watch *w,
		      size_t groups, uint64_t now_ns);

/* watch_state_more appends a bounded piece. Returns 1 while more is to come, 0 after the newline,
 * or -ENOMEM. */
int watch_state_more(struct watch_state_json *s, struct reply_text *out);

void watch_state_clear(struct watch_state_json *s);

#endif
