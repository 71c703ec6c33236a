/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of IGMP and MLD as hosts send them to a router, and a reader of the queries that it
 * sends; independent of igmp_wire.c and mld_wire.c, with the addresses of gmp_rig_wire.h: tests
 * name those of IPv4 and IGMP's versions, and in MLD their twins take their place. */
#ifndef QUERIER_RIG_WIRE_H
#define QUERIER_RIG_WIRE_H

#include <stdlib.h>

#include "gmp_rig_wire.h"

#define US        "10.0.0.100"
#define OTHER     QUERIER /* lower than ours */
#define A_HOST    "10.0.0.11"
#define ROUTERS   "224.0.0.2"
#define ROUTERS_3 "224.0.0.22"
#define GROUP     "239.1.2.3"
#define CHANNEL   "232.1.2.3" /* source-specific */
#define S1        "192.0.2.1"
#define S2        "192.0.2.2"
#define S3        "192.0.2.3"

/* A report of version 3. All-zero fields take the usual values: those of struct query that an IP
 * packet needs, and the records as text, "IS_EX(239.1.2.3){192.0.2.1,192.0.2.2} BLOCK(...){...}".
 * "9(...){}" is a record of type 9, and "+2" behind a record are two words of auxiliary data. */
struct report {
	const char *records;
	const char *source, *destination; /* default: A_HOST, ROUTERS_3 */
	unsigned ttl;
	int no_alert;
	unsigned extra, padding, cut; /* as of struct query */
	int claimed_records;          /* of the count field; 0 = as many as there are */
	int bad_checksum;
};

#define PACKET_MAX 4096u

/* Reads "name" up to one of `stops`, which it steps over. */
static inline const char *next_word(const char **text, const char *stops, char *out, size_t cap)
{
	size_t n = strcspn(*text, stops);

	assert_true(n < cap && (*text)[n]);
	memcpy(out, *text, n);
	out[n] = 0;
	*text += n + 1;
	return out;
}

static inline unsigned record_type(const char *name)
{
	static const char *const names[] = {"IS_IN", "IS_EX", "TO_IN", "TO_EX", "ALLOW", "BLOCK"};

	for (unsigned i = 0; i < 6; i++)
		if (strcmp(name, names[i]) == 0)
			return i + 1;
	assert_true(atoi(name) > 6);
	return (unsigned)atoi(name);
}

/* Writes the record at the beginning of *text and steps over it. Returns the end of the record. */
static inline uint8_t *put_record(uint8_t *p, const char **text)
{
	char word_[64];
	unsigned n = 0, aux = 0;
	uint8_t *end;

	p[0] = (uint8_t)record_type(next_word(text, "(", word_, sizeof(word_)));
	end = put_ip(p + 4, next_word(text, ")", word_, sizeof(word_)));
	assert_int_equal(**text, '{');
	for ((*text)++; **text != '}'; n++) {
		size_t len = strcspn(*text, ",}");

		assert_true(len > 0 && len < sizeof(word_));
		memcpy(word_, *text, len);
		word_[len] = 0;
		end = put_ip(end, word_);
		*text += len + ((*text)[len] == ',');
	}
	(*text)++;
	if (**text == '+')
		aux = (unsigned)strtoul(*text + 1, (char **)text, 10);
	while (**text == ' ')
		(*text)++;
	p[1] = (uint8_t)aux;
	put16(p + 2, n);
	memset(end, 0xaa, aux * 4);
	return end + aux * 4;
}

/* Returns the length of the packet. */
static inline size_t build_report(const struct report *r, uint8_t *packet)
{
	struct query q = {
	    .source = r->source ? r->source : A_HOST,
	    .destination = r->destination ? r->destination : ROUTERS_3,
	    .ttl = r->ttl,
	    .no_alert = r->no_alert,
	    .padding = r->padding,
	    .bad_checksum = r->bad_checksum,
	};
	uint8_t *p = packet + header_of(&q), *end = p + 8;
	const char *text = r->records ? r->records : "";
	unsigned n = 0;

	memset(packet, 0, PACKET_MAX);
	p[0] = is_mld() ? 143 : 0x22;
	for (; *text; n++) {
		end = put_record(end, &text);
		assert_true(end < packet + PACKET_MAX - 256);
	}
	put16(p + 6, r->claimed_records ? (unsigned)r->claimed_records : n);
	memset(end, 0xee, r->extra);
	return build_packet(&q, packet, (size_t)(end - p) + r->extra - r->cut);
}

/* A query that was sent, in terms of IGMP. */
struct asked {
	unsigned version;
	unsigned code;
	uint64_t response_ns; /* what the code says; IGMPv1: 10 s */
	unsigned suppress, qrv, qqic;
	uint32_t interval_s; /* what qqic says */
	unsigned n_sources;
	const uint8_t *group, *sources; /* addresses of the message */
};

/* RFC 9776 §4.1.1, §4.1.7, RFC 9777 §5.1.9: 1 bit, 3 bits of exponent, 4 of mantissa. */
static inline uint32_t float8(unsigned code)
{
	return code < 128 ? code : (16 + code % 16) << (3 + code / 16 % 8);
}

/* RFC 9777 §5.1.3: 1 bit, 3 bits of exponent, 12 of mantissa. */
static inline uint32_t float16(unsigned code)
{
	return code < 32768 ? code : (4096 + code % 4096) << (3 + code / 4096 % 8);
}

static inline struct asked read_igmp_query(const uint8_t *m, size_t len)
{
	struct asked a = {.code = m[1], .group = m + 4};

	assert_int_equal(m[0], 0x11);
	a.version = len > 8 ? 3 : a.code ? 2 : 1;
	a.response_ns = (a.version == 3   ? float8(a.code)
			 : a.version == 2 ? a.code
					  : 100) *
			100000000ull;
	return a;
}

