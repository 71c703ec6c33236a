/* SPDX-License-Identifier: BSD-3-Clause */
/* The monotonic clock, which a test can hold: from then on it goes on only when the test says so,
 * however long the machine keeps a thread from running. For programs that are linked with
 * --wrap=clock_gettime. */
#ifndef HELD_CLOCK_H
#define HELD_CLOCK_H

#include "small_engine.h"

#define HELD_STEP_NS UINT64_C(25000000) /* consumers look less often whether their engine lives */

static uint64_t held_ns; /* what the clock shows; 0 = it goes */

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	const uint64_t ns = __atomic_load_n(&held_ns, __ATOMIC_ACQUIRE);

	if (ns == 0 || clock != CLOCK_MONOTONIC)
		return __real_clock_gettime(clock, ts);
	*ts = (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
	return 0;
}

static inline void hold_clock(void)
{
	__atomic_store_n(&held_ns, monotonic_ns(), __ATOMIC_RELEASE);
}

/* The held clock goes on at once, and then n engines, whose locks are free, go round and beat. */
static inline void pass_time(struct small_engine *e, unsigned n, uint64_t ns)
{
	__atomic_store_n(&held_ns, held_ns + ns, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < n; i++)
		small_engine_round(&e[i]);
}

#endif
