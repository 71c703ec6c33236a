/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_link.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>

#include "core/error.h"
#include "core/parse.h"
#include "engine/netdev/leave_watch.h"
#include "engine/netdev/netdev_feature.h"
#include "engine/netdev/xdp_pass.h"
#include "engine/port/port_netdev.h"

#define AF_PACKET_FRAMESZ 2048  /* net_af_packet's own default */
#define AF_PACKET_HEADERS 66    /* of it, for the kernel's headers: packet(7) */
#define AF_XDP_FRAME_MAX  1792  /* of DPDK 22.11, found by trial on a veth */
#define PCAP_FRAME_MAX    65535 /* net_pcap's length of a snapshot */
#define ETHERNET_BYTES    18    /* header and one VLAN tag */

static int has_driver(const struct mcr_port *port, const char *driver)
{
	return strcmp(port->driver, driver) == 0;
}

/* Whether its socket goes away with the interface, and stays deaf when that comes back. */
static int is_bound_for_good(const struct mcr_port *port)
{
	return has_driver(port, "net_af_packet") || has_driver(port, "net_af_xdp") ||
	       has_driver(port, "net_pcap");
}

/* Whether it gets frames as the kernel's stack does, which may be several datagrams as one. */
static int is_packet_socket(const struct mcr_port *port)
{
	return has_driver(port, "net_af_packet") || has_driver(port, "net_pcap");
}

static uint32_t frame_max(const struct mcr_port *port, const struct rte_device *device)
{
	const struct rte_devargs *args = device ? rte_dev_devargs(device) : NULL;
	const char *text = args && args->args ? strstr(args->args, "framesz=") : NULL;
	unsigned long size = text ? strtoul(text + strlen("framesz="), NULL, 10) : 0;

	if (has_driver(port, "net_af_xdp"))
		return AF_XDP_FRAME_MAX;
	if (!has_driver(port, "net_af_packet"))
		return 0;
	if (size <= AF_PACKET_HEADERS || size > UINT16_MAX)
		size = AF_PACKET_FRAMESZ;
	return (uint32_t)size - AF_PACKET_HEADERS;
}

uint32_t mcr_port_rx_frame_max(const struct mcr_port *port, const struct rte_eth_dev_info *info,
			       int is_scattering)
{
	const uint32_t room =
	    rte_pktmbuf_data_room_size(port->mempool) - (uint32_t)RTE_PKTMBUF_HEADROOM;
	const struct rte_bus *bus = info->device ? rte_dev_bus(info->device) : NULL;
	uint32_t max = port->mtu + ETHERNET_BYTES;

	if (port->frame_max != 0)
		return port->frame_max;
	if (has_driver(port, "net_pcap"))
		return PCAP_FRAME_MAX;
	if (!bus || strcmp(rte_bus_name(bus), "vdev") == 0)
		return 0;
	if (info->max_rx_pktlen != 0)
		max = RTE_MIN(max, info->max_rx_pktlen);
	return is_scattering ? max : RTE_MIN(max, room);
}

/* Whether the port has the address of its interface. The driver may have read an older one at the
 * probe, which udev has changed since. net_tap's interface is the other end of the wire, a host
 * with an address of its own. */
static int is_mac_of_kernel(const struct mcr_port *port)
{
	const struct mcr_netdev_state *state = &port->netdev.state;

	if (has_driver(port, "net_af_packet") || has_driver(port, "net_af_xdp"))
		return 1;
	return !has_driver(port, "net_tap") &&
	       memcmp(state->mac, &port->mac, sizeof(state->mac)) == 0;
}

/* If they cannot be seen they are as they were. */
static void look_at_addresses(struct mcr_port *port)
{
	if (port->netdev_address.socket.fd < 0)
		return;
	mcr_netdev_address_look(&port->netdev_address);
	port->found.addresses = port->netdev_address.found;
}

int mcr_port_netdev_open(struct mcr_port *port, const struct rte_device *device,
			 struct mcr_error *err)
{
	struct mcr_netdev_state *state = &port->netdev.state;
	int ret;

