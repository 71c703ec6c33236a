/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine ends and another takes its place. */
#include "small_engine.h"

#define HELD 62 /* messages, of the 64 lines of a ring: two may be about to be overwritten */

static const struct mcr_attach_config ATTACH = {.mode = 0600, .gid = UINT32_MAX};
static const struct mcr_channel_config MD = {.name = "md", .bytes = 4096};

static void begin_to_receive(struct small_engine *e, uint64_t realtime_ns)
{
	for (unsigned i = 0; i < e->n_rings; i++)
		mcr_ring_set_started(&e->writers[i], realtime_ns);
}

static void polled(struct small_engine *e, uint64_t realtime_ns)
{
	for (unsigned i = 0; i < e->n_rings; i++)
		mcr_ring_set_polled(&e->writers[i], realtime_ns);
}

static void stop(struct small_engine *e)
{
	for (unsigned i = 0; i < e->n_rings; i++)
		mcr_ring_set_state(e->regions[i].mem, MCR_RING_STOPPED);
}

static void next_life(struct small_engine *e, unsigned n_rings, uint64_t epoch)
{
	small_engine_kill(e);
	small_engine_start(e, &ATTACH, &MD, n_rings, epoch);
}

static struct mcr_consumer *open_consumer(struct small_engine *e)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	opts.label = "steady";
	return small_engine_consumer(e, opts);
}

static void is_restart(const struct mcr_msg *m, uint64_t epoch, uint64_t since_ns,
		       uint64_t until_ns)
{
	assert_int_equal(m->kind, MCR_RESTART);
	assert_int_equal(m->pos.epoch, epoch);
	assert_int_equal(m->since_ns, since_ns);
	assert_int_equal(m->rx_ns, until_ns);
}

/* What a reattach comes to once the engine has answered. */
static int settle(struct mcr_consumer *c, struct mcr_error *err)
{
	int ret;

	while ((ret = mcr_consumer_reattach(c, err)) == -EAGAIN)
		assert_int_equal(mcr_consumer_wait(c, UINT64_C(10000000000)), 1);
	return ret;
}

static void reattach(struct mcr_consumer *c)
{
	struct mcr_error err = {""};
	int ret = settle(c, &err);

	if (ret != 0)
		fail_msg("%s", err.text);
}

