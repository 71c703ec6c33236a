/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields composed into 64-bit words. A struct that is filled field by field and then moved by words
 * waits for the store buffer to drain, because loads wider than the stores before them cannot be
 * served from it (measured: half of the ring writer's time). So the rx loop
 * composes as words what it moves by words. */
#ifndef MCR_CORE_WORDS_H
#define MCR_CORE_WORDS_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include <mcring/address.h>

/* An unsigned value of `size` octets, `octet` octets behind the word's lowest address. */
#if __BYTE_ORDER == __LITTLE_ENDIAN
#define MCR_WORD_SHIFT(octet, size) (8 * (octet))
#else
#define MCR_WORD_SHIFT(octet, size) (8 * (8 - (octet) - (size)))
#endif
#define MCR_WORD_AT(value, octet, size) ((uint64_t)(value) << MCR_WORD_SHIFT(octet, size))

/* mcr_words_fill_ipv4: mcr_address_from_ipv4 by words. */
static inline void mcr_words_fill_ipv4(struct mcr_address *to, uint32_t ipv4_be)
{
	const uint64_t words[2] = {0, MCR_WORD_AT(0xffff, 2, 2) | MCR_WORD_AT(ipv4_be, 4, 4)};

	memcpy(to, words, sizeof(words));
}

#endif
