/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls of this process that sleep: who reads away what tells of new data wakes the others. All
 * under the link's lock. */
#ifndef MCR_SOCKET_SLEEPER_H
#define MCR_SOCKET_SLEEPER_H

#include <pthread.h>
#include <stdint.h>

/* A call that sleeps, or has slept. */
struct mcr_sleeper {
	struct mcr_sleeper *next;
	int fd; /* an eventfd: others wake it */
	uint8_t sleeps;
	pthread_t thread; /* that uses it, or did */
};

/* mcr_sleeper_take returns this thread's, which sleeps from now on until its owner clears that.
 * NULL: no descriptor or no memory. */
struct mcr_sleeper *mcr_sleeper_take(struct mcr_sleeper **list);

/* mcr_sleeper_prepare makes the first one ahead of the first sleep: the program may be about to
 * forbid itself the system calls that it takes. */
void mcr_sleeper_prepare(struct mcr_sleeper **list);

/* mcr_sleepers_wake wakes all but self, which may be NULL. */
void mcr_sleepers_wake(struct mcr_sleeper *list, const struct mcr_sleeper *self);

/* mcr_sleepers_renew: in a child of fork. Their threads are the parent's, and so are the eventfds,
 * which are replaced under their numbers. */
void mcr_sleepers_renew(struct mcr_sleeper *list);

#endif
