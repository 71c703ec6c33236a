/* SPDX-License-Identifier: BSD-3-Clause */
/* The membership machine, IGMP or MLD, under random events in virtual time: joins, leaves, queries
 * of every kind, reports of others, link flaps, a full Tx queue, time.
 *
 * Checked all the time: deadlines lie ahead; messages are well-formed; nothing is reported of a
 * group that was never joined, and at once nothing of one that is not joined now. At the end:
 * everything comes to rest and is freed, and when all reports were of the
 * newest version, a router that heard them
 * has exactly our state - even if one of the messages was lost (RFC 9776 §8.1: robustness 2). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "../unit/octets.h"
#include "check.h"
#include "core/gmp/gmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND 1000000000ull
#define GROUPS 8u

/* A group as we want it, or as a router that heard our reports believes it. */
struct view {
	unsigned sources; /* bits */
	int exclude;
};

struct bench {
	struct mcr_gmp *gmp;
	struct mcr_gmp_config cfg;
	const uint8_t *data, *end;
	uint64_t now;
	struct view wanted[GROUPS], heard[GROUPS];
	int ever[GROUPS];
	unsigned refuse, sent, lost; /* lost: number of the message that does not arrive */
	int may_lag; /* messages may have been kept: by a full queue, or a split record by pacing */
	int only_new; /* no message was of an older version */
	int is_mld;
	size_t header, octets; /* of IP in front of a message that is sent; of an address */
};

static unsigned take(struct bench *b)
{
	return b->data < b->end ? *b->data++ : 0;
}

/* Of the family: that of IPv4, or its octets at the end of one of this prefix. */
static struct mcr_address address(const struct bench *b, uint16_t prefix, uint32_t ipv4)
{
	struct mcr_address a = mcr_address_from_ipv4(htonl(ipv4));

	if (!b->is_mld)
		return a;
	memset(a.octets, 0, 12);
	put16(a.octets, prefix);
	return a;
}

static uint32_t group_address(unsigned i)
{
	return i < GROUPS / 2 ? 0xef010200u + i : 0xe8010200u + i;
}

static struct mcr_address group(const struct bench *b, unsigned i)
{
	return address(b, i < GROUPS / 2 ? 0xff15 : 0xff35, group_address(i));
}

static struct mcr_address source(const struct bench *b, unsigned k)
{
	return address(b, 0x2001, 0x0a000001u + k);
}

static unsigned group_index(uint32_t address)
{
	for (unsigned i = 0; i < GROUPS; i++)
		if (group_address(i) == address)
			return i;
	CHECK(!"a group that is not ours");
	return 0;
}

static uint32_t word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int is_wanted(const struct view *v)
{
	return v->exclude || v->sources;
}

/* A state-change record as a router takes it. */
static void hear(struct view *v, unsigned type, unsigned set)
{
	if (type == 3 || type == 4)
		*v = (struct view){.sources = set, .exclude = type == 4};
	else if ((type == 5) != v->exclude)
		v->sources |= set;
	else
		v->sources &= ~set;
}

static size_t check_record(struct bench *b, const uint8_t *p, const uint8_t *end, int arrives)
{
	CHECK((size_t)(end - p) >= 4 + b->octets && p[0] >= 1 && p[0] <= 6 && p[1] == 0);
	size_t n = (size_t)(p[2] << 8 | p[3]);
	unsigned i = group_index(word(p + b->octets)), set = 0; /* by its last octets */

	CHECK((size_t)(end - p) >= 4 + b->octets * (n + 1));
	for (size_t k = 0; k < n; k++) {
		uint32_t source = word(p + b->octets * (k + 2)) - 0x0a000001u;

		CHECK(source < 16);
		set |= 1u << source;
	}
	CHECK(b->ever[i]);
	if (p[0] <= 2 && !b->may_lag)
		CHECK(is_wanted(&b->wanted[i]));
	CHECK(i < GROUPS / 2 || (p[0] != 2 && p[0] != 4)); /* RFC 4604: no EXCLUDE of them */
	if (p[0] > 2 && arrives)
		hear(&b->heard[i], p[0], set);
	return 4 + b->octets * (n + 1);
}

