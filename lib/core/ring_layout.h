/* SPDX-License-Identifier: BSD-3-Clause */
/* The region of one ring, as writer and readers share it: a header, then an area of records. The
 * layout is private to core; the interface is the attach handshake and the functions of ring.h and
 * ring_reader.h. Every number is a plain integer in host byte order, accessed with __atomic
 * builtins. Each group of fields names its one writer and stands 128 bytes from the next, because
 * the adjacent-line prefetcher of x86 fetches lines in pairs. */
#ifndef MCR_CORE_RING_LAYOUT_H
#define MCR_CORE_RING_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#define MCR_RING_MAGIC UINT64_C(0x0100474e4952434d) /* "MCRING", 0, 1 */
/* A test makes up the next one. */
#ifndef MCR_RING_ABI
#define MCR_RING_ABI 2 /* another number for every other layout of this file */
#endif
#define MCR_RING_ABI_OLDEST (MCR_RING_ABI > 2 ? MCR_RING_ABI - 1 : 2) /* that a reader reads */

#define MCR_RING_HEADER_BYTES 8192
#define MCR_RING_LINE         64 /* a record starts at a multiple of it */
#define MCR_RING_MARKS        256

/* Limits of core; those of a channel are narrower (mcring/config.h). */
#define MCR_RING_BYTES_MIN UINT64_C(4096)
#define MCR_RING_BYTES_MAX (UINT64_C(1) << 36)

/* Where a record is: `position` counts messages from 0, `offset` octets without end. */
struct mcr_ring_mark {
	uint64_t position, offset;
};

/* What is published. Readers need all of it of one instant. */
struct mcr_ring_published {
	uint64_t messages; /* stored with release, so that it is good for something by itself */
	uint64_t end;      /* offset behind the last of them */
	uint64_t bytes;    /* octets of payload: statistics */
	uint64_t pad;
};

struct mcr_ring_header {
	/* Written once by mcr_ring_format, magic last. */
	uint64_t magic;
	uint32_t abi;
	uint32_t header_bytes; /* MCR_RING_HEADER_BYTES: where the records start */
	uint64_t region_bytes; /* the ring's footprint; the file may be longer */
	uint64_t epoch;
	uint64_t bytes; /* of the area, a power of two */
	uint32_t index, n_rings;
	uint64_t reserve[26]; /* 0 */

	/* The rx lcore, each 1/128 of the area. */
	uint64_t reserved; /* the offset up to which it may write, at any time */
	uint64_t n_marks;  /* marks made so far: number i is marks[i % MCR_RING_MARKS] */
	uint64_t pad1[14];

	/* The control thread, every 10 ms; at each look at a port, every 100 ms. */
	uint64_t state; /* enum mcr_ring_state */
	uint64_t heartbeat_ns;
	uint64_t host_lost;      /* packets that the ports of its lcore lost before they got here */
	uint64_t host_looked_ns; /* what was lost before is in it; 0 = unknown */
	uint64_t pad2[12];

	/* The rx lcore, at most each 100 us. */
	uint64_t polled_ns;
	uint64_t started_ns; /* once, when the lcore begins to publish here; 0 = not yet */
	uint64_t pad3[14];

	/* The rx lcore, for each chunk, behind the chunk. A latch: what is valid is
	 * published[version % 2], while the other one is being written. Nobody waits here. */
	uint64_t version;
	uint64_t pad4[3];
	struct mcr_ring_published published[2];
	uint64_t pad5[420];

	/* The rx lcore, at each reserve: the record that it puts next. */
	struct mcr_ring_mark marks[MCR_RING_MARKS];
};

_Static_assert(offsetof(struct mcr_ring_header, magic) == 0, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, abi) == 8, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, header_bytes) == 12, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, region_bytes) == 16, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, epoch) == 24, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, bytes) == 32, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, index) == 40, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, n_rings) == 44, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, reserved) == 256, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, n_marks) == 264, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, state) == 384, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, heartbeat_ns) == 392, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, host_lost) == 400, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, host_looked_ns) == 408, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, polled_ns) == 512, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, started_ns) == 520, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, version) == 640, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, published) == 672, "region layout");
_Static_assert(offsetof(struct mcr_ring_header, marks) == 4096, "region layout");
_Static_assert(sizeof(struct mcr_ring_published) == 32, "region layout");
_Static_assert(sizeof(struct mcr_ring_header) == MCR_RING_HEADER_BYTES, "region layout");

/* What stands before a message's payload. By fields or by words: the rx loop, which writes many,
 * composes words (core/words.h). */
