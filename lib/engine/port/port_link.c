/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_ethdev.h>

#include "engine/clock/clock.h"
#include "engine/port/port_link.h"
#include "engine/port/port_netdev.h"
#include "engine/port/port_removal.h"

static void note_rise(uint64_t *at_ns, uint64_t was, uint64_t is, uint64_t now_ns)
{
	if (is > was)
		*at_ns = now_ns;
}

static void note_rises(struct mcr_port_look *found, const struct rte_eth_stats *is)
{
	const struct rte_eth_stats *was = &found->stats;
	const uint64_t now_ns = mcr_clock_now_realtime();

	note_rise(&found->rises.rx_ns, was->ipackets, is->ipackets, now_ns);
	note_rise(&found->rises.missed_ns, was->imissed, is->imissed, now_ns);
	note_rise(&found->rises.nombuf_ns, was->rx_nombuf, is->rx_nombuf, now_ns);
	note_rise(&found->rises.errors_ns, was->ierrors, is->ierrors, now_ns);
}

void mcr_port_count(struct mcr_port *port)
{
	const uint64_t now_ns = mcr_clock_now_realtime();
	struct rte_eth_stats stats;

	if (rte_eth_stats_get(port->id, &stats) < 0)
		return;
	stats.imissed += mcr_socket_loss_read(&port->loss);
	note_rises(&port->found, &stats);
	port->found.stats = stats;
	port->found.counted_ns = now_ns;
}

void mcr_port_look(struct mcr_port *port)
{
	struct mcr_port_look *found = &port->found;
	struct rte_eth_link link = {0};
	int kernel = mcr_port_netdev_look(port), ret;

	found->is_gone = (uint8_t)mcr_port_is_gone(port);
	if (found->is_gone)
		return;
	if (port->has_netdev_mac)
		memcpy(&found->mac, found->netdev.mac, sizeof(found->mac));
	else
		rte_eth_macaddr_get(port->id, &found->mac);
	ret = rte_eth_link_get_nowait(port->id, &link);
	if (ret < 0)
		found->link = ret;
	else /* both must say up */
		found->link =
		    mcr_port_is_kernels(port) || link.link_status == RTE_ETH_LINK_UP ? kernel : 0;
	found->speed_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
	mcr_port_count(port);
	mcr_filter_port_keep(&port->filter);
	found->promiscuous = rte_eth_promiscuous_get(port->id) == 1;
	found->all_multicast = rte_eth_allmulticast_get(port->id) == 1;
	mcr_port_clock_update(port);
}

/* The application, or a bond, may have given the port another address. */
static int is_mac_changed(struct mcr_port *port)
{
	if (rte_is_same_ether_addr(&port->seen.mac, &port->mac))
		return 0;
	port->mac = port->seen.mac;
	return 1;
}

/* How the kernel's interface has changed. */
static unsigned kernel_changes(const struct mcr_port_look *was, const struct mcr_port_look *is)
{
	unsigned changed = 0;

	if (is->netdev.mtu != was->netdev.mtu)
		changed |= MCR_PORT_MTU;
	if (strcmp(is->netdev.name, was->netdev.name) != 0)
		changed |= MCR_PORT_NAME;
	if (is->is_deaf && !was->is_deaf)
		changed |= MCR_PORT_DEAF;
	if (memcmp(&is->addresses, &was->addresses, sizeof(is->addresses)) != 0)
		changed |= MCR_PORT_ADDRESSES;
	return changed;
}

unsigned mcr_port_take(struct mcr_port *port)
{
	uint32_t downs_before = port->seen.netdev.carrier_downs;
	uint32_t downs = port->found.netdev.carrier_downs - downs_before;
	unsigned changed = kernel_changes(&port->seen, &port->found);
	int up;

	port->seen = port->found;
	if (port->seen.is_gone)
		return MCR_PORT_GONE;
	changed |= is_mac_changed(port) ? MCR_PORT_MAC : 0;
	up = port->seen.link;
	if (up < 0) { /* unseen does not mean down: it is as it was */
		changed |= port->link_error == 0 ? MCR_PORT_UNSEEN : 0;
		port->link_error = up;
		port->seen.netdev.carrier_downs = downs_before; /* for the next look to report */
		return changed;
	}
	port->link_error = 0;
	if (up && port->link_up && downs > 0) { /* and it came up again each time */
		port->link_changes += 2 * downs;
		port->link_since_ns = mcr_clock_now_realtime();
		changed |= MCR_PORT_FLAP;
	}
	if (up == port->link_up)
		return changed;
	port->link_up = (uint8_t)up;
	port->link_since_ns = mcr_clock_now_realtime();
	port->link_changes++;
	return changed | MCR_PORT_LINK;
}
