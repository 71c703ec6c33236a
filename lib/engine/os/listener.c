/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "engine/os/listener.h"

#define REST_NS UINT64_C(100000000)

/* Any descriptor will do. */
static void take_spare(struct mcr_listener *l)
{
	if (l->spare_fd < 0)
		l->spare_fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
}

static int start(struct mcr_listener *l, int backlog)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = l->data};

	/* Nobody can connect before listen, so it does not matter what group the file had. */
	if (listen(l->fd, backlog) < 0 || epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->fd, &event) < 0)
		return -errno;
	l->watched = 1;
	mcr_socket_file_touch(&l->file);
	take_spare(l);
	return 0;
}

int mcr_listener_open(struct mcr_listener *l, const struct mcr_listener_config *config,
		      struct mcr_error *err)
{
	int ret;

	*l = (struct mcr_listener){
	    .fd = socket(AF_UNIX, config->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
	    .spare_fd = -1,
	    .epoll_fd = config->epoll_fd,
	    .data = config->data,
	    .calls = config->calls,
	    .ctx = config->ctx,
	};
	ret = l->fd < 0 ? -errno : 0;
	if (ret == 0) {
		ret = mcr_socket_file_bind(&l->file, l->fd, config->path, config->mode, config->gid,
					   config->what, err);
		if (ret < 0)
			return ret;
		ret = start(l, config->backlog);
	}
	if (ret < 0)
		mcr_error_set(err, ret, "%s %s: %s", config->what, config->path, strerror(-ret));
	return ret;
}

void mcr_listener_close(struct mcr_listener *l)
{
	mcr_socket_file_remove(&l->file);
	if (l->spare_fd >= 0)
		close(l->spare_fd);
	if (l->fd >= 0) {
		shutdown(l->fd, SHUT_RDWR); /* a forked child may have a copy */
		close(l->fd);
	}
	l->spare_fd = l->fd = -1;
}

static int accept_one(const struct mcr_listener *l)
{
	int fd;

	do
		fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	return fd < 0 ? -errno : fd;
}

/* Returns 0, or -errno: nobody was refused. */
static int refuse_one(struct mcr_listener *l, uint64_t now_ns)
{
	int fd;

	close(l->spare_fd);
	l->spare_fd = -1;
	fd = accept_one(l);
	if (fd < 0)
		return fd;
	l->calls->refuse(l->ctx, fd, now_ns);
	return 0;
}

/* Returns 0 when a connection was taken or refused, else -errno. */
static int serve_one(struct mcr_listener *l, uint64_t now_ns)
{
	int fd;

	take_spare(l);
	fd = accept_one(l);
	if (fd >= 0) {
		l->calls->take(l->ctx, fd, now_ns);
		return 0;
	}
	return (fd == -EMFILE || fd == -ENFILE) && l->spare_fd >= 0 ? refuse_one(l, now_ns) : fd;
}

static int has_room(const struct mcr_listener *l, uint64_t now_ns)
{
	return !l->calls->has_room || l->calls->has_room(l->ctx, now_ns);
}

void mcr_listener_accept(struct mcr_listener *l, uint64_t now_ns, unsigned most)
{
	int ret = 0;

	if (l->fd < 0 || now_ns < l->rest_until_ns)
		return;
	for (unsigned n = 0; n < most && ret == 0 && has_room(l, now_ns); n++)
		ret = serve_one(l, now_ns);
	if (ret == 0 || ret == -EAGAIN)
		return;
	l->rest_until_ns = now_ns + REST_NS;
	if (l->calls->fail)
		l->calls->fail(l->ctx, ret, now_ns);
}

void mcr_listener_watch(struct mcr_listener *l, uint64_t now_ns)
{
	struct epoll_event event = {.data.u64 = l->data};
	int want;

	if (l->fd < 0)
		return;
	want = now_ns >= l->rest_until_ns && has_room(l, now_ns);
	event.events = want ? EPOLLIN : 0;
	if (want != l->watched && epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, l->fd, &event) == 0)
		l->watched = want;
}
