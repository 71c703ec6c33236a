/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "core/address.h"

#include "frame.h"

#define TTL 16 /* and hop limit */

/* Of flows that name none: RFC 5737's and RFC 3849's, for documentation. */
static const struct mcr_address sources[2] = {
    {{[10] = 0xff, 0xff, 192, 0, 2, 1}},
    {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
};

static uint8_t *put(uint8_t *at, const void *header, size_t len)
{
	memcpy(at, header, len);
	return at + len;
}

static uint8_t *put_ethernet(uint8_t *at, struct mcr_address group, uint16_t vlan,
			     const struct rte_ether_addr *mac)
{
	const uint16_t type =
	    mcr_address_is_ipv4(group) ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6;
	const struct rte_vlan_hdr tag = {rte_cpu_to_be_16(vlan), rte_cpu_to_be_16(type)};
	struct rte_ether_hdr ether = {.src_addr = *mac};

	mcr_group_mac(ether.dst_addr.addr_bytes, group);
	ether.ether_type = rte_cpu_to_be_16(vlan ? RTE_ETHER_TYPE_VLAN : type);
	at = put(at, &ether, sizeof(ether));
	return vlan ? put(at, &tag, sizeof(tag)) : at;
}

/* Puts the header of a datagram of udp_len octets, and adds that of its pseudo header to *sum. */
static uint8_t *put_ipv4(uint8_t *at, struct mcr_address source, struct mcr_address group,
			 uint16_t udp_len, uint32_t *sum)
{
	struct rte_ipv4_hdr ip = {
	    .version_ihl = RTE_IPV4_VHL_DEF,
	    .total_length = rte_cpu_to_be_16((uint16_t)(sizeof(ip) + udp_len)),
	    .fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
	    .time_to_live = TTL,
	    .next_proto_id = IPPROTO_UDP,
	    .src_addr = mcr_address_ipv4_be(source),
	    .dst_addr = mcr_address_ipv4_be(group),
	};

	ip.hdr_checksum = rte_ipv4_cksum(&ip);
	*sum += rte_ipv4_phdr_cksum(&ip, 0);
	return put(at, &ip, sizeof(ip));
}

static uint8_t *put_ipv6(uint8_t *at, struct mcr_address source, struct mcr_address group,
			 uint16_t udp_len, uint32_t *sum)
{
	struct rte_ipv6_hdr ip = {
	    .vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28),
	    .payload_len = rte_cpu_to_be_16(udp_len),
	    .proto = IPPROTO_UDP,
	    .hop_limits = TTL,
	};

	memcpy(&ip.src_addr, source.octets, sizeof(source.octets));
	memcpy(&ip.dst_addr, group.octets, sizeof(group.octets));
	*sum += rte_ipv6_phdr_cksum(&ip, 0);
	return put(at, &ip, sizeof(ip));
}

/* Sum of the pattern's octets behind the stamp, as 16-bit words. */
static uint32_t pattern_sum(uint32_t len)
{
	uint8_t payload[FRAME_PAYLOAD_MAX];

	probe_fill(payload, len);
	return __rte_raw_cksum(payload + PROBE_MIN_BYTES, len - PROBE_MIN_BYTES, 0);
}

static struct mcr_address source_of(const struct mcr_join *join, const struct frame_plan *plan)
{
	const int is_ipv6 = !mcr_address_is_ipv4(join->group);

	if (join->n_sources)
		return join->sources[0];
	return mcr_address_is_none(plan->sources[is_ipv6]) ? sources[is_ipv6]
							   : plan->sources[is_ipv6];
}

static void build_flow(struct frame_flow *flow, const struct mcr_join *join,
		       const struct frame_plan *plan, const struct rte_ether_addr *mac)
{
	const struct mcr_address source = source_of(join, plan);
	const uint16_t udp_len = (uint16_t)(sizeof(struct rte_udp_hdr) + plan->size);
	struct rte_udp_hdr udp = {
	    .src_port = rte_cpu_to_be_16(plan->udp_port),
	    .dgram_len = rte_cpu_to_be_16(udp_len),
	};
	uint8_t *at = put_ethernet(flow->header, join->group, plan->vlan, mac);

	flow->group = join->group;
	flow->udp_port = join->port ? join->port : plan->udp_port;
	flow->sum = pattern_sum(plan->size);
	at = mcr_address_is_ipv4(join->group)
		 ? put_ipv4(at, source, join->group, udp_len, &flow->sum)
		 : put_ipv6(at, source, join->group, udp_len, &flow->sum);
	udp.dst_port = rte_cpu_to_be_16(flow->udp_port);
	at = put(at, &udp, sizeof(udp));
	flow->sum = __rte_raw_cksum(&udp, sizeof(udp), flow->sum);
	flow->header_len = (uint32_t)(at - flow->header);
}

int frames_create(struct frames *frames, const struct frame_plan *plan,
		  const struct rte_ether_addr *mac)
{
	size_t n = plan->flows.n;

	frames->flows = calloc(n, sizeof(*frames->flows));
	if (!frames->flows)
		return -ENOMEM;
	frames->header_max = 0;
	for (size_t i = 0; i < n; i++) {
		build_flow(&frames->flows[i], &plan->flows.items[i], plan, mac);
		frames->header_max = RTE_MAX(frames->header_max, frames->flows[i].header_len);
	}
	frames->n_flows = n;
	frames->frame_max = frames->header_max + plan->size;
	return 0;
}

void frames_destroy(struct frames *frames)
{
	free(frames->flows);
	*frames = (struct frames){0};
}
