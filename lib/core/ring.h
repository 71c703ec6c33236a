/* SPDX-License-Identifier: BSD-3-Clause */
/* The broadcast ring: one writer, and any number of readers that it knows nothing about.
 * docs/ring.md has the protocol and the memory-ordering argument.
 *
 * Writer, per chunk of a burst:   put... -> publish
 * Reader (ring_reader.h):         poll -> copy -> intact */
#ifndef MCR_CORE_RING_H
#define MCR_CORE_RING_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/ring_layout.h"
#include "core/words.h"

#define MCR_RING_FETCH_AHEAD 2048 /* octets: the lines that records behind this one will write */

/* The writer's own view of a ring: private to its lcore, nothing of it is shared. Embed it where
 * the lcore's hot data lives. */
struct mcr_ring_writer {
	uint8_t *at;    /* the place of the next record; at the area's end: its start */
	uint8_t *limit; /* a record that would end behind it needs mcr_ring_make_room */
	uint64_t next;  /* messages put */

	/* The chunk's first word, which is stored last. NULL: nothing was put. */
	uint64_t *first;
	uint64_t first_word;
	/* The rest of its line, if held_back: readers poll it, so it is written at once. */
	uint64_t line[MCR_RING_LINE / sizeof(uint64_t)];
	int held_back;

	uint64_t payload_bytes; /* put */
	uint8_t *data;
	uint64_t bytes;
	struct mcr_ring_header *header;
	uint32_t max_payload;
	uint64_t lap;      /* the offset of the area's start in this lap */
	uint64_t reserved; /* up to where it may write, as readers know it */
	uint64_t n_marks;
	uint64_t version;       /* of the latch */
	uint64_t published;     /* messages */
	uint64_t published_end; /* offset */
	uint64_t too_large;     /* messages beyond max_payload: its lcore counts, others read */
};

/* mcr_ring_format writes the header into mem (zeroed, page aligned, of the footprint's size or
 * more), its magic last; state is MCR_RING_RUNNING, the heartbeat 0 (none yet). epoch: random, not
 * 0. index of n_rings in its channel. */
void mcr_ring_format(void *mem, uint64_t bytes, uint64_t epoch, uint32_t index, uint32_t n_rings);

/* mcr_ring_writer_attach: w writes the formatted ring in mem, in which nothing was put, from now
 * on; it is the only one. */
void mcr_ring_writer_attach(struct mcr_ring_writer *w, void *mem);

/* mcr_ring_max_payload: the longest payload the ring takes: what makes a record a quarter of its
 * bytes. Longer ones must not be put. */
static inline uint32_t mcr_ring_max_payload(const struct mcr_ring_writer *w)
{
	return w->max_payload;
}

static inline void mcr_ring_store(uint64_t *record, unsigned word, uint64_t value)
{
	__atomic_store_n(&record[word], value, __ATOMIC_RELAXED);
}

/* ---- a chunk: put each message, publish once. Thread: the rx lcore that owns the ring. None of
 * these fails or waits. ---- */

/* mcr_ring_publish shows the chunk to the readers. The first word of the place behind it becomes 0
 * before, so that a reader who comes there does not take old octets for a tag; the release store
 * pairs with the acquire load of mcr_ring_reader_look. Then the latch: its copy that nobody should
 * read any more gets the new counts. The fence orders the version before them, so that a reader who
 * sees one of them sees that the version moved. */
static inline void mcr_ring_publish(struct mcr_ring_writer *w)
{
	struct mcr_ring_header *header = w->header;
	struct mcr_ring_published *copy;
	uint64_t more = w->next - w->published - 1;
	uint8_t *behind = w->at < w->data + w->bytes ? w->at : w->data;

	if (!w->first)
		return;
	if (more > MCR_TAG_MORE_MAX)
		more = MCR_TAG_MORE_MAX;
	mcr_ring_store((uint64_t *)(void *)behind, 0, 0);
	if (w->held_back) {
		for (unsigned i = 1; i < MCR_RING_LINE / sizeof(uint64_t); i++)
			mcr_ring_store(w->first, i, w->line[i]);
		w->held_back = 0;
	}
	__atomic_store_n(w->first,
			 w->first_word | MCR_WORD_AT((uint32_t)more << MCR_TAG_MORE_SHIFT, 0, 4),
			 __ATOMIC_RELEASE);
	w->first = NULL;

	w->published = w->next;
	w->published_end = w->lap + (uint64_t)(w->at - w->data);
	copy = &header->published[++w->version % 2];
	mcr_ring_fence_release();
	__atomic_store_n(&copy->end, w->published_end, __ATOMIC_RELAXED);
	__atomic_store_n(&copy->bytes, w->payload_bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&copy->messages, w->published, __ATOMIC_RELEASE);
	__atomic_store_n(&header->version, w->version, __ATOMIC_RELEASE);
}

