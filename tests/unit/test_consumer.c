/* SPDX-License-Identifier: BSD-3-Clause */
/* What a consumer is given, and where it starts. */
#include "small_engine.h"

/* Of the 64 messages of one line in a ring of 4096 octets two may be about to be overwritten. */
#define HELD 62

static void messages_arrive_whole_and_in_order(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];
	char buf[64];

	small_engine_create(&e, 1, 4096);
	small_engine_publish(&e, 0, "before", 6);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	assert_int_equal(mcr_consumer_rings(c), 1);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	small_engine_publish(&e, 0, "one", 3);
	small_engine_publish(&e, 0, "", 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1); /* it had caught up: one chunk */
	assert_int_equal(mcr_consumer_poll(c, msgs + 1, 15), 1);
	assert_int_equal(msgs[0].kind, MCR_DATA);
	assert_int_equal(msgs[0].len, 3);
	assert_int_equal(msgs[0].pos.seq, 2);
	assert_int_equal(msgs[0].pos.epoch, 4711);
	assert_int_equal(msgs[0].pos.ring, 0);
	assert_int_equal(msgs[0].rx_ns, 1001);
	assert_int_equal(msgs[0].hw_ns, 2001);
	assert_int_equal(mcr_address_ipv4_be(msgs[0].group), 0x010101ef);
	assert_int_equal(mcr_address_ipv4_be(msgs[0].source), 0x0100000a);
	assert_int_equal(msgs[0].id, 77);
	assert_int_equal(msgs[0].dst_port, 5000);
	assert_int_equal(msgs[0].src_port, 6000);
	assert_int_equal(msgs[0].vlan, 12);
	assert_int_equal(msgs[0].ttl, 3);
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

/* n messages that are published together. */
static void publish_chunk(struct small_engine *e, unsigned ring, int n)
{
	const struct mcr_record record = {.len = 1};

	for (int i = 0; i < n; i++)
		mcr_ring_put(&e->writers[ring], &record, "x");
	mcr_ring_publish(&e->writers[ring]);
}

static void who_had_read_everything_gets_one_chunk_of_each_ring_and_then_the_rest(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[64];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	for (int i = 0; i < 40; i++)
		publish_chunk(&e, 0, 1);
	assert_int_equal(mcr_consumer_poll(c, msgs, 64), 40); /* it had read nothing */
	for (int round = 0; round < 50; round++) {
		assert_int_equal(mcr_consumer_poll(c, msgs, 64), 0);
		publish_chunk(&e, 0, 3); /* now and then across the area's end */
		publish_chunk(&e, 0, 2);
		publish_chunk(&e, 1, 1);
		publish_chunk(&e, 1, 4);
		assert_int_equal(mcr_consumer_poll(c, msgs, 64), 3 + 1);
		publish_chunk(&e, 0, 5);
		publish_chunk(&e, 0, 6);
		assert_int_equal(mcr_consumer_poll(c, msgs, 64), 2 + 5 + 6 + 4);
	}
	publish_chunk(&e, 0, 3);
	assert_int_equal(mcr_consumer_poll(c, msgs, 2), 2); /* no room for it all */
	assert_int_equal(mcr_consumer_poll(c, msgs, 2), 1);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_lapped_consumer_is_told_the_exact_loss_before_the_rest(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[256];
	uint64_t seq;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 10);
	assert_int_equal(mcr_consumer_poll(c, msgs, 4), 4);
	small_engine_publish_seqs(&e, 0, 90);
	assert_int_equal(mcr_consumer_headroom(c), 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 1), 1); /* room for the event alone */
	assert_int_equal(msgs[0].kind, MCR_LOST);
	assert_int_equal(msgs[0].lost, 34);
	assert_int_equal(msgs[0].pos.seq, 5);
	assert_int_equal(mcr_consumer_poll(c, msgs, 256), HELD);
	for (int i = 0; i < HELD; i++) {
		assert_int_equal(msgs[i].kind, MCR_DATA);
		assert_int_equal(msgs[i].pos.seq, 39 + i);
		assert_int_equal(mcr_consumer_read(c, &msgs[i], &seq, sizeof(seq)), 8);
		assert_int_equal(seq, 39 + i);
	}
	small_engine_publish_seqs(&e, 0, 200);
	assert_int_equal(mcr_consumer_poll(c, msgs, 20), 20);
	assert_int_equal(msgs[0].kind, MCR_LOST);
	assert_int_equal(msgs[1].pos.seq, 101 + msgs[0].lost);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* Messages of up to a quarter of the least ring, each its seq repeated, in a chunk of up to 40. */
