/* SPDX-License-Identifier: BSD-3-Clause */
/* A NIC's counter and CLOCK_REALTIME, both played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/clock/hw_clock.h"

#define SECOND_NS UINT64_C(1000000000)
#define NOW_NS    (UINT64_C(1700000000) * SECOND_NS)
#define HZ        UINT64_C(156250000) /* 6.4 ns a tick */

static struct mcr_hw_clock clock;
static uint64_t first_ticks;        /* of the counter at NOW_NS */
static int64_t offset_ns, noise_ns; /* of CLOCK_REALTIME */

static int set_up(void **state)
{
	mcr_hw_clock_init(&clock, MCR_HW_CLOCK_NIC);
	first_ticks = 1000;
	offset_ns = noise_ns = 0;
	return 0;
}

static uint64_t ticks_at(uint64_t ms)
{
	return first_ticks + ms * (HZ / 1000);
}

static uint64_t ns_at(uint64_t ms)
{
	return NOW_NS + (uint64_t)((int64_t)(ms * 1000000) + offset_ns);
}

static void update(uint64_t ms)
{
	mcr_hw_clock_update(&clock, ticks_at(ms), ns_at(ms) + (uint64_t)noise_ns);
	noise_ns = -noise_ns;
}

static void run(uint64_t from_ms, uint64_t to_ms)
{
	for (uint64_t ms = from_ms; ms <= to_ms; ms += 100)
		update(ms);
}

static void converts(uint64_t ms, uint64_t within_ns)
{
	uint64_t got = mcr_hw_clock_realtime(&clock, ticks_at(ms)), expected = ns_at(ms);

	assert_in_range(got, expected - within_ns, expected + within_ns);
}

static void two_readings_of_a_counter_make_a_line(void **state)
{
	update(0);
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(0)), 0);
	update(100);
	converts(100, 2);
	converts(150, 2);
	converts(50, 2); /* stamped before the last reading */
}

static void readings_too_close_together_make_none(void **state)
{
	update(0);
	update(10);
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(10)), 0);
	update(60);
	converts(60, 2);
}

static void the_noise_of_readings_is_spread_over_a_second(void **state)
{
	noise_ns = 5000;
	run(0, 10000);
	/* The point has the noise of one reading, the slope that of two over a second or more. */
	converts(10100, 7000);
	run(10100, 100000);
	converts(100100, 7000);
}

static void bad_readings_are_got_over(void **state)
{
	update(0);
	noise_ns = 6000000; /* the first slope is 6% off, so each point after it is off the line */
	update(100);
	noise_ns = 0;
	run(200, 1000);
	converts(1050, 2);

	noise_ns = 900000; /* no step, but no slope that this counter can have */
	update(1100);
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(1100)), 0);
	noise_ns = 0;
	run(1200, 2000);
	converts(2050, 2);
}

static void a_counter_wraps_without_a_gap(void **state)
{
	first_ticks = 0 - HZ / 1000 * 250; /* 250 ms before 2^64 */
	/* Of a counter as wide as 64 bits these would be real time, of which there is none here. */
	run(0, 200);
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(200)), 0);
	converts(260, 2);
	run(300, 400);
	converts(450, 2);
	converts(260, 2);
}

static void a_counter_that_jumps_starts_anew_without_a_line(void **state)
{
	run(0, 3000);
	converts(3050, 2);
	first_ticks = UINT64_C(1) << 50;
	update(3100);
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(3100)), 0);
	assert_int_equal(mcr_hw_clock_realtime(&clock, 1000 + 3000 * (HZ / 1000)), 0);
	update(3200);
	converts(3200, 2);
	first_ticks = 5; /* reset, with a device that was */
	update(3300);
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(3300)), 0);
	update(3400);
	converts(3400, 2);
}

static void a_step_of_realtime_moves_the_line_at_once(void **state)
{
	static const int64_t steps[] = {2000000, -2000000, 7200 * (int64_t)SECOND_NS,
					-86400 * (int64_t)SECOND_NS};
	uint64_t ms = 0;

	run(0, 3000);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		ms += 3000;
		offset_ns += steps[i];
		update(ms + 100);
		converts(ms + 100, 2);
		converts(ms + 150, 2);
		run(ms + 200, ms + 3000);
		converts(ms + 3050, 2);
	}
}

static void slewing_is_followed(void **state)
{
	run(0, 3000);
	for (uint64_t ms = 3100; ms <= 10000; ms += 100) {
		offset_ns += 50000; /* 500 ppm */
		update(ms);
	}
	converts(10000, 2);
	converts(10050, 30000); /* 25 us more by then: the line knows of it, this file does not */
	assert_true(mcr_hw_clock_realtime(&clock, ticks_at(10050)) > ns_at(10050) + 20000);
}

static void a_stamp_far_from_the_line_is_none(void **state)
{
	run(0, 1000);
	converts(4900, 100);
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(5100)), 0);
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(1000) - 5 * HZ), 0);
	assert_int_equal(mcr_hw_clock_realtime(&clock, 0xffffffff), 0);
	assert_int_equal(mcr_hw_clock_realtime(&clock, MCR_HW_CLOCK_REALTIME - 1), 0);
	assert_int_equal(mcr_hw_clock_realtime(&clock, UINT64_MAX), 0);
}

static void a_line_that_was_not_renewed_is_measured_anew(void **state)
{
	run(0, 3000);
	update(10000);
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(10000)), 0);
	update(10100);
	converts(10100, 2);
}

