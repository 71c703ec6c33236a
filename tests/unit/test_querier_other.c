/* SPDX-License-Identifier: BSD-3-Clause */
/* What holds while another one is the querier, or an older one is heard (rows R-EL-4 to R-EL-7,
 * RM-EL-2, and public reports about it). The row that a test shows stands before it. */
#include "querier_rig.h"

/* R-EL-4, RM-EL-2: of any router of the subnet, even a higher one that we do not step down for. */
static void an_older_general_query_makes_ours_old_for_oqpi(void **state)
{
	struct rig r;

	rig_settled(&r);
	run_to(&r, 100);
	general_from(&r, "10.0.0.200", 2);
	assert_true(we_ask(&r));
	assert_int_equal(info(&r).version, 2);
	assert_int_equal(info(&r).older_queries, 1);
	assert_true(mcr_address_is_equal(info(&r).last_older, ip("10.0.0.200")));
	assert_int_equal(info(&r).older_until_ns, r.now_ns + sec(OQPI));
	run_to(&r, 282);
	assert_sent(&r, 0, r.start_ns + sec(156.25), "v2 general");
	assert_sent(&r, 1, r.start_ns + sec(281.25), "v2 general");
	assert_count(&r, 2);
	run_to(&r, 100 + OQPI - 0.001);
	assert_int_equal(info(&r).version, 2);
	run_to(&r, 407);
	assert_int_equal(info(&r).version, 3);
	assert_int_equal(info(&r).older_until_ns, 0);
	assert_sent(&r, 2, r.start_ns + sec(406.25), "general");
	assert_count(&r, 3);
	rig_stop(&r);
}

/* R-EL-4: only general queries tell the version; a query about a group does not. */
static void an_older_group_query_makes_no_query_old(void **state)
{
	struct rig r;

	rig_settled(&r);
	assert_int_equal(FEED(&r, .source = "10.0.0.200", .version = 2, .code = 10, .group = GROUP),
			 0);
	assert_int_equal(info(&r).version, 3);
	run_to(&r, 156.25);
	assert_sent(&r, 0, r.now_ns, "general");
	rig_stop(&r);
}

/* R-EL-4: the oldest of all that are heard, and then the next. */
static void of_several_versions_the_oldest_holds(void **state)
{
	struct rig r;

	rig_settled(&r);
	run_to(&r, 40);
	general_from(&r, "10.0.0.200", 1);
	run_to(&r, 100);
	general_from(&r, "10.0.0.201", 2);
	assert_int_equal(info(&r).version, 1);
	run_to(&r, 40 + OQPI);
	poll_now(&r);
	assert_int_equal(info(&r).version, 2);
	run_to(&r, 100 + OQPI);
	poll_now(&r);
	assert_int_equal(info(&r).version, 3);
	assert_sent(&r, 0, r.start_ns + sec(156.25), "v1 general");
	assert_sent(&r, 1, r.start_ns + sec(281.25), "v1 general");
	rig_stop(&r);
}

/* R-EL-4: an older querier that is lower takes the role, too. */
static void an_older_querier_may_win(void **state)
{
	struct rig r;

	rig_settled(&r);
	general_from(&r, OTHER, 2);
	assert_querier(&r, MCR_QUERIER_OTHER, OTHER);
	assert_int_equal(info(&r).version, 2);
	uint64_t t = r.now_ns;

	run_for(&r, OQPI);
	assert_int_equal(r.n_sent, 1);
	assert_int_equal(r.sent[0].at_ns, t + sec(OQPI));
	rig_stop(&r);
}

/* R-EL-4: neither our own address, nor nobody's, nor one of another subnet. */
static void an_older_query_of_no_router_of_the_subnet_does_not_count(void **state)
{
	struct rig r;

	rig_settled(&r);
	general_from(&r, US, 2);
	general_from(&r, "0.0.0.0", 2);
	general_from(&r, "192.0.2.1", 2);
	assert_int_equal(info(&r).version, 3);
	assert_int_equal(info(&r).older_queries, 0);
	rig_stop(&r);
}

