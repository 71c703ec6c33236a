/* SPDX-License-Identifier: BSD-3-Clause */
/* What a querier does when somebody leaves (rows R-LM-*, and public reports about it). The row that
 * a test shows stands before it. */
#include "querier_rig.h"

/* With a member of GROUP, and of CHANNEL by two sources. */
static void rig_joined(struct rig *r)
{
	RIG(r, .version = 3);
	settle(r);
	hears(r, "IS_EX(239.1.2.3){} IS_IN(232.1.2.3){192.0.2.1,192.0.2.2}");
	run_for(r, 10);
}

/* R-LM-1, R-LM-3, R-LM-7 */
static void a_group_that_is_left_is_asked_about_twice_and_ends_after_2_s(void **state)
{
	struct rig r;

	rig_joined(&r);
	hears(&r, "TO_IN(239.1.2.3){}");
	uint64_t t = r.now_ns;

	assert_int_equal(read_query(&r.sent[0]).response_ns, SECOND);
	assert_int_equal(read_query(&r.sent[0]).code, is_mld() ? 1000 : 10);
	run_until(&r, t + sec(1.999));
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	run_until(&r, t + sec(2));
	assert_string_equal(fwd(&r, GROUP), "IN{}");
	run_for(&r, 20);
	assert_sent(&r, 0, t, "Q(239.1.2.3)");
	assert_sent(&r, 1, t + sec(1), "Q(239.1.2.3)");
	assert_count(&r, 2);
	assert_int_equal(info(&r).groups, 1);
	rig_stop(&r);
}

/* R-LM-2, R-LM-3 */
static void sources_that_are_left_are_asked_about_twice_and_end_after_2_s(void **state)
{
	struct rig r;

	rig_joined(&r);
	hears(&r, "BLOCK(232.1.2.3){192.0.2.1,192.0.2.9}");
	uint64_t t = r.now_ns;

	run_until(&r, t + sec(1.999));
	assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.1,192.0.2.2}");
	run_until(&r, t + sec(2));
	assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.2}");
	run_for(&r, 20);
	assert_sent(&r, 0, t, "Q(232.1.2.3){192.0.2.1}");
	assert_sent(&r, 1, t + sec(1), "Q(232.1.2.3){192.0.2.1}");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* R-LM-1, R-LM-6, R-LM-10: the second question goes out, so that those who lost the first hear it,
 * but no other router lowers its timer for it. */
static void a_member_that_answers_keeps_the_group_without_a_gap(void **state)
{
	struct rig r;

	rig_joined(&r);
	size_t changed = r.n_changed;

	hears(&r, "TO_IN(239.1.2.3){}");
	uint64_t t = r.now_ns;

	run_for(&r, 0.7);
	REPORT(&r, .source = "10.0.0.12", .records = "IS_EX(239.1.2.3){}");
	assert_string_equal(table(&r), is_mld()
					   ? "EX(239.1.2.3)=270; IN(232.1.2.3) "
					     "{192.0.2.1=259.3,192.0.2.2=259.3}"
					   : "IN(232.1.2.3) {192.0.2.1=259.3,192.0.2.2=259.3}; "
					     "EX(239.1.2.3)=270");
	run_for(&r, 20);
	assert_sent(&r, 0, t, "Q(239.1.2.3)");
	assert_sent(&r, 1, t + sec(1), "S Q(239.1.2.3)");
	assert_count(&r, 2);
	assert_int_equal(r.n_changed, changed);
	rig_stop(&r);
}

/* R-LM-2: one message for those that were answered, with S; one for the rest. */
static void questions_about_sources_are_split_by_the_s_flag(void **state)
{
	struct rig r;

	rig_joined(&r);
	hears(&r, "BLOCK(232.1.2.3){192.0.2.1,192.0.2.2}");
	uint64_t t = r.now_ns;

	assert_sent(&r, 0, t, "Q(232.1.2.3){192.0.2.1,192.0.2.2}");
	run_for(&r, 0.5);
	hears(&r, "IS_IN(232.1.2.3){192.0.2.2}");
	run_for(&r, 20);
	assert_sent(&r, 1, t + sec(1), "S Q(232.1.2.3){192.0.2.2}");
	assert_sent(&r, 2, t + sec(1), "Q(232.1.2.3){192.0.2.1}");
	assert_count(&r, 3);
	assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.2}");
	rig_stop(&r);
}

/* R-LM-4: answers to queries raise no questions, whatever is missing in them. */
static void nothing_is_asked_because_of_an_answer(void **state)
{
	struct rig r;

	rig_joined(&r);
	hears(&r, "IS_IN(232.1.2.3){192.0.2.1}");
	hears(&r, "IS_EX(239.1.2.3){192.0.2.1}");
	hears(&r, "IS_EX(239.1.2.3){}");
	hears(&r, "IS_IN(239.1.2.3){192.0.2.1}");
	hears(&r, "IS_IN(239.1.2.3){}");
	run_for(&r, 20);
	assert_count(&r, 0);
	assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.1,192.0.2.2}");
	rig_stop(&r);
}

