/* SPDX-License-Identifier: BSD-3-Clause */
/* The reader's side of a ring, over a region that it does not trust: a hostile or broken writer
 * makes it return an error or wrong payloads, never read outside the map, loop or crash. Numbers of
 * the header are checked once, against the region's real size, and copied; those of a descriptor
 * are copied and then checked. One reader belongs to one thread. */
#ifndef MCR_CORE_RING_READER_H
#define MCR_CORE_RING_READER_H

#include <stddef.h>
#include <stdint.h>

#include "core/ring.h"

/* Private to the reader; positions count messages from 0, so that seq = position + 1. */
struct mcr_ring_reader {
	const struct mcr_ring_header *header;
	const uint64_t *descs;
	const uint8_t *data;
	uint64_t bytes, epoch;
	uint32_t depth, index, n_rings;
	uint32_t slack;       /* messages skipped beyond the oldest after being lapped again */
	uint64_t next;        /* position of the next message to poll */
	uint64_t next_offset; /* where its bytes start, or a little before */
	uint64_t resumed;     /* position at which it went on after it was lapped last */
};

/* mcr_ring_reader_attach checks the region and stands at its newest end. mem: size octets, mapped
 * readable for as long as the reader is used, 8-byte aligned. Returns 0, or -EPROTO with the reason
 * in *why (a constant): no ring, another ABI, or sizes that do not fit. */
int mcr_ring_reader_attach(struct mcr_ring_reader *r, const void *mem, size_t size,
			   const char **why);

/* mcr_ring_reader_oldest: the position of the oldest message that is surely still whole; the
 * position of the next one to come when there is none. */
uint64_t mcr_ring_reader_oldest(const struct mcr_ring_reader *r);

/* mcr_ring_reader_seek goes to a position. If that is overwritten, the next poll counts the loss.
 */
void mcr_ring_reader_seek(struct mcr_ring_reader *r, uint64_t position);

/* mcr_ring_reader_poll copies the next descriptors, at most n (> 0), and checks each: its bytes lie
 * in the payload area in one piece. *lost: messages that the writer overtook before the first one
 * that is returned. r->next moves on by the lost and the returned ones. Returns the number of
 * descriptors, or -EPROTO when the writer broke the protocol (*lost is valid). */
int mcr_ring_reader_poll(struct mcr_ring_reader *r, struct mcr_desc *descs, int n, uint64_t *lost);

/* Messages that the writer published so far; a hostile one may say anything. */
static inline uint64_t mcr_ring_reader_published(const struct mcr_ring_reader *r)
{
	return __atomic_load_n(&r->header->published, __ATOMIC_ACQUIRE);
}

/* mcr_ring_reader_overrun: 1 when something of a message that was read before this call may have
 * been overwritten meanwhile. The fence orders those reads before the loads of reserved* (pairs
 * with the release fence of mcr_ring_reserve): a reader that read one octet of a later chunk sees
 * its reserve. */
static inline int mcr_ring_reader_overrun(const struct mcr_ring_reader *r, uint64_t position,
					  uint64_t offset)
{
	mcr_ring_fence_acquire();
	return __atomic_load_n(&r->header->reserved, __ATOMIC_RELAXED) > position + r->depth ||
	       __atomic_load_n(&r->header->reserved_bytes, __ATOMIC_RELAXED) > offset + r->bytes;
}

/* Where a checked descriptor's bytes are in the map. */
static inline const uint8_t *mcr_ring_reader_bytes(const struct mcr_ring_reader *r, uint64_t offset)
{
	return r->data + (offset & (r->bytes - 1));
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
 * published, and a load of `published` after this one sees it. Pairs with mcr_ring_set_polled. */
static inline uint64_t mcr_ring_reader_polled(const struct mcr_ring_reader *r)
{
	return __atomic_load_n(&r->header->polled_ns, __ATOMIC_ACQUIRE);
}

/* mcr_ring_reader_headroom: how many messages the writer may still publish, at least, until it
 * overtakes a reader at this position, by descriptors and, at the mean size of those between, by
 * bytes. 0 = it has, or the next one does. offset: where the position's bytes start. */
uint64_t mcr_ring_reader_headroom(const struct mcr_ring_reader *r, uint64_t position,
				  uint64_t offset);

#endif
