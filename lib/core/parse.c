/* SPDX-License-Identifier: BSD-3-Clause */
/* The parser's long way, for tags, options and everything that is not plain multicast UDP. */
#include "parse.h"

#include "core/ipv6_walk.h"

#define ETHER_TYPE_ARP 0x0806u
#define IP_PROTO_ICMP  1u
#define VLAN_DEPTH_MAX 2u

_Static_assert(sizeof(struct mcr_packet) == 32, "no padding");
_Static_assert(offsetof(struct mcr_packet, port) == 12, "mcr_parse_plain fills word 1");
_Static_assert(offsetof(struct mcr_packet, traffic_class) == 21, "mcr_parse_plain fills word 2");
_Static_assert(offsetof(struct mcr_packet, verdict) == 30, "mcr_parse_plain fills word 3");
_Static_assert(MCR_PARSED_UDP == 0, "a packet of zeroes");

static void drop(struct mcr_packet *packet, enum mcr_drop reason)
{
	packet->verdict = MCR_PARSED_DROP;
	packet->drop = (uint8_t)reason;
}

/* Steps over the tags and sets *l3 and *type to what is behind them. Returns 0 when it dropped the
 * frame. */
static int walk_tags(struct mcr_packet *packet, const uint8_t *head, uint32_t head_len,
		     uint16_t stripped_vlan, uint32_t *l3, unsigned *type)
{
	unsigned depth = stripped_vlan != 0;

	*l3 = MCR_ETHER_HEADER;
	*type = mcr_load_be16(head + 12);
	for (; mcr_ether_is_vlan(*type); depth++, *l3 += MCR_VLAN_TAG) {
		if (depth == VLAN_DEPTH_MAX) {
			drop(packet, MCR_DROP_VLAN_DEPTH);
			return 0;
		}
		if (head_len - *l3 < MCR_VLAN_TAG) {
			drop(packet, MCR_DROP_TRUNCATED);
			return 0;
		}
		if (depth == 0)
			packet->vlan = mcr_load_be16(head + *l3) & MCR_VLAN_VID_MASK;
		*type = mcr_load_be16(head + *l3 + 2);
	}
	return 1;
}

/* room: octets of IP payload, of which the first in_head lie at udp. A datagram needs a checksum in
 * IPv6: the header has none (RFC 8200 §8.1). */
static void walk_udp(struct mcr_packet *packet, const uint8_t *head, const uint8_t *udp,
		     uint32_t in_head, uint32_t room)
{
	uint32_t len;

	if (room < MCR_UDP_HEADER) {
		drop(packet, MCR_DROP_BAD_UDP_LENGTH);
		return;
	}
	if (in_head < MCR_UDP_HEADER) {
		drop(packet, MCR_DROP_TRUNCATED);
		return;
	}
	packet->source_port = mcr_load_be16(udp);
	packet->port = mcr_load_be16(udp + 2);
	len = mcr_load_be16(udp + 4);
	if (len < MCR_UDP_HEADER || len > room) {
		drop(packet, MCR_DROP_BAD_UDP_LENGTH);
		return;
	}
	if (mcr_packet_is_ipv6(packet) && mcr_load16(udp + 6) == 0) {
		drop(packet, MCR_DROP_NO_UDP_CHECKSUM);
		return;
	}
	packet->payload_offset = (uint16_t)(udp + MCR_UDP_HEADER - head);
	packet->payload_len = (uint16_t)(len - MCR_UDP_HEADER);
}

/* A frame to a group, to all or to our MAC address is ours; a frame to another host, which a
 * promiscuous port sees, is not. */
static int is_for_us(const uint8_t *head, const uint8_t *own_mac)
{
	return (head[0] & 1) != 0 || mcr_same_mac(head, own_mac);
}

