/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "ring_rig.h"

static void a_new_ring_is_empty(void **state)
{
	struct ring ring;
	struct mcr_desc descs[4];
	uint64_t lost;

	ring_create(&ring, 64, 65536);
	struct mcr_ring_reader r = reader_create(&ring);

	assert_int_equal(mcr_ring_reader_poll(&r, descs, 4, &lost), 0);
	assert_int_equal(lost, 0);
	assert_int_equal(mcr_ring_reader_oldest(&r), 0);
	assert_int_equal(mcr_ring_reader_headroom(&r, 0, 0), 64);
	assert_int_equal(mcr_ring_max_payload(&ring.writer), 16384);
	free(ring.mem);
}

static void nothing_is_seen_before_publish(void **state)
{
	struct ring ring;
	struct mcr_desc descs[4];
	uint64_t lost;

	ring_create(&ring, 64, 65536);
	struct mcr_ring_reader r = reader_create(&ring);

	put_one(&ring, 10);
	put_one(&ring, 20);
	assert_int_equal(mcr_ring_reader_poll(&r, descs, 4, &lost), 0);
	mcr_ring_publish(&ring.writer);
	assert_int_equal(mcr_ring_reader_poll(&r, descs, 4, &lost), 2);
	assert_int_equal(lost, 0);
	assert_int_equal(descs[0].seq, 1);
	assert_int_equal(descs[1].seq, 2);
	assert_int_equal(descs[1].len, 20);
	assert_whole(&r, &descs[0]);
	assert_whole(&r, &descs[1]);
	assert_int_equal(mcr_ring_published(ring.mem), 2);
	assert_int_equal(mcr_ring_published_bytes(ring.mem), 30);
	free(ring.mem);
}

static void the_writer_reserves_ahead_and_seldom(void **state)
{
	struct ring ring;
	const struct mcr_ring_header *h;
	uint64_t reserved = 0, bytes = 0, moves = 0;

	ring_create(&ring, 1024, 65536);
	h = (const struct mcr_ring_header *)(const void *)ring.mem;
	for (int i = 0; i < 5000; i++) {
		publish_same(&ring, (uint32_t)(i * 7 % 100), 1);
		assert_in_range(h->reserved, h->published, h->published + 8);
		assert_in_range(h->reserved_bytes, ring.writer.next_offset,
				ring.writer.next_offset + 512);
		assert_true(h->reserved >= reserved && h->reserved_bytes >= bytes);
		moves += h->reserved != reserved || h->reserved_bytes != bytes;
		reserved = h->reserved;
		bytes = h->reserved_bytes;
	}
	assert_in_range(moves, 5000 / 9, 5000 / 7);
	free(ring.mem);
}

static void a_lapped_reader_is_told_how_many_and_gets_the_rest(void **state)
{
	struct ring ring;
	struct mcr_desc descs[64];
	uint64_t lost;

	ring_create(&ring, 64, 65536);
	struct mcr_ring_reader r = reader_create(&ring);

	publish_same(&ring, 100, 100);
	assert_int_equal(mcr_ring_reader_headroom(&r, r.next, r.next_offset), 0);
	assert_int_equal(mcr_ring_reader_poll(&r, descs, 64, &lost), 64);
	assert_int_equal(lost, 36);
	assert_int_equal(descs[0].seq, 37);
	for (int i = 0; i < 64; i++)
		assert_whole(&r, &descs[i]);
	free(ring.mem);
}

