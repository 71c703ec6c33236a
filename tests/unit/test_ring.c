/* SPDX-License-Identifier: BSD-3-Clause */
/* The writer: where records stand, and what a chunk is. */
#include "ring_begin.h"
#include "ring_rig.h"

#define BYTES UINT64_C(65536)
#define LINE  MCR_RING_LINE

static uint32_t tag_at(const struct ring *ring, uint64_t offset)
{
	return mcr_ring_word_tag(*place(ring, offset));
}

static void a_new_ring_is_empty(void **state)
{
	struct ring ring;
	struct mcr_ring_message messages[4];
	uint64_t lost;

	ring_create(&ring, BYTES);
	struct mcr_ring_reader r = reader_create(&ring);

	assert_int_equal(mcr_ring_reader_waiting(&r), 0);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 4, &lost), 0);
	assert_int_equal(lost, 0);
	assert_int_equal(mcr_ring_reader_oldest(&r).position, 0);
	assert_int_equal(mcr_ring_reader_oldest(&r).offset, 0);
	assert_int_equal(mcr_ring_reader_seek(&r, 0), 1);
	assert_int_equal(mcr_ring_reader_seek(&r, 1), 0);
	assert_int_equal(mcr_ring_reader_headroom(&r, r.at), (BYTES - BYTES / 128) / LINE - 1);
	assert_int_equal(mcr_ring_max_payload(&ring.writer), BYTES / 4 - MCR_RECORD_BYTES);
	free(ring.mem);
}

static void nothing_is_seen_before_publish(void **state)
{
	struct ring ring;
	struct mcr_ring_message messages[4];
	uint64_t lost;

	ring_create(&ring, BYTES);
	struct mcr_ring_reader r = reader_create(&ring);

	put_one(&ring, 10);
	put_one(&ring, 20);
	assert_int_equal(mcr_ring_reader_waiting(&r), 0);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 4, &lost), 0);
	assert_int_equal(mcr_ring_newest(ring.header), 0);
	mcr_ring_publish(&ring.writer);
	assert_int_equal(mcr_ring_reader_waiting(&r), 1);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 4, &lost), 2);
	assert_int_equal(lost, 0);
	assert_int_equal(messages[0].at.position, 0);
	assert_int_equal(messages[1].at.position, 1);
	assert_int_equal(messages[1].record.len, 20);
	assert_whole(&r, &messages[0]);
	assert_whole(&r, &messages[1]);
	assert_int_equal(mcr_ring_newest(ring.header), 2);
	assert_int_equal(mcr_ring_payload_bytes(ring.header), 30);
	free(ring.mem);
}

static void publishing_nothing_changes_nothing(void **state)
{
	struct ring ring;
	uint8_t *before;

	ring_create(&ring, BYTES);
	before = malloc(ring.size);
	assert_non_null(before);
	for (int i = 0; i < 2; i++) {
		memcpy(before, ring.mem, ring.size);
		mcr_ring_publish(&ring.writer);
		assert_memory_equal(before, ring.mem, ring.size);
		publish_same(&ring, 100, 3);
	}
	free(before);
	free(ring.mem);
}

/* ---- where things are ---- */

