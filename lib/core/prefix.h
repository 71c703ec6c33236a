/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges of addresses (struct mcr_prefix), of either family. A range of IPv6 addresses holds no
 * IPv4 address, whatever its length. Pure. Thread: any. */
#ifndef MCR_CORE_PREFIX_H
#define MCR_CORE_PREFIX_H

#include <stddef.h>

#include <mcring/config.h>

#define MCR_PREFIX_TEXT (MCR_ADDRESS_TEXT + 4) /* octets of a range as text, with its NUL */

/* mcr_prefix_of: the range of `len` bits that an address is in; bits behind len become 0. len: at
 * most mcr_prefix_len_max of the address. */
struct mcr_prefix mcr_prefix_of(struct mcr_address address, uint8_t len);

/* mcr_prefix_len_max: 32 or 128. */
uint8_t mcr_prefix_len_max(struct mcr_address address);

int mcr_prefix_is_equal(struct mcr_prefix a, struct mcr_prefix b);

/* mcr_prefix_is_within: whether all addresses of a range are in another one. */
int mcr_prefix_is_within(struct mcr_prefix inner, struct mcr_prefix outer);

/* mcr_prefix_overlaps: whether two ranges have an address in common. */
int mcr_prefix_overlaps(struct mcr_prefix a, struct mcr_prefix b);

/* mcr_prefix_has: whether an address is in the range. */
int mcr_prefix_has(struct mcr_prefix prefix, struct mcr_address address);

/* mcr_prefix_parse reads ADDRESS/LEN; an IPv6 address has no brackets. Bits behind LEN stay as they
 * are. Returns 0, or -EINVAL: *out is as before. */
int mcr_prefix_parse(struct mcr_prefix *out, const char *text);

/* mcr_prefix_format writes a range as it is read, and returns text. */
const char *mcr_prefix_format(char text[MCR_PREFIX_TEXT], struct mcr_prefix prefix);

#endif
