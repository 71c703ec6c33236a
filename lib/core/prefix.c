/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/prefix.h"

#define IPV4_BIT 96 /* where an IPv4 address begins in a struct mcr_address */

/* Bits of the octets that a range says. */
static unsigned bits_of(struct mcr_prefix p)
{
	return mcr_address_is_ipv4(p.address) ? IPV4_BIT + p.len : p.len;
}

static int same_bits(struct mcr_address a, struct mcr_address b, unsigned n)
{
	const unsigned whole = n / 8, rest = n % 8;

	return memcmp(a.octets, b.octets, whole) == 0 &&
	       (rest == 0 || (a.octets[whole] ^ b.octets[whole]) >> (8 - rest) == 0);
}

uint8_t mcr_prefix_len_max(struct mcr_address address)
{
	return mcr_address_is_ipv4(address) ? 32 : 128;
}

struct mcr_prefix mcr_prefix_of(struct mcr_address address, uint8_t len)
{
	struct mcr_prefix p = {address, len};
	const unsigned n = bits_of(p);

	for (unsigned i = n / 8; i < sizeof(address.octets); i++)
		p.address.octets[i] &= (uint8_t)(i == n / 8 ? 0xff00u >> n % 8 : 0);
	return p;
}

int mcr_prefix_is_equal(struct mcr_prefix a, struct mcr_prefix b)
{
	return a.len == b.len && mcr_address_is_equal(a.address, b.address);
}

int mcr_prefix_has(struct mcr_prefix prefix, struct mcr_address address)
{
	return mcr_address_is_ipv4(prefix.address) == mcr_address_is_ipv4(address) &&
	       same_bits(prefix.address, address, bits_of(prefix));
}

int mcr_prefix_is_within(struct mcr_prefix inner, struct mcr_prefix outer)
{
	return inner.len >= outer.len && mcr_prefix_has(outer, inner.address);
}

int mcr_prefix_overlaps(struct mcr_prefix a, struct mcr_prefix b)
{
	return mcr_prefix_is_within(a, b) || mcr_prefix_is_within(b, a);
}

/* "0" to "128", without signs or leading zeros. */
static int parse_len(const char *text, unsigned max)
{
	unsigned len = 0;

	if (!*text || (*text == '0' && text[1]))
		return -EINVAL;
	for (; *text >= '0' && *text <= '9' && len <= max; text++)
		len = 10 * len + (unsigned)(*text - '0');
	return *text || len > max ? -EINVAL : (int)len;
}

int mcr_prefix_parse(struct mcr_prefix *out, const char *text)
{
	const char *slash = strchr(text, '/');
	struct mcr_address address;
	int len;

	if (!slash || mcr_address_parse(&address, text, (size_t)(slash - text)) < 0)
		return -EINVAL;
	len = parse_len(slash + 1, mcr_prefix_len_max(address));
	if (len < 0)
		return len;
	*out = (struct mcr_prefix){address, (uint8_t)len};
	return 0;
}

const char *mcr_prefix_format(char text[MCR_PREFIX_TEXT], struct mcr_prefix prefix)
{
	char address[MCR_ADDRESS_TEXT];

	snprintf(text, MCR_PREFIX_TEXT, "%s/%u", mcr_address_format(address, prefix.address),
		 prefix.len);
	return text;
}
