/* SPDX-License-Identifier: BSD-3-Clause */
/* What a channel's messages are as units, and what is told of those that were missed. */
#include "sink_rig.h"

#include <fcntl.h>

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

static void a_message_is_a_unit_with_its_subject_id_and_header(void **state)
{
	struct sink_rig *r = *state;
	const struct stored *s = r->made.all;

	rig_begin(r, 1, 65536);
	rig_start(r);
	small_engine_publish(&r->e, 0, "quote", 5);
	rig_settle(r);
	assert_int_equal(r->made.n, 1);
	assert_string_equal(s->subject, "mcring.md.239-1-1-1.5000");
	assert_string_equal(s->flow, "239-1-1-1.5000");
	assert_string_equal(s->id, "1267.0.1");
	assert_string_equal(
	    s->header,
	    "v=1 channel=md pos=1267.0.1 rx=1000 hw=2000 src=10.0.0.1,6000 vlan=12 id=77 n=1");
	assert_int_equal(s->len, 5);
	assert_memory_equal(s->body, "quote", 5);
	assert_int_equal(r->s.sources[0]->counts.read, 1);
	assert_int_equal(r->s.sources[0]->counts.octets, 5);
	assert_int_equal(r->s.sources[0]->counts.stored, 1);
	rig_end(r);
}

static void a_topic_may_be_one_for_the_channel(void **state)
{
	struct sink_rig *r = *state;

	rig_begin(r, 1, 65536);
	r->options.topics = SINK_TOPIC_CHANNEL;
	rig_start(r);
	small_engine_publish(&r->e, 0, "quote", 5);
	rig_settle(r);
	assert_string_equal(r->made.all[0].subject, "mcring.md");
	assert_string_equal(r->made.all[0].flow, "239-1-1-1.5000");
	rig_end(r);
}

static void ipv6_and_an_empty_payload_are_handed_over(void **state)
{
	struct sink_rig *r = *state;
	struct mcr_address addresses[2];
	struct mcr_record record;

	rig_begin(r, 1, 65536);
	rig_start(r);
	record = small_engine_record(&r->e.writers[0]);
	record.flags = 0;
	record.id = record.vlan_kind = 0;
	assert_int_equal(mcr_address_parse(&addresses[0], "ff3e::1:2", 9), 0);
	assert_int_equal(mcr_address_parse(&addresses[1], "2001:db8::7", 11), 0);
	small_engine_put_ipv6(&r->e, 0, record, addresses, "", 0);
	rig_settle(r);
	assert_string_equal(r->made.all[0].subject, "mcring.md.ff3e--1-2.5000");
	assert_string_equal(r->made.all[0].header,
			    "v=1 channel=md pos=1267.0.1 rx=1000 src=2001:db8::7,6000 n=1");
	assert_int_equal(r->made.all[0].len, 0);
	rig_end(r);
}

static void a_link_event_takes_a_number_and_is_no_loss(void **state)
{
	struct sink_rig *r = *state;
	struct mcr_record record;

	rig_begin(r, 1, 65536);
	rig_start(r);
	small_engine_publish_seqs(&r->e, 0, 1);
	record = small_engine_record(&r->e.writers[0]);
	record.vlan_kind = MCR_LINK << MCR_KIND_SHIFT;
	small_engine_put(&r->e, 0, record, NULL, 0);
	small_engine_publish_seqs(&r->e, 0, 1);
	rig_settle(r);
	assert_int_equal(r->made.n, 2);
	assert_string_equal(r->made.all[1].id, "1267.0.3");
	assert_int_equal(r->s.sources[0]->counts.lost, 0);
	rig_end(r);
}

/* ---- losses ---- */

