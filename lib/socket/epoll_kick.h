/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread may sleep in the kernel's epoll_wait when another adds a socket that has joined a group,
 * or joins with one that is in the set. From then on the rings count, so it has to come out. An
 * eventfd that is readable is put into the kernel's set until all who sleep there have seen it. */
#ifndef MCR_SOCKET_EPOLL_KICK_H
#define MCR_SOCKET_EPOLL_KICK_H

#include <stdint.h>
#include <sys/epoll.h>

#include "socket/epoll_set.h"

/* The data of the event that wakes them: the address of this. No program has it. */
extern char mcr_set_kick;
static inline uint64_t mcr_set_kick_data(void)
{
	return (uint64_t)(uintptr_t)&mcr_set_kick;
}

/* mcr_set_kicks: how many there have been; 0 in most programs. */
extern uint32_t mcr_set_kicks;

void mcr_set_register(struct mcr_set *set);
void mcr_set_unregister(struct mcr_set *set);

/* Around a sleep in the kernel's epoll_wait. After mcr_set_enter_kernel look at
 * mcr_set_generation once more. */
void mcr_set_enter_kernel(struct mcr_set *set);
void mcr_set_leave_kernel(struct mcr_set *set);

/* mcr_set_kick_sleepers wakes those of all sets. The caller may hold a lock. */
void mcr_set_kick_sleepers(void);

/* mcr_set_is_kicked: whether its descriptor is readable because of that; ends it when it can. */
int mcr_set_is_kicked(struct mcr_set *set);

/* mcr_set_drop_kicks removes such events. Returns how many are left. */
int mcr_set_drop_kicks(struct epoll_event *events, int n);

void mcr_set_kick_forked(void);

#endif
