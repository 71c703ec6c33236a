/* SPDX-License-Identifier: BSD-3-Clause */
/* The broadcast ring: one writer, any number of readers that it does not know of. docs/ring.md has
 * the protocol and the memory-ordering argument.
 *
 * Writer, per chunk of a burst:   add... -> reserve -> put... -> publish
 * Reader:                         poll -> copy -> intact */
#ifndef MCR_CORE_RING_H
#define MCR_CORE_RING_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h> /* AF_INET6 */

#include "core/ring_layout.h"

/* A message's descriptor, 64 bytes; part of the shared layout (see ring_layout.h). */
struct mcr_desc {
	uint64_t seq;    /* from 1 */
	uint64_t offset; /* monotonic byte offset of the payload; position = offset & (bytes - 1) */
	uint64_t rx_ns, hw_ns;
	uint32_t len; /* octets of payload (behind the addresses where family is AF_INET6) */
	uint32_t group_be, source_be;
	uint32_t id;
	uint16_t port, source_port, vlan, flags;
	uint8_t kind, family, ttl, pad[5];
};

_Static_assert(sizeof(struct mcr_desc) == MCR_RING_DESC_BYTES, "region layout");
_Static_assert(offsetof(struct mcr_desc, seq) == 0, "mcr_ring_put fills word 0");
_Static_assert(offsetof(struct mcr_desc, offset) == 8, "mcr_ring_put fills word 1");
_Static_assert(offsetof(struct mcr_desc, rx_ns) == 16, "region layout");
_Static_assert(offsetof(struct mcr_desc, hw_ns) == 24, "region layout");
_Static_assert(offsetof(struct mcr_desc, len) == 32, "region layout");
_Static_assert(offsetof(struct mcr_desc, group_be) == 36, "region layout");
_Static_assert(offsetof(struct mcr_desc, source_be) == 40, "region layout");
_Static_assert(offsetof(struct mcr_desc, id) == 44, "region layout");
_Static_assert(offsetof(struct mcr_desc, port) == 48, "region layout");
_Static_assert(offsetof(struct mcr_desc, source_port) == 50, "region layout");
_Static_assert(offsetof(struct mcr_desc, vlan) == 52, "region layout");
_Static_assert(offsetof(struct mcr_desc, flags) == 54, "region layout");
_Static_assert(offsetof(struct mcr_desc, kind) == 56, "region layout");
_Static_assert(offsetof(struct mcr_desc, family) == 57, "region layout");
_Static_assert(offsetof(struct mcr_desc, ttl) == 58, "region layout");

#define MCR_DESC_WORDS (MCR_RING_DESC_BYTES / sizeof(uint64_t))

/* The writer's own view of a ring: private to its lcore, nothing of it is shared. Embed it where
 * the lcore's hot data lives. */
struct mcr_ring_writer {
	struct mcr_ring_header *header;
	uint64_t *descs; /* MCR_DESC_WORDS each */
	uint8_t *data;
	uint64_t desc_mask, data_mask;
	uint32_t max_payload;
	uint64_t next;                     /* messages put */
	uint64_t next_offset;              /* bytes put, padding included */
	uint64_t reserved, reserved_bytes; /* messages and bytes added */
	uint64_t payload_bytes;
	uint64_t
	    too_large; /* messages beyond mcr_ring_max_payload: its lcore counts, others read */
};

/* mcr_ring_footprint: octets that a ring's region takes: header, descriptors, payload bytes. depth
 * and bytes are powers of two. */
static inline size_t mcr_ring_footprint(uint32_t depth, uint64_t bytes)
{
	return MCR_RING_HEADER_BYTES + (size_t)depth * MCR_RING_DESC_BYTES + (size_t)bytes;
}

/* mcr_ring_format writes the header into mem (zeroed, page aligned, of the footprint's size or
 * more), its magic last; state is MCR_RING_RUNNING, the heartbeat 0 (none yet). epoch: random, not
 * 0. index of n_rings in its channel. */
void mcr_ring_format(void *mem, uint32_t depth, uint64_t bytes, uint64_t epoch, uint32_t index,
		     uint32_t n_rings);

/* mcr_ring_writer_attach: w writes the formatted ring in mem from now on; it is the only one. */
void mcr_ring_writer_attach(struct mcr_ring_writer *w, void *mem);

/* mcr_ring_max_payload: the longest payload the ring takes: a quarter of its bytes. Longer ones
 * must not be added. */
static inline uint32_t mcr_ring_max_payload(const struct mcr_ring_writer *w)
{
	return w->max_payload;
}

