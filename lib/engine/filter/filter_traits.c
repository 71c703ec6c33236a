/* SPDX-License-Identifier: BSD-3-Clause */
/* Read in the sources of DPDK 22.11.11, and compared with 26.07-rc4 where a line says so. What a
 * driver refuses openly needs no entry: the ladder finds out. */
#include <string.h>

#include "engine/filter/filter_traits.h"

static const struct mcr_filter_traits none = {.driver = ""};

static const struct mcr_filter_traits all[] = {
    /* tap_set_mc_addr_list returns 0 and does nothing. tap_flow_create_vlan masks the VLAN id with
     * a mask in the other byte order and keeps 8 bits of it; still so in 26.07. */
    {"net_tap", MCR_TRAIT_LIST_IGNORED | MCR_TRAIT_FLOW_NO_VLAN, 0,
     "net_tap ignores its multicast list"},
    /* virtio_mac_addr_add tells the device its table anew but stops at the first free slot, so
     * what stands behind a removed address is cut off, with 0 for an answer; still so in 26.07.
     * virtio_mac_addr_remove tells all of it. */
    {"net_virtio", MCR_TRAIT_SLOTS_CUT, 0, NULL},
    /* virtio_user_handle_ctrl_msg answers that table with 0 and drops it. */
    {"net_virtio_user", MCR_TRAIT_SLOTS_IGNORED, 0,
     "net_virtio_user has no multicast list, and ignores its MAC slots"},
    /* mlx5_traffic_restart: all control flows are removed and made again, also by all-multicast
     * itself. Isolated (mlx5_flow_isolate, before the port starts) there are none, the list is not
     * looked at and all-multicast answers 0 without effect. User rules match before them. */
    {"mlx5_pci", MCR_TRAIT_RESTARTS | MCR_TRAIT_ISOLATE, 0, NULL},
    {"mlx5_auxiliary", MCR_TRAIT_RESTARTS | MCR_TRAIT_ISOLATE, 0, NULL},
    /* ixgbe_update_mc_addr_list_vf and its kin tell the PF of the first 30 and return 0. */
    {"net_ixgbe_vf", 0, 30, "the mailbox of a VF takes 30 multicast addresses"},
    {"net_txgbe_vf", 0, 30, "the mailbox of a VF takes 30 multicast addresses"},
    {"net_e1000_igb_vf", 0, 30, "the mailbox of a VF takes 30 multicast addresses"},
};

const struct mcr_filter_traits *mcr_filter_traits_of(const char *driver)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].driver, driver) == 0)
			return &all[i];
	return &none;
}
