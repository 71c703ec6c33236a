/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses and prefixes of either family as the relay's tables hold them: two words, so that
 * comparing them takes no branch. */
#ifndef MCR_CORE_ROUTE_PREFIX_H
#define MCR_CORE_ROUTE_PREFIX_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include <mcring/address.h>

/* An address of either family as two words, as it stands in memory. */
struct mcr_route_address {
	uint64_t words[2];
};

static inline struct mcr_route_address mcr_route_address_of(struct mcr_address address)
{
	struct mcr_route_address a;

	memcpy(a.words, address.octets, sizeof(a.words));
	return a;
}

static inline struct mcr_address mcr_route_address_back(struct mcr_route_address a)
{
	struct mcr_address address;

	memcpy(address.octets, a.words, sizeof(address.octets));
	return address;
}

/* The same of an IPv4 address. */
static inline struct mcr_route_address mcr_route_address_ipv4(uint32_t address_be)
{
#if __BYTE_ORDER == __LITTLE_ENDIAN
	return (struct mcr_route_address){{0, (uint64_t)address_be << 32 | 0xffff0000u}};
#else
	return (struct mcr_route_address){{0, UINT64_C(0xffff) << 32 | address_be}};
#endif
}

static inline int mcr_route_address_same(struct mcr_route_address a, struct mcr_route_address b)
{
	return ((a.words[0] ^ b.words[0]) | (a.words[1] ^ b.words[1])) == 0;
}

static inline int mcr_route_address_is_ipv4(struct mcr_route_address a)
{
	const struct mcr_route_address first = mcr_route_address_ipv4(0),
				       last = mcr_route_address_ipv4(UINT32_MAX);

	return a.words[0] == 0 &&
	       (a.words[1] & ~(first.words[1] ^ last.words[1])) == first.words[1];
}

/* A prefix in the same form. */
struct mcr_route_prefix {
	struct mcr_route_address net, mask;
	uint8_t is_ipv6; /* no IPv4 address belongs to it, even if its bits say so: ::/0 */
};

/* mcr_route_prefix_of: of a configured prefix or a subnet. len: 0..32 of IPv4, 0..128 of IPv6; bits
 * of the address behind it do not count. */
struct mcr_route_prefix mcr_route_prefix_of(struct mcr_address address, uint8_t len);

static inline int mcr_route_prefix_has(const struct mcr_route_prefix *p, struct mcr_route_address a)
{
	return (((a.words[0] & p->mask.words[0]) ^ p->net.words[0]) |
		((a.words[1] & p->mask.words[1]) ^ p->net.words[1])) == 0 &&
	       !(p->is_ipv6 && mcr_route_address_is_ipv4(a));
}

#endif
