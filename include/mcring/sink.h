/* SPDX-License-Identifier: BSD-3-Clause */
/* What mcring-sink hands to a broker, for those who read it there (docs/sink.md): the value of the
 * header Mcring, and the datagrams in a body. It needs no library of mcring, and trusts nothing
 * that it reads.
 *
 *     struct mcr_sink_header h;
 *     struct mcr_sink_body b;
 *     struct mcr_sink_record r;
 *     int ret = mcr_sink_header_parse(&h, value, strlen(value));
 *
 *     if (ret == 0 && h.kind == MCR_SINK_DATA) {
 *             mcr_sink_body_open(&b, &h, body, len);
 *             while ((ret = mcr_sink_body_next(&b, &r)) > 0)
 *                     take(r.number, r.count, r.data, r.len);
 *     } else if (ret == 0 && h.kind == MCR_SINK_LOST) {
 *             recover(h.number, h.count);
 *     }
 *
 * A broker may have stored a datagram twice, and a host may have sent what another one sent, too.
 * A datagram of a channel is known by h.name, h.epoch, h.ring and r.number; messages of a feed by
 * h.name, h.scope, h.epoch, h.generation and their numbers, r.number to r.number + r.count - 1.
 *
 * The functions keep no state but in what they are given. Thread: any. */
#ifndef MCRING_SINK_H
#define MCRING_SINK_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mcring/sink_header.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MCR_SINK_BODY_MAX 262144 /* octets of a body */
#define MCR_SINK_FIXED    24     /* octets that each record of a pack begins with */
#define MCR_SINK_HEAD_MAX 54     /* octets of a record before its payload, as they are now */

/* A datagram of a body. */
struct mcr_sink_record {
	uint64_t number; /* a channel: its place in the ring; a feed: the first message's to take */
	uint64_t rx_ns;
	uint64_t hw_ns; /* 0 = none */
	uint32_t count; /* a channel: 1; a feed: messages to take */
	uint32_t skip;  /* a feed: messages at the packet's start that were handed over before */
	uint32_t flags; /* enum mcr_sink_flags */
	uint32_t source_port;
	uint8_t source[16]; /* as struct mcr_address */
	uint32_t len;       /* octets of the payload */
	const void *data;   /* in the body */
};

/* A body that is being read. All members are private. */
struct mcr_sink_body {
	const uint8_t *at, *end;
	struct mcr_sink_record last;
	uint32_t left; /* datagrams, or messages of a feed */
	uint8_t is_pack, is_bad;
};

/* What a record of a pack has behind its fixed octets, in this order; the bits above are flags of
 * enum mcr_sink_flags, shifted by MCR_SINK_FLAG_SHIFT. All numbers are little-endian:
 *
 *     offset 0   2 octets   len of the payload
 *            2   1          octets before the payload: what a reader does not know, it passes over
 *            3   1          these bits
 *            4   4          count
 *            8   8          number
 *           16   8          rx_ns
 *          [8    hw_ns]  [16 + 2   source and its port]  [4   skip]
 *            then the payload, and the next record right behind it.
 *
 * Without MCR_SINK_HAS_SOURCE the source is that of the record before, of the first record the
 * header's. */
enum mcr_sink_has {
	MCR_SINK_HAS_HW = 1 << 0,
	MCR_SINK_HAS_SOURCE = 1 << 1,
	MCR_SINK_HAS_SKIP = 1 << 2,
};
#define MCR_SINK_FLAG_SHIFT 4

/* mcr_sink_body_open begins to read the body, len octets, of a message whose header is h and of
 * kind MCR_SINK_DATA. The body is borrowed until the last mcr_sink_body_next. */
static inline void mcr_sink_body_open(struct mcr_sink_body *b, const struct mcr_sink_header *h,
				      const void *body, size_t len);

/* mcr_sink_body_next gives the next datagram of a body.
 *
 * Returns 1, or 0: there was none left. Errors: -EBADMSG (it is cut off or makes no sense; so are
 * all calls after it). */
static inline int mcr_sink_body_next(struct mcr_sink_body *b, struct mcr_sink_record *out);

/* ---- how ---- */

static inline void mcr_sink_body_open(struct mcr_sink_body *b, const struct mcr_sink_header *h,
				      const void *body, size_t len)
{
	memset(b, 0, sizeof(*b));
	b->at = body ? (const uint8_t *)body : h->source; /* any: it has no octets */
	b->end = b->at + (body ? len : 0);
	b->left = (uint32_t)h->count;
	b->is_pack = h->is_pack;
	b->last.number = h->number;
	b->last.rx_ns = h->rx_ns;
	b->last.hw_ns = h->hw_ns;
	b->last.count = b->left;
	b->last.skip = h->skip;
	b->last.flags = h->flags;
	b->last.source_port = h->source_port;
	memcpy(b->last.source, h->source, sizeof(h->source));
}

static inline uint64_t mcr_sink_get(const uint8_t *at, unsigned octets)
{
	uint64_t v = 0;

	for (unsigned i = octets; i-- > 0;)
		v = v << 8 | at[i];
	return v;
}

/* Reads the record at `at`, of which left octets are there, over the one before it. Returns how
 * long it is with its payload, or 0. */
static inline size_t mcr_sink_record_read(struct mcr_sink_record *r, const uint8_t *at, size_t left)
{
	size_t head, used = MCR_SINK_FIXED;
	unsigned has;

	if (left < MCR_SINK_FIXED)
		return 0;
	r->len = (uint32_t)mcr_sink_get(at, 2);
	head = at[2];
	has = at[3];
	r->count = (uint32_t)mcr_sink_get(at + 4, 4);
	r->number = mcr_sink_get(at + 8, 8);
	r->rx_ns = mcr_sink_get(at + 16, 8);
	r->hw_ns = 0;
	r->skip = 0;
	r->flags = has >> MCR_SINK_FLAG_SHIFT;
	used += (has & MCR_SINK_HAS_HW ? 8u : 0) + (has & MCR_SINK_HAS_SOURCE ? 18u : 0) +
		(has & MCR_SINK_HAS_SKIP ? 4u : 0);
	if (head < used || head > left || r->len > left - head)
		return 0;
	used = MCR_SINK_FIXED;
	if (has & MCR_SINK_HAS_HW) {
		r->hw_ns = mcr_sink_get(at + used, 8);
		used += 8;
	}
	if (has & MCR_SINK_HAS_SOURCE) {
		memcpy(r->source, at + used, 16);
		r->source_port = (uint32_t)mcr_sink_get(at + used + 16, 2);
		used += 18;
	}
	if (has & MCR_SINK_HAS_SKIP)
		r->skip = (uint32_t)mcr_sink_get(at + used, 4);
	r->data = at + head;
	return head + r->len;
}

static inline int mcr_sink_body_next(struct mcr_sink_body *b, struct mcr_sink_record *out)
{
	size_t n = (size_t)(b->end - b->at);

	if (b->left == 0 || b->is_bad)
		return b->is_bad || n > 0 ? -EBADMSG : 0;
	b->last.len = (uint32_t)n;
	b->last.data = b->at;
	if (b->is_pack)
		n = mcr_sink_record_read(&b->last, b->at, n);
	if (b->is_pack && (n == 0 || b->last.count == 0 || b->last.count > b->left ||
			   b->last.count - 1 > UINT64_MAX - b->last.number)) {
		b->is_bad = 1;
		return -EBADMSG;
	}
	b->at += n;
	b->left -= b->last.count;
	*out = b->last;
	return 1;
}

#ifdef __cplusplus
}
#endif
#endif
