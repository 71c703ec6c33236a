/* SPDX-License-Identifier: BSD-3-Clause */
/* Which IPv4 addresses a host can have. */
#ifndef MCR_CORE_HOST_ADDRESS_H
#define MCR_CORE_HOST_ADDRESS_H

#include <arpa/inet.h>
#include <stdint.h>

/* mcr_host_address_ok: not of 0.0.0.0/8, 127.0.0.0/8, multicast or beyond (RFC 1122 §3.2.1.3), so
 * that no packet on the wire may have it as its source. */
static inline int mcr_host_address_ok(uint32_t address_be)
{
	uint32_t top = ntohl(address_be) >> 24;

	return top != 0 && top != 127 && top < 224;
}

#endif
