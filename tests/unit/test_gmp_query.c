/* SPDX-License-Identifier: BSD-3-Clause */
/* v3 answers to queries (rows H-QR-*, M-7, M-10). The row that a test shows stands before it. */
#include "gmp_rig.h"

/* EXCLUDE{192.0.2.1} of 239.1.2.3 and INCLUDE{192.0.2.1} of 232.1.2.3, all reported. */
static void rig_joined(struct rig *r)
{
	rig_default(r);
	include(r, "232.1.2.3", "192.0.2.1");
	exclude(r, "239.1.2.3", "192.0.2.1");
	settle(r, 10);
}

#define WHOLE "IS_IN(232.1.2.3){192.0.2.1} IS_EX(239.1.2.3){192.0.2.1}"

/* H-QR-2, H-QR-10 */
static void a_general_query_is_answered_once_with_all_groups_after_the_drawn_delay(void **state)
{
	struct rig r;

	rig_joined(&r);
	SCRIPT(&r, 0.25);
	uint64_t t = r.now_ns;

	general_v3(&r, 20);
	run_for(&r, 10);
	assert_sent(&r, 0, t + sec(0.5), WHOLE);
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-QR-4 */
static void nothing_is_scheduled_without_state_to_report(void **state)
{
	struct rig r;

	rig_default(&r);
	general_v3(&r, 10);
	run_for(&r, 10);
	join(&r, "239.1.2.3");
	settle(&r, 5);
	assert_int_equal(FEED(&r, .code = 10, .group = "239.9.9.9", .destination = ALL_HOSTS), 0);
	run_for(&r, 10);
	assert_count(&r, 0);
	assert_int_equal(r.deadline_ns, MCR_GMP_NEVER);
	assert_int_equal(info(&r).rx[MCR_GMP_RX_NOT_JOINED], 1);
	rig_stop(&r);
}

/* H-QR-1: with the longest draw the answer comes exactly at the end of the response time. */
static void the_response_code_bounds_the_delay(void **state)
{
	static const struct {
		unsigned code;
		double seconds;
	} cases[] = {{1, 0.1},     {0x7f, 12.7}, {0x80, 12.8}, {0x81, 13.6},
		     {0x8f, 24.8}, {0x90, 25.6}, {0xfe, 3072}, {0xff, 3174.4}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;

		rig_joined(&r);
		SCRIPT(&r, 1.0);
		uint64_t t = r.now_ns;

		general_v3(&r, cases[i].code);
		run_for(&r, 4000);
		assert_sent(&r, 0, t + sec(cases[i].seconds), WHOLE);
		assert_count(&r, 1);
		rig_stop(&r);
	}
}

/* H-QR-2: 1000 draws of the built-in generator, uniform, none at once, none late. */
static void delays_of_answers_are_uniform_in_the_response_time(void **state)
{
	struct mcr_gmp_config cfg = {
	    .family = rig_family, .seed = 42, .repeat_s = MCR_GMP_NO_REPEAT};
	struct rig r = {.cfg = cfg, .now_ns = SECOND};
	unsigned tenths[10] = {0};

	assert_int_equal(mcr_gmp_create(&r.igmp, &cfg, r.now_ns), 0);
	join(&r, "239.1.2.3");
	settle(&r, 5);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t t = r.now_ns;

		general_v3(&r, 100);
		run_for(&r, 11);
		assert_count(&r, 1);
		uint64_t delay = r.sent[0].at_ns - t;

		assert_true(delay > 0 && delay <= 10 * SECOND);
		tenths[(delay - 1) / SECOND]++;
		rig_forget(&r);
	}
	for (unsigned i = 0; i < 10; i++) /* 100 expected, standard deviation 9.5 */
		assert_in_range(tenths[i], 60, 140);
	rig_stop(&r);
}

/* H-QR-3 */
static void a_v3_query_of_code_0_is_answered_after_one_tick(void **state)
{
	struct rig r;

	rig_joined(&r);
	uint64_t t = r.now_ns;

	general_v3(&r, 0);
	run_for(&r, 20);
	assert_sent(&r, 0, t + MCR_GMP_TICK_NS, WHOLE);
	t = r.now_ns;
	assert_int_equal(FEED(&r, .code = 0, .group = "239.1.2.3"), 0);
	run_for(&r, 20);
	assert_sent(&r, 1, t + MCR_GMP_TICK_NS, "IS_EX(239.1.2.3){192.0.2.1}");
	assert_count(&r, 2);
	assert_int_equal(r.calls_of_draw, 1); /* of the join's copies */
	rig_stop(&r);
}

