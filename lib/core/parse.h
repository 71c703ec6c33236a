/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds in a frame's bytes what the rx loop has to know. Pure: no allocation, no clock.
 *
 * Implements Ethernet II, up to two VLAN tags (0x8100, 0x88a8, 0x9100; the outer tag's VID counts,
 * VID 0 is untagged: IEEE 802.1Q §6.9), IPv4 with options (RFC 791), IPv6 with extension headers
 * (RFC 8200), UDP (RFC 768). Leaves out LLC/SNAP frames (MCR_DROP_NOT_IP). */
#ifndef MCR_CORE_PARSE_H
#define MCR_CORE_PARSE_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mcring/stats.h>

#include "core/address.h"
#include "core/icmp6.h"
#include "core/words.h"

/* Of mcr_parse_plain there are two forms, for the tests beside each other: MCR_PARSE_PORTABLE asks
 * for the portable one. */
#if defined(__SSE4_1__) && defined(__x86_64__) && !defined(MCR_PARSE_PORTABLE)
#define MCR_PARSE_VECTOR 1
#include <smmintrin.h>
#else
#define MCR_PARSE_VECTOR 0
#endif

enum mcr_verdict {
	MCR_PARSED_UDP,        /* multicast UDP: fields are complete */
	MCR_PARSED_MEMBERSHIP, /* IGMP or MLD: for the control thread, and for the kernel, too */
	MCR_PARSED_PUNT,       /* ARP, neighbour discovery, ICMP to this host: for the control
				* thread, or for the kernel if it has this interface */
	MCR_PARSED_DROP,       /* packet->drop says why. The fields up to the failed check are
				* filled, or all that can be read of an own frame */
};

/* One parsed packet. Fields that the parser did not reach are 0. The first three words are words 2
 * to 4 of a message's record in the ring. What only the ring's writer knows is 0 in them; the
 * writer adds it when it moves them. */
struct mcr_packet {
	union {
		struct {
			uint32_t group_be, source_be; /* IPv4: see mcr_packet_group */
			uint32_t pad0;
			uint16_t port, source_port; /* UDP, host order */
			uint16_t payload_len;       /* by the UDP length, not by the frame */
			uint16_t vlan;              /* outer VID, 0 = untagged */
			uint8_t ttl;                /* IPv6: hop limit */
			uint8_t traffic_class;      /* DSCP and ECN: RFC 2474, RFC 3168 */
			uint8_t pad1[2];
			uint16_t ether_type;     /* behind the tags, host order */
			uint16_t l3_offset;      /* of what stands behind the EtherType */
			uint16_t payload_offset; /* of the UDP payload in the frame; of ICMPv6 */
			uint8_t verdict;         /* enum mcr_verdict */
			uint8_t drop; /* enum mcr_drop, when verdict is MCR_PARSED_DROP */
		};
		uint64_t words[4];
	};
};

/* By words, as mcr_parse_plain fills them. */
static inline uint32_t mcr_packet_len(const struct mcr_packet *p)
{
	return (uint16_t)(p->words[2] >> MCR_WORD_SHIFT(0, 2));
}

static inline uint16_t mcr_packet_port(const struct mcr_packet *p)
{
	return (uint16_t)(p->words[1] >> MCR_WORD_SHIFT(4, 2));
}

static inline uint32_t mcr_packet_source(const struct mcr_packet *p)
{
	return (uint32_t)(p->words[0] >> MCR_WORD_SHIFT(4, 4));
}

/* mcr_parse looks at one frame.
 * head: the frame's first head_len octets in one piece (the first mbuf segment); frame_len: octets
 * of the whole frame, >= head_len. Headers must lie in head: a header cut by a segment border is
 * MCR_DROP_TRUNCATED unless the caller linearised it. stripped_vlan: the VID that the NIC took out,
 * or 0; it counts as the outer tag. own_mac: the port's address, 6 octets: frames from it are
 * MCR_DROP_OWN_FRAME; frames to it, to all or to any group address are for this host, and multicast
 * in them is multicast (switches and access points turn it into unicast frames). Does not look at
 * the UDP checksum: see mcr_udp_checksum_ok. Thread: any. */
static inline void mcr_parse(struct mcr_packet *packet, const uint8_t *head, uint32_t head_len,
			     uint32_t frame_len, uint16_t stripped_vlan, const uint8_t *own_mac);

