/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed as a source of the sink: each number once, or told as missing, wherever it is stopped. */
#include "sink_feed_rig.h"

static void messages_of_two_lines_are_read_once_and_in_order(void **state)
{
	struct sink_rig r;

	rig_sink(&r, 1 << 20, "");
	start(&r, NULL);
	for (uint64_t i = 0; i < 100; i++)
		send_on(&r, i % 3 == 2 ? -1 : (int)(i % 3), 1 + 3 * i, 3);
	await(&r, has_read(&r, 300));
	expect_numbers(&r, 1, 300);
	assert_int_equal(r.n, 100);
	assert_string_equal(r.kept[0].h.name, "test");
	assert_string_equal(r.kept[0].h.key,
			    "session=" RIG_SESSION ",flow=0,group=239.1.1.1,port=5000");
	assert_string_equal(r.kept[0].h.scope, "00");
	assert_string_equal(r.kept[0].h.epoch, "30303030303132333435");
	assert_string_equal(r.kept[0].h.line, "A");
	assert_string_equal(r.kept[1].h.line, "B");
	assert_memory_equal(r.kept[0].h.source + 12, "\x0a\0\0\1", 4);
	assert_int_equal(r.kept[0].h.source_port, 6000);
	assert_string_equal(r.kept[1].id, "test.00.30303030303132333435.4");
	assert_string_equal(r.kept[0].subject, "mcring.test.flow-0-group-239-1-1-1-port-5000");
	assert_int_equal(r.kept[1].cell, r.kept[0].cell + 1);
	rig_sink_destroy(&r);
}

static void lines_that_pack_otherwise_are_cut_to_what_is_new(void **state)
{
	struct sink_rig r;

	rig_sink(&r, 1 << 20, "");
	start(&r, NULL);
	send_on(&r, 0, 1, 4);
	send_on(&r, 1, 3, 4); /* 3 and 4 were there */
	await(&r, has_read(&r, 6));
	expect_numbers(&r, 1, 6);
	assert_int_equal(r.kept[1].h.skip, 2);
	assert_int_equal(r.kept[1].h.count, 2);
	rig_sink_destroy(&r);
}

static void a_cell_ends_where_pack_divides_the_number(void **state)
{
	struct sink_rig r;

	rig_sink(&r, 1 << 20, "");
	r.options.pack = 4;
	start(&r, NULL);
	for (uint64_t i = 2; i <= 21; i++)
		send_on(&r, 0, i, 1);
	await(&r, has_read(&r, 21));
	for (size_t i = 1; i < r.n; i++)
		assert_int_equal(r.kept[i].cell - r.kept[i - 1].cell, r.kept[i].h.number % 4 == 0);
	assert_int_equal(feed_calls.behind(&r.src), 0);
	feed_calls.flush(&r.s, &r.src);
	stop(&r);
	start(&r, NULL); /* without a position all of it comes again, in the same cells */
	r.n = 0;
	await(&r, has_read(&r, 21));
	for (size_t i = 1; i < r.n; i++)
		assert_int_equal(r.kept[i].cell - r.kept[i - 1].cell, r.kept[i].h.number % 4 == 0);
	rig_sink_destroy(&r);
}

static void a_cell_ends_when_it_is_old(void **state)
{
	struct sink_rig r;
	unsigned cells;

	rig_sink(&r, 1 << 20, "");
	r.options.pack = 1000;
	r.options.linger_ns = 5000;
	r.ns += UINT64_C(3600000000000); /* to the clock none of it is old */
	start(&r, NULL);
	for (uint64_t i = 1; i <= 20; i++) /* 1 us each */
		send_on(&r, 0, i, 1);
	await(&r, has_read(&r, 20));
	for (size_t i = 1; i < r.n; i++)
		assert_int_equal(r.kept[i].cell - r.kept[i - 1].cell, i % 5 == 0);
	/* And by the clock. */
	r.ns = rig_now_ns();
	cells = r.cells;
	stop(&r);
	start(&r, NULL);
	r.n = 0;
	await(&r, has_read(&r, 20));
	r.ns += UINT64_C(7200000000000);
	send_on(&r, 0, 21, 1);
	await(&r, has_read(&r, 21));
	assert_true(r.cells > cells);
	rig_sink_destroy(&r);
}

