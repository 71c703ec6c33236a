/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <core/parse.h>

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

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The plain way of RFC 1071, unlike the parser's. */
static unsigned sum16(const uint8_t *p, uint32_t len, unsigned sum)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (unsigned)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void fill_ip_checksum(struct frame *f)
{
	uint8_t *ip = f->bytes + f->l3;

	put16(ip + 10, 0);
	put16(ip + 10, ~sum16(ip, (ip[0] & 15u) * 4, 0) & 0xffff);
}

static void fill_udp_checksum(struct frame *f)
{
	uint8_t *ip = f->bytes + f->l3, *udp = f->bytes + f->udp;
	unsigned len = mcr_load_be16(udp + 4), sum;

	put16(udp + 6, 0);
	sum = ~sum16(udp, len, sum16(ip + 12, 8, 17 + len)) & 0xffff;
	put16(udp + 6, sum ? sum : 0xffff);
}

static void build(struct frame *f, struct shape s)
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

/* The short way and the long way, each on heap copies of exactly the octets that it may read, so
 * that the sanitizers see one octet too many. They must agree in every field. */
static struct mcr_packet parse3(const uint8_t *bytes, uint32_t head_len, uint32_t frame_len,
				uint16_t stripped)
{
	uint8_t *head = malloc(head_len ? head_len : 1), *mac = malloc(sizeof(own_mac));
	struct mcr_packet a, b;

	assert_non_null(head);
	assert_non_null(mac);
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memcpy(head, bytes, head_len);
	memcpy(mac, own_mac, sizeof(own_mac));
	mcr_parse(&a, head, head_len, frame_len, stripped, mac);
	mcr_parse_walk(&b, head, head_len, frame_len, stripped, mac);
	assert_memory_equal(&a, &b, sizeof(a));
	free(mac);
	free(head);
	return a;
}

static struct mcr_packet parse(const struct frame *f)
{
	return parse3(f->bytes, f->len, f->len, 0);
}

static void assert_drop(struct mcr_packet packet, enum mcr_drop reason)
{
	assert_int_equal(packet.verdict, MCR_PARSED_DROP);
	assert_string_equal(mcr_drop_name(packet.drop), mcr_drop_name(reason));
}

static void assert_whole(const struct mcr_packet *p, const struct frame *f, struct shape s)
{
	assert_int_equal(p->verdict, MCR_PARSED_UDP);
	assert_int_equal(p->group_be, inet_addr(GROUP));
	assert_int_equal(p->source_be, inet_addr(SOURCE));
	assert_int_equal(p->port, 5000);
	assert_int_equal(p->source_port, 4001);
	assert_int_equal(p->ttl, 16);
	assert_int_equal(p->ether_type, 0x0800);
	assert_int_equal(p->l3_offset, f->l3);
	assert_int_equal(p->vlan, s.tags ? s.vid : 0);
	assert_int_equal(p->payload_offset, f->udp + 8);
	assert_int_equal(p->payload_len, s.payload);
}

static void a_good_frame_of_any_shape_is_parsed_and_bounded_by_its_udp_length(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned tags = 0; tags <= 2; tags++) {
		for (unsigned words = 5; words <= 15; words++) {
			for (unsigned payload = 0; payload <= 64; payload++) {
				struct shape s = {.tags = tags,
						  .ihl_words = words,
						  .payload = payload,
						  .padding = payload % 19,
						  .vid = 1234};
				struct mcr_packet p;

				build(&f, s);
				p = parse(&f);
				assert_whole(&p, &f, s);
				assert_true(mcr_udp_checksum_ok(&p, f.bytes));
			}
		}
	}
}

static void a_frame_cut_at_any_octet_is_truncated(void **state)
{
	static const struct shape shapes[] = {
	    {.payload = 40},
	    {.payload = 0},
	    {.tags = 1, .payload = 33, .vid = 5},
	    {.tags = 2, .payload = 9, .vid = 5},
	    {.ihl_words = 15, .payload = 21},
	    {.tags = 2, .ihl_words = 8, .payload = 5, .padding = 30},
	    {.payload = 3, .padding = 15},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		build(&f, shapes[i]);
		for (uint32_t len = 0; len < f.len - shapes[i].padding; len++)
			assert_drop(parse3(f.bytes, len, len, 0), MCR_DROP_TRUNCATED);
		for (uint32_t len = f.len - shapes[i].padding; len <= f.len; len++) {
			struct mcr_packet p = parse3(f.bytes, len, len, 0);

			assert_whole(&p, &f, shapes[i]);
		}
	}
}

