/* SPDX-License-Identifier: BSD-3-Clause */
/* What a declaration makes of a packet: the same form for all feeds. */
#ifndef MCR_CORE_FEED_PACKET_H
#define MCR_CORE_FEED_PACKET_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mcring/feed.h>

enum mcr_feed_packet_kind {
	MCR_FEED_PACKET_DATA = 0,
	MCR_FEED_PACKET_HEARTBEAT,   /* seq: the next number to come, whatever the wire's form */
	MCR_FEED_PACKET_END,         /* of the session; seq likewise */
	MCR_FEED_PACKET_RESET,       /* seq: the next number to come; there is no data in it */
	MCR_FEED_PACKET_UNSEQUENCED, /* data without a number */
	MCR_FEED_PACKET_NOT_TRACKED, /* retransmission, refresh, snapshot */
	MCR_FEED_PACKET_MALFORMED,   /* a field lies beyond its end, or makes no sense */
};

struct mcr_feed_packet {
	uint64_t seq;      /* as on the wire, not unwrapped; of the first message */
	uint64_t scope[2]; /* octets of the key fields, zeros behind: one stream */
	uint64_t epoch[2]; /* octets of what makes an epoch, zeros behind */
	uint32_t count;    /* DATA: numbers that it takes, at least 1; else 0 */
	uint8_t kind;      /* enum mcr_feed_packet_kind */
	uint8_t resets;    /* DATA: it says that the numbers were reset, and is of the new epoch */
	uint8_t follows;   /* plain DATA of the stream, epoch and line of the packet before it, in
			    * an array of one ring's: the caller's; 0 = not known */
	uint8_t pad;
	uint64_t hash; /* of the payload, where payloads are compared: the caller's, below */
};

/* mcr_feed_packet_hash: of a payload, so that two that differ are told apart. */
static inline uint64_t mcr_feed_packet_hash(const uint8_t *data, size_t len)
{
	uint64_t hash = len, word;

	for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	word = 0;
	if (len > 0) /* no copy of nothing: data may be NULL then */
		memcpy(&word, data, len);
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

#endif
