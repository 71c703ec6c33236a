/* SPDX-License-Identifier: BSD-3-Clause */
/* The events of one call: those of the rings and those of the kernel, one for each member. */
#ifndef MCR_SOCKET_EPOLL_COLLECT_H
#define MCR_SOCKET_EPOLL_COLLECT_H

#include "socket/epoll_set.h"

/* mcr_set_collect fills in up to max events. It does not sleep. Returns how many, or -errno. */
int mcr_set_collect(struct mcr_set *set, struct epoll_event *events, int max);

/* mcr_set_complete: the kernel alone gives these events. If members have got rings meanwhile, what
 * the rings have is added to theirs. */
void mcr_set_complete(struct mcr_set *set, struct epoll_event *events, int n);

#endif
