/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed/dial.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/attach_wire.h"
#include "core/error.h"

static int fail_connect(int code, const char *path, struct mcr_error *err)
{
	switch (code) {
	case -ENOENT:
	case -ENOTDIR:
		return mcr_error_set(err, -ENOENT,
				     "no engine at %s: is it running under this name?", path);
	case -ECONNREFUSED:
		return mcr_error_set(err, code, "nobody listens at %s: the engine is gone", path);
	case -EACCES:
	case -EPERM:
		return mcr_error_set(err, -EACCES,
				     "no permission for %s: its mode and group say who may attach",
				     path);
	case -ETIMEDOUT:
		return mcr_error_set(err, code, "the engine at %s takes no connection now", path);
	case -EPROTOTYPE:
		return mcr_error_set(err, -EPROTO, "%s is not the socket of an engine", path);
	default:
		return mcr_error_set(err, code, "%s: %s", path, strerror(-code));
	}
}

int mcr_feed_dial(const char *run_dir, uint64_t wait_ns, struct mcr_error *err)
{
	const uint64_t us = wait_ns / 1000 + 1; /* 0 would be for ever */
	const struct timeval timeout = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(run_dir) + sizeof("/" MCR_ATTACH_SOCKET);
	int fd, ret;

	if (len > sizeof(address.sun_path))
		return mcr_error_set(err, -ENOENT,
				     "run directory %s: the path of its socket would be longer "
				     "than %zu characters",
				     run_dir, sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, run_dir);
	strcat(address.sun_path, "/" MCR_ATTACH_SOCKET);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (wait_ns > 0 ? 0 : SOCK_NONBLOCK), 0);
	if (fd < 0)
		return mcr_error_set(err, -errno, "socket: %s", strerror(errno));
	/* Bounds connect too: an engine that does not accept has a full backlog. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	ret = errno == EAGAIN ? -ETIMEDOUT : -errno;
	close(fd);
	return fail_connect(ret, address.sun_path, err);
}
