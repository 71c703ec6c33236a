/* SPDX-License-Identifier: BSD-3-Clause */
/* Batches: polled, copied and released in one call. And memory that is held. */
#include "cursor_rig.h"

#include <sys/wait.h>

#define MSGS 128

static struct {
	struct small_engine *engine;
	uint64_t seq;     /* before this one is copied ... */
	unsigned publish; /* ... so many are published */
} writer;

int64_t __real_mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf,
				 size_t cap);
int64_t __wrap_mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf,
				 size_t cap);

/* The writer comes by between poll and copy. */
int64_t __wrap_mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf,
				 size_t cap)
{
	if (writer.engine && m->pos.seq == writer.seq) {
		small_engine_publish_seqs(writer.engine, 0, writer.publish);
		writer.engine = NULL;
	}
	return __real_mcr_consumer_read(c, m, buf, cap);
}

/* A buffer in which payloads of messages may be copied. */
struct batch {
	struct mcr_msg msgs[MSGS];
	uint64_t words[(MCR_TAKE_ROOM * 33 + 8) / 8];
};

static struct batch *new_batch(void)
{
	struct batch *b = malloc(sizeof(*b));

	assert_non_null(b);
	memset(b, 0xa5, sizeof(*b));
	return b;
}

static int take(struct mcr_consumer *c, struct batch *b, int n)
{
	return mcr_consumer_take(c, b->msgs, n, b->words, sizeof(b->words));
}

static uint64_t payload_of(const struct mcr_msg *m)
{
	uint64_t seq;

	assert_int_equal(m->kind, MCR_DATA);
	assert_int_equal(m->len, sizeof(seq));
	memcpy(&seq, m->data, sizeof(seq));
	return seq;
}

static void a_batch_has_all_messages_with_their_payloads_and_releases_them(void **state)
{
	struct small_engine e;
	struct batch *b = new_batch();

	small_engine_create(&e, 2, 65536);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_OLDEST);

	small_engine_publish_seqs(&e, 0, 40);
	small_engine_publish_seqs(&e, 1, 50);
	assert_int_equal(take(c, b, MSGS), 90);
	for (int i = 0; i < 90; i++) {
		assert_int_equal(payload_of(&b->msgs[i]), b->msgs[i].pos.seq);
		assert_ptr_equal(b->msgs[i].data, &b->words[i]); /* one behind the other */
	}
	uint64_t headroom = mcr_consumer_headroom(c);
	mcr_consumer_release(c);
	assert_int_equal(mcr_consumer_headroom(c), headroom); /* it was released */
	assert_int_equal(take(c, b, MSGS), 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
	assert_int_equal(payload_of(&b->msgs[89]), b->msgs[89].pos.seq); /* it lasts */
	free(b);
}

/* What had caught up polls one chunk at a time, but a batch goes on. */
static void a_batch_has_what_was_published_in_several_chunks(void **state)
{
	struct small_engine e;
	struct batch *b = new_batch();

	small_engine_create(&e, 1, 65536);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	for (int round = 0; round < 3; round++) {
		assert_int_equal(take(c, b, MSGS), 0);
		for (int i = 0; i < 5; i++)
			small_engine_publish_seqs(&e, 0, 3);
		assert_int_equal(take(c, b, 4), 4); /* no more than asked for */
		assert_int_equal(take(c, b, MSGS), 11);
		assert_int_equal(payload_of(&b->msgs[10]), 15 * (round + 1));
	}
	mcr_consumer_close(c);
	small_engine_destroy(&e);
	free(b);
}

static void payloads_of_any_length_begin_at_a_multiple_of_8(void **state)
{
	static const uint32_t lens[] = {0, 1, 7, 8, 9, 0, 63, 1400, 65000};
	static uint8_t payload[65000];
	struct small_engine e;
	struct batch *b = new_batch();
	uint8_t *end = (uint8_t *)b->words;

	small_engine_create(&e, 1, 1 << 20);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	for (unsigned i = 0; i < 9; i++) {
		memset(payload, (int)i + 1, sizeof(payload));
		small_engine_publish(&e, 0, payload, lens[i]);
	}
	assert_int_equal(take(c, b, MSGS), 9);
	for (unsigned i = 0; i < 9; i++) {
		const struct mcr_msg *m = &b->msgs[i];

		assert_int_equal(m->len, lens[i]);
		assert_ptr_equal(m->data, end);
		for (uint32_t k = 0; k < m->len; k++)
			assert_int_equal(m->data[k], i + 1);
		end += (m->len + 7) / 8 * 8;
	}
	assert_int_equal(*end, 0xa5); /* and nothing behind the last one */
	mcr_consumer_close(c);
	small_engine_destroy(&e);
	free(b);
}

