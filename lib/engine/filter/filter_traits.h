/* SPDX-License-Identifier: BSD-3-Clause */
/* Where drivers do something else with filters than they say. Each entry was read in the source of
 * the driver, in the version that it names. */
#ifndef MCR_ENGINE_FILTER_TRAITS_H
#define MCR_ENGINE_FILTER_TRAITS_H

#include <stddef.h>

enum {
	/* Answers 0 to a multicast list and ignores it. */
	MCR_TRAIT_LIST_IGNORED = 1u << 0,
	/* Answers 0 to multicast addresses in its slots and forgets them. */
	MCR_TRAIT_SLOTS_IGNORED = 1u << 1,
	/* While the list or all-multicast changes, the port lets nothing in for a moment, so it is
	 * worse to switch all-multicast on and off around a change of the list. */
	MCR_TRAIT_RESTARTS = 1u << 2,
	/* Shares the port with the kernel. When isolated it takes only frames that match a flow
	 * rule, and takes them whatever the MAC filters are. */
	MCR_TRAIT_ISOLATE = 1u << 3,
	/* When an address is added to the slots, those behind a free slot have no effect until one
	 * is removed. */
	MCR_TRAIT_SLOTS_CUT = 1u << 5,
	/* A VLAN id in a flow rule matches other VLANs. */
	MCR_TRAIT_FLOW_NO_VLAN = 1u << 4,
	/* An IPv6 destination in a flow rule is accepted and not what the NIC matches. */
	MCR_TRAIT_FLOW_NO_IPV6 = 1u << 6,
};

struct mcr_filter_traits {
	const char *driver; /* rte_eth_dev_info.driver_name */
	unsigned flags;
	size_t list_max; /* it claims to take longer lists and cuts them; 0 = it refuses them */
	const char *why; /* why so, for the reason that users see; NULL = none */
};

/* mcr_filter_traits_of: never NULL; other drivers have no traits. */
const struct mcr_filter_traits *mcr_filter_traits_of(const char *driver);

#endif