/* Decides who a whole packet with a good header is for. Returns 1 for multicast UDP. */
static int sort_out_ipv4(struct mcr_packet *packet, const uint8_t *head, unsigned protocol,
			 const uint8_t *own_mac)
{
	const int multicast = mcr_ipv4_is_multicast(packet->group_be);

	if (!is_for_us(head, own_mac))
		drop(packet, MCR_DROP_NOT_MULTICAST);
	else if (protocol == MCR_IP_PROTO_IGMP)
		packet->verdict = MCR_PARSED_MEMBERSHIP;
	else if (protocol == IP_PROTO_ICMP && !multicast)
		packet->verdict = MCR_PARSED_PUNT;
	else if (!multicast)
		drop(packet, MCR_DROP_NOT_MULTICAST);
	else if (protocol != MCR_IP_PROTO_UDP)
		drop(packet, MCR_DROP_NOT_UDP);
	else if (!mcr_ipv4_may_send(packet->source_be, packet->group_be))
		drop(packet, MCR_DROP_BAD_SOURCE);
	else
		return 1;
	return 0;
}

/* Walks from the IP header on, which starts at l3, within head_len. */
static void walk_ipv4(struct mcr_packet *packet, const uint8_t *head, uint32_t head_len,
		      uint32_t frame_len, uint32_t l3, const uint8_t *own_mac)
{
	const uint8_t *ip = head + l3;
	const uint32_t in_head = head_len - l3;
	uint32_t ihl, total_len;

	if (in_head < MCR_IPV4_HEADER_MIN) {
		drop(packet, MCR_DROP_TRUNCATED);
		return;
	}
	packet->source_be = mcr_load32(ip + 12);
	packet->group_be = mcr_load32(ip + 16);
	packet->ttl = ip[8];
	packet->traffic_class = ip[1];
	ihl = (ip[0] & 0x0fu) * 4;
	total_len = mcr_load_be16(ip + 2);
	if (ip[0] >> 4 != 4 || ihl < MCR_IPV4_HEADER_MIN || total_len < ihl)
		drop(packet, MCR_DROP_BAD_IP_HEADER);
	else if (in_head < ihl || total_len > frame_len - l3)
		drop(packet, MCR_DROP_TRUNCATED); /* more than total_len is Ethernet padding */
	else if (!mcr_ipv4_header_ok(ip, ihl))
		drop(packet, MCR_DROP_BAD_IP_CHECKSUM);
	else if (mcr_load_be16(ip + 6) & 0x3fff) /* more fragments, or an offset */
		drop(packet, MCR_DROP_FRAGMENT);
	else if (sort_out_ipv4(packet, head, ip[9], own_mac))
		walk_udp(packet, head, ip + ihl, in_head - ihl, total_len - ihl);
}

/* ---- IPv6 ---- */

/* What becomes of ICMPv6 that is for us: MLD, neighbour discovery, and what is sent to this host
 * alone, for control. The message stands at `at`. */
static void sort_out_icmpv6(struct mcr_packet *packet, const struct mcr_ipv6_walk *w, int multicast)
{
	const int is_empty = w->at == w->end;
	uint8_t type;

	packet->payload_offset = (uint16_t)(packet->l3_offset + w->at);
	if (!is_empty && w->at == w->in_head) {
		drop(packet, MCR_DROP_TRUNCATED);
		return;
	}
	type = is_empty ? 0 : w->ip[w->at];
	if (mcr_icmp6_is_mld(type))
		packet->verdict = MCR_PARSED_MEMBERSHIP;
	else if (!multicast || type == MCR_ICMP6_SOLICITATION || type == MCR_ICMP6_ADVERT)
		packet->verdict = MCR_PARSED_PUNT;
	else
		drop(packet, MCR_DROP_NOT_UDP);
}

/* As sort_out_ipv4. */
static int sort_out_ipv6(struct mcr_packet *packet, const uint8_t *head,
			 const struct mcr_ipv6_walk *w, const uint8_t *own_mac)
{
	const uint8_t *group = w->ip + MCR_IPV6_GROUP;
	const int multicast = mcr_ipv6_is_multicast(group);

	if (!is_for_us(head, own_mac))
		drop(packet, MCR_DROP_NOT_MULTICAST);
	else if (w->next == MCR_IPV6_PROTO_ICMP)
		sort_out_icmpv6(packet, w, multicast);
	else if (!multicast)
		drop(packet, MCR_DROP_NOT_MULTICAST);
	else if (w->next != MCR_IP_PROTO_UDP)
		drop(packet, MCR_DROP_NOT_UDP);
	else if (!mcr_ipv6_may_send(w->ip + MCR_IPV6_SOURCE, group))
		drop(packet, MCR_DROP_BAD_SOURCE);
	else
		return 1;
	return 0;
}

