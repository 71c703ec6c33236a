/* SPDX-License-Identifier: BSD-3-Clause */
#include "sample.h"

#include <unistd.h>

#include "../common/clock.h"

#define WARM_UP_MS 300

struct sample sample_take(const struct mcr_engine *engine, const struct feed *feed,
			  clockid_t cpu_clock)
{
	struct sample s = {.lcore = {.size = sizeof(s.lcore)}};

	mcr_engine_lcore_info(engine, 0, &s.lcore);
	s.busy_cycles = s.lcore.busy_cycles - __atomic_load_n(&feed->cycles, __ATOMIC_RELAXED);
	s.wall_ns = monotonic_ns();
	s.cpu_ns = clock_ns(cpu_clock);
	return s;
}

double sample_work_ns(const struct sample *from, const struct sample *to)
{
	double all = (double)(to->lcore.busy_cycles - from->lcore.busy_cycles);
	double ours = (double)(to->busy_cycles - from->busy_cycles);

	return (double)(to->cpu_ns - from->cpu_ns) * ours / all;
}

double sample_busy_ns(const struct sample *from, const struct sample *to)
{
	return (double)(to->busy_cycles - from->busy_cycles) * 1e9 / (double)to->lcore.tsc_hz;
}

void sample_run_for(struct mcr_engine *engine, unsigned ms)
{
	uint64_t end_ns = monotonic_ns() + ms * UINT64_C(1000000);

	while (monotonic_ns() < end_ns) {
		mcr_engine_poll(engine, 0);
		usleep(1000);
	}
}

void sample_warm_up(struct mcr_engine *engine, unsigned ms)
{
	sample_run_for(engine, ms < WARM_UP_MS ? ms : WARM_UP_MS);
}
