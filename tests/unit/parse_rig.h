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

#define GROUP  "239.1.2.3"
#define SOURCE "10.0.0.7"

static const uint8_t own_mac[6] = {0x02, 0, 0, 0, 0, 0x01};

/* What a test frame looks like; build() makes a right one of it, and tests break it afterwards. */
struct shape {
	unsigned tags, ihl_words, payload, padding;
	unsigned protocol; /* 0 = UDP */
	const char *group; /* NULL = GROUP */
	uint16_t vid;
};

struct frame {
	uint8_t bytes[16384];
	uint32_t len, l3, udp;
};

static inline void fill_ip_checksum(struct frame *f)
{
	uint8_t *ip = f->bytes + f->l3;

	put16(ip + 10, 0);
	put16(ip + 10, checksum16(ip, (ip[0] & 15u) * 4));
}

static inline void fill_udp_checksum(struct frame *f)
{
	uint8_t *ip = f->bytes + f->l3, *udp = f->bytes + f->udp;
	unsigned len = mcr_load_be16(udp + 4), sum;

	put16(udp + 6, 0);
	sum = ~sum16(udp, len, sum16(ip + 12, 8, 17 + len)) & 0xffff;
	put16(udp + 6, sum ? sum : 0xffff);
}

static inline void build(struct frame *f, struct shape s)
{
	static const uint16_t types[] = {0x88a8, 0x8100, 0x9100, 0x8100};
	static const uint8_t mac[12] = {0x01, 0, 0x5e, 1, 2, 3, 0x02, 0, 0, 0, 0, 0x99};
	unsigned ihl = s.ihl_words ? s.ihl_words * 4 : 20;
	uint8_t *p = f->bytes;

	memset(p, 0xee, sizeof(f->bytes));
	memcpy(p, mac, sizeof(mac));
	p += sizeof(mac);
	for (unsigned i = 0; i < s.tags; i++, p += 4) {
		put16(p, types[(i + (s.tags < 2)) % 4]);
		put16(p + 2, 0xe000u | (i ? 77 : s.vid));
	}
	put16(p, 0x0800);
	p += 2;
	f->l3 = (uint32_t)(p - f->bytes);
	memset(p, 0x01, ihl); /* options: NOP */
	p[0] = (uint8_t)(0x40 | ihl / 4);
	p[1] = 0xb8;
	put16(p + 2, ihl + 8 + s.payload);
	put16(p + 4, 0x1234);
	put16(p + 6, 0x4000); /* don't fragment */
	p[8] = 16;
	p[9] = (uint8_t)(s.protocol ? s.protocol : 17);
	inet_pton(AF_INET, SOURCE, p + 12);
	inet_pton(AF_INET, s.group ? s.group : GROUP, p + 16);
	f->udp = f->l3 + ihl;
	p += ihl;
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

static inline void assert_whole(const struct mcr_packet *p, const struct frame *f, struct shape s)
{
	assert_int_equal(p->verdict, MCR_PARSED_UDP);
	assert_int_equal(p->group_be, inet_addr(GROUP));
	assert_int_equal(p->source_be, inet_addr(SOURCE));
	assert_int_equal(p->port, 5000);
	assert_int_equal(p->source_port, 4001);
	assert_int_equal(p->ttl, 16);
	assert_int_equal(p->traffic_class, 0xb8);
	assert_int_equal(p->ether_type, 0x0800);
	assert_int_equal(p->l3_offset, f->l3);
	assert_int_equal(p->vlan, s.tags ? s.vid : 0);
	assert_int_equal(p->payload_offset, f->udp + 8);
	assert_int_equal(p->payload_len, s.payload);
}

#endif
