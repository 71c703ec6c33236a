/* SPDX-License-Identifier: BSD-3-Clause */
/* Batches of a feed: polled, copied and released in one call. */
#include "feed_rig.h"

#include "feed/state.h"

#define ITEMS 64

static struct {
	struct feed_rig *rig;
	uint64_t seq; /* before the packet of this one is copied ... */
	int packets;  /* ... so many come on its line */
} writer;

int64_t __real_mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf,
				 size_t cap);
int64_t __wrap_mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf,
				 size_t cap);

/* The writer comes by between poll and copy: what it writes is old. */
int64_t __wrap_mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf,
				 size_t cap)
{
	if (writer.rig && m->pos.seq == writer.seq) {
		for (int i = 0; i < writer.packets; i++)
			rig_put(writer.rig, 0, rig_now_ns(), 1, 1);
		writer.rig = NULL;
	}
	return __real_mcr_consumer_read(c, m, buf, cap);
}

struct batch {
	struct mcr_feed_msg items[ITEMS];
	struct mcr_msg msgs[ITEMS];
	uint64_t words[MCR_TAKE_ROOM * 33 / 8];
};

static int take(struct feed_rig *rig, struct batch *b, int n)
{
	return mcr_feed_take(rig->f, b->items, b->msgs, n, b->words, sizeof(b->words));
}

static struct batch *new_batch(void)
{
	struct batch *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	return b;
}

/* Item i is the packet of count messages from seq on, whole and in the batch. */
static void is_packet(const struct batch *b, int i, uint64_t seq, uint32_t count)
{
	const struct mcr_feed_msg *item = &b->items[i];
	uint8_t packet[2048];
	uint32_t len = rig_packet(packet, seq - item->skip, (uint16_t)(count + item->skip));

	assert_int_equal(item->kind, MCR_FEED_DATA);
	assert_int_equal(item->seq, seq);
	assert_int_equal(item->count, count);
	assert_ptr_equal(item->msg, &b->msgs[i]);
	assert_int_equal(item->msg->len, len);
	assert_in_range((uintptr_t)item->msg->data, (uintptr_t)b->words,
			(uintptr_t)b->words + sizeof(b->words) - len);
	assert_int_equal((uintptr_t)item->msg->data % 8, 0);
	assert_memory_equal(item->msg->data, packet, len);
}

static void a_batch_has_packets_of_all_lines_held_ones_and_events(void **state)
{
	const uint64_t ns = rig_now_ns();
	struct batch *b = new_batch();
	struct feed_rig rig;
	int n = 0, k;

	rig_create(&rig, 65536);
	rig_open(&rig);
	rig_put(&rig, 0, ns, 1, 2);
	rig_put(&rig, 0, ns + 1, 4, 1); /* held: 3 is missing */
	rig_put(&rig, 0, ns + 2, 5, 1);
	while ((k = take(&rig, b, ITEMS - n)) > 0) {
		assert_int_equal(b->items[0].kind, MCR_FEED_START);
		assert_null(b->items[0].msg);
		is_packet(b, 1, 1, 2);
		n += k;
	}
	assert_int_equal(k, 0);
	assert_int_equal(n, 2);
	rig_put(&rig, 1, ns + 3, 2, 2); /* 2 was handed out before */
	n = take(&rig, b, ITEMS);
	assert_int_equal(n, 3);
	is_packet(b, 0, 3, 1);
	assert_int_equal(b->items[0].skip, 1);
	assert_int_equal(b->items[0].line, 1);
	is_packet(b, 1, 4, 1);
	is_packet(b, 2, 5, 1);
	for (unsigned i = 0; i < rig.f->n_readers; i++)
		assert_int_equal(rig.f->readers[i]->is_unreleased, 0);
	for (int i = 0; i < 60; i++) /* once around */
		rig_put(&rig, 0, ns + 4, 1, 20);
	for (int i = 0; i < 3; i++) {
		uint8_t packet[2048];

		assert_int_equal(mcr_feed_intact(rig.f, &b->items[i]), 1);
		assert_int_equal(mcr_feed_read(rig.f, &b->items[i], packet, sizeof(packet)),
				 b->msgs[i].len);
		assert_memory_equal(packet, b->msgs[i].data, b->msgs[i].len);
	}
	rig_destroy(&rig);
	is_packet(b, 2, 5, 1); /* it lasts */
	free(b);
}

/* A loss is told as a gap, which programs recover from, and the stream is past it. */
static void a_packet_that_is_overwritten_before_it_is_copied_is_a_gap(void **state)
{
	const uint64_t ns = rig_now_ns();
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct batch *b = new_batch();
	struct feed_rig rig;
	int n;

	rig_create(&rig, 4096);
	opts.events = 1u << MCR_FEED_START;
	rig_open_as(&rig, opts);
	rig_put(&rig, 0, ns, 1, 2);
	rig_put(&rig, 0, ns + 1, 3, 4);
	rig_put(&rig, 0, ns + 2, 7, 1);
	writer.seq = 2;
	writer.packets = 29; /* the next one stays whole */
	writer.rig = &rig;
	n = take(&rig, b, 4);
	assert_null(writer.rig);
	assert_int_equal(n, 4);
	assert_int_equal(b->items[0].kind, MCR_FEED_START);
	is_packet(b, 1, 1, 2);
	assert_int_equal(b->items[2].kind, MCR_FEED_GAP);
	assert_null(b->items[2].msg);
	assert_int_equal(b->items[2].gap.first, 3);
	assert_int_equal(b->items[2].gap.last, 6);
	assert_int_equal(b->items[2].gap.why, MCR_FEED_GAP_OVERWRITTEN);
	assert_int_equal(b->items[2].gap.whose, MCR_FEED_RING);
	assert_int_equal(b->items[2].gap.declared_ns, ns + 1);
	assert_int_equal(b->items[2].ns, ns + 1);
	is_packet(b, 3, 7, 1);
	rig_destroy(&rig);
	free(b);
}

