/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "core/error.h"
#include "engine/plan/pool_plan.h"
#include "engine/port/port_netdev.h"
#include "engine/port/port_pool.h"
#include "engine/port/port_queues.h"

#define RX_DESCS 1024 /* more, where the driver prefers more: net_af_xdp */
#define TX_DESCS 512

/* Octets of an mbuf's data, to be tried in this order: drivers that do not chain mbufs refuse
 * buffers below their frame size (net_af_packet with framesz=16384). */
static const uint16_t buffer_sizes[] = {
    RTE_MBUF_DEFAULT_BUF_SIZE,
    RTE_PKTMBUF_HEADROOM + 10240,
    RTE_PKTMBUF_HEADROOM + 16384,
};

/* How many rx queues there will be, unless the operator says so: one per lcore, as RSS spreads over
 * them. Without RSS the other side chooses the queue (vhost, virtio, fan-out of af_packet), so
 * every queue that the device has must be polled. */
static uint16_t choose_queues(const struct rte_eth_dev_info *info,
			      const struct mcr_port_wants *wants)
{
	unsigned n = wants->n_lcores;

	if (info->flow_type_rss_offloads == 0)
		n = info->max_rx_queues;
	if (wants->n_queues > 0)
		n = wants->n_queues;
	if (n > info->max_rx_queues)
		n = info->max_rx_queues;
	if (n > MCR_QUEUES_MAX)
		n = MCR_QUEUES_MAX;
	return (uint16_t)n;
}

static int take_queues(struct mcr_port *port, const struct rte_eth_dev_info *info,
		       const struct mcr_port_wants *wants, struct mcr_error *err)
{
	if (wants->n_queues > info->max_rx_queues)
		return mcr_error_set(err, -EINVAL,
				     "port %s (%s): %u receive queues are wanted (queues), but it "
				     "has at most %u",
				     port->name, port->driver, wants->n_queues,
				     info->max_rx_queues);
	if (info->flow_type_rss_offloads == 0)
		port->queues_of_device = info->max_rx_queues;
	port->n_queues = choose_queues(info, wants);
	return 0;
}

/* How many Tx queues there are to be. Where the other side chooses the rx queue it does so among
 * all pairs of queues in use: so there are no more of one kind than of the other. A guest behind
 * net_vhost takes frames from those queues only that it has enabled, and always from the first. */
static uint16_t choose_tx_queues(const struct mcr_port *port, const struct rte_eth_dev_info *info,
				 const struct mcr_port_wants *wants)
{
	uint16_t max = info->max_tx_queues;

	if (info->flow_type_rss_offloads == 0)
		max = RTE_MIN(max, port->n_queues);
	if (strcmp(port->driver, "net_vhost") == 0)
		max = 1;
	return mcr_tx_plan_queues(wants->relay.n_lcores, max);
}

/* Some drivers, such as net_af_xdp, want as many Tx queues as there are rx queues. And a bond finds
 * out only here how many its members have.
 *
 * Two offloads are left out. The parser computes the IPv4 checksum in any case, from ten words that
 * it has loaded. And it reads VLAN tags from the frame; where a driver strips a tag all the same,
 * it takes that from the mbuf. Of two stripped tags (QINQ_STRIP) it would miss the inner one. */
static int configure(struct mcr_port *port, const struct rte_eth_dev_info *info,
		     const struct mcr_port_wants *wants)
{
	struct rte_eth_conf conf = {0};
	int ret;

	port->n_tx_queues = choose_tx_queues(port, info, wants);
	if (wants->relay.n_lcores > 0)
		conf.txmode.offloads = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	port->takes_chains = conf.txmode.offloads != 0;
	conf.rxmode.mtu = port->mtu;
	conf.rxmode.offloads =
	    info->rx_offload_capa & (RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
	conf.rxmode.offloads |= mcr_port_clock_open(port, info->rx_offload_capa, wants->hw_time);
	if (port->n_queues > 1 && info->flow_type_rss_offloads != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf =
		    info->flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP);
	}
	ret = rte_eth_dev_configure(port->id, port->n_queues, port->n_tx_queues, &conf);
	if (ret < 0) {
		port->n_tx_queues = port->n_queues;
		ret = rte_eth_dev_configure(port->id, port->n_queues, port->n_tx_queues, &conf);
	}
	if (ret < 0) { /* for a driver that refuses the MTU which it reports */
		conf.rxmode.mtu = 0;
		ret = rte_eth_dev_configure(port->id, port->n_queues, port->n_tx_queues, &conf);
	}
	return ret;
}