/* mcr_ring_make_room, for mcr_ring_begin: the record does not end before the limit. It goes to the
 * area's start, or more is reserved, or both. Seldom. */
void mcr_ring_make_room(struct mcr_ring_writer *w, uint64_t span);

/* The processor shall fetch a line that is soon written. prefetchw is no operation where it is not
 * known. */
static inline void mcr_ring_fetch(const uint8_t *line)
{
#if defined(__x86_64__)
	__asm__ volatile("prefetchw %0" : : "m"(*line));
#else
	__builtin_prefetch(line, 1);
#endif
}

/* mcr_ring_begin gives the place of the next record: its first MCR_RECORD_BYTES are for
 * mcr_ring_end, then come the extras and the payload, which the caller stores with mcr_ring_copy.
 * len: octets of both, at most mcr_ring_max_payload. */
static inline uint8_t *mcr_ring_begin(struct mcr_ring_writer *w, uint32_t len)
{
	uint64_t span = mcr_ring_span(len);

	assert(len <= mcr_ring_max_payload(w));
	if (__builtin_expect((uint64_t)(w->limit - w->at) < span, 0))
		mcr_ring_make_room(w, span);
	/* A ring is larger than the cache. As many lines as this record has; beyond the area's end
	 * it does no harm. */
	mcr_ring_fetch(w->at + MCR_RING_FETCH_AHEAD);
	mcr_ring_fetch(w->at + MCR_RING_FETCH_AHEAD + MCR_RING_LINE);
	for (uint64_t line = 2 * MCR_RING_LINE; __builtin_expect(line < span, 0);
	     line += MCR_RING_LINE)
		mcr_ring_fetch(w->at + MCR_RING_FETCH_AHEAD + line);
	return w->at;
}

/* mcr_ring_end completes the record that mcr_ring_begin gave the place of; len: the same. The line
 * that readers poll is written last. */
static inline void mcr_ring_end(struct mcr_ring_writer *w, uint32_t len,
				const struct mcr_record *record)
{
	uint64_t *to = (uint64_t *)(void *)w->at;
	const uint64_t word = (record->words[0] & ~MCR_WORD_AT(UINT32_MAX, 0, 4)) |
			      MCR_WORD_AT(mcr_ring_tag(++w->next), 0, 4);

	/* Not in a loop: gcc would put the words of a composed record into memory. */
	mcr_ring_store(to, 1, record->words[1]);
	mcr_ring_store(to, 2, record->words[2]);
	mcr_ring_store(to, 3, record->words[3]);
	mcr_ring_store(to, 4, record->words[4]);
	w->at += mcr_ring_span(len);
	w->payload_bytes += (uint16_t)(record->words[4] >> MCR_WORD_SHIFT(0, 2)); /* no extras */
	if (__builtin_expect(!w->first, 0)) {
		w->first = to;
		w->first_word = word;
	} else {
		mcr_ring_store(to, 0, word);
	}
}

/* mcr_ring_copy16 stores 16 octets at a multiple of 8. */
#if MCR_RING_RACE_FREE
static inline void mcr_ring_copy16(uint8_t *dst, const uint8_t *src)
{
	uint64_t words[2];

	memcpy(words, src, sizeof(words));
	mcr_ring_store((uint64_t *)(void *)dst, 0, words[0]);
	mcr_ring_store((uint64_t *)(void *)dst, 1, words[1]);
}

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
static inline void mcr_ring_copy16(uint8_t *dst, const uint8_t *src)
{
	memcpy(dst, src, 16);
}

