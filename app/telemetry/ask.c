/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "settings/fail.h"
#include "telemetry/ask.h"

#define PATIENCE_S 2
#define ANSWER_MAX (4u << 20)
#define PIECE      (64u << 10)

static int dial(const char *path, struct mcr_error *err)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return mcr_fail(err, -errno, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* connect's, too */
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	mcr_fail(err, -errno, "%s: %s", path, strerror(errno));
	close(fd);
	return -1;
}

static int send_line(int fd, const char *line)
{
	const size_t len = strlen(line);

	return send(fd, line, len, MSG_NOSIGNAL) == (ssize_t)len &&
		       send(fd, "\n", 1, MSG_NOSIGNAL) == 1
		   ? 0
		   : -1;
}

/* Returns the line without its end, or NULL: no memory, too long, or errno of the socket. */
static char *receive_line(int fd)
{
	char *text = NULL, *more;
	size_t used = 0;
	ssize_t n;

	for (;;) {
		more = used < ANSWER_MAX ? realloc(text, used + PIECE + 1) : NULL;
		if (!more)
			break;
		text = more;
		do
			n = recv(fd, text + used, PIECE, 0);
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			break;
		used += (size_t)n;
		if (text[used - 1] == '\n') {
			text[used - 1] = '\0';
			return text;
		}
	}
	free(text);
	return NULL;
}

char *mcr_telemetry_ask(const char *path, const char *request, struct mcr_error *err)
{
	int fd = dial(path, err);
	char *answer;

	if (fd < 0)
		return NULL;
	answer = send_line(fd, request) == 0 ? receive_line(fd) : NULL;
	close(fd);
	if (!answer)
		mcr_fail(err, -EIO, "%s: no whole answer", path);
	return answer;
}
