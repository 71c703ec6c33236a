/* SPDX-License-Identifier: BSD-3-Clause */
/* What drivers do with filters other than they say. Each entry was read in the driver's source, of
 * the version that it names. */
#ifndef MCR_ENGINE_FILTER_TRAITS_H
#define MCR_ENGINE_FILTER_TRAITS_H

#include <stddef.h>

enum {
	/* Answers 0 to a multicast list and ignores it. */
	MCR_TRAIT_LIST_IGNORED = 1u << 0,
	/* Answers 0 to multicast addresses in its slots and forgets them. */
	MCR_TRAIT_SLOTS_IGNORED = 1u << 1,
	/* A change of the list or of all-multicast takes down for a moment what the port lets in,
	 * so that opening the one around the other makes it worse. */
	MCR_TRAIT_RESTARTS = 1u << 2,
	/* Shares the port with the kernel: isolated it takes only what has a flow rule, and the
	 * rule lets in by itself, whatever the MAC filters say. */
	MCR_TRAIT_ISOLATE = 1u << 3,
	/* An address that is added to the slots cuts off those behind a free slot, until one is
	 * removed. */
	MCR_TRAIT_SLOTS_CUT = 1u << 5,
	/* A VLAN id in a flow rule matches other VLANs. */
	MCR_TRAIT_FLOW_NO_VLAN = 1u << 4,
};

struct mcr_filter_traits {
	const char *driver; /* rte_eth_dev_info.driver_name */
	unsigned flags;
	size_t list_max; /* of a list that it claims to take and takes in part; 0 = it tells */
	const char *why; /* of flags and list_max, for the reason that users see; NULL = none */
};

/* mcr_filter_traits_of: never NULL; other drivers have no traits. */
const struct mcr_filter_traits *mcr_filter_traits_of(const char *driver);

#endif
