/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine itself allows, on the core where an rx lcore would be.
 * copy:  the bytes of a message into memory of a ring's size, and nothing else.
 * stall: how long a loop that only reads the clock is kept from it.
 * drain: the load of a consumer that drains a ring now and then, without a ring. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "bench.h"
#include "core/ring_layout.h"
#include "engine/os/region.h"
#include "engine/plan/channel_config.h"
#include "lcore.h"

#define BYTES      (UINT64_C(16) << 20) /* the engine's default */
#define FRAMES     32u                  /* a burst, whose buffers are hot */
#define FRAME_ROOM 2048u

struct loop {
	const struct bench_options *options;
	struct mcr_region region;
	uint64_t bytes;      /* of the region */
	uint8_t *frames;     /* FRAMES of FRAME_ROOM */
	uint64_t n;          /* messages; writer: the lcore */
	uint64_t longest;    /* cycles; writer: the lcore */
	uint64_t sum;        /* of what was read, so that the compiler keeps the reads */
	uint64_t end_cycles; /* TSC */
	clockid_t cpu_clock;
};

/* The place of the next message, as the ring gives it. */
static uint8_t *next_place(const struct loop *l, uint64_t *offset, uint32_t len)
{
	uint64_t span = mcr_ring_span(len), place = *offset & (l->bytes - 1);

	if (place + span > l->bytes)
		place = 0;
	*offset = place + span;
	return (uint8_t *)l->region.mem + place;
}

static int copy_loop(void *arg)
{
	struct loop *l = arg;
	uint64_t offset = 0, n = 0;
	uint32_t len = l->options->size;

	while (rte_rdtsc() < l->end_cycles) {
		for (unsigned i = 0; i < FRAMES; i++, n++) {
			uint8_t *to = next_place(l, &offset, len);

			for (unsigned w = 0; w < MCR_RECORD_BYTES / 8; w++)
				__atomic_store_n((uint64_t *)(void *)to + w, n, __ATOMIC_RELAXED);
			memcpy(to + MCR_RECORD_BYTES, l->frames + (size_t)i * FRAME_ROOM + 42, len);
		}
	}
	l->n = n;
	return 0;
}

static int stall_loop(void *arg)
{
	struct loop *l = arg;
	uint64_t last = rte_rdtsc(), now;

	do {
		now = rte_rdtsc();
		if (now - last > l->longest)
			l->longest = now - last;
		last = now;
		l->n++;
	} while (now < l->end_cycles);
	return 0;
}

/* Reads as many messages out of the region as come at options->rate, then sleeps; again and again.
 */
static int drain_loop(void *arg)
{
	struct loop *l = arg;
	uint64_t start_ns = monotonic_ns(), offset = 0, due;
	uint8_t payload[BENCH_PAYLOAD_MAX];
	uint32_t len = l->options->size;

	while (rte_rdtsc() < l->end_cycles) {
		due = (uint64_t)((double)(monotonic_ns() - start_ns) * 1e-9 * l->options->rate);
		for (; l->n < due; l->n++) {
			const uint8_t *from = next_place(l, &offset, len);

			for (unsigned w = 0; w < MCR_RECORD_BYTES / 8; w++)
				l->sum += __atomic_load_n((const uint64_t *)(const void *)from + w,
							  __ATOMIC_RELAXED);
			memcpy(payload, from + MCR_RECORD_BYTES, len);
			l->sum += payload[len - 1];
		}
		usleep(l->options->drain_us);
	}
	return 0;
}

static int run_loop(struct loop *l, lcore_function_t *function)
{
	struct mcr_error err = {""};
	int lcore = worker_lcore(0);

	l->bytes = l->options->bytes ? l->options->bytes : BYTES;
	l->frames = calloc(FRAMES, FRAME_ROOM);
	if (lcore < 0 || !l->frames || lcore_cpu_clock((unsigned)lcore, &l->cpu_clock))
		return -1;
	if (mcr_region_create(&l->region, l->bytes, -1, "bench", NULL, &err) < 0)
		return fail("%s", err.text);
	l->end_cycles = rte_rdtsc() + l->options->duration_ms * (rte_get_tsc_hz() / 1000);
	if (rte_eal_remote_launch(function, l, (unsigned)lcore) < 0)
		return fail("lcore %d is busy", lcore);
	return rte_eal_wait_lcore((unsigned)lcore);
}

static void end_loop(struct loop *l)
{
	mcr_region_destroy(&l->region);
	free(l->frames);
}

int bench_copy(const struct bench_options *options)
{
	struct loop l = {.options = options};
	int ret = run_loop(&l, copy_loop);

	if (ret == 0)
		printf("{\"packets\": %" PRIu64 ", \"cpu_ns\": %.3f}\n", l.n,
		       (double)clock_ns(l.cpu_clock) / (double)l.n);
	end_loop(&l);
	return ret;
}

int bench_stall(const struct bench_options *options)
{
	struct loop l = {.options = options};
	int ret = run_loop(&l, stall_loop);

	if (ret == 0)
		printf("{\"longest_gap_ns\": %.0f}\n",
		       (double)l.longest * 1e9 / (double)rte_get_tsc_hz());
	end_loop(&l);
	return ret;
}

int bench_drain(const struct bench_options *options)
{
	struct loop l = {.options = options};
	int ret = run_loop(&l, drain_loop);

	if (ret == 0)
		printf("{\"packets\": %" PRIu64 ", \"sum\": %" PRIu64 "}\n", l.n, l.sum & 1);
	end_loop(&l);
	return ret;
}