static void the_gap_is_told_and_then_everything_of_the_new_engine(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[32];
	uint64_t seq;

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = open_consumer(&e);

	small_engine_publish_seqs(&e, 0, 10);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 10);
	polled(&e, 5000);
	stop(&e);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), -EPIPE);
	next_life(&e, 2, 4712);
	begin_to_receive(&e, 9000);
	small_engine_publish_seqs(&e, 0, 5);
	reattach(c);
	assert_int_equal(mcr_consumer_poll(c, msgs, 1), 1);
	is_restart(&msgs[0], 4712, 5000, 9000);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 5);
	for (uint64_t i = 0; i < 5; i++) {
		assert_int_equal(msgs[i].kind, MCR_DATA);
		assert_int_equal(msgs[i].pos.epoch, 4712);
		assert_int_equal(msgs[i].pos.seq, i + 1);
		assert_int_equal(mcr_consumer_read(c, &msgs[i], &seq, sizeof(seq)), 8);
		assert_int_equal(seq, i + 1);
	}
	mcr_consumer_release(c);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void what_was_not_polled_belongs_to_the_gap(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[32];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = open_consumer(&e);

	small_engine_publish_seqs(&e, 0, 10);
	small_engine_publish_seqs(&e, 1, 10);
	assert_int_equal(mcr_consumer_poll(c, msgs, 14), 14); /* of one ring all, of one four */
	polled(&e, 5000);
	stop(&e);
	next_life(&e, 2, 4712);
	begin_to_receive(&e, 9000);
	reattach(c);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 1);
	is_restart(&msgs[0], 4712, 1003, 9000); /* the fourth message's rx_ns */
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void what_the_new_ring_no_longer_holds_is_lost_to_the_message(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[2 * HELD];

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = open_consumer(&e);

	next_life(&e, 1, 4712);
	begin_to_receive(&e, 9000);
	small_engine_publish_seqs(&e, 0, HELD + 38);
	reattach(c);
	assert_int_equal(mcr_consumer_poll(c, msgs, 2 * HELD), 2 + HELD);
	is_restart(&msgs[0], 4712, 0, 9000); /* nothing was ever polled: since when is unknown */
	assert_int_equal(msgs[1].kind, MCR_LOST);
	assert_int_equal(msgs[1].lost, 38);
	assert_int_equal(msgs[1].pos.seq, 1);
	assert_int_equal(msgs[2].pos.seq, 39);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void the_same_engine_goes_on_without_a_gap(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[32];

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = open_consumer(&e);

	small_engine_publish_seqs(&e, 0, 10);
	assert_int_equal(mcr_consumer_poll(c, msgs, 3), 3);
	mcr_consumer_release(c);
	reattach(c);
	small_engine_await(&e, 1);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 7);
	assert_int_equal(msgs[0].kind, MCR_DATA);
	assert_int_equal(msgs[0].pos.seq, 4);
	small_engine_publish_seqs(&e, 0, HELD + 6);
	reattach(c);
	assert_int_equal(mcr_consumer_poll(c, msgs, 1), 1);
	assert_int_equal(msgs[0].kind, MCR_LOST);
	assert_int_equal(msgs[0].lost, 6);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void several_rings_stay_in_the_order_of_time(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c;
	struct small_engine e;
	struct mcr_msg msgs[32];

	small_engine_create(&e, 2, 4096);
	opts.order = MCR_ORDER_MERGED;
	c = small_engine_consumer(&e, opts);
	small_engine_publish_seqs(&e, 0, 10);
	small_engine_publish_seqs(&e, 1, 10);
	assert_int_equal(mcr_consumer_poll(c, msgs, 5), 5);
	reattach(c); /* to the same: what it has copied ahead is not lost */
	assert_int_equal(mcr_consumer_poll(c, msgs, 6), 6);
	assert_int_equal(msgs[0].rx_ns, 1002); /* 1000, 1000, 1001, 1001, 1002 | 1002, 1003, ... */
	assert_int_equal(msgs[5].rx_ns, 1005);
	polled(&e, 5000);
	next_life(&e, 2, 4712);
	begin_to_receive(&e, 9000);
	small_engine_publish_seqs(&e, 0, 3);
	small_engine_publish_seqs(&e, 1, 3);
	polled(&e, 9500);
	reattach(c);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 7);
	is_restart(&msgs[0], 4712, 1004, 9000); /* the other ring's last was 1005 */
	for (int i = 0; i < 6; i++) {
		assert_int_equal(msgs[1 + i].rx_ns, 1000 + i / 2);
		assert_int_equal(msgs[1 + i].pos.ring, i % 2);
	}
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void label_selection_and_totals_are_kept(void **state)
{
	const uint32_t other = 78;
	struct small_engine e;
	struct mcr_consumer_info info;
	struct mcr_msg msgs[32];

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = open_consumer(&e);

	small_engine_publish_seqs(&e, 0, 10);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 10);
	mcr_consumer_release(c);
	assert_int_equal(mcr_consumer_select(c, NULL, 0, &other, 1, NULL), 0);
	next_life(&e, 1, 4712);
	begin_to_receive(&e, 9000);
	reattach(c);
	small_engine_publish_seqs(&e, 0, 4);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 1);
	assert_int_equal(msgs[0].kind, MCR_RESTART);
	mcr_consumer_release(c);
	assert_int_equal(mcr_consumer_skipped(c), 4);
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_info(e.server, 0, monotonic_ns(), &info), 0);
	pthread_mutex_unlock(&e.lock);
	assert_string_equal(info.label, "steady");
	assert_int_equal(info.received, 0); /* of this engine */
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void while_no_engine_runs_the_consumer_stays_as_it_was(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[32];
	struct mcr_error err;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = open_consumer(&e);

	small_engine_publish_seqs(&e, 0, 3);
	polled(&e, 4000);
	stop(&e);
	small_engine_kill(&e);
	assert_int_equal(mcr_consumer_reattach(c, &err), -ENOENT);
	assert_non_null(strstr(err.text, e.path));
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 3);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), -EPIPE);
	assert_int_equal(mcr_consumer_reattach(c, &err), -ENOENT);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), -EPIPE);
	small_engine_start(&e, &ATTACH, &MD, 1, 4712);
	begin_to_receive(&e, 9000);
	reattach(c);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 1);
	is_restart(&msgs[0], 4712, 4000, 9000);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void an_engine_that_has_not_begun_to_receive_is_waited_for(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[32];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = open_consumer(&e);

	polled(&e, 4000);
	next_life(&e, 2, 4712);
	reattach(c);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 0);
	mcr_ring_set_started(&e.writers[1], 8000);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 0);
	next_life(&e, 2, 4713); /* it ended before it began: the gap goes on */
	reattach(c);
	mcr_ring_set_started(&e.writers[1], 8500);
	mcr_ring_set_started(&e.writers[0], 9000);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 1);
	is_restart(&msgs[0], 4713, 4000, 9000);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void messages_of_before_are_stale(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[32];
	uint64_t seq;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = open_consumer(&e);

	small_engine_publish_seqs(&e, 0, 3);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 3);
	next_life(&e, 1, 4712);
	reattach(c);
	assert_int_equal(mcr_consumer_read(c, &msgs[0], &seq, sizeof(seq)), -ESTALE);
	assert_int_equal(mcr_consumer_intact(c, &msgs[0]), 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* The ring is the same one, mapped elsewhere; where it was nothing is. */
static void messages_of_before_are_stale_with_the_same_engine_too(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[32];
	uint64_t seq;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = open_consumer(&e);

	small_engine_publish_seqs(&e, 0, 3);
	assert_int_equal(mcr_consumer_poll(c, msgs, 2), 2);
	reattach(c);
	assert_int_equal(mcr_consumer_read(c, &msgs[0], &seq, sizeof(seq)), -ESTALE);
	assert_int_equal(mcr_consumer_intact(c, &msgs[0]), 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 32), 1);
	assert_int_equal(mcr_consumer_read(c, &msgs[0], &seq, sizeof(seq)), sizeof(seq));
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_ring_that_is_gone_is_an_error(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c;
	struct small_engine e;
	struct mcr_msg msg;
	struct mcr_error err;

	small_engine_create(&e, 2, 4096);
	opts.ring = 1;
	c = small_engine_consumer(&e, opts);
	stop(&e);
	next_life(&e, 1, 4712);
	assert_int_equal(settle(c, &err), -EINVAL);
	assert_string_equal(err.text, "no ring 1: the channel has 0 to 0");
	small_engine_await(&e, 0);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), -EPIPE);
	next_life(&e, 3, 4713);
	begin_to_receive(&e, 9000);
	small_engine_publish_seqs(&e, 0, 1);
	small_engine_publish_seqs(&e, 1, 1);
	reattach(c);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	assert_int_equal(msg.kind, MCR_RESTART);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	assert_int_equal(msg.pos.ring, 1);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void who_was_given_a_socket_cannot_ask_for_another(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c;
	struct small_engine e;
	struct mcr_error err;

	small_engine_create(&e, 1, 4096);
	pthread_mutex_lock(&e.lock);
	opts.fd = mcr_attach_server_open(e.server, "md", "own", monotonic_ns(), NULL);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	assert_int_equal(mcr_consumer_reattach(c, &err), -EINVAL);
	assert_non_null(strstr(err.text, "opened from a descriptor"));
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_gap_is_told_and_then_everything_of_the_new_engine),
	    cmocka_unit_test(what_was_not_polled_belongs_to_the_gap),
	    cmocka_unit_test(what_the_new_ring_no_longer_holds_is_lost_to_the_message),
	    cmocka_unit_test(the_same_engine_goes_on_without_a_gap),
	    cmocka_unit_test(several_rings_stay_in_the_order_of_time),
	    cmocka_unit_test(label_selection_and_totals_are_kept),
	    cmocka_unit_test(while_no_engine_runs_the_consumer_stays_as_it_was),
	    cmocka_unit_test(an_engine_that_has_not_begun_to_receive_is_waited_for),
	    cmocka_unit_test(messages_of_before_are_stale),
	    cmocka_unit_test(messages_of_before_are_stale_with_the_same_engine_too),
	    cmocka_unit_test(a_ring_that_is_gone_is_an_error),
	    cmocka_unit_test(who_was_given_a_socket_cannot_ask_for_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
