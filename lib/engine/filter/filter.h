/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port lets in, and to which queue it brings it: the ladder.
 *
 * These are two things, kept apart because NICs keep them apart: filter_mac.h lets frames in by
 * their MAC address, on one rung for the port; filter_flow.h brings a group's datagrams to one
 * queue, group by group. Software always does the exact match behind both.
 *
 * A group's rung is rte-flow where it has a flow rule; else that of the MAC filter (mac-list,
 * mac-slots, all-multicast, promiscuous, none). The reason says why it is not a better one.
 *
 * To set a filter calls the driver, which may wait for the kernel. So while the engine runs a
 * filter belongs to the device thread, and control has a copy to look at. Thread: device, or
 * control when no change is pending. */
#ifndef MCR_ENGINE_FILTER_H
#define MCR_ENGINE_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include <rte_ether.h>

#include "engine/filter/filter_flow.h"
#include "engine/filter/filter_mac.h"

#define MCR_ANY_QUEUE (-1) /* the device or RSS chooses it */

#define MCR_FILTER_OTHERS 256

struct mcr_filter_port {
	struct mcr_filter_mac mac;
	struct mcr_filter_flow flow;
	/* To be let in beside the groups: what the kernel's programs want (kernel_path.h). The
	 * owner fills it in before a set, in any order. */
	struct rte_ether_addr others[MCR_FILTER_OTHERS];
	size_t n_others;
};

/* How a group, or the port as a whole, is let in. */
struct mcr_filter_state {
	enum mcr_rung rung;
	int queue; /* or MCR_ANY_QUEUE */
	char reason[MCR_REASON_MAX];
};

/* Call mcr_filter_port_init before the port is configured, mcr_filter_port_queues when it is, and
 * mcr_filter_port_fini at its end. */
void mcr_filter_port_init(struct mcr_filter_port *f, uint16_t port, const char *driver);
void mcr_filter_port_queues(struct mcr_filter_port *f, uint16_t n_queues);
void mcr_filter_port_fini(struct mcr_filter_port *f);

/* mcr_filter_port_set programs the NIC with what is wanted now, all changes as one. wants: distinct
 * by VLAN, kind and group; reordered. What the host listens to gets flow rules on an isolated port
 * only. Returns 0, or -ENOMEM (what it could not change is as it was). */
int mcr_filter_port_set(struct mcr_filter_port *f, struct mcr_filter_want *wants, size_t n);

/* mcr_filter_port_keep puts back what another process took away: mcr_filter_mac_keep. */
void mcr_filter_port_keep(struct mcr_filter_port *f);

/* mcr_filter_port_copy: a copy of a filter as it is now, for the functions below; it must not be
 * set. Returns NULL without memory. */
struct mcr_filter_port *mcr_filter_port_copy(const struct mcr_filter_port *f);

/* mcr_filter_port_copy_destroy frees a copy. NULL is allowed. */
void mcr_filter_port_copy_destroy(struct mcr_filter_port *copy);

/* mcr_filter_port_state: how a group is let in; a group that the last set did not want is not let
 * in yet. */
void mcr_filter_port_state(const struct mcr_filter_port *f, uint16_t vlan, struct mcr_address group,
			   struct mcr_filter_state *out);

/* mcr_filter_port_summary: how the port as a whole lets groups in. */
void mcr_filter_port_summary(const struct mcr_filter_port *f, struct mcr_filter_state *out);

/* mcr_filter_port_hides: whether multicast that nobody wants stays outside, or may. A driver that
 * cannot be programmed hides nothing that it could be told to let in. */
int mcr_filter_port_hides(const struct mcr_filter_port *f);

/* mcr_filter_macs fills macs (room for n + 1) with the addresses of n wants and that of 224.0.0.1,
 * ascending and distinct: 32 IPv4 groups share one (RFC 1112 §6.4), and so do IPv6 groups with the
 * same last 32 bits (RFC 2464 §7). MLD wants that of ff02::1. Returns how many. */
size_t mcr_filter_macs(struct rte_ether_addr *macs, const struct mcr_filter_want *wants, size_t n);

/* mcr_filter_macs_sort makes macs ascending and distinct. Returns how many are left. */
size_t mcr_filter_macs_sort(struct rte_ether_addr *macs, size_t n);

/* mcr_filter_spread: to which of n queues a group comes where nothing else decides. Consecutive
 * groups, with any step, spread evenly. */
uint16_t mcr_filter_spread(struct mcr_address group, uint16_t n);

/* mcr_rung_name: the name that users see; constant. */
const char *mcr_rung_name(enum mcr_rung rung);

#endif
