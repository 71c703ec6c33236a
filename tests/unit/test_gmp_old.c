/* SPDX-License-Identifier: BSD-3-Clause */
/* v2 and v1 operation (rows H-V2-*, H-V1-*). The row that a test shows stands before it. */
#include "gmp_rig.h"

/* H-V2-1 */
static void a_v2_join_is_reported_at_once_and_once_more(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	SCRIPT(&r, 0.3);
	uint64_t t = r.now_ns;

	join(&r, "239.1.2.3");
	run_for(&r, 100);
	assert_sent(&r, 0, t, "v2 239.1.2.3");
	assert_sent(&r, 1, t + sec(3), "v2 239.1.2.3");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* H-V2-1: a second repeat when configured. */
static void robustness_3_repeats_a_v2_join_twice(void **state)
{
	struct rig r;

	rig_start(&r, &(struct mcr_gmp_config){
			  .version = 2, .robustness = 3, .repeat_s = MCR_GMP_NO_REPEAT});
	join(&r, "239.1.2.3");
	run_for(&r, 100);
	assert_count(&r, 3);
	rig_stop(&r);
}

/* H-V2-1: QRV is a word of v3 queriers for v3 reports. */
static void the_robustness_of_a_v3_querier_does_not_multiply_v2_reports(void **state)
{
	struct rig r;

	rig_default(&r);
	assert_int_equal(FEED(&r, .code = 10, .qrv = 7), 0);
	general_v2(&r, 10);
	join(&r, "239.1.2.3");
	run_for(&r, 100);
	assert_count(&r, 2);
	rig_stop(&r);
}

/* H-V2-2 */
static void each_group_draws_a_delay_of_its_own(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	join(&r, "239.4.5.6");
	settle(&r, 20);
	SCRIPT(&r, 0.7, 0.2);
	uint64_t t = r.now_ns;

	general_v2(&r, 255);
	run_for(&r, 100);
	assert_sent(&r, 0, t + sec(5.1), "v2 239.4.5.6");
	assert_sent(&r, 1, t + sec(17.85), "v2 239.1.2.3");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* H-V2-2: linear, unlike v3. */
static void the_v2_response_code_is_linear(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	settle(&r, 20);
	SCRIPT(&r, 1.0);
	uint64_t t = r.now_ns;

	general_v2(&r, 0x81);
	run_for(&r, 100);
	assert_sent(&r, 0, t + sec(12.9), "v2 239.1.2.3");
	rig_stop(&r);
}

/* H-V2-3 */
static void a_running_timer_is_drawn_anew_only_for_a_shorter_response_time(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	settle(&r, 20);
	SCRIPT(&r, 0.8, 0.5, 0.9);
	uint64_t t = r.now_ns;

	general_v2(&r, 100); /* due in 8 s */
	run_for(&r, 0.5);
	general_v2(&r, 250); /* longer than what remains */
	assert_int_equal(r.used_draws, 1);
	run_for(&r, 0.5);
	general_v2(&r, 10); /* 1 s < 7 s: drawn anew */
	run_for(&r, 100);
	assert_sent(&r, 0, t + sec(1.5), "v2 239.1.2.3");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-V2-3: queries right after each other, as a storm brings them. */
static void older_general_queries_in_a_row_count_as_one(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	settle(&r, 20);
	uint64_t t = r.now_ns;

	for (unsigned i = 0; i < 1000; i++)
		general_v2(&r, 100);
	assert_int_equal(info(&r).absorbed, 999);
	general_v2(&r, 10); /* a shorter one counts */
	run_for(&r, 100);
	assert_sent(&r, 0, t + sec(0.5), "v2 239.1.2.3");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-V2-4 */
static void a_v2_group_query_concerns_its_group_alone(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	join(&r, "239.4.5.6");
	settle(&r, 20);
	assert_int_equal(FEED(&r, .version = 2, .code = 10, .group = "239.4.5.6"), 0);
	run_for(&r, 100);
	assert_sent(&r, 0, sec(1020.5), "v2 239.4.5.6");
	assert_count(&r, 1);
	rig_stop(&r);
}

static void other_reports(struct rig *r, unsigned type, const char *group, const char *destination)
{
	assert_int_equal(FEED(r, .version = 2, .type = type, .group = group,
			      .destination = destination, .source = "10.0.0.7"),
			 0);
}

/* H-V2-5 */
static void the_report_of_another_host_silences_ours(void **state)
{
	for (unsigned type = 0x12; type <= 0x16; type += 4) {
		struct rig r;

		rig_version(&r, 2);
		join(&r, "239.1.2.3");
		join(&r, "239.4.5.6");
		settle(&r, 20);
		general_v2(&r, 100);
		run_for(&r, 0.02);
		other_reports(&r, type, "239.1.2.3", "239.1.2.3");
		assert_int_equal(group_info(&r, "239.1.2.3").last_reporter, 0);
		run_for(&r, 100);
		assert_sent(&r, 0, sec(1025), "v2 239.4.5.6"); /* the other group: no effect */
		assert_count(&r, 1);
		assert_int_equal(info(&r).suppressed, 1);
		rig_stop(&r);
	}
}

/* H-V2-5 */
static void the_report_of_another_host_ends_the_repeats_of_a_join(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	run_for(&r, 0.02);
	other_reports(&r, 0x16, "239.1.2.3", "239.1.2.3");
	run_for(&r, 100);
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-V2-5: idle, misaddressed and our own. */
static void reports_that_do_not_count_silence_nothing(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	settle(&r, 20);
	other_reports(&r, 0x16, "239.1.2.3", "239.1.2.3");
	assert_int_equal(group_info(&r, "239.1.2.3").last_reporter, 1);
	general_v2(&r, 100);
	other_reports(&r, 0x16, "239.1.2.3", ALL_HOSTS);
	other_reports(&r, 0x22, "239.1.2.3", "239.1.2.3");
	assert_int_equal(FEED(&r, .version = 2, .type = 0x16, .group = "239.1.2.3", .source = HOST),
			 0);
	run_for(&r, 100);
	assert_count(&r, 1);
	assert_int_equal(info(&r).suppressed, 0);
	rig_stop(&r);
}

/* H-V2-6 */
static void only_the_last_reporter_sends_a_leave(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	join(&r, "239.4.5.6");
	run_for(&r, 0.02);
	other_reports(&r, 0x16, "239.4.5.6", "239.4.5.6");
	settle(&r, 20);
	leave(&r, "239.1.2.3");
	leave(&r, "239.4.5.6");
	run_for(&r, 100);
	assert_sent(&r, 0, sec(1020.02), "leave 239.1.2.3");
	assert_count(&r, 1);
	assert_int_equal(info(&r).tx_leaves, 1);
	assert_int_equal(info(&r).leaving, 0);
	rig_stop(&r);
}

/* H-V2-6: having reported again, we are the last reporter again. */
static void an_answer_makes_us_the_last_reporter_again(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	run_for(&r, 0.02);
	other_reports(&r, 0x16, "239.1.2.3", "239.1.2.3");
	settle(&r, 20);
	general_v2(&r, 10);
	settle(&r, 20);
	leave(&r, "239.1.2.3");
	run_for(&r, 1);
	assert_sent(&r, 0, sec(1040.02), "leave 239.1.2.3");
	rig_stop(&r);
}

/* H-V2-6: a join of which nobody has heard needs no leave. */
static void a_v2_join_and_leave_before_one_poll_send_nothing(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	leave(&r, "239.1.2.3");
	run_for(&r, 100);
	assert_count(&r, 0);
	assert_int_equal(info(&r).leaving, 0);
	rig_stop(&r);
}

/* H-V2-7 */
static void the_all_hosts_group_is_never_reported_in_v2(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, ALL_HOSTS);
	general_v2(&r, 10);
	run_for(&r, 20);
	leave(&r, ALL_HOSTS);
	run_for(&r, 20);
	assert_count(&r, 0);
	rig_stop(&r);
}

/* H-V2-8 */
static void any_interest_is_plain_membership_in_v2(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	uint64_t t = r.now_ns;

	include(&r, "232.1.2.3", "192.0.2.1");
	run_for(&r, 20);
	include(&r, "232.1.2.3", "192.0.2.1 192.0.2.2"); /* nothing to report */
	run_for(&r, 20);
	leave(&r, "232.1.2.3");
	run_for(&r, 20);
	assert_sent(&r, 0, t, "v2 232.1.2.3");
	assert_sent(&r, 1, t + sec(5), "v2 232.1.2.3");
	assert_sent(&r, 2, t + sec(40), "leave 232.1.2.3");
	assert_count(&r, 3);
	rig_stop(&r);
}

/* H-V1-1 */
static void a_v1_query_is_answered_within_ten_seconds(void **state)
{
	struct rig r;

	rig_version(&r, 1);
	join(&r, "239.1.2.3");
	settle(&r, 20);
	SCRIPT(&r, 1.0);
	general_v1(&r);
	run_for(&r, 100);
	assert_sent(&r, 0, sec(1030), "v1 239.1.2.3");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-V1-2 */
static void v1_knows_no_leave(void **state)
{
	struct rig r;

	rig_version(&r, 1);
	join(&r, "239.1.2.3");
	settle(&r, 20);
	leave(&r, "239.1.2.3");
	general_v1(&r);
	run_for(&r, 100);
	assert_count(&r, 0);
	assert_int_equal(info(&r).leaving, 0);
	rig_stop(&r);
}

/* H-V1-2 */
static void the_group_field_of_a_v1_query_is_ignored(void **state)
{
	struct rig r;

	rig_version(&r, 1);
	join(&r, "239.1.2.3");
	settle(&r, 20);
	assert_int_equal(FEED(&r, .version = 1, .group = "239.9.9.9", .destination = ALL_HOSTS), 0);
	run_for(&r, 100);
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-SC-12 in v2. */
static void an_announcement_in_v2_sends_the_joins_again(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	settle(&r, 20);
	mcr_gmp_announce(r.igmp, ip(HOST), r.now_ns);
	run_for(&r, 20);
	assert_sent(&r, 0, sec(1020), "v2 239.1.2.3");
	assert_sent(&r, 1, sec(1025), "v2 239.1.2.3");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* H-V2-5: no unsolicited copy is left over for later. */
static void a_silenced_join_is_not_repeated_with_later_answers(void **state)
{
	struct rig r;

	rig_start(&r, &(struct mcr_gmp_config){
			  .version = 2, .robustness = 4, .repeat_s = MCR_GMP_NO_REPEAT});
	join(&r, "239.1.2.3");
	run_for(&r, 0.02);
	other_reports(&r, 0x16, "239.1.2.3", "239.1.2.3");
	settle(&r, 60);
	general_v2(&r, 10);
	run_for(&r, 60);
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-V2-2: timers of many groups, some of which go away, fire each at its time. */
static void many_timers_fire_each_at_its_time(void **state)
{
	struct rig r;
	uint64_t due[300];
	char group[16];
	size_t expected = 0;

	rig_version(&r, 2);
	for (unsigned i = 0; i < 300; i++)
		join(&r, dotted(0xef000100u + i, group));
	settle(&r, 60);
	for (unsigned i = 0; i < 300; i++) {
		SCRIPT(&r, (double)(i * 7919 % 300 + 1) / 300);
		assert_int_equal(
		    FEED(&r, .version = 2, .code = 200, .group = dotted(0xef000100u + i, group)),
		    0);
		due[i] = group_info(&r, group).next_answer_ns;
	}
	for (unsigned i = 0; i < 300; i += 1 + i % 3) {
		leave(&r, dotted(0xef000100u + i, group));
		due[i] = 0;
	}
	run_for(&r, 0.1);
	rig_forget(&r);
	run_for(&r, 60);
	for (unsigned i = 0; i < 300; i++)
		expected += due[i] >= sec(1060.1);
	assert_count(&r, expected);
	for (size_t i = 0; i < r.n_sent; i++)
		assert_int_equal(r.sent[i].at_ns,
				 due[word(r.sent[i].bytes + r.sent[i].len - 4) - 0xef000100u]);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_v2_join_is_reported_at_once_and_once_more),
	    cmocka_unit_test(robustness_3_repeats_a_v2_join_twice),
	    cmocka_unit_test(the_robustness_of_a_v3_querier_does_not_multiply_v2_reports),
	    cmocka_unit_test(each_group_draws_a_delay_of_its_own),
	    cmocka_unit_test(the_v2_response_code_is_linear),
	    cmocka_unit_test(a_running_timer_is_drawn_anew_only_for_a_shorter_response_time),
	    cmocka_unit_test(older_general_queries_in_a_row_count_as_one),
	    cmocka_unit_test(a_v2_group_query_concerns_its_group_alone),
	    cmocka_unit_test(the_report_of_another_host_silences_ours),
	    cmocka_unit_test(the_report_of_another_host_ends_the_repeats_of_a_join),
	    cmocka_unit_test(reports_that_do_not_count_silence_nothing),
	    cmocka_unit_test(only_the_last_reporter_sends_a_leave),
	    cmocka_unit_test(an_answer_makes_us_the_last_reporter_again),
	    cmocka_unit_test(a_v2_join_and_leave_before_one_poll_send_nothing),
	    cmocka_unit_test(the_all_hosts_group_is_never_reported_in_v2),
	    cmocka_unit_test(any_interest_is_plain_membership_in_v2),
	    cmocka_unit_test(an_announcement_in_v2_sends_the_joins_again),
	    cmocka_unit_test(a_silenced_join_is_not_repeated_with_later_answers),
	    cmocka_unit_test(many_timers_fire_each_at_its_time),
	};
	const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(a_v1_query_is_answered_within_ten_seconds),
	    cmocka_unit_test(v1_knows_no_leave),
	    cmocka_unit_test(the_group_field_of_a_v1_query_is_ignored),
	};
	return RUN_BOTH(tests) + RUN_IGMP(igmp);
}