/* H-QR-5 */
static void a_general_answer_due_sooner_absorbs_any_query(void **state)
{
	struct rig r;

	rig_joined(&r);
	SCRIPT(&r, 0.5, 1.0, 1.0, 1.0);
	uint64_t t = r.now_ns;

	general_v3(&r, 20);                                              /* due in 1 s */
	assert_int_equal(FEED(&r, .code = 20, .group = "239.1.2.3"), 0); /* 2 s */
	assert_int_equal(FEED(&r, .code = 20, .group = "239.1.2.3", .sources = "10.9.0.1"), 0);
	general_v3(&r, 100); /* 10 s */
	run_for(&r, 20);
	assert_sent(&r, 0, t + sec(1), WHOLE);
	assert_count(&r, 1);
	assert_int_equal(info(&r).absorbed, 3);
	rig_stop(&r);
}

/* H-QR-5, the other way round: the group query that draws earlier is answered by itself. */
static void a_group_query_due_before_the_general_answer_is_answered_too(void **state)
{
	struct rig r;

	rig_joined(&r);
	SCRIPT(&r, 0.5, 0.1);
	uint64_t t = r.now_ns;

	general_v3(&r, 20);
	assert_int_equal(FEED(&r, .code = 20, .group = "239.1.2.3"), 0);
	run_for(&r, 20);
	assert_sent(&r, 0, t + sec(0.2), "IS_EX(239.1.2.3){192.0.2.1}");
	assert_sent(&r, 1, t + sec(1), WHOLE);
	assert_count(&r, 2);
	rig_stop(&r);
}

