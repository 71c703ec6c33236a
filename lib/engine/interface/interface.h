/* SPDX-License-Identifier: BSD-3-Clause */
/* An interface as the network sees it: its IGMP, its answers to ARP and ICMP echo, its frames out.
 * Thread: control. */
#ifndef MCR_ENGINE_INTERFACE_H
#define MCR_ENGINE_INTERFACE_H

#include <stdint.h>

#include <mcring/engine.h>

#include "core/gmp/gmp.h"
#include "core/parse.h"
#include "core/source_filter.h"
#include "engine/kernel/kernel_path.h"
#include "engine/port/port.h"

struct mcr_interface {
	struct mcr_interface_config config;
	struct mcr_port *port;
	struct mcr_gmp *igmp;           /* NULL: igmp=off or tx=never */
	struct mcr_kernel_path *kernel; /* NULL: no kernel= */
	uint64_t igmp_due_ns;           /* CLOCK_MONOTONIC; only interface.c sets it */
	uint64_t tx_packets, tx_retries, tx_dropped;
	uint64_t logged_old_queries; /* in the log: of mcr_gmp_brief */
	uint64_t old_queries_due_ns;
	uint8_t logged_version;
};

#define MCR_INTERFACE_OWN_GROUPS 3 /* ff02::1, and a solicited-node group for each address */

/* mcr_interface_own_groups fills groups with those that the interface itself listens to, distinct:
 * none before it speaks IPv6, then ff02::1 and the solicited-node groups of the addresses for which
 * it answers neighbours (RFC 4291 §2.8). Returns how many. When that changes, the port's filter is
 * due again. */
size_t mcr_interface_own_groups(const struct mcr_interface *i,
				struct mcr_address groups[MCR_INTERFACE_OWN_GROUPS]);

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

/* mcr_interface_set_filter: this is what is wanted of the group on this interface from now on; the
 * next poll sends the report. INCLUDE of no source is the leave, which cannot fail. Returns 0, also
 * without IGMP, or -EINVAL or -ENOMEM as mcr_gmp_set_filter does. */
int mcr_interface_set_filter(struct mcr_interface *i, struct mcr_address group,
			     const struct mcr_source_filter *filter, uint64_t now_ns);

/* mcr_interface_leave_all: nothing is wanted of any group; the next poll sends the leaves. */
void mcr_interface_leave_all(struct mcr_interface *i, uint64_t now_ns);

/* mcr_interface_announce reports all memberships again: the link came up, or the MAC or IP address
 * is another. */
void mcr_interface_announce(struct mcr_interface *i, uint64_t now_ns);

/* mcr_interface_set_mtu adapts the reports to another MTU of the port; announce afterwards. Returns
 * 0, or -ENOMEM: reports stay as long as they were. */
int mcr_interface_set_mtu(struct mcr_interface *i);

/* mcr_interface_poll sends the IGMP that is due. */
void mcr_interface_poll(struct mcr_interface *i, uint64_t now_ns);

/* mcr_interface_watch writes the interface's next line for the log into line. Returns 1, or 0 when
 * there is none; call it until then. */
int mcr_interface_watch(struct mcr_interface *i, uint64_t now_ns, char *line, size_t cap);

#endif