static void a_record_starts_at_a_line_with_its_payload_behind_its_header(void **state)
{
	static const struct {
		uint32_t len;
		uint8_t form;
		uint64_t end; /* of the record, which starts where the one before ends */
	} records[] = {
	    {0, 0, 64},
	    {24, 0, 128},
	    {25, 0, 256},
	    {88, 0, 384},
	    {152, 0, 576},
	    {0, MCR_FORM_INET6, 576 + 128},
	    {56, MCR_FORM_INET6, 576 + 256},
	    {16, MCR_FORM_FAR_TIME, 832 + 64},
	    {48, MCR_FORM_INET6 | MCR_FORM_FAR_TIME, 896 + 128},
	};
	const int n = sizeof(records) / sizeof(records[0]);
	struct mcr_ring_message messages[16];
	struct ring ring;
	uint64_t lost, octets = 0;

	ring_create(&ring, BYTES);
	struct mcr_ring_reader r = reader_create(&ring);

	for (int i = 0; i < n; i++) {
		put_formed(&ring, records[i].len, records[i].form);
		octets += records[i].len; /* of payload: addresses and times do not count */
	}
	mcr_ring_publish(&ring.writer);
	assert_int_equal(mcr_ring_payload_bytes(ring.writer.header), octets);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 16, &lost), n);
	for (int i = 0; i < n; i++) {
		assert_int_equal(messages[i].at.offset, i == 0 ? 0 : records[i - 1].end);
		assert_ptr_equal(mcr_ring_reader_payload(&r, &messages[i]),
				 ring.writer.data + messages[i].at.offset + 40 +
				     (records[i].form & MCR_FORM_INET6 ? 32 : 0) +
				     (records[i].form & MCR_FORM_FAR_TIME ? 8 : 0));
		assert_whole(&r, &messages[i]);
	}
	assert_int_equal(r.at.offset, records[n - 1].end);
	free(ring.mem);
}

static void the_caller_fills_in_all_of_a_record_but_its_tag(void **state)
{
	struct mcr_record record = {
	    .tag = UINT32_MAX,
	    .hw_delta = -7,
	    .rx_ns = UINT64_C(0x1122334455667788),
	    .group_be = 1,
	    .source_be = 2,
	    .id = 3,
	    .port = 4,
	    .source_port = 5,
	    .len = 3,
	    .vlan_kind = 6 | 2 << MCR_KIND_SHIFT,
	    .ttl = 7,
	    .traffic_class = 8,
	    .interface_form = 9,
	    .flags = 10,
	};
	static const uint8_t payloads[2][64] = {"abc", "def"};
	struct mcr_ring_message messages[2];
	struct ring ring;
	uint64_t lost;

	ring_create(&ring, BYTES);
	struct mcr_ring_reader r = reader_create(&ring);

	mcr_ring_put(&ring.writer, &record, payloads[0]);
	mcr_ring_put(&ring.writer, &record, payloads[1]);
	mcr_ring_publish(&ring.writer);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 2, &lost), 2);
	for (int i = 0; i < 2; i++) {
		assert_memory_equal(mcr_ring_reader_payload(&r, &messages[i]), payloads[i], 3);
		assert_int_equal(messages[i].record.tag & ~MCR_TAG_MORE,
				 mcr_ring_tag((uint64_t)i + 1));
		messages[i].record.tag = UINT32_MAX;
		assert_memory_equal(&messages[i].record, &record, sizeof(record));
	}
	free(ring.mem);
}

static void a_record_that_does_not_fit_before_the_end_is_at_the_start(void **state)
{
	/* What the records before leave: less than the record, all but a line of it, all of it,
	 * nothing. */
	static const uint64_t left[] = {64, 192 - 64, 192, 0};

	for (int i = 0; i < 4; i++) {
		uint64_t start = 4096 - left[i];
		int fits = left[i] == 192;
		struct mcr_ring_message messages[2];
		struct ring ring;
		uint64_t lost;

		ring_create(&ring, 4096);
		ring_begin_at(&ring.writer, 500, start);
		*place(&ring, start) = 0;
		struct mcr_ring_reader r = reader_create(&ring);

		assert_int_equal(r.at.offset, start);
		put_one(&ring, 150);
		put_one(&ring, 10);
		mcr_ring_publish(&ring.writer);
		assert_int_equal(mcr_ring_reader_poll(&r, messages, 2, &lost), 2);
		assert_int_equal(lost, 0);
		assert_int_equal(messages[0].at.offset, fits ? start : 4096);
		assert_int_equal(messages[1].at.offset, fits ? 4096 : 4096 + 192);
		assert_whole(&r, &messages[0]);
		assert_whole(&r, &messages[1]);
		if (left[i] > 0 && !fits)
			assert_int_equal(tag_at(&ring, start) & ~MCR_TAG_MORE,
					 mcr_ring_tag(501) | MCR_TAG_PAD);
		free(ring.mem);
	}
}

/* ---- chunks ---- */

