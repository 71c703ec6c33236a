/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines on standard error. Who does not read them holds nobody up: they are counted, and told with
 * the next that finds room. Thread: the watch's. */
#ifndef MCR_WATCH_LOG_H
#define MCR_WATCH_LOG_H

#include <stdint.h>

#define WATCH_LINE_MAX 512

struct watch_log {
	int fd;        /* -1 = nothing is logged */
	unsigned lost; /* lines since the last that was written */
};

__attribute__((format(printf, 2, 3))) void watch_log(struct watch_log *log, const char *format,
						     ...);

#endif
