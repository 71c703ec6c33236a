/* SPDX-License-Identifier: BSD-3-Clause */
#include "udp_headers.h"

#include <string.h>

#include <mcring/address.h>

#include "core/address.h"

#define VLAN_LEN     4u
#define IPV4_LEN     20u
#define IPV6_LEN     40u
#define UDP_LEN      8u
#define UDP_PROTOCOL 17u

static uint32_t sum_of(const uint8_t *data, size_t len, uint32_t sum)
{
	for (; len >= 2; data += 2, len -= 2)
		sum += (uint32_t)data[0] << 8 | data[1];
	return len > 0 ? sum + ((uint32_t)data[0] << 8) : sum;
}

/* RFC 1071; of at most 64 KiB. */
static uint16_t checksum_of(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void put_16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t put_ethernet(uint8_t *at, const struct mcr_msg *m, uint16_t ether_type)
{
	uint32_t len = 12;

	mcr_group_mac(at, m->group);
	memset(at + 6, 0, 6);
	if (m->vlan != 0) {
		put_16(at + 12, 0x8100);
		put_16(at + 14, m->vlan);
		len += VLAN_LEN;
	}
	put_16(at + len, ether_type);
	return len + 2;
}

/* Returns the sum of what the UDP checksum takes from it. */
static uint32_t put_ipv4(uint8_t *at, const struct mcr_msg *m, uint32_t udp_len)
{
	memset(at, 0, IPV4_LEN);
	at[0] = 0x45;
	at[1] = m->traffic_class;
	put_16(at + 2, IPV4_LEN + udp_len);
	put_16(at + 6, 0x4000);
	at[8] = m->ttl;
	at[9] = UDP_PROTOCOL;
	memcpy(at + 12, m->source.octets + 12, 4);
	memcpy(at + 16, m->group.octets + 12, 4);
	put_16(at + 10, checksum_of(sum_of(at, IPV4_LEN, 0)));
	return sum_of(at + 12, 8, 0);
}

static uint32_t put_ipv6(uint8_t *at, const struct mcr_msg *m, uint32_t udp_len)
{
	memset(at, 0, 8);
	at[0] = (uint8_t)(0x60 | m->traffic_class >> 4);
	at[1] = (uint8_t)(m->traffic_class << 4);
	put_16(at + 4, udp_len);
	at[6] = UDP_PROTOCOL;
	at[7] = m->ttl;
	memcpy(at + 8, m->source.octets, 16);
	memcpy(at + 24, m->group.octets, 16);
	return sum_of(at + 8, 32, 0);
}

uint32_t udp_headers_put(uint8_t at[UDP_HEADERS_MAX], const struct mcr_msg *m,
			 const uint8_t *payload, uint32_t kept)
{
	const int is_ipv4 = mcr_address_is_ipv4(m->group);
	const uint32_t udp_len = UDP_LEN + m->len;
	const uint32_t ip = put_ethernet(at, m, is_ipv4 ? 0x0800 : 0x86dd);
	const uint32_t udp = ip + (is_ipv4 ? IPV4_LEN : IPV6_LEN);
	uint32_t sum = is_ipv4 ? put_ipv4(at + ip, m, udp_len) : put_ipv6(at + ip, m, udp_len);
	uint16_t checksum;

	put_16(at + udp, m->src_port);
	put_16(at + udp + 2, m->dst_port);
	put_16(at + udp + 4, udp_len);
	put_16(at + udp + 6, 0);
	sum = sum_of(at + udp, UDP_LEN, sum + UDP_PROTOCOL + udp_len);
	checksum = checksum_of(sum_of(payload, kept, sum));
	put_16(at + udp + 6, checksum != 0 ? checksum : 0xffff); /* RFC 768: 0 is none */
	return udp + UDP_LEN;
}
