/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll sets. The kernel's set keeps the program's descriptors with the program's events and data,
 * so whoever shares it sees what it would see without the library. Beside it there is a list of the
 * members that are UDP sockets, or sets themselves: for those that have joined a group, the rings
 * are looked at too. As long as there is none, epoll_wait is the kernel's. */
#ifndef MCR_SOCKET_EPOLL_SET_H
#define MCR_SOCKET_EPOLL_SET_H

#include <stdint.h>
#include <sys/epoll.h>

#include "socket/table.h"

#define MCR_SET_DEPTH 5 /* sets in sets, as the kernel has it */

struct mcr_set_member {
	int fd; /* as it was added: the kernel knows a member by its file and this number */
	uint32_t events;
	uint64_t data;
	struct mcr_object *object; /* socket or set; NULL while it is the kernel's alone */
	uint32_t number;           /* of the object: it may have ended */
	uint32_t slot;             /* its event in the call that is being answered; NO_SLOT */
	uint8_t by_kernel;         /* and that is from the kernel */
	uint8_t is_off;            /* EPOLLONESHOT: it has been reported */
	uint8_t is_armed;          /* and the kernel does not know */
	uint8_t is_pending;        /* EPOLLET: it was readable when it was added or changed */
	uint8_t is_gone;           /* to be removed from the list */
	uint64_t seen;             /* EPOLLET: arrivals that have been reported */
	uint64_t counted;          /* arrivals that are in the set's edges */
};

struct mcr_set {
	struct mcr_object object;
	int fd; /* a dup of the program's: lives as long as the object */
	struct mcr_set_member *members;
	uint32_t n, room;
	uint32_t first;       /* where the next look at the rings begins */
	uint32_t generation;  /* of mcr_set_generation when members were looked up */
	unsigned turn;        /* calls since the kernel was asked */
	uint8_t is_live;      /* a member has rings */
	uint8_t wants_kernel; /* a member wants to know when it is writable */
	uint8_t owes_edge;    /* the kernel may have such an edge still, of a member just added */
	uint8_t kernel_first; /* the kernel's events were first in the last call */
	uint32_t n_oneshot;   /* members with EPOLLONESHOT */
	uint8_t is_counted;   /* it is in a set with EPOLLET: edges is kept */
	uint64_t edges;       /* what has come for its members, or was there when they were added */

	/* Guarded by the lock of epoll_kick.h. */
	struct mcr_set *next;
	uint8_t is_kicked;      /* kick_fd is in the kernel's set */
	int kick_fd;            /* an eventfd */
	uint64_t kick_until_ns; /* by then all of them are awake */
};

#define MCR_SET_NO_SLOT UINT32_MAX
#define MCR_SET_FLAGS   (EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP)

/* It grows when a socket joins its first group, or a set gets its first such socket. */
extern uint32_t mcr_set_generation;

/* mcr_set_hold returns the set of a descriptor, locked, or NULL. */
struct mcr_set *mcr_set_hold(int fd);
static inline void mcr_set_release(struct mcr_set *set)
{
	mcr_object_unlock(&set->object);
}

/* mcr_set_is_watched: whether a descriptor that is added to a set has to be in its list. */
int mcr_set_is_watched(int set, int fd);

/* mcr_set_note takes note of an epoll_ctl that the kernel has done. Errors: -ENOMEM. */
int mcr_set_note(struct mcr_set *set, int op, int fd, const struct epoll_event *event);

/* mcr_set_refresh looks up which members have rings by now. Returns whether any has. */
int mcr_set_refresh(struct mcr_set *set);

/* mcr_set_is_ready: whether a call would find an event in the rings. It changes nothing. */
int mcr_set_is_ready(struct mcr_set *set);

/* mcr_set_lock_member locks a member's object; NULL: it has ended. */
struct mcr_object *mcr_set_lock_member(const struct mcr_set_member *m);

/* mcr_set_arrivals counts the edges of a set, for a set that is in a set with EPOLLET. */
uint64_t mcr_set_arrivals(struct mcr_set *set, int depth);
int mcr_set_is_ready_below(struct mcr_set *set, int depth);

/* For a locked member. mcr_set_is_edge: whether it may be reported: with EPOLLET, whether something
 * has arrived since; *arrivals is then what to remember. The arrivals first: what comes after them
 * is an edge for the next call. mcr_set_bits: its events, if it may. */
int mcr_set_is_edge(const struct mcr_set_member *m, struct mcr_object *o, int depth,
		    uint64_t *arrivals);
uint32_t mcr_set_bits(const struct mcr_set_member *m, struct mcr_object *o, int depth);

#endif
