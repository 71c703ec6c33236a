/* SPDX-License-Identifier: BSD-3-Clause */
/* What a relay has to know of a received frame, and what it changes in it (RFC 1812 §5.2, §5.3; RFC
 * 8200 §3). It looks at IP alone: fragments, all protocols and ports are relayed. Pure. */
#ifndef MCR_CORE_ROUTE_LOOK_H
#define MCR_CORE_ROUTE_LOOK_H

#include <stdint.h>

#include "core/parse.h"
#include "core/route/route_table.h"

struct mcr_route_packet {
	struct mcr_route_address group, source;
	uint16_t len;      /* octets of the IP packet: what follows in the frame is padding */
	uint16_t vlan;     /* outer VID, 0 = untagged */
	uint8_t l3_offset; /* of the IP header in the frame */
	uint8_t header;    /* octets of the IP header that a copy has to itself: IPv4 with its
			    * options, IPv6 the fixed one */
	uint8_t ttl;       /* or hop limit, as received */
	uint8_t is_ipv6;
};

/* mcr_route_look returns 1 if the frame holds an IP packet that a relay may forward, as far as the
 * frame itself tells; else 0, and *p is undefined. It may not:
 * - to a unicast or broadcast MAC address, or from own_mac
 * - with a broken header: version, length, IPv4 checksum; or cut short by the frame
 * - to what is no group, or never leaves its link: 224.0.0.0/24 (RFC 5771 §4), interface-local and
 *   link-local scope (RFC 7346)
 * - from what is no host's address, or from a link-local one
 * - IGMP, and IPv4 with a source route (RFC 1812 §5.3.13.3 asks for more than we do)
 * The TTL is the output's to judge. Arguments: as of mcr_parse. Thread: any. */
static inline int mcr_route_look(struct mcr_route_packet *p, const uint8_t *head, uint32_t head_len,
				 uint32_t frame_len, uint16_t stripped_vlan,
				 const uint8_t *own_mac);

/* The same for any frame, slower. */
int mcr_route_look_any(struct mcr_route_packet *p, const uint8_t *head, uint32_t head_len,
		       uint32_t frame_len, uint16_t stripped_vlan, const uint8_t *own_mac);

/* mcr_route_decrement lowers the TTL by one and updates the header checksum (RFC 1624), or lowers
 * the hop limit. ip: the header; its TTL is above 0. */
static inline void mcr_route_decrement(uint8_t *ip, int is_ipv6);

/* ---- inline for the rx loop's sake ---- */

/* eqn. 3 of RFC 1624: HC' = ~(~HC + ~m + m'), where m is the word of TTL and protocol. As m' = m -
 * 0x0100 the sum is HC + 0x0100, with its carry; 0xffff cannot come out, since no header sums up to
 * 0. */
static inline void mcr_route_decrement(uint8_t *ip, int is_ipv6)
{
	uint32_t sum;

	if (is_ipv6) {
		ip[7]--;
		return;
	}
	sum = mcr_load_be16(ip + 10) + 0x0100u;
	sum += sum >= 0xffff; /* the carry; and ff ff is 00 00 */
	ip[8]--;
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* TODO(route): the plain form for untagged IPv4 without options. */
static inline int mcr_route_look(struct mcr_route_packet *p, const uint8_t *head, uint32_t head_len,
				 uint32_t frame_len, uint16_t stripped_vlan, const uint8_t *own_mac)
{
	return mcr_route_look_any(p, head, head_len, frame_len, stripped_vlan, own_mac);
}

#endif
