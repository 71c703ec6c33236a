/* SPDX-License-Identifier: BSD-3-Clause */
/* A line a minute in the log: what was lost in it, and by which line. */
#ifndef MCR_WATCH_MINUTE_H
#define MCR_WATCH_MINUTE_H

#include <stddef.h>
#include <stdint.h>

#include "watch.h"

#define WATCH_MINUTE_NS UINT64_C(60000000000)

/* What the counters were a minute ago. */
struct watch_minute {
	struct watch_minute_line {
		char feed[MCR_NAME_MAX], line[MCR_NAME_MAX];
		uint64_t lost;
	} * lines;
	unsigned n_lines;
	uint64_t packets, lost, wire, host, ring, silences;
};

/* watch_minute_text writes the line, without a newline, and begins the next minute: the peaks of
 * bursts are taken (watch_burst_take). What has no room is left out at its end. Returns text. */
char *watch_minute_text(struct watch_minute *m, const struct watch *w, char *text, size_t cap);

void watch_minute_clear(struct watch_minute *m);

#endif
