/* SPDX-License-Identifier: BSD-3-Clause */
/* A burst that comes out of silence: when do its packets reach a consumer? Between two bursts a
 * lone packet is sent under the same conditions, which is what the first of a burst is compared
 * with.
 *
 * Without --port the measurement sends itself, on a wire of its own: a packet's time runs from the
 * store that shows the burst to the receiver until the reader has its payload. With --port bursts
 * come from a wire, and are told apart by the silence between them: a packet's time runs from the
 * burst's arrival (by the NIC's clock where it is known, else by the poll that brought it). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_lcore.h>

#include <mcring/consumer.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "../common/samples.h"
#include "lcore.h"
#include "subject.h"
#include "wire.h"

#define SAMPLES_MAX 200000
#define SILENCE_NS  20000 /* before each burst; the reader polls meanwhile, as it always does */
#define PATIENCE_NS 1000000000 /* what does not come within so long after the last one is lost */
#define CONTROL_NS  1000000    /* how often the control thread works on a wire */
#define POLL        32

/* Positions in a burst whose times are printed, and how long the rx lcore worked for a packet. */
enum position {
	LONE,
	FIRST,
	EIGHTH,
	OF_32,
	OF_1000,
	LAST,
	BUSY_LONE,
	BUSY,
	POSITIONS,
};
static const char *const position_names[] = {"lone", "1",    "8",         "32",
					     "1000", "last", "busy lone", "busy"};

struct series {
	uint32_t *ns;
	uint64_t n;
};

struct burst_bench {
	struct bench_options options;
	struct feed feed;
	struct wire wire;
	struct mcr_engine *engine;
	struct mcr_consumer *consumer;
	struct series at[POSITIONS];
	uint64_t bursts, packets, lost;
	uint64_t seen_cycles; /* busy ones of the rx lcore, when last looked at */
	unsigned last_n;      /* of the burst before; 0 = none */
};

static void note(struct burst_bench *b, enum position position, uint64_t ns)
{
	struct series *s = &b->at[position];

	if (s->n < SAMPLES_MAX)
		s->ns[s->n++] = (uint32_t)RTE_MIN(ns, UINT32_MAX);
}

/* The i-th of n, from 1. */
static void note_position(struct burst_bench *b, unsigned i, unsigned n, uint64_t ns)
{
	if (i == 1)
		note(b, n == 1 ? LONE : FIRST, ns);
	if (i == 8)
		note(b, EIGHTH, ns);
	if (i == 32)
		note(b, OF_32, ns);
	if (i == 1000)
		note(b, OF_1000, ns);
	if (i == n && n > 1)
		note(b, LAST, ns);
}

static uint64_t ns_of(uint64_t cycles)
{
	return (uint64_t)((double)cycles * 1e9 / (double)rte_get_tsc_hz());
}

/* Gives the next messages, or -1 after a line on stderr. */
static int poll_data(struct burst_bench *b, struct mcr_msg *msgs)
{
	int n = mcr_consumer_poll(b->consumer, msgs, POLL);

	return n < 0 ? fail("the consumer ended") : n;
}

/* Copies the payload out. Returns whether it is whole. */
static int take(struct burst_bench *b, const struct mcr_msg *m)
{
	uint8_t payload[BENCH_PAYLOAD_MAX + 50];

	return m->kind == MCR_DATA &&
	       mcr_consumer_read(b->consumer, m, payload, sizeof(payload)) >= 0;
}

static void think(const struct burst_bench *b, uint64_t since)
{
	uint64_t cycles = b->options.think_ns * rte_get_tsc_hz() / 1000000000u;

	while (rte_rdtsc() - since < cycles)
		rte_pause();
}