/* R-LM-5: a host repeats its leave. Each copy starts the questions again; the end is that of the
 * first, and after it nothing is asked. */
static void copies_of_a_leave_restart_the_questions_and_move_no_end(void **state)
{
	struct rig r;

	rig_joined(&r);
	hears(&r, "TO_IN(239.1.2.3){}");
	uint64_t t = r.now_ns;

	run_for(&r, 0.5);
	hears(&r, "TO_IN(239.1.2.3){}");
	run_until(&r, t + sec(1.8));
	hears(&r, "TO_IN(239.1.2.3){}");
	run_until(&r, t + sec(1.999));
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	run_until(&r, t + sec(2));
	assert_string_equal(fwd(&r, GROUP), "IN{}");
	run_for(&r, 20);
	assert_sent(&r, 0, t, "Q(239.1.2.3)");
	assert_sent(&r, 1, t + sec(0.5), "Q(239.1.2.3)");
	assert_sent(&r, 2, t + sec(1.5), "Q(239.1.2.3)");
	assert_sent(&r, 3, t + sec(1.8), "Q(239.1.2.3)");
	assert_count(&r, 4);
	rig_stop(&r);
}

/* R-LM-5: sources that are being asked about are not asked about more often (RFC 9776 §6.6.3.2:
 * those whose timer is above LMQT are). */
static void copies_of_a_block_move_no_end(void **state)
{
	struct rig r;

	rig_joined(&r);
	hears(&r, "BLOCK(232.1.2.3){192.0.2.1}");
	uint64_t t = r.now_ns;

	for (unsigned i = 1; i < 4; i++) {
		run_until(&r, t + sec(0.5 * i));
		hears(&r, "BLOCK(232.1.2.3){192.0.2.1}");
	}
	run_until(&r, t + sec(1.999));
	assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.1,192.0.2.2}");
	run_until(&r, t + sec(2));
	assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.2}");
	run_for(&r, 20);
	assert_sent(&r, 0, t, "Q(232.1.2.3){192.0.2.1}");
	assert_sent(&r, 1, t + sec(1), "Q(232.1.2.3){192.0.2.1}");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* R-LM-5: that an answered group is left again is a new leave. */
static void a_leave_after_an_answer_starts_over(void **state)
{
	struct rig r;

	rig_joined(&r);
	hears(&r, "TO_IN(239.1.2.3){}");
	run_for(&r, 1.5);
	hears(&r, "IS_EX(239.1.2.3){}");
	run_for(&r, 0.2);
	rig_forget(&r);
	hears(&r, "TO_IN(239.1.2.3){}");
	uint64_t t = r.now_ns;

	run_until(&r, t + sec(1.999));
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	run_for(&r, 20);
	assert_sent(&r, 0, t, "Q(239.1.2.3)");
	assert_sent(&r, 1, t + sec(1), "Q(239.1.2.3)");
	assert_count(&r, 2);
	assert_string_equal(fwd(&r, GROUP), "IN{}");
	rig_stop(&r);
}

/* R-LM-7, R-LM-1: another interval and count. The bench compares the code. */
static void interval_and_count_of_the_questions_can_be_set(void **state)
{
	static const struct {
		uint32_t interval_ms;
		uint8_t count, robustness;
		unsigned questions;
		double end_s;
	} cases[] = {{500, 3, 2, 3, 1.5}, {100, 1, 2, 1, 0.1}, {2000, 0, 4, 4, 8}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;
		double step_s = cases[i].interval_ms / 1000.0;

		RIG(&r, .last_member_query_interval_ms = cases[i].interval_ms,
		    .last_member_query_count = cases[i].count, .robustness = cases[i].robustness,
		    .startup_query_count = 1);
		rig_forget(&r);
		hears(&r, "IS_EX(239.1.2.3){}");
		hears(&r, "TO_IN(239.1.2.3){}");
		run_for(&r, cases[i].end_s - 0.001);
		assert_string_equal(fwd(&r, GROUP), "EX{}");
		run_for(&r, 0.001);
		assert_string_equal(fwd(&r, GROUP), "IN{}");
		run_for(&r, 20);
		for (unsigned k = 0; k < cases[i].questions; k++)
			assert_sent(&r, k, r.start_ns + sec(k * step_s), "Q(239.1.2.3)");
		assert_count(&r, cases[i].questions);
		rig_stop(&r);
	}
}

/* R-LM-9: no list of nobody beside a question about the group, as FRR sends; each leave asks for
 * what it left, and for nothing else. */
