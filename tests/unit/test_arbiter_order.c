/* SPDX-License-Identifier: BSD-3-Clause */
/* Each message once and in order; what is missing is named (rules 1, 3 to 5, 18). */
#include "arbiter_rig.h"

static void what_is_next_is_handed_out_at_once_and_its_copy_is_not(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 5, 8);
	HANDED_OUT("start5 5 6 7 8");
	assert_int_equal(line_of(A).first, 4);
	assert_int_equal(line_of(B).duplicates, 4);
	data(B, 9);
	data(A, 9);
	HANDED_OUT("9");
	assert_int_equal(stats().switches, 1);
}

static void the_other_line_fills_a_hole(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	run(1 << A, 4, 5);
	HANDED_OUT("start1 1 2");
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 2);
	data(B, 3);
	HANDED_OUT("3 4 5");
	assert_true(rig.last.flags & MCR_FEED_FLAG_HELD);
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 0);
	assert_int_equal(stats().gaps_filled, 1);
	run(1 << B, 4, 6);
	HANDED_OUT("6");
}

static void lines_need_not_pack_alike(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	data_of(A, 0, 1, 3);
	data_of(B, 0, 1, 2);
	data_of(B, 0, 3, 4);
	HANDED_OUT("start1 1-3 4-6");
	assert_int_equal(rig.last.skip, 1);
	data_of(A, 0, 9, 2);  /* 7 and 8 are missing */
	data_of(A, 0, 10, 4); /* held over each other */
	data_of(B, 0, 7, 2);
	HANDED_OUT("7-8 9-10 11-13");
}

static void a_hole_is_given_up_after_its_time(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .gap_timeout_ns = MS});
	run(1 << A | 1 << B, 1, 2);
	run(1 << A, 5, 6);
	assert_int_equal(mcr_arbiter_due(rig.arbiter), rig.ns + MS);
	pass(MS - 1);
	HANDED_OUT("start1 1 2");
	pass(1);
	HANDED_OUT("gap3-4 5 6");
	assert_int_equal(mcr_arbiter_due(rig.arbiter), UINT64_MAX);
	assert_int_equal(stats().gap_messages, 2);
}

static void a_hole_is_given_up_when_each_line_has_passed_it(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	data(A, 4);
	HANDED_OUT("start1 1 2");
	data(B, 5);
	HANDED_OUT("gap3 4 5");
	make((struct mcr_arbiter_config){.n_lines = 2, .reorder = 2});
	run(1 << A | 1 << B, 1, 2);
	run(1 << A, 4, 9);
	data(B, 4);
	data(B, 5); /* 3 may come behind it */
	HANDED_OUT("start1 1 2");
	data(B, 6);
	HANDED_OUT("gap3 4 5 6 7 8 9");
}

static void neighbours_may_be_swapped(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .reorder = 1});
	run(1 << A, 1, 2);
	data(A, 4);
	data(A, 3);
	HANDED_OUT("start1 1 2 3 4");
	run(1 << A, 6, 7);
	HANDED_OUT("gap5 6 7");
}

static void a_line_that_was_never_heard_is_waited_for(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){
	    .n_lines = 2, .silence_ns = 50 * MS, .gap_timeout_ns = 1000 * MS});
	data(A, 1);
	data(A, 3);
	HANDED_OUT("start1 1");
	pass(40 * MS);
	data(A, 4);
	HANDED_OUT("");
	pass(10 * MS); /* it counts as down */
	HANDED_OUT("down:1 gap2 3 4");
	assert_int_equal(stats().gaps, 1);
}

static void a_hole_is_given_up_when_the_window_is_full(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .window = 4});
	run(1 << A | 1 << B, 1, 2);
	run(1 << A, 4, 6);
	HANDED_OUT("start1 1 2");
	data(A, 7);
	HANDED_OUT("gap3 4 5 6 7");
}

static void a_hole_is_given_up_when_there_is_no_room(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .held_max = 2});
	run(1 << A | 1 << B, 1, 2);
	data(A, 4);
	data(A, 6);
	HANDED_OUT("start1 1 2");
	data(A, 8);
	HANDED_OUT("gap3 4 gap5 6 gap7 8");
	assert_true(rig.last.flags & MCR_FEED_FLAG_AFTER_GAP);
	assert_false(rig.last.flags & MCR_FEED_FLAG_HELD);
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 0);
	data(A, 9);
	HANDED_OUT("9");
}