static void what_was_handed_out_before_leaves_no_gap(void **state)
{
	const uint64_t ns = rig_now_ns();
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct batch *b = new_batch();
	struct feed_rig rig;

	rig_create(&rig, 4096);
	opts.order = MCR_FEED_AS_THEY_COME;
	rig_open_as(&rig, opts);
	rig_put(&rig, 0, ns, 1, 2);
	rig_put(&rig, 0, ns + 1, 1, 2); /* a duplicate */
	writer.seq = 2;
	writer.packets = 44;
	writer.rig = &rig;
	assert_int_equal(take(&rig, b, 3), 3);
	assert_null(writer.rig);
	assert_int_equal(b->items[0].kind, MCR_FEED_START);
	is_packet(b, 1, 1, 2);
	is_packet(b, 2, 1, 1); /* the first of those that the writer wrote */
	assert_true(b->items[2].flags & MCR_FEED_FLAG_DUPLICATE);
	rig_destroy(&rig);
	free(b);
}

static void a_batch_ends_where_there_is_no_room(void **state)
{
	const uint64_t ns = rig_now_ns();
	struct batch *b = new_batch();
	struct feed_rig rig;

	rig_create(&rig, 65536);
	rig_open(&rig);
	for (uint64_t seq = 1; seq <= 8; seq++)
		rig_put(&rig, 0, ns + seq, seq, 1);
	assert_int_equal(
	    mcr_feed_take(rig.f, b->items, b->msgs, ITEMS, b->words, MCR_TAKE_ROOM - 1), -EINVAL);
	assert_int_equal(mcr_feed_take(rig.f, b->items, b->msgs, ITEMS, (uint8_t *)b->words + 1,
				       2 * MCR_TAKE_ROOM),
			 -EINVAL);
	assert_int_equal(mcr_feed_take(rig.f, b->items, b->msgs, ITEMS, b->words, MCR_TAKE_ROOM),
			 2);
	is_packet(b, 1, 1, 1);
	assert_int_equal(take(&rig, b, 3), 3);
	is_packet(b, 2, 4, 1);
	assert_int_equal(take(&rig, b, ITEMS), 4);
	is_packet(b, 3, 8, 1);
	rig_destroy(&rig);
	free(b);
}

static void the_end_of_all_engines_comes_behind_the_last_batch(void **state)
{
	const uint64_t ns = rig_now_ns();
	struct batch *b = new_batch();
	struct feed_rig rig;
	int n, data = 0;

	rig_create(&rig, 65536);
	rig_open(&rig);
	for (uint64_t seq = 1; seq <= 8; seq++)
		rig_put(&rig, 0, ns + seq, seq, 1);
	for (int i = 0; i < 2; i++)
		mcr_ring_set_state(rig.e[i].regions[0].mem, MCR_RING_STOPPED);
	while ((n = take(&rig, b, 5)) >= 0)
		for (int i = 0; i < n; i++)
			data += b->items[i].kind == MCR_FEED_DATA;
	assert_int_equal(n, -EPIPE);
	assert_int_equal(data, 8);
	rig_destroy(&rig);
	free(b);
}

#define FLOOD 200000

static void *flood(void *arg)
{
	struct feed_rig *rig = arg;

	for (uint64_t seq = 1; seq <= FLOOD; seq += 1 + seq % 3)
		rig_put(rig, 0, rig_now_ns(), seq, (uint16_t)(1 + seq % 3));
	mcr_ring_set_state(rig->e[0].regions[0].mem, MCR_RING_STOPPED);
	return NULL;
}

/* Data and gaps have each number once, in order, and data are whole. */
static void a_reader_that_is_lapped_all_the_time_misses_nothing_untold(void **state)
{
	struct batch *b = new_batch();
	struct feed_rig rig;
	uint64_t next = 0, data = 0, missing = 0;
	pthread_t thread;
	int n;

	rig_create(&rig, 8192);
	rig_open(&rig);
	mcr_ring_set_state(rig.e[1].regions[0].mem, MCR_RING_STOPPED);
	assert_int_equal(pthread_create(&thread, NULL, flood, &rig), 0);
	while ((n = take(&rig, b, ITEMS)) >= 0)
		for (int i = 0; i < n; i++) {
			const struct mcr_feed_msg *item = &b->items[i];

			if (item->kind == MCR_FEED_START) {
				next = item->seq;
			} else if (item->kind == MCR_FEED_GAP) {
				assert_int_equal(item->gap.first, next);
				missing += item->gap.last + 1 - next;
				next = item->gap.last + 1;
			} else if (item->kind == MCR_FEED_DATA) {
				assert_int_equal(item->seq, next);
				is_packet(b, i, next, item->count);
				data += item->count;
				next += item->count;
			}
		}
	assert_int_equal(n, -EPIPE);
	pthread_join(thread, NULL);
	assert_true(data > 0 && missing > 0 && next > FLOOD);
	rig_destroy(&rig);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_batch_has_packets_of_all_lines_held_ones_and_events),
	    cmocka_unit_test(a_packet_that_is_overwritten_before_it_is_copied_is_a_gap),
	    cmocka_unit_test(what_was_handed_out_before_leaves_no_gap),
	    cmocka_unit_test(a_batch_ends_where_there_is_no_room),
	    cmocka_unit_test(the_end_of_all_engines_comes_behind_the_last_batch),
	    cmocka_unit_test(a_reader_that_is_lapped_all_the_time_misses_nothing_untold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
