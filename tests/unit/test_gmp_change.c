/* SPDX-License-Identifier: BSD-3-Clause */
/* v3 state-change reports (rows H-SC-*, M-7). The row that a test shows stands before it. */
#include "gmp_rig.h"

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
	assert_int_equal(r.deadline_ns, MCR_GMP_NEVER);
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

/* H-SC-6, H-SC-7 */
static void a_change_during_the_repeats_goes_out_at_once_merged_with_them(void **state)
{
	struct rig r;

	rig_default(&r);
	SCRIPT(&r, 0.9, 0.4);
	uint64_t t = r.now_ns;

	include(&r, "232.1.2.3", "192.0.2.1 192.0.2.2");
	run_for(&r, 0.05);
	include(&r, "232.1.2.3", "192.0.2.2");
	run_for(&r, 10);
	assert_sent(&r, 0, t, "ALLOW(232.1.2.3){192.0.2.1,192.0.2.2}");
	assert_sent(&r, 1, t + sec(0.05),
		    "ALLOW(232.1.2.3){192.0.2.2} BLOCK(232.1.2.3){192.0.2.1}");
	assert_sent(&r, 2, t + sec(0.45), "BLOCK(232.1.2.3){192.0.2.1}");
	assert_count(&r, 3);
	rig_stop(&r);
}

/* H-SC-7: three changes inside one interval; each source is reported twice. */
static void each_source_is_reported_as_often_as_robustness_says(void **state)
{
	struct rig r;

	rig_default(&r);
	r.default_draw = 1.0;
	uint64_t t = r.now_ns;

	include(&r, "232.1.2.3", "10.9.0.1");
	run_for(&r, 0.1);
	include(&r, "232.1.2.3", "10.9.0.1 10.9.0.2");
	run_for(&r, 0.1);
	include(&r, "232.1.2.3", "10.9.0.1 10.9.0.2 10.9.0.3");
	run_for(&r, 10);
	assert_sent(&r, 0, t, "ALLOW(232.1.2.3){10.9.0.1}");
	assert_sent(&r, 1, t + sec(0.1), "ALLOW(232.1.2.3){10.9.0.1,10.9.0.2}");
	assert_sent(&r, 2, t + sec(0.2), "ALLOW(232.1.2.3){10.9.0.2,10.9.0.3}");
	assert_sent(&r, 3, t + sec(1.2), "ALLOW(232.1.2.3){10.9.0.3}");
	assert_count(&r, 4);
	rig_stop(&r);
}

/* H-SC-8 */
static void list_changes_after_a_mode_change_ride_on_the_whole_list(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "239.1.2.3");
	settle(&r, 5);
	r.default_draw = 0.8;
	uint64_t t = r.now_ns;

	include(&r, "239.1.2.3", "10.9.0.1");
	run_for(&r, 0.1);
	include(&r, "239.1.2.3", "10.9.0.1 10.9.0.2");
	run_for(&r, 10);
	assert_sent(&r, 0, t, "TO_IN(239.1.2.3){10.9.0.1}");
	assert_sent(&r, 1, t + sec(0.1), "TO_IN(239.1.2.3){10.9.0.1,10.9.0.2}");
	/* The new source was reported once; its second copy is a list change. */
	assert_sent(&r, 2, t + sec(0.9), "ALLOW(239.1.2.3){10.9.0.2}");
	assert_count(&r, 3);
	rig_stop(&r);
}

/* H-SC-9 */
static void a_copy_says_what_holds_when_it_is_sent(void **state)
{
	struct rig r;

	rig_default(&r);
	exclude(&r, "239.1.2.3", "");
	settle(&r, 5);
	r.default_draw = 1.0;
	uint64_t t = r.now_ns;

	exclude(&r, "239.1.2.3", "10.9.0.1");
	run_for(&r, 0.2);
	exclude(&r, "239.1.2.3", "");
	run_for(&r, 0.2);
	exclude(&r, "239.1.2.3", "10.9.0.1");
	run_for(&r, 10);
	assert_sent(&r, 0, t, "BLOCK(239.1.2.3){10.9.0.1}");
	assert_sent(&r, 1, t + sec(0.2), "ALLOW(239.1.2.3){10.9.0.1}");
	assert_sent(&r, 2, t + sec(0.4), "BLOCK(239.1.2.3){10.9.0.1}");
	assert_sent(&r, 3, t + sec(1.4), "BLOCK(239.1.2.3){10.9.0.1}");
	assert_count(&r, 4);
	rig_stop(&r);
}

