/* SPDX-License-Identifier: BSD-3-Clause */
/* What a consumer is given, and where it starts. */
#include "small_engine.h"

static void messages_arrive_whole_and_in_order(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];
	char buf[64];

	small_engine_create(&e, 1, 64, 65536);
	small_engine_publish(&e, 0, "before", 6);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	assert_int_equal(mcr_consumer_rings(c), 1);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	small_engine_publish(&e, 0, "one", 3);
	small_engine_publish(&e, 0, "", 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 2);
	assert_int_equal(msgs[0].kind, MCR_DATA);
	assert_int_equal(msgs[0].len, 3);
	assert_int_equal(msgs[0].pos.seq, 2);
	assert_int_equal(msgs[0].pos.epoch, 4711);
	assert_int_equal(msgs[0].pos.ring, 0);
	assert_int_equal(msgs[0].rx_ns, 1001);
	assert_int_equal(msgs[0].hw_ns, 2001);
	assert_int_equal(msgs[0].group_be, 0x010101ef);
	assert_int_equal(msgs[0].source_be, 0x0100000a);
	assert_int_equal(msgs[0].id, 77);
	assert_int_equal(msgs[0].dst_port, 5000);
	assert_int_equal(msgs[0].src_port, 6000);
	assert_int_equal(msgs[0].vlan, 12);
	assert_int_equal(msgs[0].ttl, 3);
	assert_int_equal(msgs[0].family, AF_INET);
	assert_int_equal(mcr_consumer_read(c, &msgs[0], buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "one", 3);
	assert_int_equal(mcr_consumer_read(c, &msgs[0], buf, 1), 3); /* cut, the length is whole */
	assert_int_equal(mcr_consumer_intact(c, &msgs[0]), 1);
	assert_int_equal(mcr_consumer_read(c, &msgs[1], buf, sizeof(buf)), 0);
	mcr_consumer_release(c);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_lapped_consumer_is_told_the_exact_loss_before_the_rest(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[256];
	uint64_t seq;

	small_engine_create(&e, 1, 64, 65536);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 10);
	assert_int_equal(mcr_consumer_poll(c, msgs, 4), 4);
	small_engine_publish_seqs(&e, 0, 90);
	assert_int_equal(mcr_consumer_headroom(c), 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 1), 1); /* room for the event alone */
	assert_int_equal(msgs[0].kind, MCR_LOST);
	assert_int_equal(msgs[0].lost, 32);
	assert_int_equal(msgs[0].pos.seq, 5);
	assert_int_equal(mcr_consumer_poll(c, msgs, 256), 64);
	for (int i = 0; i < 64; i++) {
		assert_int_equal(msgs[i].kind, MCR_DATA);
		assert_int_equal(msgs[i].pos.seq, 37 + i);
		assert_int_equal(mcr_consumer_read(c, &msgs[i], &seq, sizeof(seq)), 8);
		assert_int_equal(seq, 37 + i);
	}
	small_engine_publish_seqs(&e, 0, 200);
	assert_int_equal(mcr_consumer_poll(c, msgs, 20), 20);
	assert_int_equal(msgs[0].kind, MCR_LOST);
	assert_int_equal(msgs[1].pos.seq, 101 + msgs[0].lost);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_message_that_is_overtaken_between_poll_and_read_is_stale(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[2];
	uint64_t seq;

	small_engine_create(&e, 1, 64, 65536);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 2);
	assert_int_equal(mcr_consumer_poll(c, msgs, 2), 2);
	small_engine_publish_seqs(&e, 0, 63);
	assert_int_equal(mcr_consumer_intact(c, &msgs[0]), 0);
	assert_int_equal(mcr_consumer_read(c, &msgs[0], &seq, sizeof(seq)), -ESTALE);
	assert_int_equal(mcr_consumer_intact(c, &msgs[1]), 1);
	assert_int_equal(mcr_consumer_read(c, &msgs[1], &seq, sizeof(seq)), 8);
	assert_int_equal(seq, 2);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void rings_are_read_in_turn_so_that_a_busy_one_starves_none(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[8];
	unsigned from[3] = {0};
	uint64_t last[3] = {0};

	small_engine_create(&e, 3, 256, 65536);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_OLDEST);

	assert_int_equal(mcr_consumer_rings(c), 3);
	small_engine_publish_seqs(&e, 0, 100);
	small_engine_publish_seqs(&e, 1, 4);
	small_engine_publish_seqs(&e, 2, 4);
	for (int round = 0; round < 4; round++) {
		int n = mcr_consumer_poll(c, msgs, 8);

		for (int i = 0; i < n; i++) {
			assert_int_equal(msgs[i].pos.seq, ++last[msgs[i].pos.ring]);
			from[msgs[i].pos.ring]++;
		}
	}
	assert_int_equal(from[1], 4);
	assert_int_equal(from[2], 4);
	assert_true(from[0] >= 16);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_consumer_can_start_at_the_oldest_or_at_a_seq(void **state)
{
	struct small_engine e;
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c;
	struct mcr_error err;
	struct mcr_msg msgs[128];

	small_engine_create(&e, 2, 64, 65536);
	small_engine_publish_seqs(&e, 1, 100);
	c = small_engine_open(&e, MCR_START_OLDEST);
	assert_int_equal(mcr_consumer_poll(c, msgs, 128), 64);
	assert_int_equal(msgs[0].pos.seq, 37);
	mcr_consumer_close(c);

	opts.run_dir = e.dir;
	opts.channel = "md";
	opts.start = MCR_START_SEQ;
	opts.seq = 50;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -EINVAL); /* of which ring? */
	opts.ring = 2;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -EINVAL);
	opts.ring = 1;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 128), 51);
	assert_int_equal(msgs[0].pos.seq, 50);
	mcr_consumer_close(c);
	opts.seq = 101; /* the next to come */
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
	mcr_consumer_close(c);
	opts.seq = 102;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ERANGE);
	opts.seq = 36;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ERANGE);
	assert_non_null(strstr(err.text, "37 to 100"));
	opts.seq = 0;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ERANGE);
	small_engine_destroy(&e);
}

