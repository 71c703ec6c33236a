/* SPDX-License-Identifier: BSD-3-Clause */
/* The reader that is lapped, and the marks by which it goes on. */
#include "ring_begin.h"
#include "ring_rig.h"

#define BYTES UINT64_C(65536)
#define LINE  MCR_RING_LINE

static void a_lapped_reader_is_told_how_many_and_gets_the_rest(void **state)
{
	struct ring ring;
	struct mcr_ring_message messages[64];
	uint64_t lost;

	ring_create(&ring, 4096);
	struct mcr_ring_reader r = reader_create(&ring);

	publish_same(&ring, 20, 100);
	assert_int_equal(mcr_ring_reader_headroom(&r, r.at), 0);
	int got = mcr_ring_reader_poll(&r, messages, 64, &lost);

	/* 64 fit; up to two lines are reserved, and the oldest mark may be one record behind. */
	assert_int_equal(lost + (uint64_t)got, 100);
	assert_in_range(got, 64 - 3, 64);
	assert_int_equal(messages[0].at.position, lost);
	for (int i = 0; i < got; i++)
		assert_whole(&r, &messages[i]);
	free(ring.mem);
}

/* Where the next record does not fit a reader stands at a pad, which is overwritten before the
 * record at the area's start is. */
static void a_reader_at_a_pad_that_is_gone_goes_on_behind_it(void **state)
{
	unsigned gone = 0;

	for (int n = 0; n < 70; n++) {
		struct mcr_ring_message messages[128];
		struct ring ring;
		uint64_t lost;
		int got;

		ring_create(&ring, 4096);
		ring_begin_at(&ring.writer, 100, 4096 - 128);
		struct mcr_ring_reader r = reader_create(&ring);

		publish_same(&ring, 150, 1);
		publish_same(&ring, 20, n);
		got = mcr_ring_reader_poll(&r, messages, 128, &lost);
		assert_int_equal(lost + (uint64_t)got, n + 1);
		assert_true(got > 0);
		assert_int_equal(messages[0].at.position, 100 + lost);
		if (ring.header->reserved <=
		    4096 + 4096) { /* its record is whole, and has a mark */
			gone += mcr_ring_reader_overrun(&r, 4096 - 128);
			assert_int_equal(lost, 0);
		}
		free(ring.mem);
	}
	assert_true(gone > 0);
}

static void headroom_ends_just_before_overrun_begins(void **state)
{
	static const uint32_t sizes[] = {0, 24, 86, 1000, 4000, 9000};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (uint64_t begin = 0; begin < 1 << 20; begin += (1 << 20) / 16) {
			uint64_t span = mcr_ring_span(sizes[s]), headroom, steps = 0;
			struct ring ring;

			ring_create(&ring, 1 << 20);
			ring_begin_at(&ring.writer, begin / span, begin / span * span);
			struct mcr_ring_reader r = reader_create(&ring);

			publish_same(&ring, sizes[s], 8);
			headroom = mcr_ring_reader_headroom(&r, r.at);
			while (!mcr_ring_reader_overrun(&r, r.at.offset)) {
				publish_same(&ring, sizes[s], 1);
				steps++;
			}
			/* Never more than is there. Less by what is reserved ahead; and by an
			 * eighth, where a pad is among the eight that are the mean. */
			assert_in_range(steps, headroom + 1,
					headroom * 9 / 8 + 2 + (1 << 20) / 128 / span);
			assert_int_equal(mcr_ring_reader_headroom(&r, r.at), 0);
			free(ring.mem);
		}
}

static void headroom_is_a_mean(void **state)
{
	struct ring ring;
	uint64_t few, many;

	ring_create(&ring, 1 << 20);
	struct mcr_ring_reader r = reader_create(&ring);

	publish_same(&ring, 20, 100);
	many = mcr_ring_reader_headroom(&r, r.at);
	publish_same(&ring, 9000, 100);
	few = mcr_ring_reader_headroom(&r, r.at);
	assert_in_range(many, 16384 - 128 - 100 - 10, 16384 - 100);
	/* (64 + 9,088) / 2 octets a message. */
	assert_in_range(few, 15, 30);
	free(ring.mem);
}

static void a_reader_that_is_always_late_gets_runs_not_single_messages(void **state)
{
	struct ring ring;
	struct mcr_ring_message messages[8];
	uint64_t gaps = 0, received = 0, total_lost = 0, lost;

	ring_create(&ring, BYTES);
	struct mcr_ring_reader r = reader_create(&ring);

	for (int round = 0; round < 10000; round++) {
		publish_same(&ring, 16, 16);
		received += (uint64_t)mcr_ring_reader_poll(&r, messages, 8, &lost);
		total_lost += lost;
		gaps += lost > 0;
	}
	assert_true(received >= 8 * 9900);
	assert_true(gaps < 200); /* at the edge of the ring it would be one for each poll */
	assert_int_equal(received + total_lost, r.at.position);
	free(ring.mem);
}

static void the_distance_grows_to_half_of_the_area_and_is_dropped_after_16(void **state)
{
	struct ring ring;
	struct mcr_ring_message messages[1024];
	uint64_t lost, distance, expected = 0;
	int got;

	ring_create(&ring, BYTES);
	struct mcr_ring_reader r = reader_create(&ring);

	for (int lap = 0; lap < 12; lap++) {
		publish_same(&ring, 16, 3 * 1024);
		got = mcr_ring_reader_poll(&r, messages, 1, &lost);
		assert_int_equal(got, 1);
		assert_true(lost > 0);
		distance = r.at.offset - LINE - mcr_ring_reader_oldest(&r).offset;
		assert_in_range(distance, expected, expected + 2 * (BYTES / 128 + LINE));
		expected = expected == 0 ? BYTES / 64 : expected * 2;
		/* Half of what is held is a little less than half of the area. */
		if (expected >= BYTES / 2)
			expected = BYTES / 2 - BYTES / 128 - LINE;
	}
	/* Read 17 areas in time. */
	for (int part = 0; part < 17 * 4; part++) {
		while ((got = mcr_ring_reader_poll(&r, messages, 1024, &lost)) > 0)
			assert_int_equal(lost, 0);
		publish_same(&ring, 16, 256);
	}
	publish_same(&ring, 16, 3 * 1024);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 1, &lost), 1);
	assert_true(lost > 0);
	assert_int_equal(r.at.offset - LINE, mcr_ring_reader_oldest(&r).offset);
	free(ring.mem);
}

