/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a ring (ring.h) without trusting its writer: whatever the region holds, a reader can get an
 * error or wrong payloads, never read outside the map, loop or crash. Numbers of the header are
 * checked once, against the region's real size, and copied; those of a record are copied and then
 * checked. One reader belongs to one thread. */
#ifndef MCR_CORE_RING_READER_H
#define MCR_CORE_RING_READER_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "core/ring.h"

/* A saturated writer can lap a reader while it looks for where to go on. After so many attempts a
 * poll returns what was lost so far. */
#define MCR_RING_CHASES_MAX 4

/* Private to the reader; positions count messages from 0, so that seq = position + 1. */
struct mcr_ring_reader {
	const struct mcr_ring_header *header;
	const uint8_t *data;
	uint64_t bytes, epoch;
	uint32_t abi, index, n_rings;
	int caught_up; /* the last poll saw that nothing is there: what comes is written just now */
	struct mcr_ring_mark at; /* the next message to poll */
	uint64_t slack;   /* octets skipped beyond the oldest message after being lapped again */
	uint64_t resumed; /* offset at which it went on after it was lapped last */
};

/* A message as a reader finds it, without its payload. */
struct mcr_ring_message {
	struct mcr_record record;
	struct mcr_ring_mark at;
	uint64_t addresses[4]; /* MCR_FORM_INET6: group and source */
	uint64_t hw_ns;        /* MCR_FORM_FAR_TIME */
};

/* mcr_ring_reader_attach checks the region and stands at its newest end. mem: size octets, mapped
 * readable for as long as the reader is used, 8-byte aligned. Returns 0, or -EPROTO with the reason
 * in *why (a constant): no ring, another ABI (r->abi, which is 0 or one that is read otherwise), or
 * sizes that do not fit. */
int mcr_ring_reader_attach(struct mcr_ring_reader *r, const void *mem, size_t size,
			   const char **why);

/* mcr_ring_reader_newest: what is published, messages and end of one instant. Returns 1, or 0 when
 * the writer moved it all the time (*out untouched): look again. */
int mcr_ring_reader_newest(const struct mcr_ring_reader *r, struct mcr_ring_published *out);

/* mcr_ring_reader_oldest: where the oldest message is that can be found and is surely still whole;
 * up to 1/128 of the area before it may be whole, too. The end of what is published when there is
 * none. */
struct mcr_ring_mark mcr_ring_reader_oldest(const struct mcr_ring_reader *r);

/* mcr_ring_reader_seek goes to a position. Returns 1, or 0 when the ring does not hold it (the
 * reader stays where it is). */
int mcr_ring_reader_seek(struct mcr_ring_reader *r, uint64_t position);

/* mcr_ring_reader_go stands at a position whose place is known. */
static inline void mcr_ring_reader_go(struct mcr_ring_reader *r, struct mcr_ring_mark at)
{
	r->at = at;
	r->caught_up = 0;
}

/* mcr_ring_reader_lapped: something at r->at was overwritten. Goes on where the ring is still
 * whole. Returns how many messages are lost. */
uint64_t mcr_ring_reader_lapped(struct mcr_ring_reader *r);

/* mcr_ring_reader_poll copies the next messages, at most n (> 0), and checks each: it lies in the
 * area in one piece. *lost: messages that the writer overtook before the first one that is
 * returned. The reader moves on by the lost and the returned ones. Returns the number of messages,
 * or -EPROTO when the writer broke the protocol (*lost is valid). */
int mcr_ring_reader_poll(struct mcr_ring_reader *r, struct mcr_ring_message *messages, int n,
			 uint64_t *lost);

/* mcr_ring_reader_headroom: how many messages the writer may still put until it overtakes a reader
 * at this place, at the mean size of those that wait there or, where none does, of all. 0 = it has,
 * or the next message may. */
uint64_t mcr_ring_reader_headroom(const struct mcr_ring_reader *r, struct mcr_ring_mark at);

/* The first word at an offset. Pairs with mcr_ring_publish. */
static inline uint64_t mcr_ring_reader_word(const struct mcr_ring_reader *r, uint64_t offset)
{
	const void *place = r->data + (offset & (r->bytes - 1));

	return __atomic_load_n((const uint64_t *)place, __ATOMIC_ACQUIRE);
}

static inline uint32_t mcr_ring_word_tag(uint64_t word)
{
	return (uint32_t)(word >> MCR_WORD_SHIFT(0, 4));
}