/* R-EL-5: robustness and interval of the last query, 0 is the default; the table's timers. */
static void it_takes_the_queriers_values_while_another_asks(void **state)
{
	static const struct {
		unsigned qrv, qqic, code;
		double membership_s, other_s;
	} cases[] = {
	    {3, 60, 50, 190, 182.5},
	    {256, 256, 100, 270, 255},                   /* 0: 2 and 125 s */
	    {7, 0x89, 100, 7 * 200 + 20, 7 * 200 + 5},   /* a float */
	    {2, 0xff, 100, 2 * 3600 + 20, 2 * 3600 + 5}, /* 31,744 s counts as 3,600 */
	    {2, 125, 0x8f, 250 + 2 * 24.8, 250 + 12.4},  /* a float of the response time */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;
		char text[64];

		RIG(&r, .robustness = 4, .query_interval_s = 100);
		settle(&r);
		FEED(&r, .code = cases[i].code, .qrv = cases[i].qrv, .qqic = cases[i].qqic);
		uint64_t t = r.now_ns;

		assert_int_equal(info(&r).other_until_ns, t + sec(cases[i].other_s));
		hears(&r, "IS_EX(239.1.2.3){}");
		sprintf(text, "EX(239.1.2.3)=%.10g", cases[i].membership_s);
		assert_string_equal(table(&r), text);
		assert_int_equal(info(&r).timing.membership_ns, sec(cases[i].membership_s));
		/* Its own hold again afterwards. */
		run_for(&r, cases[i].other_s);
		assert_true(we_ask(&r));
		hears(&r, "IS_EX(239.1.2.3){}");
		assert_string_equal(table(&r), "EX(239.1.2.3)=420");
		rig_stop(&r);
	}
}

/* R-EL-5: IGMP cannot say more than 3,174.4 s. Of MLD it were 8,387.584 s, which counts as 3,600 s.
 */
static void the_response_time_of_another_is_limited(void **state)
{
	double response_s = is_mld() ? 3600 : 3174.4;
	struct rig r;

	rig_settled(&r);
	FEED(&r, .code = 0xff, .mld_code = 0xffff, .qrv = 2, .qqic = 125);
	assert_int_equal(info(&r).timing.response_ns, sec(response_s));
	assert_int_equal(info(&r).timing.membership_ns, sec(250 + 2 * response_s));
	assert_int_equal(info(&r).other_until_ns, r.now_ns + sec(250 + response_s / 2));
	rig_stop(&r);
}

/* R-EL-5: an older query says neither, so what is configured holds. */
static void an_older_querier_leaves_it_the_configured_values(void **state)
{
	struct rig r;

	RIG(&r, .robustness = 4, .query_interval_s = 100);
	settle(&r);
	general_from(&r, OTHER, 2);
	v2_report(&r, GROUP);
	assert_string_equal(table(&r), "EX(239.1.2.3)=420 v2");
	assert_int_equal(info(&r).other_until_ns, r.now_ns + sec(405));
	rig_stop(&r);
}

/* R-EL-5: pimd 2.3.2 asks about a group in version 2 as a querier of version 3. */
static void an_old_question_of_a_new_querier_takes_no_value_back(void **state)
{
	struct rig r;

	rig_settled(&r);
	FEED(&r, .code = 50, .qrv = 3, .qqic = 60);
	FEED(&r, .version = 2, .code = 10, .group = GROUP);
	assert_int_equal(info(&r).version, 3);
	hears(&r, "IS_EX(239.1.2.3){}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=190");
	rig_stop(&r);
}

/* R-EL-5: a query with S=0 lowers the timers, one with S=1 does not. */
static void the_others_questions_lower_timers_unless_the_s_flag_is_set(void **state)
{
	struct rig r;

	rig_settled(&r);
	general_from(&r, OTHER, 3);
	hears(&r, "IS_EX(239.1.2.3){} IS_IN(239.1.2.4){192.0.2.1,192.0.2.2}");
	FEED(&r, .code = 10, .group = GROUP, .flags = 8);
	FEED(&r, .code = 10, .group = "239.1.2.4", .sources = "192.0.2.1 192.0.2.9", .flags = 8);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270; "
				       "IN(239.1.2.4) {192.0.2.1=270,192.0.2.2=270}");
	FEED(&r, .code = 10, .group = GROUP);
	FEED(&r, .code = 30, .group = "239.1.2.4", .sources = "192.0.2.1 192.0.2.9");
	assert_string_equal(table(&r), "EX(239.1.2.3)=2; "
				       "IN(239.1.2.4) {192.0.2.1=6,192.0.2.2=270}");
	/* Never raised. */
	run_for(&r, 1);
	FEED(&r, .code = 10, .group = GROUP);
	assert_string_equal(table(&r), "EX(239.1.2.3)=1; "
				       "IN(239.1.2.4) {192.0.2.1=5,192.0.2.2=269}");
	/* A member that answers stays. */
	hears(&r, "IS_IN(239.1.2.4){192.0.2.1}");
	run_for(&r, 10);
	assert_string_equal(table(&r), "IN(239.1.2.4) {192.0.2.1=260,192.0.2.2=259}");
	assert_count(&r, 0);
	rig_stop(&r);
}

