/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps that ask for readiness or wait for it. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

#include "worker.h"

#define EVENTS_MAX 16

static const struct bit_name event_names[] = {
    {EPOLLIN, "IN"},
    {EPOLLPRI, "PRI"},
    {EPOLLOUT, "OUT"},
    {EPOLLERR, "ERR"},
    {EPOLLHUP, "HUP"},
    {POLLNVAL, "NVAL"},
    {EPOLLRDNORM, "RDNORM"},
    {EPOLLRDBAND, "RDBAND"},
    {EPOLLWRNORM, "WRNORM"},
    {EPOLLWRBAND, "WRBAND"},
    {EPOLLRDHUP, "RDHUP"},
    {(unsigned)EPOLLET, "ET"},
    {EPOLLONESHOT, "ONESHOT"},
    {EPOLLEXCLUSIVE, "EXCLUSIVE"},
    {0, NULL},
};

static void say_wait(struct text *t, int wait)
{
	static const char *const names[WAITS] = {"0", "5 ms", "-1", "1 h"};

	say(t, ", %s", names[wait]);
}

static struct timespec *wait_time(struct timespec *ts, int wait)
{
	if (wait == WAIT_EVER)
		return NULL;
	ts->tv_sec = wait_ms[wait] / 1000;
	ts->tv_nsec = wait_ms[wait] % 1000 * 1000000L;
	return ts;
}

/* What a pollfd asks for, by 3 bits. */
static const short asked[8] = {POLLIN,
			       POLLIN | POLLOUT,
			       POLLIN | POLLRDNORM,
			       POLLOUT,
			       POLLIN | POLLPRI,
			       POLLRDHUP | POLLIN,
			       POLLPRI,
			       0};

/* a[0]: ppoll, [1]: mask of slots, [2]: what is asked for, 3 bits each, [3]: timeout, [4]: signal
 * mask */
void run_poll(struct text *t, const struct step *s)
{
	struct pollfd fds[SLOTS];
	unsigned slots[SLOTS];
	struct timespec ts;
	nfds_t n = 0;
	int result;

	say(t, "%s({", s->a[0] ? "ppoll" : "poll");
	for (unsigned i = 0; i < SLOTS; i++) {
		if (!(s->a[1] & 1 << i))
			continue;
		slots[n] = i;
		fds[n] = (struct pollfd){slot_fds[i], asked[s->a[2] >> 3 * (n % 10) & 7], 0x7f};
		say(t, " ");
		say_slot(t, i);
		say(t, ":");
		say_bits(t, event_names, (unsigned)fds[n].events);
		n++;
	}
	say(t, " }");
	say_wait(t, s->a[3]);
	if (s->a[0]) {
		say_mask(t, s->a[4]);
		result = call(ppoll)(fds, n, wait_time(&ts, s->a[3]), mask_of(s->a[4]));
	} else {
		result = call(poll)(fds, n, wait_ms[s->a[3]]);
	}
	say(t, ")");
	say_result(t, result);
	for (nfds_t i = 0; result >= 0 && i < n; i++) {
		if (!fds[i].revents)
			continue;
		say(t, " ");
		say_slot(t, slots[i]);
		say(t, ":");
		say_bits(t, event_names, (unsigned short)fds[i].revents);
	}
}

static fd_set *fill_set(fd_set *set, int mask, int *n)
{
	FD_ZERO(set);
	for (int i = 0; i < SLOTS; i++) {
		if (!(mask & 1 << i) || slot_fds[i] < 0)
			continue;
		FD_SET(slot_fds[i], set);
		if (slot_fds[i] >= *n)
			*n = slot_fds[i] + 1;
	}
	return mask ? set : NULL;
}

static void say_set(struct text *t, const char *name, const fd_set *set)
{
	if (!set)
		return;
	say(t, " %s {", name);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (slot_fds[i] < 0 || !FD_ISSET(slot_fds[i], set))
			continue;
		say(t, " ");
		say_slot(t, i);
	}
	say(t, " }");
}

