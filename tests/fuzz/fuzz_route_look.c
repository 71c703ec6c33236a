/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames a relay may forward: the short way, the long way, and the rules once more, an octet
 * at a time. The first octets choose how the frame is handed over and what is written into it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <core/route/route_look.h>

#include "check.h"
#include "fix_frame.h"

#define PREFIX 5u

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A packet, from its IP header on: octets that are there, and those of the whole frame. */
struct packet {
	const uint8_t *p;
	uint32_t there, all;
};

static uint32_t be(const uint8_t *p, unsigned octets)
{
	uint32_t v = 0;

	while (octets-- > 0)
		v = v << 8 | *p++;
	return v;
}

static int is_zero(const uint8_t *p, unsigned octets)
{
	while (octets-- > 0)
		if (*p++ != 0)
			return 0;
	return 1;
}

/* RFC 791: the one's complement sum of all words is 0xffff. */
static int sum_is_right(const uint8_t *p, uint32_t octets)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < octets; i += 2) {
		sum += be(p + i, 2);
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum == 0xffff;
}

static int options_are_right(const uint8_t *p, uint32_t octets)
{
	while (octets > 0) {
		uint32_t step = 1;

		if (p[0] == 0)
			return 1;
		if (p[0] != 1) {
			if (octets == 1)
				return 0;
			step = p[1];
			if (step < 2 || step > octets || p[0] == 0x83 || p[0] == 0x89)
				return 0;
		}
		p += step;
		octets -= step;
	}
	return 1;
}

static int host_ipv4(const uint8_t *a)
{
	return a[0] >= 1 && a[0] <= 223 && a[0] != 127 && (a[0] != 169 || a[1] != 254);
}

static int group_ipv4(const uint8_t *a)
{
	return a[0] >= 224 && a[0] <= 239 && (a[0] != 224 || a[1] != 0 || a[2] != 0);
}

static int expect_ipv4(struct packet k, struct mcr_route_packet *out)
{
	const uint32_t header = k.there < 20 ? 0 : k.p[0] % 16 * 4u;

	if (header < 20 || k.p[0] / 16 != 4 || header > k.there)
		return 0;
	out->len = (uint16_t)be(k.p + 2, 2);
	if (out->len < header || out->len > k.all || !sum_is_right(k.p, header))
		return 0;
	if (k.p[9] == 2 || !host_ipv4(k.p + 12) || !group_ipv4(k.p + 16) ||
	    !options_are_right(k.p + 20, header - 20))
		return 0;
	out->header = (uint8_t)header;
	out->ttl = k.p[8];
	return 1;
}

static int host_ipv6(const uint8_t *a)
{
	if (a[0] == 0xff || (a[0] == 0xfe && a[1] >= 0x80 && a[1] < 0xc0))
		return 0;
	if (is_zero(a, 10) && a[10] == 0xff && a[11] == 0xff)
		return 0;
	return !is_zero(a, 15) || a[15] > 1;
}

/* Options that a node may skip, in what is left of their header. */
static int may_skip(const uint8_t *p, uint32_t octets)
{
	while (octets > 0) {
		uint32_t step = 1;

		if (p[0] >= 64)
			return 0;
		if (p[0] != 0) {
			if (octets == 1 || p[1] + 2u > octets)
				return 0;
			step = p[1] + 2u;
		}
		p += step;
		octets -= step;
	}
	return 1;
}

static int expect_ipv6(struct packet k, struct mcr_route_packet *out)
{
	uint32_t at = 40, len;
	unsigned next;

	if (k.there < 40 || k.p[0] / 16 != 6)
		return 0;
	len = 40 + be(k.p + 4, 2);
	if (len > k.all || len > 65535 || k.p[24] != 0xff || k.p[25] % 16 < 3 ||
	    k.p[25] % 16 == 15 || !host_ipv6(k.p + 8))
		return 0;
	next = k.p[6];
	if (next == 0) {
		if (at + 8 > len || at + 8 > k.there)
			return 0;
		next = k.p[at];
		at += 8 + k.p[at + 1] * 8u;
		if (at > len || at > k.there || !may_skip(k.p + 42, at - 42))
			return 0;
	}
	if (next == 58 && at < len &&
	    (at >= k.there || (k.p[at] >= 130 && k.p[at] <= 132) || k.p[at] == 143))
		return 0;
	out->len = (uint16_t)len;
	out->header = 40;
	out->ttl = k.p[7];
	out->is_ipv6 = 1;
	return 1;
}