static void the_first_segment_needs_to_hold_the_headers_only(void **state)
{
	static const struct shape shapes[] = {
	    {.payload = 8900},
	    {.tags = 1, .vid = 9, .payload = 8900},
	    {.tags = 2, .vid = 9, .ihl_words = 15, .payload = 8900},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		build(&f, shapes[i]);
		for (uint32_t head = 0; head < f.udp + 8; head++)
			assert_drop(parse3(f.bytes, head, f.len, 0), MCR_DROP_TRUNCATED);
		for (uint32_t head = f.udp + 8; head < f.udp + 40; head++) {
			struct mcr_packet p = parse3(f.bytes, head, f.len, 0);

			assert_whole(&p, &f, shapes[i]);
		}
		/* One octet less on the wire than the total length says. */
		assert_drop(parse3(f.bytes, f.udp + 8, f.len - 1, 0), MCR_DROP_TRUNCATED);
	}
}

static void every_wrong_version_and_header_length_is_a_bad_header(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		build(&f, (struct shape){.payload = 80});
		f.bytes[f.l3] = (uint8_t)first;
		if (first >> 4 != 4 || (first & 15) < 5)
			assert_drop(parse(&f), MCR_DROP_BAD_IP_HEADER);
		else if (first != 0x45) /* options of what was the UDP header: the sum is off */
			assert_drop(parse(&f), MCR_DROP_BAD_IP_CHECKSUM);
	}
}

