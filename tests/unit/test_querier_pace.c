/* SPDX-License-Identifier: BSD-3-Clause */
/* When messages of a querier go out: full queues, many at a time, lists that are too long (rows
 * R-Q-9, R-Q-10, RM-SZ-1). The row that a test shows stands before it. */
#include "querier_rig.h"

/* R-Q-9 */
static void a_full_queue_is_tried_again_each_tick_and_moves_no_timer(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	run_to(&r, 31);
	rig_forget(&r);
	r.refuse = 3;
	run_to(&r, 200);
	assert_sent(&r, 0, r.start_ns + sec(31.253), "general");
	assert_sent(&r, 1, r.start_ns + sec(156.25), "general");
	assert_count(&r, 2);
	assert_int_equal(info(&r).tx_retries, 3);
	assert_int_equal(info(&r).tx_general, 3);
	rig_stop(&r);
}

/* R-Q-9: nor those of the questions about a leave, and it ends when it would have. */
static void a_full_queue_moves_no_question_and_no_end(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){}");
	r.refuse = 5;
	hears(&r, "TO_IN(239.1.2.3){}");
	uint64_t t = r.now_ns;

	run_for(&r, 1.999);
	assert_sent(&r, 0, t + sec(0.005), "Q(239.1.2.3)");
	assert_sent(&r, 1, t + sec(1), "Q(239.1.2.3)");
	assert_count(&r, 2);
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	run_for(&r, 0.001);
	assert_string_equal(fwd(&r, GROUP), "IN{}");
	assert_int_equal(info(&r).tx_retries, 5);
	rig_stop(&r);
}

/* R-Q-10: the bench counts the messages of each tick. */
static void ten_thousand_leaves_are_asked_about_within_a_second(void **state)
{
	struct rig r;
	size_t general = 0, second = 0;

	rig_settled(&r);
	run_to(&r, 155);
	for (unsigned i = 0; i < 10000; i += 50)
		hears_fifty(&r, "IS_EX", i);
	assert_int_equal(info(&r).groups, 10000);
	run_to(&r, 156);
	r.no_poll = 1;
	for (unsigned i = 0; i < 10000; i += 50)
		hears_fifty(&r, "TO_IN", i);
	r.no_poll = 0;
	uint64_t t = r.now_ns;

	run_to(&r, 157);
	/* All of the first round within 1 s, with the general query at its time between them, give
	 * or take the tick. */
	for (size_t i = 0; i < r.n_sent; i++) {
		struct asked a = read_query(&r.sent[i]);

		if (is_none(a.group)) {
			general++;
			assert_in_range(r.sent[i].at_ns, t + sec(0.25), t + sec(0.251));
		}
		second += r.sent[i].at_ns >= t + SECOND;
	}
	assert_int_equal(general, 1);
	assert_int_equal(r.n_sent - second, 10001);
	assert_int_equal(r.sent[10000].at_ns, t + sec(0.625));
	run_to(&r, 159);
	assert_int_equal(r.n_sent, 20001);
	assert_int_equal(info(&r).tx_group, 20000);
	assert_int_equal(info(&r).groups, 0);
	rig_stop(&r);
}

/* R-Q-10: the general query goes before what waits for its turn. */
static void the_general_query_goes_before_the_others_of_its_tick(void **state)
{
	struct rig r;

	RIG(&r, .burst = 2);
	settle(&r);
	run_to(&r, 156);
	hears_fifty(&r, "IS_EX", 0);
	run_to(&r, 156.25 - 0.001);
	r.no_poll = 1;
	hears_fifty(&r, "TO_IN", 0);
	r.no_poll = 0;
	run_to(&r, 156.25);
	assert_sent(&r, 2, r.start_ns + sec(156.25), "general");
	assert_count(&r, 4);
	rig_stop(&r);
}

/* R-Q-10, R-LM-6: copies of leaves, forged ones too, do not put off a question that waits for its
 * turn until the group has ended unasked. */
static void repeated_leaves_do_not_put_a_question_off(void **state)
{
	struct rig r;
	size_t asked = 0;

	RIG(&r, .burst = 1);
	settle(&r);
	for (unsigned i = 0; i < 900; i += 50)
		hears_fifty(&r, "IS_EX", i);
	hears(&r, "IS_EX(239.200.0.1){}");
	for (unsigned copy = 0; copy < 4; copy++) {
		r.no_poll = 1;
		for (unsigned i = 0; i < 900; i += 50)
			hears_fifty(&r, "TO_IN", i);
		hears(&r, "TO_IN(239.200.0.1){}");
		r.no_poll = 0;
		run_for(&r, 0.499);
	}
	for (size_t i = 0; i < r.n_sent; i++) {
		struct asked a = read_query(&r.sent[i]);

		asked += memcmp(a.group, ip("239.200.0.1").octets + 16 - address_octets(),
				address_octets()) == 0;
	}
	assert_true(asked > 0);
	rig_stop(&r);
}

/* R-Q-10, R-LM-6: a leave for which the questions before it leave no time is not heeded, since the
 * members could not answer: forged leaves of 1,100 groups, with two questions each, cost 2.2 s. */
