/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread may sleep in the kernel's epoll_wait when another adds a socket that has joined a group,
 * or joins with one that is in the set. From then on the rings count, so it has to come out. An
 * eventfd that is readable is put into the kernel's set until all who sleep there have seen it. */
#ifndef MCR_SOCKET_EPOLL_KICK_H
#define MCR_SOCKET_EPOLL_KICK_H

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/single_threaded.h>

#include "socket/epoll_set.h"

/* A thread that may sleep in the kernel's epoll_wait: all who wait for a set's events write it, as
 * long as the process has several threads, so it is but a store. */
struct mcr_set_sleeper {
	struct mcr_set_sleeper *next;
	int fd; /* written by its thread; -1: none */
	int is_free;
};

extern _Thread_local struct mcr_set_sleeper *mcr_set_sleeper
    __attribute__((tls_model("initial-exec")));
void mcr_set_sleeper_make(void);

/* mcr_set_doze: the thread is about to look whether the set is ours, and to sleep in the kernel if
 * not. mcr_set_wake: it does not, or no longer. */
static inline void mcr_set_doze(int fd)
{
	if (__libc_single_threaded)
		return;
	if (__builtin_expect(!mcr_set_sleeper, 0))
		mcr_set_sleeper_make();
	if (mcr_set_sleeper)
		__atomic_store_n(&mcr_set_sleeper->fd, fd, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST); /* with the barrier of mcr_set_kick_sleepers */
}

static inline void mcr_set_wake(void)
{
	if (mcr_set_sleeper)
		__atomic_store_n(&mcr_set_sleeper->fd, -1, __ATOMIC_RELEASE);
}

/* The data of the event that wakes them: the address of this. No program has it. */
extern char mcr_set_kick;
static inline uint64_t mcr_set_kick_data(void)
{
	return (uint64_t)(uintptr_t)&mcr_set_kick;
}

/* mcr_set_kicks: how many there have been; 0 in most programs. */
extern uint32_t mcr_set_kicks;

/* The sets of the process. The caller has locked the set. */
void mcr_set_register(struct mcr_set *set);
void mcr_set_unregister(struct mcr_set *set);

/* mcr_set_kick_sleepers wakes those of all sets of ours. The caller may hold a lock. */
void mcr_set_kick_sleepers(void);

/* mcr_set_is_kicked: whether its descriptor is readable because of that; ends it when it can. */
int mcr_set_is_kicked(struct mcr_set *set);

/* mcr_set_drop_kicks removes such events. Returns how many are left. */
int mcr_set_drop_kicks(struct epoll_event *events, int n);

void mcr_set_kick_forked(void);

#endif