/* Loads what stands between header and payload. */
static inline void mcr_ring_reader_extras(struct mcr_ring_message *m, const uint64_t *extras)
{
	if (m->record.interface_form & MCR_FORM_INET6) {
		for (unsigned i = 0; i < 4; i++)
			m->addresses[i] = __atomic_load_n(&extras[i], __ATOMIC_RELAXED);
		extras += 4;
	}
	if (m->record.interface_form & MCR_FORM_FAR_TIME)
		m->hw_ns = __atomic_load_n(extras, __ATOMIC_RELAXED);
}

/* mcr_ring_reader_look loads the message at *at and moves *at behind it. Returns 1; 0 when it is
 * not there; -EPROTO when it makes no sense. Whatever it returns is worth nothing until
 * mcr_ring_reader_overrun has been asked. *more: the messages that the chunk has behind the first,
 * where this is the first; a hint. */
static inline __attribute__((always_inline)) int
mcr_ring_reader_look(const struct mcr_ring_reader *r, struct mcr_ring_mark *at,
		     struct mcr_ring_message *m, uint32_t *more)
{
	uint32_t want = mcr_ring_tag(at->position + 1), tag, len;
	uint64_t word = mcr_ring_reader_word(r, at->offset), place;
	const uint64_t *words;
	uint8_t form;

	tag = mcr_ring_word_tag(word);
	*more = tag >> MCR_TAG_MORE_SHIFT & MCR_TAG_MORE_MAX;
	if (__builtin_expect((tag & ~MCR_TAG_MORE) != want, 0)) {
		if ((tag & ~MCR_TAG_MORE) != (want | MCR_TAG_PAD))
			return 0;
		at->offset = (at->offset | (r->bytes - 1)) + 1;
		word = mcr_ring_reader_word(r, at->offset);
		if ((mcr_ring_word_tag(word) & ~MCR_TAG_MORE) != want)
			return -EPROTO;
	}
	place = at->offset & (r->bytes - 1);
	words = (const uint64_t *)(const void *)(r->data + place);
	m->at = *at;
	/* Not in a loop: gcc does not unroll it. */
	m->record.words[0] = word;
	m->record.words[1] = __atomic_load_n(&words[1], __ATOMIC_RELAXED);
	m->record.words[2] = __atomic_load_n(&words[2], __ATOMIC_RELAXED);
	m->record.words[3] = __atomic_load_n(&words[3], __ATOMIC_RELAXED);
	m->record.words[4] = __atomic_load_n(&words[4], __ATOMIC_RELAXED);
	form = (uint8_t)(m->record.words[4] >> MCR_WORD_SHIFT(6, 1));
	len = (uint32_t)(uint16_t)(m->record.words[4] >> MCR_WORD_SHIFT(0, 2)) +
	      mcr_ring_extras(form);
	/* Readers find out about loss themselves, so no writer may claim it: kinds are even. */
	if (__builtin_expect(mcr_ring_span(len) > r->bytes - place ||
				 (m->record.words[4] & MCR_WORD_AT(1 << MCR_KIND_SHIFT, 2, 2)) != 0,
			     0))
		return -EPROTO;
	m->hw_ns = 0;
	if (__builtin_expect((form & (MCR_FORM_INET6 | MCR_FORM_FAR_TIME)) != 0, 0))
		mcr_ring_reader_extras(m, &words[MCR_RECORD_BYTES / sizeof(*words)]);
	at->position++;
	at->offset += mcr_ring_span(len);
	return 1;
}

/* mcr_ring_reader_fetch: a message's second line shall come from the writer's cache together with
 * its first, which is looked at next. */
static inline void mcr_ring_reader_fetch(const struct mcr_ring_reader *r, uint64_t offset)
{
	__builtin_prefetch(r->data + ((offset + MCR_RING_LINE) & (r->bytes - 1)));
}

/* The lines of a chunk that a reader goes through. They are published, so the writer does not want
 * them; but where a record starts is known only when the one before it has come. */
struct mcr_ring_ahead {
	uint64_t next, end; /* offsets: fetched next, and the chunk's end, by a guess */
};

/* mcr_ring_reader_ahead fetches lines of the chunk up to 1,024 octets ahead of `offset`, behind a
 * message that mcr_ring_reader_look gave. more: of that look. span: of the message, a guess for the
 * others. */
static inline __attribute__((always_inline)) void
mcr_ring_reader_ahead(const struct mcr_ring_reader *r, struct mcr_ring_ahead *a, uint64_t offset,
		      uint32_t more, uint64_t span)
{
	if (more > 0)
		*a = (struct mcr_ring_ahead){offset, offset + more * span};
	for (; a->next < a->end && a->next < offset + 1024; a->next += MCR_RING_LINE)
		__builtin_prefetch(r->data + (a->next & (r->bytes - 1)));
}

