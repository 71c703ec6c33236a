/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/single_threaded.h>
#include <unistd.h>

#include "socket/epoll_kick.h"
#include "socket/link.h"
#include "socket/real.h"

/* Those that began to sleep before the set was ours are not counted: so long they get. */
#define KICK_NS 200000000u

/* Guards the list and the last part of struct mcr_set. It is taken after an object's lock. */
static pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
static struct mcr_set *sets;

char mcr_set_kick;
uint32_t mcr_set_kicks;

static void lock(void)
{
	mcr_signal_enter();
	pthread_mutex_lock(&lock_);
}

static void unlock(void)
{
	pthread_mutex_unlock(&lock_);
	mcr_signal_leave();
}

/* ---- one set ---- */

static void begin(struct mcr_set *set)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = mcr_set_kick_data()};

	if (set->is_kicked)
		return;
	set->kick_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	if (set->kick_fd < 0)
		return;
	if (mcr_table_protect(set->kick_fd) < 0 ||
	    mcr_real.epoll_ctl(set->fd, EPOLL_CTL_ADD, set->kick_fd, &event) < 0) {
		mcr_table_unprotect(set->kick_fd);
		mcr_real.close(set->kick_fd);
		return;
	}
	__atomic_fetch_add(&mcr_set_kicks, 1, __ATOMIC_SEQ_CST);
	set->is_kicked = 1;
	set->kick_until_ns = mcr_link_now_ns() + KICK_NS;
}

static void stop(struct mcr_set *set)
{
	if (!set->is_kicked)
		return;
	mcr_real.epoll_ctl(set->fd, EPOLL_CTL_DEL, set->kick_fd, NULL);
	mcr_table_unprotect(set->kick_fd);
	mcr_real.close(set->kick_fd);
	set->is_kicked = set->may_have_more = 0;
}

void mcr_set_register(struct mcr_set *set)
{
	lock();
	set->may_have_more = !__libc_single_threaded;
	set->next = sets;
	sets = set;
	unlock();
}

void mcr_set_unregister(struct mcr_set *set)
{
	struct mcr_set **at = &sets;

	lock();
	stop(set);
	while (*at && *at != set)
		at = &(*at)->next;
	if (*at)
		*at = set->next;
	unlock();
}

/* ---- sleepers ---- */

void mcr_set_enter_kernel(struct mcr_set *set)
{
	lock();
	set->sleepers++;
	unlock();
}

void mcr_set_leave_kernel(struct mcr_set *set)
{
	lock();
	set->sleepers--;
	unlock();
}

void mcr_set_kick_sleepers(void)
{
	if (__libc_single_threaded)
		return;
	lock();
	for (struct mcr_set *set = sets; set; set = set->next)
		if (set->sleepers > 0 || set->may_have_more)
			begin(set);
	unlock();
}

int mcr_set_is_kicked(struct mcr_set *set)
{
	int is_kicked;

	lock();
	if (set->is_kicked && ((set->sleepers == 0 && !set->may_have_more) ||
			       mcr_link_now_ns() >= set->kick_until_ns))
		stop(set);
	is_kicked = set->is_kicked;
	unlock();
	return is_kicked;
}

int mcr_set_drop_kicks(struct epoll_event *events, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++)
		if (events[i].data.u64 != mcr_set_kick_data())
			events[kept++] = events[i];
	return kept;
}

void mcr_set_kick_forked(void)
{
	pthread_mutex_init(&lock_, NULL);
}