static void publish_any(struct small_engine *e, unsigned *rng)
{
	struct mcr_ring_writer *w = &e->writers[0];
	uint64_t payload[125];

	for (int i = rand_r(rng) % 40; i >= 0; i--) {
		struct mcr_record record = {.len = (uint16_t)(rand_r(rng) % 985)};

		if (rand_r(rng) % 2 == 0)
			record.len /= 20;
		for (unsigned k = 0; k < 125; k++)
			payload[k] = w->next + 1;
		mcr_ring_put(w, &record, payload);
	}
	mcr_ring_publish(w);
}

/* Returns the seq that follows what a poll gave. */
static uint64_t check_seqs(struct mcr_consumer *c, const struct mcr_msg *msgs, int n, uint64_t next,
			   uint64_t *lost)
{
	uint64_t payload[125];

	for (int i = 0; i < n; i++) {
		assert_int_equal(msgs[i].pos.seq, next);
		if (msgs[i].kind == MCR_LOST) {
			assert_int_equal(i, 0); /* it is lapped between two polls only */
			assert_true(msgs[i].lost > 0);
			*lost += msgs[i].lost;
			next += msgs[i].lost;
			continue;
		}
		assert_int_equal(msgs[i].kind, MCR_DATA);
		assert_int_equal(mcr_consumer_read(c, &msgs[i], payload, sizeof(payload)),
				 msgs[i].len);
		for (unsigned k = 0; k < msgs[i].len / 8; k++)
			assert_int_equal(payload[k], next);
		next++;
	}
	return next;
}

/* Sizes, chunks, room for messages and the reader's speed are random. Nothing is missed, doubled or
 * torn, and a poll that gives nothing has seen everything. */
static void any_history_is_read_exactly(void **state)
{
	for (unsigned seed = 1; seed <= 30; seed++) {
		unsigned rng = seed, slow = 1 + seed % 3 * 3;
		uint64_t next = 1, lost = 0;
		struct small_engine e;
		struct mcr_msg msgs[64];

		small_engine_create(&e, 1, 4096u << seed % 4);
		struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

		for (int step = 0; step < 3000; step++) {
			int room = seed % 5 == 0 ? 1 : 1 + rand_r(&rng) % 64, n;

			if (rand_r(&rng) % 3 == 0)
				publish_any(&e, &rng);
			if (slow > 1 && rand_r(&rng) % slow != 0)
				continue;
			n = mcr_consumer_poll(c, msgs, room);
			assert_in_range(n, 0, room);
			next = check_seqs(c, msgs, n, next, &lost);
			if (n == 0)
				assert_int_equal(next, e.writers[0].published + 1);
			assert_true(next <= e.writers[0].published + 1);
		}
		for (int n = 1; n != 0; next = check_seqs(c, msgs, n, next, &lost))
			n = mcr_consumer_poll(c, msgs, 64);
		assert_int_equal(next, e.writers[0].published + 1);
		assert_true(slow == 1 || lost > 0);
		mcr_consumer_close(c);
		small_engine_destroy(&e);
	}
}

static void a_message_that_is_overtaken_between_poll_and_read_is_stale(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[2];
	uint64_t seq;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 2);
	assert_int_equal(mcr_consumer_poll(c, msgs, 2), 2);
	small_engine_publish_seqs(&e, 0, 60);
	assert_int_equal(mcr_consumer_intact(c, &msgs[0]), 1);
	small_engine_publish_seqs(&e, 0, 1);
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

	small_engine_create(&e, 3, 16384);
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

	small_engine_create(&e, 2, 4096);
	small_engine_publish_seqs(&e, 1, 100);
	c = small_engine_open(&e, MCR_START_OLDEST);
	assert_int_equal(mcr_consumer_poll(c, msgs, 128), HELD);
	assert_int_equal(msgs[0].pos.seq, 39);
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
	opts.seq = 39;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 128), 62);
	mcr_consumer_close(c);
	opts.seq = 38;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ERANGE);
	assert_non_null(strstr(err.text, "39 to 100"));
	opts.seq = 0;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), -ERANGE);
	small_engine_destroy(&e);
}

static void everything_before_a_stop_is_delivered_and_then_epipe(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 2, 4096);
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

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 3);
	e.writers[0].data[33] = 0xff; /* len */
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), -EPROTO);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), -EPROTO);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* The writer says that it may write anywhere, so nothing that is read can be trusted. */
static void a_writer_that_is_everywhere_costs_messages_and_no_time(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 3);
	small_engine_publish_seqs(&e, 1, 2);
	__atomic_store_n(&e.writers[0].header->reserved, UINT64_MAX, __ATOMIC_RELEASE);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1 + 2);
	assert_int_equal(msgs[0].kind, MCR_LOST);
	assert_int_equal(msgs[0].lost, 3);
	assert_int_equal(msgs[1].pos.ring, 1);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0);
	assert_int_equal(mcr_consumer_headroom(c), 0);
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

	small_engine_create(&e, 1, 4096);
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
	newer.opts.msg_size = 256; /* of a later header */
	assert_int_equal(mcr_consumer_open(&c, &newer.opts, &err), -EINVAL);
	assert_non_null(strstr(err.text, "a message of this libmcring-client has 128 octets"));
	newer.opts.msg_size = sizeof(struct mcr_msg);
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

	small_engine_create(&e, 1, 4096);
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