/* As walk_ipv4. A jumbogram has no payload by its header, which its options do not fit into. */
static void walk_ipv6(struct mcr_packet *packet, const uint8_t *head, uint32_t head_len,
		      uint32_t frame_len, uint32_t l3, const uint8_t *own_mac)
{
	const uint8_t *ip = head + l3;
	struct mcr_ipv6_walk w = {.ip = ip, .at = MCR_IPV6_HEADER, .in_head = head_len - l3};
	enum mcr_drop reason;

	if (w.in_head < MCR_IPV6_HEADER) {
		packet->l3_offset = 0; /* there are no addresses to show */
		drop(packet, MCR_DROP_TRUNCATED);
		return;
	}
	packet->ttl = ip[7];
	packet->traffic_class = (uint8_t)(mcr_load_be16(ip) >> 4);
	w.next = ip[6];
	w.end = MCR_IPV6_HEADER + mcr_load_be16(ip + 4);
	if (ip[0] >> 4 != 6) {
		drop(packet, MCR_DROP_BAD_IP_HEADER);
		return;
	}
	if (w.end > frame_len - l3) {
		drop(packet, MCR_DROP_TRUNCATED);
		return;
	}
	reason = mcr_ipv6_walk_extensions(&w);
	if (reason != MCR_DROP_COUNT)
		drop(packet, reason);
	else if (sort_out_ipv6(packet, head, &w, own_mac))
		walk_udp(packet, head, ip + w.at, w.in_head - w.at, w.end - w.at);
}

/* ---- the frame ---- */

static void walk_frame(struct mcr_packet *packet, const uint8_t *head, uint32_t head_len,
		       uint32_t frame_len, uint16_t stripped_vlan, const uint8_t *own_mac)
{
	uint32_t l3;
	unsigned type;

	if (!walk_tags(packet, head, head_len, stripped_vlan, &l3, &type))
		return;
	packet->ether_type = (uint16_t)type;
	packet->l3_offset = (uint16_t)l3;
	if (type == ETHER_TYPE_ARP)
		packet->verdict = MCR_PARSED_PUNT;
	else if (type == MCR_ETHER_TYPE_IPV4)
		walk_ipv4(packet, head, head_len, frame_len, l3, own_mac);
	else if (type == MCR_ETHER_TYPE_IPV6)
		walk_ipv6(packet, head, head_len, frame_len, l3, own_mac);
	else
		drop(packet, MCR_DROP_NOT_IP);
}

void mcr_parse_walk(struct mcr_packet *packet, const uint8_t *head, uint32_t head_len,
		    uint32_t frame_len, uint16_t stripped_vlan, const uint8_t *own_mac)
{
	*packet = (struct mcr_packet){.vlan = stripped_vlan};
	if (head_len < MCR_ETHER_HEADER) {
		drop(packet, MCR_DROP_TRUNCATED);
		return;
	}
	walk_frame(packet, head, head_len, frame_len, stripped_vlan, own_mac);
	if (mcr_same_mac(head + 6, own_mac)) /* last, so that a sample shows what it was */
		drop(packet, MCR_DROP_OWN_FRAME);
}

int mcr_udp_checksum_ok(const struct mcr_packet *packet, const uint8_t *frame)
{
	const uint8_t *p = frame + packet->payload_offset - MCR_UDP_HEADER;
	const uint32_t len = MCR_UDP_HEADER + packet->payload_len;
	/* The pseudo header: RFC 768, RFC 8200 §8.1. */
	uint64_t sum = htobe32(MCR_IP_PROTO_UDP << 16 | len);
	const uint8_t *ip = frame + packet->l3_offset;
	uint32_t i;

	if (mcr_load_be16(p + 6) == 0)
		return 1;
	if (mcr_packet_is_ipv6(packet))
		for (i = 0; i < 2 * sizeof(struct mcr_address); i += 4)
			sum += mcr_load32(ip + MCR_IPV6_SOURCE + i);
	sum += packet->group_be;
	sum += packet->source_be;
	for (i = 0; i + 4 <= len; i += 4)
		sum += mcr_load32(p + i);
	if (i < len) {
		uint8_t tail[4] = {0};

		memcpy(tail, p + i, len - i);
		sum += mcr_load32(tail);
	}
	return mcr_sum_ok(sum); /* the protocol is not 0 */
}
