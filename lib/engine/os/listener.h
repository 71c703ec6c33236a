/* SPDX-License-Identifier: BSD-3-Clause */
/* Accepts connections of a listening socket, also when the process has no descriptor left: a spare
 * one is given up for as long as it takes to say so to the one who waits. Else they would wait in
 * the backlog in front of everybody, and the listener would be readable all the time. Thread:
 * control. */
#ifndef MCR_ENGINE_LISTENER_H
#define MCR_ENGINE_LISTENER_H

#include <stdint.h>

struct mcr_acceptor {
	int listen_fd;          /* -1 = none; non-blocking; owned */
	int epoll_fd;           /* that watches it; borrowed */
	int spare_fd;           /* -1 = there is none now */
	int watched;            /* epoll asks for it */
	uint64_t rest_until_ns; /* nothing is accepted before: not even the spare could be had */
	uint64_t data;          /* of its epoll events */
};

/* mcr_acceptor_open watches listen_fd, which the acceptor owns from the call on. Returns 0 or
 * -errno; close it in either case. */
int mcr_acceptor_open(struct mcr_acceptor *a, int listen_fd, int epoll_fd, uint64_t data);
void mcr_acceptor_close(struct mcr_acceptor *a);

/* mcr_acceptor_next accepts one connection, non-blocking and close-on-exec. *spare: it stands on
 * the spare descriptor: refuse it and close it before the next call. Returns it, or -EAGAIN when
 * nobody waits, or another error for now. */
int mcr_acceptor_next(struct mcr_acceptor *a, uint64_t now_ns, int *spare);

/* mcr_acceptor_watch: whether epoll is to look for connections, as far as the caller has room; call
 * it in each round. */
void mcr_acceptor_watch(struct mcr_acceptor *a, uint64_t now_ns, int has_room);

#endif
