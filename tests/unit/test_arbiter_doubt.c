/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that prove nothing alone: what makes a run of them, and what breaks it (rules 9, 15). */
#include "arbiter_rig.h"

static void jump_of(unsigned n, const uint64_t numbers[], const char *expected)
{
	make((struct mcr_arbiter_config){.n_lines = 1, .window = 8, .events = 1u << MCR_FEED_GAP});
	run(1 << A, 1, 2);
	for (unsigned i = 0; i < n; i++)
		data(A, numbers[i]);
	HANDED_OUT(expected);
}

static void numbers_that_ascend_with_few_missing_are_a_run(void **state)
{
	(void)state;
	jump_of(3, (const uint64_t[]){5000000, 5000009, 5000010},
		"1 2 gap3-4999999 5000000 gap5000001-5000008 5000009 5000010");
	jump_of(3, (const uint64_t[]){5000000, 5000010, 5000011}, "1 2");
	jump_of(3, (const uint64_t[]){5000002, 5000001, 5000000}, "1 2");
	jump_of(3, (const uint64_t[]){5000000, 5000000, 5000001}, "1 2"); /* a copy */
	jump_of(4, (const uint64_t[]){5000010, 5000000, 5000001, 5000002},
		"1 2 gap3-4999999 5000000 5000001 5000002");
}

static void what_is_not_doubtful_breaks_a_run(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .events = 1u << MCR_FEED_GAP});
	run(1 << A, 1, 2);
	data(A, 5000000);
	run(1 << A, 3, 4);
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 0);
	run(1 << A, 5000001, 5000002);
	HANDED_OUT("1 2 3 4");
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 2);
	assert_int_equal(line_of(A).implausible, 3);
	assert_int_equal(stats().held, 0);
}

static void of_an_old_run_only_the_last_packets_are_kept(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 5000, 5001);
	put(A, flagged(1));
	run(1 << B, 5002, 5257); /* as many as an octet counts, and one */
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 3);
	assert_int_equal(line_of(B).stale, 256);
	rig.text[0] = '\0';
	mcr_arbiter_line_down(rig.arbiter, A, MCR_FEED_DOWN_LINK);
	data(B, 5258);
	HANDED_OUT("down:0 reset5002 gap5002-5255 5256 5257 5258");
	assert_int_equal(line_of(B).stale, 254);
}

static void more_doubtful_packets_than_there_is_room_for_are_forgotten(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .held_max = 1, .keys_max = 200});
	for (uint64_t key = 0; key < 200; key++) {
		data_of(A, key, 1, 1);
		data_of(A, key, 1ull << 40, 1);
	}
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 69);
	rig.text[0] = '\0';
	for (uint64_t key = 0; key < 200; key++)
		data_of(A, key, 2, 1);
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 0);
	assert_int_equal(stats().messages, 400);
}

static void put_hash(unsigned line, uint64_t seq, uint64_t hash)
{
	put(line, (struct mcr_feed_packet){.seq = seq, .count = 1, .hash = hash});
}

static void copies_of_a_restart_are_compared(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .compare = 1});
	run(1 << A | 1 << B, 5000, 5000);
	put_hash(B, 2, 99);
	run(1 << A, 1, 1);
	run(1 << A, 2, 3);
	HANDED_OUT("start5000 5000 reset1 mismatch2 1 2 3");
	put_hash(B, 3, 98);
	HANDED_OUT("mismatch3");
	assert_int_equal(line_of(A).mismatches, 1);
	assert_int_equal(line_of(B).mismatches, 1);
	assert_int_equal(rig.last.mismatch.first_line, A);
}