/* The ring holds a few dozens of messages; the broker is slow by turns. */
static void laps_are_told_exactly(void **state)
{
	struct sink_rig *r = *state;
	struct mcr_rng rng;
	uint64_t n = 0, lost;

	mcr_rng_seed(&rng, 1);
	rig_begin(r, 1, 4096);
	rig_start(r);
	rig_attach(r);
	for (unsigned i = 0; i < 2000; i++) {
		const unsigned more = (unsigned)mcr_rng_delay(&rng, i % 10 == 0 ? 100 : 5);

		small_engine_publish_seqs(&r->e, 0, more);
		n += more;
		r->made.takes = (unsigned)mcr_rng_delay(&rng, 8);
		rig_round(r);
	}
	r->made.takes = UINT32_MAX;
	rig_settle(r);
	lost = account_is_whole(&r->made, EPOCH, 0, n);
	assert_true(lost > 100);
	assert_int_equal(r->s.sources[0]->counts.lost, lost);
	assert_int_equal(r->s.sources[0]->counts.read, n - lost);
	assert_int_equal(r->s.sources[0]->counts.stored, n - lost);
	rig_end(r);
}

static void memory_is_bounded_when_the_broker_takes_nothing(void **state)
{
	struct sink_rig *r = *state;
	uint64_t n = 0;

	rig_begin(r, 2, 1 << 20);
	r->options.memory = 100000;
	r->made.takes = 0;
	rig_start(r);
	rig_attach(r);
	for (unsigned i = 0; i < 500; i++, n += 40) {
		small_engine_publish_seqs(&r->e, 0, 40);
		small_engine_publish_seqs(&r->e, 1, 40);
		rig_round(r); /* asserts the bound */
	}
	assert_true(r->s.pool.used > 90000);
	assert_true(sink_behind(r->s.sources[0]) > 20000);
	r->made.takes = UINT32_MAX;
	rig_settle(r);
	assert_int_equal(account_is_whole(&r->made, EPOCH, 0, n) +
			     account_is_whole(&r->made, EPOCH, 1, n),
			 r->s.sources[0]->counts.lost);
	assert_int_equal(r->s.pool.used, 0);
	rig_end(r);
}

static void what_the_broker_refuses_is_told_with_its_range(void **state)
{
	struct sink_rig *r = *state;
	struct mcr_sink_header h;

	rig_begin(r, 1, 65536);
	r->made.len_max = 600;
	r->options.pack = 10;
	rig_start(r);
	put_at(r, 1000000, 5000, 100);
	put_at(r, 3000000, 5000, 400);
	put_at(r, 3000000, 5000, 400);
	put_at(r, 5000000, 5000, 100);
	rig_settle(r);
	assert_int_equal(r->made.n, 3);
	assert_int_equal(account_is_whole(&r->made, EPOCH, 0, 4), 2);
	assert_int_equal(r->s.sources[0]->counts.refused, 2);
	assert_int_equal(r->s.sources[0]->counts.lost, 0);
	for (uint32_t i = 0; i < 3; i++) {
		h = header_of(&r->made.all[i]);
		if (h.kind == MCR_SINK_DATA)
			continue;
		assert_string_equal(r->made.all[i].subject, "mcring.md.lost");
		assert_string_equal(r->made.all[i].id, "1267.0.2.lost.2");
		assert_string_equal(r->made.all[i].header, "v=1 channel=md pos=1267.0.2 lost=2");
		assert_int_equal(r->made.all[i].len, 0);
	}
	rig_end(r);
}

/* ---- engines ---- */

static void next_engine(struct sink_rig *r, unsigned n_rings, uint64_t bytes, uint64_t epoch)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = bytes};

	for (unsigned i = 0; i < r->e.n_rings; i++)
		mcr_ring_set_state(r->e.regions[i].mem, MCR_RING_STOPPED);
	small_engine_kill(&r->e);
	small_engine_start(&r->e, &attach, &channel, n_rings, epoch);
	for (unsigned i = 0; i < n_rings; i++)
		mcr_ring_set_started(&r->e.writers[i], 9000);
}