static void a_chunk_says_how_many_follow_its_first_record(void **state)
{
	static const int sizes[] = {1, 2, 4, 32, 33, 100};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned more = sizes[i] - 1 < 31 ? (unsigned)sizes[i] - 1 : 31;
		struct ring ring;

		ring_create(&ring, BYTES);
		put_many(&ring, 10, sizes[i]);
		mcr_ring_publish(&ring.writer);
		assert_int_equal(tag_at(&ring, 0), mcr_ring_tag(1) | more << MCR_TAG_MORE_SHIFT);
		for (int k = 1; k < sizes[i]; k++)
			assert_int_equal(tag_at(&ring, (uint64_t)k * LINE),
					 mcr_ring_tag((uint64_t)k + 1));
		assert_int_equal(*place(&ring, (uint64_t)sizes[i] * LINE), 0);
		free(ring.mem);
	}
}

/* The pad is what a reader finds first. */
static void a_chunk_that_begins_with_a_pad_is_taken_whole(void **state)
{
	struct mcr_ring_message messages[8];
	struct ring ring;
	uint64_t lost;

	ring_create(&ring, 4096);
	ring_begin_at(&ring.writer, 100, 4096 - 128);
	struct mcr_ring_reader r = reader_create(&ring);

	assert_int_equal(mcr_ring_reader_poll(&r, messages, 8, &lost), 0);
	put_many(&ring, 150, 5);
	assert_int_equal(mcr_ring_reader_waiting(&r), 0);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 8, &lost), 0);
	mcr_ring_publish(&ring.writer);
	assert_int_equal(tag_at(&ring, 4096 - 128),
			 mcr_ring_tag(101) | MCR_TAG_PAD | 4u << MCR_TAG_MORE_SHIFT);
	assert_int_equal(mcr_ring_reader_waiting(&r), 1);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 8, &lost), 5);
	for (int i = 0; i < 5; i++)
		assert_whole(&r, &messages[i]);
	free(ring.mem);
}

static void a_pad_within_a_chunk_is_passed(void **state)
{
	struct mcr_ring_message messages[8];
	struct ring ring;
	uint64_t lost;

	ring_create(&ring, 4096);
	ring_begin_at(&ring.writer, 100, 4096 - 256);
	struct mcr_ring_reader r = reader_create(&ring);

	put_many(&ring, 150, 3);
	mcr_ring_publish(&ring.writer);
	assert_int_equal(tag_at(&ring, 4096 - 64), mcr_ring_tag(102) | MCR_TAG_PAD);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 8, &lost), 3);
	for (int i = 0; i < 3; i++)
		assert_whole(&r, &messages[i]);
	free(ring.mem);
}

static void a_poll_may_stop_at_a_chunk_only_if_it_had_caught_up(void **state)
{
	struct mcr_ring_message messages[64];
	struct ring ring;
	uint64_t lost;

	ring_create(&ring, BYTES);
	struct mcr_ring_reader r = reader_create(&ring);

	/* It is behind: 32 chunks wait. */
	publish_same(&ring, 20, 32);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 32, &lost), 32);
	/* It has just caught up, or may have: what waits comes with the next poll at last. */
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 32, &lost), 0);
	publish_same(&ring, 20, 32);
	int got = mcr_ring_reader_poll(&r, messages, 64, &lost);

	assert_in_range(got, 1, 32);
	assert_int_equal(mcr_ring_reader_poll(&r, messages + got, 64 - got, &lost), 32 - got);
	for (int i = 0; i < 32; i++) {
		assert_int_equal(messages[i].at.position, 32 + i);
		assert_whole(&r, &messages[i]);
	}
	/* It was told to stand somewhere. */
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 32, &lost), 0);
	assert_int_equal(mcr_ring_reader_seek(&r, 3), 1);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 64, &lost), 61);
	free(ring.mem);
}

