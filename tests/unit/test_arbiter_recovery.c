/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose loss a gap is; messages that are inserted; streams that wait; packets as they come. */
#include <errno.h>

#include "arbiter_rig.h"

static int insert(uint64_t seq, uint32_t count, uint64_t held)
{
	static struct mcr_msg msg;

	msg.rx_ns = rig.ns;
	int rc = mcr_arbiter_insert(rig.arbiter, 0, seq, count, &msg, held);

	drain();
	return rc;
}

static void a_gap_while_the_reader_was_lapped_is_the_rings(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 4);
	mcr_arbiter_lapped(rig.arbiter, 1 << A, 17);
	run(1 << B, 6, 7); /* B lacks 5, A may have had it */
	run(1 << A, 8, 8);
	HANDED_OUT("start1 1 2 3 4 gap5-ring 6 7 8");
	assert_int_equal(stats().gaps, 1);
	run(1 << B, 8, 8);
	pass(2 * MS); /* shortly behind it, order may have been mixed up */
	run(1 << A | 1 << B, 10, 10);
	HANDED_OUT("gap9 10");
	assert_int_equal(line_of(A).unsettled, 3);
	assert_int_equal(line_of(A).ring_lost, 17);
	pass(10 * MS);
	assert_int_equal(line_of(A).lost, 1); /* 9 */
	assert_int_equal(line_of(B).lost, 2); /* 5, 9 */
}

static void whose_a_gap_is_is_said_with_it(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .events = 1u << MCR_FEED_GAP});
	run(1 << A | 1 << B, 1, 4);
	mcr_arbiter_lapped(rig.arbiter, 1 << A, 17);
	data(B, 6);
	pass(2 * MS);
	assert_int_equal(rig.last.kind, MCR_FEED_DATA);
	rig.text[0] = '\0';
	make(
	    (struct mcr_arbiter_config){.n_lines = 1, .events = 1u << MCR_FEED_GAP, .held_max = 1});
	data(A, 1);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 3);
	assert_int_equal(rig.last.gap.whose, MCR_FEED_WIRE);
	assert_int_equal(rig.last.gap.why, MCR_FEED_GAP_PASSED);
	mcr_arbiter_lapped(rig.arbiter, 1 << A, 1);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 5);
	assert_int_equal(rig.last.gap.whose, MCR_FEED_RING);
}

static void a_gap_while_a_port_lost_packets_may_be_the_hosts(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1});
	mcr_arbiter_host_loss(rig.arbiter, 1 << A, 0, rig.ns);
	data(A, 1);
	rig.ns += 400 * MS;
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 3);
	assert_int_equal(rig.last.gap.whose, MCR_FEED_WIRE); /* as far as known */
	HANDED_OUT("start1 1 gap2");
	rig.ns += 600 * MS;
	mcr_arbiter_host_loss(rig.arbiter, 1 << A, 7, rig.ns);
	drain();
	HANDED_OUT("host2");
	assert_int_equal(rig.last.gap.host_lost, 7);
	assert_int_equal(rig.last.gap.whose, MCR_FEED_HOST_MAYBE);
	mcr_arbiter_host_loss(rig.arbiter, 1 << A, 7, rig.ns);
	drain();
	HANDED_OUT(""); /* once */
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 5);
	assert_int_equal(rig.last.gap.whose, MCR_FEED_HOST_MAYBE);
	rig.ns += 5000 * MS;
	mcr_arbiter_host_loss(rig.arbiter, 1 << A, 0, rig.ns);
	mark(A, MCR_FEED_PACKET_HEARTBEAT, 7);
	assert_int_equal(rig.last.gap.whose, MCR_FEED_WIRE);
}

static void inserted_messages_are_deduplicated_and_ordered(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .bits = 32, .late = 1});
	run(1 << A | 1 << B, 1, 2);
	data(A, 6);
	assert_int_equal(insert(4, 1, 0), 0); /* a number of the wire */
	assert_int_equal(insert(4, 1, 0), -EALREADY);
	assert_int_equal(insert(2, 1, 0), -EALREADY);
	assert_int_equal(insert(3, 1, 0), 0);
	HANDED_OUT("start1 1 2 3 4");
	assert_int_equal(rig.last.line, MCR_FEED_LINES_MAX);
	assert_int_equal(insert(3, 3, 0), 0);
	HANDED_OUT("5 6");
	data(A, 8);
	pass(2 * MS);
	HANDED_OUT("gap7 8");
	assert_int_equal(insert(7, 1, 0), 0);
	HANDED_OUT("late7 7");
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_LATE | MCR_FEED_FLAG_INSERTED);
	assert_int_equal(rig.last.line, MCR_FEED_LINES_MAX);
	assert_int_equal(insert(7, 1, 0), -EALREADY);
	assert_int_equal(insert(9, 0, 0), -EINVAL);
	assert_int_equal(mcr_arbiter_insert(rig.arbiter, 1, 1, 1, &rig.msgs[0], 0), -ENOENT);
	assert_int_equal(insert(90000, 1, 0), -ENOSPC);
}

