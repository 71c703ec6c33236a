/* SPDX-License-Identifier: BSD-3-Clause */
#include "small_engine.h"

#define HOUR_NS UINT64_C(3600000000000)

static void publish(struct small_engine *e, unsigned ring, uint64_t rx_ns)
{
	struct mcr_record desc = {.rx_ns = rx_ns, .id = ring};

	small_engine_put(e, ring, desc, &rx_ns, sizeof(rx_ns));
}

static void mark(struct small_engine *e, unsigned ring, uint64_t polled_ns)
{
	mcr_ring_set_polled(&e->writers[ring], polled_ns);
}

static struct mcr_consumer *merged(struct small_engine *e, uint64_t hold_ns)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	opts.start = MCR_START_OLDEST;
	opts.order = MCR_ORDER_MERGED;
	opts.hold_ns = hold_ns;
	return small_engine_consumer(e, opts);
}

static int poll_until(struct mcr_consumer *c, struct mcr_msg *msgs, int n)
{
	uint64_t start = monotonic_ns();
	int got;

	while ((got = mcr_consumer_poll(c, msgs, n)) == 0)
		assert_true(monotonic_ns() - start < UINT64_C(30000000000));
	return got;
}

static void messages_of_several_rings_come_in_the_order_of_arrival(void **state)
{
	static const unsigned rings[] = {2, 0, 1, 0, 0, 2, 1};
	struct small_engine e;
	struct mcr_msg msgs[16];
	uint64_t rx_ns;

	small_engine_create(&e, 3, 4096);
	for (unsigned i = 0; i < 7; i++)
		publish(&e, rings[i], 100 + i);
	for (unsigned i = 0; i < 3; i++)
		mark(&e, i, 200);
	struct mcr_consumer *c = merged(&e, HOUR_NS);

	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 7);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(msgs[i].rx_ns, 100 + i);
		assert_int_equal(msgs[i].pos.ring, rings[i]);
		assert_int_equal(msgs[i].flags, 0);
		assert_int_equal(mcr_consumer_read(c, &msgs[i], &rx_ns, sizeof(rx_ns)), 8);
		assert_int_equal(rx_ns, 100 + i);
	}
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_message_waits_until_every_other_ring_is_past_it(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 3, 4096);
	struct mcr_consumer *c = merged(&e, HOUR_NS);

	publish(&e, 1, 100);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	mark(&e, 0, 101);
	mark(&e, 2, 99);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	publish(&e, 2, 99);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	assert_int_equal(msgs[0].pos.ring, 2);
	mcr_consumer_release(c); /* what waits is not done with */
	assert_int_equal(mcr_consumer_headroom(c), 61);
	publish(&e, 2, 120);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	assert_int_equal(msgs[0].pos.ring, 1);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* A mark says that nothing older comes: a message of the same time still may. */
static void equal_times_go_by_ring_whenever_one_looks(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 3, 4096);
	struct mcr_consumer *c = merged(&e, HOUR_NS);

	publish(&e, 1, 100);
	mark(&e, 0, 100);
	mark(&e, 2, 100);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	publish(&e, 2, 100);
	publish(&e, 0, 100);
	publish(&e, 0, 100);
	mark(&e, 0, 101);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 3);
	assert_int_equal(msgs[0].pos.ring, 0);
	assert_int_equal(msgs[1].pos.ring, 0);
	assert_int_equal(msgs[2].pos.ring, 1);
	mark(&e, 1, 101);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	assert_int_equal(msgs[0].pos.ring, 2);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

struct merge_check {
	unsigned n_rings;
	uint64_t next[4]; /* seq */
	uint64_t last_ns;
	unsigned last_ring;
	uint64_t received, lost;
};

static void check(struct merge_check *check, const struct mcr_msg *m)
{
	uint64_t *next = &check->next[m->pos.ring];

	assert_int_equal(m->pos.seq, *next);
	*next += m->kind == MCR_LOST ? m->lost : 1;
	if (m->kind == MCR_LOST) {
		check->lost += m->lost;
		return;
	}
	assert_int_equal(m->kind, MCR_DATA);
	assert_int_equal(m->flags, 0);
	assert_true(m->rx_ns > check->last_ns ||
		    (m->rx_ns == check->last_ns && m->pos.ring >= check->last_ring));
	check->last_ns = m->rx_ns;
	check->last_ring = m->pos.ring;
	check->received++;
}

