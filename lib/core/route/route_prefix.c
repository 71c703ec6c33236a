/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/route/route_prefix.h"

#include "core/prefix.h"

struct mcr_route_prefix mcr_route_prefix_of(struct mcr_address address, uint8_t len)
{
	const int is_ipv4 = mcr_address_is_ipv4(address);
	struct mcr_address ones;

	memset(ones.octets, 0xff, sizeof(ones.octets));
	return (struct mcr_route_prefix){
	    .net = mcr_route_address_of(mcr_prefix_of(address, len).address),
	    .mask = mcr_route_address_of(
		mcr_prefix_of(ones, (uint8_t)(is_ipv4 ? 96 + len : len)).address),
	    .is_ipv6 = !is_ipv4,
	};
}
