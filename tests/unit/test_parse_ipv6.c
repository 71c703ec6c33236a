/* SPDX-License-Identifier: BSD-3-Clause */
/* What IPv4 does not have: extension headers, ICMPv6, addresses of its own kinds. What both have is
 * in test_parse.c and test_parse_verdict.c. */
#include "parse_rig.h"

enum {
	HOP_BY_HOP = 0,
	ROUTING = 43,
	FRAGMENT = 44,
	AUTHENTICATION = 51,
	ICMPV6 = 58,
	NOTHING = 59,
	DESTINATION = 60,
};

/* A frame whose extension headers are these; the payload is 20 octets of UDP. */
static struct mcr_packet with(struct frame *f, unsigned first, const uint8_t *ext, unsigned len)
{
	build(f,
	      (struct shape){.ipv6 = 1, .first = first, .ext = ext, .ext_len = len, .payload = 20});
	return parse(f);
}

static void assert_taken(struct frame *f, unsigned first, const uint8_t *ext, unsigned len)
{
	const struct shape s = {
	    .ipv6 = 1, .first = first, .ext = ext, .ext_len = len, .payload = 20};
	struct mcr_packet p = with(f, first, ext, len);

	assert_whole(&p, f, s);
	assert_true(mcr_udp_checksum_ok(&p, f->bytes));
}

static void headers_that_change_nothing_are_stepped_over(void **state)
{
	static const uint8_t padded[8] = {0, 0, 1, 4}, ones[8] = {0},
			     alert[8] = {0, 0, 5, 2, 0, 0, 1, 0}, route[24] = {0, 2, 0, 0},
			     atomic[8] = {0, 0, 0, 6}, /* the reserved bits are not looked at */
	    all[40] = {DESTINATION, 0, 1, 4, 0,        0, 0, 0, ROUTING, 0, 1, 4,
		       0,           0, 0, 0, FRAGMENT, 0, 4, 0, 0,       0, 0, 0,
		       DESTINATION, 0, 0, 0, 9,        9, 9, 9, 0,       0, 1, 4};
	struct frame f;

	(void)state;
	assert_taken(&f, HOP_BY_HOP, padded, sizeof(padded));
	assert_taken(&f, DESTINATION, ones, sizeof(ones));
	assert_taken(&f, HOP_BY_HOP, alert, sizeof(alert));
	assert_taken(&f, ROUTING, route, sizeof(route));
	assert_taken(&f, FRAGMENT, atomic, sizeof(atomic));
	assert_taken(&f, HOP_BY_HOP, all, sizeof(all));
}

/* RFC 8200 §4.2: the upper two bits of an option's type. */
static void an_option_that_must_not_be_skipped_ends_the_packet(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned type = 1; type < 256; type++) {
		const uint8_t ext[8] = {0, 0, (uint8_t)type, 4};
		const unsigned first = type % 2 ? HOP_BY_HOP : DESTINATION;

		if (type >> 6 == 0)
			assert_taken(&f, first, ext, sizeof(ext));
		else
			assert_drop(with(&f, first, ext, sizeof(ext)), MCR_DROP_BAD_IP_HEADER);
	}
}

static void an_option_stays_in_its_header(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned len = 0; len < 256; len++) {
		const uint8_t ext[8] = {0, 0, 1, (uint8_t)len}, last[8] = {0, 0, 1, 3, 0, 0, 0, 1};

		if (len <= 4)
			assert_taken(&f, HOP_BY_HOP, ext, sizeof(ext));
		else
			assert_drop(with(&f, HOP_BY_HOP, ext, sizeof(ext)), MCR_DROP_BAD_IP_HEADER);
		assert_drop(with(&f, HOP_BY_HOP, last, sizeof(last)), MCR_DROP_BAD_IP_HEADER);
	}
}

static void a_header_stays_in_its_packet(void **state)
{
	static const uint8_t ext[16] = {0, 1, 1, 12};
	struct frame f;

	(void)state;
	for (unsigned len = 0; len < 256; len++) {
		build(&f, (struct shape){.ipv6 = 1,
					 .first = DESTINATION,
					 .ext = ext,
					 .ext_len = sizeof(ext),
					 .payload = 20});
		f.bytes[f.l3 + 41] = (uint8_t)len;
		if (len > 4) /* there are 44 octets */
			assert_drop(parse(&f), MCR_DROP_BAD_IP_HEADER);
	}
}

