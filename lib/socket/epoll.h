/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll_ctl, and the calls that wait for events of a set (calls.h). */
#ifndef MCR_SOCKET_EPOLL_H
#define MCR_SOCKET_EPOLL_H

/* After fork, in the child: a thread that is not there may have held a lock. */
void mcr_set_forked(void);

#endif
