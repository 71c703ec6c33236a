/* SPDX-License-Identifier: BSD-3-Clause */
/* Memberships of ours in the kernel, beside those of its programs on an interface: as long as we
 * hold one, the kernel sends no leave when the last of its programs leaves the group. Each is a
 * socket that is bound to nothing, so it receives nothing. Thread: device; may wait for the kernel.
 */
#ifndef MCR_ENGINE_NETDEV_HOLD_H
#define MCR_ENGINE_NETDEV_HOLD_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>

#define MCR_HELD_GROUPS_MAX  64
#define MCR_HELD_SOURCES_MAX 10 /* net.ipv4.igmp_max_msf, unless somebody changed it */

struct mcr_held_group {
	struct mcr_address group;
	struct mcr_address sources[MCR_HELD_SOURCES_MAX]; /* that are included; beyond n all 0 */
	uint32_t n;                                       /* 0 = any source */
};

struct mcr_netdev_hold {
	uint32_t index;
	size_t n;
	struct mcr_held_group groups[MCR_HELD_GROUPS_MAX];
	int fds[MCR_HELD_GROUPS_MAX];
};

/* mcr_netdev_hold_set holds these groups and no others on an interface; n: MCR_HELD_GROUPS_MAX at
 * most. What stays is not left for a moment, whatever becomes of its sources. What the kernel
 * refuses is not held; the next call tries it again. */
void mcr_netdev_hold_set(struct mcr_netdev_hold *h, uint32_t index,
			 const struct mcr_held_group *groups, size_t n);

#endif
