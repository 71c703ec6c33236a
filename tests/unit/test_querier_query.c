/* SPDX-License-Identifier: BSD-3-Clause */
/* What a querier sends and when (rows R-Q-*, R-OP-2, RM-Q-*, RM-SZ-1). The row that a test shows
 * stands before it. */
#include "querier_rig.h"

/* R-Q-1 */
static void it_asks_at_once_then_at_the_startup_then_at_the_query_interval(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	assert_int_equal(info(&r).role, MCR_QUERIER_US);
	run_to(&r, 300);
	assert_sent(&r, 0, r.start_ns, "general");
	assert_sent(&r, 1, r.start_ns + sec(31.25), "general");
	assert_sent(&r, 2, r.start_ns + sec(156.25), "general");
	assert_sent(&r, 3, r.start_ns + sec(281.25), "general");
	assert_count(&r, 4);
	assert_int_equal(info(&r).next_query_ns, r.start_ns + sec(406.25));
	assert_int_equal(info(&r).tx_general, 4);
	rig_stop(&r);
}

/* R-Q-1: as many queries as the robustness, or the startup query count, says. */
static void robustness_or_its_own_count_says_how_many_queries_the_start_has(void **state)
{
	struct rig r;

	RIG(&r, .robustness = 3, .query_interval_s = 40);
	run_to(&r, 60);
	assert_sent(&r, 2, r.start_ns + sec(20), "general");
	assert_sent(&r, 3, r.start_ns + sec(60), "general");
	assert_count(&r, 4);
	rig_stop(&r);
	RIG(&r, .startup_query_count = 1, .startup_query_interval_ms = 500, .query_interval_s = 40);
	run_to(&r, 80);
	assert_sent(&r, 1, r.start_ns + sec(40), "general");
	assert_count(&r, 3);
	rig_stop(&r);
}

/* R-Q-2, R-Q-8, RM-Q-1; omcproxy 8: the octets, from the IP header on. The time to answer is 10 s,
 * and not a tenth. */
static void a_general_query_has_the_golden_octets(void **state)
{
	struct rig r;

	RIG_AT(&r, .address = ip("10.0.0.1"));
	assert_octets(&r, 0, 0,
		      is_mld() ? "6000000000240001fe80000000000000000000000a000001"
				 "ff020000000000000000000000000001"
				 "3a0005020000010082004c9627100000"
				 "00000000000000000000000000000000027d0000"
			       : "46c00024000040000102fa110a000001e000000194040000"
				 "1164ec1e00000000027d0000");
	rig_stop(&r);
}

/* R-Q-2, R-Q-7: what a query cannot carry is rounded down, and held to. */
static void robustness_and_interval_of_a_query_are_those_that_hold(void **state)
{
	static const struct {
		uint32_t interval_s, robustness, qqic, qrv, held_s;
	} cases[] = {{125, 2, 0x7d, 2, 125}, {125, 7, 0x7d, 7, 125},    {125, 8, 0x7d, 0, 125},
		     {200, 2, 0x89, 2, 200}, {201, 2, 0x89, 2, 200},    {248, 2, 0x8f, 2, 248},
		     {128, 2, 0x80, 2, 128}, {31744, 2, 0xff, 2, 31744}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;

		RIG(&r, .query_interval_s = cases[i].interval_s,
		    .robustness = (uint8_t)cases[i].robustness, .startup_query_count = 1);
		run_to(&r, cases[i].held_s);
		struct asked a = read_query(&r.sent[0]);

		assert_int_equal(a.qqic, cases[i].qqic);
		assert_int_equal(a.interval_s, cases[i].held_s);
		assert_int_equal(a.qrv, cases[i].qrv);
		assert_sent(&r, 1, r.start_ns + sec(cases[i].held_s), "general");
		assert_count(&r, 2);
		rig_stop(&r);
	}
}

/* R-Q-3, RM-Q-1 */
static void queries_of_version_2_have_8_octets_and_a_linear_code(void **state)
{
	struct rig r;

	RIG_AT(&r, .address = ip("10.0.0.1"), .version = 2);
	assert_sent(&r, 0, r.start_ns, "v2 general");
	assert_octets(&r, 0, ip_header(),
		      is_mld() ? "82004f172710000000000000000000000000000000000000"
			       : "1164ee9b00000000");
	rig_stop(&r);
	/* A float would be 0x8f, or 0x8200 of MLD's 33 s. */
	RIG(&r, .version = 2, .query_response_interval_ms = is_mld() ? 33000 : 25500);
	assert_int_equal(read_query(&r.sent[0]).code, is_mld() ? 33000 : 255);
	rig_stop(&r);
	RIG(&r, .query_response_interval_ms = is_mld() ? 32832 : 24800);
	assert_int_equal(read_query(&r.sent[0]).code, is_mld() ? 0x8008 : 0x8f);
	rig_stop(&r);
}