static inline int mcr_packet_is_ipv6(const struct mcr_packet *packet);

/* mcr_packet_group, _source: the destination and source address of either family; none when the
 * parser did not reach them. frame: what was parsed, which holds those of IPv6. */
static inline struct mcr_address mcr_packet_group(const struct mcr_packet *packet,
						  const uint8_t *frame);
static inline struct mcr_address mcr_packet_source_address(const struct mcr_packet *packet,
							   const uint8_t *frame);

/* mcr_udp_checksum_ok returns 1 when the datagram's checksum is right, or 0 in IPv4 (none: RFC
 * 768), else 0. frame: the whole frame in one piece. Call it only after MCR_PARSED_UDP. */
int mcr_udp_checksum_ok(const struct mcr_packet *packet, const uint8_t *frame);

/* mcr_parse_own: a port's MAC address in the form in which mcr_parse_plain compares it. */
static inline uint64_t mcr_parse_own(const uint8_t *mac);

/* mcr_parse_walk has the same result as mcr_parse for every frame. mcr_parse is faster for the
 * frames that arrive in millions, with mcr_parse_plain, which takes a frame only when everything
 * about it is plain: no tag in the data, no IP options, not a fragment, UDP, the usual group MAC
 * (RFC 1112 §6.4), a host's source address that is not the port's own, a good checksum, lengths
 * that agree, and all of the payload within head. It never drops. It does not ask whether the group
 * is a multicast address, because no table of groups has another. The payload starts at
 * MCR_PLAIN_HEADERS. own: mcr_parse_own of the port's address. *flow: group << 32 | source port <<
 * 16 | port. Returns 1, or 0 when the frame is not plain (packet and flow are undefined). */
static inline int mcr_parse_plain(struct mcr_packet *packet, uint64_t *flow, const uint8_t *head,
				  uint16_t head_len, uint32_t stripped_vlan, uint64_t own);

/* mcr_parse_plain_ipv6: the same for IPv6, so without extension headers and with a UDP checksum.
 * The payload starts at MCR_PLAIN_IPV6_HEADERS, the group at MCR_PLAIN_IPV6_GROUP, the source at
 * MCR_PLAIN_IPV6_SOURCE. own: mcr_parse_own_ipv6 of the port's address. */
static inline int mcr_parse_plain_ipv6(struct mcr_packet *packet, const uint8_t *head,
				       uint16_t head_len, uint64_t own);
static inline uint64_t mcr_parse_own_ipv6(const uint8_t *mac);

void mcr_parse_walk(struct mcr_packet *packet, const uint8_t *head, uint32_t head_len,
		    uint32_t frame_len, uint16_t stripped_vlan, const uint8_t *own_mac);

/* ---- what follows is inline for the rx loop's sake ---- */

#define MCR_ETHER_HEADER    14u
#define MCR_ETHER_TYPE_IPV4 0x0800u
#define MCR_ETHER_TYPE_IPV6 0x86ddu
#define MCR_IPV4_HEADER_MIN 20u
#define MCR_IPV6_SOURCE     8u  /* in its header */
#define MCR_IPV6_GROUP      24u /* likewise: the destination */
#define MCR_IPV4_MTU_MIN    68  /* that every link carries: RFC 791 §3.2 */
#define MCR_UDP_HEADER      8u
#define MCR_IP_PROTO_IGMP   2u
#define MCR_IP_PROTO_UDP    17u

#define MCR_VLAN_TAG      4u
#define MCR_VLAN_VID_MASK 0x0fffu

#define MCR_PLAIN_HEADERS (MCR_ETHER_HEADER + MCR_IPV4_HEADER_MIN + MCR_UDP_HEADER)

#define MCR_PLAIN_IPV6_HEADERS (MCR_ETHER_HEADER + MCR_IPV6_HEADER + MCR_UDP_HEADER)
#define MCR_PLAIN_IPV6_SOURCE  (MCR_ETHER_HEADER + MCR_IPV6_SOURCE)
#define MCR_PLAIN_IPV6_GROUP   (MCR_ETHER_HEADER + MCR_IPV6_GROUP)

static inline uint16_t mcr_load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint16_t mcr_load_be16(const uint8_t *p)
{
	return be16toh(mcr_load16(p));
}

