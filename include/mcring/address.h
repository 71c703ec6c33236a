/* SPDX-License-Identifier: BSD-3-Clause */
/* An address of either family. The functions keep no state. Thread: any. */
#ifndef MCRING_ADDRESS_H
#define MCRING_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An IPv6 address in network order, an IPv4 address as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2), or none:
 * all octets 0. So addresses are equal when their octets are, and memcmp puts those of one family
 * in the order of their numbers. */
struct mcr_address {
	uint8_t octets[16];
};

#define MCR_ADDRESS_TEXT 46 /* octets of an address as text, the NUL included */

/* mcr_address_from_ipv4 makes an address of an IPv4 address in network order. 0 becomes 0.0.0.0,
 * which is not none. */
static inline struct mcr_address mcr_address_from_ipv4(uint32_t ipv4_be)
{
	struct mcr_address address;

	memset(address.octets, 0, 10);
	memset(address.octets + 10, 0xff, 2);
	memcpy(address.octets + 12, &ipv4_be, 4);
	return address;
}

/* mcr_address_is_equal returns 1 or 0. */
static inline int mcr_address_is_equal(struct mcr_address a, struct mcr_address b)
{
	return memcmp(a.octets, b.octets, sizeof(a.octets)) == 0;
}

/* mcr_address_is_none returns 1 for no address, else 0. */
static inline int mcr_address_is_none(struct mcr_address address)
{
	static const struct mcr_address none = {{0}};

	return mcr_address_is_equal(address, none);
}

/* mcr_address_is_ipv4 returns 1 for an IPv4 address, else 0. */
static inline int mcr_address_is_ipv4(struct mcr_address address)
{
	const struct mcr_address first = mcr_address_from_ipv4(0);

	return memcmp(address.octets, first.octets, 12) == 0;
}

/* mcr_address_is_ipv6 returns 1 for an IPv6 address, else 0. "::" is none. */
static inline int mcr_address_is_ipv6(struct mcr_address address)
{
	return !mcr_address_is_none(address) && !mcr_address_is_ipv4(address);
}

/* mcr_address_ipv4_be returns an IPv4 address in network order; 0 if it is none or IPv6. */
static inline uint32_t mcr_address_ipv4_be(struct mcr_address address)
{
	uint32_t ipv4_be;

	memcpy(&ipv4_be, address.octets + 12, 4);
	return mcr_address_is_ipv4(address) ? ipv4_be : 0;
}

/* mcr_address_parse reads an address from len octets of text, which need not be terminated. An
 * IPv4 address is four decimal numbers without leading zeros, which some read as octal. An IPv6
 * address has no brackets and no zone ("%eth0"), and is none if it is "::". A mapped one
 * (::ffff:10.0.0.7) is refused: an IPv4 address has one text only.
 *
 * Errors (*out is as before): -EINVAL (not an address). */
MCR_API int mcr_address_parse(struct mcr_address *out, const char *text, size_t len);

/* mcr_address_format writes an address into text and returns text: IPv4 as 10.0.0.7, IPv6 as RFC
 * 5952 says (always in hexadecimal), none as "::". */
MCR_API const char *mcr_address_format(char text[MCR_ADDRESS_TEXT], struct mcr_address address);

#ifdef __cplusplus
}
#endif
#endif
