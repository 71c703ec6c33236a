/* SPDX-License-Identifier: BSD-3-Clause */
/* What a relay has to know of a received frame, and what it changes in it (RFC 1812 §5.2, §5.3; RFC
 * 8200 §3). It looks at IP alone: fragments, all protocols and ports are relayed. Pure. */
#ifndef MCR_CORE_ROUTE_LOOK_H
#define MCR_CORE_ROUTE_LOOK_H

#include <stdint.h>

#include "core/ipv6_walk.h"
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
 * - with a tag behind the outer one, which a copy would lose
 * - with a broken header: version, length, IPv4 checksum, options that do not end where the header
 *   does; or cut short by the frame
 * - to what is no group, or never leaves its link: 224.0.0.0/24 (RFC 5771 §4), the scopes 0 to 2
 *   and f of IPv6, whatever the flags (RFC 7346 §2)
 * - from what is no host's address, or from a link-local one (RFC 3927 §7, RFC 4291 §2.5.6)
 * - IGMP and MLD, and IPv4 with a source route (RFC 1812 §5.3.13.3 asks for more than we do)
 * The TTL is the output's to judge. Arguments: as of mcr_parse. Thread: any. */
static inline int mcr_route_look(struct mcr_route_packet *p, const uint8_t *head, uint32_t head_len,
				 uint32_t frame_len, uint16_t stripped_vlan,
				 const uint8_t *own_mac);

/* The same for any frame, slower. */
int mcr_route_look_any(struct mcr_route_packet *p, const uint8_t *head, uint32_t head_len,
		       uint32_t frame_len, uint16_t stripped_vlan, const uint8_t *own_mac);

/* mcr_route_look_plain takes a frame only when everything about it is plain: no tag in the data,
 * the usual group MAC, a global source, IPv4 without options and not IGMP, IPv6 with neither
 * hop-by-hop options nor ICMPv6 behind its header. Returns 1, or 0: mcr_route_look_any has to
 * look, and *p is undefined. */
static inline int mcr_route_look_plain(struct mcr_route_packet *p, const uint8_t *head,
				       uint32_t head_len, uint32_t frame_len,
				       uint16_t stripped_vlan, const uint8_t *own_mac);

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

#define MCR_ROUTE_PLAIN_MIN (MCR_ETHER_HEADER + MCR_IPV4_HEADER_MIN)

/* A host's, and not of 169.254.0.0/16. */
static inline int mcr_route_source_ok_ipv4(uint32_t source_be)
{
	return mcr_ipv4_is_host(source_be) &&
	       (source_be & htobe32(0xffff0000u)) != htobe32(0xa9fe0000u);
}

/* A group beyond 224.0.0.0/24. */
static inline int mcr_route_group_ok_ipv4(uint32_t group_be)
{
	return be32toh(group_be) - 0xe0000100u < 0x0fffff00u;
}

/* A group of the scopes 3 to e. */
static inline int mcr_route_group_ok_ipv6(const uint8_t *group)
{
	return group[0] == 0xff && (group[1] & 0xfu) - 3 < 12;
}

/* Both ask for the EtherType and what stands behind it up to the IHL or the version: the caller has
 * seen these. */
