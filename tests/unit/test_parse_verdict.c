/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a whole frame goes, by its tags, addresses and protocols. */
#include "parse_rig.h"

static void a_deep_stack_of_tags_is_dropped_and_a_stripped_tag_counts(void **state)
{
	struct frame f;
	struct mcr_packet p;

	(void)state;
	for (unsigned tags = 0; tags < 12; tags++) {
		build(&f, (struct shape){.tags = tags, .vid = 100, .payload = 10});
		if (tags > 2)
			assert_drop(parse(&f), MCR_DROP_VLAN_DEPTH);
		p = parse3(f.bytes, f.len, f.len, 4094);
		assert_int_equal(p.vlan, 4094);
		if (tags > 1)
			assert_drop(p, MCR_DROP_VLAN_DEPTH);
		else
			assert_int_equal(p.verdict, MCR_PARSED_UDP);
	}
}

static void a_priority_tag_is_untagged_and_the_outer_vid_counts(void **state)
{
	struct frame f;
	struct mcr_packet p;

	(void)state;
	for (unsigned tags = 1; tags <= 2; tags++) {
		for (uint16_t vid = 0; vid < 4096; vid++) {
			build(&f, (struct shape){.tags = tags, .vid = vid, .payload = 1});
			p = parse(&f);
			assert_int_equal(p.verdict, MCR_PARSED_UDP);
			assert_int_equal(p.vlan, vid);
		}
	}
}

static void any_fragment_is_dropped_as_a_fragment(void **state)
{
	static const unsigned protocols[] = {17, 2, 1, 6};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (unsigned word = 1; word < 0x10000; word += i ? 997 : 1) {
			build(&f, (struct shape){.payload = 2, .protocol = protocols[i]});
			put16(f.bytes + f.l3 + 6, word);
			fill_ip_checksum(&f);
			if (word & 0x3fff)
				assert_drop(parse(&f), MCR_DROP_FRAGMENT);
			else
				assert_true(parse(&f).drop != MCR_DROP_FRAGMENT);
		}
	}
}

static void protocols_go_where_they_belong(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned protocol = 1; protocol < 256; protocol++) {
		struct mcr_packet m, u;

		build(&f, (struct shape){.payload = 24, .protocol = protocol});
		m = parse(&f);
		build(&f, (struct shape){.payload = 24, .protocol = protocol, .group = "10.0.0.9"});
		u = parse(&f);
		if (protocol == 17)
			assert_int_equal(m.verdict, MCR_PARSED_UDP);
		else if (protocol == 2)
			assert_int_equal(m.verdict, MCR_PARSED_MEMBERSHIP);
		else
			assert_drop(m, MCR_DROP_NOT_UDP);
		if (protocol == 1 || protocol == 2)
			assert_int_equal(u.verdict,
					 protocol == 1 ? MCR_PARSED_PUNT : MCR_PARSED_MEMBERSHIP);
		else
			assert_drop(u, MCR_DROP_NOT_MULTICAST);
	}
}

static void multicast_is_taken_from_any_frame_that_is_to_this_host(void **state)
{
	static const struct {
		uint8_t mac[6];
		int good;
	} macs[] = {
	    {{0x01, 0x00, 0x5e, 9, 9, 9}, 1},
	    {{0x03, 0xbf, 1, 2, 3, 4}, 1},
	    {{0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}, 1},
	    {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1},
	    {{0x02, 0, 0, 0, 0, 1}, 1}, /* own_mac */
	    {{0x02, 0, 0, 0, 0, 2}, 0},
	    {{0x02, 0, 0, 0, 1, 1}, 0},
	    {{0x00, 0x00, 0x5e, 9, 9, 9}, 0},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
		for (unsigned octet = 0; octet < 256; octet++) {
			build(&f, (struct shape){.payload = 4});
			memcpy(f.bytes, macs[i].mac, 6);
			f.bytes[f.l3 + 16] = (uint8_t)octet;
			fill_ip_checksum(&f);
			if (macs[i].good && octet >= 224 && octet <= 239)
				assert_int_equal(parse(&f).verdict, MCR_PARSED_UDP);
			else
				assert_drop(parse(&f), MCR_DROP_NOT_MULTICAST);
		}
	}
}