static void hop_by_hop_options_stand_first_only(void **state)
{
	static const uint8_t ext[16] = {HOP_BY_HOP, 0, 1, 4, 0, 0, 0, 0, 0, 0, 1, 4};
	struct frame f;

	(void)state;
	assert_drop(with(&f, DESTINATION, ext, sizeof(ext)), MCR_DROP_BAD_IP_HEADER);
}

/* RFC 8200 §4.4 */
static void a_route_with_segments_left_is_not_ours(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned left = 0; left < 256; left++) {
		const uint8_t ext[8] = {0, 0, (uint8_t)(left % 5), (uint8_t)left};

		if (left == 0)
			assert_taken(&f, ROUTING, ext, sizeof(ext));
		else
			assert_drop(with(&f, ROUTING, ext, sizeof(ext)), MCR_DROP_BAD_IP_HEADER);
	}
}

/* RFC 8200 §4.5, RFC 6946 */
static void a_fragment_of_several_is_one_whatever_it_holds(void **state)
{
	static const unsigned protocols[] = {17, ICMPV6, 6};
	struct frame f;

	(void)state;
	for (unsigned word = 0; word <= 0xffff; word++) {
		const uint8_t ext[8] = {0, 0, (uint8_t)(word >> 8), (uint8_t)word};

		build(&f, (struct shape){.ipv6 = 1,
					 .first = FRAGMENT,
					 .ext = ext,
					 .ext_len = 8,
					 .payload = 4,
					 .protocol = protocols[word % 3]});
		if (word & 0xfff9)
			assert_drop(parse(&f), MCR_DROP_FRAGMENT);
		else
			assert_true(parse(&f).drop != MCR_DROP_FRAGMENT);
	}
}

static void a_chain_of_headers_has_an_end(void **state)
{
	uint8_t ext[80] = {0};
	struct frame f;

	(void)state;
	for (unsigned n = 0; n < 10; n++) {
		ext[8 * n] = DESTINATION;
		ext[8 * n + 2] = 1;
		ext[8 * n + 3] = 4;
	}
	assert_taken(&f, DESTINATION, ext, 64);
	assert_drop(with(&f, DESTINATION, ext, 72), MCR_DROP_BAD_IP_HEADER);
}

/* RFC 2675: its payload length is 0, and its option one that others must not skip. */
static void a_jumbogram_is_refused(void **state)
{
	static const uint8_t jumbo[8] = {0, 0, 0xc2, 4, 0, 1, 0, 0};
	struct frame f;

	(void)state;
	assert_drop(with(&f, HOP_BY_HOP, jumbo, sizeof(jumbo)), MCR_DROP_BAD_IP_HEADER);
	put16(f.bytes + f.l3 + 4, 0);
	assert_drop(parse(&f), MCR_DROP_BAD_IP_HEADER);
	build(&f, (struct shape){.ipv6 = 1, .payload = 20});
	put16(f.bytes + f.l3 + 4, 0);
	assert_drop(parse(&f), MCR_DROP_BAD_UDP_LENGTH);
}

static void every_payload_length_and_version_gets_its_reason(void **state)
{
	struct frame f;

	(void)state;
	build(&f, (struct shape){.ipv6 = 1, .payload = 30, .padding = 10});
	for (unsigned len = 0; len <= 0xffff; len += len == 200 ? 250 : 1) {
		put16(f.bytes + f.l3 + 4, len);
		if (len > 8 + 30 + 10)
			assert_drop(parse(&f), MCR_DROP_TRUNCATED);
		else if (len < 8 + 30)
			assert_drop(parse(&f), MCR_DROP_BAD_UDP_LENGTH);
		else
			assert_int_equal(parse(&f).payload_len, 30);
	}
	for (unsigned first = 0; first < 256; first++) {
		build(&f, (struct shape){.ipv6 = 1, .payload = 30});
		f.bytes[f.l3] = (uint8_t)first;
		if (first >> 4 == 6)
			assert_int_equal(parse(&f).traffic_class, (first & 15) << 4 | 8);
		else
			assert_drop(parse(&f), MCR_DROP_BAD_IP_HEADER);
	}
}

static void protocols_go_where_they_belong(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned protocol = 1; protocol < 256; protocol++) {
		struct mcr_packet m, u;

		if (protocol == ROUTING || protocol == FRAGMENT || protocol == DESTINATION)
			continue;
		build(&f, (struct shape){.ipv6 = 1, .payload = 24, .protocol = protocol});
		f.bytes[f.udp] = 1; /* ICMPv6: destination unreachable */
		m = parse(&f);
		build(&f,
		      (struct shape){
			  .ipv6 = 1, .payload = 24, .protocol = protocol, .group = "2001:db8::9"});
		f.bytes[f.udp] = 1;
		u = parse(&f);
		if (protocol == 17)
			assert_int_equal(m.verdict, MCR_PARSED_UDP);
		else
			assert_drop(m, MCR_DROP_NOT_UDP);
		if (protocol == ICMPV6)
			assert_int_equal(u.verdict, MCR_PARSED_PUNT);
		else
			assert_drop(u, MCR_DROP_NOT_MULTICAST);
	}
}