static void each_kind_of_leave_asks_for_what_it_left(void **state)
{
	static const struct {
		const char *before, *leave, *asked[2];
	} cases[] = {
	    {"IS_EX(239.1.2.3){}", "TO_IN(239.1.2.3){}", {"Q(239.1.2.3)"}},
	    {"IS_EX(239.1.2.3){}", "BLOCK(239.1.2.3){192.0.2.1}", {"Q(239.1.2.3){192.0.2.1}"}},
	    {"IS_EX(239.1.2.3){}", "TO_EX(239.1.2.3){192.0.2.1}", {"Q(239.1.2.3){192.0.2.1}"}},
	    {"IS_EX(239.1.2.3){}", "TO_EX(239.1.2.3){}", {NULL}},
	    {"IS_EX(239.1.2.3){192.0.2.1}", "BLOCK(239.1.2.3){192.0.2.1}", {NULL}},
	    {"IS_IN(239.1.2.3){192.0.2.1}", "BLOCK(239.1.2.3){192.0.2.2}", {NULL}},
	    {"IS_IN(239.1.2.3){192.0.2.1}",
	     "TO_IN(239.1.2.3){192.0.2.2}",
	     {"Q(239.1.2.3){192.0.2.1}"}},
	    {"IS_IN(239.1.2.3){192.0.2.1}", "TO_IN(239.1.2.3){}", {"Q(239.1.2.3){192.0.2.1}"}},
	    {"IS_IN(239.1.2.3){192.0.2.1,192.0.2.2}",
	     "TO_EX(239.1.2.3){192.0.2.2}",
	     {"Q(239.1.2.3){192.0.2.2}"}},
	    {"IS_EX(239.1.2.3){} ALLOW(239.1.2.3){192.0.2.1}",
	     "TO_IN(239.1.2.3){192.0.2.2}",
	     {"Q(239.1.2.3)", "Q(239.1.2.3){192.0.2.1}"}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;
		size_t n = 0;

		RIG(&r, .version = 3);
		settle(&r);
		hears(&r, cases[i].before);
		hears(&r, cases[i].leave);
		for (; n < 2 && cases[i].asked[n]; n++) {
			char found[2][256];

			/* In which order a group and its sources are asked about is nobody's
			 * business. */
			for (size_t k = 0; k < 2 && k < r.n_sent; k++)
				describe_query(&r.sent[k], found[k], sizeof(found[k]));
			assert_true(n < r.n_sent);
			if (strcmp(found[0], cases[i].asked[n]) != 0)
				assert_string_equal(found[r.n_sent > 1], cases[i].asked[n]);
		}
		assert_count(&r, n);
		rig_stop(&r);
	}
}

/* R-LM-11: what was left ends at once, and nobody is asked. */
static void fast_leave_ends_at_once_what_was_left(void **state)
{
	struct rig r;

	RIG(&r, .fast_leave = 1);
	settle(&r);
	hears(&r, "IS_EX(239.1.2.3){} IS_IN(232.1.2.3){192.0.2.1,192.0.2.2,192.0.2.3}");
	hears(&r, "TO_IN(239.1.2.3){}");
	assert_string_equal(fwd(&r, GROUP), "IN{}");
	hears(&r, "BLOCK(232.1.2.3){192.0.2.1}");
	assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.2,192.0.2.3}");
	hears(&r, "TO_IN(232.1.2.3){192.0.2.2}");
	assert_string_equal(table(&r), "IN(232.1.2.3) {192.0.2.2=270}");
	hears(&r, "BLOCK(232.1.2.3){192.0.2.2}");
	v2_report(&r, GROUP);
	v2_leave(&r, GROUP);
	assert_string_equal(table(&r), "");
	hears(&r, "IS_EX(239.1.2.3){}");
	hears(&r, "BLOCK(239.1.2.3){192.0.2.1}");
	assert_string_equal(fwd(&r, GROUP), "EX{192.0.2.1}");
	run_for(&r, 20);
	assert_count(&r, 0);
	rig_stop(&r);
}

