/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of IGMP and MLD as a router or another host sees and sends them, independent of
 * igmp_wire.c and mld_wire.c: a builder of queries, a reader of reports, and checks of how a
 * message is encapsulated (rows H-ENC-*, M-1).
 *
 * The rules are the same in both families, so are the tests: they name IPv4 addresses, IGMP's
 * versions and its codes. In MLD the twin of each takes its place (ip, mld_code): IGMPv3 stands for
 * MLDv2, IGMPv2 for MLDv1. */
#ifndef GMP_RIG_WIRE_H
#define GMP_RIG_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include <cmocka.h>

#include "core/gmp/gmp.h"
#include "octets.h"

#define ALL_HOSTS "224.0.0.1"
#define HOST      "10.0.0.2"
#define QUERIER   "10.0.0.1"

static enum mcr_gmp_family rig_family; /* of the tests that run now */

static inline int is_mld(void)
{
	return rig_family == MCR_GMP_MLD;
}

/* Runs n tests for one family. Returns how many failed. */
static inline int rig_run(enum mcr_gmp_family family, const char *name,
			  const struct CMUnitTest *tests, size_t n)
{
	rig_family = family;
	return _cmocka_run_group_tests(name, tests, n, NULL, NULL);
}

static inline int rig_run_both(const struct CMUnitTest *tests, size_t n)
{
	int failed = rig_run(MCR_GMP_IGMP, "IGMP", tests, n);

	return failed + rig_run(MCR_GMP_MLD, "MLD", tests, n);
}
#define RUN_BOTH(tests) rig_run_both(tests, sizeof(tests) / sizeof((tests)[0]))
#define RUN_IGMP(tests) \
	rig_run(MCR_GMP_IGMP, "IGMP only", tests, sizeof(tests) / sizeof((tests)[0]))
#define RUN_MLD(tests) rig_run(MCR_GMP_MLD, "MLD only", tests, sizeof(tests) / sizeof((tests)[0]))

struct sent {
	uint64_t at_ns;
	size_t len;
	uint8_t *bytes;
};

/* The twin of an IPv4 address: its octets behind fe80:: for the hosts of the link (10.0.0.0/24),
 * 2001:db8:: for others, ff35:: for 232.0.0.0/8, ff02:: for 224.0.0.0/24 (the last octet alone),
 * ff15:: for other groups. 0.0.0.0 is ::. */
static inline struct mcr_address twin_of(uint32_t ipv4)
{
	static const uint8_t prefixes[][4] = {
	    {0xfe, 0x80}, {0x20, 0x01, 0x0d, 0xb8}, {0xff, 0x35}, {0xff, 0x02}, {0xff, 0x15}};
	unsigned kind = ipv4 >> 8 == 0x0a0000   ? 0
			: ipv4 >> 28 < 0xe      ? 1
			: ipv4 >> 24 == 232     ? 2
			: ipv4 >> 8 == 0xe00000 ? 3
						: 4;
	struct mcr_address a = {{0}};

	if (ipv4 == 0)
		return a;
	memcpy(a.octets, prefixes[kind], 4);
	for (unsigned i = 0; i < 4; i++)
		a.octets[15 - i] = kind == 3 && i > 0 ? 0 : (uint8_t)(ipv4 >> 8 * i);
	return a;
}

static inline struct mcr_address ip_of(uint32_t ipv4)
{
	return is_mld() ? twin_of(ipv4) : mcr_address_from_ipv4(htonl(ipv4));
}

/* An address of the family, by that of IPv4; a test of MLD alone may name an IPv6 address. */
static inline struct mcr_address ip(const char *text)
{
	struct mcr_address a;

	assert_int_equal(mcr_address_parse(&a, text, strlen(text)), 0);
	return mcr_address_is_ipv4(a) ? ip_of(ntohl(mcr_address_ipv4_be(a))) : a;
}

static inline uint32_t word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Octets in front of a message that the machine sends, and of an address. */
static inline size_t ip_header(void)
{
	return is_mld() ? 48 : 24;
}

static inline size_t address_octets(void)
{
	return is_mld() ? 16 : 4;
}

