/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include <rte_ethdev.h>

#include "engine/port.h"

int mcr_port_kernel_name(const struct mcr_port *port, char name[IF_NAMESIZE])
{
	struct ifreq request = {.ifr_ifindex = (int)port->kernel_index};

	if (ioctl(port->kernel_fd, SIOCGIFNAME, &request) < 0)
		return -errno;
	memcpy(name, request.ifr_name, IF_NAMESIZE);
	return 0;
}

/* Whether the kernel's interface under the port is up and has carrier; IFF_RUNNING would say so up
 * to a second late. Returns 1, 0, -ENODEV: there is none, or -errno: it could not be asked. */
static int is_kernel_link_up(const struct mcr_port *port)
{
	struct ethtool_value carrier = {.cmd = ETHTOOL_GLINK};
	struct ifreq request = {0};
	int ret = mcr_port_kernel_name(port, request.ifr_name);

	if (ret < 0)
		return ret;
	if (ioctl(port->kernel_fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	if ((request.ifr_flags & IFF_UP) == 0)
		return 0;
	ret = (request.ifr_flags & IFF_RUNNING) != 0;
	request.ifr_data = (void *)&carrier;
	if (ioctl(port->kernel_fd, SIOCETHTOOL, &request) == 0)
		ret = carrier.data != 0;
	return ret;
}

/* net_af_packet and net_af_xdp (DPDK 22.11) say "up" for ever, so the kernel is asked as well.
 * Returns 1, 0, or -errno: nothing is known. */
static int is_link_up(struct mcr_port *port, const struct rte_eth_link *link)
{
	int kernel;

	if (link->link_status != RTE_ETH_LINK_UP)
		return 0;
	if (port->kernel_index == 0)
		return 1;
	kernel = is_kernel_link_up(port);
	if (kernel == -ENODEV)
		return !port->kernel_seen; /* never seen: another namespace's, not ours to see */
	if (kernel >= 0)
		port->kernel_seen = 1;
	return kernel;
}

void mcr_port_count(struct mcr_port *port)
{
	struct rte_eth_stats stats;

	if (rte_eth_stats_get(port->id, &stats) < 0)
		return;
	stats.imissed += mcr_packet_loss_read(&port->loss);
	port->found.stats = stats;
}

void mcr_port_look(struct mcr_port *port)
{
	struct mcr_port_look *found = &port->found;
	struct rte_eth_link link = {0};

	found->is_gone = (uint8_t)mcr_port_is_gone(port);
	if (found->is_gone)
		return;
	rte_eth_macaddr_get(port->id, &found->mac);
	found->link = rte_eth_link_get_nowait(port->id, &link);
	if (found->link == 0)
		found->link = is_link_up(port, &link);
	found->speed_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
	mcr_port_count(port);
	found->promiscuous = rte_eth_promiscuous_get(port->id) == 1;
	found->all_multicast = rte_eth_allmulticast_get(port->id) == 1;
	mcr_port_clock_update(port);
}

/* The application, or a bond, may give the port another address. */
static int is_mac_changed(struct mcr_port *port)
{
	if (rte_is_same_ether_addr(&port->seen.mac, &port->mac))
		return 0;
	port->mac = port->seen.mac;
	return 1;
}

unsigned mcr_port_take(struct mcr_port *port)
{
	unsigned changed;
	int up;

	port->seen = port->found;
	if (port->seen.is_gone)
		return MCR_PORT_GONE;
	changed = is_mac_changed(port) ? MCR_PORT_MAC : 0;
	up = port->seen.link;
	if (up < 0) { /* not to see it does not say that it is down: it is as it was */
		changed |= port->link_error == 0 ? MCR_PORT_UNSEEN : 0;
		port->link_error = up;
		return changed;
	}
	port->link_error = 0;
	if (up == port->link_up)
		return changed;
	port->link_up = (uint8_t)up;
	port->link_changes++;
	return changed | MCR_PORT_LINK;
}
