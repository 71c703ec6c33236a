/* SPDX-License-Identifier: BSD-3-Clause */
/* Several readers of one attachment. */
#include "cursor_rig.h"

#include <poll.h>
#include <sys/wait.h>

static void cursors_read_at_places_of_their_own(void **state)
{
	struct small_engine e;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 3);
	struct mcr_consumer *oldest = cursor_from(c, MCR_START_OLDEST);
	struct mcr_consumer *newest = cursor_from(c, MCR_START_NEWEST);
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	opts.start = MCR_START_SEQ;
	opts.seq = 2;
	struct mcr_consumer *second = cursor_of(c, opts);

	small_engine_await(&e, 1); /* connections */
	is_empty(newest);
	is_next(second, 2);
	is_next(oldest, 1);
	is_next(c, 1);
	is_next(oldest, 2);
	small_engine_publish_seqs(&e, 0, 1);
	is_next(newest, 4);
	is_next(second, 3);
	is_next(oldest, 3);
	is_next(oldest, 4);
	is_empty(oldest);
	is_next(c, 2);
	mcr_consumer_close(oldest);
	is_next(second, 4);
	mcr_consumer_close(c);
	is_over(second);
	mcr_consumer_close(second);
	mcr_consumer_close(newest);
	small_engine_destroy(&e);
}

