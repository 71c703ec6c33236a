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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_that_ascend_with_few_missing_are_a_run),
	    cmocka_unit_test(what_is_not_doubtful_breaks_a_run),
	    cmocka_unit_test(of_an_old_run_only_the_last_packets_are_kept),
	    cmocka_unit_test(more_doubtful_packets_than_there_is_room_for_are_forgotten),
	    cmocka_unit_test(copies_of_a_restart_are_compared),
	};
	return cmocka_run_group_tests(tests, NULL, unmake);
}
