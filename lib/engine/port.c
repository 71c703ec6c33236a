/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include "core/error.h"
#include "engine/port.h"
#include "engine/worker.h"

#define RX_DESCS 1024 /* or more, where the driver prefers more: net_af_xdp */
#define TX_DESCS 512
#define CACHE    256

/* Octets of an mbuf's data. Drivers that do not chain mbufs refuse buffers below their frame size
 * (net_af_packet with framesz=16384), so larger ones are tried then. */
static const uint16_t buffer_sizes[] = {
    RTE_MBUF_DEFAULT_BUF_SIZE,
    RTE_PKTMBUF_HEADROOM + 10240,
    RTE_PKTMBUF_HEADROOM + 16384,
};

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
				     "vfio-pci, or give "
				     "EAL a --vdev such as --vdev=net_af_packet0,iface=eth1",
				     text);
	return mcr_error_set(err, -ENODEV, "no DPDK port \"%s\": there are %s", text, ports);
}

/* How many rx queues: those that RSS will use, one per lcore; without RSS the other side chooses
 * the queue (vhost, virtio, fan-out of af_packet), so every queue that the device has must be
 * polled. */
static uint16_t choose_queues(const struct rte_eth_dev_info *info, unsigned n_lcores)
{
	unsigned n = n_lcores;

	if (info->flow_type_rss_offloads == 0)
		n = info->max_rx_queues;
	if (n > info->max_rx_queues)
		n = info->max_rx_queues;
	if (n > MCR_PORT_QUEUES_MAX)
		n = MCR_PORT_QUEUES_MAX;
	return (uint16_t)n;
}

/* One Tx queue is all that control needs, but net_af_xdp wants as many as rx queues. */
static int configure(struct mcr_port *port, const struct rte_eth_dev_info *info)
{
	struct rte_eth_conf conf = {0};
	int ret;

	conf.rxmode.mtu = port->mtu;
	conf.rxmode.offloads =
	    info->rx_offload_capa & (RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
	if (port->n_queues > 1 && info->flow_type_rss_offloads != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf =
		    info->flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP);
	}
	ret = rte_eth_dev_configure(port->id, port->n_queues, 1, &conf);
	if (ret < 0)
		ret = rte_eth_dev_configure(port->id, port->n_queues, port->n_queues, &conf);
	if (ret < 0) { /* a driver that reports an MTU which it does not take */
		conf.rxmode.mtu = 0;
		ret = rte_eth_dev_configure(port->id, port->n_queues, port->n_queues, &conf);
	}
	return ret;
}

static struct rte_mempool *make_pool(const struct mcr_port *port, unsigned n_descs, uint16_t buffer,
				     int node)
{
	/* All that may be out of the pool at a time: descriptors, a burst and the punt ring of each
	 * lcore that polls, the control thread's frames, caches. */
	unsigned n = port->n_queues * (n_descs + MCR_BURST + MCR_PUNT_RING + CACHE) + TX_DESCS;
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "mcr_port%u_%u", port->id, buffer);
	return rte_pktmbuf_pool_create(name, n, CACHE, 0, buffer, node);
}

static int setup_queues(struct mcr_port *port, uint16_t rx_descs, uint16_t tx_descs, int node)
{
	struct rte_eth_dev_info info;
	uint16_t n_tx = 0;
	int ret;

	ret = rte_eth_dev_info_get(port->id, &info);
	if (ret == 0)
		n_tx = info.nb_tx_queues;
	for (uint16_t q = 0; ret == 0 && q < port->n_queues; q++)
		ret = rte_eth_rx_queue_setup(port->id, q, rx_descs, (unsigned)node, NULL,
					     port->mempool);
	for (uint16_t q = 0; ret == 0 && q < n_tx; q++)
		ret = rte_eth_tx_queue_setup(port->id, q, tx_descs, (unsigned)node, NULL);
	return ret;
}

