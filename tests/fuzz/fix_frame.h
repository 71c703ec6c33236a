/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes into any bytes what a fuzzer finds by luck only in a frame: the IP checksum, the fixed
 * fields that the short ways ask for, of either family, and lengths that agree. */
#ifndef FIX_FRAME_H
#define FIX_FRAME_H

#include <stdint.h>
#include <string.h>

#include "core/parse.h"

/* Where the IP header of this frame would be; 0 when there is no room for one. */
static inline uint32_t find_ip(const uint8_t *frame, uint32_t len)
{
	uint32_t at = 12;

	while (at + 6 <= len && at < 20 && mcr_load_be16(frame + at) != 0x0800)
		at += 4;
	return at + 2 + 20 <= len ? at + 2 : 0;
}

static inline void repair_ipv4_checksum(uint8_t *frame, uint32_t len)
{
	const uint32_t at = find_ip(frame, len), ihl = at ? (frame[at] & 15u) * 4 : 0;
	uint32_t sum = 0;

	if (ihl < 20 || at + ihl > len)
		return;
	memset(frame + at + 10, 0, 2);
	for (uint32_t i = 0; i < ihl; i += 2)
		sum += mcr_load_be16(frame + at + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	frame[at + 10] = (uint8_t)(~sum >> 8);
	frame[at + 11] = (uint8_t)~sum;
}

static inline void make_plain(uint8_t *frame, uint32_t len)
{
	if (len < 42)
		return;
	memcpy(frame, "\x01\x00\x5e", 3);
	memcpy(frame + 12, "\x08\x00\x45", 3);
	memcpy(frame + 20, "\x40\x00\x10\x11", 4);
	frame[30] = 239;
}

static inline void make_plain_ipv6(uint8_t *frame, uint32_t len)
{
	if (len < 62)
		return;
	memcpy(frame, "\x33\x33", 2);
	memcpy(frame + 12, "\x86\xdd\x60", 3);
	if (frame[61] & 1) /* else with the extension headers that the input has */
		frame[20] = 17;
	frame[22] |= 0x20;
	frame[22] &= 0x7f;
	frame[38] = 0xff;
}

static inline void fit_lengths_ipv6(uint8_t *frame, uint32_t len)
{
	if (len < 62 || len > 0xffff)
		return;
	frame[18] = frame[58] = (uint8_t)((len - 54) >> 8);
	frame[19] = frame[59] = (uint8_t)(len - 54);
}

static inline void fit_lengths(uint8_t *frame, uint32_t len)
{
	if (len < 42 || len > 0xffff)
		return;
	frame[16] = (uint8_t)((len - 14) >> 8);
	frame[17] = (uint8_t)(len - 14);
	frame[38] = (uint8_t)((len - 34) >> 8);
	frame[39] = (uint8_t)(len - 34);
}

#endif
