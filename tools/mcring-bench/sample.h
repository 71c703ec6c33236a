/* SPDX-License-Identifier: BSD-3-Clause */
/* The counters of an engine with one rx lcore, and what it cost between two readings. */
#ifndef MCR_BENCH_SAMPLE_H
#define MCR_BENCH_SAMPLE_H

#include <stdint.h>
#include <time.h>

#include <mcring/engine.h>

#include "feed.h"

/* The counters at one instant. */
struct sample {
	struct mcr_lcore_info lcore;
	uint64_t wall_ns, cpu_ns;
	uint64_t busy_cycles; /* without those of the feed */
};

/* sample_take. cpu_clock: of the rx lcore (lcore_cpu_clock). */
struct sample sample_take(const struct mcr_engine *engine, const struct feed *feed,
			  clockid_t cpu_clock);

/* sample_work_ns: the lcore's CPU time between two samples, without the feed's part of it. Where no
 * poll comes back empty, that is what the busy cycles say, less the time when another thread had
 * the core. */
double sample_work_ns(const struct sample *from, const struct sample *to);

/* sample_busy_ns: the time in bursts that were not empty. */
double sample_busy_ns(const struct sample *from, const struct sample *to);

/* sample_run_for: the control thread works as it does in the daemon, once a millisecond. */
void sample_run_for(struct mcr_engine *engine, unsigned ms);

/* sample_warm_up: before a measurement of so many ms, for as long, at most 300 ms. */
void sample_warm_up(struct mcr_engine *engine, unsigned ms);

#endif
