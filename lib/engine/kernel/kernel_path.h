/* SPDX-License-Identifier: BSD-3-Clause */
/* A port shared with the kernel (kernel=): frames that no channel wants go to a device in the
 * kernel, and frames that the kernel sends there leave through the port. The kernel sees the
 * interface's own VLAN, without its tag.
 *
 * Rx lcores put frames for the kernel into a ring of their own (struct mcr_worker.kernel), so that
 * these can starve neither IGMP nor the data. Control moves them on, a limited number each round
 * and after all its other work. Both sides have IGMP: received messages go to mcring's machine and
 * to the kernel, and the kernel's go out, but for what would take away from us
 * (core/gmp/gmp_spare.h), unless the interface has igmp=off. The same holds for MLD and mld=off.
 *
 * The device gets the port's MAC address and MTU when it is made. From then on only the device
 * thread changes it: when the port's MAC address or link changes, mcr_kernel_path_sync sets that of
 * the device; nothing changes its MTU. Thread: control, but for mcr_kernel_path_sync. */
#ifndef MCR_ENGINE_KERNEL_PATH_H
#define MCR_ENGINE_KERNEL_PATH_H

#include <stdint.h>

#include <mcring/engine.h>

#include "core/gmp/gmp.h"
#include "engine/kernel/kernel_device.h"
#include "engine/netdev/netdev_address.h"
#include "engine/port/port.h"

#define MCR_KERNEL_BURST      32
#define MCR_KERNEL_ROUND      256 /* frames each way and interface, then other work has its turn */
#define MCR_KERNEL_GROUPS_MAX 64  /* multicast MAC addresses that a device can want */

struct mcr_kernel_path {
	struct mcr_kernel_device device;
	struct mcr_port *port;
	uint16_t vlan;              /* of the interface; 0 = untagged */
	uint8_t is_quiet;           /* tx=never: nothing that the kernel sends goes out */
	uint8_t is_igmp_off;        /* igmp=off: the kernel's IGMP does not go out */
	uint8_t is_mld_off;         /* mld=off: nor its MLD */
	uint8_t is_lost;            /* somebody removed the device */
	uint8_t is_news;            /* the kernel sent IGMP or MLD, so its groups may be others */
	struct mcr_gmp *igmp, *mld; /* of the interface, which sets them; NULL = it has none */
	/* NULL, or set by the interface: takes each message of IGMP and MLD that the kernel sends
	 * and that goes out, from the IP header on; borrowed. */
	void (*reported)(void *ctx, const uint8_t *packet, size_t len, uint64_t now_ns);
	void *reported_ctx;
	uint64_t rx, rx_dropped; /* frames to the kernel; frames that it did not take */
	uint64_t tx, tx_dropped; /* frames from the kernel to the port; frames that do not go out */
	unsigned n_held;         /* read from the kernel, not taken by the port yet */
	struct rte_mbuf *held[MCR_KERNEL_BURST];
	size_t n_groups; /* MAC addresses that the kernel wants: mcr_kernel_device_groups */
	uint64_t groups[MCR_KERNEL_GROUPS_MAX];
	struct mcr_netdev_addresses addresses; /* of IPv6, that the kernel has on the device */

	/* While the job is pending all of this is the device thread's. Control goes on moving
	 * frames through device.fd, until is_lost: then the device thread may close it. */
	struct mcr_kernel_sync {
		struct mcr_job job;
		uint8_t is_end; /* the device is lost: close its descriptor and do no more */
		uint8_t carrier, device_carrier; /* what is wanted, what the device has */
		struct rte_ether_addr mac, device_mac;
		int n_groups; /* or -errno */
		uint64_t groups[MCR_KERNEL_GROUPS_MAX];
		struct mcr_netdev_address address;
	} sync;
};

/* mcr_kernel_path_create makes the device that config->kernel names. The port owns the frames'
 * pool. Returns 0, or with err filled -ENOMEM or what mcr_kernel_device_open gave.
 */
int mcr_kernel_path_create(struct mcr_kernel_path **out, const struct mcr_interface_config *config,
			   struct mcr_port *port, struct mcr_error *err);

/* mcr_kernel_path_destroy removes the device. NULL is allowed. */
void mcr_kernel_path_destroy(struct mcr_kernel_path *k);

/* mcr_kernel_path_is_up: whether the device is still there. k: NULL = there never was one. */
static inline int mcr_kernel_path_is_up(const struct mcr_kernel_path *k)
{
	return k && !k->is_lost;
}

/* mcr_kernel_path_has_joined: whether the kernel wants the group from its device, as far as MAC
 * addresses tell. k: NULL = no. */
int mcr_kernel_path_has_joined(const struct mcr_kernel_path *k, struct mcr_address group);

/* mcr_kernel_path_give hands a received frame to the kernel; m stays the caller's. */
void mcr_kernel_path_give(struct mcr_kernel_path *k, const struct rte_mbuf *m);

/* mcr_kernel_path_send moves frames that the kernel sends to the port, at most MCR_KERNEL_ROUND.
 * now_ns: monotonic. Returns how many. */
unsigned mcr_kernel_path_send(struct mcr_kernel_path *k, uint64_t now_ns);

/* mcr_kernel_path_is_waiting: whether the port did not take all frames: send again soon. */
static inline int mcr_kernel_path_is_waiting(const struct mcr_kernel_path *k)
{
	return k->n_held > 0;
}

/* mcr_kernel_path_prepare puts the port's MAC address and link into k->sync. mcr_kernel_path_sync
 * gives the device what it does not have yet of both, and reads which multicast addresses the
 * kernel wants from it and which IPv6 addresses it has there; it may wait for the kernel (thread:
 * device). mcr_kernel_path_take takes these over and returns what changed: MCR_KERNEL_ bits. */
#define MCR_KERNEL_GROUPS    1u
#define MCR_KERNEL_ADDRESSES 2u
void mcr_kernel_path_prepare(struct mcr_kernel_path *k);
void mcr_kernel_path_sync(struct mcr_kernel_path *k);
unsigned mcr_kernel_path_take(struct mcr_kernel_path *k);

#endif
