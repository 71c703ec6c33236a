/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed whose engines come and go, whose reader is slow, and that sleeps. */
#include "feed_rig.h"

/* Polls until there are n items of a kind, for 20 s. Returns the last result of poll. */
static int await(struct feed_rig *rig, enum mcr_feed_kind kind, size_t n)
{
	uint64_t start = monotonic_ns();
	int ret;

	do {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		ret = rig_poll_by(rig, 32);
	} while (rig_count(rig, kind) < n);
	return ret;
}

static void restart(struct small_engine *e, uint64_t bytes, uint64_t epoch)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = bytes};

	small_engine_start(e, &attach, &channel, 1, epoch);
	mcr_ring_set_started(&e->writers[0], rig_now_ns());
}

static void a_line_whose_engine_ends_is_down_and_comes_back_with_the_next(void **state)
{
	struct feed_rig rig;
	const struct mcr_feed_msg *down;
	struct mcr_feed_line line = {.size = sizeof(line)};
	uint64_t now_ns = rig_now_ns(), seq = 1;
	size_t at = 0;

	rig_create(&rig, 65536);
	rig_open(&rig);
	for (; seq <= 10; seq++) {
		rig_put(&rig, 0, now_ns + seq, seq, 1);
		rig_put(&rig, 1, now_ns + seq, seq, 1);
	}
	rig_poll(&rig);
	small_engine_kill(&rig.e[1]);
	assert_int_equal(await(&rig, MCR_FEED_LINE_DOWN, 1), 0);
	down = rig_next(&rig, &at, MCR_FEED_LINE_DOWN);
	assert_int_equal(down->line, 1);
	assert_int_equal(down->down.why, MCR_FEED_DOWN_ENGINE);
	/* A hole that line A leaves is nobody's to fill now. */
	rig_put(&rig, 0, now_ns + 1000, 12, 1);
	assert_int_equal(await(&rig, MCR_FEED_GAP, 1), 0);
	for (seq = 13; seq <= 20; seq++)
		rig_put(&rig, 0, now_ns + 1000 + seq, seq, 1);
	rig_poll(&rig);
	restart(&rig.e[1], 65536, 4712);
	now_ns = rig_now_ns();
	for (; seq <= 30; seq++)
		rig_put(&rig, 1, now_ns + seq, seq, 1);
	assert_int_equal(await(&rig, MCR_FEED_LINE_UP, 1), 0);
	assert_int_equal(rig_next(&rig, &at, MCR_FEED_LINE_UP)->line, 1);
	rig_expect_data(&rig, 1, 30);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 1);
	assert_int_equal(mcr_feed_line_info(rig.f, 1, &line), 0);
	assert_int_equal(line.is_up, 1);
	rig_destroy(&rig);
}

/* As of a capture that is replayed again and again, whose time runs ahead of the host's. */
static void what_is_held_at_the_end_comes_also_when_its_time_is_to_come(void **state)
{
	const uint64_t to_come_ns = rig_now_ns() + UINT64_C(86400000000000), start = monotonic_ns();
	struct feed_rig rig;
	size_t at = 0;
	int ret;

	rig_create(&rig, 65536);
	rig_open(&rig);
	rig_put(&rig, 0, to_come_ns, 1, 1);
	rig_put(&rig, 0, to_come_ns + 1, 3, 1);
	rig_put(&rig, 1, to_come_ns + 1, 1, 1);
	rig_poll(&rig);
	small_engine_kill(&rig.e[0]);
	small_engine_kill(&rig.e[1]);
	while ((ret = rig_poll_by(&rig, 32)) != -EPIPE) {
		assert_true(ret == 0 && monotonic_ns() - start < UINT64_C(20000000000));
		assert_true(mcr_feed_wait(rig.f, 100000000) >= 0);
	}
	rig_expect_data(&rig, 1, 3);
	/* Not later than it would have been with an engine. */
	assert_true(rig_next(&rig, &at, MCR_FEED_GAP)->ns <= to_come_ns + 1 + 1000000);
	restart(&rig.e[0], 65536, 4712);
	restart(&rig.e[1], 65536, 4712);
	rig_destroy(&rig);
}

