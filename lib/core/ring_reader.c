/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/ring_reader.h"

#include <errno.h>

#include <mcring/consumer.h>

/* A saturated writer can lap a reader while it looks for the oldest message. After so many attempts
 * poll returns what was lost so far. */
#define CHASES_MAX 4

static int power_of_two(uint64_t x)
{
	return x != 0 && (x & (x - 1)) == 0;
}

/* Copies what mcr_ring_format wrote; the reader uses only the copy. The loads are atomic because a
 * compiler may read the source of a plain copy twice, and a hostile writer could write in between.
 */
static void load_fixed(const struct mcr_ring_header *header, struct mcr_ring_header *h)
{
	const uint64_t *from = (const uint64_t *)(const void *)header;
	uint64_t words[offsetof(struct mcr_ring_header, reserved) / sizeof(uint64_t)];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		words[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	memcpy(h, words, sizeof(words));
}

int mcr_ring_reader_attach(struct mcr_ring_reader *r, const void *mem, size_t size,
			   const char **why)
{
	const struct mcr_ring_header *header = mem;
	struct mcr_ring_header h;

	*why = "the region is shorter than a ring's header";
	if (size < MCR_RING_HEADER_BYTES)
		return -EPROTO;
	*why = "the region does not hold a ring";
	if (__atomic_load_n(&header->magic, __ATOMIC_ACQUIRE) != MCR_RING_MAGIC)
		return -EPROTO;
	load_fixed(header, &h);
	*why = "the ring is of another ABI: use the client library of the engine's version";
	if (h.abi != MCR_RING_ABI)
		return -EPROTO;
	*why = "the ring's header makes no sense";
	if (h.header_bytes != MCR_RING_HEADER_BYTES || h.desc_bytes != MCR_RING_DESC_BYTES ||
	    h.epoch == 0 || h.index >= h.n_rings)
		return -EPROTO;
	if (!power_of_two(h.depth) || h.depth < MCR_RING_DEPTH_MIN ||
	    h.depth > MCR_RING_DEPTH_MAX || !power_of_two(h.bytes) ||
	    h.bytes < MCR_RING_BYTES_MIN || h.bytes > MCR_RING_BYTES_MAX)
		return -EPROTO;
	*why = "the ring is larger than its region";
	if (h.region_bytes != mcr_ring_footprint(h.depth, h.bytes) || h.region_bytes > size)
		return -EPROTO;

	memset(r, 0, sizeof(*r));
	r->header = header;
	r->descs = (const uint64_t *)mem + MCR_RING_HEADER_BYTES / sizeof(uint64_t);
	r->data = (const uint8_t *)(r->descs + (size_t)h.depth * MCR_DESC_WORDS);
	r->bytes = h.bytes;
	r->epoch = h.epoch;
	r->depth = h.depth;
	r->index = h.index;
	r->n_rings = h.n_rings;
	mcr_ring_reader_seek(r, mcr_ring_reader_published(r));
	*why = NULL;
	return 0;
}

/* Loads the descriptor as words. The caller finds out whether it is whole. */
static inline void load_desc(const struct mcr_ring_reader *r, uint64_t position,
			     struct mcr_desc *desc)
{
	const uint64_t *slot = &r->descs[(position & (r->depth - 1)) * MCR_DESC_WORDS];

	/* Not in a loop: gcc does not unroll it. */
	desc->words[0] = __atomic_load_n(&slot[0], __ATOMIC_RELAXED);
	desc->words[1] = __atomic_load_n(&slot[1], __ATOMIC_RELAXED);
	desc->words[2] = __atomic_load_n(&slot[2], __ATOMIC_RELAXED);
	desc->words[3] = __atomic_load_n(&slot[3], __ATOMIC_RELAXED);
	desc->words[4] = __atomic_load_n(&slot[4], __ATOMIC_RELAXED);
	desc->words[5] = __atomic_load_n(&slot[5], __ATOMIC_RELAXED);
	desc->words[6] = __atomic_load_n(&slot[6], __ATOMIC_RELAXED);
	desc->words[7] = __atomic_load_n(&slot[7], __ATOMIC_RELAXED);
}

/* 1 when the writer has not begun to overwrite this message. */
static int held(const struct mcr_ring_reader *r, uint64_t position)
{
	struct mcr_desc desc;

	load_desc(r, position, &desc);
	return !mcr_ring_reader_overrun(r, position, desc.offset);
}

uint64_t mcr_ring_reader_oldest(const struct mcr_ring_reader *r)
{
	uint64_t high = mcr_ring_reader_published(r);
	uint64_t reserved = __atomic_load_n(&r->header->reserved, __ATOMIC_RELAXED);
	uint64_t low = reserved > r->depth ? reserved - r->depth : 0;

	/* Messages are overwritten in their order, so "held" is false up to some position and true
	 * from there on: halve. A position that is overtaken meanwhile only moves the border. A
	 * hostile header may give any numbers; the span to search is bounded all the same. */
	if (low > high || high - low > r->depth)
		return high;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (held(r, middle))
			high = middle;
		else
			low = middle + 1;
	}
	return high;
}

/* Where the bytes of the messages before `published` end; any number if the writer overtook us. */
static uint64_t end_of_newest(const struct mcr_ring_reader *r, uint64_t published)
{
	struct mcr_desc desc;

	if (published == 0)
		return 0;
	load_desc(r, published - 1, &desc);
	return desc.offset + mcr_ring_span(mcr_desc_region_len(&desc));
}

