/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers that wrap, that begin anew, and that are not to be believed (rules 2, 9, 13, 15). */
#include "arbiter_rig.h"

static void numbers_wrap_to_0_or_to_1(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .bits = 16});
	run(1 << A | 1 << B, 65534, 65535);
	run(1 << A | 1 << B, 0, 1);
	HANDED_OUT("start65534 65534 65535 0 1");
	make((struct mcr_arbiter_config){.n_lines = 2, .bits = 32, .wraps_to_one = 1});
	run(1 << A | 1 << B, 4294967294, 4294967295);
	run(1 << A | 1 << B, 1, 2);
	HANDED_OUT("start4294967294 4294967294 4294967295 1 2");
	data(A, 4);
	data(B, 3);
	HANDED_OUT("3 4");
}

static void one_reset_message_is_one_reset_on_all_lines(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 700, 703);
	mark(A, MCR_FEED_PACKET_RESET, 1);
	mark(A, MCR_FEED_PACKET_RESET, 1);
	run(1 << A, 1, 3);
	run(1 << B, 704, 706); /* not of the new numbers */
	HANDED_OUT("start700 700 701 702 703 reset1 1 2 3");
	mark(B, MCR_FEED_PACKET_RESET, 1);
	run(1 << B, 1, 4);
	HANDED_OUT("4");
	assert_int_equal(line_of(B).stale, 3);
	assert_int_equal(stats().resets, 1);
	mark(B, MCR_FEED_PACKET_RESET, 1); /* a copy that is late */
	run(1 << A | 1 << B, 5, 8);
	HANDED_OUT("5 6 7 8");
	pass(1000 * MS);
	mark(B, MCR_FEED_PACKET_RESET, 1); /* another one */
	data(B, 1);
	HANDED_OUT("reset1 1");
}

static void a_line_first_heard_with_old_numbers_resets_nothing(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	data(A, 500);
	mark(A, MCR_FEED_PACKET_RESET, 70000);
	data(B, 500);
	mark(B, MCR_FEED_PACKET_RESET, 70000);
	run(1 << B | 1 << A, 70000, 70001);
	HANDED_OUT("start500 500 reset70000 70000 70001");
	assert_int_equal(line_of(B).lost, 0);
}

static void a_reset_may_name_a_higher_number(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .bits = 32, .wraps_to_one = 1});
	run(1 << A | 1 << B, 500, 501);
	mark(A, MCR_FEED_PACKET_RESET, 70000);
	data(A, 70000);
	data(B, 502);
	mark(B, MCR_FEED_PACKET_RESET, 70000);
	run(1 << B, 70000, 70001);
	HANDED_OUT("start500 500 501 reset70000 70000 70001");
}

static void a_new_session_begins_at_once_and_gives_up_what_is_missing(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	session(A, 7, 50);
	session(A, 7, 52);
	session(A, 8, 1);
	HANDED_OUT("start50 50 gap51 52 reset1 1");
	assert_false(rig.last.flags & MCR_FEED_FLAG_HELD);
	session(B, 7, 51);
	session(B, 8, 1);
	session(B, 8, 2);
	HANDED_OUT("2");
	assert_int_equal(line_of(B).stale, 1);
}

static void one_corrupt_session_does_not_stop_a_stream(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	session(A, 7, 50);
	session(B, 7, 50);
	session(A, 99, 51); /* corrupt */
	HANDED_OUT("start50 50 reset51 51");
	session(B, 7, 51);
	session(A, 7, 52);
	session(B, 7, 52);
	session(A, 7, 53);
	HANDED_OUT("");
	session(A, 7, 54); /* the third in a row of a line that is back */
	HANDED_OUT("reset51 51 52 53 54");
	session(B, 7, 53);
	session(B, 7, 54);
	session(B, 7, 55);
	HANDED_OUT("55");
	assert_int_equal(stats().resets, 2);
}

static void a_corrupt_session_of_a_line_that_dies_does_not_stop_the_other(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	session(A, 7, 50);
	session(B, 7, 50);
	session(A, 99, 51); /* its last packet */
	mcr_arbiter_line_down(rig.arbiter, A, MCR_FEED_DOWN_LINK);
	drain();
	HANDED_OUT("start50 50 reset51 51 down:0");
	session(B, 7, 51);
	session(B, 7, 52);
	HANDED_OUT("");
	session(B, 7, 53);
	HANDED_OUT("reset51 51 52 53");
}