static int make_pool(struct mcr_port *port, const struct mcr_pool_wants *wants, uint16_t buffer,
		     int node, struct mcr_error *err)
{
	struct mcr_pool_lack lack = {
	    .port = port->name, .n_queues = port->n_queues, .rx_descs = wants->rx_descs};
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "mcr_port%u_%u", port->id, buffer);
	lack.buffers = mcr_pool_plan(wants);
	lack.buffer_bytes = buffer;
	lack.node = port->memory_node = node;
	return mcr_buffers_create(&port->mempool, name, &lack, &port->memory_node, err);
}

/* Frames come from several pools, and some are shared: what MBUF_FAST_FREE rules out. */
static int setup_queues(struct mcr_port *port, int node)
{
	struct rte_eth_txconf tx_conf;
	struct rte_eth_dev_info info;
	int ret = rte_eth_dev_info_get(port->id, &info);

	if (ret < 0)
		return ret;
	tx_conf = info.default_txconf;
	tx_conf.offloads &= ~RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	for (uint16_t q = 0; ret == 0 && q < port->n_queues; q++)
		ret = rte_eth_rx_queue_setup(port->id, q, port->rx_descs, (unsigned)node, NULL,
					     port->mempool);
	for (uint16_t q = 0; ret == 0 && q < port->n_tx_queues; q++)
		ret = rte_eth_tx_queue_setup(port->id, q, port->tx_descs, (unsigned)node, &tx_conf);
	return ret;
}

static void choose_descs(uint16_t id, uint16_t *rx_descs, uint16_t *tx_descs)
{
	struct rte_eth_dev_info info;

	*rx_descs = RX_DESCS;
	*tx_descs = TX_DESCS;
	if (rte_eth_dev_info_get(id, &info) == 0 && info.default_rxportconf.ring_size > *rx_descs)
		*rx_descs = info.default_rxportconf.ring_size;
	rte_eth_dev_adjust_nb_rx_tx_desc(id, rx_descs, tx_descs);
}

static int open_queues(struct mcr_port *port, const struct mcr_port_wants *wants,
		       struct mcr_error *err)
{
	struct mcr_pool_wants pool = {.n_queues = port->n_queues};
	int ret;

	choose_descs(port->id, &port->rx_descs, &port->tx_descs);
	pool.rx_descs = port->rx_descs;
	pool.tx_descs = port->tx_descs;
	pool.relay = wants->relay;
	pool.n_lcores = RTE_MIN(wants->n_lcores, port->n_queues);
	pool.is_beside_kernel = wants->is_beside_kernel;
	for (size_t i = 0;; i++) {
		ret = make_pool(port, &pool, buffer_sizes[i], wants->memory_node, err);
		if (ret < 0)
			return ret;
		ret = setup_queues(port, port->memory_node);
		if (ret == 0)
			return 0;
		rte_mempool_free(port->mempool);
		port->mempool = NULL;
		if (i + 1 == RTE_DIM(buffer_sizes))
			return mcr_error_set(err, ret, "port %s: cannot set up its queues: %s",
					     port->name, strerror(-ret));
	}
}

int mcr_port_queues_open(struct mcr_port *port, const struct rte_eth_dev_info *info,
			 const struct mcr_port_wants *wants, struct mcr_error *err)
{
	int ret = take_queues(port, info, wants, err);

	if (ret < 0)
		return ret;
	ret = configure(port, info, wants);
	if (ret < 0)
		return mcr_error_set(err, ret, "port %s (%s): cannot be configured: %s", port->name,
				     port->driver, strerror(-ret));
	ret = open_queues(port, wants, err);
	if (ret < 0)
		return ret;
	port->rx_frame_max = mcr_port_rx_frame_max(
	    port, info, (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0);
	return 0;
}

int mcr_port_foresee(uint16_t id, const struct mcr_port_wants *wants, uint16_t *n_queues,
		     uint16_t *tx_descs)
{
	struct rte_eth_dev_info info;
	uint16_t rx_descs;
	int ret = rte_eth_dev_info_get(id, &info);

	if (ret < 0)
		return ret;
	*n_queues = choose_queues(&info, wants);
	choose_descs(id, &rx_descs, tx_descs);
	return 0;
}