/* Reads a burst of n that was sent at `start`. Returns 0, or -1 when the consumer failed. */
static int receive(struct burst_bench *b, unsigned n, uint64_t start)
{
	uint64_t patience = PATIENCE_NS / 1000 * (rte_get_tsc_hz() / 1000000), last = start;
	struct mcr_msg msgs[POLL];
	unsigned got = 0;

	while (got < n && rte_rdtsc() - last < patience) {
		int k = poll_data(b, msgs);

		if (k < 0)
			return -1;
		for (int i = 0; i < k; i++) {
			if (!take(b, &msgs[i]))
				continue;
			last = rte_rdtsc();
			note_position(b, ++got, n, ns_of(last - start));
			think(b, last);
		}
		mcr_consumer_release(b->consumer);
	}
	b->bursts++;
	b->packets += n;
	b->lost += n - got;
	return 0;
}

/* What the rx lcore did since the last look it did for the burst before: the silence is over. */
static void look(struct burst_bench *b)
{
	struct mcr_lcore_info lcore = {.size = sizeof(lcore)};

	mcr_engine_lcore_info(b->engine, 0, &lcore);
	if (b->last_n > 0)
		note(b, b->last_n == 1 ? BUSY_LONE : BUSY,
		     ns_of(lcore.busy_cycles - b->seen_cycles) / b->last_n);
	b->seen_cycles = lcore.busy_cycles;
}

/* All of a burst's preparation is over before the silence begins. */
static int try_once(struct burst_bench *b, unsigned n)
{
	struct mcr_msg msgs[POLL];
	uint64_t end_ns;

	if (wire_prepare(&b->wire, n) < 0)
		return -1;
	mcr_engine_poll(b->engine, 0);
	end_ns = monotonic_ns() + SILENCE_NS;
	while (monotonic_ns() < end_ns) {
		if (poll_data(b, msgs) < 0)
			return -1;
		mcr_consumer_release(b->consumer);
	}
	look(b);
	b->last_n = n;
	return receive(b, n, wire_send(&b->wire, n));
}

static int send_bursts(struct burst_bench *b, uint64_t end_ns)
{
	unsigned n = b->options.burst;

	do {
		if (try_once(b, 1) < 0 || (n > 1 && try_once(b, n) < 0))
			return -1;
	} while (monotonic_ns() < end_ns);
	return 0;
}

/* ---- bursts of others ---- */

/* The burst that is coming in. */
struct arrival {
	uint64_t start_ns, last_ns; /* by the wire */
	uint64_t first, last;       /* how late its first and its last packet were */
	unsigned n;
};

static void end_burst(struct burst_bench *b, const struct arrival *a)
{
	if (a->n == 0)
		return;
	note(b, a->n == 1 ? LONE : FIRST, a->first);
	if (a->n > 1)
		note(b, LAST, a->last);
	b->bursts++;
	b->packets += a->n;
}

static void arrive(struct burst_bench *b, struct arrival *a, const struct mcr_msg *m)
{
	uint64_t at_ns = m->flags & MCR_FLAG_HW_TIME ? m->hw_ns : m->rx_ns, now_ns = realtime_ns();

	if (at_ns > a->last_ns + SILENCE_NS) {
		end_burst(b, a);
		*a = (struct arrival){.start_ns = at_ns};
	}
	a->last_ns = at_ns;
	a->last = now_ns > a->start_ns ? now_ns - a->start_ns : 0;
	if (++a->n == 1)
		a->first = a->last;
	else if (a->n == 8 || a->n == 32 || a->n == 1000)
		note_position(b, a->n, 0, a->last);
}

static int listen_for_bursts(struct burst_bench *b, uint64_t end_ns)
{
	struct arrival a = {0};
	struct mcr_msg msgs[POLL];
	uint64_t control_ns = 0, now_ns;

	while ((now_ns = monotonic_ns()) < end_ns) {
		int k = poll_data(b, msgs);

		if (k < 0)
			return -1;
		for (int i = 0; i < k; i++) {
			if (msgs[i].kind == MCR_LOST)
				b->lost += msgs[i].lost;
			if (!take(b, &msgs[i]))
				continue;
			arrive(b, &a, &msgs[i]);
			think(b, rte_rdtsc());
		}
		mcr_consumer_release(b->consumer);
		if (now_ns - control_ns > CONTROL_NS) {
			mcr_engine_poll(b->engine, 0);
			control_ns = now_ns;
		}
	}
	end_burst(b, &a);
	return b->bursts > 0 ? 0 : fail("port %s: no packet came", b->options.port);
}