/* a[0]: pselect, [1..3]: masks of slots to read, write, except, [4]: timeout, [5]: signal mask */
void run_select(struct text *t, const struct step *s)
{
	struct timespec ts, *given = wait_time(&ts, s->a[4]);
	struct timeval tv = {0, 0};
	fd_set sets[3], *in, *out, *except;
	int n = 0, result;

	in = fill_set(&sets[0], s->a[1], &n);
	out = fill_set(&sets[1], s->a[2], &n);
	except = fill_set(&sets[2], s->a[3], &n);
	say(t, "%s(", s->a[0] ? "pselect" : "select");
	say_set(t, "in", in);
	say_set(t, "out", out);
	say_set(t, "except", except);
	say_wait(t, s->a[4]);
	if (s->a[0]) {
		say_mask(t, s->a[5]);
		result = call(pselect)(n, in, out, except, given, mask_of(s->a[5]));
	} else {
		if (given)
			tv = (struct timeval){ts.tv_sec, ts.tv_nsec / 1000};
		result = call(select)(n, in, out, except, given ? &tv : NULL);
	}
	say(t, ")");
	say_result(t, result);
	say_set(t, "in", in);
	say_set(t, "out", out);
	say_set(t, "except", except);
	/* Linux leaves what is left of the time. */
	if (!s->a[0] && given &&
	    (tv.tv_sec > ts.tv_sec || tv.tv_sec < 0 || (result == 0 && (tv.tv_sec || tv.tv_usec))))
		say(t, " time left wrong");
}

/* ---- epoll ---- */

void run_set_new(struct text *t, const struct step *s)
{
	int fd = epoll_create1(s->a[0] ? EPOLL_CLOEXEC : 0);

	say_slot(t, s->slot);
	say(t, " = epoll_create1()");
	slot_put(t, s->slot, fd);
}

/* a[0]: EPOLL_CTL_*, [1]: events, [2]: without an event */
void run_set_change(struct text *t, const struct step *s)
{
	static const char *const names[] = {"0", "ADD", "DEL", "MOD", "4"};
	struct epoll_event event = {.events = (uint32_t)s->a[1],
				    .data.u64 = 0x1122334400000000 | s->slot2};

	say(t, "epoll_ctl(");
	say_slot(t, s->slot);
	say(t, ", %s, ", names[s->a[0]]);
	say_slot(t, s->slot2);
	say(t, ", ");
	if (s->a[2])
		say(t, "NULL");
	else
		say_bits(t, event_names, event.events);
	say(t, ")");
	say_result(t, call(epoll_ctl)(slot_fds[s->slot], s->a[0], slot_fds[s->slot2],
				      s->a[2] ? NULL : &event));
}

static void say_events(struct text *t, const struct epoll_event *events, int n)
{
	uint8_t said[EVENTS_MAX] = {0};

	/* In the order of slots: the kernel does not promise one. */
	for (int k = 0; k < n; k++) {
		int first = -1;

		for (int i = 0; i < n; i++)
			if (!said[i] && (first < 0 || events[i].data.u64 < events[first].data.u64))
				first = i;
		said[first] = 1;
		say(t, " ");
		say_slot(t, (unsigned)(events[first].data.u64 & 0xff));
		say(t, ":");
		say_bits(t, event_names, events[first].events);
		if (events[first].data.u64 >> 32 != 0x11223344)
			say(t, " data wrong");
	}
}

/* a[0]: epoll_wait, epoll_pwait, epoll_pwait2, [1]: at most so many, [2]: timeout, [3]: mask */
void run_set_wait(struct text *t, const struct step *s)
{
	static const char *const names[] = {"epoll_wait", "epoll_pwait", "epoll_pwait2"};
	struct epoll_event events[EVENTS_MAX];
	int fd = slot_fds[s->slot], result;
	struct timespec ts;

	say(t, "%s(", names[s->a[0]]);
	say_slot(t, s->slot);
	say(t, ", %d", s->a[1]);
	say_wait(t, s->a[2]);
	if (s->a[0])
		say_mask(t, s->a[3]);
	switch (s->a[0]) {
	case 0:
		result = call(epoll_wait)(fd, events, s->a[1], wait_ms[s->a[2]]);
		break;
	case 1:
		result = call(epoll_pwait)(fd, events, s->a[1], wait_ms[s->a[2]], mask_of(s->a[3]));
		break;
	default:
		result = call(epoll_pwait2)(fd, events, s->a[1], wait_time(&ts, s->a[2]),
					    mask_of(s->a[3]));
		break;
	}
	say(t, ")");
	say_result(t, result);
	if (result > 0)
		say_events(t, events, result);
}
