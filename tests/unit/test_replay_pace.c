/* SPDX-License-Identifier: BSD-3-Clause */
/* test_replay_pace: when frames are due, on clocks that the test sets. Sleeping takes what the test
 * says, which is never what was asked for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "mcring-replay/pace.h"

#define SECOND_NS 1000000000ull
#define ORIGIN    (1700000000 * SECOND_NS)
#define MONOTONIC (5000 * SECOND_NS)
#define REAL      (1800000000 * SECOND_NS)

static uint64_t monotonic_ns_now, real_ns_now;
static uint64_t look_ns;      /* what looking at a clock takes */
static uint64_t oversleep_ns; /* what sleeping takes beyond what was asked for */
static uint64_t slept_until_ns;
static int is_interrupted;

/* Both clocks go on together. */
static void pass(uint64_t ns)
{
	monotonic_ns_now += ns;
	real_ns_now += ns;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	const uint64_t ns = clock == CLOCK_MONOTONIC ? monotonic_ns_now : real_ns_now;

	*ts = (struct timespec){(time_t)(ns / SECOND_NS), (long)(ns % SECOND_NS)};
	pass(look_ns);
	return 0;
}

int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *until,
			   struct timespec *left);
int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *until,
			   struct timespec *left)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	assert_int_equal(flags, TIMER_ABSTIME);
	slept_until_ns = (uint64_t)until->tv_sec * SECOND_NS + (uint64_t)until->tv_nsec;
	if (is_interrupted)
		return EINTR;
	if (slept_until_ns > monotonic_ns_now)
		pass(slept_until_ns - monotonic_ns_now);
	pass(oversleep_ns);
	return 0;
}

static int reset_clocks(void **state)
{
	monotonic_ns_now = MONOTONIC;
	real_ns_now = REAL;
	look_ns = oversleep_ns = slept_until_ns = 0;
	is_interrupted = 0;
	return 0;
}

static void frames_are_due_as_far_from_the_first_as_they_were_captured(void **state)
{
	static const struct {
		double speed;
		uint64_t distance_ns;
	} speeds[] = {
	    {1, 3 * SECOND_NS}, {2, 3 * SECOND_NS / 2}, {0.5, 6 * SECOND_NS}, {1e6, 3000}, {0, 0}};

	for (unsigned i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		struct pace p = {.speed = speeds[i].speed};

		reset_clocks(NULL);
		assert_int_equal(pace_due(&p, ORIGIN), MONOTONIC);
		pass(SECOND_NS); /* whatever happens meanwhile */
		assert_int_equal(pace_due(&p, ORIGIN + 3 * SECOND_NS),
				 MONOTONIC + speeds[i].distance_ns);
		assert_int_equal(pace_due(&p, ORIGIN + 3 * SECOND_NS),
				 MONOTONIC + speeds[i].distance_ns);
	}
}

/* A first frame without a time, as some captures have, is half a century before the second. */
static void what_is_due_in_centuries_is_not_due_now(void **state)
{
	struct pace p = {.speed = 1e-6};

	reset_clocks(NULL);
	assert_int_equal(pace_due(&p, 0), MONOTONIC);
	assert_true(pace_due(&p, ORIGIN) > MONOTONIC + ORIGIN);
	/* Nor does the capture's time begin again when it runs fast for months. */
	p = (struct pace){.speed = 1e6};
	pace_due(&p, ORIGIN);
	pass(300 * 86400 * SECOND_NS);
	assert_int_equal(pace_clock(&p, monotonic_ns_now, ORIGIN + SECOND_NS), ORIGIN + SECOND_NS);
}

/* tcpreplay 630, 829, 724: what each sleep took too long added up, as did what was cut off each
 * division; 674: with a speed and a loop only the first round was in time; 418: the second frame
 * came with the first. */
static void no_error_adds_up(void **state)
{
	static const double speeds[] = {1, 1.0 / 7, 3};
	static const uint64_t frames = 300000, distance_ns = 333333;

	for (unsigned i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		struct pace p = {.speed = speeds[i]};

		reset_clocks(NULL);
		look_ns = 20;
		for (uint64_t n = 0; n < frames; n++) {
			const uint64_t due_ns = pace_due(&p, ORIGIN + n * distance_ns);
			const double expected =
			    (double)MONOTONIC + (double)(n * distance_ns) / speeds[i];

			oversleep_ns = PACE_SPIN_NS - 10000 + n % 20000;
			pace_wait(due_ns);
			assert_true(monotonic_ns_now >= due_ns);
			assert_true(monotonic_ns_now - due_ns < 10100);
			assert_true((double)due_ns <= expected + 1 &&
				    (double)due_ns > expected - 2);
			pace_sent(&p, due_ns, monotonic_ns_now);
			pass(2000);
		}
		assert_int_equal(p.n_sent, frames);
		assert_in_range(p.late_most_ns, 9000, 10100);
		assert_in_range(p.late_sum_ns, frames * 2000, frames * 6000);
	}
}

/* After a stop, frames are late until the clock is caught up with; then they are in time again. */
static void a_delay_delays_nothing_that_is_due_after_it(void **state)
{
	struct pace p = {.speed = 1};

	pace_due(&p, ORIGIN);
	pass(5 * SECOND_NS);
	assert_int_equal(pace_due(&p, ORIGIN + 4 * SECOND_NS), MONOTONIC + 4 * SECOND_NS);
	assert_int_equal(pace_due(&p, ORIGIN + 6 * SECOND_NS), MONOTONIC + 6 * SECOND_NS);
}