static void a_reader_is_lapped_by_bytes_before_descriptors(void **state)
{
	struct ring ring;
	struct mcr_desc descs[64];
	uint64_t lost;

	ring_create(&ring, 64, 65536);
	struct mcr_ring_reader r = reader_create(&ring);

	publish_same(&ring, 8192, 7);
	assert_int_equal(mcr_ring_reader_oldest(&r), 0);
	publish_same(&ring, 1, 1);
	assert_int_equal(mcr_ring_reader_oldest(&r), 0);
	publish_same(&ring, 8192, 1); /* does not fit before the end: padding is bytes too */
	assert_int_equal(mcr_ring_reader_oldest(&r), 2); /* 1 for what is reserved ahead */
	assert_int_equal(mcr_ring_reader_poll(&r, descs, 64, &lost), 7);
	assert_int_equal(lost, 2);
	for (int i = 0; i < 7; i++)
		assert_whole(&r, &descs[i]);
	free(ring.mem);
}

static void headroom_ends_just_before_overrun_begins(void **state)
{
	static const uint32_t sizes[] = {0, 16, 1024, 4096};

	for (size_t s = 0; s < 4; s++) {
		struct ring ring;
		uint64_t headroom, steps = 0;

		ring_create(&ring, 1024, 1 << 20);
		struct mcr_ring_reader r = reader_create(&ring);

		publish_same(&ring, sizes[s], 8);
		headroom = mcr_ring_reader_headroom(&r, 0, 0);
		while (!mcr_ring_reader_overrun(&r, 0, 0)) {
			publish_same(&ring, sizes[s], 1);
			steps++;
		}
		/* Less by what is reserved ahead. */
		assert_in_range(steps, headroom + 1, headroom + 1 + 1024 / 128);
		assert_int_equal(mcr_ring_reader_headroom(&r, 0, 0), 0);
		free(ring.mem);
	}
}

static void what_is_put_and_not_published_counts_as_overwriting(void **state)
{
	struct ring ring;
	struct mcr_desc descs[64];
	uint64_t lost;

	ring_create(&ring, 64, 65536);
	struct mcr_ring_reader r = reader_create(&ring);

	publish_same(&ring, 8, 60);
	for (int i = 0; i < 28; i++)
		put_one(&ring, 8);
	assert_int_equal(mcr_ring_reader_poll(&r, descs, 64, &lost), 36);
	assert_int_equal(lost, 24);
	assert_int_equal(descs[0].seq, 25);
	mcr_ring_publish(&ring.writer);
	assert_int_equal(mcr_ring_reader_poll(&r, descs, 64, &lost), 28);
	assert_int_equal(lost, 0);
	free(ring.mem);
}

static void a_reader_knows_where_the_next_bytes_start(void **state)
{
	struct ring ring;
	struct mcr_desc descs[4];
	uint64_t lost;

	ring_create(&ring, 64, 65536);
	publish_same(&ring, 20, 3);
	struct mcr_ring_reader r = reader_create(&ring);

	assert_int_equal(r.next_offset, 72);
	publish_same(&ring, 20, 2);
	assert_int_equal(mcr_ring_reader_poll(&r, descs, 1, &lost), 1);
	assert_int_equal(descs[0].offset, 72);
	assert_int_equal(r.next_offset, 96);
	mcr_ring_reader_seek(&r, 1);
	assert_int_equal(r.next_offset, 24);
	free(ring.mem);
}

static void an_ipv6_message_has_its_addresses_before_the_payload(void **state)
{
	struct ring ring;
	struct mcr_desc desc = {.len = 3, .family = AF_INET6}, got;
	uint64_t lost;
	uint8_t *to;

	ring_create(&ring, 64, 65536);
	struct mcr_ring_reader r = reader_create(&ring);

	to = mcr_ring_put(&ring.writer, &desc, 3 + MCR_RING_INET6_BYTES);
	mcr_ring_copy(to + MCR_RING_INET6_BYTES, "abc", 3);
	mcr_ring_publish(&ring.writer);
	assert_int_equal(mcr_ring_reader_poll(&r, &got, 1, &lost), 1);
	assert_int_equal(got.len, 3);
	assert_memory_equal(mcr_ring_reader_bytes(&r, got.offset) + 32, "abc", 3);
	assert_int_equal(r.next_offset, 40);
	free(ring.mem);
}

