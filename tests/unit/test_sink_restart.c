/* SPDX-License-Identifier: BSD-3-Clause */
/* A sink that is killed at any point and started again: each message is stored once, by the ids of
 * its units alone, or by the transactions. */
#include "sink_rig.h"

#define EPOCH    4711
#define MESSAGES 60
/* --linger: longer than the time of a ring stands still here. */
#define CELL_NS UINT64_C(10000000000)

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

static uint64_t last_ns[2]; /* of each ring's messages */

/* A message of one of three flows. Its time is ahead of the clock's, so that only messages and the
 * ring end a cell. */
static void publish(struct sink_rig *r, unsigned ring, struct mcr_rng *rng)
{
	struct mcr_ring_writer *w = &r->e.writers[ring];
	struct mcr_record record = small_engine_record(w);
	uint8_t payload[64] = {0};
	const uint64_t seq = w->next + 1;

	if (seq == 1)
		last_ns[ring] = realtime_ns() + 3600 * UINT64_C(1000000000);
	last_ns[ring] += mcr_rng_delay(rng, CELL_NS / 4);
	memcpy(payload, &seq, sizeof(seq));
	record.rx_ns = last_ns[ring];
	record.port = (uint16_t)(5000 + mcr_rng_delay(rng, 3));
	small_engine_put(&r->e, ring, record, payload, 8 + (uint32_t)mcr_rng_delay(rng, 50));
	mcr_ring_set_polled(w, last_ns[ring]);
}

static void is_whole(const struct sink_rig *r, uint64_t n)
{
	for (unsigned ring = 0; ring < 2; ring++)
		assert_int_equal(account_is_whole(&r->made, EPOCH, ring, n), 0);
}

/* Killed when the broker has settled `at` units, with up to three more under way; the checkpoint
 * that comes then may wait for ever. Returns 0 when the sink was done before. */
static int kill_at(struct sink_rig *r, uint64_t at, int keeps_waiting)
{
	const uint64_t end_ns = monotonic_ns() + SOON_NS;

	r->made.takes = 1;
	r->made.room = 3;
	r->made.keeps_waiting = keeps_waiting;
	rig_start(r);
	for (unsigned quiet = 0; r->s.broker->settled < at && quiet < 50;) {
		const uint64_t before = r->s.broker->settled;

		rig_round(r);
		quiet =
		    r->s.broker->settled > before || !r->s.sources[0]->is_attached ? 0 : quiet + 1;
		assert_true(monotonic_ns() < end_ns);
	}
	if (r->s.broker->settled >= at) {
		rig_kill(r);
		return 1;
	}
	rig_kill(r);
	return 0;
}

static void go_on(struct sink_rig *r)
{
	r->made.takes = r->made.room = UINT32_MAX;
	r->made.keeps_waiting = 0;
	for (unsigned ring = 0; ring < 2; ring++)
		mcr_ring_set_polled(&r->e.writers[ring], last_ns[ring] + CELL_NS);
	rig_start(r);
	rig_settle(r);
	rig_kill(r);
}

/* All is in the rings; it is killed once at each point. */
static void killed_at(struct sink_rig *r, int is_kafka, uint32_t pack, uint64_t at)
{
	struct mcr_rng rng;

	mcr_rng_seed(&rng, at);
	memset(r, 0, sizeof(*r));
	rig_begin(r, 2, 65536);
	r->made.is_kafka = is_kafka;
	r->options.pack = pack;
	r->options.linger_ns = CELL_NS;
	r->made.moody = 1 + (unsigned)at % 3;
	for (unsigned i = 0; i < MESSAGES; i++) {
		publish(r, 0, &rng);
		publish(r, 1, &rng);
	}
	kill_at(r, at, at % 2);
	go_on(r);
	is_whole(r, MESSAGES);
	rig_end(r);
}

static void each_message_is_stored_once_whenever_it_is_killed(void **state)
{
	static const uint32_t packs[] = {1, 4, 100};

	for (int is_kafka = 0; is_kafka < 2; is_kafka++)
		for (unsigned p = 0; p < 3; p++)
			for (uint64_t at = 0; at <= 2 * MESSAGES; at += 1 + p * 2)
				killed_at(*state, is_kafka, packs[p], at);
}