static void without_any_engine_all_that_is_held_comes_and_then_epipe(void **state)
{
	struct feed_rig rig;
	struct mcr_error err;
	uint64_t now_ns = rig_now_ns(), start;
	int ret;

	rig_create(&rig, 65536);
	rig_open(&rig);
	rig_put(&rig, 0, now_ns, 1, 1);
	rig_put(&rig, 0, now_ns + 1, 3, 1);
	rig_put(&rig, 1, now_ns + 1, 1, 1);
	rig_poll(&rig);
	rig_expect_data(&rig, 1, 1);
	small_engine_kill(&rig.e[0]);
	small_engine_kill(&rig.e[1]);
	start = monotonic_ns();
	while ((ret = rig_poll_by(&rig, 32)) != -EPIPE)
		assert_true(ret == 0 && monotonic_ns() - start < UINT64_C(20000000000));
	rig_expect_data(&rig, 1, 3);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 1);
	assert_int_equal(rig_count(&rig, MCR_FEED_SILENCE), 1);
	assert_true(mcr_feed_reattach(rig.f, &err) < 0);
	restart(&rig.e[0], 65536, 4712);
	while (mcr_feed_reattach(rig.f, &err) < 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		assert_true(mcr_feed_wait(rig.f, UINT64_MAX) >= 0);
	}
	rig_put(&rig, 0, rig_now_ns(), 4, 1);
	assert_int_equal(await(&rig, MCR_FEED_DATA, 3), 0);
	rig_expect_data(&rig, 1, 4);
	restart(&rig.e[1], 65536, 4712);
	rig_destroy(&rig);
}

static void a_line_whose_engine_was_not_there_comes_up_when_it_is(void **state)
{
	struct feed_rig rig;
	uint64_t now_ns = rig_now_ns(), start = monotonic_ns();

	rig_create(&rig, 65536);
	small_engine_kill(&rig.e[1]);
	rig_open(&rig);
	rig_put(&rig, 0, now_ns, 1, 1);
	rig_poll(&rig);
	rig_expect_data(&rig, 1, 1);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 1);
	restart(&rig.e[1], 65536, 4712);
	while (rig_count(&rig, MCR_FEED_LINE_UP) == 0) { /* with the first that comes behind that */
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		rig_put(&rig, 1, rig_now_ns(), 2, 1);
		assert_true(mcr_feed_wait(rig.f, 1000000) >= 0);
		rig_poll(&rig);
	}
	rig_expect_data(&rig, 1, 2);
	rig_destroy(&rig);
}

/* What is held of a small ring is overwritten many times before the hole is filled. */
static void held_messages_outlive_their_ring(void **state)
{
	struct feed_rig rig;
	struct mcr_feed_stats stats = {.size = sizeof(stats)};
	uint64_t seq = 1;

	rig_create(&rig, 4096);
	rig_text(&rig, "gap_timeout 1s\n");
	rig_open(&rig);
	rig_put(&rig, 0, 1000, seq, 1);
	rig_put(&rig, 1, 1000, seq, 1);
	rig_poll(&rig);
	for (seq = 3; seq <= 500; seq++) {
		rig_put(&rig, 0, 1000 + seq, seq, 1);
		rig_poll(&rig);
	}
	rig_expect_data(&rig, 1, 1);
	rig_put(&rig, 1, 2000, 2, 1);
	rig_poll(&rig);
	rig_expect_data(&rig, 1, 500);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 0);
	assert_int_equal(mcr_feed_stats_info(rig.f, &stats), 0);
	assert_true(stats.held_copied >= 450);
	assert_int_equal(stats.held_lost, 0);
	assert_int_equal(stats.held, 0);
	rig_poll(&rig);
	rig_destroy(&rig);
}

static void a_full_arena_gives_the_oldest_hole_up(void **state)
{
	struct feed_rig rig;
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	const struct mcr_feed_msg *gap;
	size_t at = 0;

	opts.arena_bytes = 16384;
	rig_create(&rig, 4096);
	rig_text(&rig, "gap_timeout 1s\n");
	rig_open_as(&rig, opts);
	rig_put(&rig, 0, 1000, 1, 1);
	for (uint64_t seq = 3; seq <= 300; seq++) {
		rig_put(&rig, 0, 1000 + seq, seq, 1);
		rig_poll(&rig);
	}
	gap = rig_next(&rig, &at, MCR_FEED_GAP);
	assert_non_null(gap);
	assert_int_equal(gap->gap.first, 2);
	assert_int_equal(gap->gap.last, 2);
	assert_int_equal(gap->gap.why, MCR_FEED_GAP_WINDOW);
	rig_expect_data(&rig, 1, 300);
	rig_destroy(&rig);
}

