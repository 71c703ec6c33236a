/* SPDX-License-Identifier: BSD-3-Clause */
/* Living with older queriers (rows H-CM-*). The row that a test shows stands before it. */
#include "gmp_rig.h"

/* Seconds for which a v2 querier of response time 10 s counts as present: RFC 9776 §8.12, RFC 9777
 * §9.12. */
static unsigned present_s(void)
{
	return is_mld() ? 260 : 350;
}

static void rig_joined(struct rig *r)
{
	rig_default(r);
	join(r, "239.1.2.3");
	settle(r, 5);
}

/* H-CM-1 */
static void an_older_querier_concerns_its_interface_alone(void **state)
{
	struct rig a, b;

	rig_joined(&a);
	rig_joined(&b);
	general_v2(&a, 10);
	assert_int_equal(info(&a).version, 2);
	assert_int_equal(info(&a).reason, MCR_GMP_REASON_V2_QUERIER);
	assert_int_equal(info(&b).version, 3);
	assert_int_equal(info(&b).reason, MCR_GMP_REASON_DEFAULT);
	rig_stop(&a);
	rig_stop(&b);
}

/* H-CM-2 */
static void the_oldest_querier_present_gives_the_version(void **state)
{
	struct rig r;

	rig_joined(&r);
	uint64_t t = r.now_ns;

	general_v2(&r, 100); /* until 350 s */
	assert_int_equal(info(&r).version, 2);
	run_until(&r, t + sec(100));
	general_v1(&r); /* until 500 s */
	assert_int_equal(info(&r).version, 1);
	assert_int_equal(info(&r).reason, MCR_GMP_REASON_V1_QUERIER);
	run_until(&r, t + sec(300));
	general_v2(&r, 100); /* until 650 s: still v1 */
	assert_int_equal(info(&r).version, 1);
	run_until(&r, t + sec(499.9));
	assert_int_equal(info(&r).version, 1);
	run_until(&r, t + sec(500));
	assert_int_equal(info(&r).version, 2);
	run_until(&r, t + sec(649.9));
	assert_int_equal(info(&r).version, 2);
	run_until(&r, t + sec(650));
	assert_int_equal(info(&r).version, 3);
	assert_int_equal(info(&r).version_changes, 4);
	rig_stop(&r);
}

/* H-CM-2: v1 forgotten when no v2 querier remains: straight to v3. */
static void without_a_v2_querier_v1_is_followed_by_v3(void **state)
{
	struct rig r;

	rig_joined(&r);
	general_v1(&r);
	run_for(&r, 399.9);
	assert_int_equal(info(&r).version, 1);
	run_for(&r, 0.1);
	assert_int_equal(info(&r).version, 3);
	rig_stop(&r);
}

/* H-CM-3, D3 */
static void a_v2_group_query_changes_no_version_and_is_answered_in_v3(void **state)
{
	struct rig r;

	rig_joined(&r);
	assert_int_equal(FEED(&r, .version = 2, .code = 10, .group = "239.1.2.3"), 0);
	assert_int_equal(info(&r).version, 3);
	run_for(&r, 5);
	assert_sent(&r, 0, sec(1005.5), "IS_EX(239.1.2.3){}");
	assert_count(&r, 1);
	assert_int_equal(info(&r).version_changes, 0);
	rig_stop(&r);
}

/* H-CM-4 */
static void the_next_message_is_of_the_new_version(void **state)
{
	struct rig r;

	rig_joined(&r);
	general_v2(&r, 10);
	join(&r, "239.4.5.6");
	poll_now(&r);
	assert_sent(&r, 0, sec(1005), "v2 239.4.5.6");
	leave(&r, "239.1.2.3"); /* reported in v3, left in v2: we were the last to report */
	poll_now(&r);
	assert_sent(&r, 1, sec(1005), "leave 239.1.2.3");
	rig_stop(&r);
}

/* H-CM-5 */
static void a_change_of_version_cancels_repeats_and_answers(void **state)
{
	struct rig r;

	rig_default(&r);
	assert_int_equal(FEED(&r, .code = 10, .qrv = 7), 0);
	join(&r, "239.1.2.3");
	run_for(&r, 0.4);
	assert_int_equal(FEED(&r, .code = 100), 0);
	assert_int_equal(FEED(&r, .code = 50, .group = "239.1.2.3", .sources = "10.9.0.1"), 0);
	run_for(&r, 0.4);
	rig_forget(&r);
	general_v2(&r, 50);
	run_for(&r, 60);
	assert_sent(&r, 0, sec(1003.3), "v2 239.1.2.3");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-CM-5: messages built and kept by a full queue are of the old version: given up, and counted. */
static void kept_messages_of_the_old_version_are_given_up_and_counted(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "239.1.2.3");
	r.refuse = 1;
	poll_now(&r);
	general_v2(&r, 50);
	run_for(&r, 60);
	assert_sent(&r, 0, sec(1002.5), "v2 239.1.2.3");
	assert_count(&r, 1);
	assert_int_equal(info(&r).tx_cancelled, 1);
	rig_stop(&r);
}

