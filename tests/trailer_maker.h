/* SPDX-License-Identifier: BSD-3-Clause */
/* Trailers as switches append them to frames. The CRC is not that of the code under test. */
#ifndef TRAILER_MAKER_H
#define TRAILER_MAKER_H

#include <stdint.h>
#include <string.h>

#include "core/trailer.h"

__extension__ typedef unsigned __int128 trailer_product;

#define METAMAKO_FLAGS 0x01 /* the FCS was right */

static inline void put_be32(uint8_t *to, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void put_fcs(uint8_t *to, const uint8_t *frame, uint32_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len * (size_t)8; i++)
		crc = crc >> 1 ^ ((crc ^ frame[i / 8] >> i % 8) & 1 ? 0xedb88320 : 0);
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(~crc >> (8 * i));
}

/* Appends a trailer to a frame of len octets, with the extensions that stand at ext. Returns the
 * frame's new length. */
static inline uint32_t put_metamako(uint8_t *frame, uint32_t len, uint64_t ns, uint8_t flags,
				    const uint8_t *ext, uint32_t ext_len)
{
	uint8_t *to = frame + len + 4;

	put_fcs(frame + len, frame, len);
	if (ext_len > 0)
		memcpy(to, ext, ext_len);
	to += ext_len;
	put_be32(to, (uint32_t)(ns / 1000000000));
	put_be32(to + 4, (uint32_t)(ns % 1000000000));
	put_be32(to + 8, (uint32_t)flags << 24 | 0x4c1c2d);
	return len + MCR_TRAILER_BYTES + ext_len;
}

/* fraction: of a second, in 2^-40. */
static inline uint32_t put_hpt(uint8_t *frame, uint32_t len, uint32_t seconds, uint64_t fraction)
{
	uint8_t *to = frame + len;

	put_fcs(to, frame, len);
	to[4] = 0;
	to[5] = 47;
	put_be32(to + 6, seconds);
	put_be32(to + 10, (uint32_t)(fraction >> 8));
	to[14] = (uint8_t)fraction;
	to[15] = 0;
	return len + MCR_TRAILER_BYTES;
}

/* The same for a time. Of the fractions that are this nanosecond the lowest. */
static inline uint32_t put_hpt_ns(uint8_t *frame, uint32_t len, uint64_t ns)
{
	const uint64_t part = ns % 1000000000;
	uint64_t fraction = (uint64_t)((double)part * 1099.511627776);

	while ((trailer_product)fraction * 1000000000 >> 40 < part)
		fraction++;
	return put_hpt(frame, len, (uint32_t)(ns / 1000000000), fraction);
}

#endif
