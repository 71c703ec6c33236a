/* SPDX-License-Identifier: BSD-3-Clause */
/* The IGMP machine under random events in virtual time: joins, leaves, queries of every kind,
 * reports of others, link flaps, a full Tx queue, time.
 *
 * Checked all the time: deadlines lie ahead; messages are well-formed; nothing is reported of a
 * group that was never joined, and at once nothing of one that is not joined now. At the end:
 * everything comes to rest and is freed, and when all reports were v3, a router that heard them
 * has exactly our state - even if one of the messages was lost (RFC 9776 §8.1: robustness 2). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "core/gmp/gmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND 1000000000ull
#define GROUPS 8u
#define CHECK(x)                                                                \
	do {                                                                    \
		if (!(x)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
			abort();                                                \
		}                                                               \
	} while (0)

/* A group as we want it, or as a router that heard our reports believes it. */
struct view {
	unsigned sources; /* bits */
	int exclude;
};

struct bench {
	struct mcr_gmp *igmp;
	struct mcr_gmp_config cfg;
	const uint8_t *data, *end;
	uint64_t now;
	struct view wanted[GROUPS], heard[GROUPS];
	int ever[GROUPS];
	unsigned refuse, sent, lost; /* lost: number of the message that does not arrive */
	int may_lag; /* messages may have been kept: by a full queue, or a split record by pacing */
	int only_v3;
};

static unsigned take(struct bench *b)
{
	return b->data < b->end ? *b->data++ : 0;
}

static struct mcr_address address(uint32_t ipv4)
{
	return mcr_address_from_ipv4(htonl(ipv4));
}

static uint32_t group_address(unsigned i)
{
	return i < GROUPS / 2 ? 0xef010200u + i : 0xe8010200u + i;
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
	CHECK(end - p >= 8 && p[0] >= 1 && p[0] <= 6 && p[1] == 0);
	size_t n = (size_t)(p[2] << 8 | p[3]);
	unsigned i = group_index(word(p + 4)), set = 0;

	CHECK((size_t)(end - p) >= 8 + 4 * n);
	for (size_t k = 0; k < n; k++) {
		uint32_t source = word(p + 8 + 4 * k) - 0x0a000001u;

		CHECK(source < 16);
		set |= 1u << source;
	}
	CHECK(b->ever[i]);
	if (p[0] <= 2 && !b->may_lag)
		CHECK(is_wanted(&b->wanted[i]));
	CHECK(i < GROUPS / 2 || (p[0] != 2 && p[0] != 4)); /* RFC 4604: no EXCLUDE in 232/8 */
	if (p[0] > 2 && arrives)
		hear(&b->heard[i], p[0], set);
	return 8 + 4 * n;
}

static int on_send(void *ctx, const uint8_t *packet, size_t len)
{
	struct bench *b = ctx;
	const uint8_t *p = packet + 24, *end = packet + len;

	if (b->refuse) {
		b->refuse--;
		b->may_lag = 1;
		return -11;
	}
	CHECK(len >= 32 && len <= b->cfg.mtu && packet[8] == 1 && word(packet + 20) == 0x94040000);
	int arrives = b->sent++ != b->lost;

	if (p[0] == 0x22) {
		unsigned n = (unsigned)(p[6] << 8 | p[7]);

		CHECK(n > 0);
		for (p += 8; n; n--)
			p += check_record(b, p, end, arrives);
		CHECK(p == end);
		return 0;
	}
	b->only_v3 = 0;
	CHECK(len == 32 && (p[0] == 0x12 || p[0] == 0x16 || p[0] == 0x17));
	unsigned i = group_index(word(p + 4));

	CHECK(b->ever[i]);
	if (!b->may_lag)
		CHECK((p[0] == 0x17) == !is_wanted(&b->wanted[i]));
	return 0;
}

