/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses as text: all that the client library needs of core/address.h. */
#include "core/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

_Static_assert(sizeof(struct mcr_address) == 16, "an IPv6 address and nothing else");
_Static_assert(MCR_ADDRESS_TEXT >= INET6_ADDRSTRLEN, "the longest text of an address");

int mcr_address_parse_mapped(struct mcr_address *out, const char *text, size_t len)
{
	char buf[MCR_ADDRESS_TEXT];
	struct mcr_address ipv6;
	uint32_t ipv4_be;

	if (len == 0 || len >= sizeof(buf) || memchr(text, 0, len))
		return -EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (inet_pton(AF_INET, buf, &ipv4_be) == 1)
		*out = mcr_address_from_ipv4(ipv4_be);
	else if (inet_pton(AF_INET6, buf, ipv6.octets) == 1)
		*out = ipv6;
	else
		return -EINVAL;
	return 0;
}

int mcr_address_parse(struct mcr_address *out, const char *text, size_t len)
{
	struct mcr_address address;

	if (mcr_address_parse_mapped(&address, text, len) != 0 ||
	    (mcr_address_is_ipv4(address) && memchr(text, ':', len)))
		return -EINVAL;
	*out = address;
	return 0;
}

/* inet_ntop writes what RFC 5952 §4 wants, but for ::a.b.c.d: that form is for prefixes that are
 * known to hold IPv4 addresses (§5), and IPv4-compatible ones are no more (RFC 4291 §2.5.5.1). */
const char *mcr_address_format(char text[MCR_ADDRESS_TEXT], struct mcr_address address)
{
	static const uint8_t zeros[12];
	const uint8_t *low = address.octets + sizeof(zeros);

	if (mcr_address_is_ipv4(address))
		return inet_ntop(AF_INET, low, text, MCR_ADDRESS_TEXT);
	if (memcmp(address.octets, zeros, sizeof(zeros)) != 0 || (low[0] == 0 && low[1] == 0))
		return inet_ntop(AF_INET6, address.octets, text, MCR_ADDRESS_TEXT);
	snprintf(text, MCR_ADDRESS_TEXT, "::%x:%x", low[0] << 8 | low[1], low[2] << 8 | low[3]);
	return text;
}

const char *mcr_address_format_bracketed(char text[MCR_ADDRESS_BRACKETED],
					 struct mcr_address address)
{
	char bare[MCR_ADDRESS_TEXT];

	snprintf(text, MCR_ADDRESS_BRACKETED, mcr_address_is_ipv6(address) ? "[%s]" : "%s",
		 mcr_address_format(bare, address));
	return text;
}
