/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines: up, down, silent; what each of them lost; copies (rules 6 to 8, 10 to 12, 16). */
#include "arbiter_rig.h"

static void a_silent_line_is_down_and_all_are_silence(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .silence_ns = 10 * MS});
	run(1 << A | 1 << B, 1, 2);
	pass(5 * MS);
	data(B, 3);
	pass(5 * MS);
	HANDED_OUT("start1 1 2 3 down:0");
	assert_int_equal(rig.last.down.why, MCR_FEED_DOWN_SILENT);
	pass(5 * MS);
	HANDED_OUT("down:1 silence:1");
	assert_int_equal(rig.last.ns, rig.ns);
	data(A, 4);
	HANDED_OUT("up:0 heard:0 4");
	assert_int_equal(stats().silences, 1);
	assert_int_equal(line_of(B).is_up, 0);
}

static void time_stands_where_the_slowest_ring_was_read(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .silence_ns = 10 * MS});
	run(1 << A | 1 << B, 1, 2);
	rig.ns += 5000 * MS; /* read late, but all was there */
	run(1 << A, 4, 5);
	run(1 << B, 3, 5);
	pass(0);
	HANDED_OUT("start1 1 2 3 4 5");
	mcr_arbiter_time(rig.arbiter, 7); /* never goes back */
	drain();
	HANDED_OUT("");
}

static void silence_is_not_judged_while_the_feed_sleeps(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .silence_ns = 10 * MS});
	data(A, 1);
	mcr_arbiter_awake(rig.arbiter, 0);
	pass(1000 * MS);
	HANDED_OUT("start1 1");
	mcr_arbiter_awake(rig.arbiter, 1);
	pass(9 * MS);
	HANDED_OUT("");
	pass(1 * MS);
	HANDED_OUT("down:0 silence:0");
}

static void a_line_whose_engine_is_gone_is_waited_for_no_longer(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	data(A, 4);
	mcr_arbiter_line_down(rig.arbiter, B, MCR_FEED_DOWN_ENGINE);
	drain();
	HANDED_OUT("start1 1 2 down:1 gap3 4");
	data(A, 6);
	HANDED_OUT("gap5 6");
	data(B, 6);
	HANDED_OUT("up:1");
}

static void a_line_has_lost_what_it_passed_and_never_brought(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << B, 1, 8);
	run(1 << A, 1, 2);
	data(A, 5);
	data(A, 4); /* out of order is not lost */
	data(A, 4);
	run(1 << A, 6, 6);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 9);
	assert_int_equal(line_of(A).lost, 3); /* 3, 7, 8: B has passed them */
	assert_int_equal(line_of(A).out_of_order, 2);
	pass(10 * MS);
	assert_int_equal(line_of(A).lost, 3);
	data(A, 7);
	assert_int_equal(line_of(A).lost, 2);
	assert_int_equal(line_of(B).lost, 0);
}

/* In order and as they come. */
static void a_line_fills_what_another_one_passed_without_it(void **state)
{
	(void)state;
	for (uint8_t order = 0; order < 2; order++) {
		make((struct mcr_arbiter_config){.n_lines = 2, .order = order});
		run(1 << A | 1 << B, 1, 2);
		data(A, 5);
		run(1 << B, 3, 7);
		assert_int_equal(line_of(B).filled, 2);
		data(A, 9); /* B had those first: 6 and 7 */
		data(A, 8); /* its own, out of order */
		assert_int_equal(line_of(A).filled, 0);
		data_of(B, 0, 8, 4);
		assert_int_equal(line_of(B).filled, 2);
		data(A, 14);
		data(B, 13); /* 12 is given up, 13 was held */
		assert_int_equal(line_of(B).filled, 3);
		data(B, 12); /* late */
		data(A, 17);
		data_of(B, 0, 12, 5); /* late, again and, 15 and 16, new */
		assert_int_equal(line_of(B).filled, 5);
		assert_int_equal(line_of(A).filled, 0);
	}
}

/* What the reader missed of a line is not lacked. */
static void a_number_that_two_lines_lack_is_filled_once(void **state)
{
	enum {
		C = 2
	};

	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 3});
	run(1 << A | 1 << B | 1 << C, 1, 1);
	mcr_arbiter_lapped(rig.arbiter, 1 << C, 1);
	mark(C, MCR_FEED_PACKET_HEARTBEAT, 3);
	data(C, 6);                            /* lacks 3 to 5 */
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 4); /* lacks 2 and 3 */
	data_of(B, 0, 2, 4);
	assert_int_equal(line_of(B).filled, 4);
	assert_int_equal(line_of(C).filled, 0);
	mcr_arbiter_lapped(rig.arbiter, 1 << C, 1);
	data(C, 9);
	run(1 << B, 6, 8);
	assert_int_equal(line_of(B).filled, 4);
}

/* What is next comes behind what the same packet brings late. */
static void what_comes_with_something_late_fills_as_well(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 1);
	data(A, 4);
	pass(1 * MS);
	data(A, 7);
	data_of(B, 0, 2, 5);
	HANDED_OUT("start1 1 gap2-3 4 late2-3 5-6 7");
	assert_int_equal(line_of(B).filled, 2);
}