/* H-CM-5: a change that has not gone out once is not cancelled but reported in the new version. */
static void a_change_not_yet_reported_is_reported_in_the_new_version(void **state)
{
	struct rig r;

	rig_joined(&r);
	join(&r, "239.4.5.6");
	leave(&r, "239.1.2.3");
	general_v2(&r, 50);
	poll_now(&r);
	assert_sent(&r, 0, sec(1005), "leave 239.1.2.3");
	assert_sent(&r, 1, sec(1005), "v2 239.4.5.6");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* H-CM-5: leaves whose copies are cancelled do not linger. */
static void a_leave_already_reported_ends_with_the_change_of_version(void **state)
{
	struct rig r;

	rig_joined(&r);
	leave(&r, "239.1.2.3");
	poll_now(&r);
	rig_forget(&r);
	general_v2(&r, 50);
	run_for(&r, 60);
	assert_count(&r, 0);
	assert_int_equal(info(&r).leaving, 0);
	rig_stop(&r);
}

/* H-CM-6, H-CM-7, M-11, M-12, D1, D4 */
static void a_silent_older_querier_is_forgotten_and_the_state_reported_in_v3(void **state)
{
	struct rig r;

	rig_default(&r);
	exclude(&r, "239.1.2.3", "10.9.0.9");
	include(&r, "232.1.2.3", "192.0.2.1");
	settle(&r, 5);
	uint64_t t = r.now_ns;

	general_v2(&r, 100);
	settle(&r, 20);
	include(&r, "232.1.2.3", "192.0.2.1 192.0.2.2"); /* not reported in v2 */
	run_until(&r, t + sec(259));
	assert_int_equal(info(&r).version, 2);
	run_until(&r, t + sec(401));
	assert_int_equal(info(&r).version, 3);
	assert_sent(&r, 0, t + sec(present_s()),
		    "TO_EX(239.1.2.3){10.9.0.9} ALLOW(232.1.2.3){192.0.2.1,192.0.2.2}");
	assert_sent(&r, 1, t + sec(present_s() + 0.5),
		    "TO_EX(239.1.2.3){10.9.0.9} ALLOW(232.1.2.3){192.0.2.1,192.0.2.2}");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* D1 */
static void the_time_to_forget_an_older_querier_can_be_set(void **state)
{
	struct rig r;

	rig_start(&r,
		  &(struct mcr_gmp_config){.repeat_s = MCR_GMP_NO_REPEAT, .compat_timeout_s = 20});
	uint64_t t = r.now_ns;

	general_v2(&r, 100);
	run_until(&r, t + sec(10));
	general_v2(&r, 100);
	assert_int_equal(info(&r).v2_until_ns, t + sec(30));
	if (!is_mld()) {
		general_v1(&r);
		assert_int_equal(info(&r).v1_until_ns, t + sec(30));
	}
	run_until(&r, t + sec(29.9));
	assert_int_equal(info(&r).version, is_mld() ? 2 : 1);
	run_until(&r, t + sec(30));
	poll_now(&r);
	assert_int_equal(info(&r).version, 3);
	rig_stop(&r);
}

/* H-CM-6: input and joins see the end of the timer even before the next poll. */
static void the_end_of_an_older_querier_needs_no_poll(void **state)
{
	struct rig r;

	rig_joined(&r);
	general_v2(&r, 100);
	run_for(&r, 20);
	rig_forget(&r);
	r.now_ns += 1000 * SECOND; /* nobody polled */
	join(&r, "239.4.5.6");
	assert_int_equal(info(&r).version, 3);
	poll_now(&r);
	assert_sent(&r, 0, r.now_ns, "TO_EX(239.1.2.3){} TO_EX(239.4.5.6){}");
	rig_stop(&r);
}

/* H-CM-7: a leave that v2 had not yet sent is reported in v3. */
static void a_leave_at_the_way_back_is_reported_in_v3(void **state)
{
	struct rig r;

	rig_joined(&r);
	general_v2(&r, 100);
	settle(&r, 349);
	leave(&r, "239.1.2.3");
	r.now_ns += 2 * SECOND;
	run_for(&r, 10);
	assert_sent(&r, 0, sec(1356), "TO_IN(239.1.2.3){}");
	assert_sent(&r, 1, sec(1356.5), "TO_IN(239.1.2.3){}");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* H-CM-8, D5: 0x81 is 13.6 s. */
static void a_v3_query_in_v2_operation_is_answered_in_v2_within_its_v3_time(void **state)
{
	struct rig r;

	rig_joined(&r);
	general_v2(&r, 10);
	settle(&r, 20);
	SCRIPT(&r, 1.0);
	uint64_t t = r.now_ns;

	general_v3(&r, 0x81);
	run_for(&r, 60);
	assert_sent(&r, 0, t + sec(13.6), "v2 239.1.2.3");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-CM-8: group-and-source queries too. */
static void a_v3_source_query_in_v2_operation_is_answered_with_membership(void **state)
{
	struct rig r;

	rig_joined(&r);
	general_v2(&r, 10);
	settle(&r, 20);
	assert_int_equal(FEED(&r, .code = 10, .group = "239.1.2.3", .sources = "10.9.0.1"), 0);
	run_for(&r, 60);
	assert_sent(&r, 0, sec(1025.5), "v2 239.1.2.3");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-CM-9 */
static void a_forced_version_follows_no_querier(void **state)
{
	static const char *const answers[] = {"", "v1 239.1.2.3", "v2 239.1.2.3",
					      "IS_EX(239.1.2.3){}"};

	uint8_t first = is_mld() ? 2 : 1;

	for (uint8_t version = first; version <= 3; version++) {
		for (unsigned querier = first; querier <= 3; querier++) {
			struct rig r;

			rig_version(&r, version);
			join(&r, "239.1.2.3");
			settle(&r, 30);
			assert_int_equal(
			    FEED(&r, .version = querier, .code = querier == 1 ? 0 : 10), 0);
			run_for(&r, 500);
			assert_count(&r, 1);
			assert_sent(&r, 0, sec(querier == 1 ? 1035 : 1030.5), answers[version]);
			assert_int_equal(info(&r).version, version);
			assert_int_equal(info(&r).reason, MCR_GMP_REASON_FORCED);
			rig_stop(&r);
		}
	}
}

/* H-CM-10 */
static void reports_of_others_never_silence_a_v3_answer(void **state)
{
	for (unsigned type = 0x12; type <= 0x16; type += 4) {
		struct rig r;

		rig_joined(&r);
		general_v3(&r, 10);
		assert_int_equal(FEED(&r, .version = 2, .type = type, .group = "239.1.2.3",
				      .source = "10.0.0.7"),
				 0);
		run_for(&r, 5);
		assert_sent(&r, 0, sec(1005.5), "IS_EX(239.1.2.3){}");
		rig_stop(&r);
	}
}

/* H-CM-5, H-CM-7: a pending BLOCK of before is not reported again on the way back. */
static void the_way_back_reports_the_state_and_no_old_changes(void **state)
{
	struct rig r;

	rig_default(&r);
	include(&r, "232.1.2.3", "10.9.0.1 10.9.0.2");
	settle(&r, 5);
	include(&r, "232.1.2.3", "10.9.0.1");
	poll_now(&r);
	general_v2(&r, 100);
	settle(&r, present_s() - 1);
	run_for(&r, 10);
	assert_sent(&r, 0, sec(1005 + present_s()), "ALLOW(232.1.2.3){10.9.0.1}");
	assert_sent(&r, 1, sec(1005.5 + present_s()), "ALLOW(232.1.2.3){10.9.0.1}");
	assert_count(&r, 2);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_older_querier_concerns_its_interface_alone),
	    cmocka_unit_test(a_v2_group_query_changes_no_version_and_is_answered_in_v3),
	    cmocka_unit_test(the_next_message_is_of_the_new_version),
	    cmocka_unit_test(a_change_of_version_cancels_repeats_and_answers),
	    cmocka_unit_test(kept_messages_of_the_old_version_are_given_up_and_counted),
	    cmocka_unit_test(a_change_not_yet_reported_is_reported_in_the_new_version),
	    cmocka_unit_test(a_leave_already_reported_ends_with_the_change_of_version),
	    cmocka_unit_test(a_silent_older_querier_is_forgotten_and_the_state_reported_in_v3),
	    cmocka_unit_test(the_time_to_forget_an_older_querier_can_be_set),
	    cmocka_unit_test(the_end_of_an_older_querier_needs_no_poll),
	    cmocka_unit_test(a_leave_at_the_way_back_is_reported_in_v3),
	    cmocka_unit_test(a_v3_query_in_v2_operation_is_answered_in_v2_within_its_v3_time),
	    cmocka_unit_test(a_v3_source_query_in_v2_operation_is_answered_with_membership),
	    cmocka_unit_test(a_forced_version_follows_no_querier),
	    cmocka_unit_test(reports_of_others_never_silence_a_v3_answer),
	    cmocka_unit_test(the_way_back_reports_the_state_and_no_old_changes),
	};
	const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(the_oldest_querier_present_gives_the_version),
	    cmocka_unit_test(without_a_v2_querier_v1_is_followed_by_v3),
	};
	return RUN_BOTH(tests) + RUN_IGMP(igmp);
}
