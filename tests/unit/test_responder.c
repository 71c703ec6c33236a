/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames made by hand, in an mbuf made by hand. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/interface/responder.h"
#include "octets.h"

#define ROOM 512

static const struct rte_ether_addr own = {{2, 0, 0, 0, 0, 1}};

/* Who has 10.0.0.1? Asked by 10.0.0.9 at 02:00:00:00:00:09. */
static const uint8_t arp_request[] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,  0, 0, 0, 0, 9, 8, 6,                    /* Ethernet */
    0,    1,    8,    0,    6,    4,    0,  1,                                      /* request */
    2,    0,    0,    0,    0,    9,    10, 0, 0, 9, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1, /* who */
};
static const uint8_t arp_reply[] = {
    2, 0, 0, 0, 0, 9, 2, 0,  0, 0, 0, 1, 8, 6, 0, 1, 8, 0,  6, 4, 0,
    2, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 2, 0, 0, 0, 0, 9, 10, 0, 0, 9,
};

static const uint8_t echo_head[] = {
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0, /* Ethernet */
};

struct frame {
	struct rte_mbuf m;
	uint8_t room[ROOM];
	struct mcr_packet packet;
};

static void fill(struct frame *f, const void *octets, size_t len)
{
	memset(f, 0, sizeof(*f));
	f->m.buf_addr = f->room;
	f->m.buf_len = ROOM;
	f->m.nb_segs = 1;
	f->m.data_off = RTE_PKTMBUF_HEADROOM;
	memcpy(f->room + RTE_PKTMBUF_HEADROOM, octets, len);
	f->m.data_len = (uint16_t)len;
	f->m.pkt_len = (uint32_t)len;
}

static uint8_t *data(struct frame *f)
{
	return f->room + RTE_PKTMBUF_HEADROOM;
}

/* An echo request with these octets behind type, code and checksum (identifier, number, data). */
static void fill_echo(struct frame *f, const uint8_t *rest, size_t len)
{
	uint8_t buf[ROOM - RTE_PKTMBUF_HEADROOM] = {0};
	uint8_t *ip = buf + 14, *icmp = buf + 34;

	memcpy(buf, echo_head, sizeof(echo_head));
	ip[0] = 0x45;
	ip[1] = 0x10; /* type of service: kept */
	put16(ip + 2, (uint16_t)(24 + len));
	put16(ip + 4, 0x1234);
	ip[8] = 3;
	ip[9] = 1;
	memcpy(ip + 12, (const uint8_t[]){10, 0, 0, 9, 10, 0, 0, 1}, 8);
	put16(ip + 10, checksum16(ip, 20));
	icmp[0] = 8;
	memcpy(icmp + 4, rest, len);
	put16(icmp + 2, checksum16(icmp, 4 + len));
	fill(f, buf, 38 + len);
}

static int answer(struct frame *f)
{
	/* To the parser it is ours whoever it is to: the responder has to look for itself. */
	mcr_parse(&f->packet, data(f), f->m.data_len, f->m.pkt_len, 0, data(f));
	if (f->packet.verdict != MCR_PARSED_PUNT)
		return -1;
	return mcr_responder_answer(&f->m, &f->packet, &own, inet_addr("10.0.0.1"));
}

static void expect_no_answer(struct frame *f)
{
	struct frame before = *f;

	assert_int_equal(answer(f), 0);
	assert_memory_equal(f->room, before.room, ROOM);
}

/* ---- ARP ---- */

static void who_has_is_answered_to_the_asker(void **state)
{
	struct frame f;

	fill(&f, arp_request, sizeof(arp_request));
	assert_int_equal(answer(&f), 1);
	assert_int_equal(f.m.pkt_len, sizeof(arp_reply));
	assert_memory_equal(data(&f), arp_reply, sizeof(arp_reply));
}

static void a_tag_in_front_of_a_request_stays_in_front_of_the_answer(void **state)
{
	uint8_t tagged[sizeof(arp_request) + 4];
	struct frame f;

	memcpy(tagged, arp_request, 12);
	memcpy(tagged + 12, (const uint8_t[]){0x81, 0, 0xa0, 100}, 4);
	memcpy(tagged + 16, arp_request + 12, sizeof(arp_request) - 12);
	fill(&f, tagged, sizeof(tagged));
	assert_int_equal(answer(&f), 1);
	assert_memory_equal(data(&f), arp_reply, 12);
	assert_memory_equal(data(&f) + 12, tagged + 12, 4);
	assert_memory_equal(data(&f) + 16, arp_reply + 12, sizeof(arp_reply) - 12);
}