/* A message of any size, which may wait for others to be published with it. */
static void put_any(struct small_engine *e, unsigned ring, uint64_t rx_ns, unsigned *rng)
{
	static const uint8_t payload[500];
	struct mcr_record record = {.rx_ns = rx_ns, .id = ring};

	record.len = (uint16_t)(rand_r(rng) % (rand_r(rng) % 4 == 0 ? sizeof(payload) : 20));
	mcr_ring_put(&e->writers[ring], &record, payload);
	if (rand_r(rng) % 3 == 0)
		mcr_ring_publish(&e->writers[ring]);
}

/* Random bursts, marks and reading speeds: order, each ring's seqs, and the sum are exact. */
static void any_history_is_merged_exactly(void **state)
{
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct merge_check result = {.n_rings = 2 + seed % 3, .next = {1, 1, 1, 1}};
		unsigned rng = seed, slow = seed % 2;
		uint64_t now = 1000, published = 0;
		struct mcr_msg msgs[64];
		struct small_engine e;
		int n;

		small_engine_create(&e, result.n_rings, 4096);
		struct mcr_consumer *c = merged(&e, HOUR_NS);

		for (int step = 0; step < 3000; step++) {
			unsigned ring = (unsigned)rand_r(&rng) % result.n_rings;

			now += (unsigned)rand_r(&rng) % 3; /* equal times too */
			if (rand_r(&rng) % 4 == 0) {
				mcr_ring_publish(&e.writers[ring]);
				mark(&e, ring, now);
			} else {
				put_any(&e, ring, now, &rng);
			}
			if (slow && rand_r(&rng) % 100 != 0)
				continue;
			n = mcr_consumer_poll(c, msgs, 1 + rand_r(&rng) % 64);
			for (int i = 0; i < n; i++)
				check(&result, &msgs[i]);
			if (rand_r(&rng) % 2 == 0)
				mcr_consumer_release(c);
		}
		for (unsigned ring = 0; ring < result.n_rings; ring++) {
			mcr_ring_publish(&e.writers[ring]);
			mark(&e, ring, now + 1);
			published += e.writers[ring].next;
		}
		while ((n = mcr_consumer_poll(c, msgs, 64)) > 0)
			for (int i = 0; i < n; i++)
				check(&result, &msgs[i]);
		assert_int_equal(result.received + result.lost, published);
		assert_true(result.received > 200);
		assert_int_equal(result.lost > 0, slow);
		mcr_consumer_close(c);
		small_engine_destroy(&e);
	}
}