/* R-EL-5: questions of version 2 have no S flag: RFC 2236 §3. */
static void the_others_old_questions_lower_timers(void **state)
{
	struct rig r;

	RIG(&r, .version = 2);
	settle(&r);
	general_from(&r, OTHER, 2);
	v2_report(&r, GROUP);
	FEED(&r, .version = 2, .code = 20, .group = GROUP);
	assert_string_equal(table(&r), "EX(239.1.2.3)=4 v2");
	run_for(&r, 4);
	assert_string_equal(table(&r), "");
	assert_count(&r, 0);
	rig_stop(&r);
}

/* R-EL-5: only the querier's questions do; a query that loses the election is no reason to drop
 * members. */
static void questions_of_a_router_that_lost_lower_nothing(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){}");
	FEED(&r, .source = "10.0.0.200", .code = 10, .group = GROUP);
	assert_true(we_ask(&r));
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	rig_stop(&r);
}

/* R-EL-6; FRR 10422, 13539: versions 2 of IGMP and 1 of MLD go on with what they are asking. */
static void an_old_querier_finishes_its_questions_before_it_steps_down(void **state)
{
	struct rig r;

	RIG(&r, .version = 2);
	settle(&r);
	v2_report(&r, GROUP);
	v2_leave(&r, GROUP);
	uint64_t t = r.now_ns;

	run_for(&r, 0.5);
	general_from(&r, OTHER, 2);
	run_for(&r, 1.499);
	assert_true(we_ask(&r));
	assert_sent(&r, 0, t, "v2 Q(239.1.2.3)");
	assert_sent(&r, 1, t + sec(1), "v2 Q(239.1.2.3)");
	assert_string_equal(table(&r), "EX(239.1.2.3)=0.001 v2");
	run_for(&r, 0.001);
	assert_string_equal(table(&r), "");
	assert_querier(&r, MCR_QUERIER_OTHER, OTHER);
	/* OQPI counts from the query. */
	run_until(&r, t + sec(0.5 + OQPI));
	assert_sent(&r, 2, t + sec(0.5 + OQPI), "v2 general");
	assert_count(&r, 3);
	rig_stop(&r);
}

/* R-EL-5, R-EL-6: ... and waits then for as long as the other one says, not only for its own OQPI.
 */
static void an_old_querier_that_finishes_waits_by_the_others_values(void **state)
{
	struct rig r;

	RIG(&r, .version = 2, .query_interval_s = 20);
	settle(&r);
	v2_report(&r, GROUP);
	v2_leave(&r, GROUP);
	FEED(&r, .code = 100, .qrv = 2, .qqic = 125);
	assert_true(we_ask(&r));
	uint64_t t = r.now_ns;

	run_for(&r, 2);
	assert_querier(&r, MCR_QUERIER_OTHER, OTHER);
	assert_int_equal(info(&r).other_until_ns, t + sec(OQPI));
	rig_stop(&r);
}

/* R-EL-6: version 3 steps down at once, and its questions end. */
static void a_version_3_querier_steps_down_in_the_midst_of_its_questions(void **state)
{
	struct rig r;
	struct mcr_querier_group g;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){}");
	hears(&r, "TO_IN(239.1.2.3){}");
	uint64_t t = r.now_ns;

	run_for(&r, 0.5);
	general_from(&r, OTHER, 3);
	assert_querier(&r, MCR_QUERIER_OTHER, OTHER);
	assert_int_equal(mcr_querier_get_group(r.q, 0, &g), 0);
	assert_int_equal(g.queries_left, 0);
	run_for(&r, 100);
	assert_sent(&r, 0, t, "Q(239.1.2.3)");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* R-EL-7; FRR 12556: whatever leaves, in each version, somebody else asks. Nor are timers lowered:
 * it is the querier's question that does. */
