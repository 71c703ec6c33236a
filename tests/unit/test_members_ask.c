/* SPDX-License-Identifier: BSD-3-Clause */
/* When which question is asked after somebody left, and with which S flag. */
#include "members_rig.h"

/* The questions that are due at a time, when all before have been asked. */
#define assert_asks(r, at, expected)           \
	do {                                   \
		rig_at(r, at);                 \
		assert_questions(r, expected); \
	} while (0)

/* R-LM-1, R-LM-3, R-LM-10: a leave is followed by LMQC questions, LMQI apart; the group is
 * forwarded until LMQT has passed. */
static void a_group_is_asked_for_until_the_last_member_time_has_passed(void **state)
{
	for (unsigned family = MCR_GMP_IGMP; family <= MCR_GMP_MLD; family++) {
		struct mcr_querier_group group;
		struct rig r;

		rig_begin(&r, family);
		rig_record(&r, MCR_RECORD_TO_EX, 3, 0);
		assert_asks(&r, 100, "");
		rig_record(&r, MCR_RECORD_TO_IN, 2, 0);
		assert_int_equal(mcr_members_due(r.ms), 100);
		assert_true(rig_get(&r, &group));
		assert_int_equal(group.queries_left, 2);
		assert_questions(&r, "G");
		assert_true(rig_get(&r, &group));
		assert_int_equal(group.queries_left, 1);
		assert_int_equal(mcr_members_due(r.ms), 110);
		assert_asks(&r, 109, "");
		assert_asks(&r, 110, "G");
		assert_int_equal(mcr_members_due(r.ms), 120);
		rig_at(&r, 119);
		assert_int_equal(rig_filter(&r), EXCLUDES(0));
		rig_at(&r, 120);
		assert_int_equal(rig_filter(&r), INCLUDES(0));
		assert_int_equal(r.changes, 2);
		assert_questions(&r, "");
		assert_int_equal(mcr_members_due(r.ms), MCR_QUERIER_NEVER);
		rig_end(&r);
	}
}

/* R-LM-1, R-LM-6, R-LM-10: a member has answered: the other copies say S, so that nobody lowers. */
static void after_an_answer_the_other_copies_suppress(void **state)
{
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	r.rules.last_member_count = 3;
	r.rules.last_member_ns = 3 * LMQI;
	rig_record(&r, MCR_RECORD_TO_EX, 3, 0);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_TO_IN, 3, 0);
	assert_questions(&r, "G");
	rig_at(&r, 105);
	rig_record(&r, MCR_RECORD_IS_EX, 3, 0);
	assert_questions(&r, "");
	assert_asks(&r, 110, "G+");
	assert_asks(&r, 120, "G+");
	for (uint64_t now = 121; now < 105 + GMI; now++)
		assert_asks(&r, now, "");
	assert_int_equal(rig_filter(&r), EXCLUDES(0));
	assert_int_equal(r.changes, 1);
	rig_end(&r);
}

/* R-LM-5: the copies of a leave begin the questions anew, and the end is that of the first. When
 * the group is gone, nothing more is asked. */
static void repeated_leaves_ask_again_but_do_not_extend_the_end(void **state)
{
	struct rig r;

	rig_begin(&r, MCR_GMP_MLD);
	rig_record(&r, MCR_RECORD_TO_EX, 3, 0);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_TO_IN, 3, 0);
	assert_questions(&r, "G");
	rig_at(&r, 107);
	rig_record(&r, MCR_RECORD_TO_IN, 3, 0);
	assert_questions(&r, "G");
	assert_asks(&r, 110, "");
	assert_asks(&r, 117, "G");
	rig_at(&r, 118);
	rig_record(&r, MCR_RECORD_TO_IN, 3, 0);
	assert_questions(&r, "G");
	rig_at(&r, 119);
	assert_int_equal(rig_filter(&r), EXCLUDES(0));
	rig_at(&r, 120);
	assert_int_equal(rig_filter(&r), INCLUDES(0));
	assert_asks(&r, 128, "");
	rig_end(&r);
}

