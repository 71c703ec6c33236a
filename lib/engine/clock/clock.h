/* SPDX-License-Identifier: BSD-3-Clause */
/* From the TSC to CLOCK_REALTIME without a system call: control measures, rx lcores convert. */
#ifndef MCR_ENGINE_CLOCK_H
#define MCR_ENGINE_CLOCK_H

#include <stdint.h>

__extension__ typedef unsigned __int128 mcr_u128; /* products of 64-bit fixed point */

/* One measured line. Writer: control. Readers: every rx lcore. The version is odd while control
 * writes (a seqlock), so a reader never mixes two lines. */
struct mcr_clock {
	uint64_t version;
	uint64_t tsc, ns;    /* a point of the line */
	uint64_t ns_per_tsc; /* its slope, 32.32 fixed point */
	uint64_t steps;      /* how often CLOCK_REALTIME was seen to jump */
	uint64_t nominal;    /* slope by the TSC's nominal frequency; control only */
};

/* mcr_clock_init measures for the first time. Thread: control, before readers exist. */
void mcr_clock_init(struct mcr_clock *clock, uint64_t tsc_hz);

/* mcr_clock_update measures again. Call it every 100 ms or so. Thread: control. */
void mcr_clock_update(struct mcr_clock *clock);

/* mcr_clock_realtime converts a TSC to CLOCK_REALTIME, ns. *steps: mcr_clock.steps as of the line
 * that was used. Thread: any. */
static inline uint64_t mcr_clock_realtime(const struct mcr_clock *clock, uint64_t tsc,
					  uint64_t *steps)
{
	uint64_t version, base_tsc, base_ns, slope;

	do {
		version = __atomic_load_n(&clock->version, __ATOMIC_ACQUIRE);
		base_tsc = __atomic_load_n(&clock->tsc, __ATOMIC_RELAXED);
		base_ns = __atomic_load_n(&clock->ns, __ATOMIC_RELAXED);
		slope = __atomic_load_n(&clock->ns_per_tsc, __ATOMIC_RELAXED);
		*steps = __atomic_load_n(&clock->steps, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((version & 1) != 0 ||
		 __atomic_load_n(&clock->version, __ATOMIC_RELAXED) != version);
	if (tsc < base_tsc) /* read just before control moved the point */
		return base_ns - (uint64_t)(((mcr_u128)(base_tsc - tsc) * slope) >> 32);
	return base_ns + (uint64_t)(((mcr_u128)(tsc - base_tsc) * slope) >> 32);
}

/* The clocks themselves, ns: a system call, so not for rx lcores. */
uint64_t mcr_clock_now_realtime(void);
uint64_t mcr_clock_now_monotonic(void);

/* mcr_clock_realtime_of converts a point of CLOCK_MONOTONIC that is past; 0 stays 0. */
uint64_t mcr_clock_realtime_of(uint64_t monotonic_ns);

#endif