static void a_reader_that_is_always_late_still_gets_half_of_what_few_records_hold(void **state)
{
	struct ring ring;
	struct mcr_ring_message message;
	uint64_t lost;

	ring_create(&ring, 4096);
	struct mcr_ring_reader r = reader_create(&ring);

	for (int round = 0; round < 1000; round++) {
		publish_same(&ring, 900, 16); /* four fit, less what is reserved: three */
		assert_int_equal(mcr_ring_reader_poll(&r, &message, 1, &lost), 1);
		assert_true(mcr_ring_newest(ring.header) - r.at.position >= 1);
	}
	free(ring.mem);
}

/* Half of the area is put and not published, so one message is held: no mark is behind its half. */
static void a_reader_that_is_always_late_gets_the_only_message_that_is_held(void **state)
{
	struct ring ring;
	struct mcr_ring_message message;
	uint64_t lost;

	ring_create(&ring, 4096);
	struct mcr_ring_reader r = reader_create(&ring);

	for (int round = 0; round < 100; round++) {
		publish_same(&ring, 960, 16);
		put_many(&ring, 960, 2);
		assert_int_equal(mcr_ring_reader_poll(&r, &message, 1, &lost), 1);
		assert_whole(&r, &message);
		mcr_ring_publish(&ring.writer);
	}
	free(ring.mem);
}

/* ---- marks ---- */

/* The mark of a record is made before the record. What stands in its place may be a payload of the
 * lap before that spells its tag. */
static void a_mark_whose_message_is_not_published_is_not_believed(void **state)
{
	struct ring ring;
	uint64_t marks = 0;

	ring_create(&ring, 4096);
	for (int i = 0; i < 300; i++) {
		struct mcr_ring_reader r = reader_create(&ring);
		uint64_t newest = r.at.position, oldest;
		struct mcr_ring_mark last;

		put_one(&ring, 100);
		put_one(&ring, 100);
		last = ring.header->marks[(ring.header->n_marks - 1) % MCR_RING_MARKS];
		if (last.position == newest + 1) {
			marks++;
			*place(&ring, last.offset) =
			    MCR_WORD_AT(mcr_ring_tag(last.position + 1), 0, 4);
			assert_int_equal(mcr_ring_reader_seek(&r, last.position), 0);
			assert_int_equal(mcr_ring_reader_seek(&r, last.position + 1), 0);
			assert_int_equal(r.at.position, newest);
		}
		oldest = mcr_ring_reader_oldest(&r).position;
		assert_true(oldest <= newest);
		mcr_ring_publish(&ring.writer);
	}
	assert_true(marks > 20);
	free(ring.mem);
}

/* All marks but the newest ones lie about what is no longer, or not yet, there. */
static void a_mark_that_lies_is_not_believed(void **state)
{
	struct ring ring;

	ring_create(&ring, 4096);
	publish_same(&ring, 20, 200);
	for (uint64_t i = 0; i < MCR_RING_MARKS; i++) {
		struct mcr_ring_mark saved = ring.header->marks[i], *mark = &ring.header->marks[i];
		struct mcr_ring_reader r = reader_create(&ring);
		const struct mcr_ring_mark lies[] = {
		    {saved.position + 1, saved.offset},
		    {saved.position, saved.offset + LINE},
		    {saved.position, saved.offset + 8},
		    {UINT64_MAX, UINT64_MAX},
		    {0, 0},
		};

		for (size_t k = 0; k < sizeof(lies) / sizeof(lies[0]); k++) {
			struct mcr_ring_message message;
			struct mcr_ring_mark oldest;
			uint64_t lost;

			*mark = lies[k];
			oldest = mcr_ring_reader_oldest(&r);
			assert_in_range(oldest.position, 200 - 64, 200);
			assert_int_equal(oldest.offset, oldest.position * LINE);
			for (uint64_t position = oldest.position; position < 200; position++) {
				assert_int_equal(mcr_ring_reader_seek(&r, position), 1);
				assert_int_equal(mcr_ring_reader_poll(&r, &message, 1, &lost), 1);
				assert_int_equal(message.at.position, position);
				assert_whole(&r, &message);
			}
		}
		*mark = saved;
	}
	free(ring.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_lapped_reader_is_told_how_many_and_gets_the_rest),
	    cmocka_unit_test(a_reader_at_a_pad_that_is_gone_goes_on_behind_it),
	    cmocka_unit_test(headroom_ends_just_before_overrun_begins),
	    cmocka_unit_test(headroom_is_a_mean),
	    cmocka_unit_test(a_reader_that_is_always_late_gets_runs_not_single_messages),
	    cmocka_unit_test(the_distance_grows_to_half_of_the_area_and_is_dropped_after_16),
	    cmocka_unit_test(a_reader_that_is_always_late_still_gets_half_of_what_few_records_hold),
	    cmocka_unit_test(a_reader_that_is_always_late_gets_the_only_message_that_is_held),
	    cmocka_unit_test(a_mark_whose_message_is_not_published_is_not_believed),
	    cmocka_unit_test(a_mark_that_lies_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