static void a_chunk_larger_than_the_ring_loses_its_own_first_messages(void **state)
{
	struct ring ring;
	struct mcr_desc descs[64];
	uint32_t lens[20];
	uint64_t lost;

	ring_create(&ring, 8, 65536);
	struct mcr_ring_reader r = reader_create(&ring);

	for (int i = 0; i < 20; i++)
		lens[i] = 50;
	publish(&ring, lens, 20);
	assert_int_equal(mcr_ring_reader_poll(&r, descs, 64, &lost), 8);
	assert_int_equal(lost, 12);
	for (int i = 0; i < 8; i++)
		assert_whole(&r, &descs[i]);
	free(ring.mem);
}

static void a_reader_that_is_always_late_gets_runs_not_single_messages(void **state)
{
	struct ring ring;
	struct mcr_desc descs[8];
	uint64_t gaps = 0, received = 0, total_lost = 0, lost;

	ring_create(&ring, 1024, 1 << 20);
	struct mcr_ring_reader r = reader_create(&ring);

	for (int round = 0; round < 10000; round++) {
		publish_same(&ring, 16, 16);
		received += (uint64_t)mcr_ring_reader_poll(&r, descs, 8, &lost);
		total_lost += lost;
		gaps += lost > 0;
	}
	assert_true(received >= 8 * 9900);
	assert_true(gaps < 200); /* at the edge of the ring it would be one for each poll */
	assert_int_equal(received + total_lost, r.next);
	free(ring.mem);
}

static void a_reader_that_is_always_late_still_gets_half_of_what_few_bytes_hold(void **state)
{
	struct ring ring;
	struct mcr_desc desc;
	uint64_t lost;

	ring_create(&ring, 1024, 4096);
	struct mcr_ring_reader r = reader_create(&ring);

	/* 32 messages are held of a ring that is 1,024 deep. */
	for (int round = 0; round < 1000; round++) {
		publish_same(&ring, 128, 64);
		assert_int_equal(mcr_ring_reader_poll(&r, &desc, 1, &lost), 1);
		assert_true(ring.writer.next - r.next >= 15);
	}
	free(ring.mem);
}

static void a_header_that_makes_no_sense_is_refused(void **state)
{
	struct ring ring;
	struct mcr_ring_header *h;
	struct mcr_ring_reader r;
	const char *why;

	ring_create(&ring, 64, 65536);
	h = (struct mcr_ring_header *)(void *)ring.mem;
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
	REFUSED(header_bytes, 8192);
	REFUSED(region_bytes, ring.size + 1);
	REFUSED(epoch, 0);
	REFUSED(depth, 63);
	REFUSED(depth, 0);
	REFUSED(depth, 2);
	REFUSED(depth, 128);
	REFUSED(depth, UINT32_C(1) << 31);
	REFUSED(desc_bytes, 32);
	REFUSED(bytes, 65535);
	REFUSED(bytes, 131072);
	REFUSED(bytes, UINT64_C(1) << 63);
	REFUSED(index, 1);
	REFUSED(n_rings, 0);
	assert_int_equal(mcr_ring_reader_attach(&r, ring.mem, ring.size - 1, &why), -EPROTO);
	assert_int_equal(mcr_ring_reader_attach(&r, ring.mem, 100, &why), -EPROTO);
	free(ring.mem);
}

/* Spoils a word of the first message's descriptor. */
static int poll_spoiled(size_t word, uint64_t value)
{
	struct ring ring;
	struct mcr_desc descs[4];
	uint64_t lost;
	int ret;

	ring_create(&ring, 64, 65536);
	struct mcr_ring_reader r = reader_create(&ring);

	publish_same(&ring, 100, 2);
	ring.writer.descs[word] = value;
	ret = mcr_ring_reader_poll(&r, descs, 4, &lost);
	free(ring.mem);
	return ret;
}