/* H-SC-10 */
static void a_leave_soon_after_the_join_ends_the_joins_copies(void **state)
{
	struct rig r;

	rig_default(&r);
	SCRIPT(&r, 0.5, 0.25);
	uint64_t t = r.now_ns;

	join(&r, "239.1.2.3");
	run_for(&r, 0.01);
	leave(&r, "239.1.2.3");
	run_for(&r, 10);
	assert_sent(&r, 0, t, "TO_EX(239.1.2.3){}");
	assert_sent(&r, 1, t + sec(0.01), "TO_IN(239.1.2.3){}");
	assert_sent(&r, 2, t + sec(0.26), "TO_IN(239.1.2.3){}");
	assert_count(&r, 3);
	assert_int_equal(
	    mcr_gmp_get_group(r.igmp, ip("239.1.2.3"), &(struct mcr_gmp_group_info){0}), -ENOENT);
	rig_stop(&r);
}

/* H-SC-10: as the reference host, which swallows the join. */
static void join_and_leave_before_one_poll_send_the_leave_alone(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "239.1.2.3");
	leave(&r, "239.1.2.3");
	run_for(&r, 10);
	assert_sent(&r, 0, sec(1000), "TO_IN(239.1.2.3){}");
	assert_sent(&r, 1, sec(1000.5), "TO_IN(239.1.2.3){}");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* H-SC-11, D6 */
static void changes_of_one_batch_share_a_report_and_its_copies(void **state)
{
	struct rig r;

	rig_default(&r);
	SCRIPT(&r, 0.7);
	uint64_t t = r.now_ns;

	join(&r, "239.1.2.3");
	r.now_ns += 1000; /* the clock runs on while the caller joins */
	include(&r, "232.1.2.3", "192.0.2.1");
	run_for(&r, 10);
	assert_sent(&r, 0, t + 1000, "TO_EX(239.1.2.3){} ALLOW(232.1.2.3){192.0.2.1}");
	assert_sent(&r, 1, t + 1000 + sec(0.7), "TO_EX(239.1.2.3){} ALLOW(232.1.2.3){192.0.2.1}");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* H-SC-1: the caller merges; an unchanged result sends nothing. */
static void the_same_state_again_sends_nothing(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "239.1.2.3");
	include(&r, "232.1.2.3", "10.9.0.1 10.9.0.2");
	settle(&r, 5);
	join(&r, "239.1.2.3");
	include(&r, "232.1.2.3", "10.9.0.2 10.9.0.1");
	include(&r, "232.1.2.3", "10.9.0.2 10.9.0.1 10.9.0.2");
	leave(&r, "239.7.7.7");
	run_for(&r, 10);
	assert_count(&r, 0);
	rig_stop(&r);
}

/* H-SC-12 */
static void an_announcement_sends_the_series_of_every_group_again(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "239.1.2.3");
	include(&r, "232.1.2.3", "10.9.0.1 10.9.0.2");
	settle(&r, 5);
	uint64_t t = r.now_ns;

	mcr_gmp_announce(r.igmp, ip("10.0.0.77"), r.now_ns);
	run_for(&r, 10);
	assert_sent(&r, 0, t, "TO_EX(239.1.2.3){} ALLOW(232.1.2.3){10.9.0.1,10.9.0.2}");
	assert_sent(&r, 1, t + sec(0.5), "TO_EX(239.1.2.3){} ALLOW(232.1.2.3){10.9.0.1,10.9.0.2}");
	assert_count(&r, 2);
	assert_memory_equal(r.sent[0].bytes + (is_mld() ? 8 : 12),
			    ip("10.0.0.77").octets + 16 - address_octets(), address_octets());
	rig_stop(&r);
}

/* H-SC-12: a leave whose copies were under way when the link flapped is reported again too. */
static void an_announcement_repeats_pending_leaves(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "239.1.2.3");
	include(&r, "232.1.2.3", "10.9.0.1");
	settle(&r, 5);
	leave(&r, "239.1.2.3");
	leave(&r, "232.1.2.3");
	run_for(&r, 0.1);
	rig_forget(&r);
	mcr_gmp_announce(r.igmp, ip(HOST), r.now_ns);
	run_for(&r, 10);
	assert_sent(&r, 0, sec(1005.1), "TO_IN(239.1.2.3){} BLOCK(232.1.2.3){10.9.0.1}");
	assert_sent(&r, 1, sec(1005.6), "TO_IN(239.1.2.3){} BLOCK(232.1.2.3){10.9.0.1}");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* H-SC-13 */