static void two_lines_prove_a_jump_only_close_to_each_other_and_at_a_time(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .events = 1u << MCR_FEED_GAP});
	run(1 << A | 1 << B, 1, 2);
	data(B, 9000000);
	data(A, 5000000);
	HANDED_OUT("1 2");
	run(1 << B, 3, 3); /* breaks it */
	run(1 << A, 3, 3);
	data(A, 9000001);
	HANDED_OUT("3");
	data(B, 9000000);
	HANDED_OUT("gap4-8999999 9000000 9000001");
	make((struct mcr_arbiter_config){.n_lines = 2, .window = 8, .events = 1u << MCR_FEED_GAP});
	run(1 << A | 1 << B, 41, 50);
	mark(A, MCR_FEED_PACKET_RESET, 1);
	mark(B, MCR_FEED_PACKET_RESET, 1);
	rig.text[0] = '\0';
	run(1 << A | 1 << B, 49, 49); /* left over: both have it */
	run(1 << A | 1 << B, 1, 2);
	HANDED_OUT("1 2");
}

static void the_first_numbers_of_a_line_restart_a_stream_that_nobody_else_sends(void **state)
{
	for (int is_down = 0; is_down < 2; is_down++) {
		(void)state;
		make((struct mcr_arbiter_config){.n_lines = 2});
		run(1 << A, 5000, 5001);
		if (is_down)
			mcr_arbiter_line_down(rig.arbiter, A, MCR_FEED_DOWN_LINK);
		drain();
		rig.text[0] = '\0';
		run(1 << B, 1, 3);
		HANDED_OUT(is_down ? "reset1 1 2 3" : "");
		assert_int_equal(line_of(B).before_start, is_down ? 0 : 3);
	}
}

static void what_is_left_over_comes_shortly_behind_and_from_the_end(void **state)
{
	const struct mcr_arbiter_config config = {
	    .n_lines = 1, .window = 8, .events = 1u << MCR_FEED_GAP};

	(void)state;
	make(config);
	run(1 << A, 41, 50);
	mark(A, MCR_FEED_PACKET_RESET, 1);
	run(1 << A, 1, 9);
	rig.text[0] = '\0';
	data(A, 45);
	HANDED_OUT("gap10-44 45");
	make(config);
	run(1 << A, 41, 50);
	mark(A, MCR_FEED_PACKET_RESET, 1);
	run(1 << A, 1, 2);
	rig.text[0] = '\0';
	data(A, 20);
	HANDED_OUT("gap3-19 20");
	make(config);
	session(A, 1, 50);
	session(A, 2, 1);
	rig.text[0] = '\0';
	session(A, 2, 45);
	HANDED_OUT("gap2-44 45");
}

static void a_start_that_the_program_chose_is_over_with_a_reset(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .start_seq = 50000});
	run(1 << A, 50000, 50000);
	put(A, flagged(20000));
	run(1 << A, 1, 3);
	HANDED_OUT("start50000 50000 reset20000 20000 reset1 1 2 3");
}

static void an_end_that_is_believed_late_is_none(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 9011);
	put(A, flagged(2));
	mark(B, MCR_FEED_PACKET_END, 9003);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 9011);
	rig.text[0] = '\0';
	data(B, 9011);
	HANDED_OUT("9011");
	assert_int_equal(line_of(B).ended, 1);
}

static void below_a_start_that_the_program_chose_nothing_restarts(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .start_seq = 50000});
	run(1 << A, 3000, 3001);
	run(1 << A, 1, 3);
	HANDED_OUT("start50000");
	assert_int_equal(line_of(A).before_start, 5);
}

static void a_message_that_named_a_number_too_high_is_undone(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	run(1 << A, 5000, 5001);
	mark(A, MCR_FEED_PACKET_RESET, 6000);
	run(1 << A, 5002, 5004);
	HANDED_OUT("start5000 5000 5001 reset6000 reset5002 5002 5003 5004");
	make((struct mcr_arbiter_config){.n_lines = 1});
	mark(A, MCR_FEED_PACKET_RESET, 6000);
	run(1 << A, 5002, 5004);
	HANDED_OUT("start6000 reset5002 5002 5003 5004");
	make((struct mcr_arbiter_config){.n_lines = 1});
	run(1 << A, 5000, 5001);
	put(A, flagged(6000)); /* data have the number themselves */
	run(1 << A, 5002, 5004);
	HANDED_OUT("start5000 5000 5001 reset6000 6000");
}

