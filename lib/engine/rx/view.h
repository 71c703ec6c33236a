/* SPDX-License-Identifier: BSD-3-Clause */
/* What control publishes to the rx lcores: one immutable snapshot, replaced as a whole with a
 * release store and freed after a grace period (publish.c). */
#ifndef MCR_ENGINE_VIEW_H
#define MCR_ENGINE_VIEW_H

#include <stdint.h>

#include <rte_config.h>

#include <mcring/engine.h>

#include "core/group_table.h"
#include "core/ring.h"
#include "engine/plan/limits.h"
#include "engine/rx/inline.h"

/* Of all interfaces together: the kernel gets no frames for those beyond. */
#define MCR_VIEW_KERNEL_GROUPS 256

struct mcr_relay_view;

struct mcr_view_port {
	const uint8_t *interface_of_vlan; /* MCR_VLANS entries; lives as long as the engine */
	uint32_t link_changes;            /* counts up at each change of the link */
	uint8_t link_up;
	uint8_t removed; /* not to be polled any more */
	uint8_t mac[6];  /* of the port: frames from it are its own */
};

struct mcr_view {
	uint64_t serial;               /* from 1. Memory is used again, a serial is not */
	struct mcr_group_table *table; /* freed after it, by the control thread */
	/* The writer of each channel's ring, by lcore; NULL where there is no such channel. */
	struct mcr_ring_writer *rings[MCR_CHANNELS_MAX][MCR_LCORES_MAX];
	struct mcr_inline *handlers[MCR_CHANNELS_MAX][MCR_LCORES_MAX]; /* NULL = none */
	struct mcr_view_port ports[RTE_MAX_ETHPORTS];
	/* By interface: its subnet's broadcast address, which no host may send from (RFC 1122
	 * §3.2.1.3); 255.255.255.255 where the subnet has none. */
	uint32_t broadcast_be[MCR_INTERFACES_MAX];
	/* kernel= (kernel_path.h): a bit per interface that has it, and the multicast that the
	 * kernel wants from them: mcr_view_kernel_group. */
	uint64_t kernel_interfaces;
	size_t n_kernel_groups;
	uint64_t kernel_groups[MCR_VIEW_KERNEL_GROUPS];
	struct mcr_relay_view *relay; /* freed with it; NULL: the engine does not relay */
};

/* mcr_view_kernel_wants: whether the kernel wants a frame to this MAC address. It does when the
 * interface has a device in the kernel and the address is the port's own, broadcast, ff02::1, a
 * solicited-node group, or one of the kernel's groups. interface: MCR_NO_INTERFACE = 0 is returned.
 * Thread: any. */
int mcr_view_kernel_wants(const struct mcr_view *view, uint8_t interface, const uint8_t mac[6],
			  const uint8_t own[6]);

/* mcr_view_kernel_group: a multicast MAC address that the kernel wants from an interface.
 * mac_number: mcr_mac_number of it. */
static inline uint64_t mcr_view_kernel_group(unsigned interface, uint64_t mac_number)
{
	return (uint64_t)interface << 48 | mac_number;
}

#endif
