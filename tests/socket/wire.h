/* SPDX-License-Identifier: BSD-3-Clause */
/* The wires to both hosts: what is sent goes to each of them, and wire_settle waits until both have
 * it, whoever receives it there. */
#ifndef MCR_TEST_WIRE_H
#define MCR_TEST_WIRE_H

#include "frames.h"

#define HOSTS 2 /* 0: the kernel is the one to compare with */

struct mcr_consumer;

struct wire {
	int packets[HOSTS][WHERES]; /* packet sockets at the senders' ends, by interface */
	int markers[HOSTS];         /* sockets that receive the marker */
	struct mcr_consumer *rings; /* of the marker, at host 1; NULL: it has no engine */
	uint64_t n_markers;
};

/* wire_open takes namespaces by name: of the senders, whose interfaces are called k0, k1, l0 and
 * l1, and of both hosts. run_dir: the engine's of host 1, or NULL. It pins the caller to the CPU
 * that it runs on: what one CPU sends to a veth arrives in order. Ends the program on an error. */
void wire_open(struct wire *w, const char *senders, const char *const hosts[HOSTS],
	       const char *run_dir);

void wire_send(struct wire *w, enum where where, const struct datagram *d);

/* wire_settle returns when all that was sent before has reached both hosts' sockets and rings. */
void wire_settle(struct wire *w);

/* wire_enter moves the caller into a namespace. */
void wire_enter(const char *name);

/* die prints a message with errno's text and ends the program with status 2. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

#endif
