/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/address.h"
#include "engine/rx/view.h"

int mcr_view_kernel_wants(const struct mcr_view *view, uint8_t interface, const uint8_t mac[6],
			  const uint8_t own[6])
{
	uint64_t group;

	if (interface == MCR_NO_INTERFACE || (view->kernel_interfaces >> interface & 1) == 0)
		return 0;
	if ((mac[0] & 1) == 0)
		return memcmp(mac, own, 6) == 0;
	if (mcr_mac_is_for_all(
		mac)) /* not listed when its device is in another network namespace */
		return 1;
	group = mcr_view_kernel_group(interface, mcr_mac_number(mac));
	for (size_t g = 0; g < view->n_kernel_groups; g++)
		if (view->kernel_groups[g] == group)
			return 1;
	return 0;
}
