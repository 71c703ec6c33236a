/* SPDX-License-Identifier: BSD-3-Clause */
/* A receiver that runs until SIGTERM, as a program on a socket would: each payload is published,
 * and an inline handler looks at it, which is where the application has it on the rx lcore's core.
 * It prints "ready", and in the end what came, when, and what it cost. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mcring/engine.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "../common/receipt.h"
#include "lcore.h"
#include "subject.h"

struct receiver {
	const struct bench_options *options;
	struct feed feed; /* its groups are joined; it feeds nothing */
	struct mcr_engine *engine;
	struct receipt receipt; /* writer: the rx lcore */
	clockid_t cpu_clock;    /* of the rx lcore */
};

static volatile sig_atomic_t stop;

static void on_signal(int signo)
{
	(void)signo;
	stop = 1;
}

/* Payloads that come together are given together, and share one reading of the clock. */
static void on_messages(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring)
{
	struct receiver *r = ctx;
	uint64_t now_ns = receipt_now_ns(&r->receipt);

	(void)ring;
	for (unsigned i = 0; i < n; i++)
		receipt_took(&r->receipt, msgs[i].data, msgs[i].data_len, now_ns);
}

static int print(struct receiver *r, uint64_t cpu_ns)
{
	struct mcr_lcore_info lcore = {.size = sizeof(lcore)};
	double n;

	mcr_engine_lcore_info(r->engine, 0, &lcore);
	n = lcore.account.received ? (double)lcore.account.received : 1;
	printf("{");
	receipt_print(&r->receipt, stdout);
	printf(", \"cpu_ns\": %.1f, \"busy_ns\": %.1f, \"packets_per_burst\": %.2f, "
	       "\"longest_gap_ns\": %" PRIu64 "}\n",
	       (double)cpu_ns / n, (double)lcore.busy_cycles * 1e9 / (double)lcore.tsc_hz / n,
	       lcore.bursts ? n / (double)lcore.bursts : 0, lcore.longest_gap_ns);
	return 0;
}

static int run(struct receiver *r, struct mcr_error *err)
{
	const struct subject_handler handler = {on_messages, r};
	int lcore = worker_lcore(0), ret;
	uint64_t start_ns;

	if (lcore < 0 || lcore_cpu_clock((unsigned)lcore, &r->cpu_clock) < 0)
		return -1;
	ret = receipt_open(&r->receipt, r->options->count_file, r->options->times);
	if (ret < 0)
		return fail("--count-file %s: %s", r->options->count_file, strerror(-ret));
	if (feed_create(&r->feed, r->options) < 0 ||
	    subject_create(&r->engine, r->options, &r->feed, &handler, (unsigned)lcore, err) < 0 ||
	    mcr_engine_start(r->engine, err) < 0)
		return -1;
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	puts("ready");
	fflush(stdout);
	start_ns = clock_ns(r->cpu_clock);
	while (!stop) {
		mcr_engine_poll(r->engine, 0);
		usleep(1000);
	}
	return print(r, clock_ns(r->cpu_clock) - start_ns);
}

int bench_receive(const struct bench_options *options)
{
	struct receiver r = {.options = options};
	struct mcr_error err = {""};
	int ret;

	if (!options->port)
		return fail("--port is missing");
	ret = run(&r, &err);
	if (ret < 0 && err.text[0] != '\0')
		fail("%s", err.text);
	if (r.engine)
		mcr_engine_stop(r.engine);
	feed_destroy(&r.feed);
	mcr_engine_destroy(r.engine);
	receipt_close(&r.receipt);
	return ret;
}