static inline uint32_t mcr_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline int mcr_ether_is_vlan(unsigned type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

static inline int mcr_same_mac(const uint8_t *a, const uint8_t *b)
{
	return mcr_load32(a) == mcr_load32(b) && memcmp(a + 4, b + 4, 2) == 0;
}

static inline int mcr_packet_is_ipv6(const struct mcr_packet *packet)
{
	return packet->ether_type == MCR_ETHER_TYPE_IPV6;
}

static inline struct mcr_address mcr_packet_address(const struct mcr_packet *packet,
						    const uint8_t *frame, uint32_t ipv4_be,
						    unsigned offset)
{
	struct mcr_address address = mcr_address_of_ipv4(ipv4_be);

	if (mcr_packet_is_ipv6(packet) && packet->l3_offset != 0)
		memcpy(address.octets, frame + packet->l3_offset + offset, sizeof(address.octets));
	return address;
}

static inline struct mcr_address mcr_packet_group(const struct mcr_packet *packet,
						  const uint8_t *frame)
{
	return mcr_packet_address(packet, frame, packet->group_be, MCR_IPV6_GROUP);
}

static inline struct mcr_address mcr_packet_source_address(const struct mcr_packet *packet,
							   const uint8_t *frame)
{
	return mcr_packet_address(packet, frame, packet->source_be, MCR_IPV6_SOURCE);
}

static inline uint64_t mcr_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The one's complement sum of a correct header is a multiple of 0xffff (RFC 1071); the sum is not 0
 * itself, as the version is not. */
static inline int mcr_sum_ok(uint64_t sum)
{
	/* sum % 0xffff == 0, by the inverse of 0xffff modulo 2^64. Written out because gcc
	 * computes the remainder in some places. */
	return sum * UINT64_C(0xfffefffefffeffff) <= UINT64_MAX / 0xffff;
}

/* The checksum of RFC 791 §3.1. */
static inline int mcr_ipv4_header_ok(const uint8_t *ip, uint32_t ihl)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < ihl; i += 4)
		sum += mcr_load32(ip + i);
	return mcr_sum_ok(sum);
}

/* The same for a header without options, of a packet that is no fragment. As 0xffff divides 2^64 -
 * 1, words of any width and byte order may be added, if what is carried out comes in again. Only
 * the second addition can carry, because the first eight octets are less than 2^63: on little
 * endian their last octet is the fragment offset's, on big endian their first is the version's. */
static inline int mcr_plain_header_ok(const uint8_t *ip)
{
	uint64_t sum = mcr_load64(ip) + mcr_load32(ip + 16);
	unsigned carry = __builtin_add_overflow(sum, mcr_load64(ip + 8), &sum);

	return mcr_sum_ok(sum + carry);
}

/* The destination, then UDP's ports, of a frame of at least MCR_PLAIN_HEADERS octets. When the
 * frame is not plain this is some other number. */
static inline uint64_t mcr_plain_flow(const uint8_t *head)
{
	return be64toh(mcr_load64(head + MCR_ETHER_HEADER + 16));
}

/* Octets 6 to 13 of the port's own frames. */
static inline uint64_t mcr_own_of(const uint8_t *mac, unsigned ether_type)
{
	uint8_t octets[8] = {[6] = (uint8_t)(ether_type >> 8), [7] = (uint8_t)ether_type};

	memcpy(octets, mac, 6);
	return mcr_load64(octets);
}

/* The same for IPv6, of a frame of at least MCR_PLAIN_IPV6_HEADERS octets: UDP's port. */
static inline uint16_t mcr_plain_ipv6_port(const uint8_t *head)
{
	return mcr_load_be16(head + MCR_ETHER_HEADER + MCR_IPV6_HEADER + 2);
}

static inline uint64_t mcr_parse_own(const uint8_t *mac)
{
	return mcr_own_of(mac, MCR_ETHER_TYPE_IPV4);
}

static inline uint64_t mcr_parse_own_ipv6(const uint8_t *mac)
{
	return mcr_own_of(mac, MCR_ETHER_TYPE_IPV6);
}

/* Whether the UDP header says that its payload has len octets. */
static inline int mcr_plain_udp_len_is(const uint8_t *head, uint32_t len)
{
	return mcr_load16(head + 38) == htobe16((uint16_t)(len + MCR_UDP_HEADER));
}

/* Both forms: whether the headers are plain, but for own frames and the checksum; then also word 2,
 * without the VLAN. room: octets of head behind the headers. */
