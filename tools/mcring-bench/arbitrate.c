/* SPDX-License-Identifier: BSD-3-Clause */
/* What a feed costs its reader: the same two lines read by a consumer of each, which has every
 * packet twice, and by libmcring-feed, which has each message once. The two have their turn in the
 * same run: batch by batch, or with --rate message by message. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#include "../common/fail.h"
#include "../common/samples.h"
#include "bench.h"
#include "lcore.h"
#include "lines.h"

#define BATCH       1024  /* messages; both lines of them stay in the second-level cache */
#define WARM_UP     16    /* batches, messages */
#define BEHIND_NS   5000  /* the second line */
#define SETTLE_NS   20000 /* then all is read */
#define SAMPLES_MAX (1u << 20)

enum reader {
	PLAIN,
	FED,
	READERS
};

typedef int (*poll_fn)(struct lines *l);
static const poll_fn polls[READERS] = {lines_plain, lines_fed};

struct arbitrate {
	struct lines lines;
	struct {
		uint32_t *samples; /* cycles: of a batch, or from stamp to read */
		size_t n;
	} of[READERS]; /* writer: the reader's lcore */
	int stop __rte_cache_aligned;
	uint64_t wanted __rte_cache_aligned;  /* batches; writer: the reader's lcore */
	uint64_t written __rte_cache_aligned; /* writer: the writer's lcore */
};

static int is_over(const struct arbitrate *a)
{
	return __atomic_load_n(&a->stop, __ATOMIC_RELAXED);
}

static void note(struct arbitrate *a, unsigned reader, uint64_t cycles)
{
	if (a->of[reader].n < SAMPLES_MAX)
		a->of[reader].samples[a->of[reader].n++] = (uint32_t)RTE_MIN(cycles, UINT32_MAX);
}

/* ---- batch by batch ---- */

static int write_batches(void *arg)
{
	struct arbitrate *a = arg;

	while (!is_over(a)) {
		/* acquire: the reader has released what it read; pairs with read_batches */
		if (__atomic_load_n(&a->wanted, __ATOMIC_ACQUIRE) == a->written) {
			rte_pause();
			continue;
		}
		mcr_portless_begin(a->lines.engine, 0);
		for (unsigned i = 0; i < BATCH; i++, a->lines.sent++)
			for (unsigned line = 0; line < LINES; line++)
				lines_put(&a->lines, line, 0);
		lines_publish(&a->lines);
		/* release: pairs with read_batches */
		__atomic_store_n(&a->written, a->written + 1, __ATOMIC_RELEASE);
	}
	return 0;
}

/* Reads until nothing is left. */
static int drain(struct lines *l, unsigned reader)
{
	int n;

	do
		n = polls[reader](l);
	while (n > 0);
	return n;
}

static int read_batches(void *arg)
{
	struct arbitrate *a = arg;
	int ret = 0;

	for (uint64_t n = 0; ret == 0 && !is_over(a); n++) {
		const unsigned first = n % READERS;
		uint64_t start;

		__atomic_store_n(&a->wanted, n + 1, __ATOMIC_RELEASE);
		while (__atomic_load_n(&a->written, __ATOMIC_ACQUIRE) <= n && !is_over(a))
			rte_pause();
		start = rte_rdtsc();
		ret = drain(&a->lines, first);
		if (n >= WARM_UP)
			note(a, first, rte_rdtsc() - start);
		if (ret == 0)
			ret = drain(&a->lines, (first + 1) % READERS);
	}
	return ret;
}

/* ---- message by message ---- */

static uint64_t cycles_of(uint64_t ns)
{
	return rte_get_tsc_hz() / 1000000 * ns / 1000;
}

static void send_lone(struct lines *l, unsigned line)
{
	mcr_portless_begin(l->engine, 0);
	lines_put(l, line, rte_rdtsc());
	lines_publish(l);
}

static int write_singly(void *arg)
{
	struct arbitrate *a = arg;
	const uint64_t interval = rte_get_tsc_hz() / a->lines.options->rate;
	const uint64_t behind = cycles_of(BEHIND_NS);
	uint64_t due = rte_rdtsc() + interval;

	while (!is_over(a)) {
		const uint64_t now = rte_rdtsc();

		if (now < due) {
			rte_pause();
			continue;
		}
		due = now + interval;
		send_lone(&a->lines, 0);
		while (rte_rdtsc() - now < behind)
			rte_pause();
		send_lone(&a->lines, 1);
		a->lines.sent++;
	}
	return 0;
}

