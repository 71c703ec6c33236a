/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "../common/fail.h"
#include "../common/find_port.h"
#include "core/parse.h"

void feed_interface(char *name, uint16_t vlan)
{
	snprintf(name, MCR_NAME_MAX, "vlan%u", vlan);
}

static int know_vlan(struct feed *feed, uint16_t vlan)
{
	for (unsigned i = 0; i < feed->n_vlans; i++)
		if (feed->vlans[i] == vlan)
			return 0;
	if (feed->n_vlans == FEED_VLANS_MAX)
		return fail("the captures have more than %u VLANs", FEED_VLANS_MAX);
	feed->vlans[feed->n_vlans++] = vlan;
	return 0;
}

static int know_flow(struct feed *feed, const struct mcr_packet *p, const uint8_t *frame)
{
	struct mcr_join_list *flows = &feed->plan.flows;
	struct mcr_join join = {.group = mcr_packet_group(p, frame), .port = p->port};

	feed_interface(join.interface, p->vlan);
	for (size_t i = 0; i < flows->n; i++)
		if (mcr_join_equal(&flows->items[i], &join))
			return 0;
	if (mcr_join_list_add(flows, &join) < 0)
		return fail("out of memory");
	return know_vlan(feed, p->vlan);
}

/* Groups, ports and VLANs as they are in the frames. */
static int capture_flows(struct feed *feed, const struct bench_options *options)
{
	static const uint8_t nobody[6];

	for (unsigned i = 0; i < options->n_captures; i++)
		if (capture_add(&feed->captured, options->captures[i]) < 0)
			return -1;
	for (unsigned i = 0; i < feed->captured.n; i++) {
		const struct capture_frame *f = &feed->captured.frames[i];
		struct mcr_packet p = {0};

		mcr_parse_walk(&p, f->data, f->len, f->len, 0, nobody);
		if (p.verdict != MCR_PARSED_UDP)
			return fail("packet %u of the captures is not multicast UDP", i + 1);
		if (know_flow(feed, &p, f->data) < 0)
			return -1;
	}
	return 0;
}

struct mcr_address feed_group(unsigned family, unsigned i)
{
	static const struct mcr_address ipv6 = {{0xff, 0x15, [12] = 239, 16, 0, 0}};
	const struct mcr_address ipv4 = mcr_address_from_ipv4(htonl(0xef100000));

	return mcr_address_plus(family == 6 ? ipv6 : ipv4, i);
}

static int make_flows(struct feed *feed, const struct bench_options *options)
{
	static const struct rte_ether_addr mac = {{2, 0, 0, 0, 0, 9}};

	for (unsigned i = 0; i < options->groups; i++) {
		struct mcr_join join = {.group = feed_group(options->family, i),
					.port = FEED_UDP_PORT};

		feed_interface(join.interface, 0);
		if (mcr_join_list_add(&feed->plan.flows, &join) < 0)
			return fail("out of memory");
	}
	if (frames_create(&feed->frames, &feed->plan, &mac) < 0)
		return fail("out of memory");
	return know_vlan(feed, 0);
}

int feed_create(struct feed *feed, const struct bench_options *options)
{
	*feed = (struct feed){.callback = NULL};
	feed->plan = (struct frame_plan){
	    .udp_port = FEED_UDP_PORT,
	    .size = options->size,
	};
	return options->n_captures > 0 ? capture_flows(feed, options) : make_flows(feed, options);
}

void feed_destroy(struct feed *feed)
{
	if (feed->callback)
		rte_eth_remove_rx_callback(feed->port, 0, feed->callback);
	frames_destroy(&feed->frames);
	capture_clear(&feed->captured);
	mcr_join_list_clear(&feed->plan.flows);
}

