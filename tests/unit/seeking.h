/* SPDX-License-Identifier: BSD-3-Clause */
/* A consumer that seeks an engine, step by step: none may wait, and the consumer's timer comes when
 * the test says so. For programs that are linked with
 * --wrap=clock_gettime,inotify_init1,listen,timerfd_settime,poll,connect. */
#ifndef SEEKING_H
#define SEEKING_H

#include "held_clock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

static unsigned inotifies; /* that were made */
static int no_inotify;     /* as with too many instances of this user */

int __real_inotify_init1(int flags);
int __wrap_inotify_init1(int flags);
int __wrap_inotify_init1(int flags)
{
	inotifies++;
	if (!no_inotify)
		return __real_inotify_init1(flags);
	errno = EMFILE;
	return -1;
}

static int slow_listen; /* a consumer comes between bind and listen */

int __real_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog)
{
	sleep_ms(slow_listen);
	return __real_listen(fd, backlog);
}

static struct {
	int fd;
	uint64_t ns; /* so long from when it was set; 0 = never */
	int goes;    /* by itself */
} timer;

int __real_timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *old)
{
	const struct itimerspec never = {0};

	timer.fd = fd;
	timer.ns = (uint64_t)at->it_value.tv_sec * 1000000000u + (uint64_t)at->it_value.tv_nsec;
	return __real_timerfd_settime(fd, flags, timer.goes ? at : &never, old);
}

static void fire(void)
{
	const struct itimerspec now = {.it_value.tv_nsec = 1};

	assert_int_equal(__real_timerfd_settime(timer.fd, 0, &now, NULL), 0);
}

static __thread int steps; /* inside of one, where no call may sleep */
static __thread int slept_ms;

int __real_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
	assert_true(!steps || ms == 0);
	slept_ms = ms;
	return __real_poll(fds, n, ms);
}

int __real_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	assert_true(!steps || (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	return __real_connect(fd, address, len);
}

static int is_readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms);
}

/* One step, which must not wait. */
static int step(struct mcr_consumer *c, struct mcr_error *err)
{
	int ret;

	steps = 1;
	ret = mcr_consumer_reattach(c, err);
	steps = 0;
	if (ret < 0)
		assert_int_not_equal(strlen(err->text), 0);
	return ret;
}

/* Steps whenever the descriptor says so. Returns what the last one gave. */
static int follow(struct mcr_consumer *c, struct mcr_error *err, int until)
{
	int ret;

	while ((ret = step(c, err)) != until)
		assert_int_equal(is_readable(mcr_consumer_fd(c), 20000), 1);
	return ret;
}

/* Nothing comes but the timer, that long after the last step. */
static void await_timer(struct mcr_consumer *c, uint64_t ns)
{
	assert_int_equal(timer.ns, ns);
	assert_int_equal(is_readable(mcr_consumer_fd(c), 50), 0);
	fire();
	assert_int_equal(is_readable(mcr_consumer_fd(c), 20000), 1);
}

#endif
