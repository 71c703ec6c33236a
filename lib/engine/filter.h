/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port is told to let in: the ladder, one rung for the port as a whole. The exact match is
 * always done in software behind it.
 *
 * mac-list and mac-slots filter on the NIC; all-multicast and promiscuous let more in; none: the
 * driver offers nothing of it and delivers what it delivers. */
#ifndef MCR_ENGINE_FILTER_H
#define MCR_ENGINE_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include <rte_ether.h>

enum mcr_rung {
	MCR_RUNG_MAC_LIST,
	MCR_RUNG_MAC_SLOTS,
	MCR_RUNG_ALL_MULTICAST,
	MCR_RUNG_PROMISCUOUS,
	MCR_RUNG_NONE,
};

struct mcr_filter_port {
	uint16_t port;
	enum mcr_rung rung;
	char reason[96];             /* why not a better rung; "" on the best */
	struct rte_ether_addr *macs; /* let in now, ascending */
	size_t n;
};

void mcr_filter_port_init(struct mcr_filter_port *f, uint16_t port, const char *driver);

/* mcr_filter_macs fills macs (room for n + 1) with what a port has to let in for n groups,
 * ascending and distinct: their addresses and that of 224.0.0.1, where queries come (RFC 1112
 * §7.2). Returns how many: 32 groups share an address (§6.4). */
size_t mcr_filter_macs(struct rte_ether_addr *macs, const uint32_t *groups_be, size_t n);

/* mcr_filter_port_set lets in exactly these MAC addresses (ascending, distinct) where the rung can
 * say so. It steps down the ladder when the driver refuses and never up again. A group that stays
 * loses nothing: while a list is replaced, all multicast is let in. Thread: control. */
void mcr_filter_port_set(struct mcr_filter_port *f, const struct rte_ether_addr *macs, size_t n);

void mcr_filter_port_fini(struct mcr_filter_port *f);

const char *mcr_rung_name(enum mcr_rung rung);

#endif