/* H-QR-6 */
static void a_general_query_that_draws_earlier_replaces_the_pending_answer(void **state)
{
	struct rig r;

	rig_joined(&r);
	SCRIPT(&r, 0.5, 0.1);
	uint64_t t = r.now_ns;

	general_v3(&r, 100);
	run_for(&r, 0.5);
	general_v3(&r, 10);
	run_for(&r, 20);
	assert_sent(&r, 0, t + sec(0.6), WHOLE);
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-QR-7, H-QR-12: each kind of query, in each mode. */
static void group_queries_are_answered_for_the_group_alone(void **state)
{
	static const struct {
		const char *group, *sources, *answer;
	} cases[] = {
	    {"239.1.2.3", "", "IS_EX(239.1.2.3){192.0.2.1}"},
	    {"232.1.2.3", "", "IS_IN(232.1.2.3){192.0.2.1}"},
	    {"239.1.2.3", "192.0.2.1 192.0.2.2", "IS_IN(239.1.2.3){192.0.2.2}"},
	    {"239.1.2.3", "192.0.2.1", NULL},
	    {"232.1.2.3", "192.0.2.1 192.0.2.2", "IS_IN(232.1.2.3){192.0.2.1}"},
	    {"232.1.2.3", "192.0.2.2", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;

		rig_joined(&r);
		uint64_t t = r.now_ns;

		assert_int_equal(
		    FEED(&r, .code = 10, .group = cases[i].group, .sources = cases[i].sources), 0);
		run_for(&r, 20);
		if (cases[i].answer)
			assert_sent(&r, 0, t + sec(0.5), cases[i].answer);
		assert_count(&r, cases[i].answer ? 1 : 0);
		assert_int_equal(r.deadline_ns, MCR_GMP_NEVER);
		rig_stop(&r);
	}
}

/* H-QR-8 */
static void group_and_source_queries_together_are_answered_with_the_whole_state(void **state)
{
	for (int sources_first = 0; sources_first < 2; sources_first++) {
		struct rig r;

		rig_joined(&r);
		SCRIPT(&r, 0.8, 0.4);
		uint64_t t = r.now_ns;

		for (int i = 0; i < 2; i++)
			assert_int_equal(FEED(&r, .code = 10, .group = "239.1.2.3",
					      .sources = i != sources_first ? "10.9.0.1" : ""),
					 0);
		run_for(&r, 20);
		assert_sent(&r, 0, t + sec(0.4), "IS_EX(239.1.2.3){192.0.2.1}");
		assert_count(&r, 1);
		rig_stop(&r);
	}
}

/* H-QR-9 */
static void two_source_queries_are_answered_with_the_union_at_the_earlier_time(void **state)
{
	struct rig r;

	rig_joined(&r);
	SCRIPT(&r, 0.3, 0.9);
	uint64_t t = r.now_ns;

	assert_int_equal(FEED(&r, .code = 10, .group = "239.1.2.3", .sources = "10.9.0.9"), 0);
	assert_int_equal(FEED(&r, .code = 10, .group = "239.1.2.3", .sources = "10.9.0.1 10.9.0.9"),
			 0);
	assert_int_equal(group_info(&r, "239.1.2.3").recorded, 2);
	assert_int_equal(group_info(&r, "239.1.2.3").state, MCR_GMP_GROUP_DELAYING);
	run_for(&r, 20);
	assert_sent(&r, 0, t + sec(0.3), "IS_IN(239.1.2.3){10.9.0.1,10.9.0.9}");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-QR-11 */
static void a_group_that_was_left_is_not_answered_for(void **state)
{
	struct rig r;

	rig_joined(&r);
	SCRIPT(&r, 1.0, 1.0, 0.1);
	assert_int_equal(FEED(&r, .code = 10, .group = "239.1.2.3"), 0);
	assert_int_equal(FEED(&r, .code = 10, .group = "232.1.2.3"), 0);
	leave(&r, "239.1.2.3");
	run_for(&r, 20);
	assert_sent(&r, 0, sec(1010), "TO_IN(239.1.2.3){}");
	assert_sent(&r, 1, sec(1010.1), "TO_IN(239.1.2.3){}");
	assert_sent(&r, 2, sec(1011), "IS_IN(232.1.2.3){192.0.2.1}");
	assert_count(&r, 3);
	rig_stop(&r);
}

/* H-QR-10, H-QR-11: a general answer reports what there is when it is sent. */
static void a_general_answer_reports_the_state_at_its_time(void **state)
{
	struct rig r;

	rig_joined(&r);
	SCRIPT(&r, 1.0);
	r.default_draw = 0.1;
	general_v3(&r, 100);
	leave(&r, "239.1.2.3");
	join(&r, "239.4.4.4");
	run_for(&r, 5);
	rig_forget(&r);
	run_for(&r, 10);
	assert_sent(&r, 0, sec(1020), "IS_IN(232.1.2.3){192.0.2.1} IS_EX(239.4.4.4){}");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-QR-13 */
static void recorded_sources_are_forgotten_after_the_answer(void **state)
{
	struct rig r;

	rig_joined(&r);
	assert_int_equal(FEED(&r, .code = 10, .group = "239.1.2.3", .sources = "10.9.0.9"), 0);
	settle(&r, 5);
	assert_int_equal(group_info(&r, "239.1.2.3").recorded, 0);
	assert_int_equal(FEED(&r, .code = 10, .group = "239.1.2.3", .sources = "10.9.0.1"), 0);
	run_for(&r, 5);
	assert_sent(&r, 0, sec(1015.5), "IS_IN(239.1.2.3){10.9.0.1}");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-QR-9: what a flood of queries may make us remember is bounded. */
static void more_recorded_sources_than_we_hold_are_answered_with_the_whole_state(void **state)
{
	struct rig r;
	char group[16], sources[1024];

	rig_default(&r);
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(group, sizeof(group), "239.5.%u.%u", i / 200, i % 200);
		join(&r, group);
	}
	settle(&r, 5);
	uint64_t before = info(&r).memory_bytes;

	for (unsigned i = 0; i < 2000; i++) {
		size_t used = 0;

		for (unsigned k = 1; k <= 60; k++)
			used += (size_t)snprintf(sources + used, sizeof(sources) - used,
						 "10.%u.0.%u ", i % 250, k);
		snprintf(group, sizeof(group), "239.5.%u.%u", i / 200, i % 200);
		assert_int_equal(FEED(&r, .code = 10, .group = group, .sources = sources), 0);
	}
	assert_true(info(&r).memory_bytes <= before + 1100 * 1024);
	run_for(&r, 5);
	size_t whole = 0;

	assert_int_equal(info(&r).tx_records, 4000 + 2000);
	for (size_t i = 0; i < r.n_sent; i++) {
		char text[32768];

		describe(&r.sent[i], text, sizeof(text));
		whole += strstr(text, "IS_EX(") != NULL;
	}
	assert_true(whole > 0);
	assert_true(info(&r).memory_bytes <= before + 1024); /* room for one list stays */
	rig_stop(&r);
}

/* Each query of a storm walks over what was recorded, so that is bounded for each group. */
static void queries_for_ever_new_sources_of_a_group_end_in_its_whole_state(void **state)
{
	struct mcr_gmp_group_info g;
	uint32_t most = 0;
	struct rig r;

	rig_default(&r);
	join(&r, "239.5.1.1");
	settle(&r, 5);
	for (unsigned i = 0; i < 100; i++) {
		char sources[1024];
		size_t used = 0;

		for (unsigned k = 1; k <= 60; k++)
			used += (size_t)snprintf(sources + used, sizeof(sources) - used,
						 "10.%u.0.%u ", i, k);
		assert_int_equal(FEED(&r, .code = 10, .group = "239.5.1.1", .sources = sources), 0);
		assert_int_equal(mcr_gmp_get_group(r.igmp, ip("239.5.1.1"), &g), 0);
		most = g.recorded > most ? g.recorded : most;
	}
	assert_true(most > 4000 && most <= 4096);
	assert_int_equal(g.recorded, 0);
	assert_int_equal(g.state, MCR_GMP_GROUP_DELAYING);
	rig_stop(&r);
}

/* H-QR-15 */
static void the_all_hosts_group_is_accepted_and_never_reported(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, ALL_HOSTS);
	general_v3(&r, 10);
	assert_int_equal(FEED(&r, .code = 10, .group = ALL_HOSTS), 0);
	run_for(&r, 20);
	leave(&r, ALL_HOSTS);
	run_for(&r, 20);
	assert_count(&r, 0);
	rig_stop(&r);
}

/* H-QR-16 */
static void robustness_follows_the_querier(void **state)
{
	static const struct {
		unsigned qrv, floor, copies;
	} cases[] = {{256, 0, 2}, {1, 0, 1}, {5, 0, 5}, {7, 0, 7}, {1, 2, 2}, {256, 3, 3}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;

		rig_start(&r,
			  &(struct mcr_gmp_config){.repeat_s = MCR_GMP_NO_REPEAT,
						   .robustness_floor = (uint8_t)cases[i].floor});
		assert_int_equal(FEED(&r, .code = 10, .qrv = cases[i].qrv), 0);
		join(&r, "239.1.2.3");
		run_for(&r, 20);
		assert_count(&r, cases[i].copies);
		assert_int_equal(info(&r).robustness, cases[i].copies);
		rig_stop(&r);
	}
}

/* H-QR-17: seen in the time until an older querier is forgotten, RV * QI + 10 * MRT, or + MRT
 * in MLD. */
static void the_query_interval_follows_the_querier(void **state)
{
	static const struct {
		unsigned qqic, seconds;
	} cases[] = {{5, 5}, {256, 125}, {0x8f, 248}, {0xff, 3600}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;

		rig_default(&r);
		assert_int_equal(FEED(&r, .code = 10, .qqic = cases[i].qqic), 0);
		general_v2(&r, 10);
		assert_int_equal(info(&r).query_interval_s, cases[i].seconds);
		assert_int_equal(info(&r).v2_until_ns,
				 r.now_ns + (2 * cases[i].seconds + (is_mld() ? 1 : 10)) * SECOND);
		rig_stop(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_general_query_is_answered_once_with_all_groups_after_the_drawn_delay),
	    cmocka_unit_test(nothing_is_scheduled_without_state_to_report),
	    cmocka_unit_test(the_response_code_bounds_the_delay),
	    cmocka_unit_test(delays_of_answers_are_uniform_in_the_response_time),
	    cmocka_unit_test(a_v3_query_of_code_0_is_answered_after_one_tick),
	    cmocka_unit_test(a_general_answer_due_sooner_absorbs_any_query),
	    cmocka_unit_test(a_group_query_due_before_the_general_answer_is_answered_too),
	    cmocka_unit_test(a_general_query_that_draws_earlier_replaces_the_pending_answer),
	    cmocka_unit_test(group_queries_are_answered_for_the_group_alone),
	    cmocka_unit_test(group_and_source_queries_together_are_answered_with_the_whole_state),
	    cmocka_unit_test(two_source_queries_are_answered_with_the_union_at_the_earlier_time),
	    cmocka_unit_test(a_group_that_was_left_is_not_answered_for),
	    cmocka_unit_test(a_general_answer_reports_the_state_at_its_time),
	    cmocka_unit_test(recorded_sources_are_forgotten_after_the_answer),
	    cmocka_unit_test(more_recorded_sources_than_we_hold_are_answered_with_the_whole_state),
	    cmocka_unit_test(queries_for_ever_new_sources_of_a_group_end_in_its_whole_state),
	    cmocka_unit_test(the_all_hosts_group_is_accepted_and_never_reported),
	    cmocka_unit_test(robustness_follows_the_querier),
	    cmocka_unit_test(the_query_interval_follows_the_querier),
	};
	return RUN_BOTH(tests);
}