static void counters_that_no_nic_has_make_no_line(void **state)
{
	for (uint64_t ms = 0; ms <= 1000; ms += 100) { /* stands still */
		mcr_hw_clock_update(&clock, 77, ns_at(ms));
		assert_int_equal(mcr_hw_clock_realtime(&clock, 77), 0);
	}
	for (uint64_t ms = 0; ms <= 1000; ms += 100) { /* runs backwards */
		mcr_hw_clock_update(&clock, UINT64_C(1) << 40 >> ms / 100, ns_at(ms));
		assert_int_equal(mcr_hw_clock_realtime(&clock, UINT64_C(1) << 40 >> ms / 100), 0);
	}
	for (uint64_t ms = 0; ms <= 1000; ms += 100) { /* too fast, then too slow */
		mcr_hw_clock_update(&clock, ms << 40, ns_at(ms));
		assert_int_equal(mcr_hw_clock_realtime(&clock, ms << 40), 0);
	}
	for (uint64_t ms = 0; ms <= 1000; ms += 100) {
		mcr_hw_clock_update(&clock, ms, ns_at(ms));
		assert_int_equal(mcr_hw_clock_realtime(&clock, ms), 0);
	}
}

static void real_time_of_a_nic_is_passed_while_it_is_within_an_hour(void **state)
{
	uint64_t hour = 3600 * SECOND_NS;

	assert_int_equal(mcr_hw_clock_realtime(&clock, NOW_NS), 0); /* nothing is known yet */
	mcr_hw_clock_set_now(&clock, NOW_NS);
	assert_int_equal(mcr_hw_clock_realtime(&clock, NOW_NS + 123), NOW_NS + 123);
	assert_int_equal(mcr_hw_clock_realtime(&clock, NOW_NS - hour), NOW_NS - hour);
	assert_int_equal(mcr_hw_clock_realtime(&clock, NOW_NS + hour), NOW_NS + hour);
	assert_int_equal(mcr_hw_clock_realtime(&clock, NOW_NS - hour - 1), 0);
	assert_int_equal(mcr_hw_clock_realtime(&clock, NOW_NS + hour + 1), 0);
	assert_int_equal(mcr_hw_clock_realtime(&clock, 1000), 0); /* a counter that nobody read */
	run(0, 200); /* whatever the counter says: real time is real time */
	assert_int_equal(mcr_hw_clock_realtime(&clock, NOW_NS + 5), NOW_NS + 5);
}

static void a_counter_that_cannot_be_read_any_more_has_no_line(void **state)
{
	run(0, 1000);
	converts(1000, 2);
	mcr_hw_clock_set_now(&clock, ns_at(1100));
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(1100)), 0);
	update(1200);
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(1200)), 0);
	update(1300);
	converts(1300, 2);
}

static void a_capture_has_microseconds_of_any_past(void **state)
{
	mcr_hw_clock_init(&clock, MCR_HW_CLOCK_CAPTURE_US);
	assert_int_equal(mcr_hw_clock_realtime(&clock, 0), 0);
	assert_int_equal(mcr_hw_clock_realtime(&clock, 1), 1000);
	assert_int_equal(mcr_hw_clock_realtime(&clock, UINT64_C(1234567890123456)),
			 UINT64_C(1234567890123456000));
	assert_int_equal(mcr_hw_clock_realtime(&clock, MCR_HW_CLOCK_CAPTURE_END - 1),
			 (MCR_HW_CLOCK_CAPTURE_END - 1) * 1000);
	assert_int_equal(mcr_hw_clock_realtime(&clock, MCR_HW_CLOCK_CAPTURE_END), 0);
	assert_int_equal(mcr_hw_clock_realtime(&clock, UINT64_MAX), 0);
}

static void a_driver_that_is_not_known_has_none(void **state)
{
	mcr_hw_clock_init(&clock, MCR_HW_CLOCK_NONE);
	run(0, 1000);
	assert_int_equal(mcr_hw_clock_realtime(&clock, ticks_at(1000)), 0);
	assert_int_equal(mcr_hw_clock_realtime(&clock, NOW_NS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(two_readings_of_a_counter_make_a_line, set_up),
	    cmocka_unit_test_setup(readings_too_close_together_make_none, set_up),
	    cmocka_unit_test_setup(the_noise_of_readings_is_spread_over_a_second, set_up),
	    cmocka_unit_test_setup(bad_readings_are_got_over, set_up),
	    cmocka_unit_test_setup(a_counter_wraps_without_a_gap, set_up),
	    cmocka_unit_test_setup(a_counter_that_jumps_starts_anew_without_a_line, set_up),
	    cmocka_unit_test_setup(a_step_of_realtime_moves_the_line_at_once, set_up),
	    cmocka_unit_test_setup(slewing_is_followed, set_up),
	    cmocka_unit_test_setup(a_stamp_far_from_the_line_is_none, set_up),
	    cmocka_unit_test_setup(a_line_that_was_not_renewed_is_measured_anew, set_up),
	    cmocka_unit_test_setup(counters_that_no_nic_has_make_no_line, set_up),
	    cmocka_unit_test_setup(real_time_of_a_nic_is_passed_while_it_is_within_an_hour, set_up),
	    cmocka_unit_test_setup(a_counter_that_cannot_be_read_any_more_has_no_line, set_up),
	    cmocka_unit_test_setup(a_capture_has_microseconds_of_any_past, set_up),
	    cmocka_unit_test_setup(a_driver_that_is_not_known_has_none, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