static void igmp_and_icmp_in_a_frame_to_another_host_are_not_ours(void **state)
{
	static const unsigned protocols[] = {1, 2};
	static const char *const destinations[] = {"10.0.0.1", "224.0.0.1"};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		int taken = protocols[i / 2] == 2 || i % 2 == 0; /* ICMP to a group is not */
		int verdict = !taken                  ? MCR_PARSED_DROP
			      : protocols[i / 2] == 2 ? MCR_PARSED_MEMBERSHIP
						      : MCR_PARSED_PUNT;

		build(&f, (struct shape){.payload = 8,
					 .protocol = protocols[i / 2],
					 .group = destinations[i % 2]});
		memcpy(f.bytes, own_mac, 6);
		assert_int_equal(parse(&f).verdict, verdict);
		memset(f.bytes, 0xff, 6);
		assert_int_equal(parse(&f).verdict, verdict);
		f.bytes[0] = 0xfe;
		assert_drop(parse(&f), MCR_DROP_NOT_MULTICAST);
	}
}

static void a_source_that_no_host_may_have_is_a_bad_one(void **state)
{
	static const struct {
		const char *group;
		int link;
	} groups[] = {{"239.1.1.1", 0}, {"224.0.0.77", 1}, {"224.0.1.0", 0}, {"232.1.1.1", 0}};
	struct frame f;

	(void)state;
	for (size_t g = 0; g < 4; g++) {
		for (unsigned i = 0; i < 256 * 3; i++) {
			unsigned first = i / 3, last = i % 3 * 127;
			int good = first != 0 && first != 127 && first < 224;

			build(&f, (struct shape){.payload = 4, .group = groups[g].group});
			f.bytes[f.l3 + 12] = (uint8_t)first;
			memset(f.bytes + f.l3 + 13, (int)last, 3);
			fill_ip_checksum(&f);
			if (good ||
			    (first == 0 && groups[g].link)) /* 0/8: who looks for an address */
				assert_int_equal(parse(&f).verdict, MCR_PARSED_UDP);
			else
				assert_drop(parse(&f), MCR_DROP_BAD_SOURCE);
		}
	}
}

static void igmp_from_nowhere_is_igmp_all_the_same(void **state)
{
	struct frame f;

	(void)state;
	build(&f, (struct shape){.payload = 8, .protocol = 2, .group = "224.0.0.1"});
	memset(f.bytes + f.l3 + 12, 0, 4); /* RFC 4541 §2.1.1: a proxy's query */
	fill_ip_checksum(&f);
	assert_int_equal(parse(&f).verdict, MCR_PARSED_MEMBERSHIP);
}

static void own_frames_are_told_from_those_of_similar_addresses(void **state)
{
	struct mcr_packet p;
	struct frame f;

	(void)state;
	build(&f, (struct shape){.payload = 4});
	memcpy(f.bytes + 6, own_mac, 6);
	p = parse(&f);
	assert_drop(p, MCR_DROP_OWN_FRAME);
	assert_int_equal(p.group_be, inet_addr(GROUP)); /* what it was is seen */
	assert_int_equal(p.source_be, inet_addr(SOURCE));
	assert_int_equal(p.port, 5000);
	assert_int_equal(p.ether_type, 0x0800);
	for (unsigned bit = 0; bit < 48; bit++) {
		memcpy(f.bytes + 6, own_mac, 6);
		f.bytes[6 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(parse(&f).verdict, MCR_PARSED_UDP);
	}
}

static void only_arp_and_ip_pass_among_all_ethertypes(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned type = 0; type <= 0xffff; type++) {
		struct mcr_packet p;

		if (type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x0800 ||
		    type == 0x86dd)
			continue;
		if (type == 0)
			build(&f, (struct shape){.payload = 4});
		put16(f.bytes + 12, type);
		p = parse(&f);
		assert_int_equal(p.ether_type, type);
		if (type == 0x0806)
			assert_int_equal(p.verdict, MCR_PARSED_PUNT);
		else
			assert_drop(p, MCR_DROP_NOT_IP);
	}
}

/* Whether the short way takes the frame, in both forms. */
static int is_plain(const struct frame *f)
{
	struct mcr_packet p = parse(f);
	int plain;

	assert_true(parse_forms_agree(&p, f->bytes, f->len, 0, own_mac, &plain));
	return plain;
}

