/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <rte_version.h>

#include "core/error.h"
#include "engine/port/port.h"
#include "engine/port/port_link.h"
#include "engine/port/port_netdev.h"
#include "engine/port/port_queues.h"
#include "engine/port/port_removal.h"

static void list_ports(char *buf, size_t cap)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	size_t len = 0;
	uint16_t id;

	buf[0] = '\0';
	RTE_ETH_FOREACH_DEV(id)
	{
		if (rte_eth_dev_get_name_by_port(id, name) == 0 && len < cap)
			len += (size_t)snprintf(buf + len, cap - len, "%s%u %s", len ? ", " : "",
						id, name);
	}
}

int mcr_port_find(const char *text, struct mcr_error *err)
{
	char ports[256];
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	uint16_t id;

	if (rte_eth_dev_get_port_by_name(text, &id) == 0)
		return id;
	if (*text != '\0' && *end == '\0' && number < RTE_MAX_ETHPORTS &&
	    rte_eth_dev_is_valid_port((uint16_t)number))
		return (int)number;
	list_ports(ports, sizeof(ports));
	if (ports[0] == '\0')
		return mcr_error_set(err, -ENODEV,
				     "no DPDK port \"%s\": EAL found no port at all; bind a NIC to "
				     "vfio-pci (dpdk-devbind.py --status lists them), or give "
				     "EAL a --vdev such as --vdev=net_af_packet0,iface=eth1",
				     text);
	return mcr_error_set(err, -ENODEV, "no DPDK port \"%s\": there are %s", text, ports);
}

static void disown(struct mcr_port *port)
{
	if (port->owner == RTE_ETH_DEV_NO_OWNER)
		return;
	rte_eth_dev_owner_unset(port->id, port->owner);
	rte_eth_dev_owner_delete(port->owner);
	port->owner = RTE_ETH_DEV_NO_OWNER;
}

/* A port that is to be listed has no owner for long: enough to find out that nobody has it. */
static int take(struct mcr_port *port, int is_listed, struct mcr_error *err)
{
	struct rte_eth_dev_owner owner = {.name = "mcring"};
	int ret = rte_eth_dev_owner_new(&port->owner);

	owner.id = port->owner;
	if (ret == 0)
		ret = rte_eth_dev_owner_set(port->id, &owner);
	if (ret == 0 && is_listed)
		disown(port);
	if (ret == 0)
		return 0;
	port->owner = RTE_ETH_DEV_NO_OWNER;
	return mcr_error_set(
	    err, -EBUSY, "port %s is in use already: by another engine, or as a member of a bond",
	    port->name);
}

int mcr_port_node(uint16_t id)
{
	int node = rte_eth_dev_socket_id(id);

	return node < 0 ? MCR_NODE_ANY : node;
}

/* From DPDK 25.03 on the driver counts what its sockets lose; what is read here it would not see.
 * Found out at run time, because 24.11 and 25.03 have one ABI. */
static int has_driver_count(void)
{
	unsigned year, month;

	return sscanf(rte_version(), "DPDK %u.%u", &year, &month) != 2 ||
	       year * 100 + month >= 2503;
}

static void claim_sockets(struct mcr_port *port, struct mcr_sockets *before, unsigned n)
{
	if (strcmp(port->driver, "net_af_packet") == 0 && !has_driver_count())
		mcr_socket_loss_claim(&port->loss, before, port->netdev_index, n);
}

int mcr_port_open(struct mcr_port **out, uint16_t id, const struct mcr_port_wants *wants,
		  struct mcr_error *err)
{
	struct rte_eth_dev_info info;
	struct mcr_port *port = calloc(1, sizeof(*port));
	int ret;

