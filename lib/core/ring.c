/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/ring.h"

void mcr_ring_format(void *mem, uint64_t bytes, uint64_t epoch, uint32_t index, uint32_t n_rings)
{
	struct mcr_ring_header *header = mem;

	header->abi = MCR_RING_ABI;
	header->header_bytes = MCR_RING_HEADER_BYTES;
	header->region_bytes = mcr_ring_footprint(bytes);
	header->epoch = epoch;
	header->bytes = bytes;
	header->index = index;
	header->n_rings = n_rings;
	header->state = MCR_RING_RUNNING;
	/* Pairs with the acquire load of mcr_ring_reader_attach. */
	__atomic_store_n(&header->magic, MCR_RING_MAGIC, __ATOMIC_RELEASE);
}

void mcr_ring_writer_attach(struct mcr_ring_writer *w, void *mem)
{
	struct mcr_ring_header *header = mem;
	uint64_t longest = header->bytes / 4 - MCR_RECORD_BYTES;

	*w = (struct mcr_ring_writer){
	    .header = header,
	    .data = (uint8_t *)mem + MCR_RING_HEADER_BYTES,
	    .bytes = header->bytes,
	    .max_payload = longest < UINT16_MAX ? (uint32_t)longest : UINT16_MAX,
	};
	w->at = w->limit = w->data;
}

/* Publishes what may be overwritten from now on: the record that is put next, the line behind it,
 * where mcr_ring_publish stores, and 1/128 of the area. Before that, a mark of where it is. The
 * fence orders these stores before all that is put (pairs with the acquire fence of
 * mcr_ring_reader_overrun); a release store would order only what came before it. It also orders
 * n_marks before the marks that are stored later. */
static void reserve(struct mcr_ring_writer *w, uint64_t offset, uint64_t span)
{
	struct mcr_ring_mark *mark = &w->header->marks[w->n_marks % MCR_RING_MARKS];

	__atomic_store_n(&mark->position, w->next, __ATOMIC_RELAXED);
	__atomic_store_n(&mark->offset, offset, __ATOMIC_RELAXED);
	__atomic_store_n(&w->header->n_marks, ++w->n_marks, __ATOMIC_RELEASE);
	w->reserved = offset + span + MCR_RING_LINE + mcr_ring_ahead(w->bytes);
	__atomic_store_n(&w->header->reserved, w->reserved, __ATOMIC_RELAXED);
	mcr_ring_fence_release();
}

/* Marks the place where the next record does not fit: it is at the area's start. A reader who comes
 * here has the message's seq in mind. */
static void pad(struct mcr_ring_writer *w)
{
	uint64_t word = MCR_WORD_AT(mcr_ring_tag(w->next + 1) | MCR_TAG_PAD, 0, 4);
	uint64_t *at = (uint64_t *)(void *)w->at;

	if (w->first) {
		mcr_ring_store(at, 0, word);
	} else {
		w->first = at;
		w->first_word = word;
	}
}

void mcr_ring_make_room(struct mcr_ring_writer *w, uint64_t span)
{
	uint64_t left = w->bytes - (uint64_t)(w->at - w->data);
	uint64_t offset = w->lap + (w->bytes - left);
	uint64_t place = left < span ? w->lap + w->bytes : offset;
	uint64_t room;

	/* What is put and not published never exceeds half of the area, so that nothing of a chunk
	 * is overwritten by the same chunk, and who has read everything is never lapped. */
	if (w->first && place + span - w->published_end > w->bytes / 2)
		mcr_ring_publish(w);
	if (place + span + MCR_RING_LINE > w->reserved)
		reserve(w, place, span);
	if (left < span) {
		if (left > 0)
			pad(w);
		w->lap = place;
		w->at = w->data;
	}
	room = w->reserved - MCR_RING_LINE - w->lap;
	w->limit = w->data + (room < w->bytes ? room : w->bytes);
}

void mcr_ring_put_first(struct mcr_ring_writer *w, uint64_t word0, uint64_t word1, uint64_t word2,
			uint64_t word3, uint64_t word4, const void *payload)
{
	const uint32_t room = MCR_RING_LINE - MCR_RECORD_BYTES;
	const uint32_t len = (uint16_t)(word4 >> MCR_WORD_SHIFT(0, 2));

	w->first = (uint64_t *)(void *)w->at;
	w->first_word =
	    (word0 & ~MCR_WORD_AT(UINT32_MAX, 0, 4)) | MCR_WORD_AT(mcr_ring_tag(++w->next), 0, 4);
	w->line[1] = word1;
	w->line[2] = word2;
	w->line[3] = word3;
	w->line[4] = word4;
	memcpy((uint8_t *)w->line + MCR_RECORD_BYTES, payload, len < room ? len : room);
	if (len > room)
		mcr_ring_copy(w->at + MCR_RING_LINE, (const uint8_t *)payload + room, len - room);
	w->held_back = 1;
	w->at += mcr_ring_span(len);
	w->payload_bytes += len;
}
