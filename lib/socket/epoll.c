/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "socket/epoll.h"
#include "socket/epoll_collect.h"
#include "socket/epoll_kick.h"
#include "socket/epoll_set.h"
#include "socket/link.h"
#include "socket/real.h"
#include "socket/wait.h"

#define NAP_NS 1000000u /* between looks at the kernel while a set is kicked */

/* ---- sets of ours ---- */

/* Held while a set is made ours, so that this happens once. It is taken before an object's lock. */
static pthread_mutex_t make_lock = PTHREAD_MUTEX_INITIALIZER;

static void end(struct mcr_object *o)
{
	struct mcr_set *set = (struct mcr_set *)o;

	mcr_set_unregister(set);
	free(set->members);
	mcr_table_disown(set->fd);
}

/* Returns the set, locked; NULL: no memory, or no descriptor, is left. */
static struct mcr_set *make(int fd)
{
	struct mcr_set *set;
	int copy = mcr_table_own(fd);

	if (copy < 0)
		return NULL;
	set = (struct mcr_set *)mcr_object_make(fd, MCR_OBJECT_SET, sizeof(*set), end);
	if (!set) {
		mcr_table_disown(copy);
		return NULL;
	}
	set->fd = copy;
	mcr_set_register(set);
	return set;
}

static struct mcr_set *hold_or_make(int fd)
{
	struct mcr_set *set;

	mcr_signal_enter();
	pthread_mutex_lock(&make_lock);
	set = mcr_set_hold(fd);
	if (!set)
		set = make(fd);
	pthread_mutex_unlock(&make_lock);
	mcr_signal_leave();
	return set;
}

void mcr_set_forked(void)
{
	pthread_mutex_init(&make_lock, NULL);
	mcr_set_kick_forked();
}

/* ---- epoll_ctl ---- */

/* The program is told that there is no memory, so the kernel must not have done it. */
static int undo(int fd, int member)
{
	mcr_real.epoll_ctl(fd, EPOLL_CTL_DEL, member, NULL);
	errno = ENOMEM;
	return -1;
}

/* The kernel has added a member to a set that is not ours. */
static int begin_set(int fd, int member, const struct epoll_event *event)
{
	struct mcr_set *set;
	int ret, is_live;

	if (!mcr_set_is_watched(fd, member))
		return 0;
	set = hold_or_make(fd);
	if (!set)
		return undo(fd, member);
	ret = mcr_set_note(set, EPOLL_CTL_ADD, member, event);
	is_live = set->is_live;
	mcr_set_release(set);
	if (ret < 0)
		return undo(fd, member);
	if (is_live)
		mcr_set_kick_sleepers();
	return 0;
}

int mcr_sock_epoll_ctl(int fd, int op, int member, struct epoll_event *event)
{
	struct mcr_set *set;
	int ret, was_live, is_live;

	if (op == EPOLL_CTL_ADD)
		mcr_socket_use(member);
	set = mcr_set_hold(fd);
	if (!set) {
		ret = mcr_real.epoll_ctl(fd, op, member, event);
		return ret == 0 && op == EPOLL_CTL_ADD ? begin_set(fd, member, event) : ret;
	}
	was_live = set->is_live;
	ret = mcr_real.epoll_ctl(fd, op, member, event);
	if (ret == 0 && mcr_set_note(set, op, member, event) < 0)
		ret = undo(fd, member);
	is_live = set->is_live;
	mcr_set_release(set);
	if (is_live && !was_live)
		mcr_set_kick_sleepers();
	return ret;
}

void mcr_wait_socket_joined(struct mcr_socket *s, int fd)
{
	__atomic_fetch_add(&mcr_set_generation, 1, __ATOMIC_SEQ_CST);
	mcr_set_kick_sleepers();
}

/* ---- waiting ---- */

/* A call of one of the three forms. */
struct call {
	int fd, n;
	struct epoll_event *events;
	int ms;                         /* epoll_wait, epoll_pwait */
	const struct timespec *timeout; /* epoll_pwait2 */
	const sigset_t *mask;
	uint64_t timeout_ns;
	int (*real)(const struct call *c);
};

static int real_wait(const struct call *c)
{
	return mcr_real.epoll_wait(c->fd, c->events, c->n, c->ms);
}

static int real_pwait(const struct call *c)
{
	return mcr_real.epoll_pwait(c->fd, c->events, c->n, c->ms, c->mask);
}

static int real_pwait2(const struct call *c)
{
	return mcr_real.epoll_pwait2(c->fd, c->events, c->n, c->timeout, c->mask);
}

/* What is left of the time, rounded up: for a call that was kicked and goes on in the kernel. */
static void shorten(struct call *c, uint64_t deadline_ns)
{
	uint64_t now_ns = mcr_link_now_ns(), ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

	c->real = real_pwait;
	c->ms = c->timeout_ns == MCR_WAIT_FOREVER || ns / 1000000u >= INT_MAX
		    ? -1
		    : (int)((ns + 999999u) / 1000000u);
}

static int is_ready(void *ctx)
{
	struct mcr_set *set = ctx;
	int ret;

	mcr_object_relock(&set->object);
	ret = mcr_set_is_ready(set);
	mcr_set_release(set);
	return ret;
}

