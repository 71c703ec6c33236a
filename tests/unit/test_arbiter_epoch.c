/* SPDX-License-Identifier: BSD-3-Clause */
/* Generations of numbers: which packets are of which, and what brings an old one back (rule 9). */
#include "arbiter_rig.h"

static void mark_of(unsigned line, uint64_t epoch, uint8_t kind, uint64_t seq)
{
	put(line, (struct mcr_feed_packet){.seq = seq, .kind = kind, .epoch = {epoch, 7 * epoch}});
}

static void what_a_line_kept_of_old_numbers_is_forgotten_when_it_resets(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 5000, 5001);
	put(A, flagged(1));
	run(1 << B, 5002, 5003);
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 2);
	mark(B, MCR_FEED_PACKET_RESET, 1);
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 0);
	make((struct mcr_arbiter_config){.n_lines = 2});
	session(A, 7, 50);
	session(B, 7, 50);
	session(A, 8, 1);
	session(B, 7, 51);
	session(B, 7, 52);
	session(B, 9, 40); /* not behind it */
	HANDED_OUT("start50 50 reset1 1 reset40 40");
	session(B, 9, 41);
	HANDED_OUT("41");
	assert_int_equal(line_of(B).stale, 2);
}

static void a_session_may_begin_with_its_end_or_a_heartbeat(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	session(A, 7, 50);
	mark_of(A, 8, MCR_FEED_PACKET_END, 1);
	HANDED_OUT("start50 50 reset1 end1");
	assert_int_equal(line_of(A).ended, 1);
	mark_of(A, 9, MCR_FEED_PACKET_HEARTBEAT, 1);
	for (uint64_t seq = 1; seq <= 2; seq++)
		put(A, (struct mcr_feed_packet){
			   .seq = seq, .count = 1, .resets = 1, .epoch = {9, 63}});
	HANDED_OUT("reset1 1 2");
}

static void a_session_of_zeros_is_one(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	session(A, 7, 50);
	session(A, 0, 1);
	HANDED_OUT("start50 50 reset1 1");
}

static void a_line_that_left_a_session_may_begin_it_again(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	session(A, 1, 50);
	session(B, 1, 50);
	session(A, 2, 1);
	session(A, 3, 1);
	session(B, 3, 1);
	session(B, 1, 40);
	HANDED_OUT("start50 50 reset1 1 reset1 1 reset40 40");
}

static void a_session_is_left_no_more_than_a_second_for_one_that_nobody_knows(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	session(A, 7, 50);
	session(B, 7, 50);
	session(A, 99, 51); /* corrupt, and its last packet */
	session(B, 7, 51);
	pass(500 * MS);
	session(B, 7, 52);
	session(B, 7, 53);
	HANDED_OUT("start50 50 reset51 51");
	pass(500 * MS);
	session(B, 7, 54);
	HANDED_OUT("reset51 gap51 52 53 54");
}

static void a_session_that_comes_back_far_ahead_goes_on_there(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	session(A, 7, 50);
	session(A, 99, 51);
	for (uint64_t seq = 5000000; seq < 5000003; seq++)
		session(A, 7, seq);
	HANDED_OUT("start50 50 reset51 51 reset5000000 5000000 5000001 5000002");
}

static void a_session_comes_back_no_lower_than_numbers_begin(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .bits = 16});
	session(A, 7, 1);
	session(A, 99, 2);
	for (uint64_t seq = 65500; seq < 65504; seq++)
		session(A, 7, seq);
	HANDED_OUT("start1 1 reset2 2");
	assert_int_equal(line_of(A).stale, 4);
}

static void what_is_below_the_end_of_the_old_numbers_brings_nothing_back(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 5000, 5001);
	run(1 << A, 5002, 5009);
	put(A, flagged(1));
	mcr_arbiter_line_down(rig.arbiter, A, MCR_FEED_DOWN_LINK);
	drain();
	rig.text[0] = '\0';
	run(1 << B, 5002, 5009);
	HANDED_OUT("");
	assert_int_equal(line_of(B).stale, 8);
	run(1 << B, 5010, 5012);
	HANDED_OUT("reset5010 5010 5011 5012");
}

static void a_restart_begins_where_any_line_does_but_not_far_below(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 20000, 20001);
	data(B, 1); /* of something else */
	run(1 << A, 5000, 5002);
	HANDED_OUT("start20000 20000 20001 reset5000 5000 5001 5002");
	make((struct mcr_arbiter_config){.n_lines = 2, .bits = 32});
	run(1 << A | 1 << B, 3000000000, 3000000001);
	run(1 << B, 1, 2);
	run(1 << A, 2, 4);
	HANDED_OUT("start3000000000 3000000000 3000000001 reset1 1 2 3 4");
}

static void a_slow_line_that_goes_on_elsewhere_restarts_a_stream_that_stands(void **state)
{
	for (int is_moving = 0; is_moving < 2; is_moving++) {
		(void)state;
		make((struct mcr_arbiter_config){.n_lines = 2});
		run(1 << A | 1 << B, 1, 10);
		run(1 << A, 11, 9000);
		data(B, 2000); /* what it lost, perhaps */
		rig.text[0] = '\0';
		pass(500 * MS);
		if (is_moving)
			data(A, 9001);
		pass(500 * MS);
		run(1 << B, 4000, 4002);
		HANDED_OUT(is_moving ? "9001" : "reset4000 4000 4001 4002");
	}
}

static void copies_of_the_packet_that_resets_are_compared(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .compare = 1});
	run(1 << A | 1 << B, 5000, 5000);
	put(A, flagged(1));
	struct mcr_feed_packet other = flagged(1);

	other.hash = 99;
	put(B, other);
	HANDED_OUT("start5000 5000 reset1 1 mismatch1");
	put(B, flagged(1));
	HANDED_OUT("");
}

static void as_they_come_old_numbers_are_out_of_order(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .bits = 16, .order = MCR_FEED_AS_THEY_COME});
	run(1 << A | 1 << B, 65534, 65535);
	run(1 << A | 1 << B, 0, 1);
	put(A, flagged(20000));
	rig.text[0] = '\0';
	data(B, 2);
	HANDED_OUT("2");
	assert_int_equal(rig.last.seq, 2 * 65536 + 2);
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_OUT_OF_ORDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_line_kept_of_old_numbers_is_forgotten_when_it_resets),
	    cmocka_unit_test(a_session_may_begin_with_its_end_or_a_heartbeat),
	    cmocka_unit_test(a_session_of_zeros_is_one),
	    cmocka_unit_test(a_line_that_left_a_session_may_begin_it_again),
	    cmocka_unit_test(a_session_is_left_no_more_than_a_second_for_one_that_nobody_knows),
	    cmocka_unit_test(a_session_that_comes_back_far_ahead_goes_on_there),
	    cmocka_unit_test(a_session_comes_back_no_lower_than_numbers_begin),
	    cmocka_unit_test(what_is_below_the_end_of_the_old_numbers_brings_nothing_back),
	    cmocka_unit_test(a_restart_begins_where_any_line_does_but_not_far_below),
	    cmocka_unit_test(a_slow_line_that_goes_on_elsewhere_restarts_a_stream_that_stands),
	    cmocka_unit_test(copies_of_the_packet_that_resets_are_compared),
	    cmocka_unit_test(as_they_come_old_numbers_are_out_of_order),
	};
	return cmocka_run_group_tests(tests, NULL, unmake);
}
