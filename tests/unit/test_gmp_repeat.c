/* SPDX-License-Identifier: BSD-3-Clause */
/* Without a querier: memberships are reported again at a set interval. And what the machine says
 * about itself. */
#include "gmp_rig.h"

static void rig_repeating(struct rig *r, uint8_t version, uint32_t repeat_s)
{
	rig_start(r, &(struct mcr_gmp_config){
			 .address = ip(HOST), .version = version, .repeat_s = repeat_s});
}

static void without_a_querier_memberships_are_reported_again(void **state)
{
	struct rig r;

	rig_repeating(&r, 0, 0);
	join(&r, "239.1.2.3");
	settle(&r, 5);
	run_for(&r, 180);
	assert_sent(&r, 0, sec(1065), "IS_EX(239.1.2.3){}"); /* 60 s, then 0.5 of 10 s */
	assert_sent(&r, 1, sec(1125), "IS_EX(239.1.2.3){}");
	assert_sent(&r, 2, sec(1185), "IS_EX(239.1.2.3){}");
	assert_count(&r, 3);
	assert_int_equal(info(&r).repeats, 3);
	assert_int_equal(info(&r).querier_present, 0);
	rig_stop(&r);
}

static void the_interval_can_be_set_and_bounds_the_spread(void **state)
{
	struct rig r;

	rig_repeating(&r, 2, 4);
	join(&r, "239.1.2.3");
	settle(&r, 3);
	r.default_draw = 1.0;
	run_for(&r, 10);
	/* 4 s: the join's own copy, due at 5 s, is soon enough; 8 s: drawn within 4 s. */
	assert_sent(&r, 0, sec(1005), "v2 239.1.2.3");
	assert_sent(&r, 1, sec(1012), "v2 239.1.2.3");
	assert_count(&r, 2);
	rig_stop(&r);
}

static void repetition_ends_with_a_querier_and_resumes_after_its_silence(void **state)
{
	struct rig r;

	rig_repeating(&r, 0, 20);
	join(&r, "239.1.2.3");
	settle(&r, 10);
	uint64_t t = r.now_ns;

	assert_int_equal(FEED(&r, .code = 100, .qqic = 30), 0); /* 2 * 30 + 5 = 65 s */
	settle(&r, 64.9);
	assert_int_equal(info(&r).querier_present, 1);
	assert_int_equal(info(&r).querier_until_ns, t + sec(65));
	assert_int_equal(info(&r).tx_reports, 3); /* two copies and the answer */
	run_for(&r, 30);
	assert_int_equal(info(&r).querier_present, 0);
	assert_sent(&r, 0, t + sec(70), "IS_EX(239.1.2.3){}");
	assert_sent(&r, 1, t + sec(90), "IS_EX(239.1.2.3){}");
	assert_count(&r, 2);
	rig_stop(&r);
}

static void a_group_query_alone_is_no_querier(void **state)
{
	struct rig r;

	rig_repeating(&r, 0, 20);
	join(&r, "239.1.2.3");
	settle(&r, 10);
	assert_int_equal(FEED(&r, .code = 10, .group = "239.1.2.3"), 0);
	settle(&r, 5);
	run_for(&r, 29);
	assert_sent(&r, 0, sec(1025), "IS_EX(239.1.2.3){}");
	assert_count(&r, 1);
	assert_int_equal(info(&r).querier_present, 0);
	rig_stop(&r);
}

static void nothing_is_repeated_without_groups_or_when_off(void **state)
{
	struct rig r;

	rig_repeating(&r, 0, 20);
	run_for(&r, 1000);
	assert_int_equal(r.deadline_ns, MCR_GMP_NEVER);
	/* Long after: the first repetition keeps its distance from the join. */
	join(&r, "239.1.2.3");
	run_for(&r, 19.9);
	assert_count(&r, 2);
	run_for(&r, 10);
	assert_count(&r, 3);
	rig_stop(&r);

	rig_repeating(&r, 0, MCR_GMP_NO_REPEAT);
	join(&r, "239.1.2.3");
	settle(&r, 5);
	run_for(&r, 1000);
	assert_count(&r, 0);
	assert_int_equal(r.deadline_ns, MCR_GMP_NEVER);
	assert_int_equal(info(&r).repeat_due_ns, MCR_GMP_NEVER);
	rig_stop(&r);
}

static void the_interface_shows_its_querier(void **state)
{
	struct rig r;

	rig_default(&r);
	assert_int_equal(info(&r).querier_version, 0);
	assert_true(mcr_address_is_none(info(&r).querier));
	assert_int_equal(FEED(&r, .code = 20, .qrv = 3, .qqic = 40), 0);
	struct mcr_gmp_info i = info(&r);

	assert_true(mcr_address_is_equal(i.querier, ip(QUERIER)));
	assert_int_equal(i.querier_version, 3);
	assert_int_equal(i.last_query_ns, r.now_ns);
	assert_int_equal(i.robustness, 3);
	assert_int_equal(i.query_interval_s, 40);
	assert_int_equal(i.v1_until_ns, 0);
	assert_int_equal(i.v2_until_ns, 0);
	assert_string_equal(mcr_gmp_reason_text(i.reason), "no older querier is present");
	rig_stop(&r);
}

static void a_group_shows_its_state(void **state)
{
	struct rig r;
	struct mcr_gmp_group_info g;

	rig_default(&r);
	include(&r, "232.1.2.3", "10.9.0.1 10.9.0.2");
	g = group_info(&r, "232.1.2.3");
	assert_int_equal(g.state, MCR_GMP_GROUP_REPORTING);
	assert_int_equal(g.unsent, 1);
	assert_int_equal(g.next_change_ns, 0);
	assert_int_equal(g.last_report_ns, 0);
	poll_now(&r);
	g = group_info(&r, "232.1.2.3");
	assert_int_equal(g.state, MCR_GMP_GROUP_REPORTING);
	assert_int_equal(g.unsent, 0);
	assert_int_equal(g.last_report_ns, r.now_ns);
	assert_int_equal(g.next_change_ns, r.now_ns + sec(0.5));
	assert_int_equal(g.sources, 2);
	assert_int_equal(g.mode, IN);
	run_for(&r, 5);
	g = group_info(&r, "232.1.2.3");
	assert_int_equal(g.state, MCR_GMP_GROUP_IDLE);
	assert_int_equal(g.next_change_ns, MCR_GMP_NEVER);
	general_v3(&r, 10);
	g = group_info(&r, "232.1.2.3");
	assert_int_equal(g.state, MCR_GMP_GROUP_DELAYING);
	assert_int_equal(g.last_query_ns, r.now_ns);
	leave(&r, "232.1.2.3");
	assert_int_equal(group_info(&r, "232.1.2.3").state, MCR_GMP_GROUP_LEAVING);
	run_for(&r, 5);
	assert_int_equal(mcr_gmp_get_group(r.igmp, ip("232.1.2.3"), &g), -ENOENT);
	for (unsigned i = 0; i <= MCR_GMP_GROUP_LEAVING; i++)
		assert_non_null(mcr_gmp_group_state_name(i));
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_querier_memberships_are_reported_again),
	    cmocka_unit_test(the_interval_can_be_set_and_bounds_the_spread),
	    cmocka_unit_test(repetition_ends_with_a_querier_and_resumes_after_its_silence),
	    cmocka_unit_test(a_group_query_alone_is_no_querier),
	    cmocka_unit_test(nothing_is_repeated_without_groups_or_when_off),
	    cmocka_unit_test(the_interface_shows_its_querier),
	    cmocka_unit_test(a_group_shows_its_state),
	};
	return RUN_BOTH(tests);
}
