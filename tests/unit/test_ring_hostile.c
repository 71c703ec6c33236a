/* SPDX-License-Identifier: BSD-3-Clause */
/* The reader of a region that a broken or hostile writer fills. */
#include <errno.h>
#include <pthread.h>

#include "ring_begin.h"
#include "ring_rig.h"

#define BYTES UINT64_C(65536)
#define LINE  MCR_RING_LINE

static void a_header_that_makes_no_sense_is_refused(void **state)
{
	struct ring ring;
	struct mcr_ring_header *h;
	struct mcr_ring_reader r;
	const char *why;

	ring_create(&ring, BYTES);
	h = ring.header;
#define REFUSED(field, value)                                                                     \
	do {                                                                                      \
		struct mcr_ring_header saved = *h;                                                \
                                                                                                  \
		h->field = value;                                                                 \
		assert_int_equal(mcr_ring_reader_attach(&r, ring.mem, ring.size, &why), -EPROTO); \
		assert_non_null(why);                                                             \
		*h = saved;                                                                       \
		assert_int_equal(mcr_ring_reader_attach(&r, ring.mem, ring.size, &why), 0);       \
	} while (0)
	REFUSED(magic, 0);
	REFUSED(abi, MCR_RING_ABI + 1);
	REFUSED(abi, MCR_RING_ABI_OLDEST - 1);
	REFUSED(abi, 0);
	REFUSED(header_bytes, 4096);
	REFUSED(region_bytes, ring.size + 1);
	REFUSED(epoch, 0);
	REFUSED(bytes, 0);
	REFUSED(bytes, BYTES - 1);
	REFUSED(bytes, BYTES / 2);
	REFUSED(bytes, BYTES * 2);
	REFUSED(bytes, UINT64_C(1) << 63);
	REFUSED(index, 1);
	REFUSED(n_rings, 0);
	h->bytes = 2048;
	h->region_bytes = MCR_RING_HEADER_BYTES + 2048;
	assert_int_equal(mcr_ring_reader_attach(&r, ring.mem, ring.size, &why), -EPROTO);
	h->bytes = BYTES;
	h->region_bytes = ring.size;
	assert_int_equal(mcr_ring_reader_attach(&r, ring.mem, ring.size - 1, &why), -EPROTO);
	assert_int_equal(mcr_ring_reader_attach(&r, ring.mem, 100, &why), -EPROTO);
	free(ring.mem);
}

/* Two messages; a word of the first one's record is spoilt. */
static int poll_spoiled(size_t word, uint64_t value)
{
	struct ring ring;
	struct mcr_ring_message messages[4];
	uint64_t lost;
	int ret;

	ring_create(&ring, BYTES);
	struct mcr_ring_reader r = reader_create(&ring);

	publish_same(&ring, 100, 2);
	place(&ring, 0)[word] = value;
	ret = mcr_ring_reader_poll(&r, messages, 4, &lost);
	assert_int_equal(lost, 0);
	free(ring.mem);
	return ret;
}

static uint64_t word_of_len(unsigned len, unsigned kind, unsigned form)
{
	return MCR_WORD_AT(len, 0, 2) | MCR_WORD_AT(kind << MCR_KIND_SHIFT, 2, 2) |
	       MCR_WORD_AT(form, 6, 1);
}

static void a_record_that_makes_no_sense_is_never_returned(void **state)
{
	assert_int_equal(poll_spoiled(0, MCR_WORD_AT(mcr_ring_tag(1), 0, 4)), 2);
	/* No tag of this place: there is nothing. */
	assert_int_equal(poll_spoiled(0, 0), 0);
	assert_int_equal(poll_spoiled(0, UINT64_MAX), 0);
	assert_int_equal(poll_spoiled(0, MCR_WORD_AT(mcr_ring_tag(2), 0, 4)), 0);
	assert_int_equal(poll_spoiled(0, MCR_WORD_AT(1, 0, 4)), 0);
	/* A pad, here before itself: nothing but a message may be at the area's start. */
	assert_int_equal(poll_spoiled(0, MCR_WORD_AT(mcr_ring_tag(1) | MCR_TAG_PAD, 0, 4)),
			 -EPROTO);
	/* len, kind, form: the next record is looked for behind it. */
	assert_int_equal(poll_spoiled(4, word_of_len(100, 0, 0)), 2);
	assert_int_equal(poll_spoiled(4, word_of_len(88, 0, 0)), 1);
	assert_int_equal(poll_spoiled(4, word_of_len(56, 0, MCR_FORM_INET6)), 1);
	assert_int_equal(poll_spoiled(4, word_of_len(120, 0, MCR_FORM_INET6)), 2);
	assert_int_equal(poll_spoiled(4, word_of_len(100, 2, 0)), 2);
	assert_int_equal(poll_spoiled(4, word_of_len(100, 1, 0)), -EPROTO); /* claims a loss */
	assert_int_equal(poll_spoiled(4, word_of_len(100, 3, 0)), -EPROTO);
	assert_int_equal(poll_spoiled(4, word_of_len(UINT16_MAX, 0, 0)), -EPROTO);
	assert_int_equal(poll_spoiled(4, word_of_len(BYTES - 40, 0, MCR_FORM_FAR_TIME)), -EPROTO);
	assert_int_equal(poll_spoiled(4, word_of_len(BYTES - 40, 0, MCR_FORM_INET6)), -EPROTO);
}