static void no_other_arp_is_answered(void **state)
{
	static const struct {
		uint8_t at, octet;
	} changes[] = {{15, 6}, {17, 1}, {18, 8}, {19, 16}, {21, 2}, {41, 2}, {6, 3}};
	struct frame f;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		fill(&f, arp_request, sizeof(arp_request));
		data(&f)[changes[i].at] = changes[i].octet;
		expect_no_answer(&f);
	}
	for (size_t len = 14; len < sizeof(arp_request); len++) {
		fill(&f, arp_request, len);
		expect_no_answer(&f);
	}
}

static void a_request_in_two_segments_is_left_alone(void **state)
{
	struct frame f;

	fill(&f, arp_request, sizeof(arp_request));
	f.m.nb_segs = 2;
	expect_no_answer(&f);
}

/* ---- echo ---- */

static void an_echo_comes_back_as_it_went(void **state)
{
	const uint8_t rest[] = {0x12, 0x34, 0, 1, 'd', 'a', 't', 'a', '!'};
	struct frame f;
	uint8_t *ip, *icmp;

	fill_echo(&f, rest, sizeof(rest));
	assert_int_equal(answer(&f), 1);
	ip = data(&f) + 14;
	icmp = ip + 20;
	assert_memory_equal(data(&f), arp_reply, 12); /* both MAC addresses */
	assert_memory_equal(ip + 12, ((const uint8_t[]){10, 0, 0, 1, 10, 0, 0, 9}), 8);
	assert_int_equal(ip[1], 0x10);
	assert_int_equal(ip[8], 64);
	assert_int_equal(checksum16(ip, 20), 0);
	assert_int_equal(icmp[0], 0);
	assert_int_equal(icmp[1], 0);
	assert_memory_equal(icmp + 4, rest, sizeof(rest));
	assert_int_equal(checksum16(icmp, 4 + sizeof(rest)), 0);
}

/* Of the two forms of zero only one verifies when all else is zero (RFC 1624 §3). */
static void the_checksum_of_every_answer_verifies(void **state)
{
	struct frame f;

	for (unsigned v = 0; v < 65536; v++) {
		const uint8_t rest[] = {(uint8_t)(v >> 8), (uint8_t)v, 0, 0};

		fill_echo(&f, rest, sizeof(rest));
		assert_int_equal(answer(&f), 1);
		assert_int_equal(checksum16(data(&f) + 34, 8), 0);
	}
}

static void change_ip(struct frame *f, unsigned at, uint8_t octet)
{
	uint8_t *ip = data(f) + 14;

	ip[at] = octet;
	put16(ip + 10, 0);
	put16(ip + 10, checksum16(ip, 20));
}

static void no_other_icmp_is_answered(void **state)
{
	const uint8_t rest[] = {0, 1, 0, 1};
	struct frame f;

	fill_echo(&f, rest, sizeof(rest));
	data(&f)[34] = 0; /* a reply */
	expect_no_answer(&f);
	fill_echo(&f, rest, sizeof(rest));
	data(&f)[35] = 1; /* no such code */
	expect_no_answer(&f);
	fill_echo(&f, rest, sizeof(rest));
	change_ip(&f, 19, 2); /* for 10.0.0.2 */
	expect_no_answer(&f);
	fill_echo(&f, rest, sizeof(rest));
	data(&f)[5] = 7; /* at another MAC address */
	expect_no_answer(&f);
	fill_echo(&f, rest, sizeof(rest));
	change_ip(&f, 3, 27); /* shorter than an echo */
	expect_no_answer(&f);
}

static void who_is_no_host_gets_no_answer(void **state)
{
	static const uint8_t firsts[] = {0, 127, 224, 239, 255};
	const uint8_t rest[] = {0, 1, 0, 1};
	struct frame f;

	for (size_t i = 0; i < sizeof(firsts); i++) {
		fill_echo(&f, rest, sizeof(rest));
		change_ip(&f, 12, firsts[i]);
		expect_no_answer(&f);
	}
	fill_echo(&f, rest, sizeof(rest));
	data(&f)[6] = 1; /* a group's MAC address */
	expect_no_answer(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_has_is_answered_to_the_asker),
	    cmocka_unit_test(a_tag_in_front_of_a_request_stays_in_front_of_the_answer),
	    cmocka_unit_test(no_other_arp_is_answered),
	    cmocka_unit_test(a_request_in_two_segments_is_left_alone),
	    cmocka_unit_test(an_echo_comes_back_as_it_went),
	    cmocka_unit_test(the_checksum_of_every_answer_verifies),
	    cmocka_unit_test(no_other_icmp_is_answered),
	    cmocka_unit_test(who_is_no_host_gets_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