/* R-LM-2: sources that have been heard of since are asked for with S, the others without. */
static void sources_are_asked_for_in_two_messages(void **state)
{
	struct mcr_querier_source sources[3];
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	rig_record(&r, MCR_RECORD_ALLOW, 3, 7);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_BLOCK, 3, 7);
	assert_questions(&r, "012");
	rig_at(&r, 104);
	rig_record(&r, MCR_RECORD_IS_IN, 3, 2);
	assert_questions(&r, "");
	assert_asks(&r, 110, "1+ 02");
	assert_int_equal(mcr_members_get_sources(r.ms, 0, sources, 3), 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(sources[i].queries_left, 0);
	rig_at(&r, 119);
	assert_int_equal(rig_filter(&r), INCLUDES(7));
	assert_asks(&r, 120, "");
	assert_int_equal(rig_filter(&r), INCLUDES(2));
	rig_end(&r);
}

/* R-LM-2: a repeated BLOCK finds its sources lowered, and asks for nothing new; another asks for
 * its own at once, and with them for those that are still to be asked for. */
static void blocks_join_the_questions_that_are_under_way(void **state)
{
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	rig_record(&r, MCR_RECORD_ALLOW, 3, 7);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_BLOCK, 3, 1);
	assert_questions(&r, "0");
	rig_at(&r, 103);
	rig_record(&r, MCR_RECORD_BLOCK, 3, 1);
	assert_questions(&r, "");
	rig_at(&r, 106);
	rig_record(&r, MCR_RECORD_BLOCK, 3, 3);
	assert_questions(&r, "01");
	assert_asks(&r, 110, "");
	assert_asks(&r, 116, "1");
	rig_at(&r, 120);
	assert_int_equal(rig_filter(&r), INCLUDES(6));
	assert_asks(&r, 126, "");
	assert_int_equal(rig_filter(&r), INCLUDES(4));
	rig_end(&r);
}

/* R-LM-2, RM-SZ-1: more sources than a message holds go in several, each once. */
static void many_sources_go_in_several_messages(void **state)
{
	char text[64];
	struct rig r;

	rig_begin(&r, MCR_GMP_MLD);
	rig_record(&r, MCR_RECORD_ALLOW, 3, 0xff);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_BLOCK, 3, 0xff);
	assert_string_equal(rig_questions(&r, 3, text), "012 345 67");
	rig_at(&r, 101);
	rig_record(&r, MCR_RECORD_IS_IN, 3, 0x1e);
	rig_at(&r, 110);
	assert_string_equal(rig_questions(&r, 3, text), "123+ 4+ 056 7");
	rig_at(&r, 120);
	assert_string_equal(rig_questions(&r, 3, text), "");
	assert_int_equal(rig_filter(&r), INCLUDES(0x1e));
	rig_end(&r);
}

/* R-LM-1, R-LM-2: TO_IN(A) asks for the group and for what is not in A. */
static void going_to_include_asks_for_the_group_and_for_the_rest(void **state)
{
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	rig_record(&r, MCR_RECORD_IS_EX, 3, 0);
	rig_record(&r, MCR_RECORD_IS_IN, 3, 3);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_TO_IN, 3, 2);
	assert_questions(&r, "G 0");
	assert_asks(&r, 110, "G 0");
	rig_at(&r, 119);
	assert_int_equal(rig_filter(&r), EXCLUDES(0));
	rig_at(&r, 120);
	assert_int_equal(rig_filter(&r), INCLUDES(2));
	assert_questions(&r, "");
	rig_end(&r);
}

/* R-Q-9: times are nominal: the copy after a late one is not late. Until it was sent, a question
 * stays. */
static void a_late_question_does_not_delay_the_next(void **state)
{
	struct mcr_members_question question;
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	r.rules.last_member_count = 4;
	r.rules.last_member_ns = 4 * LMQI;
	rig_record(&r, MCR_RECORD_IS_EX, 3, 0);
	rig_record(&r, MCR_RECORD_IS_IN, 3, 1);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_TO_IN, 3, 0);
	for (; r.now < 104; r.now++) { /* the Tx queue is full */
		assert_int_equal(mcr_members_next_question(r.ms, &r.rules, 8, r.now, &question), 1);
		assert_int_equal(question.n, 0);
		assert_int_equal(mcr_members_due(r.ms), 100);
	}
	assert_questions(&r, "G 0");
	assert_asks(&r, 109, "");
	assert_asks(&r, 118, "G 0");
	assert_asks(&r, 120, "G 0");
	assert_asks(&r, 131, "G 0");
	assert_asks(&r, 139, "");
	rig_end(&r);
}