static int open_queues(struct mcr_port *port, struct mcr_error *err)
{
	uint16_t rx_descs = RX_DESCS, tx_descs = TX_DESCS;
	int node = rte_eth_dev_socket_id(port->id);
	struct rte_eth_dev_info info;
	int ret;

	if (rte_eth_dev_info_get(port->id, &info) == 0 &&
	    info.default_rxportconf.ring_size > rx_descs)
		rx_descs = info.default_rxportconf.ring_size;
	rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx_descs, &tx_descs);
	for (size_t i = 0;; i++) {
		port->mempool = make_pool(port, rx_descs, buffer_sizes[i], node);
		if (port->mempool == NULL)
			return mcr_error_set(err, -ENOMEM,
					     "port %s: no memory for %u receive queues of %u "
					     "buffers of %u octets: give "
					     "EAL more (-m MEGABYTES)",
					     port->name, port->n_queues, rx_descs, buffer_sizes[i]);
		ret = setup_queues(port, rx_descs, tx_descs, node);
		if (ret == 0)
			return 0;
		rte_mempool_free(port->mempool);
		port->mempool = NULL;
		if (i + 1 == RTE_DIM(buffer_sizes))
			return mcr_error_set(err, ret, "port %s: cannot set up its queues: %s",
					     port->name, strerror(-ret));
	}
}

static int take(struct mcr_port *port, struct mcr_error *err)
{
	struct rte_eth_dev_owner owner = {.name = "mcring"};
	int ret = rte_eth_dev_owner_new(&port->owner);

	owner.id = port->owner;
	if (ret == 0)
		ret = rte_eth_dev_owner_set(port->id, &owner);
	if (ret == 0)
		return 0;
	port->owner = RTE_ETH_DEV_NO_OWNER;
	return mcr_error_set(err, -EBUSY,
			     "port %s is used already: by another engine, or as a member of a bond",
			     port->name);
}

int mcr_port_open(struct mcr_port **out, uint16_t id, unsigned n_lcores, struct mcr_error *err)
{
	struct rte_eth_dev_info info;
	struct mcr_port *port = calloc(1, sizeof(*port));
	int ret;

	if (port == NULL)
		return mcr_error_set(err, -ENOMEM, "no memory for port %u", id);
	port->id = id;
	memset(port->interface_of_vlan, MCR_NO_INTERFACE, sizeof(port->interface_of_vlan));
	rte_eth_dev_get_name_by_port(id, port->name);
	ret = take(port, err);
	if (ret < 0)
		goto fail;
	ret = rte_eth_dev_info_get(id, &info);
	if (ret == 0)
		ret = rte_eth_macaddr_get(id, &port->mac);
	if (ret < 0 || info.max_rx_queues == 0) {
		ret = mcr_error_set(err, ret < 0 ? ret : -ENOTSUP,
				    "port %s: the driver tells nothing of it or cannot receive",
				    port->name);
		goto fail;
	}
	snprintf(port->driver, sizeof(port->driver), "%s", info.driver_name);
	port->kernel_index = info.if_index;
	if (rte_eth_dev_get_mtu(id, &port->mtu) < 0)
		port->mtu = RTE_ETHER_MTU;
	port->n_queues = choose_queues(&info, n_lcores);
	ret = configure(port, &info);
	if (ret < 0) {
		mcr_error_set(err, ret, "port %s (%s): cannot be configured: %s", port->name,
			      port->driver, strerror(-ret));
		goto fail;
	}
	ret = open_queues(port, err);
	if (ret < 0)
		goto fail;
	mcr_filter_port_init(&port->filter, id, port->driver);
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
	port->started = 1;
	mcr_port_watch(port);
	port->link_changes = 0; /* the state at the start is no change */
	return 0;
}

void mcr_port_stop(struct mcr_port *port)
{
	if (!port->started)
		return;
	port->started = 0;
	rte_eth_dev_stop(port->id);
}

void mcr_port_close(struct mcr_port *port)
{
	if (port == NULL)
		return;
	mcr_port_stop(port);
	mcr_filter_port_fini(&port->filter);
	if (port->owner != RTE_ETH_DEV_NO_OWNER) {
		rte_eth_dev_owner_unset(port->id, port->owner);
		rte_eth_dev_owner_delete(port->owner);
	}
	/* The queues hold buffers of our pool until the device is closed, so both go together. */
	if (port->mempool != NULL && rte_eth_dev_close(port->id) == 0)
		rte_mempool_free(port->mempool);
	free(port);
}

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
	unsigned changed = is_mac_changed(port) ? MCR_PORT_MAC : 0;
	uint8_t up;

	if (rte_eth_link_get_nowait(port->id, &link) < 0)
		return changed;
	up = (uint8_t)is_link_up(port, &link);
	if (up == port->link_up)
		return changed;
	port->link_up = up;
	port->link_changes++;
	return changed | MCR_PORT_LINK;
}