static void a_stream_that_waits_at_its_gap_goes_on_when_it_is_filled(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .hold_on_gap = 1});
	run(1 << A, 1, 2);
	run(1 << A, 5, 6);
	HANDED_OUT("start1 1 2 gap3-4");
	pass(1000 * MS);
	data(A, 7);
	HANDED_OUT("");
	assert_int_equal(mcr_arbiter_due(rig.arbiter), UINT64_MAX);
	assert_int_equal(insert(4, 1, 0), 0);
	HANDED_OUT("");
	assert_int_equal(insert(3, 1, 0), 0);
	HANDED_OUT("3 4 5 6 7");
	data(A, 9);
	HANDED_OUT("gap8");
	assert_int_equal(mcr_arbiter_resume(rig.arbiter, 0, 9), 0);
	drain();
	HANDED_OUT("reset9 9");
}

static void a_snapshot_is_gone_on_behind(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	run(1 << A, 5, 8);
	assert_int_equal(mcr_arbiter_resume(rig.arbiter, 0, 7), 0);
	drain();
	HANDED_OUT("start1 1 2 reset7 7 8");
	run(1 << B, 3, 9);
	HANDED_OUT("9");
	assert_int_equal(stats().gaps, 0);
	assert_int_equal(mcr_arbiter_resume(rig.arbiter, 0, 5), 0); /* had already */
	assert_int_equal(mcr_arbiter_resume(rig.arbiter, 0, 50000), 0);
	assert_int_equal(mcr_arbiter_resume(rig.arbiter, 3, 50), -ENOENT);
	run(1 << A | 1 << B, 10, 20); /* below it: no restart */
	HANDED_OUT("reset50000");
}

static unsigned n_forgotten;

static void forget(void *ctx, uint64_t held)
{
	(void)ctx;
	(void)held;
	n_forgotten++;
}

static int keep(void *ctx, struct mcr_msg *msg, unsigned line, uint64_t *held)
{
	unsigned *n = ctx;

	assert_non_null(msg);
	assert_int_equal(line, A);
	*held = ++*n;
	return MCR_ARBITER_ON;
}

static int drop_second(void *ctx, struct mcr_msg *msg, unsigned line, uint64_t *held)
{
	unsigned *n = ctx;

	(void)msg;
	(void)line;
	(void)held;
	return ++*n == 2 ? MCR_ARBITER_DROP : MCR_ARBITER_ON;
}

static void held_packets_can_be_moved_and_are_forgotten_when_done_with(void **state)
{
	unsigned n = 0;

	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	mcr_arbiter_on_forget(rig.arbiter, forget, NULL);
	n_forgotten = 0;
	run(1 << A | 1 << B, 1, 2);
	run(1 << A, 4, 5);
	assert_int_equal(mcr_arbiter_held(rig.arbiter, 1 << B, keep, &n), 0);
	assert_int_equal(n, 0);
	mcr_arbiter_held(rig.arbiter, 1 << A, keep, &n);
	assert_int_equal(n, 2);
	data(B, 3);
	HANDED_OUT("start1 1 2 3 4 5");
	assert_int_equal(rig.last.held, 2);
	assert_int_equal(n_forgotten, 0); /* they are being read */
	pass(1);
	assert_int_equal(n_forgotten, 2);
}

static void a_held_packet_that_was_overwritten_is_missing_again(void **state)
{
	unsigned n = 0;

	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	run(1 << A, 4, 6);
	mcr_arbiter_held(rig.arbiter, 1 << A, drop_second, &n);
	assert_int_equal(stats().held_lost, 1);
	data(B, 3);
	HANDED_OUT("start1 1 2 3 4");
	data(B, 5); /* the other line has it */
	HANDED_OUT("5 6");
	run(1 << A, 8, 10);
	n = 0;
	mcr_arbiter_held(rig.arbiter, 1 << A, drop_second, &n);
	pass(2 * MS);
	HANDED_OUT("gap7 8 gap9-ring 10");
}