static void what_the_reader_was_lapped_by_is_the_rings_loss(void **state)
{
	struct feed_rig rig;
	struct mcr_feed_line line = {.size = sizeof(line)};
	const struct mcr_feed_msg *gap;
	size_t at = 0;

	rig_create(&rig, 4096);
	rig_open(&rig);
	for (uint64_t seq = 1; seq <= 400; seq++) {
		for (int i = 0; i < 2; i++)
			rig_put(&rig, i, seq * 1000, seq, 1);
		if (seq == 10)
			rig_poll(&rig);
	}
	for (int i = 0; i < 2; i++)
		rig_polled(&rig, i, 10000000);
	rig_poll(&rig);
	gap = rig_next(&rig, &at, MCR_FEED_GAP);
	assert_non_null(gap);
	assert_int_equal(gap->gap.first, 11);
	assert_int_equal(gap->gap.whose, MCR_FEED_RING);
	rig_expect_data(&rig, 1, 400);
	assert_int_equal(mcr_feed_line_info(rig.f, 0, &line), 0);
	assert_true(line.ring_lost > 300);
	assert_int_equal(line.lost, 0);
	rig_destroy(&rig);
}

/* Its cursors cannot be armed, so what they have not read is looked for. */
static void a_sleeper_on_a_channel_of_two_rings_misses_nothing(void **state)
{
	struct feed_rig rig;
	uint64_t seq = 0;

	rig_create(&rig, 65536);
	for (int i = 0; i < 2; i++) {
		small_engine_destroy(&rig.e[i]);
		small_engine_create(&rig.e[i], 2, 65536);
	}
	rig_text(&rig, "");
	rig_open(&rig);
	for (unsigned ring = 0; ring < 2; ring++) {
		rig_put_at(&rig.e[1], ring, 1, rig_now_ns(), ++seq, 1);
		assert_int_equal(mcr_feed_arm(rig.f), 1);
		rig_poll(&rig);
		rig_expect_data(&rig, 1, seq);
		assert_int_equal(mcr_feed_arm(rig.f), 0);
		rig_put_at(&rig.e[1], ring, 1, rig_now_ns(), ++seq, 1);
		assert_int_equal(mcr_feed_wait(rig.f, UINT64_C(10000000000)), 1);
		rig_poll(&rig);
		rig_expect_data(&rig, 1, seq);
	}
	rig_destroy(&rig);
}

/* It exists and does not beat: its line is down, and comes up with what it brings then. */
static void a_sleeper_finds_an_engine_that_hangs(void **state)
{
	struct feed_rig rig;
	const struct mcr_feed_msg *down;
	uint64_t start = monotonic_ns(), seq = 1;
	size_t at = 0;

	rig_create(&rig, 65536);
	rig_open(&rig);
	for (int i = 0; i < 2; i++)
		rig_put(&rig, i, rig_now_ns(), seq, 1);
	rig_poll(&rig);
	__atomic_store_n(&rig.e[1].beating, 0, __ATOMIC_RELEASE);
	while (rig_count(&rig, MCR_FEED_LINE_DOWN) == 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		assert_true(mcr_feed_wait(rig.f, UINT64_MAX) >= 0);
		rig_poll(&rig);
	}
	down = rig_next(&rig, &at, MCR_FEED_LINE_DOWN);
	assert_int_equal(down->line, 1);
	assert_int_equal(down->down.why, MCR_FEED_DOWN_ENGINE);
	/* Its time stands still, and is not waited for. */
	rig_put(&rig, 0, rig_now_ns(), seq + 2, 1);
	assert_int_equal(await(&rig, MCR_FEED_GAP, 1), 0);
	__atomic_store_n(&rig.e[1].beating, 1, __ATOMIC_RELEASE);
	while (rig_count(&rig, MCR_FEED_LINE_UP) == 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		rig_put(&rig, 1, rig_now_ns(), seq + 3, 1);
		assert_true(mcr_feed_wait(rig.f, UINT64_C(10000000)) >= 0);
		rig_poll(&rig);
	}
	rig_expect_data(&rig, 1, seq + 3);
	rig_destroy(&rig);
}