	if (!port)
		return mcr_error_set(err, -ENOMEM, "no memory for port %u", id);
	port->id = id;
	port->netdev.socket.fd = -1;
	port->netdev_address.socket.fd = -1;
	port->xdp_fd = -ENODEV;
	port->leave_fd = -1;
	port->node = mcr_port_node(id);
	memset(port->interface_of_vlan, MCR_NO_INTERFACE, sizeof(port->interface_of_vlan));
	rte_eth_dev_get_name_by_port(id, port->name);
	ret = take(port, wants->is_listed, err);
	if (ret < 0)
		goto fail;
	ret = rte_eth_dev_info_get(id, &info);
	if (ret == 0)
		ret = rte_eth_macaddr_get(id, &port->mac);
	port->found.mac = port->mac;
	if (ret < 0 || info.max_rx_queues == 0) {
		ret = mcr_error_set(err, ret < 0 ? ret : -ENOTSUP,
				    "port %s: its driver cannot describe it, or cannot receive",
				    port->name);
		goto fail;
	}
	snprintf(port->driver, sizeof(port->driver), "%s", info.driver_name);
	port->netdev_index = info.if_index;
	if (rte_eth_dev_get_mtu(id, &port->mtu) < 0)
		port->mtu = RTE_ETHER_MTU;
	mcr_filter_port_init(&port->filter, id, port->driver);
	ret = mcr_port_netdev_open(port, info.device, err);
	if (ret == 0)
		ret = mcr_port_queues_open(port, &info, wants, err);
	if (ret < 0)
		goto fail;
	mcr_filter_port_queues(&port->filter, port->n_queues);
	port->filtered = mcr_filter_port_copy(&port->filter);
	if (!port->filtered || mcr_port_trailers_open(port, wants->hw_time) < 0) {
		ret = mcr_error_set(err, -ENOMEM, "no memory for port %s", port->name);
		goto fail;
	}
	claim_sockets(port, wants->sockets_before, info.max_rx_queues);
	mcr_port_netdev_listen(port);
	mcr_port_listen(port, info.device);
	*out = port;
	return 0;

fail:
	mcr_port_close(port);
	return ret;
}

int mcr_port_start(struct mcr_port *port, struct mcr_error *err)
{
	int ret = rte_eth_dev_start(port->id);

	if (ret < 0)
		return mcr_error_set(err, ret, "port %s (%s): cannot be started: %s", port->name,
				     port->driver, strerror(-ret));
	mcr_socket_loss_begin(&port->loss);
	port->running = 1;
	port->started = 1;
	mcr_port_look(port);
	/* Losses that were counted before are not of now. */
	port->found.rises = (struct mcr_port_rises){.rx_ns = port->found.rises.rx_ns};
	mcr_port_take(port);
	port->link_changes = 0; /* the state at the start is no change */
	port->link_since_ns = 0;
	return 0;
}

void mcr_port_stop(struct mcr_port *port)
{
	if (!port->running)
		return;
	port->running = 0;
	mcr_socket_loss_end(&port->loss); /* net_af_packet closes its sockets in the stop */
	rte_eth_dev_stop(port->id);
	mcr_port_count(port);
}

void mcr_port_shut(struct mcr_port *port)
{
	if (port->closed)
		return;
	mcr_port_stop(port);
	mcr_port_unlisten(port);
	disown(port);
	/* Its queues hold buffers of our pools until it is closed. Without a pool it was never
	 * ours. */
	if (port->mempool)
		port->closed = rte_eth_dev_close(port->id) == 0;
	port->found.promiscuous = port->found.all_multicast = 0;
	port->found.speed_mbps = 0;
	mcr_port_netdev_close(port);
}

void mcr_port_close(struct mcr_port *port)
{
	if (!port)
		return;
	mcr_filter_port_fini(&port->filter);
	mcr_filter_port_copy_destroy(port->filtered);
	mcr_port_shut(port);
	mcr_port_trailers_close(port);
	if (port->closed) {
		rte_mempool_free(port->mempool);
		rte_mempool_free(port->kernel_pool);
	}
	free(port);
}