static void an_open_cell_ends_by_the_clock_when_nothing_comes(void **state)
{
	struct sink_rig r;
	json_t *json;

	rig_sink(&r, 1 << 20, "");
	r.options.pack = 1000;
	r.options.linger_ns = 1;
	start(&r, NULL);
	send_on(&r, 0, 1, 1);
	await(&r, has_read(&r, 1));
	const unsigned cell = r.kept[0].cell;
	await(&r, r.cells > cell);
	json = position(&r);
	stop(&r);
	start(&r, json);
	send_on(&r, 0, 2, 1);
	await(&r, has_read(&r, 2));
	expect_numbers(&r, 1, 2);
	rig_sink_destroy(&r);
}

/* ---- stopped and started ---- */

/* Reads until there are n items more, or all: by one item at a time, since the memory is short. */
static void read_some(struct sink_rig *r, size_t n, uint64_t last)
{
	const size_t until = r->n + n;

	r->room = 0;
	await(r, r->n == until || has_read(r, last) || (r->room = 1, 0));
	r->room = -1;
}

static void a_sink_that_starts_again_goes_on_where_it_was_at_each_point(void **state)
{
	for (uint32_t pack = 1; pack <= 4; pack += 3)
		for (size_t at = 0; at < 24; at++) {
			struct sink_rig r;
			json_t *json;

			rig_sink(&r, 1 << 20, "");
			r.options.pack = pack;
			start(&r, NULL);
			for (uint64_t i = 0; i < 12; i++)
				send_on(&r, i % 2 ? -1 : 0, 1 + 2 * i, 2);
			for (uint64_t i = 0; i < 12; i++)
				send_on(&r, 1, 25 + i, 1);
			read_some(&r, at, 36);
			json = position(&r);
			/* What was not in the position is not there: its cell had not ended. */
			while (r.n > 0 && r.kept[r.n - 1].cell == r.cells)
				r.n--;
			stop(&r);
			start(&r, json);
			await(&r, has_read(&r, 36));
			expect_numbers(&r, 1, 36);
			rig_sink_destroy(&r);
		}
}

static void what_was_read_behind_the_position_comes_again_with_the_same_ids(void **state)
{
	struct sink_rig r;
	json_t *json;
	size_t n;

	rig_sink(&r, 1 << 20, "");
	r.options.pack = 8;
	start(&r, NULL);
	for (uint64_t i = 1; i <= 50; i++)
		send_on(&r, -1, i, 1);
	read_some(&r, 20, 50);
	json = position(&r);
	await(&r, has_read(&r, 50));
	n = r.n;
	stop(&r);
	start(&r, json);
	await(&r, r.n == n + 50 - 15 || r.n > n + 50);
	for (size_t i = n; i < r.n; i++) {
		const struct kept *before = &r.kept[r.kept[i].h.number - 1];

		assert_string_equal(r.kept[i].id, before->id);
		if (i > n)
			assert_int_equal(r.kept[i].cell - r.kept[i - 1].cell,
					 before->cell - (before - 1)->cell);
	}
	rig_sink_destroy(&r);
}

static void what_the_rings_do_not_hold_any_more_is_told_by_its_numbers(void **state)
{
	struct sink_rig r;
	json_t *json;
	const struct kept *lost;

	rig_sink(&r, 65536, "");
	start(&r, NULL);
	for (uint64_t i = 1; i <= 10; i++)
		send_on(&r, -1, i, 1);
	await(&r, has_read(&r, 10));
	json = position(&r);
	stop(&r);
	for (uint64_t i = 11; i <= 5000; i++)
		send_on(&r, -1, i, 1);
	start(&r, json);
	await(&r, has_read(&r, 5000) && r.kept[r.n - 1].h.number == 5000);
	expect_numbers(&r, 1, 5000);
	lost = &r.kept[10];
	assert_int_equal(lost->is_loss, 1);
	assert_int_equal(lost->kind, LOSS_LAPPED);
	assert_int_equal(lost->h.number, 11);
	assert_true(lost->h.count > 3000);
	assert_int_equal(count_losses(&r, LOSS_LAPPED), 1);
	rig_sink_destroy(&r);
}

