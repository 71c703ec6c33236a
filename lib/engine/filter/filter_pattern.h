/* SPDX-License-Identifier: BSD-3-Clause */
/* What a flow rule matches, as rte_flow wants to be told. */
#ifndef MCR_ENGINE_FILTER_PATTERN_H
#define MCR_ENGINE_FILTER_PATTERN_H

#include <stdint.h>

#include <rte_flow.h>

#include "core/address.h"

/* What is behind the IP header. */
enum mcr_flow_protocol {
	MCR_FLOW_UDP,
	MCR_FLOW_IGMP,
	MCR_FLOW_ICMP6,
};

struct mcr_flow_match {
	struct mcr_address group, source; /* none = any */
	uint16_t vlan;                    /* 0 = not looked at */
	uint16_t udp_port;                /* 0 = any */
	uint8_t icmp6_type;               /* 0 = any */
	uint8_t protocol;                 /* enum mcr_flow_protocol */
};

struct mcr_flow_pattern {
	struct rte_flow_item items[5];
	struct rte_flow_item_eth eth, eth_mask;
	struct rte_flow_item_vlan vlan, vlan_mask;
	struct rte_flow_item_ipv4 ipv4, ipv4_mask;
	struct rte_flow_item_ipv6 ipv6, ipv6_mask;
	struct rte_flow_item_udp udp, udp_mask;
	struct rte_flow_item_icmp6 icmp6, icmp6_mask;
};

/* mcr_flow_pattern_fill makes `eth [vlan] ipv4|ipv6 [udp|icmp6]` of a match. The items point into
 * p, which must stay where it is. Thread: any. */
void mcr_flow_pattern_fill(struct mcr_flow_pattern *p, const struct mcr_flow_match *match);

/* mcr_flow_pattern_fill_all: what stands in for all-multicast in one family: every IPv4 multicast
 * frame, or every IPv6 multicast datagram of UDP. What else comes to IPv6 multicast addresses is
 * neighbour discovery, without which the kernel could not speak IPv6 on the port. */
void mcr_flow_pattern_fill_all(struct mcr_flow_pattern *p, int is_ipv6);

#endif