static void what_there_is_no_room_for_comes_before_what_is_held_behind_it(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .held_max = 2});
	run(1 << A | 1 << B, 1, 2);
	run(1 << A, 6, 7);
	data(B, 4);
	HANDED_OUT("start1 1 2 gap3 4");
	data(B, 5);
	HANDED_OUT("5 6 7");
	make((struct mcr_arbiter_config){.n_lines = 2, .held_max = 1, .late = 1});
	run(1 << A | 1 << B, 1, 2);
	data_of(A, 0, 6, 2);
	data_of(B, 0, 7, 2); /* half of it is held */
	HANDED_OUT("start1 1 2 gap3-5 6-7 8");
	assert_int_equal(rig.last.skip, 1);
	assert_int_equal(line_of(B).first, 1);
	data_of(B, 0, 4, 1);
	HANDED_OUT("late4 4");
	make((struct mcr_arbiter_config){.n_lines = 2, .held_max = 2});
	run(1 << A | 1 << B, 1, 2);
	data_of(A, 0, 6, 4);
	data_of(B, 0, 7, 1); /* held over each other */
	data_of(B, 0, 8, 2); /* all of it is held */
	HANDED_OUT("start1 1 2 gap3-5 6-9");
	assert_int_equal(line_of(B).duplicates, 4);
	run(1 << B, 10, 10);
	HANDED_OUT("10");
}

static void each_number_has_its_own_time(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .gap_timeout_ns = MS});
	run(1 << A, 1, 2);
	data(A, 4);
	pass(MS / 2);
	data(A, 6);
	data(B, 3);
	HANDED_OUT("start1 1 2 3 4");
	pass(MS - 1);
	HANDED_OUT("");
	pass(1);
	HANDED_OUT("gap5 6");
	assert_int_equal(stats().gaps_opened, 1);
}

static void what_fills_a_gap_late_is_named_and_handed_out_to_who_asks(void **state)
{
	for (uint8_t late = 0; late < 2; late++) {
		(void)state;
		make((struct mcr_arbiter_config){.n_lines = 2, .late = late});
		run(1 << A, 1, 2);
		run(1 << A, 6, 7);
		pass(2 * MS);
		HANDED_OUT("start1 1 2 gap3-5 6 7");
		data_of(B, 0, 2, 2);
		HANDED_OUT(late ? "late3 3" : "late3");
		data(B, 3);
		HANDED_OUT("");
		data_of(B, 0, 4, 5); /* 4 and 5 late, 8 next */
		HANDED_OUT(late ? "late4-5 4-5 8" : "late4-5 8");
		assert_int_equal(stats().late_messages, 3);
		assert_int_equal(line_of(B).late, 1);
	}
}

static void a_heartbeat_shows_what_is_missing_at_the_tail(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 3);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 4);
	mark(B, MCR_FEED_PACKET_HEARTBEAT, 4);
	HANDED_OUT("start1 1 2 3");
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 6);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 6);
	HANDED_OUT("");
	mark(B, MCR_FEED_PACKET_HEARTBEAT, 6);
	HANDED_OUT("gap4-5");
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 0);
	data(A, 6);
	HANDED_OUT("6");
	assert_int_equal(line_of(A).heartbeats, 3);
}

static void the_end_of_a_session_stands_behind_its_data(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	mark(A, MCR_FEED_PACKET_END, 4);
	HANDED_OUT("start1 1 2");
	data(B, 3);
	HANDED_OUT("3 end4");
	mark(B, MCR_FEED_PACKET_END, 4);
	HANDED_OUT("");
	run(1 << A | 1 << B, 4, 5); /* whatever it said */
	HANDED_OUT("4 5");
	mark(A, MCR_FEED_PACKET_END, 6);
	mark(B, MCR_FEED_PACKET_END, 6);
	HANDED_OUT("end6");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_next_is_handed_out_at_once_and_its_copy_is_not),
	    cmocka_unit_test(the_other_line_fills_a_hole),
	    cmocka_unit_test(lines_need_not_pack_alike),
	    cmocka_unit_test(a_hole_is_given_up_after_its_time),
	    cmocka_unit_test(a_hole_is_given_up_when_each_line_has_passed_it),
	    cmocka_unit_test(neighbours_may_be_swapped),
	    cmocka_unit_test(a_line_that_was_never_heard_is_waited_for),
	    cmocka_unit_test(a_hole_is_given_up_when_the_window_is_full),
	    cmocka_unit_test(a_hole_is_given_up_when_there_is_no_room),
	    cmocka_unit_test(what_there_is_no_room_for_comes_before_what_is_held_behind_it),
	    cmocka_unit_test(each_number_has_its_own_time),
	    cmocka_unit_test(what_fills_a_gap_late_is_named_and_handed_out_to_who_asks),
	    cmocka_unit_test(a_heartbeat_shows_what_is_missing_at_the_tail),
	    cmocka_unit_test(the_end_of_a_session_stands_behind_its_data),
	};
	return cmocka_run_group_tests(tests, NULL, unmake);
}
