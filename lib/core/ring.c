/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/ring.h"

void mcr_ring_format(void *mem, uint32_t depth, uint64_t bytes, uint64_t epoch, uint32_t index,
		     uint32_t n_rings)
{
	struct mcr_ring_header *header = mem;

	header->abi = MCR_RING_ABI;
	header->header_bytes = MCR_RING_HEADER_BYTES;
	header->region_bytes = mcr_ring_footprint(depth, bytes);
	header->epoch = epoch;
	header->depth = depth;
	header->desc_bytes = MCR_RING_DESC_BYTES;
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
	uint8_t *base = mem;

	w->header = header;
	w->descs = (uint64_t *)(void *)(base + header->header_bytes);
	w->data = base + header->header_bytes + (size_t)header->depth * MCR_RING_DESC_BYTES;
	w->desc_mask = header->depth - 1;
	w->data_mask = header->bytes - 1;
	w->max_payload =
	    header->bytes / 4 < UINT32_MAX ? (uint32_t)(header->bytes / 4) : UINT32_MAX;
	w->next = w->reserved = header->published;
	w->next_offset = w->reserved_bytes = header->reserved_bytes;
	w->payload_bytes = header->published_bytes;
}
