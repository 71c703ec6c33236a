/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* By enum mcr_log_level. priority: of syslog(3), in front of a line for the journal
 * (sd-daemon(3)). */
static const struct {
	const char *word;
	unsigned priority;
} levels[] = {{"error: ", 3}, {"warning: ", 4}, {"", 6}, {"debug: ", 7}};

int mcr_log_is_journal(int fd, const char *stream)
{
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(fd, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

struct mcr_log mcr_log_stderr(void)
{
	return (struct mcr_log){
	    .fd = STDERR_FILENO,
	    .journal = mcr_log_is_journal(STDERR_FILENO, getenv("JOURNAL_STREAM")),
	};
}

/* A pipe that poll calls writable has room for a page (pipe(7)), and a line is shorter than that
 * and written in one piece. A file is always writable. */
static int has_room(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

static int begin_line(const struct mcr_log *log, char *text, size_t cap, enum mcr_log_level level)
{
	if (log->journal)
		return snprintf(text, cap, "<%u>mcring: %s", levels[level].priority,
				levels[level].word);
	return snprintf(text, cap, "mcring: %s", levels[level].word);
}

void mcr_log_line(struct mcr_log *log, enum mcr_log_level level, const char *fmt, ...)
{
	char text[MCR_LOG_LINE_MAX + 160];
	va_list ap;
	int n = 0, len;

	if (!has_room(log->fd)) {
		log->lost++;
		return;
	}
	if (log->lost > 0) {
		n = begin_line(log, text, sizeof(text), MCR_LOG_WARNING);
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "%u lines lost: nobody read them\n", log->lost);
	}
	n += begin_line(log, text + n, sizeof(text) - (size_t)n, level);
	va_start(ap, fmt);
	len = vsnprintf(text + n, MCR_LOG_LINE_MAX, fmt, ap);
	va_end(ap);
	if (len >= MCR_LOG_LINE_MAX)
		len = MCR_LOG_LINE_MAX - 1;
	n += len > 0 ? len : 0;
	text[n++] = '\n';
	if (write(log->fd, text, (size_t)n) < 0)
		log->lost++;
	else
		log->lost = 0;
}
