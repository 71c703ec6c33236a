/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <time.h>
#include <unistd.h>

#include "engine/clock/round_clock.h"

#define MS UINT64_C(1000000)

static uint64_t waited(void *ctx)
{
	return *(uint64_t *)ctx;
}

/* A round that takes took_ns, waited_ns of which the scheduler ran others. */
static int one(struct mcr_round_clock *c, uint64_t at_ns, uint64_t took_ns, uint64_t waited_ns)
{
	mcr_round_begin(c, at_ns);
	*(uint64_t *)c->ctx += waited_ns;
	return mcr_round_end(c, at_ns + took_ns);
}

static void the_longest_round_is_kept_and_all_are_counted(void **state)
{
	uint64_t delay = 0;
	struct mcr_round_clock c = {.waited = waited, .ctx = &delay};

	(void)state;
	assert_int_equal(one(&c, 100 * MS, 3 * MS, 0), 1);
	assert_int_equal(one(&c, 200 * MS, 2 * MS, 0), 0);
	assert_int_equal(c.longest_ns, 3 * MS);
	assert_int_equal(one(&c, 300 * MS, 5 * MS, 0), 1);
	assert_int_equal(one(&c, 400 * MS, 5 * MS, 0), 0); /* the first of equals stands */
	assert_int_equal(c.longest_ns, 5 * MS);
	assert_int_equal(c.rounds, 4);
}

static void sleep_between_rounds_does_not_count(void **state)
{
	uint64_t delay = 0;
	struct mcr_round_clock c = {.waited = waited, .ctx = &delay};

	(void)state;
	one(&c, 1000 * MS, 1 * MS, 0);
	one(&c, 9000 * MS, 1 * MS, 0);
	assert_int_equal(c.longest_ns, 1 * MS);
}

static void time_that_the_scheduler_gave_to_others_does_not_count(void **state)
{
	uint64_t delay = 7 * MS; /* of the thread's life before */
	struct mcr_round_clock c = {.waited = waited, .ctx = &delay};

	(void)state;
	assert_int_equal(one(&c, 1000 * MS, 900 * MS, 898 * MS), 1);
	assert_int_equal(c.longest_ns, 2 * MS);
	assert_int_equal(one(&c, 2000 * MS, 500 * MS, 499 * MS), 0);
	assert_int_equal(one(&c, 3000 * MS, 40 * MS, 10 * MS), 1); /* a lock, and a little of it */
	assert_int_equal(c.longest_ns, 30 * MS);
}

static void waiting_between_rounds_is_not_taken_off_the_next(void **state)
{
	uint64_t delay = 0;
	struct mcr_round_clock c = {.waited = waited, .ctx = &delay};

	(void)state;
	one(&c, 1000 * MS, 1 * MS, 0);
	delay += 600 * MS; /* the thread woke late */
	one(&c, 2000 * MS, 20 * MS, 0);
	assert_int_equal(c.longest_ns, 20 * MS);
}

static void more_waiting_than_time_makes_no_round_of_years(void **state)
{
	uint64_t delay = 0;
	struct mcr_round_clock c = {.waited = waited, .ctx = &delay};

	(void)state;
	assert_int_equal(one(&c, 1000 * MS, 2 * MS, 3 * MS), 0); /* two clocks, read one by one */
	assert_int_equal(c.longest_ns, 0);
	assert_int_equal(c.rounds, 1);
}

static void the_kernels_account_is_of_the_calling_thread_and_no_sleep_is_in_it(void **state)
{
	const struct timespec nap = {.tv_nsec = (long)(30 * MS)};
	int fd = mcr_run_delay_open();
	uint64_t before;

	(void)state;
	if (fd < 0) {
		printf("skipped: absent: /proc/thread-self/schedstat\n");
		skip();
	}
	before = mcr_run_delay(fd);
	nanosleep(&nap, NULL);
	assert_true(mcr_run_delay(fd) >= before);
	close(fd);
	assert_int_equal(mcr_run_delay(-1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_longest_round_is_kept_and_all_are_counted),
	    cmocka_unit_test(sleep_between_rounds_does_not_count),
	    cmocka_unit_test(time_that_the_scheduler_gave_to_others_does_not_count),
	    cmocka_unit_test(waiting_between_rounds_is_not_taken_off_the_next),
	    cmocka_unit_test(more_waiting_than_time_makes_no_round_of_years),
	    cmocka_unit_test(the_kernels_account_is_of_the_calling_thread_and_no_sleep_is_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