static void rig_until_epoch(struct sink_rig *r, uint64_t restarts)
{
	const uint64_t end_ns = monotonic_ns() + SOON_NS;

	while (r->s.sources[0]->counts.restarts < restarts && monotonic_ns() < end_ns)
		rig_round(r);
	assert_int_equal(r->s.sources[0]->counts.restarts, restarts);
	rig_settle(r);
}

/* What the engine before had published is read to the end, with fewer and with more rings behind
 * it. */
static void another_engine_is_told_and_begins_at_one(void **state)
{
	struct sink_rig *r = *state;
	struct account a;

	rig_begin(r, 2, 65536);
	rig_start(r);
	small_engine_publish_seqs(&r->e, 0, 5);
	small_engine_publish_seqs(&r->e, 1, 7);
	rig_attach(r);
	small_engine_publish_seqs(&r->e, 1, 1);
	next_engine(r, 1, 65536, 99);
	small_engine_publish_seqs(&r->e, 0, 3);
	rig_until_epoch(r, 1);
	next_engine(r, 3, 65536, 100);
	for (unsigned i = 0; i < 3; i++)
		small_engine_publish_seqs(&r->e, i, 2 + i);
	rig_until_epoch(r, 2);
	assert_int_equal(account_is_whole(&r->made, EPOCH, 0, 5), 0);
	assert_int_equal(account_is_whole(&r->made, EPOCH, 1, 8), 0);
	assert_int_equal(account_is_whole(&r->made, 99, 0, 3), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(account_is_whole(&r->made, 100, i, 2 + i), 0);
	a = account_of(&r->made, 99, 0, 3);
	assert_int_equal(a.restarts, 1);
	free(a.came);
	rig_end(r);
}

static void what_a_new_engine_has_lapped_is_lost_from_one_on(void **state)
{
	struct sink_rig *r = *state;

	rig_begin(r, 1, 65536);
	rig_start(r);
	rig_attach(r);
	next_engine(r, 1, 4096, 99);
	small_engine_publish_seqs(&r->e, 0, 1000);
	rig_until_epoch(r, 1);
	assert_true(account_is_whole(&r->made, 99, 0, 1000) > 900);
	rig_end(r);
}

static void an_engine_that_comes_later_is_waited_for(void **state)
{
	struct sink_rig *r = *state;

	rig_begin(r, 1, 65536);
	small_engine_kill(&r->e);
	rig_start(r);
	for (int i = 0; i < 100; i++)
		rig_round(r);
	assert_int_equal(r->s.sources[0]->is_attached, 0);
	assert_non_null(strstr(r->s.sources[0]->error, "no engine"));
	assert_int_equal(sink_arm(&r->s) > 0, 1);
	small_engine_start(&r->e, &(struct mcr_attach_config){.mode = 0660, .gid = UINT32_MAX},
			   &(struct mcr_channel_config){.name = "md", .bytes = 65536}, 1, EPOCH);
	small_engine_publish_seqs(&r->e, 0, 2);
	rig_settle(r);
	assert_string_equal(r->s.sources[0]->error, "");
	assert_int_equal(account_is_whole(&r->made, EPOCH, 0, 2), 0);
	assert_int_equal(r->s.sources[0]->counts.restarts, 0);
	rig_end(r);
}

static void rig_until_logged(struct sink_rig *r, int fd, const char *line)
{
	const uint64_t end_ns = monotonic_ns() + SOON_NS;
	char text[4096] = "";
	size_t len = 0;

	while (!strstr(text, line) && monotonic_ns() < end_ns) {
		const ssize_t n = read(fd, text + len, sizeof(text) - 1 - len);

		len += n > 0 ? (size_t)n : 0;
		text[len] = '\0';
		rig_round(r);
	}
	if (!strstr(text, line))
		fail_msg("logged: %s", text);
}

/* As by SIGSTOP: it is attached as before when it is over, and nothing was missed. */
static void an_engine_that_hangs_is_waited_for(void **state)
{
	struct sink_rig *r = *state;
	int fds[2];

	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	rig_begin(r, 2, 65536);
	r->log_fd = fds[1];
	rig_start(r);
	small_engine_publish_seqs(&r->e, 0, 5);
	rig_settle(r);
	small_engine_stop_beating(&r->e);
	rig_until_logged(r, fds[0], "channel md: the engine shows no sign of life");
	small_engine_publish_seqs(&r->e, 1, 5); /* its rx lcores go on */
	rig_settle(r);
	__atomic_store_n(&r->e.beating, 1, __ATOMIC_RELEASE);
	rig_until_logged(r, fds[0], "channel md: the engine goes on");
	small_engine_publish_seqs(&r->e, 0, 5);
	rig_settle(r);
	assert_int_equal(account_is_whole(&r->made, EPOCH, 0, 10), 0);
	assert_int_equal(account_is_whole(&r->made, EPOCH, 1, 5), 0);
	assert_int_equal(r->s.sources[0]->counts.restarts, 0);
	rig_end(r);
	close(fds[0]);
	close(fds[1]);
}

static void it_may_begin_with_the_newest(void **state)
{
	struct sink_rig *r = *state;

	rig_begin(r, 1, 65536);
	r->options.start = MCR_START_NEWEST;
	small_engine_publish_seqs(&r->e, 0, 5);
	rig_start(r);
	rig_attach(r);
	rig_settle(r); /* the place is stored before any message */
	rig_kill(r);
	small_engine_publish_seqs(&r->e, 0, 2);
	rig_start(r);
	rig_settle(r);
	assert_int_equal(r->made.n, 2);
	assert_string_equal(r->made.all[0].id, "1267.0.6");
	rig_end(r);
}

static void an_older_sink_of_the_name_ends(void **state)
{
	struct sink_rig *r = *state;
	char why[SINK_FATAL_MAX];

	rig_begin(r, 1, 65536);
	rig_start(r);
	rig_settle(r);
	assert_int_equal(sink_fatal(&r->s, why), 0);
	r->made.lives++;
	assert_int_equal(sink_fatal(&r->s, why), SINK_EXIT_TAKEN);
	assert_string_equal(why, "another sink of this name has begun");
	rig_end(r);
}

static void it_sleeps_until_a_message_comes(void **state)
{
	struct sink_rig *r = *state;
	struct epoll_event event;
	int ms, n = 0;

	rig_begin(r, 2, 65536);
	rig_start(r);
	rig_settle(r);
	while (sink_round(&r->s, monotonic_ns()) > 0 || (ms = sink_arm(&r->s)) == 0)
		;
	assert_int_equal(ms, 100);
	assert_int_equal(epoll_wait(r->s.epoll_fd, &event, 1, 0), 0);
	small_engine_publish_seqs(&r->e, 1, 1);
	n = epoll_wait(r->s.epoll_fd, &event, 1, 20000);
	assert_int_equal(n, 1);
	assert_int_equal(sink_arm(&r->s), 0);
	rig_settle(r);
	assert_int_equal(r->made.n, 1);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_message_is_a_unit_with_its_subject_id_and_header,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(a_topic_may_be_one_for_the_channel, setup, teardown),
	    cmocka_unit_test_setup_teardown(ipv6_and_an_empty_payload_are_handed_over, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(a_link_event_takes_a_number_and_is_no_loss, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(laps_are_told_exactly, setup, teardown),
	    cmocka_unit_test_setup_teardown(memory_is_bounded_when_the_broker_takes_nothing, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(what_the_broker_refuses_is_told_with_its_range, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(another_engine_is_told_and_begins_at_one, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(what_a_new_engine_has_lapped_is_lost_from_one_on, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(an_engine_that_comes_later_is_waited_for, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(an_engine_that_hangs_is_waited_for, setup, teardown),
	    cmocka_unit_test_setup_teardown(it_may_begin_with_the_newest, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_older_sink_of_the_name_ends, setup, teardown),
	    cmocka_unit_test_setup_teardown(it_sleeps_until_a_message_comes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