static inline struct asked read_mld_query(const uint8_t *m, size_t len)
{
	struct asked a = {.code = (unsigned)(m[4] << 8 | m[5]), .group = m + 8};

	assert_int_equal(m[0], 130);
	assert_int_equal(m[1], 0);
	assert_int_equal(m[6] << 8 | m[7], 0);
	a.version = len > 24 ? 3 : 2;
	a.response_ns = (a.version == 3 ? float16(a.code) : a.code) * 1000000ull;
	return a;
}

/* Reads a query, and demands what holds for each: its length is that of its version and list
 * (R-Q-2, R-Q-3: nothing behind the fields), and reserved bits are 0. */
static inline struct asked read_query(const struct sent *m)
{
	const uint8_t *p = message_of(m);
	size_t len = m->len - ip_header(), fixed = is_mld() ? 24 : 8;
	struct asked a = is_mld() ? read_mld_query(p, len) : read_igmp_query(p, len);

	if (a.version < 3) {
		assert_int_equal(len, fixed);
		return a;
	}
	assert_true(len >= fixed + 4);
	p += fixed;
	assert_int_equal(p[0] & 0xf0, 0);
	a.suppress = p[0] >> 3 & 1;
	a.qrv = p[0] & 7;
	a.qqic = p[1];
	a.interval_s = float8(a.qqic);
	a.n_sources = (unsigned)(p[2] << 8 | p[3]);
	a.sources = p + 4;
	assert_int_equal(len, fixed + 4 + a.n_sources * address_octets());
	return a;
}

/* R-Q-8, RM-Q-1: IPv4 header of 24 octets, TTL 1, TOS 0xc0, Router Alert. */
static inline void check_query_ipv4(const uint8_t *p, size_t len)
{
	assert_int_equal(p[0], 0x46);
	assert_int_equal(p[1], 0xc0);
	assert_int_equal(p[2] << 8 | p[3], len);
	assert_int_equal((p[6] & 0x3f) << 8 | p[7], 0); /* no fragment */
	assert_int_equal(p[8], 1);
	assert_int_equal(p[9], 2);
	assert_int_equal(checksum16(p, 24), 0);
	assert_int_equal(word(p + 20), 0x94040000);
	assert_int_equal(checksum16(p + 24, len - 24), 0);
}

/* RM-Q-1: hop limit 1, Router Alert of value 0 in a hop-by-hop header. */
static inline void check_query_ipv6(const uint8_t *p, size_t len)
{
	static const uint8_t hop_by_hop[8] = {58, 0, 5, 2, 0, 0, 1, 0};

	assert_int_equal(word(p), 0x60000000);
	assert_int_equal(p[4] << 8 | p[5], len - 40);
	assert_int_equal(p[6], 0);
	assert_int_equal(p[7], 1);
	assert_int_equal(p[8] << 8 | p[9], 0xfe80);
	assert_memory_equal(p + 40, hop_by_hop, 8);
	assert_int_equal(mld_checksum(p, p + 48, len - 48), 0);
}

static inline int is_none(const uint8_t *address)
{
	static const uint8_t none[16] = {0};

	return memcmp(address, none, address_octets()) == 0;
}

/* What holds for each query: its headers; it comes from our address; a general one goes to all
 * nodes (R-Q-2), any other to its group, and to no list or group of nobody (R-Q-4, R-LM-9, RM-Q-2);
 * the S flag is never set in a general one. */
static inline struct asked check_query(const struct sent *m, struct mcr_address us, size_t mtu)
{
	size_t n = address_octets(), at = is_mld() ? 8 : 12;
	struct asked a = read_query(m);

	assert_true(m->len <= mtu);
	if (is_mld())
		check_query_ipv6(m->bytes, m->len);
	else
		check_query_ipv4(m->bytes, m->len);
	assert_memory_equal(m->bytes + at, us.octets + 16 - n, n);
	if (is_none(a.group)) {
		assert_memory_equal(m->bytes + at + n, ip(ALL_HOSTS).octets + 16 - n, n);
		assert_int_equal(a.suppress, 0);
		assert_int_equal(a.n_sources, 0);
	} else {
		assert_memory_equal(m->bytes + at + n, a.group, n);
		assert_int_equal(a.group[0] >> (is_mld() ? 0 : 4), is_mld() ? 0xff : 0xe);
		assert_memory_not_equal(a.group, ip(ALL_HOSTS).octets + 16 - n, n);
	}
	for (unsigned i = 0; i < a.n_sources; i++)
		assert_false(is_none(a.sources + i * n));
	return a;
}

/* A query in words: "general", "Q(239.1.2.3)", "S Q(232.1.2.3){192.0.2.1,192.0.2.2}", of an older
 * version with "v2 " or "v1 " before it. */
static inline void describe_query(const struct sent *m, char *out, size_t cap)
{
	static const char *const versions[] = {"", "v1 ", "v2 ", ""};
	struct asked a = read_query(m);
	const uint8_t *p = a.sources;
	char text[16];
	size_t used;

	if (is_none(a.group)) {
		snprintf(out, cap, "%sgeneral", versions[a.version]);
		return;
	}
	used = (size_t)snprintf(out, cap, "%s%sQ(%s)", versions[a.version], a.suppress ? "S " : "",
				named(a.group, text));
	for (unsigned i = 0; i < a.n_sources; i++, p += address_octets())
		used +=
		    (size_t)snprintf(out + used, cap - used, "%c%s", i ? ',' : '{', named(p, text));
	snprintf(out + used, cap - used, "%s", a.n_sources ? "}" : "");
}

#endif