static void a_descriptor_that_makes_no_sense_is_never_returned(void **state)
{
	assert_int_equal(poll_spoiled(0, 1), 2);
	assert_int_equal(poll_spoiled(0, 2), -EPROTO);          /* seq */
	assert_int_equal(poll_spoiled(1, 4), -EPROTO);          /* offset not aligned */
	assert_int_equal(poll_spoiled(1, 65536 - 8), -EPROTO);  /* reaches beyond the area */
	assert_int_equal(poll_spoiled(4, UINT32_MAX), -EPROTO); /* len */
	assert_int_equal(poll_spoiled(4, 16385), -EPROTO);
	assert_int_equal(poll_spoiled(4, 16384), 2);
}

static void a_counter_that_jumps_does_no_harm(void **state)
{
	static const uint64_t values[] = {0, 1, 65, 1000, UINT64_C(1) << 62, UINT64_MAX};

	for (size_t i = 0; i < 6 * 6 * 6; i++) {
		struct ring ring;
		struct mcr_ring_header *h;
		struct mcr_desc descs[8];
		uint64_t lost;

		ring_create(&ring, 64, 65536);
		struct mcr_ring_reader r = reader_create(&ring);

		publish_same(&ring, 100, 100);
		h = (struct mcr_ring_header *)(void *)ring.mem;
		h->published = values[i % 6];
		h->reserved = values[i / 6 % 6];
		h->reserved_bytes = values[i / 36];
		for (int k = 0; k < 20; k++) {
			uint64_t before = r.next;
			int n = mcr_ring_reader_poll(&r, descs, 8, &lost);

			assert_true(n < 0 || r.next == before + lost + (uint64_t)n);
			assert_in_range(mcr_ring_reader_headroom(&r, r.next, r.next_offset), 0, 64);
		}
		free(ring.mem);
	}
}

static void state_heartbeat_and_watermark_are_seen(void **state)
{
	struct ring ring;

	ring_create(&ring, 64, 65536);
	struct mcr_ring_reader r = reader_create(&ring);

	assert_int_equal(mcr_ring_reader_stopped(&r), 0);
	assert_int_equal(mcr_ring_reader_heartbeat(&r), 0);
	mcr_ring_set_heartbeat(ring.mem, 77);
	mcr_ring_set_polled(&ring.writer, 88);
	mcr_ring_set_state(ring.mem, MCR_RING_STOPPED);
	assert_int_equal(mcr_ring_reader_stopped(&r), 1);
	assert_int_equal(mcr_ring_reader_heartbeat(&r), 77);
	assert_int_equal(r.header->polled_ns, 88);
	free(ring.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_ring_is_empty),
	    cmocka_unit_test(nothing_is_seen_before_publish),
	    cmocka_unit_test(the_writer_reserves_ahead_and_seldom),
	    cmocka_unit_test(a_lapped_reader_is_told_how_many_and_gets_the_rest),
	    cmocka_unit_test(a_reader_is_lapped_by_bytes_before_descriptors),
	    cmocka_unit_test(headroom_ends_just_before_overrun_begins),
	    cmocka_unit_test(what_is_put_and_not_published_counts_as_overwriting),
	    cmocka_unit_test(a_reader_knows_where_the_next_bytes_start),
	    cmocka_unit_test(an_ipv6_message_has_its_addresses_before_the_payload),
	    cmocka_unit_test(a_chunk_larger_than_the_ring_loses_its_own_first_messages),
	    cmocka_unit_test(a_reader_that_is_always_late_gets_runs_not_single_messages),
	    cmocka_unit_test(a_reader_that_is_always_late_still_gets_half_of_what_few_bytes_hold),
	    cmocka_unit_test(a_header_that_makes_no_sense_is_refused),
	    cmocka_unit_test(a_descriptor_that_makes_no_sense_is_never_returned),
	    cmocka_unit_test(a_counter_that_jumps_does_no_harm),
	    cmocka_unit_test(state_heartbeat_and_watermark_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