static inline void mcr_ring_copy32(uint8_t *dst, const uint8_t *src)
{
	mcr_ring_copy16(dst, src);
	mcr_ring_copy16(dst + 16, src + 16);
}

/* mcr_ring_copy stores len octets of payload into the ring, at any alignment: a payload of several
 * segments takes several calls. In line for the usual lengths, because a call of memcpy costs as
 * much again: what fits the record's first line, then 32 octets at a time and the last 32 once
 * more, so that hardly a store crosses a line. */
static inline void mcr_ring_copy(uint8_t *dst, const void *src, uint32_t len)
{
	const uint8_t *from = src;
	const uint32_t first = MCR_RING_LINE - MCR_RECORD_BYTES;

	if (__builtin_expect(len - 32 <= 512 - 32, 1)) {
		mcr_ring_copy16(dst, from);
		memcpy(dst + 16, from + 16, 8);
		for (uint32_t at = first; at < len - 32; at += 32)
			mcr_ring_copy32(dst + at, from + at);
		mcr_ring_copy32(dst + len - 32, from + len - 32);
	} else if (len - 16 <= 32 - 16) {
		mcr_ring_copy16(dst, from);
		mcr_ring_copy16(dst + len - 16, from + len - 16);
	} else {
		memcpy(dst, src, len);
	}
}
#endif

/* mcr_ring_put_first, for mcr_ring_put: the chunk's first record, of which the first line is held
 * back until the chunk is published. Words come by value, so that the usual record needs no memory.
 */
void mcr_ring_put_first(struct mcr_ring_writer *w, uint64_t word0, uint64_t word1, uint64_t word2,
			uint64_t word3, uint64_t word4, const void *payload);

/* mcr_ring_put puts a message whose payload is in one piece and has no extras. Of the record the
 * ring fills in the tag. */
static inline __attribute__((always_inline)) void
mcr_ring_put(struct mcr_ring_writer *w, const struct mcr_record *record, const void *payload)
{
	const uint32_t len = (uint16_t)(record->words[4] >> MCR_WORD_SHIFT(0, 2));
	uint8_t *to = mcr_ring_begin(w, len);

	if (__builtin_expect(!w->first, 0)) {
		mcr_ring_put_first(w, record->words[0], record->words[1], record->words[2],
				   record->words[3], record->words[4], payload);
		return;
	}
	mcr_ring_copy(to + MCR_RECORD_BYTES, payload, len);
	mcr_ring_end(w, len, record);
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

/* mcr_ring_set_host_loss: so many packets, over all groups, did not reach the ring's lcore although
 * they reached the host: its ports missed them, or had no buffer. All that were lost before
 * realtime_ns are counted. The release pairs with the acquire of mcr_ring_reader_host_loss. Thread:
 * control. */
static inline void mcr_ring_set_host_loss(void *mem, uint64_t lost, uint64_t realtime_ns)
{
	struct mcr_ring_header *header = mem;

	__atomic_store_n(&header->host_lost, lost, __ATOMIC_RELAXED);
	__atomic_store_n(&header->host_looked_ns, realtime_ns, __ATOMIC_RELEASE);
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

/* mcr_ring_newest: messages published so far, by a look at any time: the larger of both copies'
 * numbers, each of which was true when it was stored. The acquire pairs with mcr_ring_publish:
 * those messages are there. Thread: any. */
static inline uint64_t mcr_ring_newest(const struct mcr_ring_header *header)
{
	uint64_t a = __atomic_load_n(&header->published[0].messages, __ATOMIC_ACQUIRE);
	uint64_t b = __atomic_load_n(&header->published[1].messages, __ATOMIC_ACQUIRE);

	return a > b ? a : b;
}

/* mcr_ring_payload_bytes: octets of payload published so far: statistics, not of the same instant.
 * Thread: any. */
static inline uint64_t mcr_ring_payload_bytes(const struct mcr_ring_header *header)
{
	uint64_t a = __atomic_load_n(&header->published[0].bytes, __ATOMIC_RELAXED);
	uint64_t b = __atomic_load_n(&header->published[1].bytes, __ATOMIC_RELAXED);

	return a > b ? a : b;
}

#endif