static void fill(struct rte_mempool *pool, void *ctx, void *object, unsigned index)
{
	const struct feed *feed = ctx;
	struct rte_mbuf *m = object;
	uint8_t *frame = (uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM;
	/* More groups than buffers: take them from all over the table. */
	uint64_t stride = RTE_MAX(feed->frames.n_flows / pool->size, 1u);

	probe_fill(frame + feed->frames.header_max, feed->plan.size);
	frames_write(&feed->frames, frame + feed->frames.header_max, index * stride, 0);
}

struct search {
	char prefix[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *pool;
};

static void match(struct rte_mempool *pool, void *arg)
{
	struct search *search = arg;

	if (strncmp(pool->name, search->prefix, strlen(search->prefix)) == 0)
		search->pool = pool;
}

/* The engine names a port's pool after it (lib/engine/port/port_queues.c); net_null does not say.
 */
static struct rte_mempool *find_pool(uint16_t port)
{
	struct search search = {.pool = NULL};

	snprintf(search.prefix, sizeof(search.prefix), "mcr_port%u_", port);
	rte_mempool_walk(match, &search);
	return search.pool;
}

/* Runs within the port's burst: its cycles are taken off the busy ones. */
static uint16_t change(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n,
		       uint16_t max, void *arg)
{
	struct feed *feed = arg;
	uint64_t start = rte_rdtsc();

	for (uint16_t i = 0; feed->rewrites && i < n; i++)
		frames_write(&feed->frames,
			     rte_pktmbuf_mtod(mbufs[i], uint8_t *) + feed->frames.header_max,
			     feed->next++, 0);
	if (feed->stamps.flag)
		stamps_put(&feed->stamps, mbufs, n);
	__atomic_store_n(&feed->cycles, feed->cycles + rte_rdtsc() - start, __ATOMIC_RELAXED);
	return n;
}

/* Lets the queue fill while it is empty. Such a poll is not busy: the first that finds nothing may
 * be the last piece of one that is. */
static uint16_t hold(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n,
		     uint16_t max, void *arg)
{
	struct feed *feed = arg;
	uint64_t start = rte_rdtsc();

	feed->empty_polls = n == 0 ? feed->empty_polls + 1 : 0;
	while (feed->empty_polls > 1 && rte_rdtsc() - start < feed->hold_cycles)
		rte_pause();
	return n;
}

static int add_callback(struct feed *feed, rte_rx_callback_fn callback)
{
	feed->callback = rte_eth_add_rx_callback(feed->port, 0, callback, feed);
	return feed->callback ? 0 : fail("port %u: takes no rx callback", feed->port);
}

static int change_frames(struct feed *feed, const struct bench_options *options,
			 struct mcr_engine *engine)
{
	if (!options->rewrite && !options->hw_times)
		return 0;
	if (options->hw_times && stamps_create(&feed->stamps, engine, feed->port) < 0)
		return -1;
	feed->rewrites = options->rewrite;
	return add_callback(feed, change);
}

/* On a port to which frames come. */
static int let_it_fill(struct feed *feed, const struct bench_options *options)
{
	if (options->hw_times)
		return fail("--hw-times: only on net_null");
	feed->hold_cycles = options->hold_us * rte_get_tsc_hz() / 1000000;
	return feed->hold_cycles ? add_callback(feed, hold) : 0;
}

int feed_fill(struct feed *feed, const struct bench_options *options, struct mcr_engine *engine)
{
	struct rte_eth_dev_info info;
	struct rte_mempool *pool;

	if (find_port(options->port, &feed->port) < 0 ||
	    rte_eth_dev_info_get(feed->port, &info) < 0)
		return -1;
	if (strcmp(info.driver_name, "net_null") != 0)
		return let_it_fill(feed, options);
	pool = find_pool(feed->port);
	if (!pool)
		return fail("port %s: its mempool is not found", options->port);
	/* Without a cache the pool is first in, first out, and every buffer has its turn. */
	if (options->rotate)
		pool->cache_size = 0;
	rte_mempool_obj_iter(pool, fill, feed);
	feed->filled = 1;
	feed->n_buffers = pool->size;
	return change_frames(feed, options, engine);
}
