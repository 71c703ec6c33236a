/* SPDX-License-Identifier: BSD-3-Clause */
/* What is held, and why a hole is given up or only named (rules 4, 5; hold_on_gap). */
#include <errno.h>

#include "arbiter_rig.h"

static int insert(uint64_t seq)
{
	static struct mcr_msg msg;

	msg.rx_ns = rig.ns;
	int rc = mcr_arbiter_insert(rig.arbiter, 0, seq, 1, &msg, 0);

	drain();
	return rc;
}

static void one_mark_is_held_for_a_number(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 5);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 5);
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 1);
	data_of(A, 0, 6, 2);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 8); /* behind it: nothing new */
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 2);
}

static void a_stream_that_waits_goes_on_when_there_is_no_more_room(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .hold_on_gap = 1, .window = 4});
	run(1 << A, 1, 2);
	run(1 << A, 4, 6);
	HANDED_OUT("start1 1 2 gap3");
	data(A, 7);
	HANDED_OUT("4 5 6 7");
	assert_true(rig.flags & MCR_FEED_FLAG_AFTER_GAP);
	assert_int_equal(stats().gaps, 1);
	assert_int_equal(stats().gap_messages, 1);
	data(A, 8);
	HANDED_OUT("8");
	assert_int_equal(insert(3), 0);
	HANDED_OUT("late3");
}

static void a_stream_waits_at_a_hole_whose_time_is_over(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .hold_on_gap = 1});
	run(1 << A | 1 << B, 1, 2);
	data(A, 4);
	pass(2 * MS);
	HANDED_OUT("start1 1 2 gap3");
	assert_int_equal(rig.last.gap.why, MCR_FEED_GAP_TIMEOUT);
	assert_int_equal(rig.last.ns, rig.ns - MS);
	data(B, 4);
	pass(2 * MS);
	HANDED_OUT("");
	assert_int_equal(insert(3), 0);
	HANDED_OUT("3 4");
	assert_int_equal(stats().gaps, 1);
}

static int drop(void *ctx, struct mcr_msg *msg, unsigned line, uint64_t *held)
{
	(void)ctx;
	(void)msg;
	(void)line;
	(void)held;
	return MCR_ARBITER_DROP;
}

static void only_what_was_not_named_yet_is_named(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .hold_on_gap = 1});
	data(A, 1);
	data(A, 3);
	HANDED_OUT("start1 1 gap2");
	mcr_arbiter_held(rig.arbiter, 1 << A, drop, NULL);
	data(A, 5);
	HANDED_OUT("gap3-ring"); /* it was there */
}

static void counters_say_what_became_of_holes(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	run(1 << A, 1, 2);
	run(1 << A, 5, 6);
	data(A, 4);
	HANDED_OUT("start1 1 2 gap3-4 5 6 late4");
	assert_int_equal(key_of(0).gaps, 1);
	assert_int_equal(key_of(0).gap_messages, 2);
	assert_int_equal(key_of(0).late_messages, 1);
	assert_int_equal(key_of(0).hole_ns, 0);
	assert_int_equal(stats().gaps_filled, 0);
	assert_int_equal(stats().gaps_opened, 0);
	put(A, flagged(1));
	assert_int_equal(key_of(0).resets, 1);
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	data(A, 4);
	assert_int_equal(key_of(0).hole_ns, rig.ns);
	pass(2 * MS);
	data(A, 6);
	pass(2 * MS);
	assert_int_equal(stats().gaps_opened, 2);
	assert_int_equal(stats().gaps_filled, 0);
}

static void data_behind_a_gap_that_nothing_was_held_for_say_so(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .held_max = 1});
	data_of(A, 7, 1, 1);
	data_of(A, 7, 3, 1); /* there is no more room */
	run(1 << A | 1 << B, 1, 2);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 5);
	HANDED_OUT("start1 1 start1 1 2 gap3-4");
	data(A, 5);
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_AFTER_GAP);
}

static void events_that_nobody_asked_for_are_not_said(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){
	    .n_lines = 1, .events = 1u << MCR_FEED_RESET, .silence_ns = MS});
	data(A, 1);
	data(A, 3);
	mark(A, MCR_FEED_PACKET_END, 4);
	pass(2 * MS);
	data(A, 1ull << 40);
	HANDED_OUT("1 3");
}

static void what_is_late_is_late_piece_by_piece(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	run(1 << A, 6, 7);
	pass(2 * MS);
	HANDED_OUT("start1 1 2 gap3-5 6 7");
	run(1 << B, 3, 8);
	HANDED_OUT("late3 late4 late5 8");
	assert_int_equal(line_of(B).late, 3);
	assert_int_equal(line_of(B).duplicates, 4);
}