static void who_is_not_the_querier_asks_nothing_whatever_leaves(void **state)
{
	for (uint8_t version = is_mld() ? 2 : 1; version <= 3; version++) {
		struct rig r;

		RIG(&r, .version = version);
		settle(&r);
		general_from(&r, OTHER, version);
		hears(&r, "IS_EX(239.1.2.3){} IS_IN(232.1.2.3){192.0.2.1,192.0.2.2}");
		run_for(&r, 10);
		hears(&r, "TO_IN(239.1.2.3){} BLOCK(232.1.2.3){192.0.2.1} "
			  "TO_IN(232.1.2.3){192.0.2.2} TO_EX(239.1.2.3){192.0.2.1}");
		v2_leave(&r, GROUP);
		run_for(&r, 100);
		assert_count(&r, 0);
		assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.1,192.0.2.2}");
		assert_int_equal(info(&r).tx_group + info(&r).tx_sources, 0);
		rig_stop(&r);
	}
}

/* R-EL-7: a leave that came while another was the querier is not asked about later. */
static void a_leave_from_before_we_were_the_querier_is_not_asked_about(void **state)
{
	struct rig r;

	rig_settled(&r);
	general_from(&r, OTHER, 3);
	run_for(&r, OQPI - 1);
	hears(&r, "IS_EX(239.1.2.3){}");
	hears(&r, "TO_IN(239.1.2.3){}");
	run_for(&r, 20);
	assert_count(&r, 1);
	assert_sent(&r, 0, r.now_ns - sec(19), "general");
	assert_string_equal(table(&r), "EX(239.1.2.3)=250");
	rig_stop(&r);
}

/* R-Q-3: newer queries are counted, and change nothing (the engine logs them). */
static void queries_newer_than_the_configured_version_are_counted(void **state)
{
	struct rig r;

	RIG(&r, .version = 2);
	settle(&r);
	general_from(&r, "10.0.0.200", 3);
	FEED(&r, .source = "10.0.0.200", .code = 10, .group = GROUP);
	assert_int_equal(info(&r).newer_queries, 2);
	assert_false(mcr_address_is_none(info(&r).last_newer));
	assert_int_equal(info(&r).version, 2);
	assert_true(we_ask(&r));
	general_from(&r, "10.0.0.200", 2);
	assert_int_equal(info(&r).newer_queries, 2);
	run_to(&r, 156.25);
	assert_sent(&r, 0, r.now_ns, "v2 general");
	rig_stop(&r);
}

/* pimd 35: members that answer the first query of the one that took over lose nothing. */
static void members_survive_the_end_of_the_other_querier(void **state)
{
	struct rig r;

	rig_settled(&r);
	general_from(&r, OTHER, 3);
	run_for(&r, 10); /* the latest answer to the other's last query */
	hears(&r, "IS_EX(239.1.2.3){}");
	size_t changed = r.n_changed;

	run_for(&r, OQPI - 10);
	assert_count(&r, 1);
	run_for(&r, 10);
	hears(&r, "IS_EX(239.1.2.3){}");
	run_for(&r, 200);
	assert_int_equal(r.n_changed, changed);
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	rig_stop(&r);
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(an_older_general_query_makes_ours_old_for_oqpi),
	    cmocka_unit_test(an_older_group_query_makes_no_query_old),
	    cmocka_unit_test(an_older_querier_may_win),
	    cmocka_unit_test(an_older_query_of_no_router_of_the_subnet_does_not_count),
	    cmocka_unit_test(it_takes_the_queriers_values_while_another_asks),
	    cmocka_unit_test(the_response_time_of_another_is_limited),
	    cmocka_unit_test(an_older_querier_leaves_it_the_configured_values),
	    cmocka_unit_test(an_old_question_of_a_new_querier_takes_no_value_back),
	    cmocka_unit_test(the_others_questions_lower_timers_unless_the_s_flag_is_set),
	    cmocka_unit_test(the_others_old_questions_lower_timers),
	    cmocka_unit_test(questions_of_a_router_that_lost_lower_nothing),
	    cmocka_unit_test(an_old_querier_finishes_its_questions_before_it_steps_down),
	    cmocka_unit_test(an_old_querier_that_finishes_waits_by_the_others_values),
	    cmocka_unit_test(a_version_3_querier_steps_down_in_the_midst_of_its_questions),
	    cmocka_unit_test(who_is_not_the_querier_asks_nothing_whatever_leaves),
	    cmocka_unit_test(a_leave_from_before_we_were_the_querier_is_not_asked_about),
	    cmocka_unit_test(queries_newer_than_the_configured_version_are_counted),
	    cmocka_unit_test(members_survive_the_end_of_the_other_querier),
	};
	static const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(of_several_versions_the_oldest_holds),
	};

	return RUN_BOTH(both) + RUN_IGMP(igmp);
}