#if MCR_PARSE_VECTOR
/* All that is asked of the first 27 octets, but for 127/8, in one vector, whose lower half becomes
 * word 2. The octets are sorted into eight little-endian words and each is added to; then bits that
 * are set say no:
 *     total length                    - 28    any: the payload's length
 *     MAC 0 and 1                     - 0001  0: a group's. Word 2 has the VLAN here
 *     TTL, traffic class                      any
 *     EtherType                       - 0008  0: IPv4. Word 2 has the interface and flags here
 *     MAC 2, version and IHL          - 455e  0: a group's, IPv4 without options
 *     fragment                                0, but for the two bits above "more fragments"
 *     source's first octet, protocol  - 1101  upper octet 0: 17 and 1 to 255, or 18 and 0
 *     the same again                  - 10e0  upper octet 0: 17 and 0 to 223, or 16 and 224 to 255
 */
static inline __m128i mcr_plain_sort(const uint8_t *head)
{
	const __m128i order = _mm_setr_epi8(5, 4, 6, 7, 10, 3, 0, 1, 12, 2, 8, 9, 14, 11, 14, 11);
	const __m128i add = _mm_setr_epi16(-28, -0x0001, 0, -0x0008, -0x455e, 0, -0x1101, -0x10e0);
	__m128i v = _mm_loadu_si128((const __m128i *)(head + 12));

	v = _mm_insert_epi16(v, mcr_load16(head), 3);     /* in place of the IP header's id, */
	v = _mm_insert_epi16(v, mcr_load16(head + 2), 6); /* and of its checksum */
	return _mm_add_epi16(_mm_shuffle_epi8(v, order), add);
}

static inline __attribute__((always_inline)) int mcr_plain_look(uint64_t *word2,
								const uint8_t *head, uint32_t room)
{
	const __m128i bits =
	    _mm_setr_epi16(0, -1, 0, -1, -1, (int16_t)0xff3f, (int16_t)0xff00, (int16_t)0xff00);
	const __m128i sorted = mcr_plain_sort(head);
	uint16_t len;

	if (__builtin_expect(!_mm_testz_si128(sorted, bits) || head[26] == 127, 0))
		return 0;
	*word2 = (uint64_t)_mm_cvtsi128_si64(sorted);
	/* A length that is too short for the headers wraps around, and is too large then. */
	len = (uint16_t)*word2;
	return __builtin_expect(len <= room, 1) &&
	       __builtin_expect(mcr_plain_udp_len_is(head, len), 1);
}
#else
static inline __attribute__((always_inline)) int mcr_plain_look(uint64_t *word2,
								const uint8_t *head, uint32_t room)
{
	const uint8_t *ip = head + MCR_ETHER_HEADER;
	/* A length that is too short for the headers wraps around, and is too large then. */
	const uint32_t len = mcr_load_be16(ip + 2) - (MCR_IPV4_HEADER_MIN + MCR_UDP_HEADER);

	if (__builtin_expect(len > room || !mcr_plain_udp_len_is(head, len), 0))
		return 0;
	if (__builtin_expect(mcr_load_be16(head + 12) != MCR_ETHER_TYPE_IPV4 || ip[0] != 0x45 ||
				 !mcr_mac_is_ipv4_group(head),
			     0))
		return 0;
	/* Of the octets 6 to 9: no more fragments, offset 0, any TTL, UDP. */
	if (__builtin_expect(
		(mcr_load32(ip + 6) & htobe32(0x3fff00ffu)) != htobe32(MCR_IP_PROTO_UDP), 0))
		return 0;
	*word2 = MCR_WORD_AT(len, 0, 2) | MCR_WORD_AT(ip[8], 4, 1) | MCR_WORD_AT(ip[1], 5, 1);
	return __builtin_expect(mcr_ipv4_is_host(mcr_load32(ip + 12)), 1);
}
#endif

/* A flow's source port and port as the upper octets of word 1 have them: port, source port. */
static inline uint32_t mcr_plain_ports(uint64_t flow)
{
#if __BYTE_ORDER == __LITTLE_ENDIAN
	return (uint32_t)flow;
#else
	return (uint32_t)flow << 16 | (uint16_t)(flow >> 16);
#endif
}

