/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for tests of the parser. */
#ifndef PARSE_RIG_H
#define PARSE_RIG_H

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/parse.h"
#include "octets.h"
#include "parse_form.h"

#define GROUP       "239.1.2.3"
#define SOURCE      "10.0.0.7"
#define GROUP_IPV6  "ff15::8001:203"
#define SOURCE_IPV6 "2001:db8::7"

static const uint8_t own_mac[6] = {0x02, 0, 0, 0, 0, 0x01};

/* What a test frame looks like; build() makes a right one of it, and tests break it afterwards. */
struct shape {
	unsigned tags, ihl_words, payload, padding;
	unsigned protocol; /* 0 = UDP */
	const char *group; /* NULL = GROUP, GROUP_IPV6 */
	uint16_t vid;
	int ipv6;
	/* IPv6: extension headers, of which each names the next one in its first octet; build()
	 * sets that of the last. first: the first one's number. */
	const uint8_t *ext;
	unsigned ext_len, first;
};

struct frame {
	uint8_t bytes[16384];
	uint32_t len, l3, udp;
};

static inline void fill_ip_checksum(struct frame *f)
{
	uint8_t *ip = f->bytes + f->l3;

	if (ip[0] >> 4 == 6)
		return;
	put16(ip + 10, 0);
	put16(ip + 10, checksum16(ip, (ip[0] & 15u) * 4));
}

static inline void fill_udp_checksum(struct frame *f)
{
	uint8_t *ip = f->bytes + f->l3, *udp = f->bytes + f->udp;
	unsigned len = mcr_load_be16(udp + 4), sum = 17 + len;

	put16(udp + 6, 0);
	sum = ip[0] >> 4 == 6 ? sum16(ip + 8, 32, sum) : sum16(ip + 12, 8, sum);
	sum = ~sum16(udp, len, sum) & 0xffff;
	put16(udp + 6, sum ? sum : 0xffff);
}

/* Returns the header's length, with its options or extension headers. */
static inline unsigned build_ipv4(uint8_t *p, const struct shape *s)
{
	unsigned ihl = s->ihl_words ? s->ihl_words * 4 : 20;

	memset(p, 0x01, ihl); /* options: NOP */
	p[0] = (uint8_t)(0x40 | ihl / 4);
	p[1] = 0xb8;
	put16(p + 2, ihl + 8 + s->payload);
	put16(p + 4, 0x1234);
	put16(p + 6, 0x4000); /* don't fragment */
	p[8] = 16;
	p[9] = (uint8_t)(s->protocol ? s->protocol : 17);
	inet_pton(AF_INET, SOURCE, p + 12);
	inet_pton(AF_INET, s->group ? s->group : GROUP, p + 16);
	return ihl;
}

/* The octet of the packet that names its protocol. */
static inline unsigned protocol_of(const struct shape *s)
{
	unsigned last = 0, at = 0, next = s->first;

	if (s->ext_len == 0)
		return 6;
	for (; at < s->ext_len; at = next) {
		last = at;
		next = at + (s->ext[at + 1] + 1u) * 8;
		if (next >= s->ext_len)
			break;
	}
	return 40 + last;
}

static inline unsigned build_ipv6(uint8_t *p, const struct shape *s)
{
	memset(p, 0, 40);
	put16(p, 0x6b8a); /* traffic class 0xb8, a flow label */
	put16(p + 2, 0xbcde);
	put16(p + 4, s->ext_len + 8 + s->payload);
	p[6] = (uint8_t)s->first;
	p[7] = 16;
	inet_pton(AF_INET6, SOURCE_IPV6, p + 8);
	inet_pton(AF_INET6, s->group ? s->group : GROUP_IPV6, p + 24);
	if (s->ext_len > 0)
		memcpy(p + 40, s->ext, s->ext_len);
	p[protocol_of(s)] = (uint8_t)(s->protocol ? s->protocol : 17);
	return 40 + s->ext_len;
}

