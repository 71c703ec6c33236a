/* SPDX-License-Identifier: BSD-3-Clause */
/* Which multicast groups the kernel's programs have joined on an interface: /proc/net/igmp and
 * /proc/net/igmp6, as no netlink question shows those of IPv4 before Linux 6.15. They may wait for
 * the kernel. Needs no privileges. */
#ifndef MCR_ENGINE_NETDEV_GROUPS_H
#define MCR_ENGINE_NETDEV_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>

#define MCR_NETDEV_GROUPS_MAX 256

struct mcr_netdev_groups {
	size_t n;
	uint8_t is_more; /* it has joined others, too, or they could not be read */
	struct mcr_address list[MCR_NETDEV_GROUPS_MAX];
};

/* mcr_netdev_groups_look fills out with those of the interface with this index, in our network
 * namespace. */
void mcr_netdev_groups_look(struct mcr_netdev_groups *out, uint32_t index);

/* mcr_netdev_groups_has: whether the kernel has joined the group, or may have. */
int mcr_netdev_groups_has(const struct mcr_netdev_groups *groups, struct mcr_address group);

/* mcr_netdev_groups_add_igmp and _igmp6 add those that the text of such a file names. */
void mcr_netdev_groups_add_igmp(struct mcr_netdev_groups *out, const char *text, uint32_t index);
void mcr_netdev_groups_add_igmp6(struct mcr_netdev_groups *out, const char *text, uint32_t index);

#endif
