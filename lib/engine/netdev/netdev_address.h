/* SPDX-License-Identifier: BSD-3-Clause */
/* Which IPv6 addresses the kernel has on an interface, as rtnetlink (RTM_GETADDR) shows it. Needs
 * no privileges. One socket both hears of changes (RTNLGRP_IPV6_IFADDR) and asks, so an interface
 * whose addresses stay as they are costs one system call a look. */
#ifndef MCR_ENGINE_NETDEV_ADDRESS_H
#define MCR_ENGINE_NETDEV_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "core/nd/nd.h"
#include "engine/netdev/netlink.h"

#define MCR_NETDEV_ADDRESSES 32 /* beyond these only link-local ones are taken */

struct mcr_netdev_addresses {
	size_t n;
	struct mcr_nd_kernel_address list[MCR_NETDEV_ADDRESSES]; /* beyond n all 0 */
};

struct mcr_netdev_address {
	struct mcr_netlink socket;
	uint32_t index;
	uint8_t is_due; /* something changed, so the kernel has to be asked */
	struct mcr_netdev_addresses found;

	/* The answer that comes in. */
	uint32_t answered; /* the question's serial */
	uint8_t is_cut;    /* the kernel's list changed while it was read */
	struct mcr_netdev_addresses next;
};

/* mcr_netdev_address_open takes an interface's index. Does not wait. Returns 0 or -errno. */
int mcr_netdev_address_open(struct mcr_netdev_address *a, uint32_t index);
void mcr_netdev_address_close(struct mcr_netdev_address *a);

/* mcr_netdev_address_look brings found up to date: empty when there is no such interface in our
 * network namespace. May wait for the kernel. Returns 0, or -errno: found is as it was, and the
 * next look asks again. */
int mcr_netdev_address_look(struct mcr_netdev_address *a);

/* mcr_netdev_address_input reads len octets of messages from the kernel. Returns 1 when the answer
 * to the last question ends in them, a -errno that ends it (-EINTR: the list changed meanwhile),
 * else 0. */
int mcr_netdev_address_input(struct mcr_netdev_address *a, const void *msgs, size_t len);

#endif
