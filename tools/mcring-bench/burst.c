/* SPDX-License-Identifier: BSD-3-Clause */
/* A burst that comes out of silence: when do its packets reach a consumer? Frames go into the ring
 * of a net_ring port all at once, from the core that then reads them, so that two cores are enough
 * and one clock tells the time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <mcring/consumer.h>

#include "subject.h"

#define BURST_MAX  1000 /* what the ring of net_ring holds */
#define TRIALS_MAX 200000
#define SILENCE_US 20
#define PATIENCE_S 0.05 /* what did not come by then is lost */
#define POLL       32

struct burst_bench {
	const struct bench_options *options;
	struct feed feed;
	struct mcr_engine *engine;
	struct mcr_consumer *consumer;
	struct rte_mempool *pool;
	struct rte_ring *wire;
	uint32_t *first, *eighth, *last; /* cycles, by trial */
	uint64_t trials, sent, lost;
};

/* The positions that are told: 1, 8 and the last. */
static void note(struct burst_bench *b, unsigned position, uint64_t cycles)
{
	uint32_t value = (uint32_t)RTE_MIN(cycles, UINT32_MAX);

	if (position == 1)
		b->first[b->trials] = value;
	if (position == 8)
		b->eighth[b->trials] = value;
	if (position == b->options->burst)
		b->last[b->trials] = value;
}

static int send_burst(struct burst_bench *b, struct rte_mbuf **mbufs)
{
	unsigned n = b->options->burst;

	if (rte_pktmbuf_alloc_bulk(b->pool, mbufs, n) != 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		mbufs[i]->data_len = (uint16_t)b->feed.frames.frame_len;
		mbufs[i]->pkt_len = b->feed.frames.frame_len;
		gen_frame_write(&b->feed.frames, rte_pktmbuf_mtod(mbufs[i], uint8_t *), b->sent++,
				0);
	}
	return 0;
}

/* One burst; the reader takes think_ns a message. Returns 0, or -1 when the consumer failed. */
static int try_once(struct burst_bench *b)
{
	uint64_t hz = rte_get_tsc_hz(), think = b->options->think_ns * hz / 1000000000u, start;
	struct rte_mbuf *mbufs[BURST_MAX];
	struct mcr_msg msgs[POLL];
	uint8_t payload[BENCH_PAYLOAD_MAX];
	unsigned got = 0;

	if (send_burst(b, mbufs) < 0)
		return bench_fail("out of buffers");
	start = rte_rdtsc();
	if (rte_ring_enqueue_bulk(b->wire, (void **)mbufs, b->options->burst, NULL) == 0)
		return bench_fail("the port's ring holds less than %u packets", b->options->burst);
	while (got < b->options->burst &&
	       rte_rdtsc() - start < (uint64_t)(PATIENCE_S * (double)hz)) {
		int n = mcr_consumer_poll(b->consumer, msgs, POLL);

		if (n < 0)
			return bench_fail("the consumer ended");
		for (int i = 0; i < n; i++) {
			uint64_t now;

			if (msgs[i].kind != MCR_DATA ||
			    mcr_consumer_read(b->consumer, &msgs[i], payload, sizeof(payload)) < 0)
				continue;
			now = rte_rdtsc();
			note(b, ++got, now - start);
			while (rte_rdtsc() - now < think)
				rte_pause();
		}
		mcr_consumer_release(b->consumer);
	}
	b->lost += b->options->burst - got;
	b->trials++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double p50_ns(uint32_t *samples, uint64_t n)
{
	qsort(samples, n, sizeof(*samples), compare);
	return (double)samples[n / 2] * 1e9 / (double)rte_get_tsc_hz();
}

static int print(struct burst_bench *b)
{
	struct mcr_lcore_info lcore;

	mcr_engine_lcore_info(b->engine, 0, &lcore);
	printf("{\"trials\": %" PRIu64 ", \"sent\": %" PRIu64 ", \"lost\": %" PRIu64
	       ", \"first_ns\": %.0f, \"eighth_ns\": %.0f, \"last_ns\": %.0f, "
	       "\"longest_gap_ns\": %" PRIu64 "}\n",
	       b->trials, b->sent, b->lost, p50_ns(b->first, b->trials),
	       p50_ns(b->eighth, b->trials), p50_ns(b->last, b->trials), lcore.longest_gap_ns);
	return 0;
}

static int prepare(struct burst_bench *b, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	char name[RTE_RING_NAMESIZE];
	int lcore = bench_worker(0);

	b->first = calloc(3 * TRIALS_MAX, sizeof(*b->first));
	if (lcore < 0 || b->first == NULL)
		return -1;
	b->eighth = b->first + TRIALS_MAX;
	b->last = b->eighth + TRIALS_MAX;
	snprintf(name, sizeof(name), "ETH_RXTX0_%s", b->options->port);
	b->wire = rte_ring_lookup(name);
	if (b->wire == NULL)
		return bench_fail("--port %s: a net_ring device is needed (--vdev=net_ring0)",
				  b->options->port);
	b->pool = rte_pktmbuf_pool_create("burst", 4 * BURST_MAX, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					  SOCKET_ID_ANY);
	if (b->pool == NULL)
		return bench_fail("no memory: give EAL more (-m MEGABYTES)");
	if (feed_create(&b->feed, b->options) < 0 ||
	    subject_create(&b->engine, b->options, &b->feed, NULL, (unsigned)lcore, err) < 0)
		return -1;
	opts.fd = mcr_engine_attach(b->engine, "c0", "bench", err);
	if (opts.fd < 0 || mcr_consumer_open(&b->consumer, &opts, err) < 0)
		return -1;
	return mcr_engine_start(b->engine, err);
}

static int run(struct burst_bench *b, struct mcr_error *err)
{
	uint64_t end_ns;

	if (prepare(b, err) < 0)
		return -1;
	mcr_engine_poll(b->engine, 0);
	end_ns = bench_now_ns() + b->options->duration_ms * UINT64_C(1000000);
	while (b->trials < TRIALS_MAX && (b->trials == 0 || bench_now_ns() < end_ns)) {
		if (try_once(b) < 0)
			return -1;
		mcr_engine_poll(b->engine, 0);
		rte_delay_us_block(SILENCE_US);
	}
	return print(b);
}

int bench_burst(const struct bench_options *options)
{
	struct burst_bench b = {.options = options};
	struct mcr_error err = {""};
	int ret;

	if (options->port == NULL)
		return bench_fail("--port is missing");
	ret = run(&b, &err);
	if (ret < 0 && err.text[0] != '\0')
		bench_fail("%s", err.text);
	mcr_consumer_close(b.consumer);
	mcr_engine_destroy(b.engine);
	feed_destroy(&b.feed);
	rte_mempool_free(b.pool);
	free(b.first);
	return ret;
}
