/* SPDX-License-Identifier: BSD-3-Clause */
/* A ring in plain memory, whose messages are functions of their position. */
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
	struct mcr_ring_header *header;
	struct mcr_ring_writer writer;
};

static inline void ring_create(struct ring *ring, uint64_t bytes)
{
	ring->size = mcr_ring_footprint(bytes);
	ring->mem = aligned_alloc(4096, ring->size);
	assert_non_null(ring->mem);
	memset(ring->mem, 0, ring->size);
	ring->header = (struct mcr_ring_header *)(void *)ring->mem;
	mcr_ring_format(ring->mem, bytes, EPOCH, 0, 1);
	mcr_ring_writer_attach(&ring->writer, ring->mem);
}

/* The first word of the record at an offset. */
static inline uint64_t *place(const struct ring *ring, uint64_t offset)
{
	return (uint64_t *)(void *)(ring->writer.data + offset % ring->writer.bytes);
}

static inline struct mcr_ring_reader reader_create(const struct ring *ring)
{
	struct mcr_ring_reader reader;
	const char *why;

	assert_int_equal(mcr_ring_reader_attach(&reader, ring->mem, ring->size, &why), 0);
	return reader;
}

/* Octet i of the payload of the message at a position; from: the octet of the record where the
 * payload starts. Where a record of the next lap may start there are tags, often the very one that
 * a reader will look for: a payload may hold anything. */
static inline uint8_t octet(uint64_t position, uint32_t from, uint32_t i)
{
	uint32_t place = from + i, tag;
	uint8_t octets[4];

	if (place % MCR_RING_LINE >= sizeof(octets))
		return (uint8_t)((position + 1) * 31 + i * 7 + (i >> 8));
	tag = mcr_ring_tag(position + 2 + (position + place / MCR_RING_LINE) * 2654435761u % 64);
	memcpy(octets, &tag, sizeof(octets));
	return octets[place % MCR_RING_LINE];
}

static inline uint32_t id_of(uint64_t position)
{
	return (uint32_t)(position * 2654435761u);
}

/* One of the words between header and payload. */
static inline uint64_t extra_of(uint64_t position, unsigned i)
{
	return (position + 1) * UINT64_C(0x9e3779b97f4a7c15) + i;
}

/* len octets of payload behind what form (MCR_FORM_) adds. */
static inline void put_formed(struct ring *ring, uint32_t len, uint8_t form)
{
	uint64_t position = ring->writer.next;
	struct mcr_record record = {.rx_ns = position + 1000,
				    .id = id_of(position),
				    .len = (uint16_t)len,
				    .interface_form = form};
	uint32_t extras = mcr_ring_extras(form), from = MCR_RECORD_BYTES + extras, half = len / 3;
	static uint8_t payload[65536];
	uint64_t words[8];
	uint8_t *to;

	for (unsigned i = 0; i < 5; i++)
		words[i] = extra_of(position, i);
	for (uint32_t i = 0; i < len; i++)
		payload[i] = octet(position, from, i);
	to = mcr_ring_begin(&ring->writer, extras + len);
	assert_int_equal((uintptr_t)to % MCR_RING_LINE, 0);
	mcr_ring_copy(to + MCR_RECORD_BYTES, words, extras);
	/* In two pieces, as from two segments. */
	mcr_ring_copy(to + from, payload, half);
	mcr_ring_copy(to + from + half, payload + half, len - half);
	mcr_ring_end(&ring->writer, extras + len, &record);
}

static inline void put_one(struct ring *ring, uint32_t len)
{
	put_formed(ring, len, 0);
}

static inline void put_many(struct ring *ring, uint32_t len, int n)
{
	for (int i = 0; i < n; i++)
		put_one(ring, len);
}

static inline void publish_same(struct ring *ring, uint32_t len, int n)
{
	for (int i = 0; i < n; i++) {
		put_one(ring, len);
		mcr_ring_publish(&ring->writer);
	}
}

static inline void assert_whole(const struct mcr_ring_reader *r, const struct mcr_ring_message *m)
{
	const uint8_t *data = mcr_ring_reader_payload(r, m);
	uint64_t position = m->at.position;
	uint8_t form = m->record.interface_form;
	uint32_t from = MCR_RECORD_BYTES + mcr_ring_extras(form);

	assert_int_equal(m->record.id, id_of(position));
	assert_int_equal(m->record.rx_ns, position + 1000);
	if (form & MCR_FORM_INET6)
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(m->addresses[i], extra_of(position, i));
	if (form & MCR_FORM_FAR_TIME)
		assert_int_equal(m->hw_ns, extra_of(position, form & MCR_FORM_INET6 ? 4 : 0));
	for (uint32_t i = 0; i < m->record.len; i++)
		assert_int_equal(data[i], octet(position, from, i));
	assert_int_equal(mcr_ring_reader_overrun(r, m->at.offset), 0);
}

#endif