static void a_loss_is_settled_when_the_other_line_had_its_chance(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .gap_timeout_ns = MS});
	run(1 << A | 1 << B, 1, 2);
	data(A, 5);
	assert_int_equal(line_of(A).lost, 0);
	pass(MS);
	assert_int_equal(line_of(A).lost, 2);
}

static void the_first_copy_stands_and_another_is_a_mismatch(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .compare = 1});
	run(1 << A | 1 << B, 1, 2);
	data(A, 3);
	put(B, (struct mcr_feed_packet){.seq = 3, .count = 1, .hash = 99});
	HANDED_OUT("start1 1 2 3 mismatch3");
	assert_int_equal(rig.last.mismatch.first_line, A);
	data_of(A, 0, 4, 2);
	data(B, 4);
	HANDED_OUT("4-5");
	assert_int_equal(stats().not_comparable, 1);
	assert_int_equal(stats().mismatches, 1);
	assert_int_equal(line_of(B).mismatches, 1);
	assert_int_equal(line_of(B).duplicates, 3);
}

static void how_far_a_line_is_behind_is_counted_by_powers_of_two(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 1);
	data(A, 2);
	rig.ns += 100;
	data(B, 2);
	rig.ns += 100;
	data(B, 3);
	rig.ns += 40 * US;
	data(A, 3);
	assert_int_equal(line_of(B).behind[0], 1);
	assert_int_equal(line_of(B).behind[3], 1); /* 64 to 127 ns */
	assert_int_equal(line_of(B).behind_max_ns, 100);
	assert_int_equal(line_of(A).behind[12], 1); /* 32,768 to 65,535 ns */
	assert_int_equal(line_of(A).behind_max_ns, 40 * US);
}

static void what_lies_below_the_start_is_before_it(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	data(A, 100);
	run(1 << B, 95, 101);
	HANDED_OUT("start100 100 101");
	assert_int_equal(line_of(B).before_start, 5);
	assert_int_equal(line_of(B).duplicates, 1);
	make((struct mcr_arbiter_config){.n_lines = 1, .start_seq = 3});
	run(1 << A, 1, 4);
	HANDED_OUT("start3 3 4");
	make((struct mcr_arbiter_config){.n_lines = 1, .start_seq = 3});
	run(1 << A, 5, 6);
	HANDED_OUT("start3 gap3-4 5 6");
}

static void streams_have_numbers_of_their_own(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .keys_max = 2, .reorder = 9});
	data_of(A, 7, 1, 1);
	data_of(A, 8, 900, 1);
	data_of(A, 7, 3, 1);
	data_of(A, 8, 901, 1);
	HANDED_OUT("start1 1 start900 900 901");
	assert_int_equal(rig.last.key, 1);
	data_of(A, 7, 2, 1);
	HANDED_OUT("2 3");
	data_of(A, 9, 5, 1);
	data_of(A, 9, 6, 1);
	HANDED_OUT("full5"); /* said once */
	assert_int_equal(stats().keys_refused, 2);
	assert_true(mcr_arbiter_key_bytes(2) <= 256);
}

static void what_has_no_number_touches_no_stream(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .unsequenced = 1});
	data(A, 1);
	mark(A, MCR_FEED_PACKET_UNSEQUENCED, 0);
	assert_true(rig.last.flags & MCR_FEED_FLAG_UNSEQUENCED);
	rig.text[0] = '\0';
	mark(A, MCR_FEED_PACKET_NOT_TRACKED, 1);
	mark(A, MCR_FEED_PACKET_MALFORMED, 0);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 0); /* no sequence of its own */
	data(A, 2);
	HANDED_OUT("2");
	assert_int_equal(line_of(A).unsequenced, 1);
	assert_int_equal(line_of(A).not_tracked, 1);
	assert_int_equal(line_of(A).malformed, 1);
}

static void a_change_of_line_is_said_to_who_asks(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .events = 1u << MCR_FEED_LINE_SWITCH});
	run(1 << A | 1 << B, 1, 2);
	data(B, 3);
	data(A, 5);
	data(B, 4);
	HANDED_OUT("1 2 switch:1 3 4 switch:0 5");
	assert_int_equal(stats().switches, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_silent_line_is_down_and_all_are_silence),
	    cmocka_unit_test(time_stands_where_the_slowest_ring_was_read),
	    cmocka_unit_test(silence_is_not_judged_while_the_feed_sleeps),
	    cmocka_unit_test(a_line_whose_engine_is_gone_is_waited_for_no_longer),
	    cmocka_unit_test(a_line_has_lost_what_it_passed_and_never_brought),
	    cmocka_unit_test(a_line_fills_what_another_one_passed_without_it),
	    cmocka_unit_test(a_number_that_two_lines_lack_is_filled_once),
	    cmocka_unit_test(what_comes_with_something_late_fills_as_well),
	    cmocka_unit_test(a_loss_is_settled_when_the_other_line_had_its_chance),
	    cmocka_unit_test(the_first_copy_stands_and_another_is_a_mismatch),
	    cmocka_unit_test(how_far_a_line_is_behind_is_counted_by_powers_of_two),
	    cmocka_unit_test(what_lies_below_the_start_is_before_it),
	    cmocka_unit_test(streams_have_numbers_of_their_own),
	    cmocka_unit_test(what_has_no_number_touches_no_stream),
	    cmocka_unit_test(a_change_of_line_is_said_to_who_asks),
	};
	return cmocka_run_group_tests(tests, NULL, unmake);
}