/* mcr_ring_reader_overrun: 1 when something of a message that was read before this call may have
 * been overwritten meanwhile. offset: of the message. The fence orders those reads before the load
 * of reserved (pairs with the release fence of the writer's reserve): a reader that read one octet
 * of a later lap sees its reserve. */
static inline int mcr_ring_reader_overrun(const struct mcr_ring_reader *r, uint64_t offset)
{
	mcr_ring_fence_acquire();
	return __atomic_load_n(&r->header->reserved, __ATOMIC_RELAXED) > offset + r->bytes;
}

/* mcr_ring_reader_waiting: 1 when there is something at the reader's place: a message, or one that
 * was lapped. */
static inline int mcr_ring_reader_waiting(const struct mcr_ring_reader *r)
{
	uint32_t tag = mcr_ring_word_tag(mcr_ring_reader_word(r, r->at.offset));
	uint32_t want = mcr_ring_tag(r->at.position + 1);

	return (tag & ~(MCR_TAG_MORE | MCR_TAG_PAD)) == want ||
	       mcr_ring_reader_overrun(r, r->at.offset);
}

/* Messages that the writer published so far; a hostile one may say anything. */
static inline uint64_t mcr_ring_reader_published(const struct mcr_ring_reader *r)
{
	return mcr_ring_newest(r->header);
}

/* mcr_ring_reader_payload: where in the map a message's payload is. */
static inline const uint8_t *mcr_ring_reader_payload(const struct mcr_ring_reader *r,
						     const struct mcr_ring_message *m)
{
	return r->data + (m->at.offset & (r->bytes - 1)) + MCR_RECORD_BYTES +
	       mcr_ring_extras(m->record.interface_form);
}

#if MCR_RING_RACE_FREE
static inline void mcr_ring_copy_out(void *dst, const uint8_t *src, size_t len)
{
	uint8_t *to = dst;
	uint64_t word;

	for (; len > 0 && (uintptr_t)src % 8 != 0; len--)
		*to++ = __atomic_load_n(src++, __ATOMIC_RELAXED);
	for (; len >= 8; to += 8, src += 8, len -= 8) {
		word = __atomic_load_n((const uint64_t *)(const void *)src, __ATOMIC_RELAXED);
		memcpy(to, &word, 8);
	}
	for (; len > 0; len--)
		*to++ = __atomic_load_n(src++, __ATOMIC_RELAXED);
}
#else
/* mcr_ring_copy_out takes octets out of the ring; they may be torn until overrun says no. */
static inline void mcr_ring_copy_out(void *dst, const uint8_t *src, size_t len)
{
	memcpy(dst, src, len);
}
#endif

/* mcr_ring_reader_stopped: 1 when the writer ended in order; then everything it ever published is
 * visible. Pairs with mcr_ring_set_state. */
static inline int mcr_ring_reader_stopped(const struct mcr_ring_reader *r)
{
	return __atomic_load_n(&r->header->state, __ATOMIC_ACQUIRE) == MCR_RING_STOPPED;
}

/* mcr_ring_reader_host_loss returns how many packets the host lost before they got to the ring, and
 * in *looked_ns, CLOCK_REALTIME, up to when all of them are counted; 0 = unknown. Pairs with
 * mcr_ring_set_host_loss. */
static inline uint64_t mcr_ring_reader_host_loss(const struct mcr_ring_reader *r,
						 uint64_t *looked_ns)
{
	*looked_ns = __atomic_load_n(&r->header->host_looked_ns, __ATOMIC_ACQUIRE);
	return __atomic_load_n(&r->header->host_lost, __ATOMIC_RELAXED);
}

/* CLOCK_MONOTONIC of the control thread's last sign of life, 0 = none yet. */
static inline uint64_t mcr_ring_reader_heartbeat(const struct mcr_ring_reader *r)
{
	return __atomic_load_n(&r->header->heartbeat_ns, __ATOMIC_RELAXED);
}

/* CLOCK_REALTIME since when all that arrives is published, 0 = not begun. A hostile writer may say
 * anything. */
static inline uint64_t mcr_ring_reader_started(const struct mcr_ring_reader *r)
{
	return __atomic_load_n(&r->header->started_ns, __ATOMIC_ACQUIRE);
}

/* CLOCK_REALTIME of the rx lcore's watermark, 0 = none yet: all that arrived before it is
 * published, and a look after this load sees it. Pairs with mcr_ring_set_polled. */
static inline uint64_t mcr_ring_reader_polled(const struct mcr_ring_reader *r)
{
	return __atomic_load_n(&r->header->polled_ns, __ATOMIC_ACQUIRE);
}

#endif
