/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers in packets that a test makes, and their checksum. */
#ifndef OCTETS_H
#define OCTETS_H

#include <stddef.h>
#include <stdint.h>

static inline void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The sum of RFC 1071 in its plain form, unlike that of the code under test. sum: of what stands
 * before, 0 at the beginning. Over a part with a right checksum it is 0xffff. */
static inline unsigned sum16(const uint8_t *p, size_t len, unsigned sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (unsigned)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline uint16_t checksum16(const uint8_t *p, size_t len)
{
	return (uint16_t)~sum16(p, len, 0);
}

#endif