static int on_send(void *ctx, const uint8_t *packet, size_t len)
{
	struct bench *b = ctx;
	const uint8_t *p = packet + b->header, *end = packet + len;

	if (b->refuse) {
		b->refuse--;
		b->may_lag = 1;
		return -11;
	}
	CHECK(len >= b->header + 8 && len <= b->cfg.mtu);
	CHECK(packet[b->is_mld ? 7 : 8] == 1); /* TTL, and Router Alert */
	CHECK(word(packet + b->header - 4) == (b->is_mld ? 0x00000100 : 0x94040000));
	int arrives = b->sent++ != b->lost;

	if (p[0] == (b->is_mld ? 143 : 0x22)) {
		unsigned n = (unsigned)(p[6] << 8 | p[7]);

		CHECK(n > 0);
		for (p += 8; n; n--)
			p += check_record(b, p, end, arrives);
		CHECK(p == end);
		return 0;
	}
	b->only_new = 0;
	uint8_t leave = b->is_mld ? 132 : 0x17;

	CHECK(len == b->header + (b->is_mld ? 24 : 8));
	CHECK(p[0] == leave || p[0] == (b->is_mld ? 131 : 0x16) || (!b->is_mld && p[0] == 0x12));
	unsigned i = group_index(word(end - 4));

	CHECK(b->ever[i]);
	if (!b->may_lag)
		CHECK((p[0] == leave) == !is_wanted(&b->wanted[i]));
	return 0;
}

static void run_until(struct bench *b, uint64_t until)
{
	for (unsigned polls = 0;; polls++) {
		uint64_t next = mcr_gmp_poll(b->gmp, b->now, on_send, b);

		CHECK(next > b->now && polls < 100000);
		if (next > until)
			break;
		b->now = next;
	}
	b->now = until;
}

static void set_filter(struct bench *b)
{
	unsigned i = take(b) % GROUPS, how = take(b);
	int exclude = (how & 1) && i < GROUPS / 2;
	unsigned set = how & 2 ? take(b) : 0;
	struct mcr_address list[16];
	size_t n = 0;

	for (unsigned k = 8; k-- > 0;)
		if (set >> k & 1)
			list[n++] = source(b, k);
	CHECK(mcr_gmp_set_filter(b->gmp, group(b, i),
				 exclude ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE, list, n,
				 b->now) == 0);
	b->wanted[i] = (struct view){.sources = set, .exclude = exclude};
	b->ever[i] |= is_wanted(&b->wanted[i]);
}

/* The fields behind the group field of a query of the newest version. Returns their length. */
static size_t put_new_fields(struct bench *b, uint8_t *p, unsigned sources)
{
	p[0] = (uint8_t)(take(b) & 15);
	p[1] = (uint8_t)take(b);
	put16(p + 2, sources);
	for (unsigned k = 0; k < sources; k++)
		memcpy(p + 4 + b->octets * k, source(b, k).octets + 16 - b->octets, b->octets);
	return 4 + b->octets * sources;
}

static void put_ipv4(uint8_t *packet, uint8_t *p, size_t n, struct mcr_address destination)
{
	static const uint8_t header[20] = {0x45, 0xc0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 7};

	memcpy(packet, header, sizeof(header));
	packet[3] = (uint8_t)(20 + n);
	memcpy(packet + 16, destination.octets + 12, 4);
	put16(packet + 10, checksum16(packet, 20));
	put16(p + 2, checksum16(p, n));
}

static void put_ipv6(uint8_t *packet, uint8_t *p, size_t n, struct mcr_address destination)
{
	static const uint8_t header[] = {0x60, 0, 0, 0, 0, 0, 0, 1, 0xfe, 0x80, [23] = 7},
			     hop_by_hop[8] = {58, 0, 5, 2, 0, 0, 1, 0};

	memcpy(packet, header, sizeof(header));
	put16(packet + 4, (unsigned)(8 + n));
	memcpy(packet + 24, destination.octets, 16);
	memcpy(packet + 40, hop_by_hop, 8);
	put16(p + 2, ~sum16(p, n, sum16(packet + 8, 32, (unsigned)n + 58)));
}

