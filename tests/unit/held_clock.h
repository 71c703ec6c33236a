/* SPDX-License-Identifier: BSD-3-Clause */
/* The monotonic clock, which a test can hold: from then on it goes on only when the test says so,
 * however long the machine keeps a thread from running, and also in processes that it forks. For
 * programs that are linked with
 * --wrap=clock_gettime. */
#ifndef HELD_CLOCK_H
#define HELD_CLOCK_H

#include <sys/mman.h>

#include "small_engine.h"

#define HELD_STEP_NS UINT64_C(25000000) /* consumers look less often whether their engine lives */

static uint64_t *held_ns; /* what the clock shows; NULL = it goes */

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	uint64_t *held = __atomic_load_n(&held_ns, __ATOMIC_ACQUIRE), ns;

	if (!held || clock != CLOCK_MONOTONIC)
		return __real_clock_gettime(clock, ts);
	ns = __atomic_load_n(held, __ATOMIC_ACQUIRE);
	*ts = (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
	return 0;
}

/* Also for all tests of a program. */
static inline int hold_clock(void **state)
{
	uint64_t *ns =
	    mmap(NULL, sizeof(*ns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(ns != MAP_FAILED);
	*ns = monotonic_ns();
	__atomic_store_n(&held_ns, ns, __ATOMIC_RELEASE);
	return 0;
}

/* Of a clock that only stood still. */
static inline void let_clock_go(void)
{
	__atomic_store_n(&held_ns, NULL, __ATOMIC_RELEASE);
}

/* The held clock goes on at once, and then n engines, whose locks are free, go round and beat. */
static inline void pass_time(struct small_engine *e, unsigned n, uint64_t ns)
{
	__atomic_add_fetch(held_ns, ns, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < n; i++)
		small_engine_round(&e[i]);
}

#endif