/* The octets of the byte region that a message takes: its payload, behind the addresses where it is
 * IPv6. */
static inline uint32_t mcr_desc_region_len(const struct mcr_desc *desc)
{
	return desc->len + (desc->family == AF_INET6 ? MCR_RING_INET6_BYTES : 0);
}

/* A chunk: add each message, reserve once, put each in the same order, publish once. Thread: the rx
 * lcore that owns the ring. None of them fails or waits. A chunk beyond the ring's depth or bytes
 * is harmless, but its first messages are lost to every reader.
 *
 * mcr_ring_add: the chunk will have one more message, of len octets in the byte region (payload,
 * with AF_INET6 32 more), at most mcr_ring_max_payload. */
static inline void mcr_ring_add(struct mcr_ring_writer *w, uint32_t len)
{
	uint64_t span = mcr_ring_span(len);
	uint64_t offset = mcr_ring_place(w->reserved_bytes, span, w->data_mask);

	assert(len <= mcr_ring_max_payload(w));
	/* A ring is larger than the cache: fetch what put and copy will write, a chunk ahead. */
	__builtin_prefetch(&w->descs[(w->reserved & w->desc_mask) * MCR_DESC_WORDS], 1);
	__builtin_prefetch(w->data + (offset & w->data_mask), 1);
	if (span > MCR_RING_DESC_BYTES)
		__builtin_prefetch(w->data + (offset & w->data_mask) + MCR_RING_DESC_BYTES, 1);
	w->reserved_bytes = offset + span;
	w->reserved++;
}

/* mcr_ring_cancel: the messages that were added will not be put. Not after mcr_ring_reserve. */
static inline void mcr_ring_cancel(struct mcr_ring_writer *w)
{
	w->reserved = w->next;
	w->reserved_bytes = w->next_offset;
}

/* mcr_ring_reserve tells the readers what is about to be overwritten. The fence orders these stores
 * before all that put and copy write (pairs with the acquire fence of mcr_ring_reader_overrun); a
 * release store would order only what came before it. */
static inline void mcr_ring_reserve(struct mcr_ring_writer *w)
{
	__atomic_store_n(&w->header->reserved, w->reserved, __ATOMIC_RELAXED);
	__atomic_store_n(&w->header->reserved_bytes, w->reserved_bytes, __ATOMIC_RELAXED);
	mcr_ring_fence_release();
}

/* Words of a descriptor from its fields, lowest address first. Not a memcpy of the struct: a caller
 * fills it field by field, and loads wider than those stores wait for the store buffer to drain
 * (measured: half of the writer's time). This way the struct never exists but in registers; a loop
 * over an array of the words would put them into memory again. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define MCR_DESC_AT(value, octet, size) ((uint64_t)(value) << (8 * (octet)))
#else
#define MCR_DESC_AT(value, octet, size) ((uint64_t)(value) << (8 * (8 - (octet) - (size))))
#endif

static inline void mcr_ring_store(uint64_t *slot, unsigned word, uint64_t value)
{
	__atomic_store_n(&slot[word], value, __ATOMIC_RELAXED);
}

/* mcr_ring_put writes the next message's descriptor (seq and offset are filled in) and returns
 * where its payload goes, 8-byte aligned; the caller stores len octets there with mcr_ring_copy. */
static inline uint8_t *mcr_ring_put(struct mcr_ring_writer *w, const struct mcr_desc *desc)
{
	/* First, so that few registers hold all of it from here on. */
	const uint64_t lens = MCR_DESC_AT(desc->len, 0, 4) | MCR_DESC_AT(desc->group_be, 4, 4);
	const uint64_t from = MCR_DESC_AT(desc->source_be, 0, 4) | MCR_DESC_AT(desc->id, 4, 4);
	const uint64_t ports = MCR_DESC_AT(desc->port, 0, 2) |
			       MCR_DESC_AT(desc->source_port, 2, 2) |
			       MCR_DESC_AT(desc->vlan, 4, 2) | MCR_DESC_AT(desc->flags, 6, 2);
	const uint64_t kind = MCR_DESC_AT(desc->kind, 0, 1) | MCR_DESC_AT(desc->family, 1, 1) |
			      MCR_DESC_AT(desc->ttl, 2, 1);
	uint64_t *slot = &w->descs[(w->next & w->desc_mask) * MCR_DESC_WORDS];
	uint64_t span = mcr_ring_span(mcr_desc_region_len(desc));
	uint64_t offset = mcr_ring_place(w->next_offset, span, w->data_mask);

	assert(w->next < w->reserved && offset + span <= w->reserved_bytes);
	mcr_ring_store(slot, 0, w->next + 1);
	mcr_ring_store(slot, 1, offset);
	mcr_ring_store(slot, 2, desc->rx_ns);
	mcr_ring_store(slot, 3, desc->hw_ns);
	mcr_ring_store(slot, 4, lens);
	mcr_ring_store(slot, 5, from);
	mcr_ring_store(slot, 6, ports);
	mcr_ring_store(slot, 7, kind);
	w->next++;
	w->next_offset = offset + span;
	w->payload_bytes += desc->len;
	return w->data + (offset & w->data_mask);
}

