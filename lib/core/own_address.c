/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/own_address.h"

#include "core/address.h"
#include "core/prefix.h"

static enum mcr_own_address_fault fault_ipv4(struct mcr_address address, unsigned prefix_len)
{
	const uint32_t address_be = mcr_address_ipv4_be(address);

	if (be32toh(address_be) >> 28 == 0xe)
		return MCR_OWN_ADDRESS_MULTICAST;
	if (be32toh(address_be) >> 24 == 127)
		return MCR_OWN_ADDRESS_LOOPBACK;
	if (!mcr_ipv4_is_host(address_be))
		return MCR_OWN_ADDRESS_NO_HOST;
	if (prefix_len == 0 || prefix_len > 30)
		return MCR_OWN_ADDRESS_OK;
	if ((be32toh(address_be) & UINT32_MAX >> prefix_len) == 0)
		return MCR_OWN_ADDRESS_NETWORK;
	if (address_be == mcr_ipv4_broadcast(address_be, prefix_len))
		return MCR_OWN_ADDRESS_BROADCAST;
	return MCR_OWN_ADDRESS_OK;
}

static enum mcr_own_address_fault fault_ipv6(struct mcr_address address, unsigned prefix_len)
{
	static const struct mcr_address loopback = {{[15] = 1}};

	if (mcr_ipv6_is_multicast(address.octets))
		return MCR_OWN_ADDRESS_MULTICAST;
	if (mcr_address_is_equal(address, loopback))
		return MCR_OWN_ADDRESS_LOOPBACK;
	if (!mcr_address_is_host(address))
		return MCR_OWN_ADDRESS_NO_HOST;
	if (prefix_len > 0 && prefix_len <= 126 &&
	    mcr_address_is_equal(mcr_prefix_of(address, (uint8_t)prefix_len).address, address))
		return MCR_OWN_ADDRESS_ROUTERS;
	return MCR_OWN_ADDRESS_OK;
}

enum mcr_own_address_fault mcr_own_address_fault(struct mcr_address address, unsigned prefix_len)
{
	if (mcr_address_is_none(address))
		return MCR_OWN_ADDRESS_NO_HOST;
	return mcr_address_is_ipv4(address) ? fault_ipv4(address, prefix_len)
					    : fault_ipv6(address, prefix_len);
}
