/* SPDX-License-Identifier: BSD-3-Clause */
/* What a feed holds when there is no room for it, and what a program gives it. */
#include "feed_rig.h"

#include "feed/state.h"

#define HELD 100

/* Line A has a hole before each second number; line B has nothing. */
static void leave_holes(struct feed_rig *rig, uint64_t ns)
{
	rig_put(rig, 0, ns, 1, 1);
	rig_put(rig, 1, ns, 1, 1);
	for (uint64_t seq = 3; seq <= 2 * HELD + 1; seq += 2)
		rig_put(rig, 0, ns + seq, seq, 1);
	rig_poll(rig);
	rig_expect_data(rig, 1, 1);
}

/* They are read where they are, too: in the arena or in a ring that is still mapped. */
static int read_in_place(struct feed_rig *rig)
{
	struct mcr_feed_msg msgs[8];
	int n = mcr_feed_poll(rig->f, msgs, 8);

	for (int i = 0; i < n; i++) {
		uint64_t word;

		assert_true(rig->n < RIG_ITEMS_MAX);
		rig->items[rig->n].m = msgs[i];
		if (msgs[i].kind == MCR_FEED_DATA) {
			memcpy(&word, msgs[i].msg->data + 22, sizeof(word));
			assert_int_equal(mcr_feed_intact(rig->f, &msgs[i]), 1);
			assert_int_equal(word, rig_word(msgs[i].seq));
		}
		rig->n++;
	}
	mcr_feed_release(rig->f);
	return n;
}

static void restart(struct small_engine *e)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = 262144};

	small_engine_start(e, &attach, &channel, 1, 4712);
	mcr_ring_set_started(&e->writers[0], rig_now_ns());
}

/* The next engine's rings take the place of the old one's: not before all is out of these. */
static void more_is_held_than_the_arena_has_room_for_when_its_engine_ends(void **state)
{
	const uint64_t ns = rig_now_ns(), start = monotonic_ns();
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct feed_rig rig;

	opts.arena_bytes = 4096;
	rig_create(&rig, 262144);
	rig_text(&rig, "gap_timeout 60s\n");
	rig_open_as(&rig, opts);
	leave_holes(&rig, ns);
	small_engine_kill(&rig.e[0]);
	restart(&rig.e[0]);
	rig_put(&rig, 0, rig_now_ns(), 2 * HELD + 2, 1);
	while (rig_count(&rig, MCR_FEED_LINE_UP) == 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		assert_true(read_in_place(&rig) >= 0);
	}
	rig_put(&rig, 1, rig_now_ns(), 2 * HELD + 2, 1);
	while (read_in_place(&rig) > 0)
		;
	assert_int_equal(rig_count(&rig, MCR_FEED_DATA), HELD + 2);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), HELD);
	rig_destroy(&rig);
}

/* A program that was told of the end polls no more until it has an engine. */
static void what_has_no_room_comes_before_the_end(void **state)
{
	const uint64_t start = monotonic_ns();
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct mcr_feed_stats stats = {.size = sizeof(stats)};
	struct feed_rig rig;
	struct mcr_error err;
	int ret;

	opts.arena_bytes = 4096;
	opts.hold_on_gap = 1;
	rig_create(&rig, 262144);
	rig_open_as(&rig, opts);
	leave_holes(&rig, rig_now_ns());
	for (int i = 0; i < 2; i++)
		small_engine_kill(&rig.e[i]);
	while ((ret = read_in_place(&rig)) != -EPIPE)
		assert_true(ret >= 0 && monotonic_ns() - start < UINT64_C(20000000000));
	assert_int_equal(mcr_feed_stats_info(rig.f, &stats), 0);
	assert_int_equal(stats.held_lost, 0);
	assert_in_range(stats.held, 1, 4096 / 64);
	assert_int_equal(rig_count(&rig, MCR_FEED_DATA) + stats.held, HELD + 1);
	for (int i = 0; i < 2; i++)
		restart(&rig.e[i]);
	while (mcr_feed_reattach(rig.f, &err) < 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		assert_true(mcr_feed_wait(rig.f, UINT64_C(1000000000)) >= 0);
	}
	assert_int_equal(mcr_feed_resume(rig.f, 0, 2 * HELD + 1), 0);
	while (read_in_place(&rig) > 0)
		;
	assert_int_equal(rig.items[rig.n - 1].m.seq, 2 * HELD + 1);
	rig_destroy(&rig);
}

