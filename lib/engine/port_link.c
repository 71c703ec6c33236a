/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include "engine/port.h"

/* Whether the kernel's interface under the port is up and has carrier; IFF_RUNNING would say so up
 * to a second late. Returns 1, 0, or -1: there is none. */
static int is_kernel_link_up(const struct mcr_port *port)
{
	struct ethtool_value carrier = {.cmd = ETHTOOL_GLINK};
	struct ifreq request = {0};
	int ret, up, fd;

	if (if_indextoname(port->kernel_index, request.ifr_name) == NULL)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	ret = ioctl(fd, SIOCGIFFLAGS, &request);
	up = ret == 0 && (request.ifr_flags & IFF_UP) != 0;
	if (up) {
		up = (request.ifr_flags & IFF_RUNNING) != 0;
		request.ifr_data = (void *)&carrier;
		if (ioctl(fd, SIOCETHTOOL, &request) == 0)
			up = carrier.data != 0;
	}
	close(fd);
	return ret < 0 ? -1 : up;
}

/* net_af_packet and net_af_xdp (DPDK 22.11) say "up" for ever, so the kernel is asked as well. */
static int is_link_up(struct mcr_port *port, const struct rte_eth_link *link)
{
	int kernel;

	if (link->link_status != RTE_ETH_LINK_UP)
		return 0;
	if (port->kernel_index == 0)
		return 1;
	kernel = is_kernel_link_up(port);
	if (kernel < 0 && !port->kernel_seen)
		return 1; /* of another network namespace: not ours to see */
	port->kernel_seen = 1;
	return kernel > 0;
}

/* The application, or a bond, may give the port another address. */
static int is_mac_changed(struct mcr_port *port)
{
	struct rte_ether_addr mac;

	if (rte_eth_macaddr_get(port->id, &mac) < 0 || rte_is_same_ether_addr(&mac, &port->mac))
		return 0;
	port->mac = mac;
	return 1;
}

unsigned mcr_port_watch(struct mcr_port *port)
{
	struct rte_eth_link link = {0};
	unsigned changed;
	uint8_t up;

	if (mcr_port_is_gone(port))
		return MCR_PORT_GONE;
	changed = is_mac_changed(port) ? MCR_PORT_MAC : 0;
	if (rte_eth_link_get_nowait(port->id, &link) < 0)
		return changed;
	up = (uint8_t)is_link_up(port, &link);
	if (up == port->link_up)
		return changed;
	port->link_up = up;
	port->link_changes++;
	return changed | MCR_PORT_LINK;
}
