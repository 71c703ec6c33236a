/* SPDX-License-Identifier: BSD-3-Clause */
#include "line_log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* A pipe that poll calls writable has room for a page (pipe(7)), and a line is shorter than that
 * and written in one piece. */
static int has_room(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

void line_log(struct line_log *log, const char *format, ...)
{
	char text[LINE_LOG_MAX + 128];
	va_list ap;
	int n = 0, len;

	if (log->fd < 0)
		return;
	if (!has_room(log->fd)) {
		log->lost++;
		return;
	}
	if (log->lost > 0)
		n = snprintf(text, sizeof(text), "%s: %u lines lost: nobody read them\n",
			     log->program, log->lost);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "%s: ", log->program);
	va_start(ap, format);
	len = vsnprintf(text + n, LINE_LOG_MAX, format, ap);
	va_end(ap);
	if (len >= LINE_LOG_MAX)
		len = LINE_LOG_MAX - 1;
	n += len > 0 ? len : 0;
	text[n++] = '\n';
	if (write(log->fd, text, (size_t)n) < 0)
		log->lost++;
	else
		log->lost = 0;
}
