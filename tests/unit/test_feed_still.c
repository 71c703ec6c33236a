/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed of which one ring brings nothing any more, not even the time: what is due by time comes
 * all the same. */
#include "feed_rig.h"
#include "held_clock.h"

#include "core/attach_wire.h"

/* Polls while time passes, at most 2 s of it. */
static void poll_until(struct feed_rig *rig, enum mcr_feed_kind kind)
{
	const uint64_t start = monotonic_ns();

	for (rig_poll(rig); rig_count(rig, kind) == 0; rig_poll(rig)) {
		assert_true(monotonic_ns() - start < UINT64_C(2000000000));
		pass_time(rig->e, 2, HELD_STEP_NS);
	}
}

/* Line A has a hole, of which line B, read up to the same time, knows nothing. */
static void leave_a_hole(struct feed_rig *rig, uint64_t ns)
{
	rig_put(rig, 0, ns, 1, 1);
	rig_put(rig, 1, ns, 1, 1);
	rig_put(rig, 0, ns + 100, 3, 1);
	rig_polled(rig, 1, ns + 100);
	rig_poll(rig);
	rig_expect_data(rig, 1, 1);
}

static void expect_gap(struct feed_rig *rig)
{
	const struct mcr_feed_msg *gap;
	size_t at = 0;

	gap = rig_next(rig, &at, MCR_FEED_GAP);
	assert_non_null(gap);
	assert_int_equal(gap->gap.first, 2);
	assert_int_equal(gap->gap.last, 2);
	assert_int_equal(rig_next(rig, &at, MCR_FEED_DATA)->seq, 3);
}

static void an_engine_that_hangs_has_its_line_down_and_holds_up_nothing(void **state)
{
	const uint64_t ns = rig_now_ns();
	struct feed_rig rig;
	const struct mcr_feed_msg *down;
	size_t at = 0;

	rig_create(&rig, 65536);
	rig_text(&rig, "silence 500ms\n");
	rig_open(&rig);
	leave_a_hole(&rig, ns);
	small_engine_stop_beating(&rig.e[1]);
	mcr_ring_set_heartbeat(rig.e[1].regions[0].mem, monotonic_ns() - UINT64_C(1500000000));
	poll_until(&rig, MCR_FEED_LINE_DOWN);
	down = rig_next(&rig, &at, MCR_FEED_LINE_DOWN);
	assert_int_equal(down->line, 1);
	assert_int_equal(down->down.why, MCR_FEED_DOWN_ENGINE);
	poll_until(&rig, MCR_FEED_GAP);
	expect_gap(&rig);
	rig_polled(&rig, 0, ns + 900000000);
	for (int i = 0; i < 32; i++)
		rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_SILENCE), 1); /* line A is the last */
	__atomic_store_n(&rig.e[1].beating, 1, __ATOMIC_RELEASE);
	rig_put(&rig, 1, ns + 2000000000, 4, 1);
	poll_until(&rig, MCR_FEED_LINE_UP);
	rig_expect_data(&rig, 1, 4);
	rig_destroy(&rig);
}

/* The engine lives, and the lcore that writes the ring does not poll. Line A is not a second ahead
 * at first. */
static void a_ring_that_stands_still_holds_up_nothing_for_ever(void **state)
{
	const uint64_t ns = rig_now_ns();
	struct feed_rig rig;

	rig_create(&rig, 65536);
	rig_open(&rig);
	leave_a_hole(&rig, ns);
	rig_polled(&rig, 0, ns + 900000000);
	for (int i = 0; i < 12; i++, pass_time(rig.e, 2, 100000000))
		rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 0);
	rig_polled(&rig, 0, ns + 3000000000);
	poll_until(&rig, MCR_FEED_GAP);
	expect_gap(&rig);
	/* It is one of them again when it goes on. */
	rig_put(&rig, 1, ns + 3000000000, 4, 1);
	rig_put(&rig, 0, ns + 3000000001, 6, 1);
	rig_polled(&rig, 0, ns + 9000000000);
	rig_poll(&rig);
	rig_put(&rig, 1, ns + 3000000001, 5, 1);
	rig_poll(&rig);
	rig_expect_data(&rig, 1, 6);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 1);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 0);
	rig_destroy(&rig);
}

/* What it finds when it comes back is old, and a ring that it did not read is not one that stands
 * still. */