/* R-LM-5, R-LM-9: nothing is asked for that has gone meanwhile. */
static void what_is_gone_is_not_asked_for(void **state)
{
	struct mcr_members_question question;
	struct rig r;

	rig_begin(&r, MCR_GMP_MLD);
	rig_record(&r, MCR_RECORD_ALLOW, 3, 3);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_BLOCK, 3, 3);
	assert_int_equal(mcr_members_next_question(r.ms, &r.rules, 1, r.now, &question), 1);
	mcr_members_asked(r.ms, &r.rules);
	rig_record(&r, MCR_RECORD_IS_EX, 3, 1); /* source 1 is gone, source 0 is in X */
	assert_questions(&r, "");
	assert_asks(&r, 110, "0");
	assert_asks(&r, 120, "");
	assert_int_equal(rig_filter(&r), EXCLUDES(1));
	rig_end(&r);
}

/* R-LM-5, R-Q-9: what could not be sent until the end is not sent any more. */
static void questions_end_with_what_they_are_about(void **state)
{
	struct mcr_members_question question;
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP); /* a source that is blocked */
	rig_record(&r, MCR_RECORD_IS_EX, 3, 0);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_TO_EX, 3, 1);
	assert_int_equal(mcr_members_next_question(r.ms, &r.rules, 8, r.now, &question), 1);
	rig_at(&r, 120);
	mcr_members_asked(r.ms, &r.rules); /* too late: it counts for nobody */
	assert_questions(&r, "");
	assert_int_equal(rig_filter(&r), EXCLUDES(1));
	assert_int_equal(mcr_members_due(r.ms), 100 + GMI);
	rig_end(&r);

	rig_begin(&r, MCR_GMP_IGMP); /* a mode that is over */
	rig_record(&r, MCR_RECORD_IS_EX, 3, 0);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_TO_IN, 3, 1);
	assert_questions(&r, "G");
	rig_at(&r, 115);
	rig_record(&r, MCR_RECORD_TO_IN, 3, 1);
	assert_int_equal(mcr_members_next_question(r.ms, &r.rules, 8, r.now, &question), 1);
	rig_at(&r, 120);
	mcr_members_asked(r.ms, &r.rules);
	assert_questions(&r, "");
	assert_asks(&r, 125, "");
	assert_int_equal(rig_filter(&r), INCLUDES(1));
	assert_int_equal(mcr_members_due(r.ms), 115 + GMI);
	rig_record(&r, MCR_RECORD_BLOCK, 3, 1);
	assert_questions(&r, "0");
	rig_end(&r);

	rig_begin(&r, MCR_GMP_IGMP); /* a group that is gone */
	rig_record(&r, MCR_RECORD_ALLOW, 3, 1);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_BLOCK, 3, 1);
	assert_int_equal(mcr_members_next_question(r.ms, &r.rules, 8, r.now, &question), 1);
	rig_at(&r, 120);
	mcr_members_asked(r.ms, &r.rules);
	assert_int_equal(mcr_members_due(r.ms), MCR_QUERIER_NEVER);
	assert_questions(&r, "");
	rig_end(&r);
}

/* R-LM-2, R-Q-10: a BLOCK that comes between two messages of one time begins them anew, and takes
 * no turn away from those that wait. */
static void a_block_between_two_messages_begins_anew(void **state)
{
	struct mcr_members_question question;
	char text[64];
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	rig_record(&r, MCR_RECORD_ALLOW, 3, 7);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_BLOCK, 3, 6);
	assert_int_equal(mcr_members_next_question(r.ms, &r.rules, 1, r.now, &question), 1);
	mcr_members_asked(r.ms, &r.rules);
	rig_at(&r, 101);
	rig_record(&r, MCR_RECORD_BLOCK, 3, 1);
	assert_string_equal(rig_questions(&r, 1, text), "0 1 2");
	assert_asks(&r, 109, "");
	assert_asks(&r, 110, "02");
	rig_end(&r);
}

