/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine as it is, from a port to its consumers: what a packet costs the rx lcore. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include <mcring/consumer.h>
#include <mcring/engine.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "feed.h"
#include "lcore.h"
#include "sample.h"
#include "subject.h"

#define ARRIVAL_S 60 /* until the first packet: its sender may have to be started */
#define ATTACH_S  60 /* until other programs are attached */
#define POLL      32

/* A consumer on an lcore of its own. */
struct reader {
	struct mcr_consumer *consumer;
	unsigned lcore;
	unsigned drain_us;
	int stop;                /* writer: main */
	uint64_t received, lost; /* writer: the reader's lcore; relaxed */
};

struct bench {
	const struct bench_options *options;
	struct feed feed;
	struct mcr_engine *engine;
	struct reader readers[BENCH_READERS_MAX];
	unsigned n_readers; /* launched */
	unsigned rx_lcore;
	clockid_t cpu_clock; /* of the rx lcore */
};

struct bench_sample {
	struct sample rx;
	uint64_t received, lost; /* all readers */
};

static int read_all(void *arg)
{
	struct reader *r = arg;
	struct mcr_msg msgs[POLL];
	uint8_t payload[9000];
	uint64_t received = 0, lost = 0;
	int n = 0;

	while (n >= 0 && !__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		n = mcr_consumer_poll(r->consumer, msgs, POLL);
		for (int i = 0; i < n; i++) {
			if (msgs[i].kind == MCR_LOST)
				lost += msgs[i].lost;
			else if (mcr_consumer_read(r->consumer, &msgs[i], payload,
						   sizeof(payload)) >= 0)
				received++;
			else
				lost++;
		}
		mcr_consumer_release(r->consumer);
		if (n == 0 && r->drain_us > 0)
			usleep(r->drain_us);
		__atomic_store_n(&r->received, received, __ATOMIC_RELAXED);
		__atomic_store_n(&r->lost, lost, __ATOMIC_RELAXED);
	}
	return n;
}

static int start_readers(struct bench *b, struct mcr_error *err)
{
	for (unsigned i = 0; i < b->options->readers; i++) {
		struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
		struct reader *r = &b->readers[i];
		char channel[MCR_NAME_MAX];
		int lcore = worker_lcore(1 + i);

		if (lcore < 0)
			return -1;
		r->lcore = (unsigned)lcore;
		r->drain_us = b->options->drain_us;
		subject_channel(channel, i % b->options->channels);
		opts.fd = mcr_engine_attach(b->engine, channel, "bench", err);
		if (opts.fd < 0 || mcr_consumer_open(&r->consumer, &opts, err) < 0)
			return -1;
		if (rte_eal_remote_launch(read_all, r, r->lcore) < 0)
			return fail("lcore %u is busy", r->lcore);
		b->n_readers++;
	}
	return 0;
}

static void stop_readers(struct bench *b)
{
	for (unsigned i = 0; i < b->n_readers; i++) {
		__atomic_store_n(&b->readers[i].stop, 1, __ATOMIC_RELAXED);
		rte_eal_wait_lcore(b->readers[i].lcore);
	}
	for (unsigned i = 0; i < BENCH_READERS_MAX; i++)
		mcr_consumer_close(b->readers[i].consumer);
}

static struct bench_sample take_sample(const struct bench *b)
{
	struct bench_sample s = {.rx = sample_take(b->engine, &b->feed, b->cpu_clock)};

	for (unsigned i = 0; i < b->n_readers; i++) {
		s.received += __atomic_load_n(&b->readers[i].received, __ATOMIC_RELAXED);
		s.lost += __atomic_load_n(&b->readers[i].lost, __ATOMIC_RELAXED);
	}
	return s;
}

static int none_delivered(const struct bench *b)
{
	char first[MCR_ADDRESS_TEXT];
	struct mcr_account all;
	unsigned most = 0;

	mcr_engine_account(b->engine, &all);
	for (unsigned i = 0; i < MCR_DROP_COUNT; i++)
		if (all.drops[i] > all.drops[most])
			most = i;
	return fail("port %s: packets came, but none for %s and the following %u groups, UDP port "
		    "%u; most were dropped as %s",
		    b->options->port, mcr_address_format(first, feed_group(b->options->family, 0)),
		    b->options->groups, FEED_UDP_PORT, mcr_drop_name(most));
}

