/* SPDX-License-Identifier: BSD-3-Clause */
/* The walk over the extension headers of an IPv6 packet, within bounds (RFC 8200 §4): for the
 * parser and for MLD. Pure. Thread: any. */
#ifndef MCR_CORE_IPV6_WALK_H
#define MCR_CORE_IPV6_WALK_H

#include <stdint.h>

#include "core/drop.h"
#include "core/parse.h"

#define MCR_IPV6_EXTENSION_MIN  8u
#define MCR_IPV6_EXTENSIONS_MAX 8u /* of a packet; real ones have one or two */

enum {
	MCR_IPV6_EXT_HOP_BY_HOP = 0,
	MCR_IPV6_EXT_ROUTING = 43,
	MCR_IPV6_EXT_FRAGMENT = 44,
	MCR_IPV6_EXT_DESTINATION = 60,
};

/* Where the walk over a packet's extension headers is. */
struct mcr_ipv6_walk {
	const uint8_t *ip;
	uint32_t at, end; /* octets from ip: the next header, the packet's end */
	uint32_t in_head; /* octets from ip that can be looked at; at is beyond neither */
	uint8_t next;     /* what stands at `at`: a protocol number */
};

/* Whether all options are known or may be skipped (RFC 8200 §4.2). Jumbo payloads may not (RFC
 * 2675), nor is there a home address here (RFC 6275). */
static inline int mcr_ipv6_options_ok(const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 2; i < len;) {
		if (p[i] == 0) { /* Pad1 */
			i++;
			continue;
		}
		if (len - i < 2 || p[i + 1] > len - i - 2 || p[i] >> 6 != 0)
			return 0;
		i += 2u + p[i + 1];
	}
	return 1;
}

/* Whether the header at p, of len octets, lets the packet through: MCR_DROP_COUNT, or the reason
 * why it does not. */
static inline enum mcr_drop mcr_ipv6_judge_extension(uint8_t type, const uint8_t *p, uint32_t len,
						     int first)
{
	switch (type) {
	case MCR_IPV6_EXT_HOP_BY_HOP:
		return first && mcr_ipv6_options_ok(p, len) ? MCR_DROP_COUNT
							    : MCR_DROP_BAD_IP_HEADER;
	case MCR_IPV6_EXT_DESTINATION:
		return mcr_ipv6_options_ok(p, len) ? MCR_DROP_COUNT : MCR_DROP_BAD_IP_HEADER;
	case MCR_IPV6_EXT_ROUTING: /* we are no hop of its route (RFC 8200 §4.4) */
		return p[3] == 0 ? MCR_DROP_COUNT : MCR_DROP_BAD_IP_HEADER;
	default: /* a fragment, unless it is all of the packet (RFC 6946) */
		return mcr_load_be16(p + 2) & 0xfff9 ? MCR_DROP_FRAGMENT : MCR_DROP_COUNT;
	}
}

static inline int mcr_ipv6_is_extension(uint8_t type)
{
	return type == MCR_IPV6_EXT_HOP_BY_HOP || type == MCR_IPV6_EXT_ROUTING ||
	       type == MCR_IPV6_EXT_FRAGMENT || type == MCR_IPV6_EXT_DESTINATION;
}

/* mcr_ipv6_walk_extensions steps over the extension headers: hop-by-hop only as the first, routing
 * without segments left, destination options, atomic fragments. Returns MCR_DROP_COUNT, or the
 * reason to drop the packet. */
static inline enum mcr_drop mcr_ipv6_walk_extensions(struct mcr_ipv6_walk *w)
{
	for (unsigned n = 0; mcr_ipv6_is_extension(w->next); n++) {
		const uint8_t *p = w->ip + w->at;
		enum mcr_drop reason;
		uint32_t len;

		if (n == MCR_IPV6_EXTENSIONS_MAX || w->end - w->at < MCR_IPV6_EXTENSION_MIN)
			return MCR_DROP_BAD_IP_HEADER;
		if (w->at + MCR_IPV6_EXTENSION_MIN > w->in_head)
			return MCR_DROP_TRUNCATED;
		len = w->next == MCR_IPV6_EXT_FRAGMENT ? MCR_IPV6_EXTENSION_MIN : (p[1] + 1u) * 8;
		if (len > w->end - w->at)
			return MCR_DROP_BAD_IP_HEADER;
		if (w->at + len > w->in_head)
			return MCR_DROP_TRUNCATED;
		reason = mcr_ipv6_judge_extension(w->next, p, len, n == 0);
		if (reason != MCR_DROP_COUNT)
			return reason;
		w->next = p[0];
		w->at += len;
	}
	return MCR_DROP_COUNT;
}

#endif