/* The set's own descriptor is no use while it is kicked. */
static int sleep_on(struct mcr_set *set, struct mcr_waiter *w)
{
	struct pollfd fds[3] = {{.fd = set->fd, .events = POLLIN}};
	uint64_t deadline_ns, nap_ns;
	int ret;

	if (!mcr_set_is_kicked(set))
		return mcr_waiter_sleep(w, fds, 1, is_ready, set);
	if (w->deadline_ns == 0)
		mcr_waiter_start(w);
	deadline_ns = w->deadline_ns;
	nap_ns = mcr_link_now_ns() + NAP_NS;
	if (nap_ns < deadline_ns)
		w->deadline_ns = nap_ns;
	ret = mcr_waiter_sleep(w, fds, 0, is_ready, set);
	if (ret == 0 && w->deadline_ns < deadline_ns)
		ret = 1;
	w->deadline_ns = deadline_ns;
	return ret;
}

/* Members have rings. The set is locked, and the caller has a reference. Returns as the call, or
 * -errno. */
static int wait_for_both(struct mcr_set *set, const struct call *c, struct mcr_waiter *w)
{
	int is_over = c->timeout_ns == 0;

	for (;;) {
		int ret = mcr_set_collect(set, c->events, c->n);

		if (ret != 0)
			return ret;
		mcr_link_tend();
		if (is_over)
			return 0;
		mcr_set_release(set);
		ret = sleep_on(set, w);
		mcr_object_relock(&set->object);
		if (ret < 0)
			return ret;
		is_over = ret == 0;
	}
}

/* No member has rings: the kernel waits. The set is locked, and the caller has a reference. Returns
 * as the call, or -errno; 0 with *is_kicked: look again. */
static int wait_in_kernel(struct mcr_set *set, const struct call *c, int *is_kicked)
{
	int given, ret;

	mcr_set_release(set);
	given = c->real(c);
	ret = given < 0 ? -errno : mcr_set_drop_kicks(c->events, given);
	mcr_object_relock(&set->object);
	if (ret > 0)
		mcr_set_complete(set, c->events, ret);
	*is_kicked = given > 0 && ret == 0;
	return ret;
}

/* As long as others sleep, the kernel's call would return at once. */
static void let_others_wake(struct mcr_set *set)
{
	const struct timespec nap = {0, NAP_NS / 10};

	while (mcr_set_is_kicked(set)) {
		mcr_set_release(set);
		mcr_real.ppoll(NULL, 0, &nap, NULL);
		mcr_object_relock(&set->object);
	}
}

/* Returns as the call, or -errno. The set is locked, and the caller has a reference. */
static int wait_for(struct mcr_set *set, struct call *c)
{
	struct mcr_waiter w;
	int is_kicked = 1, ret = 0;

	mcr_waiter_begin(&w, c->timeout_ns, c->mask);
	while (is_kicked) {
		mcr_set_doze(c->fd);
		if (mcr_set_refresh(set)) {
			mcr_set_wake();
			ret = wait_for_both(set, c, &w);
			break;
		}
		if (w.deadline_ns == 0)
			mcr_waiter_start(&w);
		else
			shorten(c, w.deadline_ns);
		ret = wait_in_kernel(set, c, &is_kicked);
		mcr_set_wake();
		if (is_kicked)
			let_others_wake(set);
	}
	mcr_waiter_end(&w);
	return ret;
}

static void complete(const struct call *c, int n)
{
	struct mcr_set *set = mcr_set_hold(c->fd);

	if (!set)
		return;
	mcr_set_complete(set, c->events, n);
	mcr_set_release(set);
}

/* The set was not ours when the call began. If it has become that, another thread has woken us. */
static int wait_for_others(const struct call *c, int *is_kicked)
{
	int given = c->real(c), ret = given;

	mcr_set_wake();
	if (given > 0 && __atomic_load_n(&mcr_set_kicks, __ATOMIC_RELAXED) > 0)
		ret = mcr_set_drop_kicks(c->events, given);
	*is_kicked = given > 0 && ret == 0;
	if (ret > 0)
		complete(c, ret);
	return ret;
}

static int wait_on(struct call *c)
{
	int is_kicked = 1, ret = 0;

	while (is_kicked) {
		struct mcr_set *set = NULL;

		mcr_set_doze(c->fd);
		if (c->n > 0 && c->events)
			set = mcr_set_hold(c->fd);
		if (!set) {
			ret = wait_for_others(c, &is_kicked);
			continue;
		}
		mcr_object_ref(&set->object);
		ret = wait_for(set, c);
		mcr_object_unref(&set->object);
		is_kicked = 0;
		if (ret < 0) {
			errno = -ret;
			ret = -1;
		}
	}
	return ret;
}

int mcr_sock_epoll_wait(int fd, struct epoll_event *events, int n, int ms)
{
	return wait_on(&(struct call){.fd = fd,
				      .n = n,
				      .events = events,
				      .ms = ms,
				      .timeout_ns = mcr_wait_ms_ns(ms),
				      .real = real_wait});
}

int mcr_sock_epoll_pwait(int fd, struct epoll_event *events, int n, int ms, const sigset_t *mask)
{
	return wait_on(&(struct call){.fd = fd,
				      .n = n,
				      .events = events,
				      .ms = ms,
				      .mask = mask,
				      .timeout_ns = mcr_wait_ms_ns(ms),
				      .real = real_pwait});
}

int mcr_sock_epoll_pwait2(int fd, struct epoll_event *events, int n, const struct timespec *timeout,
			  const sigset_t *mask)
{
	struct call c = {.fd = fd,
			 .n = n,
			 .events = events,
			 .timeout = timeout,
			 .mask = mask,
			 .real = real_pwait2};

	if (mcr_wait_timespec_ns(timeout, &c.timeout_ns) < 0)
		return mcr_real.epoll_pwait2(fd, events, n, timeout, mask);
	return wait_on(&c);
}