static void no_payload_is_written_behind_the_buffer(void **state)
{
	static const uint8_t payload[65535];
	struct small_engine e;
	struct batch *b = new_batch();
	uint8_t *buf = (uint8_t *)b->words;

	small_engine_create(&e, 1, 4 << 20);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	for (int i = 0; i < 6; i++)
		small_engine_publish(&e, 0, payload, sizeof(payload));
	assert_int_equal(mcr_consumer_take(c, b->msgs, MSGS, buf, MCR_TAKE_ROOM), 1);
	assert_int_equal(buf[MCR_TAKE_ROOM - 2], 0);
	assert_int_equal(buf[MCR_TAKE_ROOM - 1], 0xa5);
	assert_int_equal(mcr_consumer_take(c, b->msgs, MSGS, buf, 3 * MCR_TAKE_ROOM - 1), 2);
	assert_int_equal(buf[2 * MCR_TAKE_ROOM], 0xa5);
	assert_int_equal(mcr_consumer_take(c, b->msgs, MSGS, buf, 3 * MCR_TAKE_ROOM), 3);
	assert_int_equal(b->msgs[2].pos.seq, 6); /* none was left out */
	assert_int_equal(buf[3 * MCR_TAKE_ROOM], 0xa5);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
	free(b);
}

static void a_buffer_that_will_not_do_is_refused_and_nothing_is_taken(void **state)
{
	struct small_engine e;
	struct batch *b = new_batch();
	uint8_t *buf = (uint8_t *)b->words;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 1);
	assert_int_equal(mcr_consumer_take(c, b->msgs, 1, buf, MCR_TAKE_ROOM - 1), -EINVAL);
	assert_int_equal(mcr_consumer_take(c, b->msgs, 1, buf + 4, MCR_TAKE_ROOM), -EINVAL);
	assert_int_equal(mcr_consumer_take(c, b->msgs, 0, buf, MCR_TAKE_ROOM), 0);
	assert_int_equal(take(c, b, 1), 1);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
	free(b);
}

static void what_is_overwritten_before_it_is_copied_is_lost(void **state)
{
	struct small_engine e;
	struct batch *b = new_batch();
	uint64_t next = 1;
	int got, lost = 0, data = 0;

	small_engine_create(&e, 1, 4096); /* 64 messages */
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 30);
	writer.seq = 11;
	writer.publish = 54; /* up to where the 20th was, and a little */
	writer.engine = &e;
	got = take(c, b, MSGS);
	for (int i = 0; i < got; i++) {
		const struct mcr_msg *m = &b->msgs[i];

		assert_int_equal(m->pos.seq, next); /* each in its place */
		assert_int_equal(m->pos.epoch, 4711);
		next += m->kind == MCR_LOST ? m->lost : 1;
		if (m->kind == MCR_LOST) {
			assert_int_equal(m->lost, 1);
			assert_int_equal(m->len, 0);
			lost++;
		} else {
			assert_int_equal(payload_of(m), m->pos.seq);
			data++;
		}
	}
	assert_int_equal(next, 85);
	assert_in_range(lost, 9, 12);
	assert_int_equal(lost + data, 84);
	assert_int_equal(payload_of(&b->msgs[9]), 10);
	assert_int_equal(b->msgs[10].kind, MCR_LOST);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
	free(b);
}

static void the_end_comes_behind_what_was_published(void **state)
{
	struct small_engine e;
	struct batch *b = new_batch();

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	struct mcr_consumer *cursor = cursor_from(c, MCR_START_NEWEST);

	small_engine_publish_seqs(&e, 0, 5);
	stop(&e);
	assert_int_equal(take(c, b, MSGS), 5);
	assert_int_equal(take(c, b, MSGS), -EPIPE);
	next_life(&e, 1, 4712);
	small_engine_publish_seqs(&e, 0, 2);
	reattach(c);
	assert_int_equal(take(c, b, MSGS), 3);
	assert_int_equal(b->msgs[0].kind, MCR_RESTART);
	assert_int_equal(b->msgs[0].pos.epoch, 4712);
	assert_int_equal(payload_of(&b->msgs[2]), 2);
	assert_int_equal(take(cursor, b, MSGS), 5);
	assert_int_equal(take(cursor, b, MSGS), -EPIPE);
	assert_int_equal(mcr_consumer_reattach(cursor, NULL), 0);
	assert_int_equal(take(cursor, b, MSGS), 3);
	mcr_consumer_close(cursor);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
	free(b);
}