	if (port->netdev_index == 0)
		return 0;
	ret = mcr_netdev_link_open(&port->netdev, port->netdev_index);
	if (ret < 0)
		return mcr_error_set(err, ret, "port %s: cannot look at its interface: %s",
				     port->name, strerror(-ret));
	port->frame_max = frame_max(port, device);
	if (mcr_netdev_link_look(&port->netdev) == 0 && is_packet_socket(port) &&
	    strcmp(state->kind, "veth") == 0)
		port->xdp_fd = mcr_xdp_pass_attach(port->netdev_index);
	port->has_netdev_mac = state->has_mac && is_mac_of_kernel(port);
	port->found.netdev = *state;
	if (port->has_netdev_mac)
		ret = mcr_netdev_address_open(&port->netdev_address, port->netdev_index);
	if (ret < 0)
		return mcr_error_set(err, ret, "port %s: cannot look at its interface: %s",
				     port->name, strerror(-ret));
	look_at_addresses(port);
	port->seen.netdev = port->found.netdev;
	port->seen.addresses = port->found.addresses;
	return 0;
}

void mcr_port_netdev_listen(struct mcr_port *port)
{
	if (port->has_netdev_mac)
		port->leave_fd = mcr_leave_watch_open(port->netdev_index);
}

void mcr_port_netdev_close(struct mcr_port *port)
{
	mcr_netdev_link_close(&port->netdev);
	mcr_netdev_address_close(&port->netdev_address);
	mcr_netdev_hold_set(&port->holds.held, port->netdev_index, NULL, 0);
	if (port->leave_fd >= 0)
		close(port->leave_fd);
	port->leave_fd = -1;
	if (port->xdp_fd >= 0)
		close(port->xdp_fd);
	port->xdp_fd = -ENODEV;
}

int mcr_port_netdev_look(struct mcr_port *port)
{
	const struct mcr_netdev_state *state = &port->netdev.state;
	int ret;

	if (port->netdev.socket.fd < 0)
		return 1;
	ret = mcr_netdev_link_look(&port->netdev);
	port->found.netdev = *state;
	look_at_addresses(port);
	if (port->has_netdev_mac)
		mcr_netdev_groups_look(&port->found.groups, port->netdev_index);
	if (ret < 0)
		return ret;
	if (state->presence == MCR_NETDEV_MOVED && is_bound_for_good(port))
		port->found.is_deaf = 1;
	if (port->found.is_deaf)
		return 0;
	/* In another network namespace we cannot see it, so the driver's word counts. */
	return state->presence != MCR_NETDEV_HERE || state->is_up;
}

int mcr_port_is_kernels(const struct mcr_port *port)
{
	return port->netdev.socket.fd >= 0 && is_bound_for_good(port) &&
	       port->netdev.state.presence == MCR_NETDEV_HERE;
}

int mcr_port_has_kernel_joined(const struct mcr_port *port, struct mcr_address group)
{
	return port->has_netdev_mac && mcr_netdev_groups_has(&port->seen.groups, group);
}

int mcr_port_is_shared(const struct mcr_port *port)
{
	return is_packet_socket(port);
}

uint16_t mcr_port_tx_mtu(const struct mcr_port *port)
{
	const struct mcr_netdev_state *netdev = &port->seen.netdev;
	uint32_t mtu = port->mtu;

	/* Drivers of the kernel's sockets say 1,500 octets, whatever the interface takes. */
	if (netdev->presence == MCR_NETDEV_HERE &&
	    (netdev->mtu < mtu || is_packet_socket(port) || has_driver(port, "net_af_xdp")))
		mtu = netdev->mtu;
	if (port->frame_max != 0 && port->frame_max - ETHERNET_BYTES < mtu)
		mtu = port->frame_max - ETHERNET_BYTES;
	mtu = RTE_MIN(mtu, UINT16_MAX); /* that of lo is more */
	return (uint16_t)(mtu < MCR_IPV4_MTU_MIN ? MCR_IPV4_MTU_MIN : mtu);
}

/* ---- what is wrong ---- */

static void warn_mtu(const struct mcr_port *port, char *line, size_t cap)
{
	const struct mcr_netdev_state *netdev = &port->seen.netdev;
	uint32_t wanted = netdev->mtu + ETHERNET_BYTES;

	if (port->frame_max == 0 || wanted <= port->frame_max)
		return;
	if (has_driver(port, "net_af_xdp"))
		snprintf(
		    line, cap,
		    "port %s: %s has MTU %u, and net_af_xdp drops frames longer than %u octets, "
		    "which count as missed: lower the MTU, or use net_af_packet with a larger "
		    "framesz",
		    port->name, netdev->name, netdev->mtu, port->frame_max);
	else
		snprintf(line, cap,
			 "port %s: %s has MTU %u, and net_af_packet cuts frames longer than %u "
			 "octets, which are then dropped (truncated): give its --vdev framesz=%u",
			 port->name, netdev->name, netdev->mtu, port->frame_max,
			 wanted <= 8192 - AF_PACKET_HEADERS ? 8192 : 16384);
}

