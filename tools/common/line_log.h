/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines on standard error. Who does not read them holds nobody up: they are counted, and told with
 * the next that finds room. A
 * log is used by one thread at a time. */
#ifndef MCR_TOOLS_LINE_LOG_H
#define MCR_TOOLS_LINE_LOG_H

#include <stdint.h>

#define LINE_LOG_MAX 512

struct line_log {
	const char *program; /* begins each line; static */
	int fd;              /* -1 = nothing is logged */
	unsigned lost;       /* lines since the last that was written */
};

/* line_log writes a line, which is cut at LINE_LOG_MAX octets. */
__attribute__((format(printf, 2, 3))) void line_log(struct line_log *log, const char *format, ...);

#endif