void mcr_ring_reader_seek(struct mcr_ring_reader *r, uint64_t position)
{
	struct mcr_desc desc;

	r->next = position;
	if (position < mcr_ring_reader_published(r)) {
		load_desc(r, position, &desc);
		r->next_offset = desc.offset;
	} else {
		r->next_offset = end_of_newest(r, position);
	}
}

/* Everything up to the oldest message is lost. A reader that is soon lapped again is too slow for
 * this writer, so it goes on farther from the edge, twice as far each time: it gets long runs with
 * few gaps instead of single messages between gaps. */
static uint64_t skip_lost(struct mcr_ring_reader *r)
{
	uint64_t position = mcr_ring_reader_oldest(r);
	uint64_t published = mcr_ring_reader_published(r);
	uint64_t held = published > position ? published - position : 0;
	uint64_t from = r->next, run = from - r->resumed;

	if (r->resumed == 0 || run > 16 * (uint64_t)r->depth)
		r->slack = 0;
	else if (run < r->depth / 2)
		r->slack = r->slack == 0 ? r->depth / 64 + 1 : r->slack * 2;
	if (r->slack > r->depth / 2)
		r->slack = r->depth / 2;
	/* Where bytes are the limit, far fewer messages are held than the ring is deep. */
	position += r->slack < held / 2 ? r->slack : held / 2;
	/* A hostile header can move backwards; a reader never does. */
	if (position <= from)
		position = from + 1;
	mcr_ring_reader_seek(r, position);
	r->resumed = position;
	return position - from;
}

/* Whether this can be a whole descriptor at this position. Readers find out about loss themselves,
 * so no writer may claim it. A payload in one piece cannot reach beyond the area. */
static int sane(const struct mcr_ring_reader *r, uint64_t position, const struct mcr_desc *desc)
{
	uint64_t len = (uint64_t)desc->len + (desc->family == AF_INET6 ? MCR_RING_INET6_BYTES : 0);

	return desc->seq == position + 1 && desc->kind != MCR_LOST &&
	       desc->offset % MCR_RING_ALIGN == 0 && len <= r->bytes / 4 &&
	       (desc->offset & (r->bytes - 1)) + len <= r->bytes;
}

/* Copies n descriptors from r->next on. One look at the shared line is enough for all of them: the
 * writer goes through the ring in order, so when the first is whole the others are. Returns 1, or 0
 * when the first was overtaken. */
static int load_whole(const struct mcr_ring_reader *r, struct mcr_desc *descs, int n)
{
	for (int i = 0; i < n; i++)
		load_desc(r, r->next + (uint64_t)i, &descs[i]);
	return !mcr_ring_reader_overrun(r, r->next, descs[0].offset);
}

int mcr_ring_reader_poll(struct mcr_ring_reader *r, struct mcr_desc *descs, int n, uint64_t *lost)
{
	*lost = 0;
	for (int chase = 0; chase < CHASES_MAX; chase++) {
		uint64_t waiting = mcr_ring_reader_published(r) - r->next;
		int count;

		if (waiting == 0 || waiting > INT64_MAX)
			return 0;
		count = waiting < (uint64_t)n ? (int)waiting : n;
		/* The payload comes from the writer's cache together with the descriptor. */
		__builtin_prefetch(mcr_ring_reader_bytes(r, r->next_offset));
		__builtin_prefetch(mcr_ring_reader_bytes(r, r->next_offset + 64));
		if (!load_whole(r, descs, count)) {
			*lost += skip_lost(r);
			continue;
		}
		for (int i = 0; i < count; i++)
			if (!sane(r, r->next + (uint64_t)i, &descs[i]))
				return -EPROTO;
		r->next += (uint64_t)count;
		r->next_offset =
		    descs[count - 1].offset + mcr_ring_span(mcr_desc_region_len(&descs[count - 1]));
		return count;
	}
	return 0;
}

/* How much of size (messages or bytes) the writer may still use before it overtakes a reader. used:
 * what it has used since the reader's position; taken: what it has reserved since then. It may use
 * all that is taken, and more until its next reserve reaches beyond size. The result is never more
 * than size, whatever a hostile header says. */
static uint64_t room(uint64_t size, uint64_t used, uint64_t taken)
{
	uint64_t most = size - mcr_ring_ahead(size);

	if (taken > size || used > taken)
		return 0;
	return (most > taken ? most : taken) - used;
}

uint64_t mcr_ring_reader_headroom(const struct mcr_ring_reader *r, uint64_t position,
				  uint64_t offset)
{
	uint64_t published = mcr_ring_reader_published(r);
	uint64_t reserved = __atomic_load_n(&r->header->reserved, __ATOMIC_RELAXED);
	uint64_t reserved_bytes = __atomic_load_n(&r->header->reserved_bytes, __ATOMIC_RELAXED);
	uint64_t end = end_of_newest(r, published), messages, bytes, mean;

	if (published <= position)
		return r->depth - mcr_ring_ahead(r->depth);
	messages = room(r->depth, published - position, reserved - position);
	bytes = room(r->bytes, end - offset, reserved_bytes - offset);
	mean = (end - offset) / (published - position);
	if (bytes == 0)
		return 0;
	return mean > 0 && bytes / mean < messages ? bytes / mean : messages;
}
