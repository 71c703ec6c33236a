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

#define FRAME_PAYLOAD_MAX (9000 - sizeof(struct rte_ipv4_hdr) - sizeof(struct rte_udp_hdr))
#define FRAME_HEADER_MAX                                              \
	(sizeof(struct rte_ether_hdr) + sizeof(struct rte_vlan_hdr) + \
	 sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr))

/* What the frames carry. */
struct frame_plan {
	struct mcr_join_list flows; /* one flow per group and UDP port; the owner clears the list */
	uint32_t source_be;         /* of flows that name no source */
	uint16_t udp_port;          /* of flows that name no port */
	uint16_t vlan;              /* 0 = untagged */
	uint32_t size;              /* octets of payload, PROBE_MIN_BYTES to FRAME_PAYLOAD_MAX */
};

struct frame_flow {
	uint8_t header[FRAME_HEADER_MAX]; /* Ethernet to UDP; the UDP checksum is still 0 */
	uint32_t sum;                     /* of pseudo header, UDP header and pattern, not folded */
	uint32_t group_be;
	uint16_t udp_port;
};

struct frames {
	struct frame_flow *flows;
	uint64_t n_flows;
	uint32_t header_len, frame_len;
};

/* frames_create builds the flows' headers. Returns 0 or -ENOMEM. */
int frames_create(struct frames *frames, const struct frame_plan *plan,
		  const struct rte_ether_addr *mac);
void frames_destroy(struct frames *frames);

/* frames_write makes datagram number `index` (from 0, over all flows in turn) of a buffer that
 * holds frame_len octets with the pattern already in place. */
static inline void frames_write(const struct frames *frames, uint8_t *frame, uint64_t index,
				uint64_t now_ns)
{
	const struct frame_flow *flow = &frames->flows[index % frames->n_flows];
	uint8_t *payload = frame + frames->header_len;
	uint16_t checksum;

	memcpy(frame, flow->header, frames->header_len);
	probe_stamp(payload, index / frames->n_flows + 1, now_ns);
	checksum =
	    (uint16_t)~__rte_raw_cksum_reduce(__rte_raw_cksum(payload, PROBE_MIN_BYTES, flow->sum));
	if (checksum == 0)
		checksum = 0xffff; /* RFC 768: 0 would mean that there is none */
	memcpy(payload - sizeof(checksum), &checksum, sizeof(checksum));
}

#endif