/* Whether a plain frame stays one when one octet of its headers changes from `was` to another, the
 * IP checksum as well. */
static int octet_may_be(uint32_t at, uint8_t value, uint8_t was)
{
	/* MACs, traffic class, id, TTL, IP checksum, addresses and ports, UDP checksum */
	static const uint8_t any[MCR_PLAIN_HEADERS] = {
	    [3] = 1,  [4] = 1,  [5] = 1,  [6] = 1,  [7] = 1,  [8] = 1,  [9] = 1,
	    [10] = 1, [15] = 1, [18] = 1, [19] = 1, [22] = 1, [24] = 1, [25] = 1,
	    [27] = 1, [28] = 1, [29] = 1, [30] = 1, [31] = 1, [32] = 1, [33] = 1,
	    [34] = 1, [35] = 1, [36] = 1, [37] = 1, [40] = 1, [41] = 1};

	if (at == 11)
		return value != own_mac[5];
	if (at == 20) /* the two bits above "more fragments" */
		return (value & 0x3f) == 0;
	if (at == 26)
		return value != 0 && value != 127 && value < 224;
	return any[at] || value == was;
}

static void the_short_way_looks_at_each_octet_of_the_headers(void **state)
{
	struct frame f;

	(void)state;
	for (uint32_t at = 0; at < MCR_PLAIN_HEADERS; at++) {
		for (unsigned value = 0; value < 256; value++) {
			uint8_t was;

			build(&f, (struct shape){.payload = 20});
			was = f.bytes[at];
			f.bytes[at] = (uint8_t)value;
			if (value != was && at >= 14 && at < 34)
				assert_false(is_plain(&f)); /* the checksum is wrong */
			fill_ip_checksum(&f);
			assert_int_equal(is_plain(&f), octet_may_be(at, (uint8_t)value, was));
		}
	}
}

static void the_short_way_takes_udp_from_hosts_only(void **state)
{
	struct frame f;

	(void)state;
	build(&f, (struct shape){.payload = 20});
	for (unsigned protocol = 0; protocol < 256; protocol++) {
		for (unsigned first = 0; first < 256; first++) {
			f.bytes[f.l3 + 9] = (uint8_t)protocol;
			f.bytes[f.l3 + 12] = (uint8_t)first;
			fill_ip_checksum(&f);
			assert_int_equal(is_plain(&f), protocol == 17 && first != 0 &&
							   first != 127 && first < 224);
		}
	}
}

static void the_short_way_takes_lengths_that_agree(void **state)
{
	struct frame f;

	(void)state;
	build(&f, (struct shape){.payload = 30, .padding = 10});
	for (unsigned total = 0; total <= 0xffff; total += total == 80 ? 0xffff - 160 : 1) {
		for (unsigned udp = 0; udp <= 0xffff; udp += udp == 80 ? 0xffff - 160 : 1) {
			put16(f.bytes + f.l3 + 2, total);
			put16(f.bytes + f.udp + 4, udp);
			fill_ip_checksum(&f);
			assert_int_equal(is_plain(&f),
					 udp >= 8 && total == 20 + udp && total <= 20 + 8 + 40);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_deep_stack_of_tags_is_dropped_and_a_stripped_tag_counts),
	    cmocka_unit_test(a_priority_tag_is_untagged_and_the_outer_vid_counts),
	    cmocka_unit_test(any_fragment_is_dropped_as_a_fragment),
	    cmocka_unit_test(protocols_go_where_they_belong),
	    cmocka_unit_test(multicast_is_taken_from_any_frame_that_is_to_this_host),
	    cmocka_unit_test(igmp_and_icmp_in_a_frame_to_another_host_are_not_ours),
	    cmocka_unit_test(a_source_that_no_host_may_have_is_a_bad_one),
	    cmocka_unit_test(igmp_from_nowhere_is_igmp_all_the_same),
	    cmocka_unit_test(own_frames_are_told_from_those_of_similar_addresses),
	    cmocka_unit_test(only_arp_and_ip_pass_among_all_ethertypes),
	    cmocka_unit_test(the_short_way_looks_at_each_octet_of_the_headers),
	    cmocka_unit_test(the_short_way_takes_udp_from_hosts_only),
	    cmocka_unit_test(the_short_way_takes_lengths_that_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