/* A query of any version, or another host's report. */
static void feed(struct bench *b)
{
	uint8_t packet[512] = {0};
	unsigned how = take(b), i = take(b) % GROUPS, code = take(b);
	int is_query = !!(how & 6);
	struct mcr_address about = group(b, i),
			   all = address(b, 0xff02, b->is_mld ? 1 : 0xe0000001);
	uint8_t *p = packet + (b->is_mld ? 48 : 20);
	size_t n = b->is_mld ? 24 : 8;

	if (b->is_mld)
		put16(p + 4, code << (how >> 4));
	else
		p[1] = (uint8_t)code;
	p[0] = b->is_mld ? (is_query ? 130 : 131) : (is_query ? 0x11 : 0x16);
	if (how & 1)
		memcpy(p + n - b->octets, about.octets + 16 - b->octets, b->octets);
	if (how & 2)
		n += put_new_fields(b, p + n, how & 8 ? take(b) % 17 : 0);
	(b->is_mld ? put_ipv6 : put_ipv4)(packet, p, n, !is_query && how & 1 ? about : all);
	CHECK(mcr_gmp_input(b->gmp, packet, (size_t)(p - packet) + n, b->now) == 0);
}

static void step(struct bench *b)
{
	switch (take(b) % 8) {
	case 0:
	case 1:
		set_filter(b);
		break;
	case 2:
		feed(b);
		break;
	case 3: /* a microsecond to some minutes */
		run_until(b, b->now + (1000ull << take(b) % 28));
		break;
	case 4:
		b->now = mcr_gmp_poll(b->gmp, b->now, on_send, b) > b->now ? b->now : 0;
		CHECK(b->now);
		break;
	case 5:
		b->refuse = take(b) % 8;
		break;
	case 6:
		mcr_gmp_announce(b->gmp, address(b, 0xfe80, take(b)), b->now);
		break;
	case 7: /* the clock runs, nobody polls */
		b->now += 1000ull << take(b) % 30;
		break;
	}
}

static void check_rest(struct bench *b)
{
	struct mcr_gmp_info info;

	b->refuse = 0;
	run_until(b, b->now + 100000 * SECOND);
	mcr_gmp_get_info(b->gmp, b->now, &info);
	CHECK(info.pending == 0 && info.unsent == 0 && info.leaving == 0);
	unsigned newest = b->is_mld ? 2 : 3;

	CHECK(info.version == (b->cfg.version ? b->cfg.version : newest));
	/* Without losses that copies could not make good, the router knows what we want. */
	for (unsigned i = 0; i < GROUPS; i++) {
		struct mcr_gmp_group_info g;

		CHECK((mcr_gmp_get_group(b->gmp, group(b, i), &g) == 0) ==
		      is_wanted(&b->wanted[i]));
		if (b->only_new && b->cfg.version == newest && b->cfg.mtu >= 576) {
			CHECK(b->heard[i].exclude == b->wanted[i].exclude);
			CHECK(b->heard[i].sources == b->wanted[i].sources);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = {.data = data, .end = data + size, .now = SECOND, .only_new = 1};
	struct mcr_gmp_info info;

	if (size < 4)
		return 0;
	b.cfg = (struct mcr_gmp_config){
	    .seed = take(&b), .repeat_s = MCR_GMP_NO_REPEAT, .robustness_floor = 2};
	unsigned how = take(&b);

	b.is_mld = how >> 5 & 1;
	b.header = b.is_mld ? 48 : 24;
	b.octets = b.is_mld ? 16 : 4;
	b.cfg.family = b.is_mld ? MCR_GMP_MLD : MCR_GMP_IGMP;
	b.cfg.version = (uint8_t)((how & 3) % (b.is_mld ? 3 : 4));
	b.cfg.mtu = !(how & 4) ? 1500 : b.is_mld ? 1280 : 68;
	b.may_lag = b.cfg.mtu == 68;
	b.cfg.burst = how & 8 ? 1 : 0;
	b.lost = how & 16 ? take(&b) : UINT32_MAX;
	CHECK(mcr_gmp_create(&b.gmp, &b.cfg, b.now) == 0);
	while (b.data < b.end)
		step(&b);
	check_rest(&b);
	mcr_gmp_leave_all(b.gmp, b.now);
	memset(b.wanted, 0, sizeof(b.wanted));
	check_rest(&b);
	mcr_gmp_get_info(b.gmp, b.now, &info);
	CHECK(info.groups == 0);
	mcr_gmp_destroy(b.gmp);
	return 0;
}
