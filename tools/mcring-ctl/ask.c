/* SPDX-License-Identifier: BSD-3-Clause */
#include "ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../common/fail.h"

#define TIMEOUT_SECONDS 30
#define RELOAD_SECONDS  600 /* rings of 64 GiB, a name service that is slow */
#define PATIENCE_STEP   5   /* seconds between two lines about a long reload */

static int dial(const char *path, const char *origin)
{
	struct timeval patience = {.tv_sec = TIMEOUT_SECONDS};
	struct timeval step = {.tv_sec = PATIENCE_STEP};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail("socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &step, sizeof(step));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		fail("no mcring is running at %s%s: start it, or give its --name or --run-dir",
		     path, origin);
	else if (errno == EACCES)
		fail("%s%s: permission denied: run as the user that runs mcring", path, origin);
	else
		fail("%s%s: %s", path, origin, strerror(errno));
	close(fd);
	return -1;
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* There is no answer yet. Returns 0 when it may still come. */
static int wait_on(int is_reload, unsigned *waited_s)
{
	*waited_s += PATIENCE_STEP;
	if (*waited_s >= (is_reload ? RELOAD_SECONDS : TIMEOUT_SECONDS))
		return -1;
	if (is_reload)
		fprintf(stderr,
			"mcring-ctl: %u s: the engine still reads the file or fills the memory of "
			"new channels\n",
			*waited_s);
	return 0;
}

/* Receives a line. Returns its text, to be freed, or NULL. */
static char *receive_line(int fd, int is_reload, size_t *len)
{
	unsigned waited_s = 0;
	size_t cap = 65536, used = 0;
	char *text = malloc(cap), *bigger;

	while (text) {
		ssize_t n = recv(fd, text + used, cap - used, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && wait_on(is_reload, &waited_s) == 0)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
		if (text[used - 1] == '\n') {
			*len = used;
			return text;
		}
		if (used < cap)
			continue;
		bigger = realloc(text, cap *= 2);
		if (!bigger)
			break;
		text = bigger;
	}
	free(text);
	return NULL;
}

json_t *ctl_ask(const char *path, const char *origin, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT), *line = NULL;
	json_t *reply = NULL;
	const char *error;
	size_t len = 0;
	int fd = dial(path, origin), is_reload;

	if (fd < 0)
		goto out;
	is_reload = strcmp(json_string_value(json_object_get(request, "command")), "reload") == 0;
	if (text && send_all(fd, text, strlen(text)) == 0 && send_all(fd, "\n", 1) == 0)
		line = receive_line(fd, is_reload, &len);
	if (line)
		reply = json_loadb(line, len, 0, NULL);
	if (!reply)
		fail("%s%s: the engine did not answer", path, origin);
	if (reply && !json_is_true(json_object_get(reply, "ok"))) {
		error = json_string_value(json_object_get(reply, "error"));
		fail("%s", error ? error : "the engine refused without a reason");
		json_decref(reply);
		reply = NULL;
	}
out:
	if (fd >= 0)
		close(fd);
	free(line);
	free(text);
	return reply;
}