static void a_cursor_selects_for_itself(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	const struct mcr_select_group none = {.group = mcr_address_from_ipv4(0x020202ef)};
	const uint32_t id = 77; /* small_engine_record's */
	struct small_engine e;
	struct mcr_msg msgs[4];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	opts.groups = &none;
	opts.n_groups = 1;
	struct mcr_consumer *nothing = cursor_of(c, opts);

	small_engine_publish_seqs(&e, 1, 3);
	assert_int_equal(mcr_consumer_poll(nothing, msgs, 4), 0);
	assert_int_equal(mcr_consumer_skipped(nothing), 3);
	assert_int_equal(mcr_consumer_skipped(c), 0);
	assert_int_equal(mcr_consumer_select(nothing, NULL, 0, &id, 1, NULL), 0);
	small_engine_publish_seqs(&e, 1, 1);
	assert_int_equal(mcr_consumer_poll(nothing, msgs, 4), 1);
	assert_int_equal(mcr_consumer_poll(c, msgs, 4), 4);
	mcr_consumer_close(nothing);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_cursor_reads_the_ring_that_it_names(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer_ring ring = {.size = sizeof(ring)};
	struct mcr_consumer *cursor = NULL;
	struct small_engine e;
	struct mcr_error err;

	small_engine_create(&e, 3, 4096);
	opts.ring = 1;
	struct mcr_consumer *c = small_engine_consumer(&e, opts);

	opts.ring = 2;
	cursor = cursor_of(c, opts);
	assert_int_equal(mcr_consumer_rings(cursor), 3);
	small_engine_publish_seqs(&e, 1, 1);
	is_empty(cursor);
	small_engine_publish_seqs(&e, 2, 2);
	is_next(cursor, 1);
	assert_int_equal(mcr_consumer_ring_info(cursor, 2, &ring, NULL), 0);
	assert_int_equal(ring.next, 2);
	assert_int_equal(ring.head, 3);
	assert_int_equal(mcr_consumer_ring_info(cursor, 1, &ring, NULL), -ENOENT);
	mcr_consumer_close(cursor);
	opts.ring = 3;
	cursor = NULL;
	assert_int_equal(mcr_consumer_cursor(&cursor, c, &opts, &err), -EINVAL);
	assert_string_equal(err.text, "no ring 3: the channel has 0 to 2");
	assert_null(cursor);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_cursor_has_an_order_of_its_own(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct small_engine e;
	struct mcr_msg msgs[8];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	opts.order = MCR_ORDER_MERGED;
	opts.hold_ns = 1;
	struct mcr_consumer *merged = cursor_of(c, opts);

	for (unsigned ring = 0; ring < 2; ring++) {
		small_engine_publish_seqs(&e, ring, 2);
		mcr_ring_set_polled(&e.writers[ring], 2000);
	}
	assert_int_equal(mcr_consumer_poll(merged, msgs, 8), 4);
	assert_int_equal(msgs[1].pos.ring, 1);
	assert_int_equal(mcr_consumer_poll(c, msgs, 8), 4);
	assert_int_equal(msgs[1].pos.ring, 0);
	/* It waits for a silent ring by its own clock, and no longer when the consumer is gone. */
	small_engine_put(&e, 0, (struct mcr_record){.rx_ns = 3000}, NULL, 0);
	while (mcr_consumer_poll(merged, msgs, 1) == 0)
		;
	assert_int_equal(msgs[0].kind, MCR_STALL);
	assert_int_equal(mcr_consumer_poll(merged, msgs, 1), 1);
	assert_int_equal(msgs[0].rx_ns, 3000);
	opts.hold_ns = UINT64_MAX;
	struct mcr_consumer *patient = cursor_of(c, opts);

	small_engine_put(&e, 0, (struct mcr_record){.rx_ns = 4000}, NULL, 0);
	is_empty(patient);
	is_empty(patient);
	mcr_consumer_close(c);
	assert_int_equal(mcr_consumer_poll(patient, msgs, 1), 1);
	assert_int_equal(msgs[0].rx_ns, 4000);
	is_over(patient);
	mcr_consumer_close(merged);
	mcr_consumer_close(patient);
	small_engine_destroy(&e);
}

static void what_needs_a_connection_is_not_a_cursors(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer_interface info = {.size = sizeof(info)};
	struct mcr_consumer *cursor, *other = NULL;
	struct small_engine e;
	struct mcr_error err;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	cursor = cursor_of(c, opts);
	assert_int_equal(mcr_consumer_fd(cursor), -EINVAL);
	assert_int_equal(mcr_consumer_arm(cursor), -EINVAL);
	assert_int_equal(mcr_consumer_wait(cursor, 0), -EINVAL);
	assert_int_equal(mcr_consumer_join(cursor, "239.1.1.1:5000", &err), -EINVAL);
	assert_int_equal(mcr_consumer_leave(cursor, "239.1.1.1:5000", &err), -EINVAL);
	assert_int_equal(mcr_consumer_interface_info(cursor, 0, &info, &err), -EINVAL);
	assert_int_equal(mcr_consumer_cursor(&other, cursor, &opts, &err), -EINVAL);
	assert_string_equal(err.text, "a cursor has no connection: ask its consumer for that");
	opts.msg_size--;
	assert_int_equal(mcr_consumer_cursor(&other, c, &opts, &err), -EINVAL);
	opts.msg_size++;
	opts.start = MCR_START_SEQ;
	opts.seq = 7;
	assert_int_equal(mcr_consumer_cursor(&other, c, &opts, &err), -ERANGE);
	assert_null(other);
	mcr_consumer_close(cursor);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* ---- the page ---- */

static struct mcr_consumer_info seen_by_engine(struct small_engine *e)
{
	struct mcr_consumer_info info;

	pthread_mutex_lock(&e->lock);
	assert_int_equal(mcr_attach_server_info(e->server, 0, monotonic_ns(), &info), 0);
	assert_int_equal(mcr_attach_server_count(e->server, "md"), 1);
	pthread_mutex_unlock(&e->lock);
	return info;
}

static void a_consumer_and_its_cursors_are_one_in_the_statistics(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[8];

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	struct mcr_consumer *fast = cursor_from(c, MCR_START_NEWEST);
	struct mcr_consumer *slow = cursor_from(c, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 20);
	assert_int_equal(mcr_consumer_seek(c, MCR_START_NEWEST), 0);
	assert_int_equal(mcr_consumer_poll(fast, msgs, 6), 6);
	mcr_consumer_release(fast);
	assert_int_equal(mcr_consumer_poll(slow, msgs, 2), 2);
	mcr_consumer_release(slow);
	assert_int_equal(seen_by_engine(&e).cursor, 0); /* as of the consumer's last report */
	assert_int_equal(mcr_consumer_poll(c, NULL, 0), 0);
	assert_int_equal(seen_by_engine(&e).cursor, 2);
	assert_int_equal(seen_by_engine(&e).received, 8);
	mcr_consumer_close(slow);
	mcr_consumer_release(c);
	assert_int_equal(seen_by_engine(&e).cursor, 6);
	assert_int_equal(seen_by_engine(&e).received, 8); /* what it had counted is not forgotten */
	slow = cursor_from(c, MCR_START_OLDEST);
	assert_int_equal(mcr_consumer_poll(slow, msgs, 3), 3);
	mcr_consumer_release(slow);
	mcr_consumer_release(c);
	assert_int_equal(seen_by_engine(&e).cursor, 3);
	assert_int_equal(seen_by_engine(&e).received, 11);
	mcr_consumer_close(slow);
	mcr_consumer_close(fast);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_new_engine_hears_of_what_is_its_own(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[8];

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	struct mcr_consumer *cursor = cursor_from(c, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 6);
	assert_int_equal(mcr_consumer_poll(cursor, msgs, 8), 6);
	mcr_consumer_release(cursor);
	stop(&e);
	next_life(&e, 1, 4712);
	reattach(c);
	small_engine_publish_seqs(&e, 0, 3);
	mcr_consumer_release(c);
	assert_int_equal(seen_by_engine(&e).received, 0);
	assert_int_equal(mcr_consumer_seek(c, MCR_START_NEWEST), 0);
	assert_int_equal(seen_by_engine(&e).cursor, 3); /* the cursor has not come yet */
	assert_int_equal(mcr_consumer_reattach(cursor, NULL), 0);
	mcr_consumer_release(c);
	assert_int_equal(seen_by_engine(&e).cursor, 0);
	assert_int_equal(mcr_consumer_poll(cursor, msgs, 3), 3); /* a restart and two */
	mcr_consumer_release(cursor);
	mcr_consumer_release(c);
	assert_int_equal(seen_by_engine(&e).cursor, 2);
	assert_int_equal(seen_by_engine(&e).received, 2);
	mcr_consumer_close(cursor);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* ---- fork ---- */

static void a_forked_child_may_read_and_close_what_it_inherited(void **state)
{
	struct small_engine e;
	int status;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	struct mcr_consumer *cursor = cursor_from(c, MCR_START_NEWEST);
	struct pollfd p = {.fd = mcr_consumer_fd(c), .events = POLLIN};
	pid_t pid;

	small_engine_publish_seqs(&e, 0, 1);
	assert_int_equal(mcr_consumer_seek(c, MCR_START_NEWEST), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct mcr_msg msg;
		int n = mcr_consumer_poll(cursor, &msg, 1);

		mcr_consumer_close(cursor);
		mcr_consumer_close(c);
		_exit(n == 1 && msg.pos.seq == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	small_engine_await(&e, 1);
	assert_int_equal(mcr_consumer_arm(c), 0);
	small_engine_publish_seqs(&e, 0, 1);
	assert_int_equal(poll(&p, 1, 30000), 1);
	is_next(cursor, 1);
	is_next(cursor, 2);
	is_next(c, 2);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	mcr_consumer_close(cursor);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cursors_read_at_places_of_their_own),
	    cmocka_unit_test(a_cursor_selects_for_itself),
	    cmocka_unit_test(a_cursor_reads_the_ring_that_it_names),
	    cmocka_unit_test(a_cursor_has_an_order_of_its_own),
	    cmocka_unit_test(what_needs_a_connection_is_not_a_cursors),
	    cmocka_unit_test(a_consumer_and_its_cursors_are_one_in_the_statistics),
	    cmocka_unit_test(a_new_engine_hears_of_what_is_its_own),
	    cmocka_unit_test(a_forked_child_may_read_and_close_what_it_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