static void run_until(struct bench *b, uint64_t until)
{
	for (unsigned polls = 0;; polls++) {
		uint64_t next = mcr_gmp_poll(b->igmp, b->now, on_send, b);

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
			list[n++] = address(0x0a000001u + k);
	CHECK(mcr_gmp_set_filter(b->igmp, address(group_address(i)),
				 exclude ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE, list, n,
				 b->now) == 0);
	b->wanted[i] = (struct view){.sources = set, .exclude = exclude};
	b->ever[i] |= is_wanted(&b->wanted[i]);
}

static void put_sum(uint8_t *field, const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	field[0] = field[1] = 0;
	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	field[0] = (uint8_t)(~sum >> 8);
	field[1] = (uint8_t)~sum;
}

/* A query of any version, or another host's report. */
static void feed(struct bench *b)
{
	uint8_t packet[128] = {0x45, 0xc0, 0, 0, 0, 0, 0, 0, 1, 2};
	unsigned how = take(b), i = take(b) % GROUPS;
	uint32_t group = htonl(how & 1 ? group_address(i) : 0), all = htonl(0xe0000001);
	uint8_t *p = packet + 20;
	size_t n = 8;

	p[0] = how & 2 ? 0x11 : how & 4 ? 0x11 : 0x16;
	p[1] = (uint8_t)take(b);
	memcpy(p + 4, &group, 4);
	memcpy(packet + 16, p[0] == 0x16 && group ? &group : &all, 4);
	packet[15] = 7;
	if (how & 2) {
		unsigned sources = how & 8 ? take(b) % 17 : 0;

		p[8] = (uint8_t)(take(b) & 15);
		p[9] = (uint8_t)take(b);
		p[11] = (uint8_t)sources;
		for (unsigned k = 0; k < sources; k++)
			memcpy(p + 12 + 4 * k, (uint8_t[]){10, 0, 0, (uint8_t)(k + 1)}, 4);
		n = 12 + 4 * sources;
	}
	put_sum(p + 2, p, n);
	packet[3] = (uint8_t)(20 + n);
	put_sum(packet + 10, packet, 20);
	CHECK(mcr_gmp_input(b->igmp, packet, 20 + n, b->now) == 0);
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
		b->now = mcr_gmp_poll(b->igmp, b->now, on_send, b) > b->now ? b->now : 0;
		CHECK(b->now);
		break;
	case 5:
		b->refuse = take(b) % 8;
		break;
	case 6:
		mcr_gmp_announce(b->igmp, address(take(b)), b->now);
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
	mcr_gmp_get_info(b->igmp, b->now, &info);
	CHECK(info.pending == 0 && info.unsent == 0 && info.leaving == 0);
	CHECK(info.version == (b->cfg.version ? b->cfg.version : 3));
	/* Without losses that copies could not make good, the router knows what we want. */
	for (unsigned i = 0; i < GROUPS; i++) {
		struct mcr_gmp_group_info g;

		CHECK((mcr_gmp_get_group(b->igmp, address(group_address(i)), &g) == 0) ==
		      is_wanted(&b->wanted[i]));
		if (b->only_v3 && b->cfg.version == 3 && b->cfg.mtu >= 576) {
			CHECK(b->heard[i].exclude == b->wanted[i].exclude);
			CHECK(b->heard[i].sources == b->wanted[i].sources);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = {.data = data, .end = data + size, .now = SECOND, .only_v3 = 1};
	struct mcr_gmp_info info;

	if (size < 4)
		return 0;
	b.cfg = (struct mcr_gmp_config){
	    .seed = take(&b), .repeat_s = MCR_GMP_NO_REPEAT, .robustness_floor = 2};
	unsigned how = take(&b);

	b.cfg.version = how & 3;
	b.cfg.mtu = how & 4 ? 68 : 1500;
	b.may_lag = b.cfg.mtu == 68;
	b.cfg.burst = how & 8 ? 1 : 0;
	b.lost = how & 16 ? take(&b) : UINT32_MAX;
	CHECK(mcr_gmp_create(&b.igmp, &b.cfg, b.now) == 0);
	while (b.data < b.end)
		step(&b);
	check_rest(&b);
	mcr_gmp_leave_all(b.igmp, b.now);
	memset(b.wanted, 0, sizeof(b.wanted));
	check_rest(&b);
	mcr_gmp_get_info(b.igmp, b.now, &info);
	CHECK(info.groups == 0);
	mcr_gmp_destroy(b.igmp);
	return 0;
}
