/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of a recorder: records in the order in which they were put, in segments of which the
 * oldest is overwritten as a whole.
 *
 * One thread adds, another reads, and neither waits. The reader needs a pin: nothing from there on
 * is overwritten. When the adder comes to a pinned segment, there is no room, until the pin has
 * moved on. A position names a segment and a place in it; positions only grow,
 * and none is 0. */
#ifndef MCR_WATCH_STORE_H
#define MCR_WATCH_STORE_H

#include <stdint.h>

#include <mcring/consumer.h>

#define STORE_NOWHERE    UINT64_MAX
#define STORE_OCTETS_MIN ((uint64_t)1 << 20)

enum store_kind {
	STORE_PACKET,
	STORE_BLIND,
	STORE_REMARK,
	STORE_UNTIL, /* all packets up to ns come before this record */
};

/* What each record begins with. Sizes are multiples of 8. */
struct store_record {
	uint32_t size;
	uint16_t kind, interface;
	uint64_t ns;
};

struct store_packet {
	struct store_record head; /* ns: of arrival */
	uint64_t id, stamp_ns;    /* stamp_ns: its time in a file */
	struct mcr_address group, source;
	uint32_t len, kept; /* octets of the payload, and how many of them follow */
	uint16_t dst_port, src_port, vlan;
	uint8_t ttl, traffic_class;
	uint8_t payload[];
};

#define STORE_ANY_INTERFACE UINT16_MAX

struct store_blind {
	struct store_record head; /* ns: since when */
	uint64_t to_ns, messages; /* messages: 0 = unknown */
};

struct store_remark {
	struct store_record head;
	char text[];
};

/* The adder's, but that the reader looks at what is pinned. */
struct store_segment {
	uint64_t used;     /* octets */
	uint64_t since_ns; /* all that was put since then is in it, or behind it */
	uint64_t before;   /* packets that were put before it */
};

struct store {
	uint8_t *memory;
	struct store_segment *segments;
	unsigned n, shift; /* segments, of 1 << shift octets */

	/* The adder's. */
	uint64_t seq; /* the segment that is added to */
	int is_stuck; /* there is no room, not even for something small, so that order is kept */
	uint64_t packets;

	uint64_t
	    head;     /* the adder's: release; the reader: acquire. Where the next record will be */
	uint64_t pin; /* the reader's, while it reads: release; the adder: acquire */
};

/* store_create takes about so many octets, at least STORE_OCTETS_MIN, and touches them. Returns 0,
 * -EINVAL or -ENOMEM. */
int store_create(struct store *s, uint64_t octets);
void store_destroy(struct store *s);

/* store_size: what it takes of so many octets. */
uint64_t store_size(uint64_t octets);

/* ---- the adder's ---- */

/* store_reserve gives the place of a record of so many octets, or NULL: no room. now_ns: up to when
 * all was put. store_commit makes the record visible to the reader. */
void *store_reserve(struct store *s, uint64_t size, uint64_t now_ns);
void store_commit(struct store *s, const struct store_record *record);

/* store_oldest: the position of the oldest segment, but that an eighth of all stays free for what
 * comes while it is read, and that no more than `most` octets lie between it and the head. */
uint64_t store_oldest(const struct store *s, uint64_t most);

/* store_pin may be called by the adder while nobody reads. */
void store_pin(struct store *s, uint64_t position);

uint64_t store_head(const struct store *s);

/* ---- the reader's, from the pin on; and the adder's ---- */

/* store_next gives the record at a position in front of `end`, and moves it behind that; NULL =
 * that is all so far. */
const struct store_record *store_next(const struct store *s, uint64_t *position, uint64_t end);

const struct store_segment *store_segment(const struct store *s, uint64_t position);

#endif