static void any_single_flipped_bit_of_the_ip_header_is_noticed(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned words = 5; words <= 15; words += 5) {
		build(&f, (struct shape){.ihl_words = words, .payload = 20, .padding = 4});
		for (unsigned bit = 0; bit < words * 32; bit++) {
			f.bytes[f.l3 + bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(parse(&f).verdict, MCR_PARSED_DROP);
			if (bit >= 32) /* behind version, IHL and total length */
				assert_drop(parse(&f), MCR_DROP_BAD_IP_CHECKSUM);
			f.bytes[f.l3 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void the_ip_checksum_is_right_for_exactly_one_value(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned source = 7; source <= 0xffff;
	     source += 0xffff - 7) { /* 2nd: wide sums carry */
		unsigned right;

		build(&f, (struct shape){.payload = 4});
		put16(f.bytes + f.l3 + 14, source);
		fill_ip_checksum(&f);
		right = mcr_load_be16(f.bytes + f.l3 + 10);
		for (unsigned v = 0; v <= 0xffff; v++) {
			struct mcr_packet p;

			put16(f.bytes + f.l3 + 10, v);
			mcr_parse(&p, f.bytes, f.len, f.len, 0, own_mac);
			assert_int_equal(p.verdict, v == right ? MCR_PARSED_UDP : MCR_PARSED_DROP);
		}
	}
}

static void every_total_length_gets_its_reason(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned total = 0; total <= 0xffff; total++) {
		enum mcr_drop want = total < 20                 ? MCR_DROP_BAD_IP_HEADER
				     : total > 20 + 8 + 30 + 10 ? MCR_DROP_TRUNCATED
								: MCR_DROP_BAD_UDP_LENGTH;

		build(&f, (struct shape){.payload = 30, .padding = 10});
		put16(f.bytes + f.l3 + 2, total);
		fill_ip_checksum(&f);
		if (total < 20 + 8 + 30 || total > 20 + 8 + 30 + 10)
			assert_drop(parse(&f), want);
		else
			assert_int_equal(parse(&f).payload_len, 30);
		if (total > 200)
			total += 250;
	}
}

static void every_udp_length_gets_its_reason(void **state)
{
	struct frame f;

	(void)state;
	build(&f, (struct shape){.payload = 30, .padding = 10});
	for (unsigned len = 0; len <= 0xffff; len++) {
		struct mcr_packet p;

		put16(f.bytes + f.udp + 4, len);
		p = parse(&f);
		if (len < 8 || len > 38) {
			assert_drop(p, MCR_DROP_BAD_UDP_LENGTH);
		} else {
			assert_int_equal(p.verdict, MCR_PARSED_UDP);
			assert_int_equal(p.payload_len, len - 8);
		}
	}
}

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
			assert_int_equal(m.verdict, MCR_PARSED_PUNT);
		else
			assert_drop(m, MCR_DROP_NOT_UDP);
		if (protocol == 1 || protocol == 2)
			assert_int_equal(u.verdict, MCR_PARSED_PUNT);
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

		build(&f, (struct shape){.payload = 8,
					 .protocol = protocols[i / 2],
					 .group = destinations[i % 2]});
		memcpy(f.bytes, own_mac, 6);
		assert_int_equal(parse(&f).verdict, taken ? MCR_PARSED_PUNT : MCR_PARSED_DROP);
		memset(f.bytes, 0xff, 6);
		assert_int_equal(parse(&f).verdict, taken ? MCR_PARSED_PUNT : MCR_PARSED_DROP);
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
	assert_int_equal(parse(&f).verdict, MCR_PARSED_PUNT);
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

static void only_arp_and_ipv4_pass_among_all_ethertypes(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned type = 0; type <= 0xffff; type++) {
		struct mcr_packet p;

		if (type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x0800)
			continue;
		if (type == 0)
			build(&f, (struct shape){.payload = 4});
		put16(f.bytes + 12, type);
		p = parse(&f);
		assert_int_equal(p.ether_type, type);
		if (type == 0x0806)
			assert_int_equal(p.verdict, MCR_PARSED_PUNT);
		else
			assert_drop(p, MCR_DROP_NOT_IPV4);
	}
}

static void a_wrong_udp_checksum_is_noticed_and_none_is_accepted(void **state)
{
	struct frame f;
	struct mcr_packet p;

	(void)state;
	for (unsigned payload = 0; payload < 40; payload++) {
		build(&f, (struct shape){.payload = payload});
		p = parse(&f);
		for (uint32_t bit = 0; bit < (8 + payload) * 8; bit++) {
			if (bit / 8 == 4 || bit / 8 == 5)
				continue; /* the length was taken from p */
			f.bytes[f.udp + bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(mcr_udp_checksum_ok(&p, f.bytes));
			f.bytes[f.udp + bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		put16(f.bytes + f.udp + 6, 0);
		assert_true(mcr_udp_checksum_ok(&p, f.bytes));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_good_frame_of_any_shape_is_parsed_and_bounded_by_its_udp_length),
	    cmocka_unit_test(a_frame_cut_at_any_octet_is_truncated),
	    cmocka_unit_test(the_first_segment_needs_to_hold_the_headers_only),
	    cmocka_unit_test(every_wrong_version_and_header_length_is_a_bad_header),
	    cmocka_unit_test(any_single_flipped_bit_of_the_ip_header_is_noticed),
	    cmocka_unit_test(the_ip_checksum_is_right_for_exactly_one_value),
	    cmocka_unit_test(every_total_length_gets_its_reason),
	    cmocka_unit_test(every_udp_length_gets_its_reason),
	    cmocka_unit_test(a_deep_stack_of_tags_is_dropped_and_a_stripped_tag_counts),
	    cmocka_unit_test(a_priority_tag_is_untagged_and_the_outer_vid_counts),
	    cmocka_unit_test(any_fragment_is_dropped_as_a_fragment),
	    cmocka_unit_test(protocols_go_where_they_belong),
	    cmocka_unit_test(multicast_is_taken_from_any_frame_that_is_to_this_host),
	    cmocka_unit_test(igmp_and_icmp_in_a_frame_to_another_host_are_not_ours),
	    cmocka_unit_test(a_source_that_no_host_may_have_is_a_bad_one),
	    cmocka_unit_test(igmp_from_nowhere_is_igmp_all_the_same),
	    cmocka_unit_test(own_frames_are_told_from_those_of_similar_addresses),
	    cmocka_unit_test(only_arp_and_ipv4_pass_among_all_ethertypes),
	    cmocka_unit_test(a_wrong_udp_checksum_is_noticed_and_none_is_accepted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