/* The message behind the IP header. */
static inline const uint8_t *message_of(const struct sent *m)
{
	return m->bytes + ip_header();
}

/* Records of a report, and sources of its first. */
static inline unsigned records(const struct sent *m)
{
	return (unsigned)(message_of(m)[6] << 8 | message_of(m)[7]);
}

static inline unsigned sources(const struct sent *m)
{
	return (unsigned)(message_of(m)[10] << 8 | message_of(m)[11]);
}

/* H-ENC-1 to 5, 7 to 11, 14; H-PK-4. */
static inline void check_ipv4(const uint8_t *p, size_t len)
{
	assert_true(len >= 32);
	assert_int_equal(p[0], 0x46); /* version 4, 24 octets of header */
	assert_int_equal(p[1], 0xc0);
	assert_int_equal(p[2] << 8 | p[3], len);
	assert_int_equal(word(p + 4), 0x00004000); /* ID 0, DF, no MF, offset 0 */
	assert_int_equal(p[8], 1);
	assert_int_equal(p[9], 2);
	assert_int_equal(checksum16(p, 24), 0);
	assert_int_equal(word(p + 20), 0x94040000); /* Router Alert */
	assert_int_equal(checksum16(p + 24, len - 24), 0);
	if (p[24] == 0x22) {
		assert_int_equal(word(p + 16), 0xe0000016);
	} else {
		assert_int_equal(len, 32);
		assert_int_equal(word(p + 16), p[24] == 0x17 ? 0xe0000002 : word(p + 28));
	}
}

/* The checksum of an ICMPv6 message behind this IPv6 header (RFC 8200 §8.1). */
static inline uint16_t mld_checksum(const uint8_t *header, const uint8_t *p, size_t len)
{
	return (uint16_t)~sum16(p, len, sum16(header + 8, 32, (unsigned)len + 58));
}

/* M-1, M-6; M-9: from :: before there is a link-local address. */
static inline void check_ipv6(const uint8_t *p, size_t len)
{
	static const uint8_t hop_by_hop[8] = {58, 0, 5, 2, 0, 0, 1, 0}, none[16] = {0};
	const uint8_t *m = p + 48;

	assert_true(len >= 48 + 8);
	assert_int_equal(word(p), 0x60000000);
	assert_int_equal(p[4] << 8 | p[5], len - 40);
	assert_int_equal(p[6], 0); /* hop-by-hop options */
	assert_int_equal(p[7], 1);
	assert_true((p[8] == 0xfe && p[9] == 0x80) || memcmp(p + 8, none, 16) == 0);
	assert_memory_equal(p + 40, hop_by_hop, 8);
	assert_int_equal(mld_checksum(p, m, len - 48), 0);
	if (m[0] == 143) {
		assert_memory_equal(p + 24, ip("224.0.0.22").octets, 16);
	} else {
		assert_int_equal(len, 48 + 24);
		assert_int_equal(word(m + 4), 0);
		assert_memory_equal(p + 24, m[0] == 132 ? ip("224.0.0.2").octets : m + 8, 16);
	}
}

static inline void check_encapsulation(const uint8_t *p, size_t len, size_t mtu)
{
	const uint8_t *m = p + ip_header();

	assert_true(len <= mtu);
	if (is_mld())
		check_ipv6(p, len);
	else
		check_ipv4(p, len);
	assert_int_equal(m[1], 0);
	if (m[0] == 0x22 || m[0] == 143)
		assert_int_equal(m[4] << 8 | m[5], 0);
}

/* A message to feed; all-zero fields take the usual values. */
struct query {
	const char *source, *destination, *group; /* default: QUERIER, by group, 0.0.0.0 */
	unsigned version;                         /* default 3 */
	unsigned type;                            /* default 0x11; of IGMP, else as it is */
	unsigned code;                            /* of IGMP */
	unsigned mld_code;                        /* of MLD, instead of `code` */
	unsigned flags;                           /* S and reserved bits, v3 */
	unsigned qrv, qqic;                       /* default QRV 2, QQIC 125; 256 = 0 */
	const char *sources;                      /* v3 */
	int claimed_sources;                      /* of the count field; 0 = as many as there are */
	unsigned ttl;                             /* default 1 */
	int no_alert;                             /* without Router Alert */
	unsigned extra;                           /* octets behind the fields, in the checksum */
	unsigned padding;                         /* octets behind the IP packet */
	unsigned cut; /* octets taken off the payload before the checksum */
	int bad_checksum;
};