/* The last record before the area's end says that it is longer than what is left. */
static void a_record_that_reaches_beyond_the_area_is_never_returned(void **state)
{
	for (unsigned len = 0; len < 1000; len++) {
		struct mcr_ring_message message;
		struct ring ring;
		uint64_t lost;

		ring_create(&ring, 4096);
		ring_begin_at(&ring.writer, 7, 3 * 4096 - 128);
		struct mcr_ring_reader r = reader_create(&ring);

		put_one(&ring, 80);
		mcr_ring_publish(&ring.writer);
		place(&ring, 4096 - 128)[4] = word_of_len(len, 0, 0);
		assert_int_equal(mcr_ring_reader_poll(&r, &message, 1, &lost),
				 len <= 88 ? 1 : -EPROTO);
		free(ring.mem);
	}
}

/* Between two marks of an honest ring there is 1/128 of the area, one record and one pad. */
static void the_way_from_a_mark_to_a_position_is_bounded(void **state)
{
	const uint64_t far = 4096 / 2 + LINE;
	struct ring ring;

	ring_create(&ring, 4096);
	publish_same(&ring, 20, 60);
	ring.header->n_marks = 1;
	for (uint64_t position = 0; position < 60; position++) {
		struct mcr_ring_reader r = reader_create(&ring);

		assert_int_equal(mcr_ring_reader_seek(&r, position), position * LINE <= far + LINE);
	}
	free(ring.mem);
}

static void *spin_latch(void *arg)
{
	struct ring *ring = arg;

	while (__atomic_load_n(&ring->header->state, __ATOMIC_RELAXED) != MCR_RING_STOPPED)
		__atomic_fetch_add(&ring->header->version, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* Nobody waits for the latch: what needs it does without, or fails. */
static void a_latch_that_never_stands_still_holds_nobody_up(void **state)
{
	struct mcr_ring_message messages[8];
	struct mcr_ring_published newest;
	struct mcr_ring_reader r, other;
	pthread_t thread;
	struct ring ring;
	const char *why;
	uint64_t lost;

	ring_create(&ring, 4096);
	r = reader_create(&ring);
	publish_same(&ring, 20, 100);
	assert_int_equal(pthread_create(&thread, NULL, spin_latch, &ring), 0);
	for (int i = 0; i < 1000; i++) {
		int ret = mcr_ring_reader_attach(&other, ring.mem, ring.size, &why);

		assert_true(ret == 0 || ret == -EPROTO);
		mcr_ring_reader_newest(&r, &newest);
		assert_int_equal(mcr_ring_reader_oldest(&r).position, 38);
		assert_int_equal(mcr_ring_reader_seek(&r, 50), 1);
		assert_in_range(mcr_ring_reader_headroom(&r, r.at), 0, 4096 / LINE);
		assert_int_equal(mcr_ring_reader_poll(&r, messages, 8, &lost), 8);
		assert_whole(&r, &messages[0]);
		mcr_ring_reader_go(&r, (struct mcr_ring_mark){0, 0});
		assert_int_equal(mcr_ring_reader_poll(&r, messages, 8, &lost), 8);
		assert_int_equal(lost, 38);
	}
	mcr_ring_set_state(ring.mem, MCR_RING_STOPPED);
	pthread_join(thread, NULL);
	free(ring.mem);
}

/* Whatever the counters say, the reader neither hangs nor goes back. */
static void a_counter_that_jumps_does_no_harm(void **state)
{
	static const uint64_t values[] = {
	    0, 1, 65, 1000, 65536 + 64, UINT64_C(1) << 62, UINT64_MAX - 63, UINT64_MAX};
	const size_t n = sizeof(values) / sizeof(values[0]);

	for (size_t i = 0; i < n * n * n * n; i++) {
		struct mcr_ring_message messages[8];
		struct ring ring;
		uint64_t lost;

		ring_create(&ring, 4096);
		struct mcr_ring_reader r = reader_create(&ring);

		publish_same(&ring, 100, 40);
		ring.header->version = i % 2;
		ring.header->published[i % 2].messages = values[i % n];
		ring.header->published[i % 2].end = values[i / n % n];
		ring.header->reserved = values[i / n / n % n];
		ring.header->n_marks = values[i / n / n / n];
		for (int k = 0; k < 5; k++) {
			struct mcr_ring_mark before = r.at;
			int got = mcr_ring_reader_poll(&r, messages, 8, &lost);

			assert_true(got < 0 ||
				    r.at.position == before.position + lost + (uint64_t)got);
			assert_true(r.at.offset >= before.offset);
			assert_int_equal(r.at.offset % LINE, 0);
			assert_in_range(mcr_ring_reader_headroom(&r, r.at), 0, 4096 / LINE);
			assert_int_equal(mcr_ring_reader_oldest(&r).offset % LINE, 0);
			mcr_ring_reader_seek(&r, values[k]);
			assert_int_equal(r.at.offset % LINE, 0);
			mcr_ring_reader_waiting(&r);
		}
		free(ring.mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_header_that_makes_no_sense_is_refused),
	    cmocka_unit_test(a_record_that_makes_no_sense_is_never_returned),
	    cmocka_unit_test(a_record_that_reaches_beyond_the_area_is_never_returned),
	    cmocka_unit_test(the_way_from_a_mark_to_a_position_is_bounded),
	    cmocka_unit_test(a_latch_that_never_stands_still_holds_nobody_up),
	    cmocka_unit_test(a_counter_that_jumps_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
