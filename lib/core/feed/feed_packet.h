/* SPDX-License-Identifier: BSD-3-Clause */
/* What a declaration makes of a packet: the same form for all feeds. */
#ifndef MCR_CORE_FEED_PACKET_H
#define MCR_CORE_FEED_PACKET_H

#include <stdint.h>

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
	uint16_t pad;
};

#endif
