/* SPDX-License-Identifier: BSD-3-Clause */
/* clock.c with a CLOCK_REALTIME that this file plays; the TSC is the machine's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include <rte_cycles.h>

#include "engine/clock/clock.h"

#define SECOND_NS UINT64_C(1000000000)
#define HZ        UINT64_C(1000000000) /* of the TSC as this file pretends: 1 ns a cycle */

static uint64_t origin_tsc;
static int64_t offset_ns; /* of the played clock against the TSC */
static int64_t slope_ppm;

/* Linked in place of libc's. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t cycles = (int64_t)(rte_rdtsc() - origin_tsc);
	int64_t ns = 1000 * (int64_t)SECOND_NS + cycles + cycles / 1000000 * slope_ppm + offset_ns;

	ts->tv_sec = ns / (int64_t)SECOND_NS;
	ts->tv_nsec = ns % (int64_t)SECOND_NS;
	return 0;
}

static int set_up(void **state)
{
	origin_tsc = rte_rdtsc();
	offset_ns = slope_ppm = 0;
	return 0;
}

static void wait_cycles(uint64_t cycles)
{
	uint64_t start = rte_rdtsc();

	while (rte_rdtsc() - start < cycles)
		;
}

static int64_t error_ns(const struct mcr_clock *clock)
{
	uint64_t steps, tsc = rte_rdtsc();
	int64_t cycles = (int64_t)(tsc - origin_tsc);

	return (int64_t)mcr_clock_realtime(clock, tsc, &steps) -
	       (1000 * (int64_t)SECOND_NS + cycles + cycles / 1000000 * slope_ppm + offset_ns);
}

static uint64_t steps_of(const struct mcr_clock *clock)
{
	uint64_t steps;

	mcr_clock_realtime(clock, rte_rdtsc(), &steps);
	return steps;
}

static void assert_near(int64_t ns, int64_t limit)
{
	assert_true(ns < limit && ns > -limit);
}

static void it_converts_to_what_the_clock_says(void **state)
{
	struct mcr_clock clock = {0};

	mcr_clock_init(&clock, HZ);
	wait_cycles(20000000);
	assert_near(error_ns(&clock), 500000);
	assert_int_equal(steps_of(&clock), 0);
	assert_int_equal(clock.version % 2, 0);
}

static void it_learns_a_tsc_that_is_off_by_a_little(void **state)
{
	struct mcr_clock clock = {0};

	slope_ppm = 200;
	mcr_clock_init(&clock, HZ);
	wait_cycles(100000000);
	mcr_clock_update(&clock);
	assert_true(clock.ns_per_tsc > clock.nominal + clock.nominal / 10000);
	assert_true(clock.ns_per_tsc < clock.nominal + clock.nominal / 3000);
	assert_int_equal(steps_of(&clock), 0);
}

static void it_does_not_believe_a_tsc_that_is_off_by_much(void **state)
{
	struct mcr_clock clock = {0};

	slope_ppm = 900;
	mcr_clock_init(&clock, HZ);
	wait_cycles(100000000);
	mcr_clock_update(&clock);
	assert_int_equal(clock.ns_per_tsc, clock.nominal);
	assert_near(error_ns(&clock), 500000); /* the point is the new one all the same */
}

static void a_step_is_counted_and_followed(void **state)
{
	static const int64_t steps_ns[] = {2 * (int64_t)SECOND_NS, -5 * (int64_t)SECOND_NS, 3000000,
					   -3000000};
	struct mcr_clock clock = {0};

	mcr_clock_init(&clock, HZ);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t slope = clock.ns_per_tsc;

		offset_ns += steps_ns[i];
		mcr_clock_update(&clock);
		assert_int_equal(steps_of(&clock), i + 1);
		assert_near(error_ns(&clock), 500000);
		assert_int_equal(clock.ns_per_tsc, slope);
	}
}

static void slewing_is_no_step(void **state)
{
	struct mcr_clock clock = {0};

	mcr_clock_init(&clock, HZ);
	offset_ns = 400000;
	mcr_clock_update(&clock);
	assert_int_equal(steps_of(&clock), 0);
	assert_near(error_ns(&clock), 300000);
}

static void a_reading_from_before_the_point_is_converted_too(void **state)
{
	struct mcr_clock clock = {0};
	uint64_t steps;

	mcr_clock_init(&clock, HZ);
	assert_int_equal(mcr_clock_realtime(&clock, clock.tsc, &steps), clock.ns);
	assert_int_equal(mcr_clock_realtime(&clock, clock.tsc - 1000, &steps), clock.ns - 1000);
	assert_int_equal(mcr_clock_realtime(&clock, clock.tsc + 1000, &steps), clock.ns + 1000);
	assert_int_equal(mcr_clock_realtime(&clock, clock.tsc + 1000000 * HZ, &steps),
			 clock.ns + 1000000 * SECOND_NS); /* 64 bits would not do */
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_converts_to_what_the_clock_says),
	    TEST(it_learns_a_tsc_that_is_off_by_a_little),
	    TEST(it_does_not_believe_a_tsc_that_is_off_by_much),
	    TEST(a_step_is_counted_and_followed),
	    TEST(slewing_is_no_step),
	    TEST(a_reading_from_before_the_point_is_converted_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