/* R-Q-3 */
static void queries_of_version_1_have_code_0(void **state)
{
	struct rig r;

	RIG(&r, .version = 1);
	assert_sent(&r, 0, r.start_ns, "v1 general");
	assert_octets(&r, 0, 24, "1100eeff00000000");
	/* A host of IGMPv1 takes 10 s, so that is what the timers reckon with. */
	assert_int_equal(info(&r).timing.response_ns, 10 * SECOND);
	rig_stop(&r);
}

/* R-Q-4, R-LM-7, RM-Q-2; omcproxy 6: the number of sources says how many there are. */
static void questions_about_a_leave_have_the_golden_octets(void **state)
{
	struct rig r;

	RIG_AT(&r, .address = ip("10.0.0.1"));
	settle(&r);
	hears(&r, "TO_EX(239.1.2.3){} ALLOW(232.1.2.3){10.1.0.2}");
	hears(&r, "TO_IN(239.1.2.3){}");
	assert_octets(&r, 0, 0,
		      is_mld() ? "6000000000240001fe80000000000000000000000a000001"
				 "ff1500000000000000000000ef010203"
				 "3a0005020000010082008e8c03e80000"
				 "ff1500000000000000000000ef010203027d0000"
			       : "46c00024000040000102e90e0a000001ef01020394040000"
				 "110afb73ef010203027d0000");
	hears(&r, "TO_EX(239.1.2.3){}");
	run_for(&r, 1);
	assert_octets(&r, 1, ip_header(),
		      is_mld() ? "8200868c03e80000ff1500000000000000000000ef0102030a7d0000"
			       : "110af373ef0102030a7d0000");
	rig_forget(&r);
	hears(&r, "BLOCK(232.1.2.3){10.1.0.2}");
	assert_octets(&r, 0, ip_header(),
		      is_mld() ? "8200647f03e80000ff3500000000000000000000e8010203"
				 "027d000120010db800000000000000000a010002"
			       : "110af86fe8010203027d00010a010002");
	rig_stop(&r);
}

/* R-Q-4, R-Q-3; mrouted 46: in version 2. */
static void old_queries_about_a_group_have_its_address_in_both_places(void **state)
{
	struct rig r;

	RIG(&r, .version = 2);
	settle(&r);
	v2_report(&r, GROUP);
	v2_leave(&r, GROUP);
	assert_sent(&r, 0, r.now_ns, "v2 Q(239.1.2.3)");
	if (!is_mld())
		assert_octets(&r, 0, 24, "110afdf0ef010203");
	rig_stop(&r);
}

/* R-Q-6: the table stays. */
static void a_link_that_comes_up_starts_the_series_again(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){}");
	run_to(&r, 60);
	mcr_querier_restart(r.q, r.us, r.cfg.prefix_len, r.now_ns);
	uint64_t t = r.now_ns;

	run_for(&r, 160);
	assert_sent(&r, 0, t, "general");
	assert_sent(&r, 1, t + sec(31.25), "general");
	assert_sent(&r, 2, t + sec(156.25), "general");
	assert_count(&r, 3);
	assert_string_equal(table(&r), "EX(239.1.2.3)=81.25");
	rig_stop(&r);
}

/* R-Q-6 */
static void a_new_address_is_the_source_of_the_queries_from_then_on(void **state)
{
	struct rig r;

	rig_settled(&r);
	r.us = ip("10.0.0.7"); /* check_query compares */
	mcr_querier_restart(r.q, r.us, r.cfg.prefix_len, r.now_ns);
	poll_now(&r);
	assert_sent(&r, 0, r.now_ns, "general");
	assert_true(mcr_address_is_equal(info(&r).querier, r.us));
	/* The new address decides elections, too: 10.0.0.50 was lower than the old one. */
	general_from(&r, "10.0.0.50", 3);
	assert_int_equal(info(&r).role, MCR_QUERIER_US);
	general_from(&r, "10.0.0.6", 3);
	assert_int_equal(info(&r).role, MCR_QUERIER_OTHER);
	rig_stop(&r);
}