static void warn_link(const struct mcr_port *port, char *line, size_t cap)
{
	const struct mcr_netdev_state *netdev = &port->seen.netdev;
	const char *what = "";

	if (port->link_up)
		return;
	if (port->seen.is_deaf)
		what = ": its interface moved to another network namespace; move it back and start "
		       "again";
	else if (port->netdev.socket.fd >= 0 && !netdev->is_enabled)
		what = ": bring its interface up (ip link set IFNAME up)";
	else if (port->netdev.socket.fd >= 0)
		what = ": its interface has no carrier";
	snprintf(line, cap, "port %s (%s%s%s): its link is down at the start%s", port->name,
		 port->driver, netdev->name[0] ? ", " : "", netdev->name, what);
}

static const char *why_no_xdp(int error)
{
	switch (error) {
	case -EPERM:
	case -EACCES:
		return "that needs CAP_NET_ADMIN and CAP_BPF at the start";
	case -EBUSY:
	case -EEXIST:
		return "another XDP program is attached to it, of the generic kind";
	case -ERANGE:
		return "the MTU of the other end is too large for it";
	default:
		return strerror(-error);
	}
}

/* Another XDP program in the driver has the same effect as ours, as long as it is there. */
static void warn_whole(const struct mcr_port *port, char *line, size_t cap)
{
	static const char *const kinds[] = {"tun", "bridge", "macvlan", "ipvlan"};
	const struct mcr_netdev_state *netdev = &port->seen.netdev;

	if (!is_packet_socket(port))
		return;
	if (strcmp(netdev->kind, "veth") == 0) {
		if (port->xdp_fd < 0 && netdev->xdp != XDP_ATTACHED_DRV)
			snprintf(line, cap,
				 "port %s: datagrams that a sender on this host hands over in one "
				 "piece (UDP_SEGMENT) arrive as one message: the XDP program that "
				 "prevents it cannot be attached to %s: %s. At the other end "
				 "`ethtool -K IFNAME tx-udp-segmentation off` does the same",
				 port->name, netdev->name, why_no_xdp(port->xdp_fd));
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(netdev->kind, kinds[i]) == 0)
			snprintf(line, cap,
				 "port %s: %s is a %s, so datagrams that a sender on this host "
				 "hands over in one piece (UDP_SEGMENT) arrive as one message",
				 port->name, netdev->name, netdev->kind);
}

static void warn_leaves(const struct mcr_port *port, char *line, size_t cap)
{
	if (port->has_netdev_mac && port->leave_fd < 0)
		snprintf(line, cap,
			 "port %s: cannot hear what the kernel reports on %s: %s. If a program "
			 "there joins a group and leaves it at once, a switch that does not ask "
			 "may cut mcring off until its next query",
			 port->name, port->seen.netdev.name, strerror(-port->leave_fd));
}

/* With one of these features the kernel puts the datagrams of a flow together before anybody sees
 * them, whatever cut them before. Looked at only at the start, as this may wait. */
static void warn_gro(const struct mcr_port *port, char *line, size_t cap)
{
	static const char *const features[] = {"rx-udp-gro-forwarding", "rx-gro-list"};
	const char *name = port->seen.netdev.name;

	if (!is_packet_socket(port) || name[0] == '\0')
		return;
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (mcr_netdev_feature_is_on(name, features[i]) == 1)
			snprintf(
			    line, cap,
			    "port %s: %s of %s is on, so the kernel hands over several datagrams "
			    "as one message: ethtool -K %s %s off",
			    port->name, features[i], name, name, features[i]);
}

int mcr_port_netdev_warning(const struct mcr_port *port, unsigned which, char *line, size_t cap)
{
	static void (*const warnings[])(const struct mcr_port *, char *, size_t) = {
	    [MCR_PORT_WARNING_MTU] = warn_mtu, warn_link, warn_whole, warn_gro, warn_leaves};

	line[0] = '\0';
	if (which >= sizeof(warnings) / sizeof(warnings[0]))
		return 0;
	warnings[which](port, line, cap);
	return 1;
}
