/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes any bytes a packet of IGMP or MLD whose headers and checksums are right: hardly any input
 * would get past them otherwise. */
#ifndef FIX_PACKET_H
#define FIX_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "../unit/octets.h"

static inline void put_sum(uint8_t *field, const uint8_t *p, size_t n)
{
	put16(field, 0);
	put16(field, checksum16(p, n));
}

static inline void fix_ipv4(uint8_t *p, size_t n)
{
	if (n < 20)
		return;
	p[0] = (uint8_t)(0x40 | (p[0] & 15));
	p[9] = 2;
	p[6] &= 0x40;
	p[7] = 0;
	size_t header = (p[0] & 15u) * 4u, total = (size_t)(p[2] << 8 | p[3]);

	if (total > n || total < header) {
		total = n & 0xffff;
		p[2] = (uint8_t)(total >> 8);
		p[3] = (uint8_t)total;
	}
	if (header < 20 || header > total)
		return;
	put_sum(p + 10, p, header);
	if (total - header >= 4)
		put_sum(p + header + 2, p + header, total - header);
}

/* Where the extension headers that can be walked end; 0 when they do not end in ICMPv6. */
static inline size_t icmp6_at(const uint8_t *p, size_t n)
{
	size_t at = 40;
	uint8_t next = p[6];

	while (next != 58 && at + 8 <= n) {
		size_t len = next == 44 ? 8 : 8 * (p[at + 1] + 1u);

		next = p[at];
		at += len;
	}
	return next == 58 && at + 4 <= n ? at : 0;
}

/* Also a source that is link-local and hop limit 1, which else few inputs have. */
static inline void fix_ipv6(uint8_t *p, size_t n)
{
	if (n < 40)
		return;
	p[0] = 0x60;
	put16(p + 4, (unsigned)(n - 40));
	p[7] = p[7] & 0x80 ? p[7] : 1;
	p[8] = 0xfe;
	p[9] = 0x80;
	size_t at = icmp6_at(p, n);

	if (!at)
		return;
	put16(p + at + 2, 0);
	put16(p + at + 2, ~sum16(p + at, n - at, sum16(p + 8, 32, (unsigned)(n - at) + 58)));
}

#endif
