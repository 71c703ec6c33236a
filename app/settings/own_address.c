/* SPDX-License-Identifier: BSD-3-Clause */
/* mcr_value_address of values.h: what is mostly written in its place, and what to write. */
#include "core/own_address.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "core/prefix.h"
#include "settings/fail.h"
#include "settings/values.h"

static int wrong(struct mcr_error *err, const char *text, const char *is, const char *expected)
{
	return mcr_fail(err, -EINVAL, "'%.64s' %s: expected %s", text, is, expected);
}

/* What cannot be read as ADDRESS/LEN. */
static int no_address(const char *text, int is_ipv6, struct mcr_error *err)
{
	return mcr_fail(err, -EINVAL,
			"'%.64s': expected a unicast %s address with its prefix length, such as %s",
			text, is_ipv6 ? "IPv6" : "IPv4",
			is_ipv6 ? "2001:db8::3/64; a link-local address makes itself"
				: "10.1.2.3/24");
}

/* Returns the length that a netmask stands for, or 0. */
static unsigned bits_of(const char *text)
{
	struct mcr_address mask;
	uint32_t bits;

	if (mcr_address_parse(&mask, text, strlen(text)) < 0 || mcr_address_is_ipv6(mask))
		return 0;
	bits = be32toh(mcr_address_ipv4_be(mask));
	return bits == 0 || (~bits & (~bits + 1)) != 0 ? 0
						       : (unsigned)(32 - __builtin_popcount(~bits));
}

static int bad_length(const char *text, const char *slash, struct mcr_address address,
		      struct mcr_error *err)
{
	char own[MCR_ADDRESS_TEXT], expected[MCR_ADDRESS_TEXT + 32];
	unsigned bits = slash ? bits_of(slash + 1) : 0;

	mcr_address_format(own, address);
	if (bits > 0) {
		snprintf(expected, sizeof(expected), "%s/%u", own, bits);
		return wrong(err, text, "has a netmask", expected);
	}
	if (!slash) {
		snprintf(expected, sizeof(expected), "it as in %s/%u", own,
			 mcr_address_is_ipv4(address) ? 24u : 64u);
		return wrong(err, text, "has no prefix length", expected);
	}
	snprintf(expected, sizeof(expected), "a number from 1 to %u behind the '/'",
		 mcr_prefix_len_max(address));
	return wrong(err, text, "has no such prefix length", expected);
}

/* The first address of the subnet that a host can have, with its length. */
static const char *first_host(char buf[MCR_PREFIX_TEXT], struct mcr_address address, uint8_t len)
{
	struct mcr_prefix p = mcr_prefix_of(address, len);

	p.address = mcr_address_plus(p.address, 1);
	return mcr_prefix_format(buf, p);
}

static int check_host(const char *text, struct mcr_address address, uint8_t len,
		      struct mcr_error *err)
{
	char first[MCR_PREFIX_TEXT], expected[MCR_PREFIX_TEXT + 40];

	snprintf(expected, sizeof(expected), "this host's own in it, such as %s",
		 first_host(first, address, len));
	switch (mcr_own_address_fault(address, len)) {
	case MCR_OWN_ADDRESS_OK:
		break;
	case MCR_OWN_ADDRESS_MULTICAST:
		return wrong(err, text, "is a group",
			     "the address of this host; groups are joined (--join)");
	case MCR_OWN_ADDRESS_LOOPBACK:
		return wrong(err, text, "never leaves a host", "its address on the LAN");
	case MCR_OWN_ADDRESS_NO_HOST:
		return wrong(err, text, "is no host's", "an address of the LAN, or none at all");
	case MCR_OWN_ADDRESS_NETWORK:
		return wrong(err, text, "is the address of the network", expected);
	case MCR_OWN_ADDRESS_BROADCAST:
		return wrong(err, text, "is the network's broadcast address", expected);
	case MCR_OWN_ADDRESS_ROUTERS:
		return wrong(err, text, "is the address of the network's routers (RFC 4291, 2.6.1)",
			     expected);
	}
	if (mcr_address_is_link_local(address))
		return no_address(text, 1, err);
	return 0;
}

int mcr_value_address(struct mcr_address *out, uint8_t *prefix_len, const char *text, int is_ipv6,
		      struct mcr_error *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct mcr_address address;
	uint64_t bits = 0;
	int ret;

	if (text[0] == '[' && len > 2 && text[len - 1] == ']' &&
	    mcr_address_parse(&address, text + 1, len - 2) == 0)
		return wrong(err, text, "has brackets", "the address without them");
	if (mcr_address_parse(&address, text, len) < 0)
		return no_address(text, is_ipv6, err);
	if (mcr_address_is_ipv4(address) == is_ipv6)
		return is_ipv6
			   ? wrong(err, text, "is an IPv4 address", "an IPv6 one (IPv4: address)")
			   : wrong(err, text, "is an IPv6 address", "an IPv4 one (IPv6: address6)");
	if (!slash || mcr_value_uint(&bits, slash + 1, 1, mcr_prefix_len_max(address), NULL) < 0)
		return bad_length(text, slash, address, err);
	ret = check_host(text, address, (uint8_t)bits, err);
	if (ret < 0)
		return ret;
	*out = address;
	*prefix_len = (uint8_t)bits;
	return 0;
}