static void mld_and_neighbour_discovery_are_for_control(void **state)
{
	static const uint8_t alert[8] = {0, 0, 5, 2, 0, 0, 1, 0};
	struct frame f;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		const int mld = type == 130 || type == 131 || type == 132 || type == 143;
		struct mcr_packet p;

		build(&f, (struct shape){.ipv6 = 1,
					 .protocol = ICMPV6,
					 .ext = type % 2 ? alert : NULL,
					 .ext_len = type % 2 ? 8 : 0,
					 .payload = 20,
					 .group = "ff02::1:ff00:1"});
		f.bytes[f.udp] = (uint8_t)type;
		p = parse(&f);
		if (mld)
			assert_int_equal(p.verdict, MCR_PARSED_MEMBERSHIP);
		else if (type == 135 || type == 136)
			assert_int_equal(p.verdict, MCR_PARSED_PUNT);
		else
			assert_drop(p, MCR_DROP_NOT_UDP);
		assert_int_equal(p.payload_offset, f.udp);
		f.bytes[0] = 0x02; /* to another host */
		assert_drop(parse(&f), MCR_DROP_NOT_MULTICAST);
	}
}

static void a_source_that_no_host_may_have_is_a_bad_one(void **state)
{
	static const struct {
		const char *address;
		int link, any; /* may send to ff02::/16, to others */
	} sources[] = {
	    {"fe80::1", 1, 1},   {"2001:db8::1", 1, 1},    {"64:ff9b::1.2.3.4", 1, 1},
	    {"fd00::1", 1, 1},   {"::1.2.3.4", 1, 1},      {"::", 1, 0},
	    {"::1", 0, 0},       {"::ffff:1.2.3.4", 0, 0}, {"ff02::1", 0, 0},
	    {"ff15::1:1", 0, 0},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		for (int link = 0; link < 2; link++) {
			build(&f, (struct shape){.ipv6 = 1,
						 .payload = 4,
						 .group = link ? "ff02::5" : "ff15::5"});
			inet_pton(AF_INET6, sources[i].address, f.bytes + f.l3 + 8);
			if (link ? sources[i].link : sources[i].any)
				assert_int_equal(parse(&f).verdict, MCR_PARSED_UDP);
			else
				assert_drop(parse(&f), MCR_DROP_BAD_SOURCE);
		}
	}
}

/* Whether the short way takes the frame. */
static int is_plain(const struct frame *f)
{
	struct mcr_packet p = parse(f);
	int plain;

	assert_true(parse_forms_agree(&p, f->bytes, f->len, 0, own_mac, &plain));
	return plain;
}

static void the_short_way_looks_at_each_octet_of_the_headers(void **state)
{
	struct frame f;

	(void)state;
	for (uint32_t at = 0; at < MCR_PLAIN_IPV6_HEADERS; at++) {
		for (unsigned value = 0; value < 256; value++) {
			int may_be;
			uint8_t was;

			build(&f, (struct shape){.ipv6 = 1, .payload = 20});
			f.bytes[f.udp + 6] = 1;
			was = f.bytes[at];
			f.bytes[at] = (uint8_t)value;
			/* MACs, flow label, hop limit, addresses, ports, checksum: any. */
			may_be = value == was || (at >= 2 && at < 11) || (at >= 15 && at < 18) ||
				 at == 21 || (at >= 22 && at < 58) || at >= 60;
			if (at == 11)
				may_be = value != own_mac[5];
			if (at == 14)
				may_be = value >> 4 == 6;
			if (at == 22)
				may_be = value != 0 && value != 0xff;
			if (at == 60)
				may_be = value != 0 || f.bytes[61] != 0;
			assert_int_equal(is_plain(&f), may_be);
		}
	}
}