static int expect(const uint8_t *head, uint32_t there, uint32_t all, uint16_t stripped,
		  struct mcr_route_packet *out)
{
	uint32_t at = 12;
	struct packet k;
	int ok;

	memset(out, 0, sizeof(*out));
	if (there < 14 || head[0] % 2 == 0 || memcmp(head + 6, mac, 6) == 0 ||
	    memcmp(head, "\xff\xff\xff\xff\xff\xff", 6) == 0)
		return 0;
	out->vlan = stripped;
	if (be(head + at, 2) == 0x8100 || be(head + at, 2) == 0x88a8 ||
	    be(head + at, 2) == 0x9100) {
		if (there < 18 || stripped)
			return 0;
		out->vlan = be(head + 14, 2) % 4096;
		at = 16;
	}
	out->l3_offset = (uint8_t)(at + 2);
	k = (struct packet){head + at + 2, there - at - 2, all - at - 2};
	if (be(head + at, 2) == 0x0800)
		ok = expect_ipv4(k, out);
	else
		ok = be(head + at, 2) == 0x86dd && expect_ipv6(k, out);
	if (!ok)
		return 0;
	if (out->is_ipv6) {
		memcpy(&out->source, k.p + 8, 16);
		memcpy(&out->group, k.p + 24, 16);
	} else {
		memset((uint8_t *)&out->source + 10, 0xff, 2);
		memset((uint8_t *)&out->group + 10, 0xff, 2);
		memcpy((uint8_t *)&out->source + 12, k.p + 12, 4);
		memcpy((uint8_t *)&out->group + 12, k.p + 16, 4);
	}
	return 1;
}

/* What is forwarded is as good as what came, but for its TTL. */
static void check_decrement(uint8_t *ip, const struct mcr_route_packet *p)
{
	uint8_t before[60];

	if (p->ttl == 0)
		return;
	memcpy(before, ip, p->header);
	mcr_route_decrement(ip, p->is_ipv6);
	CHECK(p->is_ipv6 || sum_is_right(ip, p->header));
	CHECK(ip[p->is_ipv6 ? 7 : 8] == p->ttl - 1);
	ip[p->is_ipv6 ? 7 : 8]++;
	if (!p->is_ipv6)
		memcpy(before + 10, ip + 10, 2);
	CHECK(memcmp(ip, before, p->header) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcr_route_packet p, any, plain, want;
	uint32_t frame_len, head_len;
	uint16_t stripped;
	uint8_t *head;
	int ok;

	if (size < PREFIX)
		return 0;
	head_len = (uint32_t)(size - PREFIX);
	frame_len = head_len + (data[0] & 1 ? data[1] * 257u : 0);
	stripped = data[0] & 2 ? (uint16_t)((data[2] << 8 | data[3]) & 0xfff) : 0;
	head = malloc(head_len + !head_len); /* its end is the sanitizer's fence */
	CHECK(head != NULL);
	memcpy(head, data + PREFIX, head_len);
	if (data[0] & 8)
		(data[0] & 32 ? make_plain_ipv6 : make_plain)(head, head_len);
	if (data[0] & 16)
		(data[0] & 32 ? fit_lengths_ipv6 : fit_lengths)(head, head_len);
	if (data[0] & 64 && head_len > 23)
		head[data[0] & 32 ? 20 : 23] = data[4]; /* the protocol */
	if (data[0] & 128 && head_len > 26)
		head[data[0] & 32 ? 22 : 26] = data[4]; /* the source's first octet */
	if (data[0] & 4)
		repair_ipv4_checksum(head, head_len);
	memset(&p, 0, sizeof(p));
	memset(&any, 0, sizeof(any));
	memset(&plain, 0, sizeof(plain));
	ok = expect(head, head_len, frame_len, stripped, &want);
	CHECK(mcr_route_look(&p, head, head_len, frame_len, stripped, mac) == ok);
	CHECK(mcr_route_look_any(&any, head, head_len, frame_len, stripped, mac) == ok);
	CHECK(!ok || memcmp(&p, &want, sizeof(p)) == 0);
	CHECK(!ok || memcmp(&any, &want, sizeof(p)) == 0);
	if (mcr_route_look_plain(&plain, head, head_len, frame_len, stripped, mac))
		CHECK(ok && memcmp(&plain, &want, sizeof(p)) == 0);
	if (ok)
		check_decrement(head + p.l3_offset, &p);
	free(head);
	return 0;
}