static void a_batch_of_merged_rings_is_in_the_order_of_time(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct small_engine e;
	struct batch *b = new_batch();

	small_engine_create(&e, 2, 65536);
	opts.order = MCR_ORDER_MERGED;
	struct mcr_consumer *c = small_engine_consumer(&e, opts);

	for (int i = 0; i < 30; i++)
		small_engine_publish_seqs(&e, (unsigned)i % 2, 1);
	assert_int_equal(take(c, b, MSGS), 29); /* the last one waits for the other ring */
	for (int i = 1; i < 29; i++)
		assert_true(b->msgs[i].rx_ns >= b->msgs[i - 1].rx_ns);
	assert_int_equal(payload_of(&b->msgs[28]), 15);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
	free(b);
}

/* ---- holds ---- */

/* How many rings are mapped as readers do. */
static int maps(void)
{
	char line[512];
	FILE *f = fopen("/proc/self/maps", "r");
	int n = 0;

	while (fgets(line, sizeof(line), f))
		n += strstr(line, "/memfd:test") && strstr(line, "r--s");
	fclose(f);
	return n;
}

static void what_is_held_can_be_read_after_close(void **state)
{
	struct small_engine e;
	struct mcr_hold *hold, *second;
	struct mcr_msg msg;

	small_engine_create(&e, 1, 4096);
	const int before = maps();
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	assert_int_equal(maps(), before + 1);
	small_engine_publish(&e, 0, "held", 4);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	assert_int_equal(mcr_consumer_hold(&hold, c), 0);
	assert_int_equal(mcr_consumer_hold(&second, c), 0);
	mcr_consumer_close(c);
	assert_memory_equal(msg.data, "held", 4);
	mcr_hold_release(hold);
	assert_memory_equal(msg.data, "held", 4);
	assert_int_equal(maps(), before + 1);
	mcr_hold_release(second);
	assert_int_equal(maps(), before);
	mcr_hold_release(NULL);
	small_engine_destroy(&e);
}

static void a_hold_keeps_the_rings_of_before_a_reattach(void **state)
{
	struct small_engine e;
	struct mcr_hold *hold, *none = NULL;
	struct mcr_msg msg;

	small_engine_create(&e, 1, 4096);
	const int before = maps();
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);
	struct mcr_consumer *cursor = cursor_from(c, MCR_START_NEWEST);

	small_engine_publish(&e, 0, "old", 3);
	assert_int_equal(mcr_consumer_poll(cursor, &msg, 1), 1);
	assert_int_equal(mcr_consumer_hold(&hold, cursor), 0);
	mcr_consumer_close(cursor);
	next_life(&e, 1, 4712);
	small_engine_publish(&e, 0, "new", 3);
	reattach(c);
	assert_memory_equal(msg.data, "old", 3);
	assert_int_equal(mcr_consumer_intact(c, &msg), 0);
	assert_int_equal(maps(), before + 2);
	mcr_hold_release(hold);
	assert_int_equal(maps(), before + 1);
	mcr_consumer_close(c);
	assert_int_equal(maps(), before);

	struct mcr_consumer_opts opts = opts_for(&e, "md");
	opts.no_wait = 1;
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	assert_int_equal(mcr_consumer_hold(&none, c), -EPIPE);
	assert_null(none);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_forked_child_releases_what_it_inherited(void **state)
{
	struct small_engine e;
	struct mcr_hold *hold;
	struct mcr_msg msg;
	int status;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_publish(&e, 0, "held", 4);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	assert_int_equal(mcr_consumer_hold(&hold, c), 0);
	pid_t child = fork();
	if (child == 0) {
		mcr_consumer_close(c);
		int is_held = memcmp(msg.data, "held", 4) == 0;
		mcr_hold_release(hold);
		_exit(is_held ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	small_engine_publish_seqs(&e, 0, 1);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	mcr_consumer_close(c);
	mcr_hold_release(hold);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_batch_has_all_messages_with_their_payloads_and_releases_them),
	    cmocka_unit_test(a_batch_has_what_was_published_in_several_chunks),
	    cmocka_unit_test(payloads_of_any_length_begin_at_a_multiple_of_8),
	    cmocka_unit_test(no_payload_is_written_behind_the_buffer),
	    cmocka_unit_test(a_buffer_that_will_not_do_is_refused_and_nothing_is_taken),
	    cmocka_unit_test(what_is_overwritten_before_it_is_copied_is_lost),
	    cmocka_unit_test(the_end_comes_behind_what_was_published),
	    cmocka_unit_test(a_batch_of_merged_rings_is_in_the_order_of_time),
	    cmocka_unit_test(what_is_held_can_be_read_after_close),
	    cmocka_unit_test(a_hold_keeps_the_rings_of_before_a_reattach),
	    cmocka_unit_test(a_forked_child_releases_what_it_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
