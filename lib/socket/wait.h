/* SPDX-License-Identifier: BSD-3-Clause */
/* Readiness of our sockets, and waiting for it. */
#ifndef MCR_SOCKET_WAIT_H
#define MCR_SOCKET_WAIT_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "socket/socket.h"

/* mcr_wait_readable waits until a socket may have something to give, in the rings or in the kernel,
 * for recv and its like. The caller holds the socket and has a reference besides; the lock is
 * dropped meanwhile. deadline_ns of CLOCK_MONOTONIC. before: the thread's mcr_signal_state when the
 * call began. Spins first, as the settings say.
 * Returns 1 (look again), 0 (the time is over), -EINTR (a handler ran since then: the call ends),
 * or, after handlers that all had SA_RESTART, if is_restartable, 1 or -EBADF (one closed it). */
int mcr_wait_readable(struct mcr_socket *s, uint64_t deadline_ns, int is_restartable,
		      const struct mcr_signal_state *before);

/* mcr_wait_socket_joined: the socket joined its first group: sets that it is in must know
 * (epoll.c). The caller holds it. */
void mcr_wait_socket_joined(struct mcr_socket *s, int fd);

/* ---- for poll, select and epoll ---- */

#define MCR_WAIT_FOREVER UINT64_MAX

/* Timeouts in ns. mcr_wait_timespec_ns returns -EINVAL for what the kernel refuses; NULL = for
 * ever. */
uint64_t mcr_wait_ms_ns(int ms);
int mcr_wait_timespec_ns(const struct timespec *ts, uint64_t *out);

/* What the rings have for a descriptor. */
enum mcr_rings {
	MCR_RINGS_NONE,  /* it is not ours */
	MCR_RINGS_EMPTY, /* it is */
	MCR_RINGS_READY, /* and can be read */
};

/* mcr_wait_rings looks. *asks_kernel becomes 1 if the kernel has to be asked in the same call. */
enum mcr_rings mcr_wait_rings(int fd, int *asks_kernel);

/* A call that waits. */
struct mcr_waiter {
	uint64_t timeout_ns;
	const sigset_t *mask;   /* in force from the first sleep to the end; NULL = the thread's */
	sigset_t outer;         /* the thread's, while the mask is in force ... */
	int is_masked;          /* ... which it is */
	unsigned long ran;      /* handlers before the call */
	uint64_t deadline_ns;   /* 0: it has not slept yet */
	uint64_t spin_until_ns; /* before that it does not sleep */
};

void mcr_waiter_begin(struct mcr_waiter *w, uint64_t timeout_ns, const sigset_t *mask);

/* mcr_waiter_end: the call ends. What the mask held back until now is handled. */
void mcr_waiter_end(struct mcr_waiter *w);

/* mcr_waiter_start sets deadline_ns. The first sleep does it if nobody did before. */
void mcr_waiter_start(struct mcr_waiter *w);

/* mcr_waiter_sleep spins, then sleeps, until one of n descriptors may be ready (there is room for
 * two more), or ready returns 1. The caller holds no lock, and has looked at all of it.
 * Returns 1 (look again), 0 (the time is over: look a last time), -EINTR. */
int mcr_waiter_sleep(struct mcr_waiter *w, struct pollfd *fds, nfds_t n, int (*ready)(void *ctx),
		     void *ctx);

/* So many descriptors need no malloc, which a handler may have interrupted. */
#define MCR_WAIT_FEW 254

/* mcr_waiter_sleep_on: the same for the program's descriptors, of which those of ours are looked at
 * in the rings. It changes the entries. As in the kernel, one that is closed meanwhile lives on
 * until the sleep ends. Errors also: -ENOMEM. */
int mcr_waiter_sleep_on(struct mcr_waiter *w, struct pollfd *fds, nfds_t n);

#endif
