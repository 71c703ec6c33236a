/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's interface under a port, as rtnetlink (rtnetlink(7), RTM_GETLINK) shows it. Drivers
 * that use one (net_af_packet, net_af_xdp, mlx5) report little of it, and a port under vfio has
 * none.
 *
 * One socket both hears of changes (RTNLGRP_LINK) and asks. It has to hear, because one thing
 * cannot be asked afterwards: whether an interface that is gone was deleted or moved to another
 * network namespace. Each look asks for everything else, so a message that the kernel could not
 * queue (ENOBUFS) costs nothing. No DPDK in here. */
#ifndef MCR_ENGINE_NETDEV_LINK_H
#define MCR_ENGINE_NETDEV_LINK_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/engine.h>

#include "engine/netdev/netlink.h"

enum mcr_netdev_presence {
	MCR_NETDEV_UNSEEN, /* never seen: in another network namespace, or not asked yet */
	MCR_NETDEV_HERE,
	MCR_NETDEV_MOVED, /* to another network namespace; it may come back */
	MCR_NETDEV_GONE,  /* deleted: its index does not come back */
};

struct mcr_netdev_state {
	uint8_t presence;   /* enum mcr_netdev_presence; the rest is as it was last seen */
	uint8_t is_enabled; /* IFF_UP */
	uint8_t is_up;      /* IFF_UP and carrier */
	uint8_t has_mac;    /* 0: it has no Ethernet address */
	uint8_t xdp;        /* XDP_ATTACHED_NONE, _DRV, ... of linux/if_link.h */
	uint8_t mac[6];
	char name[MCR_DEVICE_NAME_MAX];
	char kind[16]; /* "veth", "tun", "bridge"; "" = not a virtual one */
	uint32_t mtu;
	uint32_t carrier_downs; /* how often carrier was lost in the interface's life */
};

struct mcr_netdev_link {
	struct mcr_netlink socket;
	uint32_t index;
	struct mcr_netdev_state state;
};

/* mcr_netdev_link_open takes an interface's index. Does not wait. Returns 0 or -errno. */
int mcr_netdev_link_open(struct mcr_netdev_link *l, uint32_t index);
void mcr_netdev_link_close(struct mcr_netdev_link *l);

/* mcr_netdev_link_look brings state up to date. May wait for the kernel's RTNL lock. Returns 0, or
 * -errno: the state is as it was (-ETIMEDOUT: the kernel did not answer within a second). */
int mcr_netdev_link_look(struct mcr_netdev_link *l);

/* mcr_netdev_link_input reads len octets of messages from the kernel, which is not trusted to
 * get lengths right. Returns 1 when the answer to the last question is among them, else 0. */
int mcr_netdev_link_input(struct mcr_netdev_link *l, const void *msgs, size_t len);

#endif