static void a_ring_says_where_it_is_and_where_the_consumer_is(void **state)
{
	struct small_engine e;
	struct {
		struct mcr_consumer_ring info;
		uint64_t more; /* of a later header */
	} later = {{.size = 0}, 7};
	struct mcr_consumer_ring ring = {.size = sizeof(ring)};
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_error err;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 3, 4096);
	opts.ring = 1;
	struct mcr_consumer *c = small_engine_consumer(&e, opts);

	assert_int_equal(mcr_consumer_ring_info(c, 1, &ring, &err), 0);
	assert_int_equal(ring.ring, 1);
	assert_int_equal(ring.size, sizeof(ring));
	assert_int_equal(ring.oldest, 1);
	assert_int_equal(ring.next, 1);
	assert_int_equal(ring.head, 1);
	assert_int_equal(ring.watermark_ns, 0);
	assert_int_equal(ring.host_lost, 0);
	assert_int_equal(ring.host_looked_ns, 0); /* unknown */
	small_engine_publish_seqs(&e, 1, 10);
	mcr_ring_set_polled(&e.writers[1], 5000);
	mcr_ring_set_host_loss(e.regions[1].mem, 17, 4000);
	assert_int_equal(mcr_consumer_poll(c, msgs, 4), 4);
	later.info.size = sizeof(later);
	assert_int_equal(mcr_consumer_ring_info(c, 1, &later.info, &err), 0);
	assert_int_equal(later.more, 0);
	assert_int_equal(later.info.size, sizeof(later));
	assert_int_equal(later.info.epoch, msgs[0].pos.epoch);
	assert_int_equal(later.info.oldest, 1);
	assert_int_equal(later.info.next, 5);
	assert_int_equal(later.info.head, 11);
	assert_int_equal(later.info.watermark_ns, 5000);
	assert_int_equal(later.info.host_lost, 17);
	assert_int_equal(later.info.host_looked_ns, 4000);
	assert_int_equal(mcr_consumer_ring_info(c, 0, &ring, &err), -ENOENT);
	assert_int_equal(mcr_consumer_ring_info(c, 2, &ring, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no ring 2"));
	ring.size = 0;
	assert_int_equal(mcr_consumer_ring_info(c, 1, &ring, &err), -EINVAL);
	assert_non_null(strstr(err.text, "`size`"));
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_ring_says_up_to_which_time_everything_was_polled(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	assert_int_equal(mcr_consumer_until(c, 0), 0);
	mcr_ring_set_polled(&e.writers[0], 900);
	assert_int_equal(mcr_consumer_until(c, 0), 900);
	small_engine_publish_seqs(&e, 0, 3); /* at 1000, 1001, 1002 */
	mcr_ring_set_polled(&e.writers[0], 5000);
	assert_int_equal(mcr_consumer_until(c, 0), 0); /* of the watermark now, all is to be read */
	assert_int_equal(mcr_consumer_poll(c, msgs, 2), 2);
	assert_int_equal(mcr_consumer_until(c, 0), 1001);
	assert_int_equal(mcr_consumer_poll(c, msgs, 2), 1);
	assert_int_equal(mcr_consumer_until(c, 0), 5000);
	assert_int_equal(mcr_consumer_until(c, 1), 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_arrive_whole_and_in_order),
	    cmocka_unit_test(who_had_read_everything_gets_one_chunk_of_each_ring_and_then_the_rest),
	    cmocka_unit_test(a_lapped_consumer_is_told_the_exact_loss_before_the_rest),
	    cmocka_unit_test(any_history_is_read_exactly),
	    cmocka_unit_test(a_message_that_is_overtaken_between_poll_and_read_is_stale),
	    cmocka_unit_test(rings_are_read_in_turn_so_that_a_busy_one_starves_none),
	    cmocka_unit_test(a_consumer_can_start_at_the_oldest_or_at_a_seq),
	    cmocka_unit_test(everything_before_a_stop_is_delivered_and_then_epipe),
	    cmocka_unit_test(a_ring_that_makes_no_sense_ends_the_reading_and_harms_nobody),
	    cmocka_unit_test(a_writer_that_is_everywhere_costs_messages_and_no_time),
	    cmocka_unit_test(options_of_another_size_are_taken_or_refused_with_a_reason),
	    cmocka_unit_test(a_ring_says_where_it_is_and_where_the_consumer_is),
	    cmocka_unit_test(a_ring_says_up_to_which_time_everything_was_polled),
	    cmocka_unit_test(a_socket_from_the_engine_opens_the_channel_directly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
