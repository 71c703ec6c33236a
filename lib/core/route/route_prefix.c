/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/route/route_prefix.h"

struct mcr_route_prefix mcr_route_prefix_of(struct mcr_address address, uint8_t len)
{
	const unsigned bits = mcr_address_is_ipv4(address) ? 96u + len : len;
	struct mcr_address mask = {{0}};

	for (unsigned i = 0; i < 16 && 8 * i < bits; i++) {
		const unsigned left = bits - 8 * i;

		mask.octets[i] = left < 8 ? (uint8_t)(0xff00u >> left) : 0xff;
	}
	for (unsigned i = 0; i < 16; i++)
		address.octets[i] &= mask.octets[i];
	return (struct mcr_route_prefix){mcr_route_address_of(address), mcr_route_address_of(mask)};
}
