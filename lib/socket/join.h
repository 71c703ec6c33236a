/* SPDX-License-Identifier: BSD-3-Clause */
/* Joins and leaves of all five families of options, and where they go: to the engine, to the
 * kernel, or into an error. */
#ifndef MCR_SOCKET_JOIN_H
#define MCR_SOCKET_JOIN_H

#include "socket/socket.h"

/* Why a membership is in the kernel, or nowhere. */
enum mcr_why {
	MCR_WHY_NONE,
	MCR_WHY_ABSENT,     /* no engine */
	MCR_WHY_PERMISSION, /* the engine's joiners do not list this user */
	MCR_WHY_QUOTA,      /* its limits */
	MCR_WHY_REFUSED,    /* another error of the engine's */
	MCR_WHY_ELSEWHERE,  /* the interface is none of the engine's */
	MCR_WHY_ASKED,      /* --fallback=always, or a group that is not to be accelerated */
};

/* mcr_join_option handles a socket option that joins, leaves or filters sources. Returns 1: it was
 * one, *result and errno are those of the call; 0: it is none of these, or no UDP socket. */
int mcr_join_option(int fd, int level, int name, const void *value, socklen_t len, int *result);

/* mcr_join_is_unwanted: whether a datagram that the kernel has given is not the program's: what
 * MCRING_LOOP lets in besides the local senders'. */
int mcr_join_is_unwanted(const struct mcr_socket *s, const struct msghdr *msg);

#endif
