/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon's lines. Who reads them may stop reading: a pipe then fills up, and a write to it
 * would keep the control thread away for good. So a line that there is no room for is lost and
 * counted, and the next one that there is room for says how many. Thread: control. */
#ifndef MCR_APP_LOG_H
#define MCR_APP_LOG_H

#define MCR_LOG_LINE_MAX 1024 /* octets of a line; the rest is cut */

struct mcr_log {
	int fd;        /* stderr; borrowed, its flags are others' too and stay */
	unsigned lost; /* lines since the last that was written */
};

/* mcr_log_line writes "mcring: ", the text and a line break. Never waits for a reader. */
void mcr_log_line(struct mcr_log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
