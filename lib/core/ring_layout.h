/* SPDX-License-Identifier: BSD-3-Clause */
/* The region of one ring, as writer and readers share it: header, descriptors, payload bytes. The
 * layout is private to core; the interface is the attach handshake and the functions of ring.h and
 * ring_reader.h. Every number is a plain integer in host byte order, accessed with __atomic
 * builtins. Each group of fields names its one writer and stands 128 bytes from the next, because
 * the adjacent-line prefetcher of x86 fetches lines in pairs. */
#ifndef MCR_CORE_RING_LAYOUT_H
#define MCR_CORE_RING_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#define MCR_RING_MAGIC UINT64_C(0x0100474e4952434d) /* "MCRING", 0, 1 */
#define MCR_RING_ABI   1 /* another number for every other layout of this file */

#define MCR_RING_HEADER_BYTES 4096
#define MCR_RING_DESC_BYTES   64
#define MCR_RING_ALIGN        8 /* of a payload's offset */

/* Limits of core; those of a channel are narrower (mcring/config.h). */
#define MCR_RING_DEPTH_MIN UINT32_C(4)
#define MCR_RING_DEPTH_MAX (UINT32_C(1) << 24)
#define MCR_RING_BYTES_MIN UINT64_C(256)
#define MCR_RING_BYTES_MAX (UINT64_C(1) << 36)

/* The 32 octets of source and group address that precede the payload of an AF_INET6 message. */
#define MCR_RING_INET6_BYTES 32

struct mcr_ring_header {
	/* Written once by mcr_ring_format, magic last. */
	uint64_t magic;
	uint32_t abi;
	uint32_t header_bytes; /* MCR_RING_HEADER_BYTES: where the descriptors start */
	uint64_t region_bytes; /* the ring's footprint; the file may be longer */
	uint64_t epoch;
	uint32_t depth;      /* descriptors, a power of two */
	uint32_t desc_bytes; /* MCR_RING_DESC_BYTES */
	uint64_t bytes;      /* of the payload area, a power of two */
	uint32_t index, n_rings;
	uint64_t pad0;
	uint64_t reserved_words[16]; /* 0 */
	uint64_t pad1[8];

	/* The rx lcore: published per chunk, reserved each 1/128 of the ring; all monotonic. The
	 * one line that readers poll. */
	uint64_t reserved;        /* messages that were put or may be put, at any time */
	uint64_t reserved_bytes;  /* the same in bytes, padding at the area's end included */
	uint64_t published;       /* messages that may be read */
	uint64_t published_bytes; /* their octets: statistics only, no order promised */
	uint64_t pad2[12];

	/* The control thread, every 10 ms. */
	uint64_t state; /* enum mcr_ring_state */
	uint64_t heartbeat_ns;
	uint64_t pad3[14];

	/* The rx lcore, at most each 100 us. */
	uint64_t polled_ns;
	uint64_t started_ns; /* once, when the lcore begins to publish here; 0 = not yet */
	uint64_t pad4[14];
};

_Static_assert(offsetof(struct mcr_ring_header, magic) == 0, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, abi) == 8, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, header_bytes) == 12, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, region_bytes) == 16, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, epoch) == 24, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, depth) == 32, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, desc_bytes) == 36, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, bytes) == 40, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, index) == 48, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, n_rings) == 52, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, reserved_words) == 64, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, reserved) == 256, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, reserved_bytes) == 264, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, published) == 272, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, published_bytes) == 280, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, state) == 384, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, heartbeat_ns) == 392, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, polled_ns) == 512, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, started_ns) == 520, "region layout");
_Static_assert(sizeof(struct mcr_ring_header) == 640, "region layout");
_Static_assert(sizeof(struct mcr_ring_header) <= MCR_RING_HEADER_BYTES, "region layout");

/* A message's descriptor. By fields or by words: the rx loop, which writes many, composes words
 * (core/words.h). */
struct mcr_desc {
	union {
		struct {
			uint64_t seq;    /* from 1 */
			uint64_t offset; /* monotonic byte offset of the payload; position = offset
					  * & (bytes - 1) */
			uint64_t rx_ns, hw_ns;
			uint32_t len; /* octets of payload (behind the addresses where family is
				       * AF_INET6) */
			uint32_t group_be, source_be;
			uint32_t id;
			uint16_t port, source_port, vlan, flags;
			uint8_t kind, family, ttl, pad[5];
		};
		uint64_t words[MCR_RING_DESC_BYTES / 8];
	};
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

/* TSan does not model fences, and reports a plain copy of shared bytes as a race, which by the
 * letter of C11 it is. So under TSan payloads move as relaxed atomic words: docs/ring.md, "What C11
 * calls a race". */
#if defined(__SANITIZE_THREAD__)
#define MCR_RING_RACE_FREE 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MCR_RING_RACE_FREE 1
#endif
#endif
#ifndef MCR_RING_RACE_FREE
#define MCR_RING_RACE_FREE 0
#endif

#if MCR_RING_RACE_FREE && defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wtsan"
#endif

#define mcr_ring_fence_release() __atomic_thread_fence(__ATOMIC_RELEASE)
#define mcr_ring_fence_acquire() __atomic_thread_fence(__ATOMIC_ACQUIRE)

/* The octets that a payload takes, and the offset where it starts when the area is filled up to
 * offset: payloads are in one piece, so one that would cross the area's end goes to its start. */
static inline uint64_t mcr_ring_span(uint32_t len)
{
	return ((uint64_t)len + MCR_RING_ALIGN - 1) & ~(uint64_t)(MCR_RING_ALIGN - 1);
}

static inline uint64_t mcr_ring_place(uint64_t offset, uint64_t span, uint64_t mask)
{
	uint64_t position = offset & mask;

	return position + span <= mask + 1 ? offset : offset + (mask + 1 - position);
}

/* How far ahead the writer reserves: of the depth in messages, of the payload area in bytes. On the
 * reader's side only headroom depends on it. */
static inline uint64_t mcr_ring_ahead(uint64_t size)
{
	return size / 128;
}

#endif