static int print(struct bench *b, const struct bench_sample *start, const struct bench_sample *end)
{
	const struct sample *from = &start->rx, *to = &end->rx;
	const struct bench_options *o = b->options;
	uint64_t packets = to->lcore.account.received - from->lcore.account.received;
	uint64_t delivered = to->lcore.account.delivered - from->lcore.account.delivered;
	double n = (double)packets;
	struct mcr_port_info port = {.size = sizeof(port)};
	struct mcr_account all;

	if (packets == 0)
		return fail("port %s: no packet came", o->port);
	if (b->feed.filled && delivered != packets)
		return fail("port %s: of %" PRIu64 " packets %" PRIu64 " were delivered; on "
			    "net_null the device's size must be that of the payload + %u",
			    o->port, packets, delivered, b->feed.frames.header_max);
	if (delivered == 0)
		return none_delivered(b);
	if (o->hw_times && stamps_check(b->engine, "c0") < 0)
		return -1;
	mcr_engine_port_info(b->engine, 0, &port);
	mcr_engine_stop(b->engine); /* from here on nothing more is counted */
	mcr_engine_account(b->engine, &all);
	printf("{\"packets\": %" PRIu64 ", \"packets_since_start\": %" PRIu64
	       ", \"delivered\": %" PRIu64 ", \"missed\": %" PRIu64
	       ", \"cpu_ns\": %.3f, \"wall_ns\": %.3f, \"busy_ns\": %.3f, "
	       "\"work_ns\": %.3f, \"busy_cycles\": %.2f, \"packets_per_burst\": %.2f, "
	       "\"received\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"longest_gap_ns\": %" PRIu64
	       ", \"buffers\": %u}\n",
	       packets, all.received, delivered, port.rx_missed + port.rx_nombuf,
	       (double)(to->cpu_ns - from->cpu_ns) / n, (double)(to->wall_ns - from->wall_ns) / n,
	       sample_busy_ns(from, to) / n, sample_work_ns(from, to) / n,
	       (double)(to->busy_cycles - from->busy_cycles) / n,
	       n / (double)(to->lcore.bursts - from->lcore.bursts), end->received - start->received,
	       end->lost - start->lost, to->lcore.longest_gap_ns, b->feed.n_buffers);
	return 0;
}

/* Other programs are seen to as the engine's thread works. */
static int wait_for_consumers(struct bench *b)
{
	const unsigned expected = b->n_readers + b->options->consumers;
	uint64_t end_ns = monotonic_ns() + ATTACH_S * UINT64_C(1000000000);
	struct mcr_consumer_info info = {.size = sizeof(info)};

	while (expected > 0 && mcr_engine_consumer_info(b->engine, expected - 1, &info) < 0) {
		if (monotonic_ns() >= end_ns)
			return fail("not all of %u consumers attached in %d s", expected, ATTACH_S);
		sample_run_for(b->engine, 1);
	}
	return 0;
}

static int wait_for_packets(struct bench *b)
{
	uint64_t end_ns = monotonic_ns() + ARRIVAL_S * UINT64_C(1000000000);
	struct mcr_account account = {0};

	while (account.received == 0 && monotonic_ns() < end_ns) {
		sample_run_for(b->engine, 1);
		mcr_engine_account(b->engine, &account);
	}
	if (account.received == 0)
		return fail("port %s: no packet came in %d s", b->options->port, ARRIVAL_S);
	sample_warm_up(b->engine, b->options->duration_ms);
	return 0;
}

static int run(struct bench *b, struct mcr_error *err)
{
	struct bench_sample from, to;
	uint64_t end_ns;
	int lcore = worker_lcore(0);

	if (lcore < 0)
		return -1;
	b->rx_lcore = (unsigned)lcore;
	if (lcore_cpu_clock(b->rx_lcore, &b->cpu_clock) < 0 ||
	    feed_create(&b->feed, b->options) < 0 ||
	    subject_create(&b->engine, b->options, &b->feed, NULL, b->rx_lcore, err) < 0 ||
	    feed_fill(&b->feed, b->options, b->engine) < 0 || start_readers(b, err) < 0 ||
	    mcr_engine_start(b->engine, err) < 0)
		return -1;
	if (wait_for_consumers(b) < 0 || wait_for_packets(b) < 0)
		return -1;
	from = take_sample(b);
	end_ns = from.rx.wall_ns + ARRIVAL_S * UINT64_C(1000000000);
	do { /* again where another thread had the rx lcore's core all the time */
		sample_run_for(b->engine, b->options->duration_ms);
		to = take_sample(b);
	} while (to.rx.lcore.account.received == from.rx.lcore.account.received &&
		 to.rx.wall_ns < end_ns);
	return print(b, &from, &to);
}

int bench_engine(const struct bench_options *options)
{
	struct bench b = {.options = options};
	struct mcr_error err = {""};
	int ret;

	if (!options->port)
		return fail("--port is missing");
	ret = run(&b, &err);
	if (ret < 0 && err.text[0] != '\0')
		fail("%s", err.text);
	stop_readers(&b);
	if (b.engine)
		mcr_engine_stop(b.engine); /* before the feed: it may have a callback on the port */
	feed_destroy(&b.feed);
	mcr_engine_destroy(b.engine);
	return ret;
}