static inline __attribute__((always_inline)) int mcr_route_plain_ipv4(struct mcr_route_packet *p,
								      const uint8_t *head,
								      uint32_t frame_len,
								      uint16_t stripped_vlan)
{
	const uint8_t *ip = head + MCR_ETHER_HEADER;
	const uint32_t len = mcr_load_be16(ip + 2), source_be = mcr_load32(ip + 12),
		       group_be = mcr_load32(ip + 16);

	/* A length that is too short for the header wraps around, and is too large then. */
	if (__builtin_expect(!mcr_mac_is_ipv4_group(head) || ip[9] == MCR_IP_PROTO_IGMP ||
				 len - MCR_IPV4_HEADER_MIN > frame_len - MCR_ROUTE_PLAIN_MIN,
			     0))
		return 0;
	if (__builtin_expect(!mcr_route_group_ok_ipv4(group_be) ||
				 !mcr_route_source_ok_ipv4(source_be) ||
				 !mcr_ipv4_header_ok(ip, MCR_IPV4_HEADER_MIN),
			     0))
		return 0;
	p->group = mcr_route_address_ipv4(group_be);
	p->source = mcr_route_address_ipv4(source_be);
	p->len = (uint16_t)len;
	p->vlan = stripped_vlan;
	p->l3_offset = MCR_ETHER_HEADER;
	p->header = MCR_IPV4_HEADER_MIN;
	p->ttl = ip[8];
	p->is_ipv6 = 0;
	return 1;
}

/* The source is neither of 0::/8, where no host's address is but what translates IPv4, nor of
 * fe00::/8, where the link-local ones are, nor a group. */
static inline __attribute__((always_inline)) int mcr_route_plain_ipv6(struct mcr_route_packet *p,
								      const uint8_t *head,
								      uint32_t frame_len,
								      uint16_t stripped_vlan)
{
	const uint8_t *ip = head + MCR_ETHER_HEADER;
	const uint32_t len = MCR_IPV6_HEADER + mcr_load_be16(ip + 4);

	if (__builtin_expect(!mcr_mac_is_ipv6_group(head) || ip[6] == MCR_IPV6_EXT_HOP_BY_HOP ||
				 ip[6] == MCR_IPV6_PROTO_ICMP || len > UINT16_MAX ||
				 len > frame_len - MCR_ETHER_HEADER,
			     0))
		return 0;
	if (__builtin_expect(!mcr_route_group_ok_ipv6(ip + MCR_IPV6_GROUP) ||
				 (uint8_t)(ip[MCR_IPV6_SOURCE] - 1) >= 0xfd,
			     0))
		return 0;
	memcpy(&p->group, ip + MCR_IPV6_GROUP, sizeof(p->group));
	memcpy(&p->source, ip + MCR_IPV6_SOURCE, sizeof(p->source));
	p->len = (uint16_t)len;
	p->vlan = stripped_vlan;
	p->l3_offset = MCR_ETHER_HEADER;
	p->header = MCR_IPV6_HEADER;
	p->ttl = ip[7];
	p->is_ipv6 = 1;
	return 1;
}

static inline __attribute__((always_inline)) int
mcr_route_look_plain(struct mcr_route_packet *p, const uint8_t *head, uint32_t head_len,
		     uint32_t frame_len, uint16_t stripped_vlan, const uint8_t *own_mac)
{
	uint32_t start;

	if (__builtin_expect(head_len < MCR_ROUTE_PLAIN_MIN || mcr_same_mac(head + 6, own_mac), 0))
		return 0;
	start = mcr_load32(head + 12);
	if ((start & htobe32(0xffffff00u)) == htobe32(MCR_ETHER_TYPE_IPV4 << 16 | 0x4500))
		return mcr_route_plain_ipv4(p, head, frame_len, stripped_vlan);
	return (start & htobe32(0xfffff000u)) == htobe32(MCR_ETHER_TYPE_IPV6 << 16 | 0x6000) &&
	       head_len >= MCR_ETHER_HEADER + MCR_IPV6_HEADER &&
	       mcr_route_plain_ipv6(p, head, frame_len, stripped_vlan);
}

static inline __attribute__((always_inline)) int
mcr_route_look(struct mcr_route_packet *p, const uint8_t *head, uint32_t head_len,
	       uint32_t frame_len, uint16_t stripped_vlan, const uint8_t *own_mac)
{
	return mcr_route_look_plain(p, head, head_len, frame_len, stripped_vlan, own_mac) ||
	       mcr_route_look_any(p, head, head_len, frame_len, stripped_vlan, own_mac);
}

#endif
