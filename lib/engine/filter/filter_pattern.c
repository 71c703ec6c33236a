/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <string.h>

#include "engine/filter/filter_pattern.h"

/* spec: NULL = any. */
static unsigned add(struct mcr_flow_pattern *p, unsigned n, enum rte_flow_item_type type,
		    const void *spec, const void *mask)
{
	p->items[n] =
	    (struct rte_flow_item){.type = type, .spec = spec, .mask = spec ? mask : NULL};
	return n + 1;
}

static unsigned add_vlan(struct mcr_flow_pattern *p, unsigned n, uint16_t vlan)
{
	p->vlan.tci = htons(vlan);
	p->vlan_mask.tci = RTE_BE16(0x0fff);
	return add(p, n, RTE_FLOW_ITEM_TYPE_VLAN, &p->vlan, &p->vlan_mask);
}

static unsigned add_ipv4(struct mcr_flow_pattern *p, unsigned n, const struct mcr_flow_match *match)
{
	p->ipv4.hdr.dst_addr = mcr_address_ipv4_be(match->group);
	p->ipv4.hdr.src_addr = mcr_address_ipv4_be(match->source);
	p->ipv4_mask.hdr.dst_addr = p->ipv4.hdr.dst_addr ? UINT32_MAX : 0;
	p->ipv4_mask.hdr.src_addr = p->ipv4.hdr.src_addr ? UINT32_MAX : 0;
	if (match->protocol == MCR_FLOW_IGMP) {
		p->ipv4.hdr.next_proto_id = IPPROTO_IGMP;
		p->ipv4_mask.hdr.next_proto_id = UINT8_MAX;
	}
	return add(p, n, RTE_FLOW_ITEM_TYPE_IPV4, &p->ipv4, &p->ipv4_mask);
}

static void fill_ipv6(uint8_t *spec, uint8_t *mask, struct mcr_address address)
{
	memcpy(spec, address.octets, sizeof(address.octets));
	memset(mask, mcr_address_is_none(address) ? 0 : 0xff, sizeof(address.octets));
}

/* It names no next header: the item behind it says what that is, and net_mlx5 refuses extension
 * headers here. */
static unsigned add_ipv6(struct mcr_flow_pattern *p, unsigned n, const struct mcr_flow_match *match)
{
	struct rte_ipv6_hdr *spec = &p->ipv6.hdr, *mask = &p->ipv6_mask.hdr;
	int is_any = mcr_address_is_none(match->group) && mcr_address_is_none(match->source);

	fill_ipv6((uint8_t *)&spec->dst_addr, (uint8_t *)&mask->dst_addr, match->group);
	fill_ipv6((uint8_t *)&spec->src_addr, (uint8_t *)&mask->src_addr, match->source);
	return add(p, n, RTE_FLOW_ITEM_TYPE_IPV6, is_any ? NULL : &p->ipv6, &p->ipv6_mask);
}

static unsigned add_udp(struct mcr_flow_pattern *p, unsigned n, uint16_t udp_port)
{
	p->udp.hdr.dst_port = htons(udp_port);
	p->udp_mask.hdr.dst_port = UINT16_MAX;
	return add(p, n, RTE_FLOW_ITEM_TYPE_UDP, udp_port ? &p->udp : NULL, &p->udp_mask);
}

static unsigned add_icmp6(struct mcr_flow_pattern *p, unsigned n, uint8_t type)
{
	p->icmp6.type = type;
	p->icmp6_mask.type = UINT8_MAX;
	return add(p, n, RTE_FLOW_ITEM_TYPE_ICMP6, type ? &p->icmp6 : NULL, &p->icmp6_mask);
}

static int is_ipv4(const struct mcr_flow_match *match)
{
	return match->protocol == MCR_FLOW_IGMP ||
	       (match->protocol == MCR_FLOW_UDP && mcr_address_is_ipv4(match->group));
}

/* The UDP item is there even when it is empty: without it net_i40e (22.11) matches only what is
 * neither UDP nor TCP nor SCTP. */
void mcr_flow_pattern_fill(struct mcr_flow_pattern *p, const struct mcr_flow_match *match)
{
	unsigned n;

	memset(p, 0, sizeof(*p));
	n = add(p, 0, RTE_FLOW_ITEM_TYPE_ETH, NULL, NULL);
	if (match->vlan != 0)
		n = add_vlan(p, n, match->vlan);
	n = is_ipv4(match) ? add_ipv4(p, n, match) : add_ipv6(p, n, match);
	if (match->protocol == MCR_FLOW_UDP)
		n = add_udp(p, n, match->udp_port);
	else if (match->protocol == MCR_FLOW_ICMP6)
		n = add_icmp6(p, n, match->icmp6_type);
	add(p, n, RTE_FLOW_ITEM_TYPE_END, NULL, NULL);
}

void mcr_flow_pattern_fill_all(struct mcr_flow_pattern *p, int is_ipv6)
{
	static const struct rte_ether_addr ipv4 = {{MCR_IPV4_GROUP_MAC}},
					   ipv6 = {{MCR_IPV6_GROUP_MAC}};
	static const struct rte_ether_addr ipv4_mask = {{0xff, 0xff, 0xff, 0x80}},
					   ipv6_mask = {{0xff, 0xff}};
	unsigned n;

	memset(p, 0, sizeof(*p));
	p->eth.dst = is_ipv6 ? ipv6 : ipv4;
	p->eth_mask.dst = is_ipv6 ? ipv6_mask : ipv4_mask;
	n = add(p, 0, RTE_FLOW_ITEM_TYPE_ETH, &p->eth, &p->eth_mask);
	if (is_ipv6) {
		n = add(p, n, RTE_FLOW_ITEM_TYPE_IPV6, NULL, NULL);
		n = add(p, n, RTE_FLOW_ITEM_TYPE_UDP, NULL, NULL);
	}
	add(p, n, RTE_FLOW_ITEM_TYPE_END, NULL, NULL);
}
