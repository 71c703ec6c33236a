/* SPDX-License-Identifier: BSD-3-Clause */
/* v3 state-change reports (rows H-SC-*). The row that a test shows stands before it. */
#include "igmp_rig.h"

/* H-SC-2, H-SC-5 */
static void a_join_is_reported_at_once_and_again_after_the_drawn_gap(void **state)
{
	struct rig r;

	rig_default(&r);
	SCRIPT(&r, 0.3);
	uint64_t t = r.now_ns;

	join(&r, "239.1.2.3");
	run_for(&r, 30);
	assert_sent(&r, 0, t, "TO_EX(239.1.2.3){}");
	assert_sent(&r, 1, t + sec(0.3), "TO_EX(239.1.2.3){}");
	assert_count(&r, 2);
	assert_int_equal(r.deadline_ns, MCR_IGMP_NEVER);
	rig_stop(&r);
}

/* H-SC-5, H-QR-16 */
static void a_change_is_sent_as_often_as_the_querier_robustness_says(void **state)
{
	struct rig r;

	rig_default(&r);
	general_v3(&r, 10);
	assert_int_equal(FEED(&r, .code = 10, .qrv = 7), 0);
	SCRIPT(&r, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0);
	join(&r, "239.1.2.3");
	uint64_t t = r.now_ns;
	const double at[] = {0, 0.1, 0.3, 0.6, 1.0, 1.5, 2.5};

	run_for(&r, 60);
	assert_count(&r, 7);
	for (size_t i = 0; i < 7; i++)
		assert_sent(&r, i, t + sec(at[i]), "TO_EX(239.1.2.3){}");
	rig_stop(&r);
}

/* H-SC-3: each of the four transitions, with empty and non-empty differences. */
static void each_transition_sends_its_records(void **state)
{
	static const struct {
		enum mcr_filter_mode from, to;
		const char *from_list, *to_list, *text;
	} cases[] = {
	    {IN, IN, "10.9.0.1", "10.9.0.1 10.9.0.2", "ALLOW(239.1.2.3){10.9.0.2}"},
	    {IN, IN, "10.9.0.1 10.9.0.2", "10.9.0.1", "BLOCK(239.1.2.3){10.9.0.2}"},
	    {IN, IN, "10.9.0.1 10.9.0.2", "10.9.0.2 10.9.0.3",
	     "ALLOW(239.1.2.3){10.9.0.3} BLOCK(239.1.2.3){10.9.0.1}"},
	    {EX, EX, "10.9.0.1", "10.9.0.1 10.9.0.2", "BLOCK(239.1.2.3){10.9.0.2}"},
	    {EX, EX, "10.9.0.1 10.9.0.2", "10.9.0.1", "ALLOW(239.1.2.3){10.9.0.2}"},
	    {EX, EX, "10.9.0.1 10.9.0.2", "10.9.0.2 10.9.0.3",
	     "ALLOW(239.1.2.3){10.9.0.1} BLOCK(239.1.2.3){10.9.0.3}"},
	    {IN, EX, "10.9.0.1", "", "TO_EX(239.1.2.3){}"},
	    {IN, EX, "10.9.0.1", "10.9.0.1 10.9.0.2", "TO_EX(239.1.2.3){10.9.0.1,10.9.0.2}"},
	    {EX, IN, "", "10.9.0.1", "TO_IN(239.1.2.3){10.9.0.1}"},
	    {EX, IN, "10.9.0.1", "", "TO_IN(239.1.2.3){}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;

		rig_default(&r);
		assert_int_equal(set(&r, "239.1.2.3", cases[i].from, cases[i].from_list), 0);
		settle(&r, 10);
		uint64_t t = r.now_ns;

		assert_int_equal(set(&r, "239.1.2.3", cases[i].to, cases[i].to_list), 0);
		run_for(&r, 10);
		assert_count(&r, 2);
		assert_sent(&r, 0, t, cases[i].text);
		assert_sent(&r, 1, t + sec(0.5), cases[i].text);
		rig_stop(&r);
	}
}

/* H-SC-4 */
static void a_source_join_from_nothing_is_allow_and_its_leave_block(void **state)
{
	struct rig r;

	rig_default(&r);
	uint64_t t = r.now_ns;

	include(&r, "232.1.2.3", "192.0.2.1");
	run_for(&r, 5);
	leave(&r, "232.1.2.3");
	run_for(&r, 5);
	assert_sent(&r, 0, t, "ALLOW(232.1.2.3){192.0.2.1}");
	assert_sent(&r, 1, t + sec(0.5), "ALLOW(232.1.2.3){192.0.2.1}");
	assert_sent(&r, 2, t + sec(5), "BLOCK(232.1.2.3){192.0.2.1}");
	assert_sent(&r, 3, t + sec(5.5), "BLOCK(232.1.2.3){192.0.2.1}");
	assert_count(&r, 4);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_join_is_reported_at_once_and_again_after_the_drawn_gap),
	    cmocka_unit_test(a_change_is_sent_as_often_as_the_querier_robustness_says),
	    cmocka_unit_test(each_transition_sends_its_records),
	    cmocka_unit_test(a_source_join_from_nothing_is_allow_and_its_leave_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
