/* SPDX-License-Identifier: BSD-3-Clause */
/* What the sink leaves in its rings while the broker has enough. */
#include "sink_rig.h"

#define EPOCH   4711 /* of the small engine's first life */
#define ROOM    10
#define A_WHILE 50  /* rounds of 1 ms: the broker still counts as one that takes units */
#define LONG    200 /* it does not any more */

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct sink_rig));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

/* A broker that has ROOM units and gives none back, with more messages in the ring. Returns how
 * many were read meanwhile. */
static uint64_t fill(struct sink_rig *r, uint64_t bytes, uint64_t messages)
{
	rig_begin(r, 1, bytes);
	r->made.room = ROOM;
	r->made.takes = 0;
	rig_start(r);
	rig_attach(r);
	small_engine_publish_seqs(&r->e, 0, messages);
	rig_round(r);
	assert_int_equal(r->s.in_flight, ROOM);
	return r->s.sources[0]->counts.read;
}

static void rounds(struct sink_rig *r, unsigned n)
{
	while (n-- > 0)
		rig_round(r);
}

static void settle(struct sink_rig *r, uint64_t messages)
{
	r->made.takes = 1;
	rig_settle(r);
	assert_int_equal(account_is_whole(&r->made, EPOCH, 0, messages), 0);
}

static void nothing_is_read_ahead_of_a_broker_that_takes_units(void **state)
{
	struct sink_rig *r = *state;
	const uint64_t read = fill(r, 1 << 20, 2000);
	const struct sink_source *src = r->s.sources[0];

	rounds(r, A_WHILE);
	assert_int_equal(src->counts.read, read);
	assert_int_equal(sink_behind(src), 2000 - read);
	r->made.takes =
	    1; /* each round: and so it stays, as long as units are left that were read */
	rounds(r, A_WHILE);
	assert_int_equal(src->counts.read, read);
	assert_int_equal(src->counts.stored, A_WHILE);
	settle(r, 2000);
	rig_end(r);
}

static void a_ring_that_waits_is_looked_at_again_and_wakes_nobody(void **state)
{
	struct sink_rig *r = *state;
	struct epoll_event event;

	fill(r, 1 << 20, 2000);
	rounds(r, A_WHILE);
	assert_int_equal(sink_arm(&r->s), 1);
	small_engine_publish_seqs(&r->e, 0, 1);
	assert_int_equal(epoll_wait(r->s.epoll_fd, &event, 1, 0), 0);
	settle(r, 2001);
	assert_int_not_equal(sink_arm(&r->s), 1); /* it is watched again */
	small_engine_publish_seqs(&r->e, 0, 1);
	assert_int_equal(epoll_wait(r->s.epoll_fd, &event, 1, 20000), 1);
	settle(r, 2002);
	rig_end(r);
}

static void a_ring_that_is_nearly_full_is_read_all_the_same(void **state)
{
	struct sink_rig *r = *state;
	uint64_t messages = 200, read = fill(r, 65536, messages);

	while (messages < 4000) {         /* several times what the ring holds */
		r->s.took_ns = r->now_ns; /* as if it took one now and then */
		small_engine_publish_seqs(&r->e, 0, 20);
		messages += 20;
		rig_round(r);
	}
	assert_true(r->s.sources[0]->counts.read > read);
	assert_true(sink_behind(r->s.sources[0]) > 100); /* it is not emptied either */
	settle(r, messages);
	rig_end(r);
}

static void a_ring_that_is_nearly_full_does_not_have_the_others_wait(void **state)
{
	struct sink_rig *r = *state;
	struct account a;
	uint64_t messages = 0;

	rig_begin(r, 2, 65536);
	r->made.room = r->made.takes = 50;
	rig_start(r);
	rig_attach(r);
	for (int i = 0; i < 300; i++) {
		small_engine_publish_seqs(&r->e, 0, 60); /* more than the broker takes */
		messages += 60;
		if (i == 150)
			small_engine_publish_seqs(&r->e, 1, 5);
		rig_round(r);
	}
	a = account_of(&r->made, EPOCH, 1, 5);
	assert_int_equal(a.n_came, 5);
	free(a.came);
	r->made.room = r->made.takes = UINT32_MAX;
	settle(r, messages);
	rig_end(r);
}

static void a_broker_that_takes_nothing_is_read_ahead_of(void **state)
{
	struct sink_rig *r = *state;

	fill(r, 1 << 20, 2000);
	rounds(r, LONG);
	assert_int_equal(r->s.sources[0]->counts.read, 2000);
	settle(r, 2000);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nothing_is_read_ahead_of_a_broker_that_takes_units,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(a_ring_that_waits_is_looked_at_again_and_wakes_nobody,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(a_ring_that_is_nearly_full_is_read_all_the_same, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(
		a_ring_that_is_nearly_full_does_not_have_the_others_wait, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_broker_that_takes_nothing_is_read_ahead_of, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
