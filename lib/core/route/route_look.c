/* SPDX-License-Identifier: BSD-3-Clause */
/* The long way: tags, options, and all that is refused. */
#include "core/route/route_look.h"

#define OPTION_END   0
#define OPTION_NO_OP 1
#define OPTION_LSRR  131 /* RFC 791 §3.1 */
#define OPTION_SSRR  137
#define OPTION_MIN   2u

/* Whether the list of options can be walked, as far as the kernel does (ip_options_compile): each
 * one's length lies within the header, and what stands behind their end is not looked at. What is
 * in an option does not matter, since none is written to, but for source routes. */
static int options_ok(const uint8_t *options, uint32_t len)
{
	for (uint32_t i = 0; i < len && options[i] != OPTION_END;) {
		if (options[i] == OPTION_NO_OP) {
			i++;
			continue;
		}
		if (len - i < OPTION_MIN || options[i + 1] < OPTION_MIN || options[i + 1] > len - i)
			return 0;
		if (options[i] == OPTION_LSRR || options[i] == OPTION_SSRR)
			return 0;
		i += options[i + 1];
	}
	return 1;
}

/* in_head, in_frame: octets from the IP header on. */
static int look_ipv4(struct mcr_route_packet *p, const uint8_t *ip, uint32_t in_head,
		     uint32_t in_frame)
{
	uint32_t ihl, len, source_be, group_be;

	if (in_head < MCR_IPV4_HEADER_MIN)
		return 0;
	ihl = (ip[0] & 0x0fu) * 4;
	len = mcr_load_be16(ip + 2);
	source_be = mcr_load32(ip + 12);
	group_be = mcr_load32(ip + 16);
	if (ip[0] >> 4 != 4 || ihl < MCR_IPV4_HEADER_MIN || ihl > in_head || len < ihl ||
	    len > in_frame || !mcr_ipv4_header_ok(ip, ihl))
		return 0;
	if (ip[9] == MCR_IP_PROTO_IGMP || !mcr_route_group_ok_ipv4(group_be) ||
	    !mcr_route_source_ok_ipv4(source_be) ||
	    !options_ok(ip + MCR_IPV4_HEADER_MIN, ihl - MCR_IPV4_HEADER_MIN))
		return 0;
	p->group = mcr_route_address_ipv4(group_be);
	p->source = mcr_route_address_ipv4(source_be);
	p->len = (uint16_t)len;
	p->header = (uint8_t)ihl;
	p->ttl = ip[8];
	p->is_ipv6 = 0;
	return 1;
}

/* Whether the hop-by-hop options, which every node on the way looks at (RFC 8200 §4), let the
 * packet through, and whether it is anything but MLD, which stands right behind them (RFC 9777 §5).
 * len: of the packet. */
static int is_data_ipv6(const uint8_t *ip, uint32_t in_head, uint32_t len)
{
	uint32_t at = MCR_IPV6_HEADER;
	uint8_t next = ip[6];

	if (next == MCR_IPV6_EXT_HOP_BY_HOP) {
		const uint8_t *p = ip + at;
		uint32_t size;

		if (len - at < MCR_IPV6_EXTENSION_MIN || in_head - at < MCR_IPV6_EXTENSION_MIN)
			return 0;
		size = (p[1] + 1u) * 8;
		if (size > len - at || size > in_head - at || !mcr_ipv6_options_ok(p, size))
			return 0;
		next = p[0];
		at += size;
	}
	if (next != MCR_IPV6_PROTO_ICMP || at == len)
		return 1;
	return at < in_head && !mcr_icmp6_is_mld(ip[at]);
}

/* As look_ipv4. What is longer than the length's two octets no link carries. */
static int look_ipv6(struct mcr_route_packet *p, const uint8_t *ip, uint32_t in_head,
		     uint32_t in_frame)
{
	const uint8_t *source = ip + MCR_IPV6_SOURCE, *group = ip + MCR_IPV6_GROUP;
	uint32_t len;

	if (in_head < MCR_IPV6_HEADER)
		return 0;
	len = MCR_IPV6_HEADER + mcr_load_be16(ip + 4);
	if (ip[0] >> 4 != 6 || len > in_frame || len > UINT16_MAX)
		return 0;
	if (!mcr_route_group_ok_ipv6(group) || !mcr_ipv6_is_host(source) ||
	    (mcr_load16(source) & htobe16(0xffc0)) == htobe16(0xfe80) ||
	    !is_data_ipv6(ip, in_head, len))
		return 0;
	memcpy(&p->group, group, sizeof(p->group));
	memcpy(&p->source, source, sizeof(p->source));
	p->len = (uint16_t)len;
	p->header = MCR_IPV6_HEADER;
	p->ttl = ip[7];
	p->is_ipv6 = 1;
	return 1;
}

static int is_to_a_group(const uint8_t *mac)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	return (mac[0] & 1) != 0 && !mcr_same_mac(mac, all);
}

int mcr_route_look_any(struct mcr_route_packet *p, const uint8_t *head, uint32_t head_len,
		       uint32_t frame_len, uint16_t stripped_vlan, const uint8_t *own_mac)
{
	uint32_t l3 = MCR_ETHER_HEADER;
	unsigned type;

	if (head_len < MCR_ETHER_HEADER || !is_to_a_group(head) || mcr_same_mac(head + 6, own_mac))
		return 0;
	p->vlan = stripped_vlan;
	type = mcr_load_be16(head + 12);
	if (mcr_ether_is_vlan(type) && stripped_vlan == 0 && head_len - l3 >= MCR_VLAN_TAG) {
		p->vlan = mcr_load_be16(head + l3) & MCR_VLAN_VID_MASK;
		type = mcr_load_be16(head + l3 + 2);
		l3 += MCR_VLAN_TAG;
	}
	p->l3_offset = (uint8_t)l3;
	if (type == MCR_ETHER_TYPE_IPV4)
		return look_ipv4(p, head + l3, head_len - l3, frame_len - l3);
	return type == MCR_ETHER_TYPE_IPV6 &&
	       look_ipv6(p, head + l3, head_len - l3, frame_len - l3);
}
