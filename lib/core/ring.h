/* SPDX-License-Identifier: BSD-3-Clause */
/* The broadcast ring: one writer, and any number of readers that it knows nothing about.
 * docs/ring.md has the protocol and the memory-ordering argument.
 *
 * Writer, per chunk of a burst:   put... -> publish
 * Reader:                         poll -> copy -> intact */
#ifndef MCR_CORE_RING_H
#define MCR_CORE_RING_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h> /* AF_INET6 */

#include "core/ring_layout.h"

#define MCR_RING_AHEAD 8 /* messages whose place is fetched before their turn */

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
	uint64_t reserved, reserved_bytes; /* what may be overwritten, as readers know it */
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

/* A chunk: put each message, publish once. Thread: the rx lcore that owns the ring. None of them
 * fails or waits. A chunk beyond the ring's depth or bytes is harmless, but its first messages are
 * lost to every reader.
 *
 * mcr_ring_reserve, for mcr_ring_put, publishes what may be overwritten from now on: the next
 * message, whose bytes end at `end`, and 1/128 of the ring behind it. Seldom, because this is the
 * line of the header that readers poll. The fence orders these stores before all that put and copy
 * write (pairs with the acquire fence of mcr_ring_reader_overrun); a release store would order only
 * what came before it. */
static inline void mcr_ring_reserve(struct mcr_ring_writer *w, uint64_t end)
{
	w->reserved = w->next + 1 + mcr_ring_ahead(w->desc_mask + 1);
	w->reserved_bytes = end + mcr_ring_ahead(w->data_mask + 1);
	__atomic_store_n(&w->header->reserved, w->reserved, __ATOMIC_RELAXED);
	__atomic_store_n(&w->header->reserved_bytes, w->reserved_bytes, __ATOMIC_RELAXED);
	mcr_ring_fence_release();
}

static inline void mcr_ring_store(uint64_t *slot, unsigned word, uint64_t value)
{
	__atomic_store_n(&slot[word], value, __ATOMIC_RELAXED);
}

/* mcr_ring_put writes the next message's descriptor (seq and offset are filled in) and returns
 * where its len octets go, 8-byte aligned; the caller stores them there with mcr_ring_copy. len: of
 * the byte region (payload, with AF_INET6 32 more), at most mcr_ring_max_payload. */
static inline uint8_t *mcr_ring_put(struct mcr_ring_writer *w, const struct mcr_desc *desc,
				    uint32_t len)
{
	uint64_t *slot = &w->descs[(w->next & w->desc_mask) * MCR_DESC_WORDS];
	uint64_t span = mcr_ring_span(len);
	uint64_t offset = mcr_ring_place(w->next_offset, span, w->data_mask);
	uint8_t *to = w->data + (offset & w->data_mask);

	assert(len <= mcr_ring_max_payload(w));
	if (__builtin_expect(w->next >= w->reserved || offset + span > w->reserved_bytes, 0))
		mcr_ring_reserve(w, offset + span);
	/* A ring is larger than the cache: fetch what the messages behind this one will write.
	 * Beyond the end it does no harm. */
	__builtin_prefetch(slot + MCR_RING_AHEAD * MCR_DESC_WORDS, 1);
	__builtin_prefetch(to + MCR_RING_AHEAD * span, 1);
	__builtin_prefetch(to + MCR_RING_AHEAD * span + MCR_RING_DESC_BYTES, 1);
	/* Not in a loop: gcc would put the words of a composed descriptor into memory. */
	mcr_ring_store(slot, 0, w->next + 1);
	mcr_ring_store(slot, 1, offset);
	mcr_ring_store(slot, 2, desc->words[2]);
	mcr_ring_store(slot, 3, desc->words[3]);
	mcr_ring_store(slot, 4, desc->words[4]);
	mcr_ring_store(slot, 5, desc->words[5]);
	mcr_ring_store(slot, 6, desc->words[6]);
	mcr_ring_store(slot, 7, desc->words[7]);
	w->next++;
	w->next_offset = offset + span;
	w->payload_bytes += len;
	return to;
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
 * segments takes several calls. In line for the usual lengths, 32 octets at a time and the last 32
 * once more: a call of memcpy costs as much again. */
static inline void mcr_ring_copy(uint8_t *dst, const void *src, uint32_t len)
{
	const uint8_t *from = src;

	if (__builtin_expect(len < 32 || len > 256, 0)) {
		memcpy(dst, src, len);
		return;
	}
	for (uint32_t at = 0; at < len - 32; at += 32) {
		memcpy(dst + at, from + at, 16);
		memcpy(dst + at + 16, from + at + 16, 16);
	}
	memcpy(dst + len - 32, from + len - 32, 16);
	memcpy(dst + len - 16, from + len - 16, 16);
}
#endif

/* mcr_ring_publish shows the chunk to the readers (pairs with the acquire load of `published` in
 * mcr_ring_reader_poll). */
static inline void mcr_ring_publish(struct mcr_ring_writer *w)
{
	__atomic_store_n(&w->header->published_bytes, w->payload_bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&w->header->published, w->next, __ATOMIC_RELEASE);
}

/* Header fields with one writer each. state and heartbeat: control. polled: the rx lcore. */
enum mcr_ring_state {
	MCR_RING_RUNNING = 1,
	MCR_RING_STOPPED = 2, /* orderly end; what was published stays readable */
};

/* mcr_ring_set_state: stop a ring only when its rx lcore is done with it. The release pairs with
 * the acquire load of mcr_ring_reader_stopped: a reader that sees the stop sees the last publish
 * too. */
static inline void mcr_ring_set_state(void *mem, enum mcr_ring_state state)
{
	struct mcr_ring_header *header = mem;

	__atomic_store_n(&header->state, (uint64_t)state, __ATOMIC_RELEASE);
}

/* mcr_ring_set_heartbeat: the control thread is alive; CLOCK_MONOTONIC, every 10 ms. */
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
 * lcore calls it when it gets the ring; only the first call counts. */
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