/* What came while no engine was there is lost by nobody's wire (rule 17). */
static void what_was_missed_over_a_restart_is_no_loss_of_the_wire(void **state)
{
	struct feed_rig rig;
	const struct mcr_feed_msg *gap;
	struct mcr_feed_line line = {.size = sizeof(line)};
	uint64_t now_ns, start = monotonic_ns();
	size_t at = 0;

	rig_create(&rig, 65536);
	rig_open(&rig);
	now_ns = rig_now_ns();
	for (uint64_t seq = 1; seq <= 10; seq++)
		for (int i = 0; i < 2; i++)
			rig_put(&rig, i, now_ns + seq, seq, 1);
	rig_poll(&rig);
	for (int i = 0; i < 2; i++)
		small_engine_kill(&rig.e[i]);
	while (rig_poll_by(&rig, 32) != -EPIPE)
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
	now_ns = rig_now_ns();
	for (int i = 0; i < 2; i++) {
		restart(&rig.e[i], 65536, 4712);
		for (uint64_t seq = 15; seq <= 30; seq++)
			rig_put(&rig, i, now_ns + 1000 + seq, seq, 1);
		rig_polled(&rig, i, now_ns + UINT64_C(1000000000));
	}
	await(&rig, MCR_FEED_LINE_UP, 2);
	assert_int_equal(await(&rig, MCR_FEED_DATA, 26), 0);
	gap = rig_next(&rig, &at, MCR_FEED_GAP);
	assert_non_null(gap);
	assert_int_equal(gap->gap.first, 11);
	assert_int_equal(gap->gap.last, 14);
	assert_int_equal(gap->gap.whose, MCR_FEED_RING);
	rig_expect_data(&rig, 1, 30);
	assert_int_equal(mcr_feed_line_info(rig.f, 0, &line), 0);
	assert_int_equal(line.lost, 0);
	rig_destroy(&rig);
}

static void what_a_port_lost_meanwhile_is_perhaps_the_hosts_loss(void **state)
{
	struct feed_rig rig;
	const struct mcr_feed_msg *gap;
	size_t at = 0;

	rig_create(&rig, 65536);
	rig_open(&rig);
	for (int i = 0; i < 2; i++) {
		rig_put(&rig, i, 1000000, 1, 1);
		/* The first look says nothing of when they were lost. */
		mcr_ring_set_host_loss(rig.e[i].regions[0].mem, 70, 20500000);
		rig_polled(&rig, i, 20500000);
	}
	rig_poll(&rig);
	for (int i = 0; i < 2; i++)
		rig_put(&rig, i, 21000000, 3, 1); /* passed by both: given up at once */
	rig_poll(&rig);
	gap = rig_next(&rig, &at, MCR_FEED_GAP);
	assert_non_null(gap);
	assert_int_equal(gap->gap.whose, MCR_FEED_WIRE);
	for (int i = 0; i < 2; i++) {
		mcr_ring_set_host_loss(rig.e[i].regions[0].mem, 70 + 5 * (uint64_t)i, 30000000);
		rig_polled(&rig, i, 50000000);
	}
	rig_poll(&rig);
	gap = rig_next(&rig, &at, MCR_FEED_GAP_HOST);
	assert_non_null(gap);
	assert_int_equal(gap->gap.first, 2);
	assert_int_equal(gap->gap.whose, MCR_FEED_HOST_MAYBE);
	assert_int_equal(gap->gap.host_lost, 5);
	rig_destroy(&rig);
}

static void a_sleeper_is_woken_by_a_message_and_by_a_timeout(void **state)
{
	struct feed_rig rig;
	uint64_t now_ns, start;

	rig_create(&rig, 65536);
	rig_text(&rig, "gap_timeout 50ms\n");
	rig_open(&rig);
	rig_poll(&rig);
	assert_int_equal(mcr_feed_wait(rig.f, 20000000), 0);
	for (uint64_t seq = 1; seq <= 20; seq++) {
		assert_int_equal(mcr_feed_arm(rig.f), 0);
		rig_put(&rig, (int)(seq % 2), rig_now_ns(), seq, 1);
		assert_int_equal(mcr_feed_wait(rig.f, UINT64_MAX), 1);
		rig_poll(&rig);
		rig_expect_data(&rig, 1, seq);
	}
	now_ns = rig_now_ns();
	rig_put(&rig, 0, now_ns, 22, 1);
	rig_poll(&rig);
	for (int i = 0; i < 2; i++) /* its rx lcores go on without a message */
		rig_polled(&rig, i, now_ns + UINT64_C(1000000000));
	start = monotonic_ns();
	while (rig_count(&rig, MCR_FEED_GAP) == 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		assert_true(mcr_feed_wait(rig.f, UINT64_MAX) >= 0);
		rig_poll(&rig);
	}
	rig_expect_data(&rig, 1, 22);
	rig_destroy(&rig);
}

