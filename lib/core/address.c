/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/address.h"

int mcr_address_is_unicast(struct mcr_address address)
{
	if (mcr_address_is_ipv6(address))
		return !mcr_ipv6_is_multicast(address.octets);
	return mcr_ipv4_is_unicast(mcr_address_ipv4_be(address));
}

int mcr_address_is_host(struct mcr_address address)
{
	if (mcr_address_is_ipv6(address))
		return mcr_ipv6_is_host(address.octets);
	return mcr_ipv4_is_host(mcr_address_ipv4_be(address));
}

int mcr_address_is_link_local(struct mcr_address address)
{
	return address.octets[0] == 0xfe && (address.octets[1] & 0xc0) == 0x80;
}

struct mcr_address mcr_address_link_local(const uint8_t mac[6])
{
	return (struct mcr_address){{0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 0x02, mac[1], mac[2],
				     0xff, 0xfe, mac[3], mac[4], mac[5]}};
}

struct mcr_address mcr_address_solicited_node(struct mcr_address address)
{
	struct mcr_address group = {{0xff, 0x02, [11] = 0x01, 0xff}};

	memcpy(group.octets + 13, address.octets + 13, 3);
	return group;
}

int mcr_group_is_link_local(struct mcr_address group)
{
	if (mcr_address_is_ipv4(group))
		return memcmp(group.octets + 12, "\xe0\0", 3) == 0;
	return (group.octets[1] & 0xf) <= 2;
}

static enum mcr_group_fault ipv4_fault(uint32_t group_be, enum mcr_filter_mode mode)
{
	if (!mcr_ipv4_is_multicast(group_be))
		return MCR_GROUP_NOT_MULTICAST;
	if (!mcr_ipv4_is_ssm(group_be))
		return MCR_GROUP_OK;
	if (group_be == htobe32(232u << 24))
		return MCR_GROUP_RESERVED;
	return mode == MCR_FILTER_INCLUDE ? MCR_GROUP_OK : MCR_GROUP_NEEDS_SOURCES;
}

static int is_zero(const uint8_t *octets, size_t n)
{
	while (n > 0 && octets[n - 1] == 0)
		n--;
	return n == 0;
}

static enum mcr_group_fault ipv6_fault(const uint8_t *group, enum mcr_filter_mode mode)
{
	static const uint8_t ssm_none[12] = {[8] = 0x40};
	const unsigned flags = group[1] >> 4, scope = group[1] & 0xf;

	if (!mcr_ipv6_is_multicast(group))
		return MCR_GROUP_NOT_MULTICAST;
	if (scope == 0 || scope == 1 || scope == 15)
		return MCR_GROUP_BAD_SCOPE;
	if (flags == 0 && is_zero(group + 2, 14))
		return MCR_GROUP_RESERVED;
	if (flags != 3 || !is_zero(group + 2, 2))
		return MCR_GROUP_OK;
	if (memcmp(group + 4, ssm_none, sizeof(ssm_none)) == 0)
		return MCR_GROUP_RESERVED;
	return mode == MCR_FILTER_INCLUDE ? MCR_GROUP_OK : MCR_GROUP_NEEDS_SOURCES;
}

enum mcr_group_fault mcr_group_fault(struct mcr_address group, enum mcr_filter_mode mode)
{
	return mcr_address_is_ipv6(group) ? ipv6_fault(group.octets, mode)
					  : ipv4_fault(mcr_address_ipv4_be(group), mode);
}

struct mcr_address mcr_address_plus(struct mcr_address address, uint32_t n)
{
	uint32_t low_be;

	memcpy(&low_be, address.octets + 12, 4);
	low_be = htobe32(be32toh(low_be) + n);
	memcpy(address.octets + 12, &low_be, 4);
	return address;
}

void mcr_group_mac(uint8_t mac[6], struct mcr_address group)
{
	uint64_t number;
	uint32_t last;

	memcpy(&last, group.octets + 12, sizeof(last));
	number = mcr_group_mac_number(last, mcr_address_is_ipv6(group));
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)(number >> 8 * i);
}