static void a_line_behind_by_two_sessions_begins_none_again(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	session(A, 1, 50);
	session(B, 1, 50);
	session(A, 2, 1);
	session(A, 3, 1);
	session(B, 1, 51);
	session(B, 2, 1);
	session(B, 3, 1);
	HANDED_OUT("start50 50 reset1 1 reset1 1");
}

static void flags_of_the_first_few_packets_are_one_reset(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .bits = 32});
	run(1 << A | 1 << B, 5000, 5001);
	for (unsigned line = A; line <= B; line++)
		for (uint64_t seq = 1; seq <= 3; seq++)
			put(line, (struct mcr_feed_packet){.seq = seq, .count = 1, .resets = 1});
	run(1 << A | 1 << B, 4, 5);
	HANDED_OUT("start5000 5000 5001 reset1 1 2 3 4 5");
}

static void late_copies_of_flagged_packets_reset_nothing(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	run(1 << A, 5000, 5001);
	put(A, (struct mcr_feed_packet){.seq = 1, .count = 1, .resets = 1});
	run(1 << A, 2, 9);
	put(A, (struct mcr_feed_packet){.seq = 1, .count = 1, .resets = 1});
	HANDED_OUT("start5000 5000 5001 reset1 1 2 3 4 5 6 7 8 9");
}

static void a_copy_on_a_slow_line_is_not_of_the_new_numbers(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A, 1, 13);
	data(B, 1);
	put(A, (struct mcr_feed_packet){.seq = 1, .count = 1, .resets = 1});
	run(1 << A, 2, 2);
	run(1 << B, 2, 3); /* of the old numbers, twice */
	run(1 << B, 2, 3);
	HANDED_OUT("start1 1 2 3 4 5 6 7 8 9 10 11 12 13 reset1 1 2");
	assert_int_equal(line_of(B).stale, 4);
}

static void what_is_left_over_behind_a_reset_opens_no_hole(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .window = 8, .events = 1u << MCR_FEED_GAP});
	run(1 << A, 41, 50);
	HANDED_OUT("41 42 43 44 45 46 47 48 49 50");
	mark(A, MCR_FEED_PACKET_RESET, 1);
	run(1 << A, 1, 2);
	data(A, 50); /* late */
	run(1 << A, 3, 9);
	HANDED_OUT("1 2 3 4 5 6 7 8 9");
}

static void what_was_lost_behind_a_reset_is_a_gap(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .window = 8, .events = 1u << MCR_FEED_GAP});
	run(1 << A, 41, 50);
	HANDED_OUT("41 42 43 44 45 46 47 48 49 50");
	mark(A, MCR_FEED_PACKET_RESET, 1);
	run(1 << A, 1, 2);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 45);
	HANDED_OUT("1 2");
	run(1 << A, 45, 47);
	HANDED_OUT("gap3-44 45 46 47");
}

static void a_line_that_lost_the_beginning_of_a_restart_is_of_it(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .window = 8, .events = 1u << MCR_FEED_GAP});
	run(1 << A | 1 << B, 5000, 5001);
	run(1 << A, 20, 21);
	run(1 << B, 1, 3);
	HANDED_OUT("5000 5001 1 2 3 gap4-19 20 21");
}

static void a_restart_is_known_by_a_run(void **state)
{
	static const uint8_t bits[] = {32, 64};

	for (unsigned i = 0; i < 2; i++) {
		(void)state;
		make((struct mcr_arbiter_config){.n_lines = 2, .bits = bits[i]});
		run(1 << A | 1 << B, 3000000000, 3000000001);
		run(1 << A, 1, 2);
		data(B, 3000000002);
		HANDED_OUT("start3000000000 3000000000 3000000001 3000000002");
		data(A, 3);
		data(B, 3000000003); /* stale, no gap */
		run(1 << B, 1, 4);
		HANDED_OUT("reset1 1 2 3 4");
		assert_int_equal(line_of(B).stale, 1);
	}
}

static void what_both_lines_have_of_a_restart_is_handed_out(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 9000, 9001);
	run(1 << B, 1, 2); /* A loses 1 */
	run(1 << A, 2, 4);
	HANDED_OUT("start9000 9000 9001 reset1 1 2 3 4");
}