static void the_short_way_takes_lengths_that_agree(void **state)
{
	struct frame f;

	(void)state;
	build(&f, (struct shape){.ipv6 = 1, .payload = 30, .padding = 10});
	for (unsigned ip = 0; ip <= 0xffff; ip += ip == 80 ? 0xffff - 160 : 1) {
		for (unsigned udp = 0; udp <= 0xffff; udp += udp == 80 ? 0xffff - 160 : 1) {
			put16(f.bytes + f.l3 + 4, ip);
			put16(f.bytes + f.udp + 4, udp);
			assert_int_equal(is_plain(&f), udp >= 8 && ip == udp && ip <= 8 + 40);
		}
	}
}

static void a_header_that_is_cut_shows_no_address(void **state)
{
	struct frame f;
	struct mcr_packet p;

	(void)state;
	build(&f, (struct shape){.ipv6 = 1, .payload = 20});
	for (uint32_t len = 14; len <= 54; len++) {
		p = parse3(f.bytes, len, f.len, 0);
		assert_drop(p, MCR_DROP_TRUNCATED);
		assert_address(mcr_packet_group(&p, f.bytes), len < 54 ? "::" : GROUP_IPV6);
	}
}

/* Options of 8 and of 16 octets, then UDP or ICMPv6. */
static void build_long(struct frame *f, unsigned protocol)
{
	static const uint8_t ext[24] = {DESTINATION, 0, 1, 4, 0, 0, 0, 0, 0, 1, 1, 12};

	build(f, (struct shape){.ipv6 = 1,
				.first = HOP_BY_HOP,
				.ext = ext,
				.ext_len = sizeof(ext),
				.protocol = protocol,
				.payload = 20});
}

/* Headers must lie in the first piece, in the middle of which they may not end. */
static void headers_cut_by_the_first_piece_are_truncated(void **state)
{
	struct frame f;

	(void)state;
	build_long(&f, 0);
	for (uint32_t len = f.l3 + 40; len <= f.len; len++) {
		struct mcr_packet p = parse3(f.bytes, len, f.len, 0);

		if (len < f.udp + 8)
			assert_drop(p, MCR_DROP_TRUNCATED);
		else
			assert_int_equal(p.verdict, MCR_PARSED_UDP);
	}
	build_long(&f, ICMPV6);
	f.bytes[f.udp] = 130;
	for (uint32_t len = f.l3 + 40; len <= f.len; len++) {
		struct mcr_packet p = parse3(f.bytes, len, f.len, 0);

		if (len < f.udp + 1)
			assert_drop(p, MCR_DROP_TRUNCATED);
		else
			assert_int_equal(p.verdict, MCR_PARSED_MEMBERSHIP);
	}
}

/* Neither the frame's padding nor what lies behind it in memory is of the packet. */
static void headers_cut_by_the_end_of_the_packet_are_bad(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned padded = 0; padded < 2; padded++) {
		for (unsigned len = 1; len < 24; len++) {
			build_long(&f, 0);
			put16(f.bytes + f.l3 + 4, len);
			f.len = padded ? f.len : f.l3 + 40 + len;
			if (len != 8)
				assert_drop(parse(&f), MCR_DROP_BAD_IP_HEADER);
		}
		build_long(&f, ICMPV6);
		put16(f.bytes + f.l3 + 4, 24);
		f.bytes[f.udp] = 130;
		f.len = padded ? f.len : f.udp;
		assert_drop(parse(&f), MCR_DROP_NOT_UDP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(headers_that_change_nothing_are_stepped_over),
	    cmocka_unit_test(an_option_that_must_not_be_skipped_ends_the_packet),
	    cmocka_unit_test(an_option_stays_in_its_header),
	    cmocka_unit_test(a_header_stays_in_its_packet),
	    cmocka_unit_test(hop_by_hop_options_stand_first_only),
	    cmocka_unit_test(a_route_with_segments_left_is_not_ours),
	    cmocka_unit_test(a_fragment_of_several_is_one_whatever_it_holds),
	    cmocka_unit_test(a_chain_of_headers_has_an_end),
	    cmocka_unit_test(a_jumbogram_is_refused),
	    cmocka_unit_test(every_payload_length_and_version_gets_its_reason),
	    cmocka_unit_test(protocols_go_where_they_belong),
	    cmocka_unit_test(mld_and_neighbour_discovery_are_for_control),
	    cmocka_unit_test(a_source_that_no_host_may_have_is_a_bad_one),
	    cmocka_unit_test(the_short_way_looks_at_each_octet_of_the_headers),
	    cmocka_unit_test(the_short_way_takes_lengths_that_agree),
	    cmocka_unit_test(a_header_that_is_cut_shows_no_address),
	    cmocka_unit_test(headers_cut_by_the_first_piece_are_truncated),
	    cmocka_unit_test(headers_cut_by_the_end_of_the_packet_are_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