/* It is killed again and again, while messages come. */
static void killed_often(struct sink_rig *r, int is_kafka, uint32_t pack, uint64_t seed)
{
	struct mcr_rng rng;
	uint64_t n = 0;

	mcr_rng_seed(&rng, seed);
	memset(r, 0, sizeof(*r));
	rig_begin(r, 2, 262144);
	r->made.is_kafka = is_kafka;
	r->options.pack = pack;
	r->options.linger_ns = CELL_NS;
	for (unsigned life = 0; life < 30; life++) {
		for (uint64_t i = mcr_rng_delay(&rng, 40); i > 0; i--, n++) {
			publish(r, 0, &rng);
			publish(r, 1, &rng);
		}
		kill_at(r, mcr_rng_delay(&rng, 40), mcr_rng_delay(&rng, 2) == 1);
	}
	go_on(r);
	is_whole(r, n);
	rig_end(r);
}

static void each_message_is_stored_once_however_often_it_is_killed(void **state)
{
	for (uint64_t seed = 1; seed <= 8; seed++)
		killed_often(*state, seed % 2, seed % 4 < 2 ? 1 : 10, seed);
}

static void what_the_ring_lost_meanwhile_is_told(void **state)
{
	struct sink_rig *r = *state;
	uint64_t lost;

	rig_begin(r, 1, 4096);
	rig_start(r);
	small_engine_publish_seqs(&r->e, 0, 5);
	rig_settle(r);
	rig_kill(r);
	small_engine_publish_seqs(&r->e, 0, 1000);
	rig_start(r);
	rig_settle(r);
	lost = account_is_whole(&r->made, EPOCH, 0, 1005);
	assert_true(lost > 900);
	assert_int_equal(r->s.sources[0]->counts.lost, lost);
	rig_end(r);
}

/* As Kafka has it, where nothing is stored twice: a loss is behind the position that its notice
 * has. */
static void a_loss_is_told_once_though_it_is_killed_then(void **state)
{
	struct sink_rig *r = *state;

	rig_begin(r, 1, 4096);
	r->made.is_kafka = 1;
	rig_start(r);
	small_engine_publish_seqs(&r->e, 0, 5);
	rig_settle(r);
	rig_kill(r);
	small_engine_publish_seqs(&r->e, 0, 1000);
	r->made.takes = r->made.room = 1;
	rig_start(r);
	while (r->made.committed < 6) /* the five, and the notice */
		rig_round(r);
	assert_int_equal(r->made.committed, 6);
	rig_kill(r);
	r->made.takes = r->made.room = UINT32_MAX;
	rig_start(r);
	rig_settle(r);
	assert_true(account_is_whole(&r->made, EPOCH, 0, 1005) > 900);
	rig_end(r);
}

static void another_engine_meanwhile_is_told(void **state)
{
	struct sink_rig *r = *state;
	struct account a;

	rig_begin(r, 1, 65536);
	rig_start(r);
	small_engine_publish_seqs(&r->e, 0, 5);
	rig_settle(r);
	rig_kill(r);
	small_engine_kill(&r->e);
	small_engine_start(&r->e, &(struct mcr_attach_config){.mode = 0660, .gid = UINT32_MAX},
			   &(struct mcr_channel_config){.name = "md", .bytes = 65536}, 1, 99);
	small_engine_publish_seqs(&r->e, 0, 3);
	rig_start(r);
	rig_settle(r);
	assert_int_equal(account_is_whole(&r->made, 99, 0, 3), 0);
	a = account_of(&r->made, 99, 0, 3);
	assert_int_equal(a.restarts, 1);
	free(a.came);
	for (uint32_t i = 0; i < r->made.n; i++) {
		const struct mcr_sink_header h = header_of(&r->made.all[i]);

		if (h.kind != MCR_SINK_RESTART)
			continue;
		assert_int_equal(h.since_ns, 1004); /* the last message that is stored */
		assert_true(h.until_ns > h.since_ns);
	}
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_message_is_stored_once_whenever_it_is_killed,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(each_message_is_stored_once_however_often_it_is_killed,
					    setup, teardown),
	    cmocka_unit_test_setup_teardown(what_the_ring_lost_meanwhile_is_told, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_loss_is_told_once_though_it_is_killed_then, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(another_engine_meanwhile_is_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