static void a_sink_that_is_lapped_tells_each_number_that_it_missed(void **state)
{
	struct sink_rig r;

	rig_sink(&r, 65536, "");
	start(&r, NULL);
	for (uint64_t i = 1; i <= 10; i++)
		send_on(&r, -1, i, 1);
	await(&r, has_read(&r, 10));
	for (uint64_t round = 1; round <= 5; round++) {
		/* It has polled some when the memory is full. */
		for (uint64_t i = 1; i <= 100; i++)
			send_on(&r, -1, 10 + (round - 1) * 5100 + i, 1);
		r.room = 3;
		await(&r, r.room == 0 && r.fails > 0);
		for (uint64_t i = 101; i <= 5100; i++)
			send_on(&r, -1, 10 + (round - 1) * 5100 + i, 1);
		assert_int_equal(feed_calls.arm(&r.s, &r.src), 0); /* it has no more to do */
		assert_true(feed_calls.behind(&r.src) > 1000);
		r.room = -1;
		silence(&r, UINT64_C(1000000000));
		await(&r,
		      has_read(&r, 10 + round * 5100) &&
			  r.kept[r.n - 1].h.number + r.kept[r.n - 1].h.count == 11 + round * 5100);
	}
	for (size_t i = 0; i < r.n; i++)
		assert_true(!r.kept[i].is_loss || r.kept[i].kind == LOSS_LAPPED ||
			    r.kept[i].kind == LOSS_OVERWRITTEN);
	assert_true(count_losses(&r, LOSS_OVERWRITTEN) > 0);
	assert_true(count_losses(&r, LOSS_LAPPED) > 0);
	expect_numbers(&r, 1, 10 + 5 * 5100);
	rig_sink_destroy(&r);
}

static void there_may_be_no_memory_at_any_point(void **state)
{
	struct sink_rig r;

	rig_sink(&r, 1 << 20, "");
	start(&r, NULL);
	for (uint64_t i = 1; i <= 40; i++)
		if (i % 10 != 5)
			send_on(&r, (int)(i % 2), i, 1);
	silence(&r, UINT64_C(1000000000));
	read_some(&r, 1000, 40);
	assert_true(r.fails > 30);
	expect_numbers(&r, 1, 40);
	assert_int_equal(count_losses(&r, LOSS_GAP), 4);
	rig_sink_destroy(&r);
}

/* ---- gaps ---- */

static void a_gap_is_told_and_what_comes_late_is_read_all_the_same(void **state)
{
	struct sink_rig r;
	json_t *json;

	rig_sink(&r, 1 << 20, "");
	r.options.pack = 100;
	start(&r, NULL);
	send_on(&r, -1, 1, 1);
	send_on(&r, -1, 5, 1);
	silence(&r, UINT64_C(100000000));
	await(&r, has_read(&r, 5));
	assert_int_equal(r.n, 3);
	assert_int_equal(r.kept[1].kind, LOSS_GAP);
	assert_int_equal(r.kept[1].h.kind, MCR_SINK_GAP);
	assert_int_equal(r.kept[1].h.number, 2);
	assert_int_equal(r.kept[1].h.count, 3);
	assert_int_equal(r.kept[2].h.flags, MCR_SINK_AFTER_GAP);
	send_on(&r, 0, 3, 1);
	send_on(&r, 0, 6, 1);
	await(&r, r.n == 5);
	assert_int_equal(r.kept[3].h.number, 3);
	assert_int_equal(r.kept[3].h.flags, MCR_SINK_LATE);
	assert_int_equal(r.kept[3].cell, r.kept[2].cell + 1);
	assert_int_equal(r.kept[4].h.number, 6);
	assert_int_equal(r.kept[4].cell, r.kept[3].cell + 1);
	/* Neither of that comes again. */
	feed_calls.flush(&r.s, &r.src);
	json = position(&r);
	stop(&r);
	start(&r, json);
	send_on(&r, 0, 7, 1);
	await(&r, r.kept[r.n - 1].h.number == 7);
	assert_int_equal(r.n, 6);
	rig_sink_destroy(&r);
}

