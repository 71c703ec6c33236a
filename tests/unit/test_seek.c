/* SPDX-License-Identifier: BSD-3-Clause */
/* Going to another place in the rings. */
#include "small_engine.h"

#include <poll.h>

#define HELD 62 /* messages, of the 64 lines of a ring: two may be about to be overwritten */

static void to_the_newest_message_and_never_back(void **state)
{
	struct small_engine e;
	struct mcr_ring_header *h;
	struct mcr_msg msgs[8];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 5);
	small_engine_publish_seqs(&e, 1, 2);
	assert_int_equal(mcr_consumer_poll(c, msgs, 1), 1);
	assert_int_equal(mcr_consumer_seek(c, MCR_START_NEWEST), 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 8), 0);
	small_engine_publish_seqs(&e, 0, 1);
	assert_int_equal(mcr_consumer_poll(c, msgs, 8), 1);
	assert_int_equal(msgs[0].kind, MCR_DATA);
	assert_int_equal(msgs[0].pos.seq, 6);
	assert_int_equal(mcr_consumer_skipped(c), 0);
	/* A message is there before it is counted. */
	h = e.regions[0].mem;
	h->version--;
	assert_int_equal(mcr_consumer_seek(c, MCR_START_NEWEST), 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 8), 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void to_the_oldest_message_again_and_again(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[2 * HELD];
	int n;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(mcr_consumer_poll(c, msgs, 8), 3);
		assert_int_equal(msgs[0].pos.seq, 1);
		assert_int_equal(mcr_consumer_seek(c, MCR_START_OLDEST), 0);
	}
	small_engine_publish_seqs(&e, 0, HELD);
	assert_int_equal(mcr_consumer_seek(c, MCR_START_OLDEST), 0);
	n = mcr_consumer_poll(c, msgs, 2 * HELD);
	assert_true(n > HELD / 2);
	assert_int_equal(msgs[0].kind, MCR_DATA); /* nothing was lost: it asked for no more */
	assert_int_equal(msgs[0].pos.seq, 3 + HELD - n + 1);
	assert_int_equal(mcr_consumer_seek(c, MCR_START_SEQ), -EINVAL);
	assert_int_equal(mcr_consumer_seek(c, 3), -EINVAL);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* What was copied ahead is dropped with the rest, and what comes again does not come late. */
static void in_the_order_of_time(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 2, 4096);
	opts.order = MCR_ORDER_MERGED;
	struct mcr_consumer *c = small_engine_consumer(&e, opts);

	for (unsigned ring = 0; ring < 2; ring++) {
		small_engine_publish_seqs(&e, ring, 5);
		mcr_ring_set_polled(&e.writers[ring], 2000);
	}
	assert_int_equal(mcr_consumer_poll(c, msgs, 3), 3);
	assert_int_equal(mcr_consumer_seek(c, MCR_START_NEWEST), 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	assert_int_equal(mcr_consumer_seek(c, MCR_START_OLDEST), 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 10);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(msgs[i].pos.seq, i / 2 + 1);
		assert_int_equal(msgs[i].pos.ring, i % 2);
		assert_int_equal(msgs[i].flags & MCR_FLAG_LATE, 0);
	}
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void what_was_passed_is_done_with(void **state)
{
	struct small_engine e;
	struct mcr_consumer_info info;
	struct mcr_msg msg;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 5);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	assert_int_equal(mcr_consumer_seek(c, MCR_START_NEWEST), 0);
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_info(e.server, 0, monotonic_ns(), &info), 0);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(info.cursor, 5);
	assert_int_equal(info.received, 1);
	assert_int_equal(info.lost + info.skipped, 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* Armed for what it went back behind, it would sleep although messages wait. */
static void it_withdraws_an_arm(void **state)
{
	struct small_engine e;
	struct mcr_msg msg;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	struct pollfd p = {.fd = mcr_consumer_fd(c), .events = POLLIN};

	small_engine_publish_seqs(&e, 0, 1);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 0);
	assert_int_equal(mcr_consumer_arm(c), 0);
	small_engine_publish_seqs(&e, 0, 1);
	assert_int_equal(poll(&p, 1, 30000), 1);
	assert_int_equal(mcr_consumer_seek(c, MCR_START_OLDEST), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(mcr_consumer_arm(c), 1);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* Whatever the header says, it goes to a place in the area. */
static void a_ring_full_of_garbage_harms_nobody(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[8];
	unsigned seed = 5;
	char buf[64];

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	uint64_t *words = e.regions[0].mem;
	const size_t first = offsetof(struct mcr_ring_header, reserved) / sizeof(*words);

	for (int round = 0; round < 2000; round++) {
		for (size_t i = first; i < (MCR_RING_HEADER_BYTES + 4096) / sizeof(*words); i++)
			words[i] = (uint64_t)rand_r(&seed) << (rand_r(&seed) % 40);
		mcr_consumer_seek(c, round % 2 == 0 ? MCR_START_NEWEST : MCR_START_OLDEST);
		for (int n = mcr_consumer_poll(c, msgs, 8); n > 0; n--)
			mcr_consumer_read(c, &msgs[n - 1], buf, sizeof(buf));
		mcr_consumer_headroom(c);
	}
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(to_the_newest_message_and_never_back),
	    cmocka_unit_test(to_the_oldest_message_again_and_again),
	    cmocka_unit_test(in_the_order_of_time),
	    cmocka_unit_test(what_was_passed_is_done_with),
	    cmocka_unit_test(it_withdraws_an_arm),
	    cmocka_unit_test(a_ring_full_of_garbage_harms_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