static void a_loop_may_begin_again_anywhere(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .is_loop = 1});
	run(1 << A, 2, 9);
	rig.text[0] = '\0';
	data(A, 4);
	HANDED_OUT(""); /* only its first number says so alone */
	run(1 << A, 5, 6);
	HANDED_OUT("cycle4 4 5 6");
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 1);
	HANDED_OUT("");
	put(A, flagged(1));
	HANDED_OUT("reset1 1");
	make((struct mcr_arbiter_config){.n_lines = 2, .is_loop = 1});
	data(A, 1);
	data(A, 1);
	data(A, 2);
	run(1 << B, 1, 2);
	HANDED_OUT("start1 1 2");
	data(A, 1);
	data(B, 1);
	data(B, 2); /* A loses it */
	HANDED_OUT("cycle1 1 2");
	assert_int_equal(line_of(B).stale, 0);
	make((struct mcr_arbiter_config){.n_lines = 2, .is_loop = 1});
	run(1 << A | 1 << B, 2, 3);
	data(A, 5);
	run(1 << B, 4, 5);
	data(A, 4); /* out of order */
	assert_int_equal(line_of(A).implausible, 0);
	assert_int_equal(line_of(A).duplicates, 1);
}

static void marks_far_below_their_line_are_of_another_sequence(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A, 1, 2);
	data(A, 3000);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 1500);
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 1);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 2500);
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 2);
}

static void an_end_below_what_was_handed_out_is_none(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	run(1 << A, 9000, 9004);
	mark(A, MCR_FEED_PACKET_END, 9002);
	mark(A, MCR_FEED_PACKET_END, 9005);
	HANDED_OUT("start9000 9000 9001 9002 9003 9004 end9005");
	put(A, flagged(1));
	mark(A, MCR_FEED_PACKET_END, 2);
	HANDED_OUT("reset1 1 end2");
}

static void as_they_come_what_may_be_a_restart_is_out_of_order(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .order = MCR_FEED_AS_THEY_COME});
	run(1 << A, 5000, 5000);
	data(A, 1);
	HANDED_OUT("start5000 5000 1");
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_OUT_OF_ORDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_that_ascend_with_few_missing_are_a_run),
	    cmocka_unit_test(what_is_not_doubtful_breaks_a_run),
	    cmocka_unit_test(of_an_old_run_only_the_last_packets_are_kept),
	    cmocka_unit_test(more_doubtful_packets_than_there_is_room_for_are_forgotten),
	    cmocka_unit_test(copies_of_a_restart_are_compared),
	    cmocka_unit_test(two_lines_prove_a_jump_only_close_to_each_other_and_at_a_time),
	    cmocka_unit_test(the_first_numbers_of_a_line_restart_a_stream_that_nobody_else_sends),
	    cmocka_unit_test(what_is_left_over_comes_shortly_behind_and_from_the_end),
	    cmocka_unit_test(a_start_that_the_program_chose_is_over_with_a_reset),
	    cmocka_unit_test(an_end_that_is_believed_late_is_none),
	    cmocka_unit_test(below_a_start_that_the_program_chose_nothing_restarts),
	    cmocka_unit_test(a_message_that_named_a_number_too_high_is_undone),
	    cmocka_unit_test(a_loop_may_begin_again_anywhere),
	    cmocka_unit_test(marks_far_below_their_line_are_of_another_sequence),
	    cmocka_unit_test(an_end_below_what_was_handed_out_is_none),
	    cmocka_unit_test(as_they_come_what_may_be_a_restart_is_out_of_order),
	};
	return cmocka_run_group_tests(tests, NULL, unmake);
}
