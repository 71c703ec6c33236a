/* SPDX-License-Identifier: BSD-3-Clause */
/* Sleeping: on the consumers' descriptors and on a timer, for what is due by time. A timeout is in
 * the time of arrivals, which watermarks bring here a little later. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "feed/state.h"

#define MARGIN_NS UINT64_C(150000)    /* of a watermark behind the clock */
#define LEAST_NS  UINT64_C(500000)    /* between two looks whether a watermark has come */
#define SLICE_NS  UINT64_C(100000000) /* between two looks whether the engines live */
#define NAP_NS    50000               /* for what brings no notice */

int mcr_feed_wait_create(struct mcr_feed *f)
{
	f->fd = epoll_create1(EPOLL_CLOEXEC);
	if (f->fd < 0)
		return -errno;
	f->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return f->timer_fd < 0 ? -errno : mcr_feed_watch(f, f->timer_fd);
}

static void set_timer(const struct mcr_feed *f, uint64_t ns)
{
	const struct itimerspec at = {
	    .it_value = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)}};

	timerfd_settime(f->timer_fd, 0, &at, NULL);
}

/* From now on until something is due by time; UINT64_MAX = nothing is. */
static uint64_t due_in(const struct mcr_feed *f)
{
	uint64_t due_ns = mcr_arbiter_due(f->arbiter);
	uint64_t least = UINT64_MAX, now_ns = mcr_feed_clock_ns(CLOCK_REALTIME);

	if (f->hours_ns != 0 && f->hours_ns < due_ns)
		due_ns = f->hours_ns;
	if (due_ns < UINT64_MAX - MARGIN_NS)
		least = due_ns + MARGIN_NS > now_ns ? due_ns + MARGIN_NS - now_ns : 0;
	now_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < f->n_sources; i++) {
		const struct mcr_feed_source *s = &f->sources[i];
		uint64_t in_ns = s->due_ns > now_ns ? s->due_ns - now_ns : 0;

		if (!mcr_feed_source_lives(s))
			least = in_ns < least ? in_ns : least;
	}
	return least < UINT64_MAX && least < LEAST_NS ? LEAST_NS : least;
}

/* Whether a ring has something that its cursor, which cannot be armed, has not seen. */
static int has_more(const struct mcr_feed_reader *r)
{
	struct mcr_consumer_ring ring = {.size = sizeof(ring)};

	return mcr_consumer_ring_info(r->c, r->ring, &ring, NULL) < 0 || ring.head != ring.next;
}

static int arm_source(struct mcr_feed_source *s)
{
	int is_shared = s->n_readers > 0 && s->readers[0].c != s->c;

	if (is_shared)
		mcr_consumer_seek(s->c, MCR_START_NEWEST);
	if (mcr_consumer_arm(s->c) != 0)
		return 1;
	for (unsigned i = 0; is_shared && i < s->n_readers; i++)
		if (has_more(&s->readers[i]))
			return 1;
	return 0;
}

void mcr_feed_disarm(struct mcr_feed *f)
{
	struct mcr_msg m;

	f->is_armed = 0;
	set_timer(f, 0);
	/* The consumers are disarmed when they are polled; of those with cursors none is soon. */
	for (unsigned i = 0; i < f->n_sources; i++) {
		struct mcr_feed_source *s = &f->sources[i];

		if (mcr_feed_source_lives(s) && s->n_readers > 0 && s->readers[0].c != s->c)
			mcr_consumer_poll(s->c, &m, 0);
	}
}

int mcr_feed_arm(struct mcr_feed *f)
{
	uint64_t ns;

	f->is_armed = 1;
	for (unsigned i = 0; i < f->n_readers; i++)
		if (f->readers[i]->at < f->readers[i]->count)
			return 1;
	mcr_feed_hold_lines(f, UINT32_MAX);
	for (unsigned i = 0; i < f->n_sources; i++)
		mcr_feed_source_notices(&f->sources[i]);
	if (mcr_arbiter_pending(f->arbiter) || f->is_changed)
		return 1;
	for (unsigned i = 0; i < f->n_sources; i++)
		if (mcr_feed_source_lives(&f->sources[i]) && arm_source(&f->sources[i]))
			return 1;
	ns = due_in(f);
	set_timer(f, ns < UINT64_MAX ? ns : 0);
	return 0;
}

int mcr_feed_fd(const struct mcr_feed *f)
{
	return f->fd;
}

static int sleep_for(int fd, uint64_t ns)
{
	const struct timespec ts = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n = ppoll(&p, fd < 0 ? 0 : 1, &ts, NULL);

	return n < 0 ? -errno : n;
}

/* An engine that hangs says nothing: its consumer looks, each 32 polls if it was polled often. */
static void look_at_engines(struct mcr_feed *f)
{
	struct mcr_msg m;

	for (unsigned i = 0; i < f->n_sources; i++)
		for (int k = 0; k < 32 && mcr_feed_source_lives(&f->sources[i]); k++)
			mcr_consumer_poll(f->sources[i].c, &m, 0);
}

int mcr_feed_wait(struct mcr_feed *f, uint64_t timeout_ns)
{
	uint64_t now_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC);
	const uint64_t end_ns = timeout_ns < UINT64_MAX - now_ns ? now_ns + timeout_ns : UINT64_MAX;
	int ret;

	for (;;) {
		if (mcr_feed_arm(f)) {
			/* It was so before, and poll found nothing: no notice comes for it. */
			ret = f->was_empty ? sleep_for(-1, NAP_NS) : 0;
			f->was_empty = 1;
			return ret < 0 ? ret : 1;
		}
		f->was_empty = 0;
		now_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC);
		if (now_ns >= end_ns) {
			mcr_feed_disarm(f);
			return 0;
		}
		ret = sleep_for(f->fd, end_ns - now_ns < SLICE_NS ? end_ns - now_ns : SLICE_NS);
		if (ret != 0)
			return ret < 0 ? ret : 1;
		look_at_engines(f);
	}
}