static inline __attribute__((always_inline)) int
mcr_parse_plain(struct mcr_packet *packet, uint64_t *flow, const uint8_t *head, uint16_t head_len,
		uint32_t stripped_vlan, uint64_t own)
{
	const uint8_t *ip = head + MCR_ETHER_HEADER;
	const uint32_t size = head_len;
	uint64_t addresses, word2;

	if (__builtin_expect(size < MCR_PLAIN_HEADERS, 0) ||
	    !mcr_plain_look(&word2, head, size - MCR_PLAIN_HEADERS))
		return 0;
	if (__builtin_expect(mcr_load64(head + 6) == own || !mcr_plain_header_ok(ip), 0))
		return 0;
	addresses = mcr_load64(ip + 12); /* source, group */
	*flow = mcr_plain_flow(head);
	packet->words[0] = addresses << 32 | addresses >> 32;
	packet->words[1] = MCR_WORD_AT(mcr_plain_ports(*flow), 4, 4);
	packet->words[2] = word2 | MCR_WORD_AT(stripped_vlan, 2, 2);
	packet->words[3] = MCR_WORD_AT(MCR_ETHER_TYPE_IPV4, 0, 2) |
			   MCR_WORD_AT(MCR_ETHER_HEADER, 2, 2) |
			   MCR_WORD_AT(MCR_PLAIN_HEADERS, 4, 2) | MCR_WORD_AT(MCR_PARSED_UDP, 6, 1);
	return 1;
}

/* UDP's header as a number has the ports where word 1 has them, or nearly so. */
static inline uint64_t mcr_plain_ports_word(uint64_t udp)
{
#if __BYTE_ORDER == __LITTLE_ENDIAN
	return udp & ~(uint64_t)UINT32_MAX;
#else
	return MCR_WORD_AT((uint16_t)(udp >> 32), 4, 2) | MCR_WORD_AT(udp >> 48, 6, 2);
#endif
}

static inline __attribute__((always_inline)) int mcr_parse_plain_ipv6(struct mcr_packet *packet,
								      const uint8_t *head,
								      uint16_t head_len,
								      uint64_t own)
{
	const uint8_t *ip = head + MCR_ETHER_HEADER;
	const uint32_t size = head_len;
	uint64_t start, udp;
	uint32_t len;

	if (__builtin_expect(size < MCR_PLAIN_IPV6_HEADERS, 0))
		return 0;
	/* EtherType, version, traffic class, flow label, length. */
	start = be64toh(mcr_load64(head + 12));
	/* Ports, length, checksum. */
	udp = be64toh(mcr_load64(ip + MCR_IPV6_HEADER));
	if (__builtin_expect(start >> 44 != (MCR_ETHER_TYPE_IPV6 << 4 | 6) ||
				 !mcr_mac_is_ipv6_group(head) || ip[6] != MCR_IP_PROTO_UDP,
			     0))
		return 0;
	/* A length that is too short for the header wraps around, and is too large then. */
	len = (uint32_t)(uint16_t)start - MCR_UDP_HEADER;
	if (__builtin_expect(len > size - MCR_PLAIN_IPV6_HEADERS ||
				 (uint16_t)start != (uint16_t)(udp >> 16) || (uint16_t)udp == 0,
			     0))
		return 0;
	/* Not of 0::/8, where no host's address is but what translates IPv4, nor multicast. */
	if (__builtin_expect(
		(uint8_t)(ip[MCR_IPV6_SOURCE] - 1) >= 0xfe || mcr_load64(head + 6) == own, 0))
		return 0;
	packet->words[0] = 0;
	packet->words[1] = mcr_plain_ports_word(udp);
	packet->words[2] = MCR_WORD_AT(len, 0, 2) | MCR_WORD_AT(ip[7], 4, 1) |
			   MCR_WORD_AT((uint8_t)(start >> 36), 5, 1);
	return 1;
}

static inline __attribute__((always_inline)) void
mcr_parse(struct mcr_packet *packet, const uint8_t *head, uint32_t head_len, uint32_t frame_len,
	  uint16_t stripped_vlan, const uint8_t *own_mac)
{
	uint64_t flow;

	if (head_len > UINT16_MAX ||
	    !mcr_parse_plain(packet, &flow, head, (uint16_t)head_len, stripped_vlan,
			     mcr_parse_own(own_mac)) ||
	    !mcr_ipv4_is_multicast(packet->group_be))
		mcr_parse_walk(packet, head, head_len, frame_len, stripped_vlan, own_mac);
}

#endif
