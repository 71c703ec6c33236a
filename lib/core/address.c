/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 is the only family so far: each function here gets a case when another one comes. */
#include "core/address.h"

#include <arpa/inet.h>
#include <errno.h>

_Static_assert(MCR_ADDRESS_TEXT >= INET_ADDRSTRLEN, "the longest text of an address");

int mcr_address_parse(struct mcr_address *out, const char *text, size_t len)
{
	char buf[MCR_ADDRESS_TEXT];
	uint32_t ipv4_be;

	if (len == 0 || len >= sizeof(buf) || memchr(text, 0, len))
		return -EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (inet_pton(AF_INET, buf, &ipv4_be) != 1)
		return -EINVAL;
	*out = mcr_ipv4(ipv4_be);
	return 0;
}

const char *mcr_address_format(char text[MCR_ADDRESS_TEXT], struct mcr_address address)
{
	return inet_ntop(address.family, &address.ipv4_be, text, MCR_ADDRESS_TEXT);
}

int mcr_address_is_unicast(struct mcr_address address)
{
	return mcr_ipv4_is_unicast(address.ipv4_be);
}

int mcr_address_is_host(struct mcr_address address)
{
	return mcr_ipv4_is_host(address.ipv4_be);
}

enum mcr_group_fault mcr_group_fault(struct mcr_address group, enum mcr_filter_mode mode)
{
	if (!mcr_ipv4_is_multicast(group.ipv4_be))
		return MCR_GROUP_NOT_MULTICAST;
	if (!mcr_ipv4_is_ssm(group.ipv4_be))
		return MCR_GROUP_OK;
	if (group.ipv4_be == htobe32(232u << 24))
		return MCR_GROUP_RESERVED;
	return mode == MCR_FILTER_INCLUDE ? MCR_GROUP_OK : MCR_GROUP_NEEDS_SOURCES;
}

void mcr_group_mac(uint8_t mac[6], struct mcr_address group)
{
	static const uint8_t prefix[3] = {MCR_IPV4_GROUP_MAC};
	uint8_t octets[4];

	memcpy(octets, &group.ipv4_be, sizeof(octets));
	memcpy(mac, prefix, sizeof(prefix));
	mac[3] = octets[1] & 0x7f;
	mac[4] = octets[2];
	mac[5] = octets[3];
}
