/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-gen's search, against receivers that are a line of code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../tools/mcring-gen/search.h"

#define SENDER_MOST 1000000 /* datagrams a second, flat out */

struct receiver {
	uint64_t most;      /* what it takes for a while */
	uint64_t most_long; /* in the confirming trial; 0 = the same */
	unsigned stalls;    /* its first trials lose whatever the rate */
	uint64_t sender_most;
	unsigned trials, confirmations;
};

static uint64_t sent_rate(const struct receiver *r, uint64_t offered)
{
	return offered == 0 || offered > r->sender_most ? r->sender_most : offered;
}

static void search_it(struct gen_search *search, struct receiver *r)
{
	while (search->trial != GEN_TRIAL_NONE) {
		int is_long = search->trial == GEN_TRIAL_CONFIRM;
		uint64_t rate = sent_rate(r, search->offered);
		uint64_t most = is_long && r->most_long ? r->most_long : r->most;
		int lost = rate > most || r->trials < r->stalls;

		r->trials++;
		r->confirmations += is_long;
		assert_true(r->trials < 200);
		gen_search_took(search, rate, lost);
	}
}

static void the_highest_rate_is_found_within_the_resolution(void **state)
{
	(void)state;
	for (uint64_t most = 1; most < SENDER_MOST; most = most * 7 / 3 + 1) {
		struct receiver r = {.most = most, .sender_most = SENDER_MOST};
		struct gen_search search;

		gen_search_init(&search, 0, 0.01, 0, 1);
		search_it(&search, &r);
		assert_true(search.rate <= most);
		assert_true((double)search.rate >= 0.99 * (double)most - 1);
		assert_true(search.confirmed);
		assert_false(search.highest_asked);
		assert_int_equal(r.confirmations, 1);
	}
}

static void a_receiver_that_takes_all_has_no_limit_of_its_own(void **state)
{
	struct receiver r = {.most = 2 * SENDER_MOST, .sender_most = SENDER_MOST};
	struct gen_search search;

	(void)state;
	gen_search_init(&search, 0, 0.01, 0, 1);
	search_it(&search, &r);
	assert_int_equal(search.rate, SENDER_MOST);
	assert_true(search.confirmed && search.highest_asked);
	assert_int_equal(r.trials, 2);
}

static void nothing_above_the_highest_rate_is_offered(void **state)
{
	struct receiver r = {.most = SENDER_MOST, .sender_most = SENDER_MOST};
	struct gen_search search;

	(void)state;
	gen_search_init(&search, 5000, 0.01, 0, 0);
	assert_int_equal(search.offered, 5000);
	search_it(&search, &r);
	assert_int_equal(search.rate, 5000);
	assert_true(search.highest_asked);
	assert_false(search.confirmed);
	assert_int_equal(r.trials, 1);
}

static void the_result_is_what_was_sent_where_the_sender_cannot_keep_up(void **state)
{
	struct receiver r = {.most = 700000, .sender_most = 600000};
	struct gen_search search;

	(void)state;
	gen_search_init(&search, SENDER_MOST, 0.01, 0, 1);
	search_it(&search, &r);
	assert_int_equal(search.rate, 600000);
	assert_true(search.highest_asked);
}

static void a_receiver_that_loses_at_every_rate_has_none(void **state)
{
	struct receiver r = {.most = 0, .sender_most = SENDER_MOST};
	struct gen_search search;

	(void)state;
	gen_search_init(&search, 0, 0.01, 0, 1);
	search_it(&search, &r);
	assert_int_equal(search.rate, 0);
	assert_false(search.confirmed);
	assert_int_equal(r.confirmations, 0);
}

static void a_stall_counts_only_when_its_repeats_lose_too(void **state)
{
	struct gen_search search;
	struct receiver r = {.most = SENDER_MOST, .sender_most = SENDER_MOST, .stalls = 2};

	(void)state;
	gen_search_init(&search, 0, 0.01, 2, 1);
	search_it(&search, &r);
	assert_int_equal(search.rate, SENDER_MOST);
	assert_int_equal(r.trials, 4);

	r = (struct receiver){.most = SENDER_MOST, .sender_most = SENDER_MOST, .stalls = 2};
	gen_search_init(&search, 0, 0.01, 1, 1);
	search_it(&search, &r);
	assert_true(search.rate < SENDER_MOST);
	assert_false(search.highest_asked);
}

static void a_rate_that_does_not_hold_for_long_is_lowered_until_one_does(void **state)
{
	struct gen_search search;
	struct receiver r = {.most = SENDER_MOST, .most_long = 400000, .sender_most = SENDER_MOST};

	(void)state;
	gen_search_init(&search, 0, 0.01, 0, 1);
	search_it(&search, &r);
	assert_true(search.confirmed);
	assert_false(search.highest_asked);
	assert_in_range(search.rate, 100000, 400000);
	assert_true(r.confirmations > 1);
}

static void a_rate_that_never_holds_for_long_is_no_result(void **state)
{
	struct gen_search search;
	struct receiver r = {.most = SENDER_MOST, .most_long = 1, .sender_most = SENDER_MOST};

	(void)state;
	gen_search_init(&search, 0, 0.05, 0, 1);
	search_it(&search, &r);
	assert_int_equal(search.rate, 0);
	assert_false(search.confirmed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_highest_rate_is_found_within_the_resolution),
	    cmocka_unit_test(a_receiver_that_takes_all_has_no_limit_of_its_own),
	    cmocka_unit_test(nothing_above_the_highest_rate_is_offered),
	    cmocka_unit_test(the_result_is_what_was_sent_where_the_sender_cannot_keep_up),
	    cmocka_unit_test(a_receiver_that_loses_at_every_rate_has_none),
	    cmocka_unit_test(a_stall_counts_only_when_its_repeats_lose_too),
	    cmocka_unit_test(a_rate_that_does_not_hold_for_long_is_lowered_until_one_does),
	    cmocka_unit_test(a_rate_that_never_holds_for_long_is_no_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
