/* SPDX-License-Identifier: BSD-3-Clause */
#include "left_behind.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)16 << 20) /* all consumers that an engine takes need 2 MiB */
#define WAIT_NS    INT64_C(2000000000)

struct listener {
	void (*say)(void *ctx, const char *line);
	void *ctx;
};

/* ---- asking ---- */

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

/* Returns a connection, -ENOENT where no engine is, or -errno. */
static int connect_to(const char *run_dir, int64_t end_ns)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/stats", run_dir);
	int fd, ret;

	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENOENT; /* no engine can be there */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret = set_time_left(fd, end_ns);
	if (ret == 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		ret = errno == ECONNREFUSED ? -ENOENT : -errno;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

/* Reads a line into *text, to be freed. Returns its length, or -errno. */
static ssize_t read_line(int fd, char **text, int64_t end_ns)
{
	size_t len = 0, cap = 1 << 16;
	int ret = 0;

	*text = NULL;
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
		if (len > 0 && (*text)[len - 1] == '\n')
			return (ssize_t)len;
		if (len == cap)
			cap *= 2;
	}
	return ret < 0 ? ret : -EMSGSIZE;
}

/* Returns the engine's status; NULL with *error: -ENOENT where no engine is, or -errno. */
static json_t *ask(const char *run_dir, int *error)
{
	static const char question[] = "{\"command\":\"status\"}\n";
	const int64_t end_ns = now_ns() + WAIT_NS;
	json_t *status = NULL;
	char *text = NULL;
	ssize_t len;
	int fd = connect_to(run_dir, end_ns);

	*error = fd < 0 ? fd : 0;
	if (fd < 0)
		return NULL;
	if (send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) != sizeof(question) - 1)
		len = -EPIPE;
	else
		len = read_line(fd, &text, end_ns);
	close(fd);
	if (len > 0)
		status = json_loadb(text, (size_t)len, 0, NULL);
	free(text);
	if (!status)
		*error = len < 0 ? (int)len : -EPROTO;
	return status;
}

/* ---- readers ---- */

static unsigned number(const json_t *object, const char *key)
{
	return (unsigned)json_integer_value(json_object_get(object, key));
}

static const char *word(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

/* Of one whose library does not say, nobody knows: it is not counted. */
static int is_left(const json_t *reader, unsigned version)
{
	unsigned oldest = number(reader, "attach_oldest"), newest = number(reader, "attach_newest");

	return newest != 0 && (newest < version || oldest > version);
}

static void name(const struct listener *l, const json_t *reader, unsigned version)
{
	const unsigned uid = number(reader, "uid");
	const unsigned oldest = number(reader, "attach_oldest");
	const unsigned newest = number(reader, "attach_newest");
	const struct passwd *user = getpwuid(uid);
	char line[512], who[64], reads[32];

	if (user)
		snprintf(who, sizeof(who), "%s", user->pw_name);
	else
		snprintf(who, sizeof(who), "%u", uid);
	if (oldest < newest)
		snprintf(reads, sizeof(reads), "s %u to %u", oldest, newest);
	else
		snprintf(reads, sizeof(reads), " %u", newest);
	snprintf(line, sizeof(line),
		 "reader \"%.64s\" (pid %u, user %s, channel \"%.64s\") would be left behind: its "
		 "library reads attach version%s, this mcring speaks %u: %s",
		 word(reader, "label"), number(reader, "pid"), who, word(reader, "channel"), reads,
		 version,
		 newest < version ? "build it with this version's libmcring-client first"
				  : "upgrade this mcring to the library's version");
	l->say(l->ctx, line);
}

int mcr_left_behind(const char *run_dir, unsigned version, void (*say)(void *ctx, const char *line),
		    void *ctx)
{
	const struct listener l = {say, ctx};
	char line[512];
	json_t *reader, *status;
	int error, left = 0;
	size_t i;

	status = ask(run_dir, &error);
	if (error == -ENOENT)
		return 0;
	if (!status) {
		snprintf(line, sizeof(line),
			 "the engine in %.256s does not say who reads (%s), so this mcring cannot "
			 "say whom it would leave behind",
			 run_dir, strerror(-error));
		say(ctx, line);
		return error;
	}
	json_array_foreach(json_object_get(status, "consumers"), i, reader)
	{
		if (!is_left(reader, version))
			continue;
		name(&l, reader, version);
		left++;
	}
	json_decref(status);
	return left;
}
