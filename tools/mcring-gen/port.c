/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "../common/fail.h"
#include "gen.h"

#define LINK_WAIT_S 10

/* Every buffer carries the payload's pattern for good: only headers and stamps are written later.
 */
static void fill_buffer(struct rte_mempool *pool, void *ctx, void *object, unsigned index)
{
	const struct gen *gen = ctx;
	struct rte_mbuf *mbuf = object;

	(void)pool;
	(void)index;
	probe_fill((uint8_t *)mbuf->buf_addr + RTE_PKTMBUF_HEADROOM + gen->frames.header_max,
		   gen->options.plan.size);
}

static int create_pools(struct gen *gen, unsigned n_tx, unsigned n_rx, int socket)
{
	uint32_t room = RTE_PKTMBUF_HEADROOM + RTE_MAX(gen->frames.frame_max, 2048u);

	gen->tx_pool = rte_pktmbuf_pool_create("gen_tx", n_tx + 8 * GEN_BURST_MAX, GEN_BURST_MAX, 0,
					       (uint16_t)room, socket);
	gen->rx_pool =
	    rte_pktmbuf_pool_create("gen_rx", n_rx + 512u, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, socket);
	if (!gen->tx_pool || !gen->rx_pool)
		return fail("no memory for packet buffers: %s (give EAL more with -m)",
			    rte_strerror(rte_errno));
	if (!gen->options.n_files)
		rte_mempool_obj_iter(gen->tx_pool, fill_buffer, gen);
	return 0;
}

static int set_mtu(const struct gen *gen)
{
	uint16_t needed = (uint16_t)(gen->frames.frame_max - sizeof(struct rte_ether_hdr));
	uint16_t mtu = 0;
	int result;

	if (rte_eth_dev_get_mtu(gen->port, &mtu) || needed <= mtu)
		return 0;
	result = rte_eth_dev_set_mtu(gen->port, needed);
	if (result && gen->options.n_files)
		return fail("port %s: the longest frame of --replay needs an MTU of %u, it has %u: "
			    "%s",
			    gen->options.port, needed, mtu, rte_strerror(-result));
	if (result)
		return fail("port %s: --size %u needs an MTU of %u, it has %u: %s",
			    gen->options.port, gen->options.plan.size, needed, mtu,
			    rte_strerror(-result));
	return 0;
}

/* A switch may learn, or look for loops, before it forwards. */
static void settle(const struct gen *gen)
{
	for (uint64_t ns = 0; ns < gen->options.settle_ns && !*gen->stop; ns += 10000000)
		usleep(10000);
}

static int wait_for_link(const struct gen *gen)
{
	struct rte_eth_link link = {0};

	for (int i = 0; i < LINK_WAIT_S * 100 && !*gen->stop; i++) {
		if (rte_eth_link_get_nowait(gen->port, &link) == 0 && link.link_status) {
			settle(gen);
			return 0;
		}
		usleep(10000);
	}
	if (*gen->stop)
		return 0;
	return fail("port %s: no link after %d s; connect its peer first", gen->options.port,
		    LINK_WAIT_S);
}

int gen_start_port(struct gen *gen)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	uint16_t n_tx = 1024, n_rx = 512, n_queues = (uint16_t)gen->options.queues;
	int socket = rte_eth_dev_socket_id(gen->port);
	int result;

	if (socket < 0)
		socket = (int)rte_socket_id();
	result = rte_eth_dev_info_get(gen->port, &info);
	if (!result)
		result = rte_eth_dev_configure(gen->port, n_queues, n_queues, &conf);
	if (!result)
		result = rte_eth_dev_adjust_nb_rx_tx_desc(gen->port, &n_rx, &n_tx);
	if (result)
		return fail("port %s: cannot be configured: %s", gen->options.port,
			    rte_strerror(-result));
	if (set_mtu(gen) || create_pools(gen, n_queues * n_tx, n_queues * n_rx, socket))
		return -1;
	for (uint16_t q = 0; !result && q < n_queues; q++) {
		result = rte_eth_tx_queue_setup(gen->port, q, n_tx, (unsigned)socket, NULL);
		if (!result)
			result = rte_eth_rx_queue_setup(gen->port, q, n_rx, (unsigned)socket, NULL,
							gen->rx_pool);
	}
	if (!result)
		result = rte_eth_dev_start(gen->port);
	if (result)
		return fail("port %s: does not start: %s", gen->options.port,
			    rte_strerror(-result));
	gen->started = 1;
	return wait_for_link(gen);
}