static void a_line_far_behind_is_no_restart(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	run(1 << A, 3, 3000);
	rig.text[0] = '\0';
	run(1 << B, 3, 3000);
	HANDED_OUT("");
	assert_int_equal(line_of(B).duplicates, 3000);
}

static void a_number_far_ahead_moves_nothing(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	run(1 << A, 1, 2);
	data(A, 1ull << 40);
	run(1 << A, 3, 4);
	data(A, UINT64_MAX);
	data(A, 5);
	HANDED_OUT("start1 1 2 implausible1099511627776 3 4 implausible18446744073709551615 5");
	assert_int_equal(line_of(A).implausible, 2);
}

static void a_jump_is_believed_when_a_run_or_two_lines_agree(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .events = 1u << MCR_FEED_GAP});
	run(1 << A | 1 << B, 1, 2);
	run(1 << A, 5000000, 5000002);
	HANDED_OUT("1 2 gap3-4999999 5000000 5000001 5000002");
	run(1 << A, 9000000, 9000000);
	HANDED_OUT("");
	run(1 << B, 9000001, 9000001);
	HANDED_OUT("gap5000003-8999999 9000000 9000001");
}

static void a_gap_that_a_wrong_number_made_is_left_by_a_run(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	run(1 << A, 1, 2);
	data(A, 500000); /* not too far to be believed */
	run(1 << A, 3, 5);
	HANDED_OUT("start1 1 2 gap3-499999 500000 reset3 3 4 5");
}

static void a_loop_begins_again_without_alarm(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .is_loop = 1});
	run(1 << A, 2, 3);
	run(1 << A, 1, 3);
	data(A, 1);
	data(A, 3);
	HANDED_OUT("start2 2 3 cycle1 1 2 3 cycle1 1 gap2 3");
	assert_int_equal(stats().cycles, 2);
	assert_int_equal(stats().resets, 0);
}

static void what_a_line_kept_of_a_restart_comes_behind_the_packet_that_says_so(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 5000, 5000);
	data(B, 2); /* its packet 1, which said so, was lost */
	put(A, flagged(1));
	HANDED_OUT("start5000 5000 reset1 1 2");
	data(A, 2);
	run(1 << A | 1 << B, 3, 4);
	HANDED_OUT("3 4");
	assert_int_equal(stats().gaps, 0);
	assert_int_equal(line_of(B).implausible, 0);
}

static void what_was_sent_behind_the_packet_that_says_so_may_overtake_it(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	data(A, 5000);
	data(A, 2);
	put(A, flagged(1));
	data(A, 3);
	HANDED_OUT("start5000 5000 reset1 1 2 3");
	assert_int_equal(line_of(A).implausible, 0);
	assert_int_equal(line_of(A).first, 4);
	make((struct mcr_arbiter_config){.n_lines = 1});
	run(1 << A, 5000, 5003);
	data(A, 3000); /* is of nothing */
	mark(A, MCR_FEED_PACKET_RESET, 1);
	run(1 << A, 1, 2);
	HANDED_OUT("start5000 5000 5001 5002 5003 reset1 1 2");
	assert_int_equal(line_of(A).implausible, 1);
}

static void what_a_line_kept_of_a_session_is_not_of_the_next(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	session(A, 7, 5000);
	session(B, 7, 5000);
	session(B, 7, 2);
	session(B, 7, 3);
	session(A, 8, 1);
	session(A, 8, 2);
	HANDED_OUT("start5000 5000 reset1 1 2");
	session(B, 8, 2);
	assert_int_equal(line_of(A).first, 3);
	assert_int_equal(line_of(B).duplicates, 2);
}

static void what_was_given_up_before_it_is_believed_is_late(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .late = 1});
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 9011);
	put(A, flagged(2));
	data_of(B, 0, 9003, 4); /* as it would be if it were left over */
	HANDED_OUT("start9011 reset2 2 implausible9003");
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 9011);
	HANDED_OUT("gap3-9010");
	data_of(B, 0, 9007, 5); /* it was not */
	HANDED_OUT("late9003-9006 9003-9006 late9007-9010 9007-9010 9011");
	assert_int_equal(line_of(B).late, 1);
	assert_int_equal(line_of(B).duplicates, 0);
	assert_int_equal(line_of(B).implausible, 0);
	assert_int_equal(stats().late_messages, 8);
}

