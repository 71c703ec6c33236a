/* SPDX-License-Identifier: BSD-3-Clause */
/* Cursors, where their consumer ends or goes on. */
#include "cursor_rig.h"

#include <fcntl.h>

#include "client/state.h" /* maps and descriptors */

static void a_cursor_ends_with_all_that_was_published(void **state)
{
	struct small_engine e;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	struct mcr_consumer *cursor = cursor_from(c, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 2);
	mcr_consumer_close(c);
	is_next(cursor, 1);
	is_next(cursor, 2);
	is_over(cursor);
	assert_int_equal(mcr_consumer_reattach(cursor, NULL), -EPIPE);
	mcr_consumer_close(cursor);
	small_engine_destroy(&e);
}

static void a_cursor_follows_its_consumer_to_the_next_engine(void **state)
{
	struct small_engine e;
	struct mcr_msg msg;

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	struct mcr_consumer *early = cursor_from(c, MCR_START_NEWEST);
	struct mcr_consumer *late = cursor_from(c, MCR_START_NEWEST);

	assert_int_equal(mcr_consumer_reattach(early, NULL), 0); /* it is where c is */
	small_engine_publish_seqs(&e, 0, 2);
	stop(&e);
	is_next(early, 1);
	is_next(early, 2);
	is_over(early);
	next_life(&e, 1, 4712);
	small_engine_publish_seqs(&e, 0, 1);
	is_next(late, 1); /* it is still in the old ring */
	reattach(c);
	is_next(late, 2);
	is_over(late);
	assert_int_equal(mcr_consumer_reattach(early, NULL), 0);
	assert_int_equal(mcr_consumer_reattach(late, NULL), 0);
	for (int i = 0; i < 3; i++) {
		struct mcr_consumer *k = i == 0 ? early : i == 1 ? late : c;

		assert_int_equal(mcr_consumer_poll(k, &msg, 1), 1);
		assert_int_equal(msg.kind, MCR_RESTART);
		assert_int_equal(msg.pos.epoch, 4712);
		is_next(k, 1);
		is_empty(k);
	}
	mcr_consumer_close(early);
	mcr_consumer_close(late);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_cursor_goes_on_in_the_same_engine_without_an_event(void **state)
{
	struct small_engine e;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	struct mcr_consumer *cursor = cursor_from(c, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 3);
	is_next(cursor, 1);
	reattach(c);
	is_next(cursor, 2);
	is_next(cursor, 3);
	is_over(cursor);
	small_engine_publish_seqs(&e, 0, 2);
	is_next(cursor, 4); /* the old map is of the same ring */
	assert_int_equal(mcr_consumer_reattach(cursor, NULL), 0);
	is_next(cursor, 5);
	is_empty(cursor);
	mcr_consumer_close(c);
	mcr_consumer_close(cursor);
	small_engine_destroy(&e);
}

static void a_cursor_waits_for_its_consumer(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct small_engine e;
	struct mcr_error err;
	struct mcr_msg msg;
	int n;

	small_engine_create(&e, 1, 4096);
	opts.stall_ns = 1;
	struct mcr_consumer *c = small_engine_consumer(&e, opts);
	struct mcr_consumer *cursor = cursor_of(c, opts);

	__atomic_store_n(&e.beating, 0, __ATOMIC_RELEASE);
	is_empty(cursor);
	while ((n = mcr_consumer_poll(c, &msg, 1)) == 0)
		assert_int_equal(mcr_consumer_wait(c, UINT64_MAX), 1);
	assert_int_equal(n, -EPIPE);
	is_over(cursor);
	assert_int_equal(mcr_consumer_reattach(cursor, &err), -EAGAIN);
	assert_string_equal(err.text, "the consumer of this cursor has no engine");
	is_over(cursor);
	reattach(c);
	assert_int_equal(mcr_consumer_reattach(cursor, &err), 0);
	is_empty(cursor);
	mcr_consumer_close(cursor);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_ring_that_is_gone_leaves_the_cursor_where_it_was(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct small_engine e;
	struct mcr_error err;
	struct mcr_msg msg;

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	opts.ring = 1;
	struct mcr_consumer *cursor = cursor_of(c, opts);

	small_engine_publish_seqs(&e, 1, 1);
	stop(&e);
	next_life(&e, 1, 4712);
	reattach(c);
	assert_int_equal(mcr_consumer_reattach(cursor, &err), -EINVAL);
	assert_string_equal(err.text, "no ring 1: the channel has 0 to 0");
	is_next(cursor, 1);
	is_over(cursor);
	stop(&e);
	next_life(&e, 2, 4713);
	reattach(c);
	assert_int_equal(mcr_consumer_reattach(cursor, &err), 0);
	assert_int_equal(mcr_consumer_poll(cursor, &msg, 1), 1);
	assert_int_equal(msg.kind, MCR_RESTART);
	mcr_consumer_close(cursor);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void is_open_once(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_true(fcntl(fds[i], F_GETFD) >= 0);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(fds[i], fds[k]);
	}
}

static void a_consumer_lists_the_descriptors_that_it_has_now(void **state)
{
	int fds[MCR_CLIENT_DESCRIPTORS_MAX];
	struct small_engine e;
	size_t before = fd_count(), n;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	struct mcr_consumer *cursor = cursor_from(c, MCR_START_NEWEST);

	assert_int_equal(mcr_client_descriptors(cursor, fds), 0);
	assert_int_equal(mcr_client_descriptors(c, fds), 2);
	is_open_once(fds, 2);
	small_engine_kill(&e);
	assert_int_equal(mcr_consumer_reattach(c, NULL), -ENOENT);
	n = mcr_client_descriptors(c, fds);
	assert_int_equal(n, fd_count() - before);
	is_open_once(fds, n);
	small_engine_start(&e, &ATTACH, &MD, 1, 4712);
	reattach(c);
	assert_int_equal(mcr_client_descriptors(c, fds), 2);
	is_open_once(fds, 2);
	mcr_consumer_close(cursor);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* Maps that nobody reads any more are unmapped, whoever has not followed yet. */
static void a_cursor_that_stays_behind_holds_no_map_but_its_own(void **state)
{
	struct small_engine e;
	unsigned n = 0, mapped = 0;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	struct mcr_consumer *cursor = cursor_from(c, MCR_START_NEWEST);

	for (unsigned i = 0; i < 10; i++)
		reattach(c);
	for (const struct mcr_client_lasting *map = c->share->maps; map; map = map->next) {
		n++;
		mapped += ((const struct mcr_client_map *)(const void *)map)->mapped.n_rings;
	}
	assert_int_equal(mapped, 2);
	assert_true(n <= 3);
	small_engine_publish_seqs(&e, 0, 1);
	is_next(cursor, 1);
	mcr_consumer_close(cursor);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_cursor_ends_with_all_that_was_published),
	    cmocka_unit_test(a_cursor_follows_its_consumer_to_the_next_engine),
	    cmocka_unit_test(a_cursor_goes_on_in_the_same_engine_without_an_event),
	    cmocka_unit_test(a_cursor_waits_for_its_consumer),
	    cmocka_unit_test(a_ring_that_is_gone_leaves_the_cursor_where_it_was),
	    cmocka_unit_test(a_consumer_lists_the_descriptors_that_it_has_now),
	    cmocka_unit_test(a_cursor_that_stays_behind_holds_no_map_but_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