struct mcr_record {
	union {
		struct {
			uint32_t tag;     /* MCR_TAG_: the ring writes it */
			int32_t hw_delta; /* MCR_FLAG_HW_TIME: hw_ns - rx_ns */
			uint64_t rx_ns;
			uint32_t group_be, source_be; /* 0 with MCR_FORM_INET6 */
			uint32_t id;
			uint16_t port, source_port;
			uint16_t len;       /* octets of payload */
			uint16_t vlan_kind; /* VID, enum mcr_kind from MCR_KIND_SHIFT on */
			uint8_t ttl, traffic_class;
			uint8_t interface_form; /* index of the interface, MCR_FORM_ */
			uint8_t flags;          /* enum mcr_msg_flags */
		};
		uint64_t words[5];
	};
};

#define MCR_RECORD_BYTES 40

_Static_assert(sizeof(struct mcr_record) == MCR_RECORD_BYTES, "record layout");
_Static_assert(offsetof(struct mcr_record, tag) == 0, "record layout");
_Static_assert(offsetof(struct mcr_record, hw_delta) == 4, "record layout");
_Static_assert(offsetof(struct mcr_record, rx_ns) == 8, "record layout");
_Static_assert(offsetof(struct mcr_record, group_be) == 16, "record layout");
_Static_assert(offsetof(struct mcr_record, source_be) == 20, "record layout");
_Static_assert(offsetof(struct mcr_record, id) == 24, "record layout");
_Static_assert(offsetof(struct mcr_record, port) == 28, "record layout");
_Static_assert(offsetof(struct mcr_record, source_port) == 30, "record layout");
_Static_assert(offsetof(struct mcr_record, len) == 32, "record layout");
_Static_assert(offsetof(struct mcr_record, vlan_kind) == 34, "record layout");
_Static_assert(offsetof(struct mcr_record, ttl) == 36, "record layout");
_Static_assert(offsetof(struct mcr_record, traffic_class) == 37, "record layout");
_Static_assert(offsetof(struct mcr_record, interface_form) == 38, "record layout");
_Static_assert(offsetof(struct mcr_record, flags) == 39, "record layout");

#define MCR_KIND_SHIFT     12
#define MCR_KIND_MASK      3u
#define MCR_VID_MASK       0xfffu
#define MCR_INTERFACE_MASK 0x3fu

/* What else stands before the payload, in this order. */
#define MCR_FORM_INET6    0x40u /* group and source, 16 octets each */
#define MCR_FORM_FAR_TIME 0x80u /* 8 octets, hw_ns: hw_delta cannot hold it */

/* The tag says that a place holds the message of a seq. A reader knows which seq can stand where it
 * looks, so its low bits are enough. */
#define MCR_TAG_WRITTEN    UINT32_C(0x80000000)
#define MCR_TAG_PAD        UINT32_C(0x40000000) /* the message is at the area's start */
#define MCR_TAG_MORE_SHIFT 25 /* a chunk's first tag: messages of it behind the first, a hint */
#define MCR_TAG_MORE_MAX   31u
#define MCR_TAG_MORE       (MCR_TAG_MORE_MAX << MCR_TAG_MORE_SHIFT)
#define MCR_TAG_SEQ        ((UINT32_C(1) << MCR_TAG_MORE_SHIFT) - 1)

static inline uint32_t mcr_ring_tag(uint64_t seq)
{
	return MCR_TAG_WRITTEN | ((uint32_t)seq & MCR_TAG_SEQ);
}

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

/* mcr_ring_extras: octets between a record's header and its payload. */
static inline uint32_t mcr_ring_extras(uint8_t interface_form)
{
	return (interface_form & MCR_FORM_INET6 ? 32u : 0) +
	       (interface_form & MCR_FORM_FAR_TIME ? 8u : 0);
}

/* mcr_ring_span: octets that a record takes. len: of payload and extras. */
static inline uint64_t mcr_ring_span(uint32_t len)
{
	return ((uint64_t)len + MCR_RECORD_BYTES + MCR_RING_LINE - 1) &
	       ~(uint64_t)(MCR_RING_LINE - 1);
}

/* mcr_ring_ahead: how far ahead the writer reserves. On the reader's side headroom and the way to
 * a position depend on it. */
static inline uint64_t mcr_ring_ahead(uint64_t bytes)
{
	return bytes / 128 > MCR_RING_LINE ? bytes / 128 : MCR_RING_LINE;
}

/* mcr_ring_footprint: octets that a ring's region takes. bytes: of the area, a power of two. */
static inline size_t mcr_ring_footprint(uint64_t bytes)
{
	return MCR_RING_HEADER_BYTES + (size_t)bytes;
}

#endif
