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
	    offsetof(struct mcr_ring_header, n_marks),
	    offsetof(struct mcr_ring_header, state),
	    offsetof(struct mcr_ring_header, version),
	    offsetof(struct mcr_ring_header, published[0].messages),
	    offsetof(struct mcr_ring_header, published[0].end),
	    offsetof(struct mcr_ring_header, published[1].messages),
	    offsetof(struct mcr_ring_header, published[1].end),
	};
	uint8_t how = (uint8_t)take(in, 1);
	uint64_t value = take(in, how & 0x80 ? 8 : 1);
	size_t at = how & 0x40 ? take(in, 2) * 8 % size : places[how & 7];

	if (how & 0x20 && (how & 0x80) == 0)
		value = UINT64_MAX - value;
	memcpy(mem + at, &value, 8);
}

/* A record that is right, but for what the input says: at a reader's place, or at any line. */
static void lie(struct input *in, uint8_t *mem, const struct mcr_ring_reader *r)
{
	uint8_t how = (uint8_t)take(in, 1);
	uint64_t position = r->at.position, line = r->at.offset;
	uint64_t *words;

	if (how & 1)
		line = take(in, 1) * MCR_RING_LINE;
	if (how & 2)
		position += take(in, 1);
	words = (uint64_t *)(void *)(mem + MCR_RING_HEADER_BYTES + (line & (r->bytes - 1)));
	words[0] = MCR_WORD_AT(mcr_ring_tag(position + 1) | (how & 4 ? MCR_TAG_PAD : 0) |
				   (uint32_t)(how >> 3) << MCR_TAG_MORE_SHIFT,
			       0, 4);
	words[4] = take(in, 8);
}

/* A mark of any record, perhaps of one that is there or looks so. */
static void mark(struct input *in, uint8_t *mem, const struct mcr_ring_reader *r)
{
	struct mcr_ring_header *header = (struct mcr_ring_header *)(void *)mem;
	uint8_t how = (uint8_t)take(in, 1);
	struct mcr_ring_mark *to = &header->marks[how & 0xf];

	to->position = r->at.position + take(in, 1) - 128;
	to->offset = r->at.offset + (take(in, 1) - 128) * (how & 0x80 ? 8 : MCR_RING_LINE);
	if (how & 0x40)
		header->n_marks = (how & 0xf) + 1u;
	if (how & 0x20) {
		uint64_t word = MCR_WORD_AT(mcr_ring_tag(to->position + 1), 0, 4);

		memcpy(mem + MCR_RING_HEADER_BYTES + (to->offset & (r->bytes - 1)) / 8 * 8, &word,
		       8);
	}
}

static void check_message(const struct mcr_ring_reader *r, const struct mcr_ring_message *m)
{
	static uint8_t buf[1 << 16];
	const uint8_t *payload = mcr_ring_reader_payload(r, m);
	unsigned kind = m->record.vlan_kind >> MCR_KIND_SHIFT & MCR_KIND_MASK;

	if (kind == 1 || payload < r->data || m->record.len > r->data + r->bytes - payload)
		abort();
	mcr_ring_copy_out(buf, payload, m->record.len);
	mcr_ring_reader_overrun(r, m->at.offset);
}

static void read_some(struct input *in, struct mcr_ring_reader *r)
{
	struct mcr_ring_message messages[8];
	struct mcr_ring_mark before = r->at;
	uint64_t lost;
	int n = mcr_ring_reader_poll(r, messages, 1 + (int)(take(in, 1) % 8), &lost);

	/* A reader never goes back. */
	if (lost > UINT64_MAX - before.position ||
	    (n >= 0 && r->at.position != before.position + lost + (uint64_t)n))
		abort();
	for (int i = 0; i < n; i++)
		check_message(r, &messages[i]);
	mcr_ring_reader_waiting(r);
	mcr_ring_reader_stopped(r);
}

static void ask(struct input *in, struct mcr_ring_reader *r)
{
	uint8_t what = (uint8_t)take(in, 1);
	struct mcr_ring_mark oldest = mcr_ring_reader_oldest(r);
	struct mcr_ring_published newest;

	if (oldest.offset % MCR_RING_LINE != 0 ||
	    mcr_ring_reader_headroom(r, r->at) > r->bytes / MCR_RING_LINE)
		abort();
	if (what & 1)
		mcr_ring_reader_seek(r, what & 2 ? oldest.position + take(in, 1) : take(in, 8));
	else if (what & 2)
		mcr_ring_reader_go(r, oldest);
	else if (what & 4 && mcr_ring_reader_newest(r, &newest))
		mcr_ring_reader_go(r, (struct mcr_ring_mark){newest.messages, newest.end});
	if (r->at.offset % MCR_RING_LINE != 0)
		abort();
}

static void publish_some(struct mcr_ring_writer *w, unsigned n)
{
	static const uint8_t payload[64] = "twenty-four octets here";
	const struct mcr_record record = {.len = 24};

	for (unsigned i = 0; i < n; i++) {
		mcr_ring_put(w, &record, payload);
		mcr_ring_publish(w);
	}
}

static void use(struct input *in, struct mcr_ring_reader *r, struct mcr_ring_writer *w,
		uint8_t *mem, size_t len)
{
	switch (take(in, 1) % 8) {
	case 0:
	case 1:
		scribble(in, mem, len);
		break;
	case 2:
		lie(in, mem, r);
		break;
	case 3:
		mark(in, mem, r);
		break;
	case 4:
		ask(in, r);
		break;
	case 5:
		publish_some(w, (unsigned)take(in, 1) % 8);
		break;
	default:
		read_some(in, r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint8_t shape = (uint8_t)take(&in, 1);
	uint64_t bytes = MCR_RING_BYTES_MIN << (shape & 1);
	size_t len = mcr_ring_footprint(bytes);
	uint8_t *mem = aligned_alloc(64, len);
	struct mcr_ring_reader r;
	struct mcr_ring_writer w;
	const char *why;

	if (!mem)
		return 0;
	memset(mem, 0, len);
	mcr_ring_format(mem, bytes, 1, 0, 1);
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
		publish_some(&w, shape & 0x10 ? 200 : 2);
		while (in.left > 0)
			use(&in, &r, &w, mem, len);
	}
	free(mem);
	return 0;
}
