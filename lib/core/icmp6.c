/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/icmp6.h"

#include <endian.h>
#include <string.h>

#define ADDRESSES 32u

void mcr_ipv6_put_header(uint8_t *to, const struct mcr_ipv6_header *header)
{
	const uint32_t first = htobe32(6u << 28 | (uint32_t)header->traffic_class << 20);
	const uint16_t len = htobe16(header->payload_len);

	memcpy(to, &first, sizeof(first));
	memcpy(to + 4, &len, sizeof(len));
	to[6] = header->next;
	to[7] = header->hop_limit;
	memcpy(to + 8, header->source.octets, sizeof(header->source.octets));
	memcpy(to + 24, header->destination.octets, sizeof(header->destination.octets));
}

/* By words of two octets in the order of memory, whatever that is: RFC 1071 §2 (B). */
static uint64_t add(uint64_t sum, const uint8_t *p, size_t len)
{
	uint16_t word;

	for (; len > 1; p += 2, len -= 2) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	word = 0;
	memcpy(&word, p, len);
	return sum + word;
}

uint16_t mcr_icmp6_checksum(const uint8_t *addresses, const uint8_t *message, size_t len)
{
	const uint32_t pseudo[2] = {htobe32((uint32_t)len), htobe32(MCR_IPV6_PROTO_ICMP)};
	uint64_t sum = add(0, addresses, ADDRESSES);

	sum = add(sum, (const uint8_t *)pseudo, sizeof(pseudo));
	sum = add(sum, message, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
