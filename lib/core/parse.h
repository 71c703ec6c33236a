/* SPDX-License-Identifier: BSD-3-Clause */
/* From a frame's bytes to what the rx loop has to know of it. Pure: no allocation, no clock.
 *
 * Implements Ethernet II, up to two VLAN tags (0x8100, 0x88a8, 0x9100; the outer tag's VID counts,
 * VID 0 is untagged: IEEE 802.1Q §6.9), IPv4 with options (RFC 791), UDP (RFC 768). Leaves out
 * LLC/SNAP frames and IPv6 (both MCR_DROP_NOT_IPV4). */
#ifndef MCR_CORE_PARSE_H
#define MCR_CORE_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/stats.h>

enum mcr_verdict {
	MCR_PARSED_UDP,  /* multicast UDP: fields are complete */
	MCR_PARSED_PUNT, /* ARP, IGMP, unicast ICMP: for the control thread */
	MCR_PARSED_DROP, /* packet->drop says why; fields up to the failed check are filled */
};

/* One parsed packet: 40 bytes, so that a burst of 32 stays in L1. */
struct mcr_packet {
	uint32_t group_be, source_be;
	uint16_t port, source_port; /* UDP, host order */
	uint16_t vlan;              /* outer VID, 0 = untagged */
	uint16_t ether_type;        /* behind the tags, host order */
	uint16_t l3_offset;         /* of the IP header in the frame */
	uint16_t payload_offset;    /* of the UDP payload in the frame */
	uint16_t payload_len;       /* by the UDP length, not by the frame */
	uint8_t ttl;
	uint8_t verdict; /* enum mcr_verdict */
	uint8_t drop;    /* enum mcr_drop */
	uint8_t pad[7];
};

/* mcr_parse looks at one frame.
 * head: the frame's first head_len octets in one piece (the first mbuf segment); frame_len: octets
 * of the whole frame. Headers must lie in head: a header cut by a segment border is
 * MCR_DROP_TRUNCATED unless the caller linearised it. stripped_vlan: the VID that the NIC took out,
 * or 0. own_mac: the port's address, 6 octets: frames from it are MCR_DROP_OWN_FRAME. Does not look
 * at the UDP checksum: see mcr_udp_checksum_ok. Thread: any. */
static inline void mcr_parse(struct mcr_packet *packet, const uint8_t *head, uint32_t head_len,
			     uint32_t frame_len, uint16_t stripped_vlan, const uint8_t *own_mac);

/* mcr_udp_checksum_ok: 1 when the datagram's checksum is right or 0 (none: RFC 768). frame: all
 * of the frame in one piece. Call after MCR_PARSED_UDP only. */
int mcr_udp_checksum_ok(const struct mcr_packet *packet, const uint8_t *frame);

#endif