static void ranges_of_numbers_that_are_over_are_evicted(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .events = 1u << MCR_FEED_RESET});
	for (uint64_t first = 3; first >= 1; first--) {
		put(A, flagged(first));
		for (uint64_t seq = 10; seq < 3000; seq += 2)
			data(A, seq);
		rig.text[0] = '\0';
		pass(2 * MS);
	}
	assert_int_equal(stats().gaps, 3 * 1495);
	assert_int_equal(line_of(A).lost, 3 * 1494 + 6 + 7 + 8);
}

static void a_stream_that_begins_behind_a_lap_has_an_unknown_loss(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 1);
	mcr_arbiter_lapped(rig.arbiter, 1 << A, 17);
	data_of(B, 8, 1, 1);
	data_of(B, 8, 3, 1);
	rig.text[0] = '\0';
	pass(2 * MS); /* nothing came on A since */
	HANDED_OUT("gap2-ring 3");
}

static void behind_a_number_that_the_program_chose_all_is_new(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .bits = 32});
	data(A, 1);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 3);
	assert_int_equal(mcr_arbiter_resume(rig.arbiter, 0, 9), 0); /* as on the wire */
	drain();
	data(A, 9);
	HANDED_OUT("start1 1 gap2 reset9 9");
	assert_int_equal(rig.last.flags, 0);
	assert_int_equal(rig.last.seq, (1ull << 32) + 9);
	assert_int_equal(insert(1ull << 60), -EINVAL);
}

static void what_a_line_lacks_is_lost_when_the_others_have_passed_it_or_are_down(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	data(A, 5);
	assert_int_equal(line_of(A).lost, 0);
	mcr_arbiter_line_down(rig.arbiter, B, MCR_FEED_DOWN_LINK);
	assert_int_equal(line_of(A).lost, 2);
	drain();
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 5000, 5001);
	put(A, flagged(1));
	data(A, 3);
	assert_int_equal(line_of(A).lost, 0); /* B is not in these numbers */
}

static void what_is_inserted_is_of_no_line(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .events = UINT32_MAX, .late = 1});
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 9011);
	put(A, flagged(2));
	data_of(B, 0, 9003, 4);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 9011);
	HANDED_OUT("start9011 reset2 2 implausible9003 gap3-9010");
	assert_int_equal(insert(5), 0);
	HANDED_OUT("late5 5");
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_LATE | MCR_FEED_FLAG_INSERTED);
	rig.flags = 0;
	data_of(B, 0, 9007, 4);
	HANDED_OUT("late9007-9010 9007-9010 late9003-9006 9003-9006");
	assert_int_equal(rig.flags, MCR_FEED_FLAG_LATE);
	run(1 << A, 9011, 9011);
	data(A, 9013);
	assert_int_equal(insert(9012), 0);
	HANDED_OUT("9011 9012 9013");
	assert_true(rig.flags & MCR_FEED_FLAG_INSERTED);
	assert_int_equal(stats().switches, 0);
}

static void a_run_that_was_given_up_is_said_to_be_late(void **state)
{
	(void)state;
	for (uint8_t order = MCR_FEED_IN_ORDER; order <= MCR_FEED_AS_THEY_COME; order++) {
		make((struct mcr_arbiter_config){.n_lines = 2, .order = order, .late = order});
		mark(A, MCR_FEED_PACKET_HEARTBEAT, 9011);
		put(A, flagged(2));
		data_of(B, 0, 9003, 4);
		mark(A, MCR_FEED_PACKET_HEARTBEAT, 9011);
		data_of(B, 0, 9007, 4);
		HANDED_OUT(order == MCR_FEED_IN_ORDER
			       ? "start9011 reset2 2 implausible9003 gap3-9010 late9007-9010 "
				 "late9003-9006"
			       : "start9011 reset2 2 implausible9003 9003-9006 gap3-9010 "
				 "9007-9010 late9007-9010 late9003-9006");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_mark_is_held_for_a_number),
	    cmocka_unit_test(a_stream_that_waits_goes_on_when_there_is_no_more_room),
	    cmocka_unit_test(a_stream_waits_at_a_hole_whose_time_is_over),
	    cmocka_unit_test(only_what_was_not_named_yet_is_named),
	    cmocka_unit_test(counters_say_what_became_of_holes),
	    cmocka_unit_test(data_behind_a_gap_that_nothing_was_held_for_say_so),
	    cmocka_unit_test(events_that_nobody_asked_for_are_not_said),
	    cmocka_unit_test(what_is_late_is_late_piece_by_piece),
	    cmocka_unit_test(ranges_of_numbers_that_are_over_are_evicted),
	    cmocka_unit_test(a_stream_that_begins_behind_a_lap_has_an_unknown_loss),
	    cmocka_unit_test(behind_a_number_that_the_program_chose_all_is_new),
	    cmocka_unit_test(what_a_line_lacks_is_lost_when_the_others_have_passed_it_or_are_down),
	    cmocka_unit_test(what_is_inserted_is_of_no_line),
	    cmocka_unit_test(a_run_that_was_given_up_is_said_to_be_late),
	};
	return cmocka_run_group_tests(tests, NULL, unmake);
}