static void numbers_are_given_as_on_the_wire_for_requests(void **state)
{
	(void)state;
	static const char narrow[] = ",seq=14:4:be";
	struct feed_rig rig;

	rig_create(&rig, 65536);
	char *at = strstr(rig.text, ",heartbeat");

	memmove(at + strlen(narrow), at, strlen(at) + 1);
	memcpy(at, narrow, strlen(narrow));
	rig_open(&rig);
	rig_put(&rig, 0, 1000000, UINT32_MAX, 1);
	rig_put(&rig, 0, 2000000, 2, 1);
	rig_polled(&rig, 0, 3000000);
	rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_DATA), 1);
	for (size_t i = 0; i < rig.n; i++)
		if (rig.items[i].m.kind == MCR_FEED_DATA) {
			uint64_t seq = rig.items[i].m.seq;

			assert_true(seq > UINT32_MAX);
			assert_int_equal(mcr_feed_wire(rig.f, seq), UINT32_MAX);
			assert_int_equal(mcr_feed_wire(rig.f, seq + 2), 1); /* to ask for */
		}
	rig_destroy(&rig);
}

static void what_a_program_got_again_is_put_in_its_place(void **state)
{
	struct feed_rig rig;
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	uint8_t packet[512];
	uint32_t len;

	opts.hold_on_gap = 1;
	rig_create(&rig, 65536);
	rig_open_as(&rig, opts);
	for (int i = 0; i < 2; i++) {
		rig_put(&rig, i, 1000000, 1, 1);
		rig_put(&rig, i, 2000000, 5, 1);
		rig_put(&rig, i, 3000000, 8, 1);
		rig_polled(&rig, i, 900000000);
	}
	rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 1);
	assert_int_equal(rig_count(&rig, MCR_FEED_DATA), 1);
	len = rig_packet(packet, 2, 3);
	assert_int_equal(mcr_feed_insert(rig.f, 1, 2, 3, packet, len), -ENOENT);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 2, 0, packet, len), -EINVAL);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 2, 3, packet, len), 0);
	memset(packet, 0xee, sizeof(packet));
	rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_DATA), 3);
	assert_int_equal(
	    rig.items[rig.n - 1].m.kind == MCR_FEED_GAP || rig.items[rig.n - 1].m.seq == 5, 1);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 2, 3, packet, len), -EALREADY);
	assert_int_equal(mcr_feed_resume(rig.f, 1, 8), -ENOENT);
	assert_int_equal(mcr_feed_resume(rig.f, 0, 8), 0);
	rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_DATA), 4);
	for (size_t i = 0; i < rig.n; i++)
		if (rig.items[i].m.kind == MCR_FEED_DATA)
			assert_int_equal(rig.items[i].first_word, rig_word(rig.items[i].m.seq));
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_whose_engine_ends_is_down_and_comes_back_with_the_next),
	    cmocka_unit_test(what_is_held_at_the_end_comes_also_when_its_time_is_to_come),
	    cmocka_unit_test(without_any_engine_all_that_is_held_comes_and_then_epipe),
	    cmocka_unit_test(a_line_whose_engine_was_not_there_comes_up_when_it_is),
	    cmocka_unit_test(held_messages_outlive_their_ring),
	    cmocka_unit_test(a_full_arena_gives_the_oldest_hole_up),
	    cmocka_unit_test(what_the_reader_was_lapped_by_is_the_rings_loss),
	    cmocka_unit_test(what_a_port_lost_meanwhile_is_perhaps_the_hosts_loss),
	    cmocka_unit_test(a_sleeper_is_woken_by_a_message_and_by_a_timeout),
	    cmocka_unit_test(numbers_are_given_as_on_the_wire_for_requests),
	    cmocka_unit_test(what_a_program_got_again_is_put_in_its_place),
	    cmocka_unit_test(what_was_missed_over_a_restart_is_no_loss_of_the_wire),
	    cmocka_unit_test(a_sleeper_finds_an_engine_that_hangs),
	    cmocka_unit_test(a_sleeper_on_a_channel_of_two_rings_misses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
