/* SPDX-License-Identifier: BSD-3-Clause */
/* What a socket accepts, and from when on. The kernel filters when a datagram arrives; here that is
 * done when it is read. So each change makes a new version of the filter, which holds for what is
 * published after the change, and a datagram is judged by the version of its time. */
#ifndef MCR_SOCKET_FILTER_H
#define MCR_SOCKET_FILTER_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include <mcring/address.h>
#include <mcring/consumer.h>

#include "core/attach_wire.h"

#define MCR_NO_INTERFACE UINT32_MAX

/* Where the kernel has bound and connected the socket, and its options that bear on what it
 * receives. All that is here is compared octet for octet: clear it first. */
struct mcr_filter_rule {
	struct mcr_address bound, peer; /* none = any */
	uint16_t port, peer_port;       /* host order; 0 = not bound; any */
	uint8_t bound_any;              /* 0: only what is sent to `bound` */
	uint8_t ipv4, ipv6;             /* families that it can receive */
	uint8_t all_ipv4, all_ipv6;     /* IP_MULTICAST_ALL, IPV6_MULTICAST_ALL */
	uint32_t interface;             /* SO_BINDTODEVICE: the engine's index; MCR_NO_INTERFACE */
	uint8_t is_elsewhere;           /* SO_BINDTODEVICE: a device that is not the engine's */
};

struct mcr_filter_version {
	struct mcr_filter_version *next; /* the one after it, or NULL */
	uint32_t number;                 /* grows */
	struct mcr_filter_rule rule;
	uint64_t from[MCR_RINGS_MAX]; /* it holds from this seq of each ring on */
};

/* A membership that the socket has or had. */
struct mcr_membership {
	struct mcr_membership *next; /* of the same socket, the newest first */
	struct mcr_membership *next_of_hash;
	struct mcr_address group;
	uint32_t ifindex;      /* as the kernel would have it; 0 = the kernel knows none */
	uint32_t interface;    /* the engine's index; MCR_NO_INTERFACE while it is not there */
	uint32_t since, until; /* versions: since <= version < until */
	uint8_t where;         /* enum mcr_membership_where */
	uint8_t wants_engine;  /* moves there when it can */
	uint8_t is_exclude;    /* the mode of the sources */
	uint8_t why;           /* enum mcr_why of join.h: why it is not on the engine */
	uint32_t n_sources;
	struct mcr_address *sources; /* ascending; owned */
};

enum mcr_membership_where {
	MCR_MEMBERSHIP_NOWHERE, /* nobody receives it now */
	MCR_MEMBERSHIP_ENGINE,
	MCR_MEMBERSHIP_KERNEL,
};

#define MCR_VERSION_OPEN UINT32_MAX /* membership.until: it lasts */

struct mcr_socket;

/* mcr_filter_change begins a new version at the heads of the rings as they are now, with this rule.
 * If nothing has come under the last one, that is changed in place. Returns the version's number,
 * for `since` and `until` of memberships that change with it; -ENOMEM: nothing changed. */
int64_t mcr_filter_change(struct mcr_socket *s, const struct mcr_filter_rule *rule);

/* mcr_filter_add gives the socket a membership, which it owns from then on: mcr_filter_prune frees
 * it when it has ended. Errors: -ENOMEM, and the membership is the caller's. */
int mcr_filter_add(struct mcr_socket *s, struct mcr_membership *m);

/* mcr_filter_of_group begins the chain (next_of_hash) in which all memberships of a group are. */
struct mcr_membership *mcr_filter_of_group(const struct mcr_socket *s, struct mcr_address group);

/* mcr_filter_has_source: whether it is one of those listed. */
int mcr_filter_has_source(const struct mcr_membership *m, struct mcr_address source);

/* mcr_filter_clear frees all: the socket ends. */
void mcr_filter_clear(struct mcr_socket *s);

/* mcr_filter_reset is for other rings: one version is left, from their heads on. keeps_past: what
 * is unread of the rings before is judged by the versions of its time, until
 * mcr_filter_forget_past. */
void mcr_filter_reset(struct mcr_socket *s, int keeps_past);
void mcr_filter_forget_past(struct mcr_socket *s);

/* mcr_filter_prune frees versions, and memberships, of which all has been read. What is not read
 * while so many versions came counts as lost. */
#define MCR_FILTER_VERSIONS_MOST 1024
void mcr_filter_prune(struct mcr_socket *s);

/* mcr_filter_accepts: whether the kernel would have given this message to the socket, by the
 * version of its time, which is v or one after it. */
int mcr_filter_accepts(const struct mcr_socket *s, const struct mcr_filter_version *v,
		       const struct mcr_msg *m);

/* mcr_filter_read asks the kernel for the socket's rule: its name, its peer, its options. The rest
 * is from the last version. */
void mcr_filter_read(const struct mcr_socket *s, struct mcr_filter_rule *out);

/* mcr_filter_refresh reads the rule, and begins a version if it has changed. Call it after what may
 * bind, connect or change an option. */
int mcr_filter_refresh(struct mcr_socket *s);

/* mcr_filter_drop_past: what was polled already, and what is unread of the rings before, is lost.
 */
void mcr_filter_drop_past(struct mcr_socket *s);

/* mcr_filter_scout returns how many datagrams have been accepted so far, read or not: it grows with
 * what came since the last call. For edge-triggered epoll. */
uint64_t mcr_filter_scout(struct mcr_socket *s);

#endif