#if MCR_RING_RACE_FREE
/* Eight octets at a time where dst allows, as TSan has to see them. */
static inline void mcr_ring_copy(uint8_t *dst, const void *src, uint32_t len)
{
	const uint8_t *from = src;
	uint64_t word;

	for (; len > 0 && (uintptr_t)dst % 8 != 0; len--)
		__atomic_store_n(dst++, *from++, __ATOMIC_RELAXED);
	for (; len >= 8; dst += 8, from += 8, len -= 8) {
		memcpy(&word, from, 8);
		__atomic_store_n((uint64_t *)(void *)dst, word, __ATOMIC_RELAXED);
	}
	for (; len > 0; len--)
		__atomic_store_n(dst++, *from++, __ATOMIC_RELAXED);
}
#else
/* mcr_ring_copy stores len octets of payload into the ring, at any alignment: a payload of several
 * segments takes several calls. */
static inline void mcr_ring_copy(uint8_t *dst, const void *src, uint32_t len)
{
	memcpy(dst, src, len);
}
#endif

/* mcr_ring_publish shows the chunk to the readers (pairs with the acquire load of `published` in
 * mcr_ring_reader_poll). */
static inline void mcr_ring_publish(struct mcr_ring_writer *w)
{
	assert(w->next == w->reserved && w->next_offset == w->reserved_bytes);
	__atomic_store_n(&w->header->published_bytes, w->payload_bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&w->header->published, w->next, __ATOMIC_RELEASE);
}

/* Header fields with one writer each. state and heartbeat: control. polled: the rx lcore. */
enum mcr_ring_state {
	MCR_RING_RUNNING = 1,
	MCR_RING_STOPPED = 2, /* orderly end; what was published stays readable */
};

/* mcr_ring_set_state: stop a ring only when its rx lcore is done with it. The release pairs with
 * the acquire load of mcr_ring_reader_stopped: who sees it sees the last publish too. */
static inline void mcr_ring_set_state(void *mem, enum mcr_ring_state state)
{
	struct mcr_ring_header *header = mem;

	__atomic_store_n(&header->state, (uint64_t)state, __ATOMIC_RELEASE);
}

/* mcr_ring_set_heartbeat: the control thread lives; CLOCK_MONOTONIC, every 10 ms. */
static inline void mcr_ring_set_heartbeat(void *mem, uint64_t monotonic_ns)
{
	struct mcr_ring_header *header = mem;

	__atomic_store_n(&header->heartbeat_ns, monotonic_ns, __ATOMIC_RELAXED);
}

/* mcr_ring_set_polled: every packet that arrived before realtime_ns is published. The release pairs
 * with the acquire of a reader that merges rings by time. At most each 100 us. */
static inline void mcr_ring_set_polled(struct mcr_ring_writer *w, uint64_t realtime_ns)
{
	__atomic_store_n(&w->header->polled_ns, realtime_ns, __ATOMIC_RELEASE);
}

/* mcr_ring_set_started: every packet that arrives from realtime_ns on is published here. The rx
 * lcore says so once, when it first has the ring. */
static inline void mcr_ring_set_started(struct mcr_ring_writer *w, uint64_t realtime_ns)
{
	if (__atomic_load_n(&w->header->started_ns, __ATOMIC_RELAXED) == 0)
		__atomic_store_n(&w->header->started_ns, realtime_ns, __ATOMIC_RELEASE);
}

/* What the ring published so far, messages and payload octets (control thread's statistics; the two
 * need not be of the same instant). */
static inline uint64_t mcr_ring_published(const void *mem)
{
	const struct mcr_ring_header *header = mem;

	return __atomic_load_n(&header->published, __ATOMIC_RELAXED);
}

static inline uint64_t mcr_ring_published_bytes(const void *mem)
{
	const struct mcr_ring_header *header = mem;

	return __atomic_load_n(&header->published_bytes, __ATOMIC_RELAXED);
}

#endif
