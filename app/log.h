/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon's log lines. The reader of a pipe may stop reading; the pipe then fills up, and a
 * write would block the control thread for good. So a line that does not fit is dropped and
 * counted, and the next line that fits is preceded by the count. Thread: control. */
#ifndef MCR_APP_LOG_H
#define MCR_APP_LOG_H

#include <mcring/config.h>

#define MCR_LOG_LINE_MAX 1024 /* octets of a line; the rest is cut */

struct mcr_log {
	int fd;        /* stderr; borrowed. Others share its flags, so they stay as they are */
	int journal;   /* 1: the reader is systemd's journal, which takes priorities: "<4>" */
	unsigned lost; /* lines dropped since the last one that was written */
};

/* mcr_log_is_journal: whether fd is the stream to systemd's journal that stream names, which is
 * $JOURNAL_STREAM (systemd.exec(5)); NULL = there is none. */
int mcr_log_is_journal(int fd, const char *stream);

/* mcr_log_stderr: the log of this process. */
struct mcr_log mcr_log_stderr(void);

/* mcr_log_line writes "mcring: ", the level unless it is MCR_LOG_INFO, the text and a line break.
 * Never waits for a reader. */
void mcr_log_line(struct mcr_log *log, enum mcr_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
