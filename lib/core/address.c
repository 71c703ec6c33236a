/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 is the only family that mcring receives so far: what the functions here say of an IPv6
 * address is that it is of no use. */
#include "core/address.h"

#include <arpa/inet.h>
#include <errno.h>

_Static_assert(sizeof(struct mcr_address) == 16, "an IPv6 address and nothing else");
_Static_assert(MCR_ADDRESS_TEXT >= INET6_ADDRSTRLEN, "the longest text of an address");

int mcr_address_parse(struct mcr_address *out, const char *text, size_t len)
{
	char buf[MCR_ADDRESS_TEXT];
	struct in6_addr ipv6;
	uint32_t ipv4_be;

	if (len == 0 || len >= sizeof(buf) || memchr(text, 0, len))
		return -EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (inet_pton(AF_INET6, buf, &ipv6) == 1)
		return -EAFNOSUPPORT;
	if (inet_pton(AF_INET, buf, &ipv4_be) != 1)
		return -EINVAL;
	*out = mcr_address_from_ipv4(ipv4_be);
	return 0;
}

const char *mcr_address_format(char text[MCR_ADDRESS_TEXT], struct mcr_address address)
{
	if (mcr_address_is_ipv4(address))
		return inet_ntop(AF_INET, address.octets + 12, text, MCR_ADDRESS_TEXT);
	return inet_ntop(AF_INET6, address.octets, text, MCR_ADDRESS_TEXT);
}

int mcr_address_is_unicast(struct mcr_address address)
{
	return mcr_ipv4_is_unicast(mcr_address_ipv4_be(address));
}

int mcr_address_is_host(struct mcr_address address)
{
	return mcr_ipv4_is_host(mcr_address_ipv4_be(address));
}

enum mcr_group_fault mcr_group_fault(struct mcr_address group, enum mcr_filter_mode mode)
{
	uint32_t group_be = mcr_address_ipv4_be(group);

	if (!mcr_ipv4_is_multicast(group_be))
		return MCR_GROUP_NOT_MULTICAST;
	if (!mcr_ipv4_is_ssm(group_be))
		return MCR_GROUP_OK;
	if (group_be == htobe32(232u << 24))
		return MCR_GROUP_RESERVED;
	return mode == MCR_FILTER_INCLUDE ? MCR_GROUP_OK : MCR_GROUP_NEEDS_SOURCES;
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
	static const uint8_t prefix[3] = {MCR_IPV4_GROUP_MAC};

	memcpy(mac, prefix, sizeof(prefix));
	mac[3] = group.octets[13] & 0x7f;
	mac[4] = group.octets[14];
	mac[5] = group.octets[15];
}
