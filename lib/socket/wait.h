/* SPDX-License-Identifier: BSD-3-Clause */
/* Readiness of our sockets, and waiting for it. */
#ifndef MCR_SOCKET_WAIT_H
#define MCR_SOCKET_WAIT_H

#include "socket/socket.h"

/* mcr_wait_readable waits until a socket may have something to give, in the rings or in the kernel,
 * for recv and its like. The caller holds the socket and has a reference besides; the lock is
 * dropped meanwhile. *deadline_ns of CLOCK_MONOTONIC. Spins first, as the settings say.
 * Returns 1 (look again), 0 (the time is over), -EINTR (a handler ran: the call ends), or 1 also
 * after handlers that all had SA_RESTART if is_restartable. */
int mcr_wait_readable(struct mcr_socket *s, uint64_t deadline_ns, int is_restartable);

/* mcr_wait_socket_joined: the socket joined its first group, or ended: sets that it is in must know
 * (epoll.c). The caller holds it. */
void mcr_wait_socket_joined(struct mcr_socket *s, int fd);

#endif