static void waiting_sleeps_to_shortly_before_and_then_looks_at_the_clock(void **state)
{
	look_ns = 10;
	pace_wait(MONOTONIC + SECOND_NS);
	assert_int_equal(slept_until_ns, MONOTONIC + SECOND_NS - PACE_SPIN_NS);
	assert_in_range(monotonic_ns_now, MONOTONIC + SECOND_NS, MONOTONIC + SECOND_NS + 20);
	slept_until_ns = 0;
	pace_wait(MONOTONIC + SECOND_NS + PACE_SPIN_NS / 2); /* too near to sleep */
	assert_int_equal(slept_until_ns, 0);
	pace_wait(MONOTONIC); /* over */
	pace_wait(0);
	assert_int_equal(slept_until_ns, 0);
	assert_in_range(monotonic_ns_now, MONOTONIC + SECOND_NS + PACE_SPIN_NS / 2,
			MONOTONIC + SECOND_NS + PACE_SPIN_NS / 2 + 100);
}

static void a_signal_ends_the_wait(void **state)
{
	is_interrupted = 1;
	pace_wait(MONOTONIC + SECOND_NS);
	assert_int_equal(monotonic_ns_now, MONOTONIC);
}

static void a_start_is_kept_by_the_clock_of_the_day_also_when_that_is_set(void **state)
{
	struct pace p = {.speed = 2, .start_at_ns = REAL + 10 * SECOND_NS};

	assert_int_equal(pace_due(&p, ORIGIN), MONOTONIC + 10 * SECOND_NS);
	assert_int_equal(pace_clock(&p, monotonic_ns_now, ORIGIN), ORIGIN);
	pass(SECOND_NS);
	real_ns_now += 4 * SECOND_NS; /* set */
	assert_int_equal(pace_due(&p, ORIGIN), MONOTONIC + 6 * SECOND_NS);
	pass(5 * SECOND_NS + 300000); /* who looks late is still in step with others */
	assert_int_equal(pace_due(&p, ORIGIN), MONOTONIC + 6 * SECOND_NS);
	real_ns_now += 3600 * SECOND_NS; /* once begun, nothing moves it */
	assert_int_equal(pace_due(&p, ORIGIN + 2 * SECOND_NS), MONOTONIC + 7 * SECOND_NS);
}

static void a_start_that_is_long_over_is_not_made_up_for(void **state)
{
	struct pace p = {.speed = 1, .start_at_ns = REAL - 20 * SECOND_NS};

	assert_int_equal(pace_due(&p, ORIGIN), MONOTONIC);
}

static void a_long_silence_is_cut_once(void **state)
{
	struct pace p = {.speed = 2, .max_gap_ns = SECOND_NS};
	uint64_t time_ns = ORIGIN;

	pace_due(&p, time_ns);
	time_ns += SECOND_NS; /* just as long as it may be */
	assert_int_equal(pace_due(&p, time_ns), MONOTONIC + SECOND_NS / 2);
	time_ns += 86400 * SECOND_NS;
	assert_int_equal(pace_due(&p, time_ns), MONOTONIC + SECOND_NS);
	assert_int_equal(pace_due(&p, time_ns), MONOTONIC + SECOND_NS);
	time_ns += SECOND_NS / 10;
	assert_int_equal(pace_due(&p, time_ns), MONOTONIC + SECOND_NS + SECOND_NS / 20);
}

static void the_captures_time_goes_on_up_to_the_next_frame(void **state)
{
	struct pace p = {.speed = 2};

	assert_int_equal(pace_clock(&p, monotonic_ns_now, ORIGIN), ORIGIN); /* not begun */
	pace_due(&p, ORIGIN);
	pace_due(&p, ORIGIN + 10 * SECOND_NS);
	assert_int_equal(pace_clock(&p, MONOTONIC, ORIGIN + 10 * SECOND_NS), ORIGIN);
	assert_int_equal(pace_clock(&p, MONOTONIC + SECOND_NS, ORIGIN + 10 * SECOND_NS),
			 ORIGIN + 2 * SECOND_NS);
	assert_int_equal(pace_clock(&p, MONOTONIC + 9 * SECOND_NS, ORIGIN + 10 * SECOND_NS),
			 ORIGIN + 10 * SECOND_NS);
}

static void flat_out_the_captures_time_is_that_of_the_next_frame(void **state)
{
	struct pace p = {.speed = 0};

	pace_due(&p, ORIGIN);
	pace_due(&p, ORIGIN + 10 * SECOND_NS);
	assert_int_equal(pace_clock(&p, MONOTONIC, ORIGIN + 11 * SECOND_NS),
			 ORIGIN + 11 * SECOND_NS);
	pace_sent(&p, MONOTONIC, MONOTONIC + SECOND_NS);
	assert_int_equal(p.late_most_ns, 0);
	assert_int_equal(p.n_sent, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_are_due_as_far_from_the_first_as_they_were_captured),
	    cmocka_unit_test(what_is_due_in_centuries_is_not_due_now),
	    cmocka_unit_test_setup(no_error_adds_up, reset_clocks),
	    cmocka_unit_test_setup(a_delay_delays_nothing_that_is_due_after_it, reset_clocks),
	    cmocka_unit_test_setup(waiting_sleeps_to_shortly_before_and_then_looks_at_the_clock,
				   reset_clocks),
	    cmocka_unit_test_setup(a_signal_ends_the_wait, reset_clocks),
	    cmocka_unit_test_setup(a_start_is_kept_by_the_clock_of_the_day_also_when_that_is_set,
				   reset_clocks),
	    cmocka_unit_test_setup(a_start_that_is_long_over_is_not_made_up_for, reset_clocks),
	    cmocka_unit_test_setup(a_long_silence_is_cut_once, reset_clocks),
	    cmocka_unit_test_setup(the_captures_time_goes_on_up_to_the_next_frame, reset_clocks),
	    cmocka_unit_test_setup(flat_out_the_captures_time_is_that_of_the_next_frame,
				   reset_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
