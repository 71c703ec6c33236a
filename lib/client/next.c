/* SPDX-License-Identifier: BSD-3-Clause */
/* The next engine: where one may come to be is watched, one that is there is asked, and nothing is
 * waited for. An engine makes its socket's file, listens, and then touches the file
 * (mcr_listener_open): so there is an event after the moment from which a connection succeeds. A
 * timer backs all that up: no event comes where inotify cannot be had, when a file system is
 * mounted over the directory, or when an engine that is there says no. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "client/state.h"
#include "core/error.h"

#define LOOK_NS  UINT64_C(1000000000) /* while a watch says when */
#define RETRY_NS UINT64_C(100000000)
#define EVENTS   (IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* ---- what c->fd follows ---- */

int mcr_client_watch_fd(const struct mcr_consumer *c, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(c->fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void mcr_client_unwatch_fd(const struct mcr_consumer *c, int fd)
{
	if (fd >= 0)
		epoll_ctl(c->fd, EPOLL_CTL_DEL, fd, NULL);
}

static void close_watched(const struct mcr_consumer *c, int *fd)
{
	mcr_client_unwatch_fd(c, *fd);
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Has c->fd follow a new descriptor, which may be an error of its making. Returns it or -1. */
static int follow(const struct mcr_consumer *c, int fd)
{
	if (fd >= 0 && mcr_client_watch_fd(c, fd) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void set_timer(struct mcr_consumer *c, uint64_t ns)
{
	const struct itimerspec at = {
	    .it_value = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)}};

	if (c->next.timer_fd < 0)
		c->next.timer_fd =
		    follow(c, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	if (c->next.timer_fd >= 0)
		timerfd_settime(c->next.timer_fd, 0, &at, NULL);
	c->next.due_ns = mcr_client_deadline(ns);
}

/* ---- the directory ---- */

/* Cuts a path's last part off. Returns 0 when there is none above. */
static int ascend(char *path)
{
	char *slash = strrchr(path, '/');

	if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0)
		return 0;
	if (slash)
		slash[slash == path] = '\0';
	else
		strcpy(path, ".");
	return 1;
}

/* Watches the socket's directory, or the nearest above it that is there. Returns its number in
 * inotify, or -1. */
static int watch_nearest(int inotify_fd, const char *path)
{
	char dir[sizeof(((struct mcr_attach_target *)NULL)->path)];
	int watch = -1;

	strcpy(dir, path);
	errno = ENOENT;
	while (watch < 0 && (errno == ENOENT || errno == ENOTDIR) && ascend(dir))
		watch = inotify_add_watch(inotify_fd, dir, EVENTS);
	return watch;
}

/* Takes the events that have come, then makes sure that the right directory is watched. Returns 1
 * when an event will come with the next engine. */
static int watch_directory(struct mcr_consumer *c)
{
	struct mcr_client_next *next = &c->next;
	char events[4096];
	int before, tries = 8;

	if (next->inotify_fd < 0)
		next->inotify_fd = follow(c, inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
	if (next->inotify_fd < 0)
		return 0;
	for (int i = 0; i < 64 && read(next->inotify_fd, events, sizeof(events)) > 0; i++)
		;
	/* A directory that is made between the look at it and the watch of the one above it is
	 * found by the second look. */
	do {
		before = next->watch;
		next->watch = watch_nearest(next->inotify_fd, c->target.path);
		if (before >= 0 && before != next->watch)
			inotify_rm_watch(next->inotify_fd, before);
	} while (next->watch >= 0 && next->watch != before && --tries > 0);
	return next->watch >= 0;
}

/* ---- the engine ---- */

static void give_up_asked(struct mcr_consumer *c)
{
	mcr_client_unwatch_fd(c, c->next.asked.socket);
	mcr_attachment_close(&c->next.asked);
}

void mcr_client_retry_next(struct mcr_consumer *c)
{
	set_timer(c, RETRY_NS);
}

static int ask(struct mcr_consumer *c, int is_watched, struct mcr_error *err)
{
	struct mcr_attachment *asked = &c->next.asked;
	int ret = mcr_attachment_ask(asked, &c->target, 0, err);

	if (ret == 0) {
		ret = mcr_client_watch_fd(c, asked->socket);
		if (ret == 0) {
			set_timer(c, c->opts.answer_ns);
			return mcr_error_set(err, -EAGAIN, "the engine at %s has been asked",
					     c->target.path);
		}
		give_up_asked(c);
		mcr_error_set(err, ret, "epoll: %s", strerror(-ret));
	}
	set_timer(c, is_watched && (ret == -ENOENT || ret == -ECONNREFUSED) ? LOOK_NS : RETRY_NS);
	return ret;
}

static int take(struct mcr_consumer *c, struct mcr_attachment *out, struct mcr_error *err)
{
	struct mcr_attachment *asked = &c->next.asked;
	int ret = mcr_attachment_take(asked, err);

	if (ret == -EAGAIN && mcr_client_now_ns() < c->next.due_ns)
		return ret;
	if (ret == 0) {
		*out = *asked;
		*asked = (struct mcr_attachment)MCR_ATTACHMENT_NONE;
		return 0;
	}
	give_up_asked(c);
	mcr_client_retry_next(c);
	if (ret != -EAGAIN)
		return ret;
	return mcr_error_set(err, -ETIMEDOUT, "the engine at %s does not answer", c->target.path);
}

int mcr_client_seek_next(struct mcr_consumer *c, struct mcr_attachment *out, struct mcr_error *err)
{
	int is_watched, ret;

	if (!c->next.is_sought) {
		if (c->armed)
			mcr_client_disarm(c);
		c->next.is_sought = 1;
		mcr_client_unwatch_fd(c, c->attachment.socket); /* its end is known */
	}
	/* Of an engine that is there no event is needed; and to close an inotify descriptor again
	 * can take the kernel long. */
	if (c->next.inotify_fd < 0) {
		if (c->next.asked.socket >= 0)
			return take(c, out, err);
		ret = ask(c, 0, err);
		if (ret != -ENOENT && ret != -ECONNREFUSED)
			return ret;
	}
	is_watched = watch_directory(c); /* before the look: what comes later is an event */
	return c->next.asked.socket >= 0 ? take(c, out, err) : ask(c, is_watched, err);
}

void mcr_client_end_next(struct mcr_consumer *c)
{
	give_up_asked(c);
	close_watched(c, &c->next.inotify_fd);
	close_watched(c, &c->next.timer_fd);
	c->next.watch = -1;
	c->next.is_sought = 0;
}