/* R-LM-11, R-EL-7: only the querier, and off by default. */
static void fast_leave_is_the_queriers(void **state)
{
	struct rig r;

	RIG(&r, .fast_leave = 1);
	settle(&r);
	general_from(&r, OTHER, 3);
	hears(&r, "IS_EX(239.1.2.3){}");
	hears(&r, "TO_IN(239.1.2.3){}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	rig_stop(&r);
}

/* R-LM-12: no leave at all. */
static void a_member_that_dies_ends_at_the_membership_interval(void **state)
{
	struct rig r;

	RIG(&r, .query_interval_s = 5, .query_response_interval_ms = 1000);
	run_to(&r, 20);
	hears(&r, "IS_EX(239.1.2.3){}");
	uint64_t t = r.now_ns;

	run_until(&r, t + sec(11.999));
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	run_until(&r, t + sec(12));
	assert_string_equal(fwd(&r, GROUP), "IN{}");
	assert_int_equal(info(&r).tx_group, 0);
	rig_stop(&r);
}

/* mrouted 28: a leave never bites before it was asked about, in no version and of no kind. */
static void no_leave_bites_at_once(void **state)
{
	static const char *const leaves[] = {"TO_IN(239.1.2.3){}", "TO_IN(239.1.2.3){192.0.2.1}",
					     "BLOCK(239.1.2.3){192.0.2.1}",
					     "TO_EX(239.1.2.3){192.0.2.1}", NULL};

	for (size_t i = 0; i < 15; i++) {
		struct rig r;
		uint8_t version = (uint8_t)(3 - i / 5);

		if (is_mld() && version == 1)
			break;
		RIG(&r, .version = version);
		settle(&r);
		hears(&r, "IS_EX(239.1.2.3){} ALLOW(239.1.2.3){192.0.2.1,192.0.2.2}");
		if (leaves[i % 5])
			hears(&r, leaves[i % 5]);
		else
			v2_leave(&r, GROUP);
		run_for(&r, 1.999);
		assert_string_equal(fwd(&r, GROUP), "EX{}");
		rig_stop(&r);
	}
}

/* R-LM-5, R-LM-1: once the group is gone nothing more is asked, and a new member is a new one. */
static void a_group_that_ended_and_came_back_owes_no_questions(void **state)
{
	struct rig r;

	RIG(&r, .last_member_query_count = 2);
	settle(&r);
	hears(&r, "IS_EX(239.1.2.3){}");
	hears(&r, "TO_IN(239.1.2.3){}");
	run_for(&r, 1.8);
	hears(&r, "TO_IN(239.1.2.3){}"); /* its second question would be due at 2.8 s */
	run_for(&r, 0.3);
	hears(&r, "IS_EX(239.1.2.3){}");
	rig_forget(&r);
	run_for(&r, 20);
	assert_count(&r, 0);
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	rig_stop(&r);
}

/* R-LM-6: two members, one of whom leaves again and again; the other answers each time. */
static void who_leaves_takes_nothing_from_who_stays(void **state)
{
	struct rig r;

	rig_joined(&r);
	size_t changed = r.n_changed;

	for (unsigned i = 0; i < 50; i++) {
		hears(&r, "TO_IN(239.1.2.3){} BLOCK(232.1.2.3){192.0.2.1}");
		run_for(&r, 0.02 * i);
		REPORT(&r, .source = "10.0.0.12",
		       .records = "IS_EX(239.1.2.3){} IS_IN(232.1.2.3){192.0.2.1,192.0.2.2}");
		run_for(&r, i % 3);
	}
	assert_int_equal(r.n_changed, changed);
	rig_stop(&r);
}

/* R-LM-8: each interface has a machine of its own, and what is left on one is asked about there. */
static void a_leave_is_asked_about_on_its_own_interface(void **state)
{
	struct rig a, b;

	rig_joined(&a);
	rig_joined(&b);
	hears(&a, "TO_IN(239.1.2.3){}");
	run_for(&a, 10);
	run_for(&b, 10);
	assert_count(&a, 2);
	assert_count(&b, 0);
	assert_string_equal(fwd(&b, GROUP), "EX{}");
	rig_stop(&a);
	rig_stop(&b);
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(a_group_that_is_left_is_asked_about_twice_and_ends_after_2_s),
	    cmocka_unit_test(sources_that_are_left_are_asked_about_twice_and_end_after_2_s),
	    cmocka_unit_test(a_member_that_answers_keeps_the_group_without_a_gap),
	    cmocka_unit_test(questions_about_sources_are_split_by_the_s_flag),
	    cmocka_unit_test(nothing_is_asked_because_of_an_answer),
	    cmocka_unit_test(copies_of_a_leave_restart_the_questions_and_move_no_end),
	    cmocka_unit_test(copies_of_a_block_move_no_end),
	    cmocka_unit_test(a_leave_after_an_answer_starts_over),
	    cmocka_unit_test(interval_and_count_of_the_questions_can_be_set),
	    cmocka_unit_test(each_kind_of_leave_asks_for_what_it_left),
	    cmocka_unit_test(fast_leave_ends_at_once_what_was_left),
	    cmocka_unit_test(fast_leave_is_the_queriers),
	    cmocka_unit_test(a_member_that_dies_ends_at_the_membership_interval),
	    cmocka_unit_test(no_leave_bites_at_once),
	    cmocka_unit_test(a_group_that_ended_and_came_back_owes_no_questions),
	    cmocka_unit_test(who_leaves_takes_nothing_from_who_stays),
	    cmocka_unit_test(a_leave_is_asked_about_on_its_own_interface),
	};

	return RUN_BOTH(both);
}