static void a_leave_that_could_not_be_asked_about_in_time_ends_nothing(void **state)
{
	char text[64];
	struct rig r;

	RIG(&r, .burst = 1);
	settle(&r);
	hears(&r, "IS_EX(239.200.0.1){}");
	for (unsigned i = 0; i < 1100; i++) {
		sprintf(text, "IS_EX(239.%u.%u.1){} ALLOW(239.%u.%u.1){192.0.2.1}", i / 200,
			i % 200, i / 200, i % 200);
		hears(&r, text);
	}
	r.no_poll = 1;
	for (unsigned i = 0; i < 1100; i += 50)
		hears_fifty(&r, "TO_IN", i);
	r.now_ns++;
	hears(&r, "TO_IN(239.200.0.1){}");
	r.no_poll = 0;
	run_for(&r, 5);
	assert_string_equal(fwd(&r, "239.200.0.1"), "EX{}");
	assert_true(info(&r).refused_leaves > 0);
	/* Later there is time. */
	rig_forget(&r);
	hears(&r, "TO_IN(239.200.0.1){}");
	assert_sent(&r, 0, r.now_ns, "Q(239.200.0.1)");
	run_for(&r, 2);
	assert_string_equal(fwd(&r, "239.200.0.1"), "IN{}");
	rig_stop(&r);
}

static const char *sources_text(unsigned n)
{
	static char text[8192];
	size_t used = 0;

	for (unsigned i = 0; i < n; i++)
		used += (size_t)sprintf(text + used, "%s192.0.%u.%u", i ? "," : "", 2 + i / 200,
					1 + i % 200);
	return text;
}

/* A report of n sources in pieces that a packet holds. */
static void hears_sources(struct rig *r, const char *type, unsigned n)
{
	char text[8192], *all = strdup(sources_text(n)), *from = all;

	r->no_poll = 1;
	while (from) {
		char *to = from;

		for (unsigned k = 0; to && k < 85; k++) {
			to = strchr(to, ',');
			to = to ? to + 1 : NULL;
		}
		if (to)
			to[-1] = 0;
		sprintf(text, "%s(232.1.2.3){%s}", type, from);
		hears(r, text);
		from = to;
	}
	r->no_poll = 0;
	poll_now(r);
	free(all);
}

/* RM-SZ-1, R-Q-2 */
static void a_list_that_is_too_long_for_the_mtu_is_split(void **state)
{
	/* Sources in all, and in each message of 1500 octets. */
	unsigned n = is_mld() ? 200 : 500, most = is_mld() ? 89 : 366, left = n;
	struct rig r;

	RIG(&r, .sources_max = 512);
	settle(&r);
	hears_sources(&r, "ALLOW", n);
	assert_int_equal(info(&r).sources, n);
	hears_sources(&r, "BLOCK", n);
	for (unsigned round = 0; round < 2; round++, left = n) {
		for (size_t i = 0; left; i++) {
			struct asked a = read_query(&r.sent[i]);

			assert_int_equal(a.n_sources, left < most ? left : most);
			assert_int_equal(a.suppress, 0);
			assert_int_equal(r.sent[i].at_ns, r.now_ns);
			left -= a.n_sources;
		}
		assert_count(&r, (n + most - 1) / most);
		rig_forget(&r);
		run_for(&r, round ? 0 : 1);
	}
	run_for(&r, 1);
	assert_count(&r, 0);
	assert_int_equal(info(&r).sources, 0);
	rig_stop(&r);
}

/* RM-SZ-1: with the MTU that the link has now. */
static void a_smaller_mtu_makes_smaller_queries(void **state)
{
	struct rig r;

	RIG(&r, .mtu = 1500);
	settle(&r);
	hears_sources(&r, "ALLOW", 80);
	r.cfg.mtu = is_mld() ? 1280 : 100;
	assert_int_equal(mcr_querier_set_mtu(r.q, r.cfg.mtu), 0);
	assert_int_equal(mcr_querier_set_mtu(r.q, is_mld() ? 1279 : 67), -EINVAL);
	hears_sources(&r, "BLOCK", 80);
	assert_int_equal(read_query(&r.sent[0]).n_sources, is_mld() ? 75 : 16);
	assert_count(&r, is_mld() ? 2 : 5);
	rig_stop(&r);
}

/* A machine is polled at the times that it names; a late poll loses nothing. */
static void a_late_poll_sends_what_was_due_once_and_moves_no_time(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	rig_forget(&r);
	r.now_ns = r.start_ns + sec(40);
	poll_now(&r);
	assert_sent(&r, 0, r.now_ns, "general");
	run_to(&r, 160);
	assert_sent(&r, 1, r.start_ns + sec(156.25), "general");
	assert_count(&r, 2);
	rig_stop(&r);
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(a_full_queue_is_tried_again_each_tick_and_moves_no_timer),
	    cmocka_unit_test(a_full_queue_moves_no_question_and_no_end),
	    cmocka_unit_test(ten_thousand_leaves_are_asked_about_within_a_second),
	    cmocka_unit_test(the_general_query_goes_before_the_others_of_its_tick),
	    cmocka_unit_test(repeated_leaves_do_not_put_a_question_off),
	    cmocka_unit_test(a_leave_that_could_not_be_asked_about_in_time_ends_nothing),
	    cmocka_unit_test(a_list_that_is_too_long_for_the_mtu_is_split),
	    cmocka_unit_test(a_smaller_mtu_makes_smaller_queries),
	    cmocka_unit_test(a_late_poll_sends_what_was_due_once_and_moves_no_time),
	};

	return RUN_BOTH(both);
}
