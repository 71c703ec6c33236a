/* SPDX-License-Identifier: BSD-3-Clause */
/* The floor of the relay: a loop that sends each packet out by all ports, in the forms that the
 * relay gives them, and looks at nothing: no groups, no sources, no counters. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_memcpy.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "../common/find_port.h"
#include "core/route/route_look.h"
#include "engine/plan/placement.h"
#include "engine/port/port_pool.h"
#include "feed.h"
#include "lcore.h"
#include "outputs.h"

#define BURST      32
#define BUFFERS    8192
#define DESCS      512
#define ETHER      14
#define HEADERS    34  /* Ethernet and IPv4 */
#define CHAIN_MIN  512 /* octets of IP packet, from which the relay shares the payload */
#define WARM_UP_MS 100

struct pending {
	uint8_t mac[6];
	unsigned n;
	struct rte_mbuf *mbufs[BURST];
};

struct replicate {
	struct bench_options options;
	struct feed feed;
	struct output outputs[BENCH_OUTPUTS_MAX];
	struct pending pending[BENCH_OUTPUTS_MAX];
	struct rte_mempool *pool, *copies;
	unsigned ms; /* how long the loop runs */
	uint64_t packets, sent, lost;
	uint64_t since_start; /* packets of all runs of the loop */
	double work_ns;
};

static inline void put(struct pending *to, struct rte_mbuf *m)
{
	memcpy(rte_pktmbuf_mtod(m, uint8_t *) + 6, to->mac, sizeof(to->mac));
	to->mbufs[to->n++] = m;
}

/* Copies for all but the last. */
static inline void send_copies(struct replicate *r, struct rte_mbuf *m)
{
	unsigned last = r->options.outputs - 1;

	for (unsigned i = 0; i < last; i++) {
		struct rte_mbuf *copy = rte_pktmbuf_alloc(r->copies);

		if (unlikely(!copy)) {
			r->lost++;
			continue;
		}
		rte_memcpy(rte_pktmbuf_mtod(copy, void *), rte_pktmbuf_mtod(m, void *),
			   m->data_len);
		copy->data_len = m->data_len;
		copy->pkt_len = m->data_len;
		put(&r->pending[i], copy);
	}
	put(&r->pending[last], m);
}

/* A header for each, in front of the one payload. */
static inline void send_chains(struct replicate *r, struct rte_mbuf *m)
{
	const uint8_t *headers = rte_pktmbuf_mtod(m, const uint8_t *);
	unsigned n = 0;

	rte_pktmbuf_adj(m, HEADERS);
	rte_mbuf_refcnt_set(m, (uint16_t)r->options.outputs);
	for (; n < r->options.outputs; n++) {
		struct rte_mbuf *h = rte_pktmbuf_alloc(r->copies);

		if (unlikely(!h)) {
			r->lost++;
			rte_pktmbuf_free(m);
			continue;
		}
		memcpy(rte_pktmbuf_mtod(h, void *), headers, HEADERS);
		h->data_len = HEADERS;
		h->pkt_len = HEADERS + m->pkt_len;
		h->nb_segs = 2;
		h->next = m;
		put(&r->pending[n], h);
	}
}

static inline void send_all(struct replicate *r)
{
	for (unsigned i = 0; i < r->options.outputs; i++) {
		struct pending *p = &r->pending[i];
		uint16_t sent = rte_eth_tx_burst(r->outputs[i].port, 0, p->mbufs, (uint16_t)p->n);

		r->sent += sent;
		r->lost += p->n - sent;
		if (unlikely(sent < p->n))
			rte_pktmbuf_free_bulk(p->mbufs + sent, p->n - sent);
		p->n = 0;
		output_drain(&r->outputs[i]);
	}
}