static void a_crowded_arbiter_gives_up_its_oldest_hole(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2});
	run(1 << A | 1 << B, 1, 2);
	data(A, 4);
	data(A, 6);
	assert_int_equal(mcr_arbiter_crowded(rig.arbiter), 1);
	drain();
	HANDED_OUT("start1 1 2 gap3 4");
	assert_int_equal(mcr_arbiter_crowded(rig.arbiter), 1);
	drain();
	HANDED_OUT("gap5 6");
	assert_int_equal(mcr_arbiter_crowded(rig.arbiter), 0);
}

static void as_they_come_each_packet_is_handed_out_with_flags(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 2, .order = MCR_FEED_AS_THEY_COME});
	run(1 << A | 1 << B, 1, 2);
	HANDED_OUT("start1 1 1 2 2");
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_DUPLICATE);
	data(A, 4);
	HANDED_OUT("4");
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_OUT_OF_ORDER);
	data(B, 4);
	HANDED_OUT("4 gap3");
	data(B, 3);
	HANDED_OUT("3 late3");
	data(A, 5);
	HANDED_OUT("5");
	assert_int_equal(rig.last.flags, 0);
	session(A, 9, 1);
	HANDED_OUT("reset1 1");
	session(A, 9, 2);
	HANDED_OUT("2");
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 0);
	make((struct mcr_arbiter_config){
	    .n_lines = 1, .bits = 32, .order = MCR_FEED_AS_THEY_COME, .reset_run = 2});
	data(A, 3000000000);
	run(1 << A, 1, 2);
	HANDED_OUT("start3000000000 3000000000 1 reset1 2");
	assert_int_equal(rig.last.seq, (1ull << 32) + 2); /* as the reset counts */
	make((struct mcr_arbiter_config){.n_lines = 1, .order = MCR_FEED_AS_THEY_COME});
	data(A, 1);
	data(A, UINT64_MAX);
	HANDED_OUT("start1 1 implausible18446744073709551615 18446744073709551615");
	assert_int_equal(rig.last.flags, MCR_FEED_FLAG_OUT_OF_ORDER);
}

static void what_calls_before_made_due_is_never_lost(void **state)
{
	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .late = 1});
	run(1 << A, 1, 1);
	run(1 << A, 4, 4);
	HANDED_OUT("start1 1 gap2-3 4");
	struct mcr_msg msg = {.rx_ns = rig.ns, .len = 5};

	assert_int_equal(mcr_arbiter_insert(rig.arbiter, 0, 2, 1, &msg, 0), 0); /* it is late */
	assert_int_equal(mcr_arbiter_insert(rig.arbiter, 0, 3, 1, &msg, 0), -EAGAIN);
	assert_int_equal(mcr_arbiter_resume(rig.arbiter, 0, 9), -EAGAIN);
	drain();
	assert_int_equal(insert(3, 1, 0), 0);
	drain();
	assert_int_equal(stats().late_messages, 2);
}

static void streams_that_are_resumed_at_once_all_go_on(void **state)
{
	uint32_t n = 0;

	(void)state;
	make((struct mcr_arbiter_config){.n_lines = 1, .keys_max = 300, .hold_on_gap = 1});
	for (uint64_t key = 0; key < 300; key++) {
		data_of(A, key, 1, 1);
		data_of(A, key, 5, 1);
	}
	while (n < 300) {
		uint32_t before = n;

		while (n < 300 && mcr_arbiter_resume(rig.arbiter, n, 5) == 0)
			n++;
		assert_true(n > before);
		drain();
	}
	assert_int_equal(stats().messages, 600);
	assert_int_equal(mcr_arbiter_holding(rig.arbiter), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_gap_while_the_reader_was_lapped_is_the_rings),
	    cmocka_unit_test(whose_a_gap_is_is_said_with_it),
	    cmocka_unit_test(a_gap_while_a_port_lost_packets_may_be_the_hosts),
	    cmocka_unit_test(inserted_messages_are_deduplicated_and_ordered),
	    cmocka_unit_test(a_stream_that_waits_at_its_gap_goes_on_when_it_is_filled),
	    cmocka_unit_test(a_snapshot_is_gone_on_behind),
	    cmocka_unit_test(held_packets_can_be_moved_and_are_forgotten_when_done_with),
	    cmocka_unit_test(a_held_packet_that_was_overwritten_is_missing_again),
	    cmocka_unit_test(a_crowded_arbiter_gives_up_its_oldest_hole),
	    cmocka_unit_test(as_they_come_each_packet_is_handed_out_with_flags),
	    cmocka_unit_test(what_calls_before_made_due_is_never_lost),
	    cmocka_unit_test(streams_that_are_resumed_at_once_all_go_on),
	};
	return cmocka_run_group_tests(tests, NULL, unmake);
}
