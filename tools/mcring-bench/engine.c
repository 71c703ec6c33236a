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

#include "feed.h"

#define WARM_UP_MS 300
#define POLL       32

/* A consumer on an lcore of its own. */
struct reader {
	struct mcr_consumer *consumer;
	unsigned lcore;
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
	int cpu_clock; /* of the rx lcore */
	uint64_t sum;  /* of the handler; writer: the rx lcore */
};

/* One instant of the rx lcore, and what came of it. */
struct sample {
	struct mcr_lcore_info lcore;
	uint64_t wall_ns, cpu_ns;
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
		__atomic_store_n(&r->received, received, __ATOMIC_RELAXED);
		__atomic_store_n(&r->lost, lost, __ATOMIC_RELAXED);
	}
	return n;
}

static void silent(void *ctx, enum mcr_log_level level, const char *line)
{
	if (level <= MCR_LOG_ERROR)
		fprintf(stderr, "mcring-bench: %s\n", line);
}

static void name_channel(char *name, unsigned i)
{
	snprintf(name, MCR_NAME_MAX, "c%u", i);
}

/* The least that a handler does: it looks at each payload. */
static void look_at(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring)
{
	uint64_t *sum = ctx;

	for (unsigned i = 0; i < n; i++)
		*sum += msgs[i].data_len > 0 ? msgs[i].data[0] : 0;
}

static int create_engine(struct bench *b, struct mcr_error *err)
{
	const struct bench_options *o = b->options;
	struct mcr_channel_config channels[BENCH_CHANNELS_MAX] = {{.name = ""}};
	struct mcr_interface_config interface = {.name = "bench", .tx_never = 1};
	struct mcr_engine_config config;

	snprintf(interface.port, sizeof(interface.port), "%s", o->port);
	for (unsigned i = 0; i < o->channels; i++) {
		name_channel(channels[i].name, i);
		channels[i].depth = o->depth;
		if (o->handler != BENCH_HANDLER_NONE) {
			channels[i].handler = look_at;
			channels[i].handler_ctx = &b->sum;
			channels[i].handler_only = o->handler == BENCH_HANDLER_ONLY;
		}
	}
	mcr_engine_config_init(&config);
	config.interfaces = &interface;
	config.n_interfaces = 1;
	config.channels = channels;
	config.n_channels = o->channels;
	config.lcores = &b->rx_lcore;
	config.n_lcores = 1;
	if (o->first_chunk)
		config.first_chunk = (uint16_t)o->first_chunk;
	config.log = silent;
	return mcr_engine_create(&b->engine, &config, err);
}

static int join_all(struct bench *b, struct mcr_error *err)
{
	const struct mcr_join_list *flows = &b->feed.options.flows;
	int ret = 0;

	for (unsigned c = 0; ret == 0 && c < b->options->channels; c++) {
		struct mcr_join_list list = {0};

		for (size_t i = 0; ret == 0 && i < flows->n; i++) {
			ret = mcr_join_list_add(&list, &flows->items[i]);
			if (ret == 0)
				name_channel(list.items[i].channel, c);
		}
		if (ret == 0)
			ret = mcr_engine_update(b->engine, NULL, 0, list.items, list.n, err);
		mcr_join_list_clear(&list);
	}
	return ret;
}