/* Bursts of so many eighths of the ring. */
static void hold_bursts(unsigned eighths)
{
	struct mcr_feed_stats stats = {.size = sizeof(stats)};
	struct feed_rig rig;
	uint64_t seq = 3, room;

	rig_create(&rig, 65536);
	rig_text(&rig, "gap_timeout 60s\n");
	rig_open(&rig);
	for (int i = 0; i < 2; i++)
		rig_put(&rig, i, 1000, 1, 1);
	rig_poll(&rig);
	room = mcr_consumer_headroom(rig.f->sources[0].c);
	for (int bursts = 0; bursts < 12; bursts++) {
		for (uint64_t i = 0; i < room * eighths / 8; i++, seq++)
			rig_put(&rig, 0, 1000 + seq, seq, 1);
		rig_poll(&rig);
		mcr_feed_release(rig.f);
		assert_int_equal(mcr_feed_stats_info(rig.f, &stats), 0);
		assert_true(stats.held - stats.held_copied <= room * 5 / 8);
		if (eighths == 1 && bursts > 2)
			assert_true(stats.held - stats.held_copied >= room / 4);
	}
	rig_put(&rig, 1, 1000 + seq, 2, 1);
	rig_poll(&rig);
	rig_expect_data(&rig, 1, seq - 1);
	assert_int_equal(mcr_feed_stats_info(rig.f, &stats), 0);
	assert_int_equal(stats.held_lost, 0);
	rig_destroy(&rig);
}

/* A reader that is behind by less than half of a ring loses nothing of what is held, and of what is
 * filled soon little is copied. */
static void what_is_held_leaves_the_older_half_of_its_ring(void **state)
{
	hold_bursts(1);
	hold_bursts(3);
}

/* The reader was away while the writer went round. That is this host's loss. */
static void what_is_overwritten_while_it_is_held_is_counted(void **state)
{
	struct mcr_feed_stats stats = {.size = sizeof(stats)};
	const struct mcr_feed_msg *gap;
	struct feed_rig rig;
	size_t at = 0;

	rig_create(&rig, 4096);
	rig_open(&rig);
	for (int i = 0; i < 2; i++)
		rig_put(&rig, i, 1000, 1, 1);
	for (uint64_t seq = 3; seq <= 7; seq++)
		rig_put(&rig, 0, 1000 + seq, seq, 1);
	rig_poll(&rig);
	rig_expect_data(&rig, 1, 1);
	for (uint64_t seq = 8; seq <= 500; seq++)
		rig_put(&rig, 0, 1000 + seq, seq, 1);
	assert_int_equal(mcr_feed_arm(rig.f), 1);
	assert_int_equal(mcr_feed_stats_info(rig.f, &stats), 0);
	assert_int_equal(stats.held_lost, 5);
	assert_int_equal(stats.held_copied, 0);
	assert_int_equal(rig.f->arena.n_free, rig.f->arena.n_units);
	for (int i = 0; i < 2; i++)
		rig_polled(&rig, i, 900000000);
	rig_poll(&rig);
	gap = rig_next(&rig, &at, MCR_FEED_GAP);
	assert_non_null(gap);
	assert_int_equal(gap->gap.first, 2);
	assert_int_equal(gap->gap.whose, MCR_FEED_RING);
	rig_expect_data(&rig, 1, 500);
	rig_destroy(&rig);
}

/* ---- what a program got again ---- */

/* With hold_on_gap no number is passed over. */
static void expect_all(const struct feed_rig *rig, uint64_t last)
{
	const struct mcr_feed_msg *m;
	uint64_t next = 1;

	for (size_t at = 0; (m = rig_next(rig, &at, MCR_FEED_DATA)) != NULL; next += m->count) {
		assert_int_equal(m->seq, next);
		assert_int_equal(rig->items[at - 1].first_word, rig_word(next - m->skip));
	}
	assert_int_equal(next, last + 1);
}

