/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/address.h"
#include "engine/rx/view.h"

/* Broadcast, and what IPv6 has in its place: all nodes, and the solicited-node groups of any
 * address (RFC 4291 §2.7.1), by which hosts look for each other. They are not among the kernel's
 * groups when its device is in another network namespace. */
static int is_for_all(const uint8_t mac[6])
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			     nodes[6] = {MCR_IPV6_GROUP_MAC, 0, 0, 0, 1};

	return memcmp(mac, all, sizeof(all)) == 0 || memcmp(mac, nodes, sizeof(nodes)) == 0 ||
	       (mcr_mac_is_ipv6_group(mac) && mac[2] == 0xff);
}

int mcr_view_kernel_wants(const struct mcr_view *view, uint8_t interface, const uint8_t mac[6],
			  const uint8_t own[6])
{
	uint64_t group;

	if (interface == MCR_NO_INTERFACE || (view->kernel_interfaces >> interface & 1) == 0)
		return 0;
	if ((mac[0] & 1) == 0)
		return memcmp(mac, own, 6) == 0;
	if (is_for_all(mac))
		return 1;
	group = mcr_view_kernel_group(interface, mcr_mac_number(mac));
	for (size_t g = 0; g < view->n_kernel_groups; g++)
		if (view->kernel_groups[g] == group)
			return 1;
	return 0;
}