static inline void put_word(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline uint8_t *put_ip(uint8_t *p, const char *text)
{
	size_t n = address_octets();

	memcpy(p, ip(text).octets + 16 - n, n);
	return p + n;
}

/* MLD's code for the time that an IGMP code says: ms, from 32768 on as 1 bit, 3 bits of exponent
 * and 12 of mantissa (RFC 9777 §5.1.3). */
static inline unsigned mld_code(const struct query *q)
{
	unsigned tenths = q->version == 2 || q->code < 128
			      ? q->code
			      : ((q->code & 15) | 16) << ((q->code >> 4 & 7) + 3);
	unsigned ms = tenths * 100, shift = 3;

	if (q->mld_code || ms < 32768)
		return q->mld_code ? q->mld_code : ms;
	while (ms >> shift > 0x1fff)
		shift++;
	assert_int_equal(ms >> shift << shift, ms); /* no time between two codes */
	return 0x8000 | (shift - 3) << 12 | (ms >> shift & 0xfff);
}

static inline unsigned mld_type(unsigned igmp_type)
{
	switch (igmp_type) {
	case 0:
	case 0x11:
		return 130;
	case 0x12:
	case 0x16:
		return 131;
	case 0x17:
		return 132;
	case 0x22:
		return 143;
	default:
		return igmp_type;
	}
}

/* The fields behind the group field of a v3 query. */
static inline uint8_t *build_v3_fields(const struct query *q, uint8_t *p)
{
	char text[1024], *save = NULL;
	uint8_t *end = p + 4;
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", q->sources ? q->sources : "");
	for (char *s = strtok_r(text, " ", &save); s; s = strtok_r(NULL, " ", &save), n++)
		end = put_ip(end, s);
	p[0] = (uint8_t)(q->flags | (q->qrv == 256 ? 0 : q->qrv ? q->qrv : 2));
	p[1] = (uint8_t)(q->qqic == 256 ? 0 : q->qqic ? q->qqic : 125);
	put16(p + 2, q->claimed_sources ? (unsigned)q->claimed_sources : (unsigned)n);
	return end;
}

/* The message, without its checksum. Returns its length. */
static inline size_t build_message(const struct query *q, uint8_t *p)
{
	uint8_t *end = p + 4;

	if (is_mld()) {
		p[0] = (uint8_t)mld_type(q->type);
		put16(end, mld_code(q));
		end += 4;
	} else {
		p[0] = (uint8_t)(q->type ? q->type : 0x11);
		p[1] = (uint8_t)q->code;
	}
	end = put_ip(end, q->group ? q->group : "0.0.0.0");
	if (q->version == 0 || q->version == 3)
		end = build_v3_fields(q, end);
	memset(end, 0xee, q->extra);
	return (size_t)(end - p) + q->extra - q->cut;
}

static inline const char *destination_of(const struct query *q)
{
	return q->destination ? q->destination : q->group ? q->group : ALL_HOSTS;
}

static inline void put_ipv4_header(const struct query *q, uint8_t *packet, size_t header, size_t n)
{
	packet[0] = (uint8_t)(0x40 | header / 4);
	packet[1] = 0xc0;
	put16(packet + 2, (unsigned)(header + n));
	packet[8] = (uint8_t)(q->ttl ? q->ttl : 1);
	packet[9] = 2;
	put_ip(packet + 12, q->source ? q->source : QUERIER);
	put_ip(packet + 16, destination_of(q));
	if (!q->no_alert)
		put_word(packet + 20, 0x94040000);
	put16(packet + 10, checksum16(packet, header));
}

static inline void put_ipv6_header(const struct query *q, uint8_t *packet, size_t header, size_t n)
{
	static const uint8_t hop_by_hop[8] = {58, 0, 5, 2, 0, 0, 1, 0};

	packet[0] = 0x60;
	put16(packet + 4, (unsigned)(header - 40 + n));
	packet[6] = q->no_alert ? 58 : 0;
	packet[7] = (uint8_t)(q->ttl ? q->ttl : 1);
	put_ip(packet + 8, q->source ? q->source : QUERIER);
	put_ip(packet + 24, destination_of(q));
	if (!q->no_alert)
		memcpy(packet + 40, hop_by_hop, 8);
}

/* Where the message begins in a packet. */
static inline size_t header_of(const struct query *q)
{
	return ip_header() - (q->no_alert ? is_mld() ? 8 : 4 : 0);
}

/* Puts headers before a message of n octets, its checksum into it, and padding behind. Returns the
 * length of the packet, from the IP header on, with padding. */
static inline size_t build_packet(const struct query *q, uint8_t *packet, size_t n)
{
	size_t header = header_of(q);
	uint8_t *p = packet + header;

	put16(p + 2, 0); /* `cut` may have left it behind the end */
	if (is_mld())
		put_ipv6_header(q, packet, header, n);
	else
		put_ipv4_header(q, packet, header, n);
	unsigned sum = is_mld() ? mld_checksum(packet, p, n) : checksum16(p, n);

	put16(p + 2, sum ^ (q->bad_checksum ? 1u : 0u));
	memset(packet + header + n, 0x55, q->padding);
	return header + n + q->padding;
}

static inline size_t build_query(const struct query *q, uint8_t *packet)
{
	memset(packet, 0, 2048);
	return build_packet(q, packet, build_message(q, packet + header_of(q)));
}

static inline const char *dotted(uint32_t host, char *out)
{
	sprintf(out, "%u.%u.%u.%u", host >> 24, host >> 16 & 255, host >> 8 & 255, host & 255);
	return out;
}

/* An address of a message as the test names it. */
static inline const char *named(const uint8_t *p, char *out)
{
	uint32_t host = word(p + address_octets() - 4);

	if (is_mld() && p[0] == 0xff && p[1] == 2)
		host |= 0xe0000000;
	if (is_mld())
		assert_memory_equal(p, twin_of(host).octets, 16);
	return dotted(host, out);
}

/* A message in words: "v2 239.1.2.3", "leave 239.1.2.3", "TO_EX(239.1.2.3){} ALLOW(...){...}". */
static inline void describe(const struct sent *m, char *out, size_t cap)
{
	static const char *const types[] = {"?",     "IS_IN", "IS_EX", "TO_IN",
					    "TO_EX", "ALLOW", "BLOCK"};
	const uint8_t *p = message_of(m), *end = m->bytes + m->len;
	size_t octets = address_octets();
	char a[16];
	int used = 0;

	out[0] = 0;
	if (p[0] != 0x22 && p[0] != 143) {
		snprintf(out, cap, "%s %s",
			 p[0] == 0x12                  ? "v1"
			 : p[0] == 0x16 || p[0] == 131 ? "v2"
						       : "leave",
			 named(p + (is_mld() ? 8 : 4), a));
		return;
	}
	unsigned n_records = records(m);

	p += 8;
	for (unsigned i = 0; i < n_records; i++) {
		assert_true((size_t)(end - p) >= 4 + octets && p[0] >= 1 && p[0] <= 6);
		unsigned n = (unsigned)(p[2] << 8 | p[3]);

		assert_int_equal(p[1], 0); /* no auxiliary data */
		assert_true((size_t)(end - p) >= 4 + octets * (n + 1));
		used += snprintf(out + used, cap - (size_t)used, "%s%s(%s){", i ? " " : "",
				 types[p[0]], named(p + 4, a));
		p += 4 + octets;
		for (unsigned k = 0; k < n; k++, p += octets)
			used += snprintf(out + used, cap - (size_t)used, "%s%s", k ? "," : "",
					 named(p, a));
		used += snprintf(out + used, cap - (size_t)used, "}");
	}
	assert_ptr_equal(p, end); /* nothing behind the last record */
}

#endif
