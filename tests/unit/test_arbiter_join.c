/* SPDX-License-Identifier: BSD-3-Clause */
/* A generation has begun on one line: when the others are in it (rule 9). */
#include "arbiter_rig.h"

/* Line A is in the numbers from `first` on, line B is not. */
static void begin(uint64_t first, unsigned n_lines)
{
	make((struct mcr_arbiter_config){.n_lines = n_lines});
	run((1u << n_lines) - 1, 5000, 5001);
	put(A, flagged(first));
	rig.text[0] = '\0';
}

static void a_line_that_goes_on_is_of_the_old_numbers_for_however_long(void **state)
{
	(void)state;
	begin(1, 2);
	run(1 << B, 5002, 6500);
	HANDED_OUT("");
	assert_int_equal(line_of(B).stale, 1499);
	data(B, 1ull << 40); /* corrupt */
	data(B, 6501);
	data(B, 4200); /* out of order */
	data(B, 3500); /* late, by more than a restart goes back */
	HANDED_OUT("");
	assert_int_equal(line_of(B).stale, 1503);
	data(B, 2);
	HANDED_OUT("2");
	assert_int_equal(line_of(B).stale, 1503);
}

static void a_line_that_lost_the_packet_that_says_so_joins_by_its_number(void **state)
{
	(void)state;
	begin(70000, 2);
	data(B, 70001);
	HANDED_OUT("70001");
	begin(5004, 2); /* nearly where it was */
	run(1 << A, 5005, 5006);
	HANDED_OUT("5005 5006");
	data(B, 5003);
	assert_int_equal(line_of(B).stale, 1);
	data(B, 5005); /* was handed out already: no gap can follow */
	assert_int_equal(line_of(B).duplicates, 3);
	data(B, 5007);
	HANDED_OUT("5007");
}

static void a_line_that_was_far_behind_joins_where_the_others_are(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 10);
	run(1 << A, 11, 9000);
	put(A, flagged(500));
	rig.text[0] = '\0';
	data(B, 501);
	HANDED_OUT("501");
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 10);
	run(1 << A, 11, 9000);
	put(A, flagged(7000));
	rig.text[0] = '\0';
	data(B, 11);
	HANDED_OUT("");
	assert_int_equal(line_of(B).stale, 1);
}

static void a_reset_that_is_said_again_is_the_same_one(void **state)
{
	(void)state;
	begin(1, 1);
	put(A, flagged(3)); /* 2 is lost */
	HANDED_OUT("gap2 3");
	pass(2 * MS); /* but few packets */
	assert_int_equal(line_of(A).lost, 1);
	put(A, flagged(4));
	HANDED_OUT("4");
	run(1 << A, 5, 9);
	pass(2 * MS);
	put(A, flagged(10));
	HANDED_OUT("5 6 7 8 9 reset10 10");
	put(A, flagged(1)); /* behind its beginning */
	HANDED_OUT("reset1 1");
	mark(A, MCR_FEED_PACKET_RESET, 500); /* where the line is not */
	HANDED_OUT("reset500");
	put(A, flagged(5000)); /* far beyond it */
	HANDED_OUT("reset5000 5000");
}

static void a_line_behind_by_two_resets_begins_none_again(void **state)
{
	static const uint64_t firsts[][2] = {{1, 70000}, {70000, 1}};

	(void)state;
	for (int is_message = 0; is_message < 2; is_message++)
		for (int i = 0; i < 2; i++) {
			make((struct mcr_arbiter_config){.n_lines = 2});
			run(1 << A | 1 << B, 5000, 5001);
			for (unsigned line = A; line <= B; line++)
				for (int k = 0; k < 2; k++) {
					uint64_t first = firsts[i][k];

					if (is_message)
						mark(line, MCR_FEED_PACKET_RESET, first);
					else
						put(line, flagged(first));
					run(1u << line, first + !is_message, first + 8);
					pass(2 * MS);
				}
			assert_int_equal(stats().resets, 2);
			assert_int_equal(stats().messages, 20);
			assert_int_equal(stats().gaps, 0);
			assert_int_equal(line_of(B).stale, 9);
			assert_int_equal(line_of(B).duplicates, 11);
		}
}

static void each_packet_that_says_so_again_counts_anew(void **state)
{
	(void)state;
	begin(1, 1);
	run(1 << A, 2, 3);
	put(A, flagged(4));
	run(1 << A, 5, 7);
	pass(2 * MS);
	put(A, flagged(8));
	HANDED_OUT("2 3 4 5 6 7 8");
	begin(1, 2);
	run(1 << A, 2, 9);
	pass(2 * MS);
	put(B, flagged(1));
	put(A, flagged(1)); /* a copy of what B has just said */
	HANDED_OUT("2 3 4 5 6 7 8 9");
}

static void a_line_that_says_what_a_run_has_proven_resets_nothing(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 5000, 5001);
	run(1 << A, 1, 3);
	put(B, flagged(1));
	run(1 << B, 2, 4);
	HANDED_OUT("start5000 5000 5001 reset1 1 2 3 4");
}

static void what_lines_lost_of_the_first_numbers_is_counted(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 5000, 5001);
	mark(A, MCR_FEED_PACKET_RESET, 1);
	mark(B, MCR_FEED_PACKET_RESET, 1);
	run(1 << A | 1 << B, 3, 3);
	pass(2 * MS);
	HANDED_OUT("start5000 5000 5001 reset1 gap1-2 3");
	assert_int_equal(line_of(A).lost, 2);
	assert_int_equal(line_of(B).lost, 2);
	make((struct mcr_arbiter_config){.n_lines = 1, .reorder = 8});
	for (int i = 0; i < 2; i++) {
		data(A, 1);
		data(A, 3);
		if (i == 0)
			put(A, flagged(1));
	}
	data(A, 2);
	pass(2 * MS);
	assert_int_equal(line_of(A).lost, 1); /* of the first numbers, not of these */
}

