/* SPDX-License-Identifier: BSD-3-Clause */
/* Which IPv4 addresses a host can have, and which of them can send. Network order. */
#ifndef MCR_CORE_ADDRESS_H
#define MCR_CORE_ADDRESS_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* mcr_host_address_ok: not of 0.0.0.0/8, 127.0.0.0/8, multicast or beyond (RFC 1122 §3.2.1.3, RFC
 * 1112 §4 and §7.2), so that no packet on the wire may have it as its source. */
static inline int mcr_host_address_ok(uint32_t address_be)
{
	uint8_t top; /* by its octet: the rx loop asks this of each packet */

	memcpy(&top, &address_be, sizeof(top));
	return (uint8_t)(top - 1) < 223 && top != 127;
}

/* mcr_sender_ok: whether a datagram to the group may come from this source. A host that still looks
 * for its address is 0.0.0.0 or {0, host}, and may only speak to its own link then: 224.0.0.0/24,
 * as the kernel has it. */
static inline int mcr_sender_ok(uint32_t source_be, uint32_t group_be)
{
	return mcr_host_address_ok(source_be) ||
	       (be32toh(source_be) >> 24 == 0 && be32toh(group_be) >> 8 == 0xe00000);
}

/* mcr_broadcast_address: the subnet's own, which no host can have either; that of all when it has
 * none (no address, a /32, RFC 3021's /31). */
static inline uint32_t mcr_broadcast_address(uint32_t address_be, unsigned prefix_len)
{
	if (address_be == 0 || prefix_len == 0 || prefix_len > 30)
		return UINT32_MAX;
	return address_be | htobe32(UINT32_MAX >> prefix_len);
}

#endif
