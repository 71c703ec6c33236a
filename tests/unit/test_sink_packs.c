/* SPDX-License-Identifier: BSD-3-Clause */
/* How a channel's messages are packed: by flow, by cell, by number and octets. */
#include "sink_rig.h"

#define EPOCH 4711 /* of the small engine's first life */

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

static void a_pack_has_one_flow_and_one_cell(void **state)
{
	static const char *const ids[] = {"1267.0.1.2", "1267.0.2.1", "1267.0.4.1", "1267.0.5.2"};
	static const uint32_t messages[] = {2, 1, 1, 2};
	struct sink_rig *r = *state;

	rig_begin(r, 1, 65536);
	r->options.pack = 10;
	rig_start(r);
	put_at(r, 5000000, 5000, 100);
	put_at(r, 5000001, 5001, 100); /* another group's port */
	put_at(r, 5999999, 5000, 200);
	put_at(r, 6000000, 5000, 100); /* another millisecond */
	put_at(r, 9000000, 5000, 100);
	put_at(r, 9000000, 5000, 100);
	rig_settle(r);
	assert_int_equal(r->made.n, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_string_equal(r->made.all[i].id, ids[i]);
		assert_int_equal(r->made.all[i].messages, messages[i]);
	}
	assert_non_null(strstr(r->made.all[0].header, " n=2 pack"));
	assert_int_equal(account_is_whole(&r->made, EPOCH, 0, 6), 0);
	rig_end(r);
}

static void a_pack_ends_with_its_number_or_its_octets(void **state)
{
	struct sink_rig *r = *state;

	rig_begin(r, 1, 1 << 20);
	r->options.pack = 300;
	rig_start(r);
	for (unsigned i = 0; i < 1000; i++)
		put_at(r, 5000000, 5000, i < 400 ? 8 : 1024);
	rig_settle(r);
	for (uint32_t i = 0; i < r->made.n; i++) {
		assert_true(r->made.all[i].messages <= 300);
		assert_true(r->made.all[i].len <= PACK_OCTETS_MAX);
	}
	assert_int_equal(r->made.all[0].messages, 300);
	assert_true(r->made.all[2].messages < 300);
	assert_int_equal(account_is_whole(&r->made, EPOCH, 0, 1000), 0);
	rig_end(r);
}

/* A time of arrival as of a capture that is played again: the beginning of a cell. */
#define OLD_NS (1700000000 * UINT64_C(1000000000))

/* The ring's time goes on, but not out of the cell of OLD_NS. */
static void go_on(struct sink_rig *r)
{
	for (unsigned i = 0; i < 1000; i++) {
		mcr_ring_set_polled(&r->e.writers[0], OLD_NS + i);
		rig_round(r);
	}
}

/* As long as a message of the cell may come: its units wait, and the position with them. */
static void a_cell_waits_for_its_end(void **state)
{
	struct sink_rig *r = *state;

	rig_begin(r, 1, 65536);
	r->options.pack = 10;
	rig_start(r);
	rig_attach(r);
	put_at(r, OLD_NS, 5000, 100);
	go_on(r);
	assert_int_equal(r->made.n, 0);
	assert_int_equal(r->s.open, 1);
	assert_int_equal(r->s.sources[0]->counts.read, 1);
	mcr_ring_set_polled(&r->e.writers[0], OLD_NS + r->options.linger_ns); /* none comes */
	rig_settle(r);
	assert_int_equal(r->made.n, 1);
	assert_int_equal(r->s.open, 0);
	rig_end(r);
}

static void what_is_open_goes_at_the_end(void **state)
{
	struct sink_rig *r = *state;
	const uint64_t end_ns = monotonic_ns() + SOON_NS;

	rig_begin(r, 1, 65536);
	r->options.pack = 10;
	r->made.is_kafka = 1;
	rig_start(r);
	rig_attach(r);
	put_at(r, OLD_NS, 5000, 100);
	go_on(r);
	assert_int_equal(r->made.committed, 0);
	r->made.takes = 0;
	assert_int_equal(sink_finish(&r->s, monotonic_ns()), 0); /* the broker is slow */
	r->made.takes = 1;
	while (!sink_finish(&r->s, monotonic_ns()) && monotonic_ns() < end_ns)
		;
	assert_int_equal(r->made.committed, 1);
	assert_non_null(strstr(r->made.position, "\"next\":2"));
	rig_end(r);
}

/* Open cells alone may fill the memory: then they end. */
static void packs_never_wait_for_memory_that_they_hold(void **state)
{
	struct sink_rig *r = *state;
	const uint64_t far_ns = realtime_ns() + 3600 * UINT64_C(1000000000);

	rig_begin(r, 1, 1 << 20);
	r->options.memory = 20000;
	r->options.pack = 100;
	rig_start(r);
	rig_attach(r);
	for (unsigned i = 0; i < 100; i++)
		put_at(r, far_ns, (uint16_t)(5000 + i), 500);
	for (int i = 0; i < 1000; i++)
		rig_round(r);
	assert_int_equal(sink_behind(r->s.sources[0]), 0);
	mcr_ring_set_polled(&r->e.writers[0], far_ns + r->options.linger_ns);
	rig_settle(r);
	assert_int_equal(account_is_whole(&r->made, EPOCH, 0, 100), 0);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_pack_has_one_flow_and_one_cell, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_pack_ends_with_its_number_or_its_octets, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_cell_waits_for_its_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_open_goes_at_the_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(packs_never_wait_for_memory_that_they_hold, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
