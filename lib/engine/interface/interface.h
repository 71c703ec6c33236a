/* SPDX-License-Identifier: BSD-3-Clause */
/* An interface as the network sees it: its IGMP and MLD, its answers to ARP, neighbour
 * solicitations and echo, its frames out. Thread: control.
 *
 * It speaks IPv6 from the first of an address6, a querier of MLD and a join of an IPv6 group on,
 * and sends nothing of IPv6 before. */
#ifndef MCR_ENGINE_INTERFACE_H
#define MCR_ENGINE_INTERFACE_H

#include <stdint.h>

#include <mcring/engine.h>

#include "core/gmp/gmp.h"
#include "core/gmp/gmp_silence.h"
#include "core/nd/nd.h"
#include "core/parse.h"
#include "core/querier/querier.h"
#include "core/source_filter.h"
#include "engine/kernel/kernel_path.h"
#include "engine/port/port.h"

/* ff02::1, and a solicited-node group for each address. */
#define MCR_INTERFACE_OWN_GROUPS (1 + MCR_ND_ADDRESSES)

/* What the log says of a membership machine. */
struct mcr_gmp_logged {
	uint64_t old_queries; /* of mcr_gmp_brief */
	uint64_t due_ns;      /* of the next line about them */
	struct mcr_gmp_silence silence;
	uint8_t version;
};

/* Lines of the log that come once a minute at most. */
enum {
	MCR_QUERIER_LOG_NEWER,
	MCR_QUERIER_LOG_OWN,
	MCR_QUERIER_LOG_OFF_SUBNET,
	MCR_QUERIER_LOG_REFUSED,
	MCR_QUERIER_LOG_SSM,
	MCR_QUERIER_LOGS,
};

/* What the log says of a querier. */
struct mcr_querier_logged {
	struct mcr_address querier;         /* of mcr_querier_state */
	uint64_t counted[MCR_QUERIER_LOGS]; /* when last logged */
	uint64_t due_ns[MCR_QUERIER_LOGS];  /* of the next line */
	uint64_t minute_ns;                 /* since when n_changes counts */
	uint8_t role, version;
	uint8_t n_changes; /* lines about a new role or version */
};

struct mcr_interface {
	struct mcr_interface_config config;
	struct mcr_port *port;
	struct mcr_gmp *igmp;            /* NULL: igmp=off or tx=never */
	struct mcr_gmp *mld;             /* NULL: mld=off or tx=never */
	struct mcr_querier *queriers[2]; /* by enum mcr_gmp_family; NULL: not one */
	/* NULL, or called when what is to be forwarded of a group to this interface is another:
	 * `changed` of mcr_querier_config, of both queriers. */
	void (*members_changed)(void *ctx, struct mcr_address group);
	void *members_ctx;
	struct mcr_nd nd;               /* off while IPv6 is not spoken */
	struct mcr_kernel_path *kernel; /* NULL: no kernel= */
	uint64_t due_ns; /* CLOCK_MONOTONIC: when the next poll has something to do */
	uint64_t tx_packets, tx_retries, tx_dropped;
	struct mcr_gmp_logged logged_igmp, logged_mld;
	struct mcr_querier_logged logged_queriers[2];
	struct mcr_address asks_from; /* IGMP's querier: config.address, as it was last told */
	uint8_t asks_prefix_len;

	/* What was last made of nd: interface_ipv6.c. */
	struct mcr_address mld_source;
	struct mcr_address joined[MCR_ND_ADDRESSES], own[MCR_INTERFACE_OWN_GROUPS];
	uint8_t n_joined, n_own;
	uint8_t are_groups_new; /* the port is to be filtered again */
	uint8_t is_leaving;     /* all memberships end, and no others begin */
};

/* mcr_interface_check: 0, or -EINVAL with err filled when the configuration cannot be. */
int mcr_interface_check(const struct mcr_interface_config *config, struct mcr_error *err);

/* mcr_interface_init puts an interface on an opened port. index: its place among the interfaces.
 * now_ns: monotonic, here and below. Errors, with err filled: -EINVAL (its VLAN is taken on the
 * port), -ENOMEM, what mcr_kernel_path_create gave. */
int mcr_interface_init(struct mcr_interface *i, const struct mcr_interface_config *config,
		       struct mcr_port *port, uint8_t index, uint64_t now_ns,
		       struct mcr_error *err);
void mcr_interface_fini(struct mcr_interface *i);

/* mcr_interface_input handles a punted frame and becomes the owner of its mbuf. packet: what
 * mcr_parse made of it. */
void mcr_interface_input(struct mcr_interface *i, struct rte_mbuf *m,
			 const struct mcr_packet *packet, uint64_t now_ns);

/* mcr_interface_hear_kernel: the kernel has sent a packet of IGMP or MLD past us, on the interface
 * that the port sits on. What that takes away from us is reported again at the next poll, and a
 * querier hears what the host reports. packet: from the IP header on; it is changed. */
void mcr_interface_hear_kernel(struct mcr_interface *i, uint8_t *packet, size_t len,
			       uint64_t now_ns);

/* mcr_interface_set_filter: this is what is wanted of the group on this interface from now on; the
 * next poll sends the report. INCLUDE of no source is the leave, which cannot fail. Returns 0, also
 * without IGMP or MLD, or -EINVAL or -ENOMEM as mcr_gmp_set_filter does. */
int mcr_interface_set_filter(struct mcr_interface *i, struct mcr_address group,
			     const struct mcr_source_filter *filter, uint64_t now_ns);

/* mcr_interface_leave_all: nothing is wanted of any group; the next poll sends the leaves. */
void mcr_interface_leave_all(struct mcr_interface *i, uint64_t now_ns);

/* mcr_interface_pending returns 0 when nothing of IGMP and MLD waits to be sent. */
size_t mcr_interface_pending(const struct mcr_interface *i);

/* mcr_interface_announce reports all memberships again: the MAC or IPv4 address is another, or the
 * link came up (is_link_new): then IPv6 addresses are tested again as well. */
void mcr_interface_announce(struct mcr_interface *i, int is_link_new, uint64_t now_ns);

/* mcr_interface_follow_addresses: address6, or what the kernel has, may be another now. */
void mcr_interface_follow_addresses(struct mcr_interface *i, uint64_t now_ns);

/* mcr_interface_own_groups fills groups with those that the interface itself listens to, distinct:
 * none before it speaks IPv6, then ff02::1 and the solicited-node groups of the addresses for which
 * it answers neighbours (RFC 4291 §2.8). Returns how many. When that changes, the port's filter is
 * due again: mcr_interface_take_groups. */
size_t mcr_interface_own_groups(const struct mcr_interface *i,
				struct mcr_address groups[MCR_INTERFACE_OWN_GROUPS]);

/* mcr_interface_take_groups returns 1 when those changed since the last call, else 0. */
int mcr_interface_take_groups(struct mcr_interface *i);

/* mcr_interface_set_mtu adapts reports and answers to another MTU of the port; announce afterwards.
 * Returns 0, or -ENOMEM: reports stay as long as they were. */
int mcr_interface_set_mtu(struct mcr_interface *i, uint64_t now_ns);

/* mcr_interface_poll sends the IGMP and MLD that is due, questions before answers, and the probes
 * of IPv6 addresses. */
void mcr_interface_poll(struct mcr_interface *i, uint64_t now_ns);

/* mcr_interface_watch writes the interface's next line for the log into line, and its level.
 * Returns 1, or 0 when there is none; call it until then. */
int mcr_interface_watch(struct mcr_interface *i, uint64_t now_ns, enum mcr_log_level *level,
			char *line, size_t cap);

#endif
