/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* A pipe that poll calls writable has room for a page (pipe(7)), and a line is shorter than that
 * and written in one piece. A file is always writable. */
static int has_room(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

void mcr_log_line(struct mcr_log *log, const char *fmt, ...)
{
	char text[MCR_LOG_LINE_MAX + 128];
	va_list ap;
	int n = 0, len;

	if (!has_room(log->fd)) {
		log->lost++;
		return;
	}
	if (log->lost > 0)
		n = snprintf(text, sizeof(text),
			     "mcring: warning: %u lines lost: nobody read them\n", log->lost);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "mcring: ");
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