static void what_is_overtaken_while_it_waits_is_told_as_lost(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[128];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = merged(&e, HOUR_NS);

	for (unsigned i = 0; i < 10; i++)
		publish(&e, 0, 100 + i);
	assert_int_equal(mcr_consumer_poll(c, msgs, 128), 0); /* copied ahead, held back */
	for (unsigned i = 10; i < 100; i++)
		publish(&e, 0, 100 + i);
	mark(&e, 1, 300);
	mark(&e, 0, 300);
	assert_int_equal(mcr_consumer_poll(c, msgs, 128), 63);
	assert_int_equal(msgs[0].kind, MCR_LOST);
	assert_int_equal(msgs[0].pos.seq, 1);
	assert_int_equal(msgs[0].lost, 38);
	assert_int_equal(msgs[1].pos.seq, 39);
	assert_int_equal(msgs[62].pos.seq, 100);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void show_counts(struct mcr_ring_header *header, const struct mcr_ring_header *counts)
{
	memcpy(header->published, counts->published, sizeof(header->published));
	header->version = counts->version;
	header->reserved = counts->reserved;
}

/* It sees that it was lapped, and its counts not yet: so it does not know where to go on. */
static void a_ring_that_cannot_be_read_now_is_not_taken_for_an_empty_one(void **state)
{
	struct mcr_ring_header before, after;
	struct mcr_ring_header *header;
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = merged(&e, HOUR_NS);

	header = e.regions[0].mem;
	publish(&e, 1, 150);
	mark(&e, 0, 200);
	mark(&e, 1, 200);
	before = *header;
	publish(&e, 0, 100);
	after = *header;
	before.reserved = UINT64_C(1) << 20;
	show_counts(header, &before);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	show_counts(header, &after);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 2);
	assert_int_equal(msgs[0].rx_ns, 100);
	assert_int_equal(msgs[1].rx_ns, 150);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_silent_ring_is_named_and_holds_up_the_others_no_longer(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = merged(&e, 20000000);

	mark(&e, 1, 90);
	publish(&e, 0, 100);
	assert_int_equal(poll_until(c, msgs, 16), 2);
	assert_int_equal(msgs[0].kind, MCR_STALL);
	assert_int_equal(msgs[0].pos.ring, 1);
	assert_int_equal(msgs[0].pos.seq, 1);
	assert_int_equal(msgs[0].rx_ns, 90);
	assert_int_equal(msgs[1].pos.ring, 0);
	publish(&e, 0, 110); /* without waiting again */
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	publish(&e, 1, 95);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	assert_int_equal(msgs[0].pos.ring, 1);
	assert_int_equal(msgs[0].flags, MCR_FLAG_LATE);
	mark(&e, 1, 111); /* it caught up: from now on it is waited for */
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	publish(&e, 0, 120);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	publish(&e, 1, 115);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	assert_int_equal(msgs[0].pos.ring, 1);
	assert_int_equal(msgs[0].flags, 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_reader_that_slept_does_not_blame_the_rings(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = merged(&e, 1000000);

	publish(&e, 0, 100);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	sleep_ms(10);
	mark(&e, 1, 101);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	assert_int_equal(msgs[0].kind, MCR_DATA);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_stopped_engine_is_drained_in_order_and_then_epipe(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 3, 4096);
	struct mcr_consumer *c = merged(&e, HOUR_NS);

	publish(&e, 2, 103);
	publish(&e, 1, 101);
	publish(&e, 2, 104);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	for (unsigned i = 0; i < 3; i++)
		mcr_ring_set_state(e.regions[i].mem, MCR_RING_STOPPED);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 3);
	assert_int_equal(msgs[0].rx_ns, 101);
	assert_int_equal(msgs[1].rx_ns, 103);
	assert_int_equal(msgs[2].rx_ns, 104);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), -EPIPE);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_dead_engine_is_drained_in_order_and_then_epipe(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = merged(&e, HOUR_NS);

	publish(&e, 1, 102);
	publish(&e, 1, 103);
	__atomic_store_n(&e.beating, 0, __ATOMIC_RELEASE);
	assert_int_equal(poll_until(c, msgs, 16), 1); /* it may go on, so ring 0 is waited for */
	assert_int_equal(msgs[0].kind, MCR_ENGINE_STALL);
	pthread_mutex_lock(&e.lock);
	mcr_attach_server_remove_channel(e.server, "md");
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(poll_until(c, msgs, 16), 2);
	assert_int_equal(msgs[0].rx_ns, 102);
	assert_int_equal(msgs[1].rx_ns, 103);
	assert_int_equal(poll_until(c, msgs, 16), -EPIPE);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void what_is_not_selected_neither_comes_nor_waits(void **state)
{
	const uint32_t id = 1;
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = merged(&e, HOUR_NS);

	assert_int_equal(mcr_consumer_select(c, NULL, 0, &id, 1, NULL), 0);
	publish(&e, 0, 100); /* id 0 */
	publish(&e, 0, 105);
	publish(&e, 1, 101);
	publish(&e, 1, 106);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	assert_int_equal(msgs[0].rx_ns, 101);
	assert_int_equal(mcr_consumer_skipped(c), 2);
	mark(&e, 0, 107);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	assert_int_equal(msgs[0].rx_ns, 106);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void an_order_that_is_none_is_refused(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct small_engine e;
	struct mcr_consumer *c;
	struct mcr_error err;

	small_engine_create(&e, 2, 4096);
	opts.run_dir = e.dir;
	opts.channel = "md";
	opts.order = 2;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -EINVAL);
	assert_non_null(strstr(err.text, "order 2"));
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_of_several_rings_come_in_the_order_of_arrival),
	    cmocka_unit_test(a_message_waits_until_every_other_ring_is_past_it),
	    cmocka_unit_test(equal_times_go_by_ring_whenever_one_looks),
	    cmocka_unit_test(any_history_is_merged_exactly),
	    cmocka_unit_test(what_is_overtaken_while_it_waits_is_told_as_lost),
	    cmocka_unit_test(a_ring_that_cannot_be_read_now_is_not_taken_for_an_empty_one),
	    cmocka_unit_test(a_silent_ring_is_named_and_holds_up_the_others_no_longer),
	    cmocka_unit_test(a_reader_that_slept_does_not_blame_the_rings),
	    cmocka_unit_test(a_stopped_engine_is_drained_in_order_and_then_epipe),
	    cmocka_unit_test(a_dead_engine_is_drained_in_order_and_then_epipe),
	    cmocka_unit_test(what_is_not_selected_neither_comes_nor_waits),
	    cmocka_unit_test(an_order_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