/* ---- the whole ---- */

static void print_quantile(const struct burst_bench *b, const char *name, double q)
{
	const char *separator = "";

	printf("\"%s\": {", name);
	for (int i = 0; i < POSITIONS; i++) {
		const struct series *s = &b->at[i];

		if (s->n == 0)
			continue;
		printf("%s\"%s\": %" PRIu32, separator, position_names[i],
		       samples_at(s->ns, s->n, q));
		separator = ", ";
	}
	printf("}, ");
}

static void print(struct burst_bench *b)
{
	struct mcr_lcore_info lcore = {.size = sizeof(lcore)};

	for (int i = 0; i < POSITIONS; i++)
		samples_sort(b->at[i].ns, b->at[i].n);
	mcr_engine_lcore_info(b->engine, 0, &lcore);
	printf("{");
	print_quantile(b, "p50_ns", 0.5);
	print_quantile(b, "p99_ns", 0.99);
	printf("\"bursts\": %" PRIu64 ", \"packets\": %" PRIu64 ", \"lost\": %" PRIu64
	       ", \"captured\": %u, \"longest_gap_ns\": %" PRIu64 "}\n",
	       b->bursts, b->packets, b->lost, b->feed.captured.n, lcore.longest_gap_ns);
}

static int prepare(struct burst_bench *b, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	int lcore = worker_lcore(0);

	if (lcore < 0)
		return -1;
	for (int i = 0; i < POSITIONS; i++) {
		b->at[i].ns = malloc(SAMPLES_MAX * sizeof(*b->at[i].ns));
		if (!b->at[i].ns)
			return fail("out of memory");
	}
	if (feed_create(&b->feed, &b->options) < 0)
		return -1;
	if (b->feed.captured.n > b->options.burst)
		b->options.burst = b->feed.captured.n;
	if (!b->options.port) {
		if (wire_create(&b->wire, &b->feed) < 0)
			return -1;
		b->options.port = b->wire.port;
	}
	if (subject_create(&b->engine, &b->options, &b->feed, NULL, (unsigned)lcore, err) < 0)
		return -1;
	opts.fd = mcr_engine_attach(b->engine, "c0", "bench", err);
	if (opts.fd < 0 || mcr_consumer_open(&b->consumer, &opts, err) < 0)
		return -1;
	return mcr_engine_start(b->engine, err);
}

static int run(struct burst_bench *b, struct mcr_error *err)
{
	uint64_t end_ns;
	int ret;

	if (prepare(b, err) < 0)
		return -1;
	mcr_engine_poll(b->engine, 0);
	end_ns = monotonic_ns() + b->options.duration_ms * UINT64_C(1000000);
	ret = b->wire.rx ? send_bursts(b, end_ns) : listen_for_bursts(b, end_ns);
	if (ret == 0)
		print(b);
	return ret;
}

int bench_burst(const struct bench_options *options)
{
	struct burst_bench *b = calloc(1, sizeof(*b)); /* large: a burst's pointers */
	struct mcr_error err = {""};
	int ret;

	if (!b)
		return fail("out of memory");
	b->options = *options;
	ret = run(b, &err);
	if (ret < 0 && err.text[0] != '\0')
		fail("%s", err.text);
	mcr_consumer_close(b->consumer);
	mcr_engine_destroy(b->engine);
	wire_destroy(&b->wire);
	feed_destroy(&b->feed);
	for (int i = 0; i < POSITIONS; i++)
		free(b->at[i].ns);
	free(b);
	return ret;
}