static void the_count_of_a_chunk_is_only_a_hint(void **state)
{
	struct mcr_ring_message messages[8];
	struct ring ring;
	uint64_t lost;

	for (unsigned more = 0; more <= 31; more++) {
		ring_create(&ring, BYTES);
		struct mcr_ring_reader r = reader_create(&ring);

		assert_int_equal(mcr_ring_reader_poll(&r, messages, 8, &lost), 0);
		put_many(&ring, 20, 3);
		mcr_ring_publish(&ring.writer);
		*place(&ring, 0) = MCR_WORD_AT(mcr_ring_tag(1) | more << MCR_TAG_MORE_SHIFT, 0, 4);
		assert_int_equal(mcr_ring_reader_poll(&r, messages, 8, &lost),
				 more < 3 ? more + 1 : 3);
		free(ring.mem);
	}
}

/* Behind each chunk the next tag is looked for. What stood there before may be any octets. */
static void the_place_behind_a_chunk_is_empty_and_was_reserved(void **state)
{
	struct mcr_ring_message message;
	struct ring ring;
	uint64_t lost;

	ring_create(&ring, 4096);
	memset(ring.writer.data, 0xff, 4096);
	*place(&ring, 0) = 0;
	struct mcr_ring_reader r = reader_create(&ring);

	for (uint32_t i = 0; i < 1000; i++) {
		put_one(&ring, i * 7 % 300);
		mcr_ring_publish(&ring.writer);
		assert_int_equal(*place(&ring, ring.writer.published_end), 0);
		assert_true(ring.header->reserved >= ring.writer.published_end + LINE);
		assert_int_equal(mcr_ring_reader_poll(&r, &message, 1, &lost), 1);
		assert_whole(&r, &message);
		assert_int_equal(mcr_ring_reader_waiting(&r), 0);
	}
	free(ring.mem);
}

/* Records that fill the area exactly: the 0 behind a chunk falls on a record that is whole but for
 * that. A reader there is lapped, and must not find that there is nothing. */
static void the_empty_place_behind_a_chunk_laps_who_stands_there(void **state)
{
	struct ring ring;
	struct mcr_ring_message message;
	uint64_t lost;

	for (int n = 1; n < 200; n++) {
		ring_create(&ring, 4096);
		struct mcr_ring_reader r = reader_create(&ring);

		publish_same(&ring, 20, n);
		assert_int_equal(mcr_ring_reader_waiting(&r), 1);
		assert_int_equal(mcr_ring_reader_poll(&r, &message, 1, &lost), 1);
		assert_int_equal(message.at.position, lost);
		free(ring.mem);
	}
}

static void a_burst_larger_than_the_area_is_published_in_parts(void **state)
{
	const uint64_t areas[] = {4096, 8192, 65536};

	for (int i = 0; i < 3; i++) {
		struct mcr_ring_message messages[64];
		struct ring ring;
		uint64_t lost, room = areas[i] / 2;

		ring_create(&ring, areas[i]);
		struct mcr_ring_reader r = reader_create(&ring);

		for (int burst = 0; burst < 50; burst++) {
			uint64_t sum = 0, before = r.at.position;
			int got;

			for (int k = 0; k < 32; k++) {
				struct mcr_ring_reader caught_up;

				put_one(&ring, mcr_ring_max_payload(&ring.writer) -
						   (uint32_t)(k * burst % 100));
				assert_true(ring.writer.lap +
						(uint64_t)(ring.writer.at - ring.writer.data) -
						ring.writer.published_end <=
					    room + mcr_ring_ahead(areas[i]));
				/* Whoever has all that is published is not lapped by what is put.
				 */
				caught_up = reader_create(&ring);
				assert_int_equal(
				    mcr_ring_reader_overrun(&caught_up, caught_up.at.offset), 0);
			}
			mcr_ring_publish(&ring.writer);
			while ((got = mcr_ring_reader_poll(&r, messages, 64, &lost)) > 0 ||
			       lost > 0) {
				sum += lost + (uint64_t)got;
				for (int k = 0; k < got; k++)
					assert_whole(&r, &messages[k]);
			}
			assert_int_equal(got, 0);
			assert_int_equal(sum, 32);
			assert_int_equal(r.at.position, before + 32);
			assert_int_equal(mcr_ring_newest(ring.header), r.at.position);
		}
		free(ring.mem);
	}
}