static int replicate_loop(void *arg)
{
	struct replicate *r = arg;
	struct rte_mbuf *mbufs[BURST];
	uint64_t start_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID), start = rte_rdtsc();
	uint64_t fed = r->feed.cycles, end = start + r->ms * (rte_get_tsc_hz() / 1000), now;
	double ours;

	r->packets = r->sent = r->lost = 0;
	while ((now = rte_rdtsc()) < end || r->packets == 0) {
		uint16_t n = rte_eth_rx_burst(r->feed.port, 0, mbufs, BURST);

		for (uint16_t i = 0; i < n; i++) {
			struct rte_mbuf *m = mbufs[i];

			mcr_route_decrement(rte_pktmbuf_mtod(m, uint8_t *) + ETHER, 0);
			if (r->options.chains && r->options.outputs > 1 &&
			    m->data_len >= ETHER + CHAIN_MIN)
				send_chains(r, m);
			else
				send_copies(r, m);
		}
		r->packets += n;
		send_all(r);
	}
	r->since_start += r->packets;
	ours = 1 - (double)(r->feed.cycles - fed) / (double)(now - start);
	r->work_ns = (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns) * ours;
	return 0;
}

static int create_pool(struct rte_mempool **out, const char *name)
{
	struct mcr_pool_lack lack = {.buffers = BUFFERS, .buffer_bytes = RTE_MBUF_DEFAULT_BUF_SIZE};
	int node = MCR_NODE_ANY;

	return mcr_buffers_create(out, name, &lack, &node, NULL) == 0
		   ? 0
		   : fail("no memory: give EAL more (-m MEGABYTES)");
}

static int open_port(const struct replicate *r, uint16_t port)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	int ret = rte_eth_dev_info_get(port, &info);

	if (ret == 0) {
		conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
		ret = rte_eth_dev_configure(port, 1, 1, &conf);
	}
	if (ret == 0)
		ret = rte_eth_rx_queue_setup(port, 0, DESCS, rte_socket_id(), NULL, r->pool);
	if (ret == 0)
		ret = rte_eth_tx_queue_setup(port, 0, DESCS, rte_socket_id(), NULL);
	return ret == 0 ? 0 : fail("port %u: cannot be configured", port);
}

/* As the engine does: the feed looks for the pool by its name. */
static int open_ports(struct replicate *r)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	uint16_t port;

	if (find_port(r->options.port, &port) < 0)
		return -1;
	snprintf(name, sizeof(name), "mcr_port%u_0", port);
	if (create_pool(&r->pool, name) < 0 || create_pool(&r->copies, "copies") < 0 ||
	    open_port(r, port) < 0)
		return -1;
	for (unsigned i = 0; i < r->options.outputs; i++) {
		struct rte_ether_addr mac;

		if (open_port(r, r->outputs[i].port) < 0 ||
		    rte_eth_macaddr_get(r->outputs[i].port, &mac) < 0 ||
		    rte_eth_dev_start(r->outputs[i].port) < 0)
			return fail("port %s: cannot be started", r->outputs[i].name);
		memcpy(r->pending[i].mac, &mac, sizeof(mac));
	}
	if (feed_fill(&r->feed, &r->options, NULL) < 0 || rte_eth_dev_start(port) < 0)
		return fail("port %s: cannot be started", r->options.port);
	return 0;
}

static int run_loop(struct replicate *r, unsigned lcore, unsigned ms)
{
	r->ms = ms;
	if (rte_eal_remote_launch(replicate_loop, r, lcore) < 0)
		return fail("lcore %u is busy", lcore);
	return rte_eal_wait_lcore(lcore);
}

static int run(struct replicate *r)
{
	int lcore = worker_lcore(0);

	if (lcore < 0 || feed_create(&r->feed, &r->options) < 0 ||
	    outputs_create(r->outputs, &r->options) < 0 || open_ports(r) < 0 ||
	    run_loop(r, (unsigned)lcore, WARM_UP_MS) < 0 ||
	    run_loop(r, (unsigned)lcore, r->options.duration_ms) < 0)
		return -1;
	printf("{\"packets\": %" PRIu64 ", \"packets_since_start\": %" PRIu64
	       ", \"copies\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"work_ns\": %.3f}\n",
	       r->packets, r->since_start, r->sent, r->lost, r->work_ns / (double)r->packets);
	return 0;
}

int bench_replicate(const struct bench_options *options)
{
	struct replicate *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return fail("out of memory");
	r->options = *options;
	r->options.rewrite = 1;
	ret = options->port ? run(r) : fail("--port is missing");
	feed_destroy(&r->feed);
	outputs_destroy(r->outputs, options);
	free(r);
	return ret;
}