static int read_singly(void *arg)
{
	struct arbitrate *a = arg;
	struct lines *l = &a->lines;
	const uint64_t settle = cycles_of(SETTLE_NS);
	int n = 0;

	for (uint64_t turn = 0; n >= 0 && !is_over(a); turn++) {
		const unsigned reader = turn % READERS;
		uint64_t now, stamp;

		do
			n = polls[reader](l);
		while (n == 0 && !is_over(a));
		now = l->copied_at;
		memcpy(&stamp, l->payload + LINES_STAMP, sizeof(stamp));
		if (n > 0 && turn >= WARM_UP)
			note(a, reader, now - stamp);
		/* The other copy, and the other reader. */
		while (n >= 0 && rte_rdtsc() - now < settle)
			n = RTE_MIN(lines_plain(l), lines_fed(l));
	}
	return n < 0 ? -1 : 0;
}

/* ---- the whole ---- */

static int print(struct arbitrate *a)
{
	const unsigned rate = a->lines.options->rate;
	const double to_ns = 1e9 / (double)rte_get_tsc_hz() / (rate ? 1 : BATCH);
	double p50[READERS], p99[READERS];

	for (unsigned i = 0; i < READERS; i++) {
		if (a->of[i].n < 2)
			return fail("a reader saw nothing");
		samples_sort(a->of[i].samples, a->of[i].n);
		p50[i] = samples_at(a->of[i].samples, a->of[i].n, 0.5) * to_ns;
		p99[i] = samples_at(a->of[i].samples, a->of[i].n, 0.99) * to_ns;
	}
	printf("{\"sent\": %" PRIu64 ", \"packets\": %" PRIu64 ", \"messages\": %" PRIu64
	       ", \"lost\": %" PRIu64 ", \"plain_ns\": %.1f, \"feed_ns\": %.1f, \"more_ns\": %.1f, "
	       "\"plain_p99_ns\": %.1f, \"feed_p99_ns\": %.1f}\n",
	       a->lines.sent, a->lines.plain_read, a->lines.feed_read, a->lines.lost, p50[PLAIN],
	       p50[FED], p50[FED] - p50[PLAIN], p99[PLAIN], p99[FED]);
	return 0;
}

static int run(struct arbitrate *a, unsigned writer, unsigned reader)
{
	const unsigned rate = a->lines.options->rate;
	int ret = -1;

	if (rte_eal_remote_launch(rate ? read_singly : read_batches, a, reader) < 0)
		return fail("lcore %u is busy", reader);
	if (rte_eal_remote_launch(rate ? write_singly : write_batches, a, writer) == 0) {
		usleep(a->lines.options->duration_ms * 1000);
		ret = 0;
	}
	__atomic_store_n(&a->stop, 1, __ATOMIC_RELAXED);
	if (rte_eal_wait_lcore(writer) < 0 || rte_eal_wait_lcore(reader) < 0)
		ret = fail("a reader failed");
	return ret;
}

int bench_feed(const struct bench_options *options)
{
	const int writer = worker_lcore(0), reader = worker_lcore(1);
	struct arbitrate *a;
	int ret = -1;

	if (writer < 0 || reader < 0)
		return -1;
	a = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*a));
	if (!a)
		return fail("out of memory");
	memset(a, 0, sizeof(*a));
	for (unsigned i = 0; i < READERS; i++) /* written: no page faults later */
		if ((a->of[i].samples = malloc(SAMPLES_MAX * sizeof(*a->of[i].samples))))
			memset(a->of[i].samples, 0xff, SAMPLES_MAX * sizeof(*a->of[i].samples));
	if (!a->of[PLAIN].samples || !a->of[FED].samples)
		fail("out of memory");
	else if (lines_create(&a->lines, options) == 0)
		ret = run(a, (unsigned)writer, (unsigned)reader);
	if (ret == 0)
		ret = print(a);
	lines_destroy(&a->lines);
	for (unsigned i = 0; i < READERS; i++)
		free(a->of[i].samples);
	free(a);
	return ret;
}