/* R-EL-6, R-EL-7: how long a querier of version 2 has to stay one, and that a new role ends all. */
static void questions_end_with_the_role(void **state)
{
	struct mcr_querier_group group;
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	rig_record(&r, MCR_RECORD_IS_EX, 2, 0);
	rig_record(&r, MCR_RECORD_IS_IN, 3, 1);
	assert_int_equal(mcr_members_asking_until(r.ms), 0);
	rig_at(&r, 100);
	rig_record(&r, MCR_RECORD_TO_IN, 2, 0);
	assert_int_equal(mcr_members_asking_until(r.ms), 120);
	assert_questions(&r, "G 0");
	mcr_members_stop_asking(r.ms);
	assert_int_equal(mcr_members_asking_until(r.ms), 0);
	assert_true(rig_get(&r, &group));
	assert_int_equal(group.queries_left, 0);
	assert_asks(&r, 110, "");
	assert_int_equal(mcr_members_due(r.ms), 120);
	rig_end(&r);

	rig_begin(&r, MCR_GMP_IGMP);
	rig_record(&r, MCR_RECORD_IS_EX, 2, 0);
	rig_record(&r, MCR_RECORD_TO_IN, 2, 0);
	rig_at(&r, 19);
	assert_int_equal(mcr_members_asking_until(r.ms), 20);
	rig_at(&r, 20);
	assert_int_equal(mcr_members_asking_until(r.ms), 0);
	rig_end(&r);
}

/* R-Q-10: of many groups the questions come in the order of their time. */
static void questions_come_in_the_order_of_their_time(void **state)
{
	static const uint8_t order[] = {5, 2, 7, 3, 6, 4};
	struct mcr_members_question question;
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	for (uint8_t i = 2; i < 8; i++) {
		r.group = rig_group(MCR_GMP_IGMP, i);
		rig_record(&r, MCR_RECORD_IS_EX, 3, 0);
	}
	for (unsigned i = 0; i < 6; i++) {
		r.now = 100 + i;
		r.group = rig_group(MCR_GMP_IGMP, order[i]);
		rig_record(&r, MCR_RECORD_TO_IN, 3, 0);
	}
	for (unsigned i = 0; i < 12; i++) {
		r.now = 106 + i / 6 * 10;
		assert_int_equal(mcr_members_next_question(r.ms, &r.rules, 8, r.now, &question), 1);
		assert_true(
		    mcr_address_is_equal(question.group, rig_group(MCR_GMP_IGMP, order[i % 6])));
		mcr_members_asked(r.ms, &r.rules);
	}
	assert_int_equal(mcr_members_next_question(r.ms, &r.rules, 8, r.now, &question), 0);

	for (uint8_t i = 0; i < 6; i++) { /* at one time: in the order in which they came */
		r.group = rig_group(MCR_GMP_IGMP, order[i]);
		rig_record(&r, MCR_RECORD_IS_EX, 3, 0);
		rig_record(&r, MCR_RECORD_TO_IN, 3, 0);
	}
	for (unsigned i = 0; i < 12; i++) {
		r.now = 116 + i / 6 * 10;
		assert_int_equal(mcr_members_next_question(r.ms, &r.rules, 8, r.now, &question), 1);
		assert_true(mcr_address_is_equal(question.group,
						 rig_group(MCR_GMP_IGMP, (uint8_t)(2 + i % 6))));
		mcr_members_asked(r.ms, &r.rules);
	}
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_group_is_asked_for_until_the_last_member_time_has_passed),
	    cmocka_unit_test(after_an_answer_the_other_copies_suppress),
	    cmocka_unit_test(repeated_leaves_ask_again_but_do_not_extend_the_end),
	    cmocka_unit_test(sources_are_asked_for_in_two_messages),
	    cmocka_unit_test(blocks_join_the_questions_that_are_under_way),
	    cmocka_unit_test(many_sources_go_in_several_messages),
	    cmocka_unit_test(going_to_include_asks_for_the_group_and_for_the_rest),
	    cmocka_unit_test(a_late_question_does_not_delay_the_next),
	    cmocka_unit_test(what_is_gone_is_not_asked_for),
	    cmocka_unit_test(questions_end_with_what_they_are_about),
	    cmocka_unit_test(a_block_between_two_messages_begins_anew),
	    cmocka_unit_test(questions_end_with_the_role),
	    cmocka_unit_test(questions_come_in_the_order_of_their_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
