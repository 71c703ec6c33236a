/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/os/ask.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)16 << 20) /* all consumers that an engine takes need 2 MiB */
#define WAIT_NS    INT64_C(2000000000)

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* Gives up at end_ns. Returns 0, or -errno. */
static int set_time_left(int fd, int64_t end_ns)
{
	int64_t left_us = (end_ns - now_ns()) / 1000;
	struct timeval left = {.tv_sec = left_us / 1000000, .tv_usec = left_us % 1000000};

	if (left_us <= 0)
		return -ETIMEDOUT;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &left, sizeof(left)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof(left)) < 0)
		return -errno;
	return 0;
}

/* end_ns: 0 = it never gives up. */
static int dial(const char *run_dir, const char *name, int64_t end_ns)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", run_dir, name);
	int fd, ret;

	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENOENT; /* no engine can be there */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret = end_ns ? set_time_left(fd, end_ns) : 0; /* connect's, too */
	if (ret == 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		ret = errno == ECONNREFUSED ? -ENOENT : -errno;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

int mcr_dial(const char *run_dir, const char *name)
{
	return dial(run_dir, name, 0);
}

static int send_all(int fd, const char *text, size_t len)
{
	ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return (size_t)n == len ? 0 : -ETIMEDOUT;
}

/* *text is to be freed in any case. */
static int read_line(int fd, char **text, int64_t end_ns)
{
	size_t len = 0, cap = 1 << 16;
	int ret = 0;

	while (ret == 0 && cap <= ANSWER_MAX) {
		char *longer = realloc(*text, cap);
		ssize_t n;

		if (!longer)
			return -ENOMEM;
		*text = longer;
		ret = set_time_left(fd, end_ns);
		n = ret == 0 ? recv(fd, *text + len, cap - len, 0) : 0;
		if (ret == 0 && n <= 0)
			return n == 0 ? -ECONNRESET : errno == EAGAIN ? -ETIMEDOUT : -errno;
		len += (size_t)n;
		if (len > 0 && (*text)[len - 1] == '\n') {
			(*text)[len - 1] = '\0';
			return 0;
		}
		if (len == cap)
			cap *= 2;
	}
	return ret < 0 ? ret : -EMSGSIZE;
}

int mcr_ask(const char *run_dir, const char *name, const char *request, char **answer)
{
	const int64_t end_ns = now_ns() + WAIT_NS;
	char *text = NULL;
	int fd = dial(run_dir, name, end_ns);
	int ret;

	if (fd < 0)
		return fd;
	ret = send_all(fd, request, strlen(request));
	if (ret == 0)
		ret = send_all(fd, "\n", 1);
	if (ret == 0)
		ret = read_line(fd, &text, end_ns);
	close(fd);
	if (ret == 0)
		*answer = text;
	else
		free(text);
	return ret;
}
