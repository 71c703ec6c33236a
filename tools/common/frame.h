/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP multicast frames that are fast to make: one prebuilt header per flow, a payload pattern that
 * all share, and a checksum that only has to add the 16 octets that change. */
#ifndef MCR_TOOLS_FRAME_H
#define MCR_TOOLS_FRAME_H

#include <stdint.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include <mcring/join.h>

#include "probe.h"

#define FRAME_MTU 9000
#define FRAME_PAYLOAD_MAX \
	(FRAME_MTU - sizeof(struct rte_ipv4_hdr) - sizeof(struct rte_udp_hdr)) /* over IPv4 */
#define FRAME_IPV6_MORE (sizeof(struct rte_ipv6_hdr) - sizeof(struct rte_ipv4_hdr))
#define FRAME_HEADER_MAX                                              \
	(sizeof(struct rte_ether_hdr) + sizeof(struct rte_vlan_hdr) + \
	 sizeof(struct rte_ipv6_hdr) + sizeof(struct rte_udp_hdr))

/* What the frames carry. */
struct frame_plan {
	struct mcr_join_list flows; /* one flow per group and UDP port; the owner clears the list */
	struct mcr_address sources[2]; /* of flows that name none: IPv4, IPv6; none: 192.0.2.1,
					* 2001:db8::1 */
	uint16_t udp_port;             /* of flows that name no port */
	uint16_t vlan;                 /* 0 = untagged */
	uint32_t size; /* octets of payload, from PROBE_MIN_BYTES up to FRAME_PAYLOAD_MAX, with an
			* IPv6 group FRAME_IPV6_MORE less */
};

struct frame_flow {
	uint8_t header[FRAME_HEADER_MAX]; /* Ethernet to UDP; the UDP checksum is still 0 */
	uint32_t header_len;
	uint32_t sum; /* of pseudo header, UDP header and pattern, not folded */
	struct mcr_address group;
	uint16_t udp_port;
};

struct frames {
	struct frame_flow *flows;
	uint64_t n_flows;
	uint32_t header_max, frame_max; /* octets; all flows of a family have as many */
};

/* frames_create builds the flows' headers. Returns 0 or -ENOMEM. */
int frames_create(struct frames *frames, const struct frame_plan *plan,
		  const struct rte_ether_addr *mac);
void frames_destroy(struct frames *frames);

/* frames_write makes datagram number `index` (from 0, over all flows in turn) around a payload of
 * the plan's size that has the pattern already. In front of it are header_max octets, of which the
 * flow's header takes the last. Returns where the frame begins. */
static inline uint8_t *frames_write(const struct frames *frames, uint8_t *payload, uint64_t index,
				    uint64_t now_ns)
{
	const struct frame_flow *flow = &frames->flows[index % frames->n_flows];
	uint8_t *frame = payload - flow->header_len;
	uint16_t checksum;

	memcpy(frame, flow->header, flow->header_len);
	probe_stamp(payload, index / frames->n_flows + 1, now_ns);
	checksum =
	    (uint16_t)~__rte_raw_cksum_reduce(__rte_raw_cksum(payload, PROBE_MIN_BYTES, flow->sum));
	if (checksum == 0)
		checksum = 0xffff; /* RFC 768: 0 would mean that there is none */
	memcpy(payload - sizeof(checksum), &checksum, sizeof(checksum));
	return frame;
}

#endif