static void a_heartbeat_that_was_given_up_before_it_is_believed_is_no_data(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .late = 1});
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 9011);
	put(A, flagged(2));
	mark(B, MCR_FEED_PACKET_HEARTBEAT, 9003);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 9011);
	HANDED_OUT("start9011 reset2 2 implausible9003 gap3-9010");
	data_of(B, 0, 9007, 5);
	HANDED_OUT("late9007-9010 9007-9010 9011");
	assert_int_equal(line_of(B).heartbeats, 1);
	assert_int_equal(line_of(B).late, 0);
}

static void heartbeats_do_not_bring_back_old_numbers(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 5000, 5001);
	put(A, flagged(1));
	mcr_arbiter_line_down(rig.arbiter, A, MCR_FEED_DOWN_LINK);
	drain();
	HANDED_OUT("start5000 5000 5001 reset1 1 down:0");
	mark(B, MCR_FEED_PACKET_HEARTBEAT, 5002);
	mark(B, MCR_FEED_PACKET_HEARTBEAT, 5002);
	run(1 << B, 5002, 5003);
	HANDED_OUT("");
	data(B, 5004);
	HANDED_OUT("reset5002 5002 5003 5004");
	assert_int_equal(line_of(B).stale, 0);
	assert_int_equal(line_of(B).heartbeats, 2);
}

static void copies_of_a_restart_are_of_the_line_that_was_first(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 3});
	run(1 << A | 1 << B | 1 << 2, 5000, 5000);
	data_of(2, 0, 2, 4);
	data_of(B, 0, 2, 4);
	data(A, 1);
	data(A, 2);
	data_of(A, 0, 3, 3);
	HANDED_OUT("start5000 5000 reset1 1 2-5");
	assert_int_equal(line_of(2).first, 1);
	assert_int_equal(line_of(B).first, 0);
	assert_int_equal(line_of(B).duplicates, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_wrap_to_0_or_to_1),
	    cmocka_unit_test(one_reset_message_is_one_reset_on_all_lines),
	    cmocka_unit_test(a_line_first_heard_with_old_numbers_resets_nothing),
	    cmocka_unit_test(a_reset_may_name_a_higher_number),
	    cmocka_unit_test(a_new_session_begins_at_once_and_gives_up_what_is_missing),
	    cmocka_unit_test(one_corrupt_session_does_not_stop_a_stream),
	    cmocka_unit_test(a_corrupt_session_of_a_line_that_dies_does_not_stop_the_other),
	    cmocka_unit_test(a_line_behind_by_two_sessions_begins_none_again),
	    cmocka_unit_test(flags_of_the_first_few_packets_are_one_reset),
	    cmocka_unit_test(late_copies_of_flagged_packets_reset_nothing),
	    cmocka_unit_test(a_copy_on_a_slow_line_is_not_of_the_new_numbers),
	    cmocka_unit_test(what_is_left_over_behind_a_reset_opens_no_hole),
	    cmocka_unit_test(what_was_lost_behind_a_reset_is_a_gap),
	    cmocka_unit_test(a_line_that_lost_the_beginning_of_a_restart_is_of_it),
	    cmocka_unit_test(a_restart_is_known_by_a_run),
	    cmocka_unit_test(what_both_lines_have_of_a_restart_is_handed_out),
	    cmocka_unit_test(a_line_far_behind_is_no_restart),
	    cmocka_unit_test(a_number_far_ahead_moves_nothing),
	    cmocka_unit_test(a_jump_is_believed_when_a_run_or_two_lines_agree),
	    cmocka_unit_test(a_gap_that_a_wrong_number_made_is_left_by_a_run),
	    cmocka_unit_test(what_a_line_kept_of_a_restart_comes_behind_the_packet_that_says_so),
	    cmocka_unit_test(what_was_sent_behind_the_packet_that_says_so_may_overtake_it),
	    cmocka_unit_test(what_a_line_kept_of_a_session_is_not_of_the_next),
	    cmocka_unit_test(what_was_given_up_before_it_is_believed_is_late),
	    cmocka_unit_test(a_heartbeat_that_was_given_up_before_it_is_believed_is_no_data),
	    cmocka_unit_test(heartbeats_do_not_bring_back_old_numbers),
	    cmocka_unit_test(copies_of_a_restart_are_of_the_line_that_was_first),
	    cmocka_unit_test(a_loop_begins_again_without_alarm),
	};
	return cmocka_run_group_tests(tests, NULL, unmake);
}
