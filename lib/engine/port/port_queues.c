/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>

#include "core/error.h"
#include "engine/plan/pool_plan.h"
#include "engine/port/port_queues.h"

#define RX_DESCS 1024 /* more, where the driver prefers more: net_af_xdp */
#define TX_DESCS 512

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

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
static int choose_queues(struct mcr_port *port, const struct rte_eth_dev_info *info,
			 const struct mcr_port_wants *wants, struct mcr_error *err)
{
	unsigned n = wants->n_lcores;

	if (wants->n_queues > info->max_rx_queues)
		return mcr_error_set(err, -EINVAL,
				     "port %s (%s): %u receive queues are wanted (queues), but it "
				     "has at most %u",
				     port->name, port->driver, wants->n_queues,
				     info->max_rx_queues);
	if (info->flow_type_rss_offloads == 0)
		n = port->queues_of_device = info->max_rx_queues;
	if (wants->n_queues > 0)
		n = wants->n_queues;
	if (n > info->max_rx_queues)
		n = info->max_rx_queues;
	if (n > MCR_QUEUES_MAX)
		n = MCR_QUEUES_MAX;
	port->n_queues = (uint16_t)n;
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
	return mcr_tx_plan_queues(wants->n_senders, max);
}

/* A bond knows its members, and what they have, only when it has been configured. */
static int fit_tx_queues(struct mcr_port *port, const struct rte_eth_conf *conf)
{
	struct rte_eth_dev_info info;
	int ret = rte_eth_dev_info_get(port->id, &info);

	if (ret < 0 || port->n_tx_queues <= info.max_tx_queues || info.max_tx_queues == 0)
		return ret;
	port->n_tx_queues = info.max_tx_queues;
	return rte_eth_dev_configure(port->id, port->n_queues, port->n_tx_queues, conf);
}

/* Some drivers, such as net_af_xdp, want as many Tx queues as there are rx queues.
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
	if (wants->n_senders > 0)
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
	return ret < 0 ? ret : fit_tx_queues(port, &conf);
}

/* All that create_pool takes from EAL's memory: buffers, the list of the free ones, and
 * a cache for each lcore that EAL could have. */
static uint64_t pool_footprint(uint32_t n, uint16_t buffer)
{
	size_t object =
	    rte_mempool_calc_obj_size((uint32_t)sizeof(struct rte_mbuf) + buffer, 0, NULL);
	size_t page = rte_eal_has_hugepages() ? HUGE_PAGE_BYTES : 0;

	return mcr_pool_bytes(n, object, page) + rte_align32pow2(n + 1) * sizeof(void *) +
	       RTE_MAX_LCORE * sizeof(struct rte_mempool_cache);
}

/* EAL's memory on a node; below 0, on all. */
static void measure_heap(struct mcr_pool_lack *lack, int node)
{
	for (unsigned i = 0; i < rte_socket_count(); i++) {
		struct rte_malloc_socket_stats stats;
		int id = rte_socket_id_by_idx(i);

		if (id < 0 || (node >= 0 && lack->has_hugepages && id != node) ||
		    rte_malloc_get_socket_stats(id, &stats) < 0)
			continue;
		lack->heap_bytes += stats.heap_totalsz_bytes;
		lack->free_bytes += stats.heap_freesz_bytes;
	}
}

static int no_memory(const struct mcr_port *port, uint32_t n, unsigned n_descs, uint16_t buffer,
		     int node, struct mcr_error *err)
{
	struct mcr_pool_lack lack = {
	    .port = port->name,
	    .n_queues = port->n_queues,
	    .rx_descs = n_descs,
	    .buffers = n,
	    .buffer_bytes = buffer,
	    .need_bytes = pool_footprint(n, buffer),
	    .node = node,
	    .has_hugepages = rte_eal_has_hugepages(),
	};
	char text[sizeof(err->text)];

	measure_heap(&lack, node);
	mcr_pool_lack_text(text, sizeof(text), &lack);
	return mcr_error_set(err, -ENOMEM, "%s", text);
}

/* As rte_pktmbuf_pool_create. But without hugepages no device reads or writes the buffers by
 * itself, so they may cross pages. Otherwise each would begin a page of its own, and all of them
 * would share the few sets of the first-level cache where pages begin: half of what a packet costs.
 */
static struct rte_mempool *create_pool(const char *name, uint32_t n, uint16_t buffer, int node)
{
	struct rte_pktmbuf_pool_private private = {.mbuf_data_room_size = buffer};
	struct rte_mempool *pool;
	int ret;

	if (rte_eal_has_hugepages())
		return rte_pktmbuf_pool_create(name, n, MCR_POOL_CACHE, 0, buffer, node);
	pool = rte_mempool_create_empty(name, n, (unsigned)sizeof(struct rte_mbuf) + buffer,
					MCR_POOL_CACHE, sizeof(private), node,
					RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	if (!pool)
		return NULL;
	ret = rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL);
	if (ret == 0) {
		rte_pktmbuf_pool_init(pool, &private);
		ret = rte_mempool_populate_default(pool);
	}
	if (ret < 0) {
		rte_mempool_free(pool);
		rte_errno = -ret;
		return NULL;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

static int make_pool(struct mcr_port *port, const struct mcr_pool_wants *wants, uint16_t buffer,
		     int node, struct mcr_error *err)
{
	uint32_t n = mcr_pool_plan(wants);
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "mcr_port%u_%u", port->id, buffer);
	port->memory_node = node;
	port->mempool = create_pool(name, n, buffer, node);
	if (!port->mempool && node != MCR_NODE_ANY) {
		/* A far node works, if slower. It is logged. */
		port->memory_node = MCR_NODE_ANY;
		port->mempool = create_pool(name, n, buffer, SOCKET_ID_ANY);
	}
	return port->mempool ? 0 : no_memory(port, n, wants->rx_descs, buffer, node, err);
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

static int open_queues(struct mcr_port *port, const struct mcr_port_wants *wants,
		       struct mcr_error *err)
{
	struct mcr_pool_wants pool = {.n_queues = port->n_queues};
	uint16_t rx_descs = RX_DESCS, tx_descs = TX_DESCS;
	struct rte_eth_dev_info info;
	int ret;

	if (rte_eth_dev_info_get(port->id, &info) == 0 &&
	    info.default_rxportconf.ring_size > rx_descs)
		rx_descs = info.default_rxportconf.ring_size;
	rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx_descs, &tx_descs);
	port->rx_descs = rx_descs;
	port->tx_descs = tx_descs;
	pool.rx_descs = rx_descs;
	pool.tx_descs = tx_descs;
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
	int ret = choose_queues(port, info, wants, err);

	if (ret < 0)
		return ret;
	ret = configure(port, info, wants);
	if (ret < 0)
		return mcr_error_set(err, ret, "port %s (%s): cannot be configured: %s", port->name,
				     port->driver, strerror(-ret));
	return open_queues(port, wants, err);
}

uint64_t mcr_port_pool_bytes(const struct mcr_port *port)
{
	const struct rte_mempool_memhdr *chunk;
	uint64_t bytes = 0;

	STAILQ_FOREACH(chunk, &port->mempool->mem_list, next)
	bytes += chunk->len;
	return bytes;
}