static void what_is_put_and_not_published_counts_as_overwriting(void **state)
{
	struct ring ring;
	struct mcr_ring_message messages[64];
	uint64_t lost;

	ring_create(&ring, 4096);
	struct mcr_ring_reader r = reader_create(&ring);

	publish_same(&ring, 8, 60);
	put_many(&ring, 8, 28); /* as far as 88 lines, and two more are reserved at most */
	int got = mcr_ring_reader_poll(&r, messages, 64, &lost);

	assert_int_equal(lost + (uint64_t)got, 60);
	assert_in_range(lost, 24, 24 + 3);
	mcr_ring_publish(&ring.writer);
	assert_int_equal(mcr_ring_reader_poll(&r, messages, 64, &lost), 28);
	assert_int_equal(lost, 0);
	free(ring.mem);
}

static void the_writer_reserves_ahead_and_seldom(void **state)
{
	struct ring ring;
	const struct mcr_ring_header *h;
	uint64_t reserved = 0, moves = 0, n = 0;

	ring_create(&ring, BYTES);
	h = ring.header;
	while (ring.writer.published_end < 100 * BYTES) {
		publish_same(&ring, (uint32_t)(n++ * 7 % 100), 1);
		assert_in_range(h->reserved, ring.writer.published_end + LINE,
				ring.writer.published_end + LINE + BYTES / 128);
		assert_true(h->reserved >= reserved);
		moves += h->reserved != reserved;
		assert_int_equal(h->n_marks, moves);
		reserved = h->reserved;
	}
	/* One in 1/128 of the area and one record of up to three lines. */
	assert_in_range(moves, 100 * 128 * 512 / (512 + 3 * LINE), 100 * 128);
	free(ring.mem);
}

static void state_heartbeat_and_watermark_are_seen(void **state)
{
	struct ring ring;

	ring_create(&ring, BYTES);
	struct mcr_ring_reader r = reader_create(&ring);

	assert_int_equal(mcr_ring_reader_stopped(&r), 0);
	assert_int_equal(mcr_ring_reader_heartbeat(&r), 0);
	mcr_ring_set_heartbeat(ring.mem, 77);
	mcr_ring_set_polled(&ring.writer, 88);
	mcr_ring_set_started(&ring.writer, 66);
	mcr_ring_set_started(&ring.writer, 99);
	mcr_ring_set_state(ring.mem, MCR_RING_STOPPED);
	assert_int_equal(mcr_ring_reader_stopped(&r), 1);
	assert_int_equal(mcr_ring_reader_heartbeat(&r), 77);
	assert_int_equal(mcr_ring_reader_polled(&r), 88);
	assert_int_equal(mcr_ring_reader_started(&r), 66);
	free(ring.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_ring_is_empty),
	    cmocka_unit_test(nothing_is_seen_before_publish),
	    cmocka_unit_test(publishing_nothing_changes_nothing),
	    cmocka_unit_test(a_record_starts_at_a_line_with_its_payload_behind_its_header),
	    cmocka_unit_test(the_caller_fills_in_all_of_a_record_but_its_tag),
	    cmocka_unit_test(a_record_that_does_not_fit_before_the_end_is_at_the_start),
	    cmocka_unit_test(a_chunk_says_how_many_follow_its_first_record),
	    cmocka_unit_test(a_chunk_that_begins_with_a_pad_is_taken_whole),
	    cmocka_unit_test(a_pad_within_a_chunk_is_passed),
	    cmocka_unit_test(a_poll_may_stop_at_a_chunk_only_if_it_had_caught_up),
	    cmocka_unit_test(the_count_of_a_chunk_is_only_a_hint),
	    cmocka_unit_test(the_place_behind_a_chunk_is_empty_and_was_reserved),
	    cmocka_unit_test(the_empty_place_behind_a_chunk_laps_who_stands_there),
	    cmocka_unit_test(a_burst_larger_than_the_area_is_published_in_parts),
	    cmocka_unit_test(what_is_put_and_not_published_counts_as_overwriting),
	    cmocka_unit_test(the_writer_reserves_ahead_and_seldom),
	    cmocka_unit_test(state_heartbeat_and_watermark_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