static void everything_before_a_stop_is_delivered_and_then_epipe(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 2, 64, 65536);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 20);
	small_engine_publish_seqs(&e, 1, 1);
	mcr_ring_set_state(e.regions[0].mem, MCR_RING_STOPPED);
	mcr_ring_set_state(e.regions[1].mem, MCR_RING_STOPPED);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16) + mcr_consumer_poll(c, msgs, 16), 21);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), -EPIPE);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), -EPIPE);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_ring_that_makes_no_sense_ends_the_reading_and_harms_nobody(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 1, 64, 65536);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 3);
	e.writers[0].descs[4] = UINT64_MAX; /* len */
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), -EPROTO);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), -EPROTO);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void options_of_another_size_are_taken_or_refused_with_a_reason(void **state)
{
	struct small_engine e;
	struct {
		struct mcr_consumer_opts opts;
		uint64_t more;
	} newer = {MCR_CONSUMER_OPTS_INIT, 0};
	struct mcr_consumer *c = NULL;
	struct mcr_error err;

	small_engine_create(&e, 1, 64, 65536);
	newer.opts.run_dir = e.dir;
	newer.opts.channel = "md";
	newer.opts.size = sizeof(newer);
	assert_int_equal(mcr_consumer_open(&c, &newer.opts, &err), 0);
	mcr_consumer_close(c);
	newer.more = 1;
	assert_int_equal(mcr_consumer_open(&c, &newer.opts, &err), -EINVAL);
	assert_non_null(strstr(err.text, "newer"));
	newer.opts.size = 0;
	assert_int_equal(mcr_consumer_open(&c, &newer.opts, &err), -EINVAL);
	newer.opts.size = sizeof(newer.opts);
	newer.opts.start = 99;
	assert_int_equal(mcr_consumer_open(&c, &newer.opts, &err), -EINVAL);
	small_engine_destroy(&e);
}

static void a_socket_from_the_engine_opens_the_channel_directly(void **state)
{
	struct small_engine e;
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c;
	struct mcr_error err;
	struct mcr_msg msg;

	small_engine_create(&e, 1, 64, 65536);
	pthread_mutex_lock(&e.lock);
	opts.fd = mcr_attach_server_open(e.server, "md", "here", monotonic_ns(), &err);
	pthread_mutex_unlock(&e.lock);
	assert_true(opts.fd >= 0);
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
	assert_int_equal(small_engine_count(&e), 1);
	small_engine_publish_seqs(&e, 0, 1);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_arrive_whole_and_in_order),
	    cmocka_unit_test(a_lapped_consumer_is_told_the_exact_loss_before_the_rest),
	    cmocka_unit_test(a_message_that_is_overtaken_between_poll_and_read_is_stale),
	    cmocka_unit_test(rings_are_read_in_turn_so_that_a_busy_one_starves_none),
	    cmocka_unit_test(a_consumer_can_start_at_the_oldest_or_at_a_seq),
	    cmocka_unit_test(everything_before_a_stop_is_delivered_and_then_epipe),
	    cmocka_unit_test(a_ring_that_makes_no_sense_ends_the_reading_and_harms_nobody),
	    cmocka_unit_test(options_of_another_size_are_taken_or_refused_with_a_reason),
	    cmocka_unit_test(a_socket_from_the_engine_opens_the_channel_directly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