static void what_is_inserted_has_limits(void **state)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	static uint8_t packet[UINT16_MAX + 1];
	struct feed_rig rig;
	size_t at = 0;

	opts.hold_on_gap = 1;
	rig_create(&rig, 65536);
	rig_open_as(&rig, opts);
	for (int i = 0; i < 2; i++) {
		rig_put(&rig, i, 1000000, 1, 1);
		rig_put(&rig, i, 2000000, 5, 1);
	}
	rig_poll(&rig);
	rig_packet(packet, 2, 3);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 2, 3, NULL, 100), -EINVAL);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 2, 0, packet, 100), -EINVAL);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 2, 3, packet, UINT16_MAX + 1), -EINVAL);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 2, 3, packet, UINT16_MAX), 0);
	rig_poll(&rig);
	expect_all(&rig, 5);
	rig_next(&rig, &at, MCR_FEED_DATA);
	const struct mcr_feed_msg *m = rig_next(&rig, &at, MCR_FEED_DATA);

	assert_int_equal(m->flags & MCR_FEED_FLAG_INSERTED, MCR_FEED_FLAG_INSERTED);
	assert_int_equal(m->line, MCR_FEED_LINES_MAX);
	assert_int_equal(rig.items[at - 1].read, UINT16_MAX);
	rig_destroy(&rig);
}

/* The arena has room for one packet. */
static void what_is_not_needed_any_more_makes_room_at_once(void **state)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct feed_rig rig;
	uint8_t packet[128];
	uint32_t len;

	opts.hold_on_gap = 1;
	opts.arena_bytes = 64;
	rig_create(&rig, 65536);
	rig_open_as(&rig, opts);
	for (int i = 0; i < 2; i++) {
		rig_put(&rig, i, 1000000, 1, 1);
		rig_put(&rig, i, 2000000, 6, 1);
	}
	rig_poll(&rig);
	len = rig_packet(packet, 3, 1);
	for (int i = 0; i < 10; i++) /* what is refused takes nothing */
		assert_int_equal(mcr_feed_insert(rig.f, 0, 1, 1, packet, len), -EALREADY);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 3, 1, packet, len), 0);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 4, 1, packet, len), -ENOSPC);
	rig_put(&rig, 0, 3000000, 2, 2); /* both of them: that of the program is spare */
	rig_poll(&rig);
	len = rig_packet(packet, 4, 1);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 4, 1, packet, len), 0);
	rig_poll(&rig);
	assert_int_equal(mcr_feed_resume(rig.f, 0, 5), 0); /* gives back what was handed out */
	len = rig_packet(packet, 5, 1);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 5, 1, packet, len), 0);
	rig_poll(&rig);
	expect_all(&rig, 6);
	rig_destroy(&rig);
}

static void as_they_come_nothing_is_put_in_order(void **state)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct mcr_error err = {""};
	struct feed_rig rig;
	uint8_t packet[128];

	opts.order = MCR_FEED_AS_THEY_COME;
	opts.hold_on_gap = 1;
	rig_create(&rig, 65536);
	assert_int_equal(rig_try(&rig, opts, &err), -EINVAL);
	assert_non_null(strstr(err.text, "hold_on_gap"));
	opts.hold_on_gap = 0;
	rig_open_as(&rig, opts);
	for (int i = 0; i < 2; i++) {
		rig_put(&rig, i, 1000000, 1, 1);
		rig_put(&rig, i, 2000000, 3, 1);
	}
	rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_DATA), 4);
	assert_int_equal(mcr_feed_insert(rig.f, 0, 2, 1, packet, rig_packet(packet, 2, 1)),
			 -EINVAL);
	rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_DATA), 4);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(more_is_held_than_the_arena_has_room_for_when_its_engine_ends),
	    cmocka_unit_test(what_has_no_room_comes_before_the_end),
	    cmocka_unit_test(what_is_held_leaves_the_older_half_of_its_ring),
	    cmocka_unit_test(what_is_overwritten_while_it_is_held_is_counted),
	    cmocka_unit_test(what_is_inserted_has_limits),
	    cmocka_unit_test(what_is_not_needed_any_more_makes_room_at_once),
	    cmocka_unit_test(as_they_come_nothing_is_put_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
