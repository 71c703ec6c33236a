/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "core/address.h"

#include "frame.h"

static uint8_t *build_ethernet(uint8_t *at, uint32_t group_be, uint16_t vlan,
			       const struct rte_ether_addr *mac)
{
	struct rte_ether_hdr ether = {.src_addr = *mac};
	struct rte_vlan_hdr tag = {rte_cpu_to_be_16(vlan), rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4)};

	mcr_group_mac(ether.dst_addr.addr_bytes, mcr_address_from_ipv4(group_be));
	ether.ether_type = rte_cpu_to_be_16(vlan ? RTE_ETHER_TYPE_VLAN : RTE_ETHER_TYPE_IPV4);
	memcpy(at, &ether, sizeof(ether));
	at += sizeof(ether);
	if (!vlan)
		return at;
	memcpy(at, &tag, sizeof(tag));
	return at + sizeof(tag);
}

/* Sum of the pattern's octets behind the stamp, as 16-bit words. */
static uint32_t pattern_sum(uint32_t len)
{
	uint8_t payload[FRAME_PAYLOAD_MAX];

	probe_fill(payload, len);
	return __rte_raw_cksum(payload + PROBE_MIN_BYTES, len - PROBE_MIN_BYTES, 0);
}

static void build_flow(struct frame_flow *flow, const struct mcr_join *join,
		       const struct frame_plan *plan, const struct rte_ether_addr *mac)
{
	uint16_t udp_len = (uint16_t)(sizeof(struct rte_udp_hdr) + plan->size);
	struct rte_ipv4_hdr ip = {
	    .version_ihl = RTE_IPV4_VHL_DEF,
	    .total_length = rte_cpu_to_be_16((uint16_t)(sizeof(ip) + udp_len)),
	    .fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
	    .time_to_live = 16,
	    .next_proto_id = IPPROTO_UDP,
	    .src_addr = join->n_sources ? mcr_address_ipv4_be(join->sources[0]) : plan->source_be,
	    .dst_addr = mcr_address_ipv4_be(join->group),
	};
	flow->group_be = ip.dst_addr;
	flow->udp_port = join->port ? join->port : plan->udp_port;

	struct rte_udp_hdr udp = {
	    .src_port = rte_cpu_to_be_16(plan->udp_port),
	    .dst_port = rte_cpu_to_be_16(flow->udp_port),
	    .dgram_len = rte_cpu_to_be_16(udp_len),
	};
	uint8_t *at = build_ethernet(flow->header, ip.dst_addr, plan->vlan, mac);

	ip.hdr_checksum = rte_ipv4_cksum(&ip);
	memcpy(at, &ip, sizeof(ip));
	memcpy(at + sizeof(ip), &udp, sizeof(udp));
	flow->sum = __rte_raw_cksum(&udp, sizeof(udp), rte_ipv4_phdr_cksum(&ip, 0)) +
		    pattern_sum(plan->size);
}

int frames_create(struct frames *frames, const struct frame_plan *plan,
		  const struct rte_ether_addr *mac)
{
	size_t n = plan->flows.n;

	frames->flows = calloc(n, sizeof(*frames->flows));
	if (!frames->flows)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		build_flow(&frames->flows[i], &plan->flows.items[i], plan, mac);
	frames->n_flows = n;
	frames->header_len =
	    (uint32_t)(FRAME_HEADER_MAX - (plan->vlan ? 0 : sizeof(struct rte_vlan_hdr)));
	frames->frame_len = frames->header_len + plan->size;
	return 0;
}

void frames_destroy(struct frames *frames)
{
	free(frames->flows);
	*frames = (struct frames){0};
}
