/* SPDX-License-Identifier: BSD-3-Clause */
/* The reader over a hostile region: the input is what a hostile writer stores, where, and when. The
 * region is a heap block of its exact size, so that ASan sees every octet outside. */
#include <stdlib.h>

#include "core/ring_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t left;
};

static uint64_t take(struct input *in, size_t n)
{
	uint64_t value = 0;

	if (n > in->left)
		n = in->left;
	memcpy(&value, in->data, n);
	in->data += n;
	in->left -= n;
	return value;
}

/* Stores one word: anywhere, or in the fields that steer the reader. */
static void scribble(struct input *in, uint8_t *mem, size_t size)
{
	static const size_t places[] = {
	    offsetof(struct mcr_ring_header, reserved),
	    offsetof(struct mcr_ring_header, reserved_bytes),
	    offsetof(struct mcr_ring_header, published),
	    offsetof(struct mcr_ring_header, state),
	    MCR_RING_HEADER_BYTES,
	    MCR_RING_HEADER_BYTES + 8,
	    MCR_RING_HEADER_BYTES + 32,
	    MCR_RING_HEADER_BYTES + 56,
	};
	uint8_t how = (uint8_t)take(in, 1);
	uint64_t value = take(in, how & 0x80 ? 8 : 1);
	size_t at = how & 0x40 ? take(in, 2) * 8 % (size - 7) / 8 * 8 : places[how & 7];

	if ((how & 0x40) == 0 && at >= MCR_RING_HEADER_BYTES)
		at += (size_t)(how >> 3 & 3) * MCR_RING_DESC_BYTES;
	if (how & 0x20 && (how & 0x80) == 0)
		value = UINT64_MAX - value;
	if (at + 8 <= size)
		memcpy(mem + at, &value, 8);
}

static void read_some(struct input *in, struct mcr_ring_reader *r)
{
	struct mcr_desc descs[8];
	uint8_t buf[1 << 16];
	uint64_t lost, before = r->next;
	int n = mcr_ring_reader_poll(r, descs, 1 + (int)(take(in, 1) % 8), &lost);

	if (n >= 0 && r->next != before + lost + (uint64_t)n)
		abort();
	for (int i = 0; i < n; i++) {
		uint32_t len = mcr_desc_region_len(&descs[i]);

		if (descs[i].kind == 1 || len > sizeof(buf))
			abort();
		mcr_ring_copy_out(buf, mcr_ring_reader_bytes(r, descs[i].offset), len);
		mcr_ring_reader_overrun(r, descs[i].seq - 1, descs[i].offset);
	}
	if (mcr_ring_reader_headroom(r, r->next, r->next_offset) > r->depth)
		abort();
	mcr_ring_reader_oldest(r);
	mcr_ring_reader_stopped(r);
}

static void publish_some(struct mcr_ring_writer *w, unsigned n)
{
	struct mcr_desc desc = {.len = 24, .family = AF_INET};

	for (unsigned i = 0; i < n; i++) {
		mcr_ring_copy(mcr_ring_put(w, &desc, 24), "twenty-four octets here", 24);
		mcr_ring_publish(w);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint8_t shape = (uint8_t)take(&in, 1);
	uint32_t depth = UINT32_C(4) << (shape & 3);
	uint64_t bytes = UINT64_C(256) << (shape >> 2 & 3);
	size_t len = mcr_ring_footprint(depth, bytes);
	uint8_t *mem = aligned_alloc(64, len);
	struct mcr_ring_reader r;
	struct mcr_ring_writer w;
	const char *why;

	if (!mem)
		return 0;
	memset(mem, 0, len);
	mcr_ring_format(mem, depth, bytes, 1, 0, 1);
	mcr_ring_writer_attach(&w, mem);
	if (shape & 0x80)
		for (int i = 0; i < 4; i++)
			scribble(&in, mem, len);
	if (shape & 0x40) { /* the fixed part of the header, octet by octet */
		size_t n = in.left < 256 ? in.left : 256;

		memcpy(mem + 8, in.data, n);
		in.data += n;
		in.left -= n;
	}
	if (mcr_ring_reader_attach(&r, mem, shape & 0x20 ? len - 64 : len, &why) == 0) {
		publish_some(&w, shape >> 4 & 1 ? 40 : 2);
		while (in.left > 0) {
			if (take(&in, 1) & 1)
				scribble(&in, mem, len);
			else
				read_some(&in, &r);
		}
	}
	free(mem);
	return 0;
}
