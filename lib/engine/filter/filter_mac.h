/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames a port lets in by their MAC address: by the multicast list, or by address slots
 * where the driver has no list, else all-multicast, else promiscuous. The rung is that of the port
 * as a whole, unless it can have neither of the last two: then only the addresses that fit into
 * list or slots are let in. Thread: device. */
#ifndef MCR_ENGINE_FILTER_MAC_H
#define MCR_ENGINE_FILTER_MAC_H

#include <stddef.h>
#include <stdint.h>

#include <rte_ether.h>

#include "core/address.h"
#include "engine/filter/filter_traits.h"

#define MCR_REASON_MAX 192

enum mcr_rung {
	MCR_RUNG_FLOW, /* a group's: a flow rule brings it to its queue (filter_flow.h) */
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
	char reason[MCR_REASON_MAX]; /* why the rung is not a better one; "" on the best */

	uint8_t no_list, no_slots;      /* the driver has none */
	uint8_t all_multi, promiscuous; /* switched on by us, so ours to switch off */
	char missing[96];               /* what the driver does not have; "" = it has all */
	char refusal[96];               /* why list or slots refused; "" = they did not */
	size_t refused;                 /* so many addresses were refused last; 0 = none so far */
	const char *why_all;            /* of the last set */

	struct rte_ether_addr *wanted, *held; /* ascending; held: what list or slots have */
	size_t n_wanted, n_held;
};

/* mcr_filter_mac_init asks nothing of the driver. traits: constant. */
void mcr_filter_mac_init(struct mcr_filter_mac *f, uint16_t port,
			 const struct mcr_filter_traits *traits);
void mcr_filter_mac_fini(struct mcr_filter_mac *f);

/* mcr_filter_mac_of: the address of a group (RFC 1112 §6.4). */
struct rte_ether_addr mcr_filter_mac_of(struct mcr_address group);

/* mcr_filter_mac_set lets in these addresses (ascending, distinct, at least one). why_all: why all
 * multicast is to come in, which is then opened whatever list and slots could hold; a constant,
 * whose address is compared; NULL = it is not to. As far as the driver allows, no frame to an
 * address that stays is lost: new addresses go in before old ones come out, and all-multicast is on
 * while a list is replaced. The filter steps down when the driver refuses, and up again when no
 * more than 3/4 of what was refused is wanted. Returns 0 or -ENOMEM (unchanged). */
int mcr_filter_mac_set(struct mcr_filter_mac *f, const struct rte_ether_addr *macs, size_t n,
		       const char *why_all);

/* mcr_filter_mac_keep switches the mode on again that the rung is, if somebody else switched it
 * off: a second process that captured, when it ended. */
void mcr_filter_mac_keep(struct mcr_filter_mac *f);

/* mcr_filter_mac_wants: whether the last set had this address. */
int mcr_filter_mac_wants(const struct mcr_filter_mac *f, const struct rte_ether_addr *mac);

/* mcr_filter_mac_rung: the rung on which one address is let in. */
enum mcr_rung mcr_filter_mac_rung(const struct mcr_filter_mac *f, const struct rte_ether_addr *mac);

#endif
