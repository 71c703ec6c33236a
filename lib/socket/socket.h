/* SPDX-License-Identifier: BSD-3-Clause */
/* A UDP socket that has joined a group. The program's descriptor is a socket of the kernel's, bound
 * as the program asked: what is sent, unicast, and groups that the kernel has to receive go that
 * way. What the engine receives comes out of the rings. */
#ifndef MCR_SOCKET_SOCKET_H
#define MCR_SOCKET_SOCKET_H

#include <stdint.h>

#include "socket/filter.h"
#include "socket/table.h"

#define MCR_SOCKET_BATCH 16 /* messages polled at a time */

/* How often the kernel's side is looked at while the rings have data: MCRING_KERNEL_EVERY. */
#define MCR_SOCKET_KERNEL_EVERY 16

/* What the program has asked to be told with each datagram: bits of mcr_socket.wanted. */
enum mcr_wanted {
	MCR_WANT_TIMESTAMP = 1 << 0,     /* SO_TIMESTAMP, SO_TIMESTAMP_NEW */
	MCR_WANT_TIMESTAMPNS = 1 << 1,   /* SO_TIMESTAMPNS */
	MCR_WANT_TIMESTAMPING = 1 << 2,  /* SO_TIMESTAMPING: flags in timestamping */
	MCR_WANT_RXQ_OVFL = 1 << 3,      /* SO_RXQ_OVFL */
	MCR_WANT_PKTINFO = 1 << 4,       /* IP_PKTINFO */
	MCR_WANT_TTL = 1 << 5,           /* IP_RECVTTL */
	MCR_WANT_TOS = 1 << 6,           /* IP_RECVTOS */
	MCR_WANT_ORIGDSTADDR = 1 << 7,   /* IP_RECVORIGDSTADDR */
	MCR_WANT_PKTINFO6 = 1 << 8,      /* IPV6_RECVPKTINFO */
	MCR_WANT_HOPLIMIT = 1 << 9,      /* IPV6_RECVHOPLIMIT */
	MCR_WANT_TCLASS = 1 << 10,       /* IPV6_RECVTCLASS */
	MCR_WANT_ORIGDSTADDR6 = 1 << 11, /* IPV6_RECVORIGDSTADDR */
};

/* What join.c gives when it adopts a socket. */
struct mcr_socket_owner {
	void (*renew)(struct mcr_socket *s);     /* the engine came or went */
	void (*end)(struct mcr_socket *s);       /* the socket ends: leave all */
	void (*hand_over)(struct mcr_socket *s); /* mcr_join_hand_over */
};

/* Whose datagram the program has seen with MSG_PEEK, or its length with FIONREAD: that one it gets
 * next. */
enum mcr_shown {
	MCR_SHOWN_NONE,
	MCR_SHOWN_RINGS,
	MCR_SHOWN_KERNELS,
};

struct mcr_socket {
	struct mcr_object object;
	const struct mcr_socket_owner *owner;
	int fd;         /* a dup of the program's, close-on-exec: lives as long as the object */
	int family;     /* AF_INET or AF_INET6 */
	uint64_t inode; /* of the kernel's socket, whatever descriptors it has */

	struct mcr_consumer *cursor; /* NULL while no engine has been attached */
	struct mcr_consumer *past;   /* of the rings before, up to past_end; or NULL */
	uint64_t past_end[MCR_RINGS_MAX];
	struct mcr_filter_version *past_versions; /* the oldest of those of its time; or NULL */
	uint32_t life;                            /* mcr_link_life when renew was last called */
	struct mcr_msg batch[MCR_SOCKET_BATCH];
	int at, n;     /* batch[at..n) is to be looked at; of `past` while that is there */
	unsigned turn; /* calls since the kernel's side was looked at */
	uint8_t shown; /* enum mcr_shown */

	uint8_t is_shut; /* by shutdown: who asks for readiness has to ask the kernel as well */
	struct mcr_filter_version *oldest,
	    *newest;                        /* the version of what is read next, and the last */
	struct mcr_membership *memberships; /* also those that ended, until pruned */
	struct mcr_membership **hash;       /* of their groups: 1 << hash_bits chains */
	unsigned hash_bits, n_memberships;
	unsigned n_ended;           /* of them, to be pruned */
	uint32_t n_joined[3];       /* by enum mcr_membership_where: those that last */
	uint8_t all_ipv4, all_ipv6; /* the program's IP_MULTICAST_ALL, IPV6_MULTICAST_ALL */

	uint8_t stays_in_kernel; /* memberships: another process reads the socket there */

	uint32_t wanted;       /* enum mcr_wanted */
	uint32_t timestamping; /* SO_TIMESTAMPING's flags */
	uint64_t stamp_ns;     /* of the last datagram given out: SIOCGSTAMP, SIOCGSTAMPNS */

	uint64_t received, lost; /* datagrams */

	/* For edges: another cursor, which looks for what is new (wait.h). */
	struct mcr_consumer *scout;
	uint64_t arrivals; /* datagrams that the scout accepted */
};

static inline struct mcr_socket *mcr_socket_of(struct mcr_object *o)
{
	return (struct mcr_socket *)o;
}

/* mcr_socket_hold returns the socket of a descriptor, locked, or NULL if it is none of ours. Its
 * memberships have gone where they belong if the engine came or went. mcr_socket_release unlocks
 * it. */
struct mcr_socket *mcr_socket_hold(int fd);
void mcr_socket_renew(struct mcr_socket *s);
static inline void mcr_socket_release(struct mcr_socket *s)
{
	mcr_object_unlock(&s->object);
}

/* What makes an inherited socket one of ours when it is first used: 1; 0: it is none. NULL: this
 * program has inherited none. */
extern int (*mcr_socket_revive)(int fd);
static inline void mcr_socket_use(int fd)
{
	if (__builtin_expect(mcr_socket_revive != NULL, 0))
		mcr_socket_revive(fd);
}

/* mcr_socket_family returns AF_INET or AF_INET6 for a UDP socket; 0 for everything else. */
int mcr_socket_family(int fd);

/* mcr_socket_adopt makes a UDP socket of the kernel's one of ours, locked: the kernel gives it no
 * more groups that others have joined. If it is one already, that. Errors: NULL with errno. */
struct mcr_socket *mcr_socket_adopt(int fd, const struct mcr_socket_owner *owner);

/* mcr_socket_stand gives the socket a cursor at the heads of the rings that are attached now; what
 * it has not read of the rings before comes first. Errors: -EPIPE (no engine), -ENOMEM. */
int mcr_socket_stand(struct mcr_socket *s);

/* mcr_socket_next returns the next message that the socket accepts, without taking it; NULL: the
 * rings have none. s->lost grows by what was overwritten. */
const struct mcr_msg *mcr_socket_next(struct mcr_socket *s);

/* mcr_socket_take is done with the message that mcr_socket_next returned. */
static inline void mcr_socket_take(struct mcr_socket *s)
{
	s->at++;
}

/* mcr_socket_read copies a message's payload, as mcr_consumer_read: -ESTALE if it is lost. */
int64_t mcr_socket_read(struct mcr_socket *s, const struct mcr_msg *m, void *buf, size_t cap);

/* mcr_socket_intact: whether what was read through m->data was not overwritten. */
int mcr_socket_intact(const struct mcr_socket *s, const struct mcr_msg *m);

#endif