static void lines_skip_what_they_lost_whole(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 5000, 5001);
	put(A, flagged(70000));
	pass(2 * MS);
	run(1 << A, 70001, 70008);
	put(A, flagged(1));
	run(1 << A, 2, 3);
	put(B, flagged(1)); /* the one between is lost */
	run(1 << B, 2, 4);
	assert_int_equal(stats().resets, 2);
	assert_int_equal(line_of(B).stale, 0);
	assert_int_equal(line_of(B).first, 1);
	make((struct mcr_arbiter_config){.n_lines = 2});
	session(A, 7, 1);
	session(B, 7, 1);
	session(A, 8, 1);
	session(A, 9, 1);
	rig.text[0] = '\0';
	put(B, (struct mcr_feed_packet){.seq = 6000, .count = 1, .resets = 1, .epoch = {9, 63}});
	HANDED_OUT("gap2-5999 6000"); /* of the session it is, whatever was lost */
}

static void messages_that_name_other_numbers_are_of_other_resets(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 5000, 5001);
	for (unsigned line = A; line <= B; line++) {
		mark(line, MCR_FEED_PACKET_RESET, 520);
		run(1u << line, 520, 528);
		pass(2 * MS);
		mark(line, MCR_FEED_PACKET_RESET, 500);
		run(1u << line, 500, 508);
		pass(2 * MS);
	}
	assert_int_equal(stats().resets, 2);
	assert_int_equal(stats().gaps, 0);
	assert_int_equal(line_of(B).stale, 9);
}

static void a_heartbeat_resets_nothing_whatever_its_flag(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	run(1 << A, 5000, 5001);
	for (int i = 0; i < 4; i++)
		put(A, (struct mcr_feed_packet){
			   .seq = 1, .resets = 1, .kind = MCR_FEED_PACKET_HEARTBEAT});
	data(A, 5002);
	HANDED_OUT("start5000 5000 5001 5002");
	assert_int_equal(line_of(A).heartbeats, 4);
}

static void a_session_that_no_line_was_in_begins(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	session(A, 1, 50);
	session(B, 1, 50);
	session(A, 2, 1);
	session(B, 5, 10);
	HANDED_OUT("start50 50 reset1 1 reset10 10");
	make((struct mcr_arbiter_config){.n_lines = 2});
	session(A, 1, 50);
	session(B, 1, 50);
	session(A, 2, 1);
	session(A, 3, 1);
	mcr_arbiter_line_down(rig.arbiter, A, MCR_FEED_DOWN_LINK);
	drain();
	rig.text[0] = '\0';
	for (uint64_t seq = 51; seq < 55; seq++)
		session(B, 1, seq); /* of the last but one: nobody knows whether it is over */
	HANDED_OUT("");
	assert_int_equal(line_of(B).stale, 4);
}

static void put_hash(unsigned line, uint64_t seq, uint64_t hash)
{
	put(line, (struct mcr_feed_packet){.seq = seq, .count = 1, .hash = hash});
}

static void copies_of_what_is_held_and_of_what_was_late_are_compared(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .compare = 1});
	run(1 << A | 1 << B, 1, 2);
	data(A, 4);
	put_hash(B, 4, 99);
	HANDED_OUT("start1 1 2 mismatch4 gap3 4");
	data(B, 3);
	put_hash(A, 3, 99);
	HANDED_OUT("late3 mismatch3");
}

static void as_they_come_flags_say_what_became_of_it(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .order = MCR_FEED_AS_THEY_COME});
	data(A, 10);
	data(B, 10);
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_DUPLICATE);
	data(B, 5);
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_OUT_OF_ORDER); /* before the start */
	data(A, 12);
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_OUT_OF_ORDER);
	data(B, 12);
	rig.flags = 0;
	data(B, 11);
	assert_int_equal(rig.flags, MCR_FEED_FLAG_LATE | MCR_FEED_FLAG_OUT_OF_ORDER);
	data(B, 1ull << 40);
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_OUT_OF_ORDER);
}

static void who_brought_an_implausible_number_is_said(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	data(A, 1);
	data(B, 1ull << 40);
	assert_int_equal(rig.last.kind, MCR_FEED_IMPLAUSIBLE);
	assert_int_equal(rig.last.mismatch.first_line, B);
	assert_int_equal(rig.last.mismatch.seq, 1ull << 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_that_goes_on_is_of_the_old_numbers_for_however_long),
	    cmocka_unit_test(a_line_that_lost_the_packet_that_says_so_joins_by_its_number),
	    cmocka_unit_test(a_line_that_was_far_behind_joins_where_the_others_are),
	    cmocka_unit_test(a_reset_that_is_said_again_is_the_same_one),
	    cmocka_unit_test(a_line_behind_by_two_resets_begins_none_again),
	    cmocka_unit_test(each_packet_that_says_so_again_counts_anew),
	    cmocka_unit_test(a_line_that_says_what_a_run_has_proven_resets_nothing),
	    cmocka_unit_test(what_lines_lost_of_the_first_numbers_is_counted),
	    cmocka_unit_test(lines_skip_what_they_lost_whole),
	    cmocka_unit_test(messages_that_name_other_numbers_are_of_other_resets),
	    cmocka_unit_test(a_heartbeat_resets_nothing_whatever_its_flag),
	    cmocka_unit_test(a_session_that_no_line_was_in_begins),
	    cmocka_unit_test(copies_of_what_is_held_and_of_what_was_late_are_compared),
	    cmocka_unit_test(as_they_come_flags_say_what_became_of_it),
	    cmocka_unit_test(who_brought_an_implausible_number_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, unmake);
}