static void a_reader_that_was_away_takes_no_ring_for_one_that_stands_still(void **state)
{
	const uint64_t ns = rig_now_ns();
	struct feed_rig rig;

	rig_create(&rig, 65536);
	rig_open(&rig);
	leave_a_hole(&rig, ns);
	rig_polled(&rig, 0, ns + 3000000000);
	for (int i = 0; i < 2; i++, pass_time(rig.e, 2, 1100000000))
		rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 0);
	rig_put(&rig, 1, ns + 200, 2, 1);
	rig_polled(&rig, 1, ns + 3000000000);
	rig_poll(&rig);
	rig_expect_data(&rig, 1, 3);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 0);
	rig_destroy(&rig);
}

static int describe(void *ctx, uint32_t index, struct mcr_wire_interface *out)
{
	*out = (struct mcr_wire_interface){.dpdk_port = 3};
	snprintf(out->name, sizeof(out->name), "feed");
	return index == 0 ? 0 : -ENOENT;
}

static void put_link(struct feed_rig *rig, int line, uint64_t ns, uint8_t flags)
{
	struct mcr_record record = small_engine_record(&rig->e[line].writers[0]);

	record.vlan_kind = 4095 | MCR_LINK << MCR_KIND_SHIFT;
	record.id = 3;
	record.flags = flags;
	record.rx_ns = ns;
	record.hw_delta = 0;
	small_engine_put(&rig->e[line], 0, record, NULL, 0);
}

static void a_line_whose_link_is_down_is_not_waited_for(void **state)
{
	const uint64_t ns = rig_now_ns();
	struct feed_rig rig;
	const struct mcr_feed_msg *down;
	size_t at = 0;

	rig_create(&rig, 65536);
	for (int i = 0; i < 2; i++) {
		pthread_mutex_lock(&rig.e[i].lock);
		mcr_attach_server_interfaces(rig.e[i].server, describe, NULL);
		pthread_mutex_unlock(&rig.e[i].lock);
	}
	rig_open(&rig);
	leave_a_hole(&rig, ns);
	put_link(&rig, 1, ns + 200, 0);
	rig_poll(&rig);
	down = rig_next(&rig, &at, MCR_FEED_LINE_DOWN);
	assert_non_null(down);
	assert_int_equal(down->line, 1);
	assert_int_equal(down->down.why, MCR_FEED_DOWN_LINK);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 1); /* both lines have passed it */
	put_link(&rig, 1, ns + 300, MCR_FLAG_LINK_UP);
	rig_put(&rig, 1, ns + 301, 4, 1);
	rig_poll(&rig);
	assert_non_null(rig_next(&rig, &at, MCR_FEED_LINE_UP));
	rig_expect_data(&rig, 1, 4);
	rig_destroy(&rig);
}

/* A reader that was away for long finds packets, time that has passed, and the end. */
static void what_was_due_before_the_end_comes_before_it(void **state)
{
	const uint64_t then_ns = rig_now_ns() - UINT64_C(60000000000), start = monotonic_ns();
	const struct mcr_feed_msg *m;
	struct feed_rig rig;
	size_t at = 0;

	rig_create(&rig, 65536);
	rig_text(&rig, "silence 2s\n");
	rig_open(&rig);
	for (int line = 0; line < 2; line++) {
		rig_put(&rig, line, then_ns, 1, 1);
		rig_put(&rig, line, then_ns + 1 + (uint64_t)line, line ? 2 : 3, 1 - line);
		rig_polled(&rig, line, then_ns + UINT64_C(50000000000));
		mcr_ring_set_state(rig.e[line].regions[0].mem, MCR_RING_STOPPED);
	}
	while (rig_poll_by(&rig, 32) != -EPIPE) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		pass_time(rig.e, 2, HELD_STEP_NS);
	}
	rig_expect_data(&rig, 1, 3);
	assert_int_equal(rig_next(&rig, &at, MCR_FEED_GAP)->ns, then_ns + 1 + 1000000);
	for (int line = 0; line < 2; line++) {
		m = rig_next(&rig, &at, MCR_FEED_LINE_DOWN);
		assert_int_equal(m->down.why, MCR_FEED_DOWN_SILENT);
		assert_int_equal(m->ns, then_ns + 1 + (uint64_t)line + 2000000000);
	}
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 2);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_engine_that_hangs_has_its_line_down_and_holds_up_nothing),
	    cmocka_unit_test(a_ring_that_stands_still_holds_up_nothing_for_ever),
	    cmocka_unit_test(a_reader_that_was_away_takes_no_ring_for_one_that_stands_still),
	    cmocka_unit_test(a_line_whose_link_is_down_is_not_waited_for),
	    cmocka_unit_test(what_was_due_before_the_end_comes_before_it),
	};

	return cmocka_run_group_tests(tests, hold_clock, NULL);
}