static void a_gap_that_the_position_covers_in_part_is_told_from_there(void **state)
{
	struct sink_rig r;
	json_t *json;

	rig_sink(&r, 1 << 20, "");
	start(&r, json_pack("{s:s, s:[{s:s, s:s, s:s, s:s, s:s}]}", "feed", "test", "streams",
			    "scope", "00", "epoch", "30303030303132333435", "generation", "0",
			    "next", "13", "last_ns", "1"));
	json = NULL;
	for (uint64_t i = 1; i <= 10; i++)
		send_on(&r, -1, i, 1);
	send_on(&r, -1, 21, 1);
	silence(&r, UINT64_C(100000000));
	/* last_ns says that these numbers are others. */
	await(&r, has_read(&r, 21));
	assert_int_equal(r.kept[0].kind, LOSS_RESTART);
	assert_int_equal(r.kept[0].h.number, 1);
	json = json_pack("{s:s, s:[{s:s, s:s, s:s, s:s, s:o}]}", "feed", "test", "streams", "scope",
			 "00", "epoch", "30303030303132333435", "generation", "0", "next", "13",
			 "last_ns", json_sprintf("%lu", (unsigned long)r.ns));
	stop(&r);
	r.n = 0;
	start(&r, json);
	await(&r, has_read(&r, 21));
	assert_int_equal(r.n, 2);
	assert_int_equal(r.kept[0].kind, LOSS_GAP);
	assert_int_equal(r.kept[0].h.number, 13);
	assert_int_equal(r.kept[0].h.count, 8);
	rig_sink_destroy(&r);
}

static void a_packet_that_the_position_covers_in_part_is_read_from_there(void **state)
{
	struct sink_rig r;

	rig_sink(&r, 1 << 20, "");
	start(&r, json_pack("{s:s, s:[{s:s, s:s, s:s, s:s, s:o}]}", "feed", "test", "streams",
			    "scope", "00", "epoch", "30303030303132333435", "generation", "0",
			    "next", "3", "last_ns", json_sprintf("%lu", (unsigned long)r.ns)));
	send_on(&r, 0, 1, 4);
	await(&r, has_read(&r, 4));
	assert_int_equal(r.n, 1);
	assert_int_equal(r.kept[0].h.number, 3);
	assert_int_equal(r.kept[0].h.count, 2);
	assert_int_equal(r.kept[0].h.skip, 2);
	rig_sink_destroy(&r);
}

static void without_a_position_it_may_begin_at_the_newest(void **state)
{
	struct sink_rig r;
	json_t *json;

	rig_sink(&r, 1 << 20, "");
	r.options.start = MCR_START_NEWEST;
	start(&r, NULL);
	send_on(&r, -1, 1, 1);
	await(&r, r.src.is_attached);
	send_on(&r, -1, 2, 1);
	await(&r, has_read(&r, 2));
	expect_numbers(&r, 2, 2);
	json = position(&r);
	stop(&r);
	send_on(&r, -1, 3, 1);
	start(&r, json);
	r.src.has_position = 1;
	await(&r, has_read(&r, 3));
	expect_numbers(&r, 2, 3);
	assert_int_equal(count_losses(&r, LOSS_LAPPED), 0);
	rig_sink_destroy(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_of_two_lines_are_read_once_and_in_order),
	    cmocka_unit_test(lines_that_pack_otherwise_are_cut_to_what_is_new),
	    cmocka_unit_test(a_cell_ends_where_pack_divides_the_number),
	    cmocka_unit_test(a_cell_ends_when_it_is_old),
	    cmocka_unit_test(an_open_cell_ends_by_the_clock_when_nothing_comes),
	    cmocka_unit_test(a_sink_that_starts_again_goes_on_where_it_was_at_each_point),
	    cmocka_unit_test(what_was_read_behind_the_position_comes_again_with_the_same_ids),
	    cmocka_unit_test(what_the_rings_do_not_hold_any_more_is_told_by_its_numbers),
	    cmocka_unit_test(a_sink_that_is_lapped_tells_each_number_that_it_missed),
	    cmocka_unit_test(there_may_be_no_memory_at_any_point),
	    cmocka_unit_test(a_gap_is_told_and_what_comes_late_is_read_all_the_same),
	    cmocka_unit_test(a_gap_that_the_position_covers_in_part_is_told_from_there),
	    cmocka_unit_test(a_packet_that_the_position_covers_in_part_is_read_from_there),
	    cmocka_unit_test(without_a_position_it_may_begin_at_the_newest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
