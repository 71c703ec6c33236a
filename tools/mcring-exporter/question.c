/* SPDX-License-Identifier: BSD-3-Clause */
#include "question.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_CAP   16384
#define RECV_A_CALL (1u << 20) /* then others have their turn */

int question_open(struct question *q, const char *path, size_t limit)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int error;

	*q = (struct question){.fd = -1, .limit = limit};
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	q->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (q->fd < 0)
		return -errno;
	if (connect(q->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	error = -errno;
	question_close(q);
	return error;
}

int question_ask(struct question *q, const char *request)
{
	const size_t len = strlen(request);
	ssize_t n = send(q->fd, request, len, MSG_NOSIGNAL);

	q->len = 0;
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EAGAIN; /* no room for a line: its reader reads nothing */
}

static int make_room(struct question *q)
{
	size_t cap = q->cap ? q->cap * 2 : FIRST_CAP;
	char *bigger;

	if (q->len < q->cap)
		return 0;
	if (q->len >= q->limit)
		return -EMSGSIZE;
	bigger = realloc(q->text, cap < q->limit ? cap : q->limit);
	if (!bigger)
		return -ENOMEM;
	q->text = bigger;
	q->cap = cap < q->limit ? cap : q->limit;
	return 0;
}

int question_more(struct question *q)
{
	for (size_t all = 0; all < RECV_A_CALL;) {
		int ret = make_room(q);
		const char *end;
		ssize_t n;

		if (ret < 0)
			return ret;
		n = recv(q->fd, q->text + q->len, q->cap - q->len, 0);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		if (n == 0)
			return -EPIPE;
		end = memchr(q->text + q->len, '\n', (size_t)n);
		q->len = end ? (size_t)(end - q->text) : q->len + (size_t)n;
		if (end)
			return 1;
		all += (size_t)n;
	}
	return 0;
}

void question_close(struct question *q)
{
	if (q->fd >= 0)
		close(q->fd);
	free(q->text);
	*q = (struct question){.fd = -1};
}
