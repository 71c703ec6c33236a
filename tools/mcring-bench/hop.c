/* SPDX-License-Identifier: BSD-3-Clause */
#include "hop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "../common/fail.h"
#include "../common/samples.h"
#include "lcore.h"

#define SAMPLES_MAX (UINT64_C(1) << 22)
#define SETTLE_MS   20 /* the reader goes on after the writer stopped */

static const struct hop_carrier *const carriers[] = {&hop_mcring,    &hop_echo, &hop_rte_ring,
						     &hop_bytes,     &hop_unix, &hop_one_line,
						     &hop_two_lines, &hop_clock};

static double ns_at(const struct hop *h, double part)
{
	return (double)samples_at(h->samples, h->n_samples, part) * 1e9 / (double)rte_get_tsc_hz();
}

static int print(struct hop *h)
{
	double seconds = (double)(h->last_tsc - h->first_tsc) / (double)rte_get_tsc_hz();

	if (h->n_samples < 2)
		return fail("%s: the reader saw nothing", h->options->peer);
	samples_sort(h->samples, h->n_samples);
	printf("{\"sent\": %" PRIu64 ", \"received\": %" PRIu64 ", \"lost\": %" PRIu64
	       ", \"per_second\": %.0f, \"p50_ns\": %.0f, \"p99_ns\": %.0f, \"p999_ns\": %.0f, "
	       "\"max_ns\": %.0f}\n",
	       h->sent, h->received, h->lost, (double)h->received / seconds, ns_at(h, 0.5),
	       ns_at(h, 0.99), ns_at(h, 0.999), ns_at(h, 1));
	return 0;
}

static int run(struct hop *h, const struct hop_carrier *carrier, unsigned writer, unsigned reader)
{
	int ret = -1;

	if (rte_eal_remote_launch(carrier->read, h, reader) < 0)
		return fail("lcore %u is busy", reader);
	if (rte_eal_remote_launch(carrier->write, h, writer) == 0) {
		usleep(h->options->duration_ms * 1000);
		__atomic_store_n(&h->stop_writer, 1, __ATOMIC_RELAXED);
		ret = rte_eal_wait_lcore(writer);
		usleep(SETTLE_MS * 1000);
	}
	__atomic_store_n(&h->stop_reader, 1, __ATOMIC_RELAXED);
	if (rte_eal_wait_lcore(reader) < 0)
		ret = -1;
	return ret;
}

static int carry(const struct bench_options *options, const struct hop_carrier *carrier,
		 unsigned writer, unsigned reader)
{
	struct hop *h = hop_make_lines(sizeof(*h));
	int ret = -1;

	if (!h)
		return -1;
	h->options = options;
	h->max_samples = SAMPLES_MAX;
	h->samples = malloc(SAMPLES_MAX * sizeof(*h->samples));
	if (h->samples && carrier->create(h) == 0) {
		memset(h->samples, 0xff, SAMPLES_MAX * sizeof(*h->samples)); /* no fault later */
		ret = run(h, carrier, writer, reader);
		carrier->destroy(h);
	}
	if (ret == 0)
		ret = print(h);
	free(h->samples);
	free(h);
	return ret;
}

int bench_hop(const struct bench_options *options)
{
	const char *peer = options->peer ? options->peer : "mcring";
	int writer = worker_lcore(0), reader = worker_lcore(1);

	if (writer < 0 || reader < 0)
		return -1;
	if (strcmp(peer, "line") == 0)
		return hop_bounce((unsigned)writer, (unsigned)reader);
	for (size_t i = 0; i < RTE_DIM(carriers); i++)
		if (strcmp(peer, carriers[i]->name) == 0)
			return carry(options, carriers[i], (unsigned)writer, (unsigned)reader);
	return fail("--peer \"%s\": expected mcring, echo, rte_ring, bytes, unix, one_line, "
		    "two_lines, clock or line",
		    peer);
}
