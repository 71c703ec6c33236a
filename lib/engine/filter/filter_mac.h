/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames a port lets in by their MAC address: the multicast list, or address slots where the
 * driver has no list, else all-multicast, else promiscuous. A rung for the port as a whole, but
 * where neither of the last two can be had: then what fits into list or slots is let in and the
 * rest is not. Thread: device. */
#ifndef MCR_ENGINE_FILTER_MAC_H
#define MCR_ENGINE_FILTER_MAC_H

#include <stddef.h>
#include <stdint.h>

#include <rte_ether.h>

#include "engine/filter/filter_traits.h"

#define MCR_REASON_MAX 192

enum mcr_rung {
	MCR_RUNG_FLOW, /* of a group: a flow rule brings it to its queue (filter_flow.h) */
	MCR_RUNG_MAC_LIST,
	MCR_RUNG_MAC_SLOTS,
	MCR_RUNG_ALL_MULTICAST,
	MCR_RUNG_PROMISCUOUS,
	MCR_RUNG_NONE,
};

struct mcr_filter_mac {
	uint16_t port;
	const struct mcr_filter_traits *traits;
	enum mcr_rung rung;
	char reason[MCR_REASON_MAX]; /* why not a better rung; "" on the best */

	uint8_t no_list, no_slots;      /* the driver has none */
	uint8_t all_multi, promiscuous; /* opened by us, so ours to close */
	char missing[96];               /* what the driver does not have; "" = nothing of it */
	char refusal[96];               /* what list or slots answered; "" = nothing bad */
	size_t refused; /* so many addresses were too many; 0 = none was refused so far */

	struct rte_ether_addr *wanted, *held; /* ascending; held: what list or slots have */
	size_t n_wanted, n_held;
};

void mcr_filter_mac_init(struct mcr_filter_mac *f, uint16_t port,
			 const struct mcr_filter_traits *traits);
void mcr_filter_mac_fini(struct mcr_filter_mac *f);

/* mcr_filter_mac_of: the address of a group (RFC 1112 §6.4). */
struct rte_ether_addr mcr_filter_mac_of(uint32_t group_be);

/* mcr_filter_mac_set lets in these addresses (ascending, distinct, at least one). No frame of an
 * address that stays is lost where the driver can be kept from it: new ones go in before old ones
 * come out, and all-multicast is open while a list is replaced. It steps down when the driver
 * refuses, and up again when no more than 3/4 of what was refused is wanted.
 * Returns 0 or -ENOMEM (unchanged). */
int mcr_filter_mac_set(struct mcr_filter_mac *f, const struct rte_ether_addr *macs, size_t n);

/* mcr_filter_mac_wants: whether the last set had this address. */
int mcr_filter_mac_wants(const struct mcr_filter_mac *f, const struct rte_ether_addr *mac);

/* mcr_filter_mac_rung: the rung on which one address is let in. */
enum mcr_rung mcr_filter_mac_rung(const struct mcr_filter_mac *f, const struct rte_ether_addr *mac);

#endif
