/* SPDX-License-Identifier: BSD-3-Clause */
/* Read in the sources of DPDK 22.11.11, and compared with 26.07-rc4 where a comment says so. What a
 * driver refuses openly needs no entry: the ladder finds out. */
#include <string.h>

#include "engine/filter/filter_traits.h"

static const struct mcr_filter_traits none = {.driver = ""};

static const struct mcr_filter_traits all[] = {
    /* tap_set_mc_addr_list returns 0 and does nothing. tap_flow_create_vlan masks the VLAN id with
     * a mask in the other byte order and keeps 8 bits of it; still so in 26.07. */
    {"net_tap", MCR_TRAIT_LIST_IGNORED | MCR_TRAIT_FLOW_NO_VLAN, 0,
     "net_tap ignores its multicast list"},
    /* virtio_mac_addr_add sends the device its table again but stops at the first free slot, so
     * addresses behind a removed one are cut off, and it returns 0; still so in 26.07.
     * virtio_mac_addr_remove sends the whole table. */
    {"net_virtio", MCR_TRAIT_SLOTS_CUT, 0, NULL},
    /* virtio_user_handle_ctrl_msg drops that table and returns 0. */
    {"net_virtio_user", MCR_TRAIT_SLOTS_IGNORED, 0,
     "net_virtio_user has no multicast list, and ignores its MAC slots"},
    /* mlx5_traffic_restart removes all control flows and makes them again, even for all-multicast.
     * An isolated port (mlx5_flow_isolate, before it starts) has none: it ignores the list, and
     * all-multicast returns 0 without effect. User rules match before them. */
    {"mlx5_pci", MCR_TRAIT_RESTARTS | MCR_TRAIT_ISOLATE, 0, NULL},
    {"mlx5_auxiliary", MCR_TRAIT_RESTARTS | MCR_TRAIT_ISOLATE, 0, NULL},
    /* fdir_write_perfect_filter has no register for an IPv6 destination: it writes the first word
     * of one as if it were an IPv4 address, and returns 0. */
    {"net_txgbe", MCR_TRAIT_FLOW_NO_IPV6, 0, NULL},
    /* ixgbe_update_mc_addr_list_vf and its kin send the PF the first 30 and return 0. */
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
