/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "socket/epoll_kick.h"
#include "socket/link.h"
#include "socket/real.h"

/* A thread that was cancelled while it slept is never seen to wake: so long they get. */
#define KICK_NS 200000000u

/* Guards both lists and the last part of struct mcr_set. It is taken after an object's lock. */
static pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
static struct mcr_set *sets;
static struct mcr_set_sleeper *sleepers; /* one for each thread; used again, never freed */

_Thread_local struct mcr_set_sleeper *mcr_set_sleeper;
static pthread_key_t thread_key; /* for its destructor */
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;

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

/* ---- threads ---- */

static void free_sleeper(void *arg)
{
	struct mcr_set_sleeper *s = arg;

	mcr_set_sleeper = NULL;
	lock();
	__atomic_store_n(&s->fd, -1, __ATOMIC_RELAXED);
	s->is_free = 1;
	unlock();
}

static void make_key(void)
{
	pthread_key_create(&thread_key, free_sleeper);
}

/* Without memory the thread is not seen. */
void mcr_set_sleeper_make(void)
{
	struct mcr_set_sleeper *s;

	pthread_once(&thread_once, make_key);
	lock();
	for (s = sleepers; s && !s->is_free; s = s->next)
		;
	if (!s)
		s = calloc(1, sizeof(*s));
	if (s && !s->is_free) {
		s->next = sleepers;
		sleepers = s;
	}
	if (s) {
		s->is_free = 0;
		s->fd = -1;
		mcr_set_sleeper = s;
		pthread_setspecific(thread_key, s);
	}
	unlock();
}

/* Either a thread that dozes is seen after this, or it sees what was written before. */
static void fence_others(void)
{
	static int is_registered;

	if (!is_registered) {
		syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
		is_registered = 1;
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

static int has_sleepers(const struct mcr_set *set)
{
	for (const struct mcr_set_sleeper *s = sleepers; s; s = s->next)
		if (mcr_table_find(__atomic_load_n(&s->fd, __ATOMIC_RELAXED)) == &set->object)
			return 1;
	return 0;
}

/* ---- sets ---- */

static void begin(struct mcr_set *set)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = mcr_set_kick_data()};

	if (set->is_kicked)
		return;
	set->kick_fd = mcr_table_take(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
	if (set->kick_fd < 0)
		return;
	/* Who is woken by it looks at the count. */
	__atomic_fetch_add(&mcr_set_kicks, 1, __ATOMIC_SEQ_CST);
	if (mcr_real.epoll_ctl(set->fd, EPOLL_CTL_ADD, set->kick_fd, &event) < 0) {
		mcr_table_disown(set->kick_fd);
		return;
	}
	set->is_kicked = 1;
	set->kick_until_ns = mcr_link_now_ns() + KICK_NS;
}

static void stop(struct mcr_set *set)
{
	if (!set->is_kicked)
		return;
	mcr_real.epoll_ctl(set->fd, EPOLL_CTL_DEL, set->kick_fd, NULL);
	mcr_table_disown(set->kick_fd);
	set->is_kicked = 0;
}

void mcr_set_register(struct mcr_set *set)
{
	lock();
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

void mcr_set_kick_sleepers(void)
{
	if (__libc_single_threaded)
		return;
	lock();
	if (sleepers)
		fence_others();
	for (struct mcr_set *set = sets; set; set = set->next)
		if (has_sleepers(set))
			begin(set);
	unlock();
}

int mcr_set_is_kicked(struct mcr_set *set)
{
	int is_kicked;

	lock();
	if (set->is_kicked && (!has_sleepers(set) || mcr_link_now_ns() >= set->kick_until_ns))
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

/* The threads that are not there do not sleep. */
void mcr_set_kick_forked(void)
{
	pthread_mutex_init(&lock_, NULL);
	for (struct mcr_set_sleeper *s = sleepers; s; s = s->next)
		s->fd = -1;
}
