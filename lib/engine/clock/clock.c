/* SPDX-License-Identifier: BSD-3-Clause */
#include <time.h>

#include <rte_cycles.h>

#include "engine/clock/clock.h"

#define SECOND_NS UINT64_C(1000000000)
#define STEP_NS   UINT64_C(1000000) /* so far off the line is a step: slewing does not explain it */
#define SPAN_NS   (SECOND_NS / 20)  /* a slope over less than this is mostly reading noise */

static uint64_t now_of(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * SECOND_NS + (uint64_t)ts.tv_nsec;
}

uint64_t mcr_clock_now_realtime(void)
{
	return now_of(CLOCK_REALTIME);
}

uint64_t mcr_clock_now_monotonic(void)
{
	return now_of(CLOCK_MONOTONIC);
}

/* Reads both clocks at nearly one instant: the tightest of a few tries, as any may be interrupted.
 */
static void read_pair(uint64_t *tsc, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 4; i++) {
		uint64_t before = rte_rdtsc_precise();
		uint64_t now = mcr_clock_now_realtime();
		uint64_t after = rte_rdtsc_precise();

		if (after - before < best) {
			best = after - before;
			*tsc = before + (after - before) / 2;
			*ns = now;
		}
	}
}

static void publish(struct mcr_clock *clock, uint64_t tsc, uint64_t ns, uint64_t slope,
		    uint64_t steps)
{
	uint64_t version = clock->version;

	__atomic_store_n(&clock->version, version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&clock->tsc, tsc, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->ns, ns, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->ns_per_tsc, slope, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->steps, steps, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->version, version + 2, __ATOMIC_RELEASE);
}

void mcr_clock_init(struct mcr_clock *clock, uint64_t tsc_hz)
{
	uint64_t tsc = 0, ns = 0;

	clock->nominal = (uint64_t)(((mcr_u128)SECOND_NS << 32) / tsc_hz);
	read_pair(&tsc, &ns);
	publish(clock, tsc, ns, clock->nominal, 0);
}

void mcr_clock_update(struct mcr_clock *clock)
{
	uint64_t tsc = 0, ns = 0, steps, predicted, slope = clock->ns_per_tsc;

	read_pair(&tsc, &ns);
	predicted = mcr_clock_realtime(clock, tsc, &steps);
	if (ns > predicted + STEP_NS || ns + STEP_NS < predicted) {
		publish(clock, tsc, ns, slope, steps + 1);
		return;
	}
	if (ns > clock->ns && ns - clock->ns >= SPAN_NS) {
		uint64_t measured =
		    (uint64_t)(((mcr_u128)(ns - clock->ns) << 32) / (tsc - clock->tsc));

		/* A TSC is within 500 ppm of its nominal frequency: more is a bad reading. */
		if (measured > clock->nominal - clock->nominal / 2000 &&
		    measured < clock->nominal + clock->nominal / 2000)
			slope = measured;
	}
	publish(clock, tsc, ns, slope, steps);
}

uint64_t mcr_clock_realtime_of(uint64_t monotonic_ns)
{
	if (monotonic_ns == 0)
		return 0;
	return mcr_clock_now_realtime() - (mcr_clock_now_monotonic() - monotonic_ns);
}