static inline void build(struct frame *f, struct shape s)
{
	static const uint16_t types[] = {0x88a8, 0x8100, 0x9100, 0x8100};
	static const uint8_t mac[12] = {0x01, 0, 0x5e, 1, 2, 3, 0x02, 0, 0, 0, 0, 0x99};
	unsigned headers;
	uint8_t *p = f->bytes;

	memset(p, 0xee, sizeof(f->bytes));
	memcpy(p, mac, sizeof(mac));
	if (s.ipv6)
		memcpy(p, "\x33\x33\x80", 3);
	p += sizeof(mac);
	for (unsigned i = 0; i < s.tags; i++, p += 4) {
		put16(p, types[(i + (s.tags < 2)) % 4]);
		put16(p + 2, 0xe000u | (i ? 77 : s.vid));
	}
	put16(p, s.ipv6 ? 0x86dd : 0x0800);
	p += 2;
	f->l3 = (uint32_t)(p - f->bytes);
	headers = s.ipv6 ? build_ipv6(p, &s) : build_ipv4(p, &s);
	f->udp = f->l3 + headers;
	p += headers;
	put16(p, 4001);
	put16(p + 2, 5000);
	put16(p + 4, 8 + s.payload);
	for (unsigned i = 0; i < s.payload; i++)
		p[8 + i] = (uint8_t)(i * 7 + 3);
	f->len = f->udp + 8 + s.payload + s.padding;
	fill_ip_checksum(f);
	fill_udp_checksum(f);
}

/* The short way in both forms and the long way, on heap copies of exactly the octets that they may
 * read, so that the sanitizers see one octet too many. They must agree in every field. */
static inline struct mcr_packet parse3(const uint8_t *bytes, uint32_t head_len, uint32_t frame_len,
				       uint16_t stripped)
{
	uint8_t *head = malloc(head_len ? head_len : 1), *mac = malloc(sizeof(own_mac));
	struct mcr_packet a, b;
	int plain;

	assert_non_null(head);
	assert_non_null(mac);
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memcpy(head, bytes, head_len);
	memcpy(mac, own_mac, sizeof(own_mac));
	mcr_parse(&a, head, head_len, frame_len, stripped, mac);
	mcr_parse_walk(&b, head, head_len, frame_len, stripped, mac);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_true(parse_forms_agree(&b, head, head_len, stripped, mac, &plain));
	free(mac);
	free(head);
	return a;
}

static inline struct mcr_packet parse(const struct frame *f)
{
	return parse3(f->bytes, f->len, f->len, 0);
}

static inline void assert_drop(struct mcr_packet packet, enum mcr_drop reason)
{
	assert_int_equal(packet.verdict, MCR_PARSED_DROP);
	assert_string_equal(mcr_drop_name(packet.drop), mcr_drop_name(reason));
}

static inline void assert_address(struct mcr_address address, const char *text)
{
	char is[MCR_ADDRESS_TEXT];

	assert_string_equal(mcr_address_format(is, address), text);
}

static inline void assert_whole(const struct mcr_packet *p, const struct frame *f, struct shape s)
{
	assert_int_equal(p->verdict, MCR_PARSED_UDP);
	assert_address(mcr_packet_group(p, f->bytes), s.ipv6 ? GROUP_IPV6 : GROUP);
	assert_address(mcr_packet_source_address(p, f->bytes), s.ipv6 ? SOURCE_IPV6 : SOURCE);
	assert_int_equal(p->port, 5000);
	assert_int_equal(p->source_port, 4001);
	assert_int_equal(p->ttl, 16);
	assert_int_equal(p->traffic_class, 0xb8);
	assert_int_equal(p->ether_type, s.ipv6 ? 0x86dd : 0x0800);
	assert_int_equal(p->l3_offset, f->l3);
	assert_int_equal(p->vlan, s.tags ? s.vid : 0);
	assert_int_equal(p->payload_offset, f->udp + 8);
	assert_int_equal(p->payload_len, s.payload);
}

#endif