static void leaving_all_sends_the_first_copy_at_once_and_shows_when_all_is_out(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "239.1.2.3");
	include(&r, "232.1.2.3", "10.9.0.1");
	settle(&r, 5);
	assert_int_equal(mcr_gmp_pending(r.igmp), 0);
	general_v3(&r, 100); /* an answer under way is not waited for */
	mcr_gmp_leave_all(r.igmp, r.now_ns);
	assert_int_equal(info(&r).unsent, 2);
	poll_now(&r);
	assert_sent(&r, 0, sec(1005), "TO_IN(239.1.2.3){} BLOCK(232.1.2.3){10.9.0.1}");
	assert_int_equal(info(&r).unsent, 0);
	assert_int_equal(info(&r).leaving, 2);
	assert_true(mcr_gmp_pending(r.igmp) > 0);
	run_for(&r, 1);
	assert_sent(&r, 1, sec(1005.5), "TO_IN(239.1.2.3){} BLOCK(232.1.2.3){10.9.0.1}");
	assert_count(&r, 2);
	assert_int_equal(mcr_gmp_pending(r.igmp), 0);
	assert_int_equal(info(&r).leaving, 0);
	rig_stop(&r);
}

/* H-SC-5: no gap is zero, none is above the interval, and the generator is the built-in one. */
static void gaps_of_the_built_in_generator_lie_in_the_interval(void **state)
{
	uint64_t sum = 0, low = UINT64_MAX, high = 0;

	for (uint64_t seed = 0; seed < 1000; seed++) {
		struct mcr_gmp_config cfg = {
		    .family = rig_family, .seed = seed, .repeat_s = MCR_GMP_NO_REPEAT};
		struct rig r = {.cfg = cfg, .now_ns = SECOND};

		assert_int_equal(mcr_gmp_create(&r.igmp, &cfg, r.now_ns), 0);
		join(&r, "239.1.2.3");
		run_for(&r, 2);
		assert_count(&r, 2);
		uint64_t gap = r.sent[1].at_ns - r.sent[0].at_ns;

		assert_true(gap > 0 && gap <= SECOND);
		sum += gap;
		low = gap < low ? gap : low;
		high = gap > high ? gap : high;
		rig_stop(&r);
	}
	/* Uniform: mean 0.5 s, standard error 9 ms. */
	assert_true(sum / 1000 > 450 * MS && sum / 1000 < 550 * MS);
	assert_true(low < 20 * MS && high > 980 * MS);
}

/* H-SC-5: copies that were due at different times keep gaps of their own when a poll comes late. */
static void a_late_poll_does_not_make_two_series_one(void **state)
{
	struct rig r;

	rig_start(&r, &(struct mcr_gmp_config){.robustness = 3, .repeat_s = MCR_GMP_NO_REPEAT});
	join(&r, "239.1.2.3");
	run_for(&r, 0.1);
	join(&r, "239.4.5.6");
	poll_now(&r);
	rig_forget(&r);
	SCRIPT(&r, 0.2, 0.4);
	r.now_ns = sec(1001);
	run_for(&r, 10);
	assert_sent(&r, 0, sec(1001), "TO_EX(239.1.2.3){} TO_EX(239.4.5.6){}");
	assert_sent(&r, 1, sec(1001.2), "TO_EX(239.1.2.3){}");
	assert_sent(&r, 2, sec(1001.4), "TO_EX(239.4.5.6){}");
	assert_count(&r, 3);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_join_is_reported_at_once_and_again_after_the_drawn_gap),
	    cmocka_unit_test(a_change_is_sent_as_often_as_the_querier_robustness_says),
	    cmocka_unit_test(each_transition_sends_its_records),
	    cmocka_unit_test(a_source_join_from_nothing_is_allow_and_its_leave_block),
	    cmocka_unit_test(a_change_during_the_repeats_goes_out_at_once_merged_with_them),
	    cmocka_unit_test(each_source_is_reported_as_often_as_robustness_says),
	    cmocka_unit_test(list_changes_after_a_mode_change_ride_on_the_whole_list),
	    cmocka_unit_test(a_copy_says_what_holds_when_it_is_sent),
	    cmocka_unit_test(a_leave_soon_after_the_join_ends_the_joins_copies),
	    cmocka_unit_test(join_and_leave_before_one_poll_send_the_leave_alone),
	    cmocka_unit_test(changes_of_one_batch_share_a_report_and_its_copies),
	    cmocka_unit_test(the_same_state_again_sends_nothing),
	    cmocka_unit_test(an_announcement_sends_the_series_of_every_group_again),
	    cmocka_unit_test(an_announcement_repeats_pending_leaves),
	    cmocka_unit_test(leaving_all_sends_the_first_copy_at_once_and_shows_when_all_is_out),
	    cmocka_unit_test(gaps_of_the_built_in_generator_lie_in_the_interval),
	    cmocka_unit_test(a_late_poll_does_not_make_two_series_one),
	};
	return RUN_BOTH(tests);
}
