/* SPDX-License-Identifier: BSD-3-Clause */
/* A ring in plain memory, whose payloads are functions of the position. */
#ifndef RING_RIG_H
#define RING_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/ring_reader.h"

#define EPOCH UINT64_C(0x1234567890abcdef)

struct ring {
	size_t size;
	uint8_t *mem;
	struct mcr_ring_writer writer;
};

static inline void ring_create(struct ring *ring, uint32_t depth, uint64_t bytes)
{
	ring->size = mcr_ring_footprint(depth, bytes);
	ring->mem = aligned_alloc(4096, (ring->size + 4095) / 4096 * 4096);
	assert_non_null(ring->mem);
	memset(ring->mem, 0, ring->size);
	mcr_ring_format(ring->mem, depth, bytes, EPOCH, 0, 1);
	mcr_ring_writer_attach(&ring->writer, ring->mem);
}

/* The same, as if so much had been published before. */
static inline void ring_create_at(struct ring *ring, uint32_t depth, uint64_t bytes,
				  uint64_t messages, uint64_t offset)
{
	struct mcr_ring_header *h;

	ring_create(ring, depth, bytes);
	h = (struct mcr_ring_header *)(void *)ring->mem;
	h->reserved = h->published = messages;
	h->reserved_bytes = offset;
	mcr_ring_writer_attach(&ring->writer, ring->mem);
}

static inline struct mcr_ring_reader reader_create(const struct ring *ring)
{
	struct mcr_ring_reader reader;
	const char *why;

	assert_int_equal(mcr_ring_reader_attach(&reader, ring->mem, ring->size, &why), 0);
	return reader;
}

/* The payload of a message is a function of its position. */
static inline uint8_t octet(uint64_t position, uint32_t i)
{
	return (uint8_t)((position + 1) * 31 + i * 7 + (i >> 8));
}

static inline uint32_t id_of(uint64_t position)
{
	return (uint32_t)(position * 2654435761u);
}

static inline void put_one(struct ring *ring, uint32_t len)
{
	struct mcr_desc desc = {.len = len, .family = AF_INET, .id = id_of(ring->writer.next)};
	uint8_t payload[9000];
	uint8_t *to;
	uint32_t half = len / 3;

	for (uint32_t i = 0; i < len; i++)
		payload[i] = octet(ring->writer.next, i);
	to = mcr_ring_put(&ring->writer, &desc, len);
	assert_int_equal((uintptr_t)to % 8, 0);
	/* In two pieces, as from two segments. */
	mcr_ring_copy(to, payload, half);
	mcr_ring_copy(to + half, payload + half, len - half);
}

static inline void publish(struct ring *ring, const uint32_t *lens, int n)
{
	for (int i = 0; i < n; i++)
		put_one(ring, lens[i]);
	mcr_ring_publish(&ring->writer);
}

static inline void publish_same(struct ring *ring, uint32_t len, int n)
{
	for (int i = 0; i < n; i++)
		publish(ring, &len, 1);
}

static inline void assert_whole(const struct mcr_ring_reader *r, const struct mcr_desc *desc)
{
	const uint8_t *data = mcr_ring_reader_bytes(r, desc->offset);

	assert_int_equal(desc->id, id_of(desc->seq - 1));
	for (uint32_t i = 0; i < desc->len; i++)
		assert_int_equal(data[i], octet(desc->seq - 1, i));
}

#endif
