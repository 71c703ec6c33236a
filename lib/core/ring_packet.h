/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet's way into a ring: what its record takes from the packet as it is. */
#ifndef MCR_CORE_RING_PACKET_H
#define MCR_CORE_RING_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "core/parse.h"
#include "core/ring.h"

#define MCR_SAME_PLACE(field, of_packet) \
	(offsetof(struct mcr_record, field) - 16 == offsetof(struct mcr_packet, of_packet))
_Static_assert(MCR_SAME_PLACE(group_be, group_be) && MCR_SAME_PLACE(source_be, source_be) &&
		   MCR_SAME_PLACE(port, port) && MCR_SAME_PLACE(source_port, source_port) &&
		   MCR_SAME_PLACE(len, payload_len) && MCR_SAME_PLACE(vlan_kind, vlan) &&
		   MCR_SAME_PLACE(ttl, ttl) && MCR_SAME_PLACE(traffic_class, traffic_class),
	       "a packet's words are those of its record");

#define MCR_IPV6_EXTRAS 32u /* octets that a message of IPv6 has before its payload */

/* mcr_ring_put_addresses stores those of an IPv6 packet, group first. ip: its header. The source by
 * words, as it crosses the end of the record's first line. */
static inline void mcr_ring_put_addresses(uint8_t *to, const uint8_t *ip)
{
	uint64_t *source = (uint64_t *)(void *)(to + 16);

	mcr_ring_copy16(to, ip + MCR_IPV6_GROUP);
	mcr_ring_store(source, 0, mcr_load64(ip + MCR_IPV6_SOURCE));
	mcr_ring_store(source, 1, mcr_load64(ip + MCR_IPV6_SOURCE + 8));
}

#endif