static int start_readers(struct bench *b, struct mcr_error *err)
{
	for (unsigned i = 0; i < b->options->readers; i++) {
		struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
		struct reader *r = &b->readers[i];
		char channel[MCR_NAME_MAX];
		int lcore = bench_worker(1 + i);

		if (lcore < 0)
			return -1;
		r->lcore = (unsigned)lcore;
		name_channel(channel, i % b->options->channels);
		opts.fd = mcr_engine_attach(b->engine, channel, "bench", err);
		if (opts.fd < 0 || mcr_consumer_open(&r->consumer, &opts, err) < 0)
			return -1;
		if (rte_eal_remote_launch(read_all, r, r->lcore) < 0)
			return bench_fail("lcore %u is busy", r->lcore);
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

static struct sample take_sample(const struct bench *b)
{
	struct sample s = {.received = 0};

	mcr_engine_lcore_info(b->engine, 0, &s.lcore);
	s.wall_ns = bench_now_ns();
	s.cpu_ns = bench_cpu_ns(b->cpu_clock);
	for (unsigned i = 0; i < b->n_readers; i++) {
		s.received += __atomic_load_n(&b->readers[i].received, __ATOMIC_RELAXED);
		s.lost += __atomic_load_n(&b->readers[i].lost, __ATOMIC_RELAXED);
	}
	return s;
}

/* The control thread works as it does in the daemon, once a millisecond. */
static void run_for(struct bench *b, unsigned ms)
{
	uint64_t end_ns = bench_now_ns() + ms * UINT64_C(1000000);

	while (bench_now_ns() < end_ns) {
		mcr_engine_poll(b->engine, 0);
		usleep(1000);
	}
}

static int print(const struct bench *b, const struct sample *from, const struct sample *to)
{
	const struct bench_options *o = b->options;
	uint64_t packets = to->lcore.account.received - from->lcore.account.received;
	uint64_t delivered = to->lcore.account.delivered - from->lcore.account.delivered;
	double n = (double)packets;
	double hz = (double)to->lcore.tsc_hz;

	if (packets == 0)
		return bench_fail("port %s: no packet came", o->port);
	if (delivered != packets)
		return bench_fail("port %s: of %" PRIu64 " packets %" PRIu64 " were delivered; on "
				  "net_null the device's size must be that of the payload + 42",
				  o->port, packets, delivered);
	printf("{\"packets\": %" PRIu64 ", \"cpu_ns\": %.3f, \"wall_ns\": %.3f, \"busy_ns\": %.3f, "
	       "\"busy_cycles\": %.2f, \"packets_per_burst\": %.2f, \"received\": %" PRIu64
	       ", \"lost\": %" PRIu64 ", \"longest_gap_ns\": %" PRIu64 "}\n",
	       packets, (double)(to->cpu_ns - from->cpu_ns) / n,
	       (double)(to->wall_ns - from->wall_ns) / n,
	       (double)(to->lcore.busy_cycles - from->lcore.busy_cycles) * 1e9 / hz / n,
	       (double)(to->lcore.busy_cycles - from->lcore.busy_cycles) / n,
	       n / (double)(to->lcore.bursts - from->lcore.bursts), to->received - from->received,
	       to->lost - from->lost, to->lcore.longest_gap_ns);
	return 0;
}

static int run(struct bench *b, struct mcr_error *err)
{
	struct sample from, to;
	int lcore = bench_worker(0);

	if (lcore < 0)
		return -1;
	b->rx_lcore = (unsigned)lcore;
	if (bench_lcore_cpu_clock(b->rx_lcore, &b->cpu_clock) < 0 ||
	    feed_create(&b->feed, b->options) < 0 || create_engine(b, err) < 0 ||
	    join_all(b, err) < 0 || feed_fill(&b->feed, b->options) < 0 ||
	    start_readers(b, err) < 0 || mcr_engine_start(b->engine, err) < 0)
		return -1;
	run_for(b, WARM_UP_MS);
	from = take_sample(b);
	run_for(b, b->options->duration_ms);
	to = take_sample(b);
	return print(b, &from, &to);
}

int bench_engine(const struct bench_options *options)
{
	struct bench b = {.options = options};
	struct mcr_error err = {""};
	int ret;

	if (options->port == NULL)
		return bench_fail("--port is missing");
	ret = run(&b, &err);
	if (ret < 0 && err.text[0] != '\0')
		bench_fail("%s", err.text);
	stop_readers(&b);
	if (b.engine != NULL)
		mcr_engine_stop(b.engine); /* before the feed: it may have a callback on the port */
	feed_destroy(&b.feed);
	mcr_engine_destroy(b.engine);
	return ret;
}
