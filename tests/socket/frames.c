/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>

static uint32_t sum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *octets = data;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? octets[i] : (uint32_t)octets[i] << 8;
	return sum;
}

static uint16_t sum_end(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static size_t fill_ethernet(uint8_t *frame, const void *to, int family)
{
	static const uint8_t host[] = MAC_OF_HOST, senders[] = MAC_OF_SENDERS;
	struct ethhdr *eth = (struct ethhdr *)frame;
	const uint8_t *address = to;

	memcpy(eth->h_dest, host, ETH_ALEN);
	memcpy(eth->h_source, senders, ETH_ALEN);
	eth->h_proto = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	if (family == AF_INET6 && address[0] == 0xff) { /* RFC 2464 §7 */
		eth->h_dest[0] = eth->h_dest[1] = 0x33;
		memcpy(eth->h_dest + 2, address + 12, 4);
	} else if (family == AF_INET && address[0] >> 4 == 14) { /* RFC 1112 §6.4 */
		eth->h_dest[0] = 0x01;
		eth->h_dest[1] = 0x00;
		eth->h_dest[2] = 0x5e;
		memcpy(eth->h_dest + 3, address + 1, 3);
		eth->h_dest[3] &= 0x7f;
	}
	return sizeof(*eth);
}

size_t frame_fill(uint8_t frame[FRAME_MAX], const struct datagram *d)
{
	struct sockaddr_storage to, from;
	const struct in_addr *to4 = &((struct sockaddr_in *)&to)->sin_addr;
	const struct in_addr *from4 = &((struct sockaddr_in *)&from)->sin_addr;
	const struct in6_addr *to6 = &((struct sockaddr_in6 *)&to)->sin6_addr;
	const struct in6_addr *from6 = &((struct sockaddr_in6 *)&from)->sin6_addr;
	int family = place_family(d->to);
	size_t at, udp_len = sizeof(struct udphdr) + d->len;
	struct udphdr udp = {.uh_sport = htons(d->from_port),
			     .uh_dport = htons(d->to_port),
			     .uh_ulen = htons((uint16_t)udp_len)};
	uint32_t sum = IPPROTO_UDP + (uint32_t)udp_len;

	place_fill(&to, d->to, 0);
	place_fill(&from, d->from, 0);
	if (family == AF_INET) {
		struct iphdr ip = {.version = 4,
				   .ihl = 5,
				   .tos = d->tos,
				   .tot_len = htons((uint16_t)(sizeof(ip) + udp_len)),
				   .ttl = d->ttl,
				   .protocol = IPPROTO_UDP,
				   .saddr = from4->s_addr,
				   .daddr = to4->s_addr};

		ip.check = sum_end(sum_add(0, &ip, sizeof(ip)));
		at = fill_ethernet(frame, to4, family);
		memcpy(frame + at, &ip, sizeof(ip));
		at += sizeof(ip);
		sum = sum_add(sum_add(sum, to4, sizeof(*to4)), from4, sizeof(*from4));
	} else {
		struct ip6_hdr ip = {.ip6_src = *from6, .ip6_dst = *to6};

		ip.ip6_flow = htonl(6u << 28 | (uint32_t)d->tos << 20);
		ip.ip6_plen = htons((uint16_t)udp_len);
		ip.ip6_nxt = IPPROTO_UDP;
		ip.ip6_hlim = d->ttl;
		at = fill_ethernet(frame, to6, family);
		memcpy(frame + at, &ip, sizeof(ip));
		at += sizeof(ip);
		sum = sum_add(sum_add(sum, to6, sizeof(*to6)), from6, sizeof(*from6));
	}
	sum = sum_add(sum_add(sum, &udp, sizeof(udp)), d->payload, d->len);
	udp.uh_sum = sum_end(sum);
	if (udp.uh_sum == 0)
		udp.uh_sum = 0xffff;
	memcpy(frame + at, &udp, sizeof(udp));
	memcpy(frame + at + sizeof(udp), d->payload, d->len);
	return at + sizeof(udp) + d->len;
}