/* RM-Q-3, R-Q-5: IGMP's daemon refuses such a configuration, but an address may go away. */
static void without_an_address_it_is_silent_and_starts_when_there_is_one(void **state)
{
	struct rig r;

	RIG_AT(&r, .version = 3);
	run_to(&r, 400);
	assert_count(&r, 0);
	assert_int_equal(info(&r).role, MCR_QUERIER_SILENT);
	/* It listens. */
	hears(&r, "IS_EX(239.1.2.3){}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	hears(&r, "TO_IN(239.1.2.3){}");
	run_for(&r, 10);
	assert_count(&r, 0);
	r.us = ip(US);
	mcr_querier_restart(r.q, r.us, 24, r.now_ns);
	uint64_t t = r.now_ns;

	run_for(&r, 32);
	assert_sent(&r, 0, t, "general");
	assert_sent(&r, 1, t + sec(31.25), "general");
	assert_count(&r, 2);
	mcr_querier_restart(r.q, (struct mcr_address){{0}}, 0, r.now_ns);
	run_for(&r, 400);
	assert_count(&r, 2);
	assert_int_equal(info(&r).role, MCR_QUERIER_SILENT);
	rig_stop(&r);
}

/* R-Q-11 (its pure part), R-REP-5: our own reports are members' like all others. */
static void the_hosts_own_reports_are_members(void **state)
{
	struct rig r;

	rig_settled(&r);
	assert_int_equal(
	    feed_report(&r, &(struct report){.source = US, .records = "IS_EX(239.1.2.3){}"},
			MCR_QUERIER_FROM_HOST),
	    0);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_REPORT], 1);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_OWN], 0);
	feed_report(&r, &(struct report){.source = US, .records = "TO_IN(239.1.2.3){}"},
		    MCR_QUERIER_FROM_HOST);
	assert_sent(&r, 0, r.now_ns, "Q(239.1.2.3)");
	rig_stop(&r);
}

/* R-OP-2 */
static void a_querier_that_stops_sends_nothing(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){}");
	mcr_querier_destroy(r.q);
	assert_count(&r, 0);
	r.q = NULL; /* allowed */
	rig_stop(&r);
}

/* R-OP-3: the hosts answer within the response interval, and the table is complete then. */
static void after_a_restart_the_answers_to_one_query_make_the_table(void **state)
{
	struct rig r;

	RIG(&r, .query_response_interval_ms = 1000);
	assert_string_equal(table(&r), "");
	assert_sent(&r, 0, r.start_ns, "general");
	for (unsigned i = 0; i < 1000; i += 50) {
		run_to(&r, 0.001 * (i + 50));
		hears_fifty(&r, "IS_EX", i);
	}
	assert_int_equal(r.now_ns, r.start_ns + SECOND);
	assert_int_equal(info(&r).groups, 1000);
	assert_count(&r, 1);
	rig_stop(&r);
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(it_asks_at_once_then_at_the_startup_then_at_the_query_interval),
	    cmocka_unit_test(robustness_or_its_own_count_says_how_many_queries_the_start_has),
	    cmocka_unit_test(a_general_query_has_the_golden_octets),
	    cmocka_unit_test(robustness_and_interval_of_a_query_are_those_that_hold),
	    cmocka_unit_test(queries_of_version_2_have_8_octets_and_a_linear_code),
	    cmocka_unit_test(questions_about_a_leave_have_the_golden_octets),
	    cmocka_unit_test(old_queries_about_a_group_have_its_address_in_both_places),
	    cmocka_unit_test(a_link_that_comes_up_starts_the_series_again),
	    cmocka_unit_test(a_new_address_is_the_source_of_the_queries_from_then_on),
	    cmocka_unit_test(without_an_address_it_is_silent_and_starts_when_there_is_one),
	    cmocka_unit_test(the_hosts_own_reports_are_members),
	    cmocka_unit_test(a_querier_that_stops_sends_nothing),
	    cmocka_unit_test(after_a_restart_the_answers_to_one_query_make_the_table),
	};
	static const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(queries_of_version_1_have_code_0),
	};
	int failed = RUN_BOTH(both);

	return failed + RUN_IGMP(igmp);
}
