/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay reads of a frame, wherever it is in it, and which frames it reads at all: MAC
 * addresses, tags, lengths. */
#include "route_look_rig.h"

static void assert_looked(const struct mcr_route_packet *p, const struct frame *f, struct shape s,
			  uint16_t vlan)
{
	assert_address(mcr_route_address_back(p->group), s.ipv6 ? GROUP_IPV6 : GROUP);
	assert_address(mcr_route_address_back(p->source), s.ipv6 ? SOURCE_IPV6 : SOURCE);
	assert_int_equal(p->len, f->len - f->l3 - s.padding);
	assert_int_equal(p->vlan, vlan);
	assert_int_equal(p->l3_offset, f->l3);
	assert_int_equal(p->header, s.ipv6 ? 40 : s.ihl_words ? s.ihl_words * 4 : 20);
	assert_int_equal(p->ttl, 16);
	assert_int_equal(p->is_ipv6, s.ipv6);
}

/* F-22: padding is no part of it. */
static void a_packet_of_any_shape_is_read_by_its_header(void **state)
{
	struct mcr_route_packet p;
	struct frame f;

	(void)state;
	for (unsigned tags = 0; tags <= 1; tags++) {
		for (unsigned words = 4; words <= 15; words++) {
			for (unsigned payload = 0; payload <= 64; payload++) {
				struct shape s = {.tags = tags,
						  .ipv6 = words == 4,
						  .ihl_words = words,
						  .payload = payload,
						  .padding = payload % 19,
						  .vid = 1234};

				build(&f, s);
				assert_true(look(&p, &f));
				assert_looked(&p, &f, s, tags ? 1234 : 0);
				assert_int_equal(is_plain(&f), !tags && words <= 5);
			}
		}
	}
}

/* Whether the first octets are enough for it, when the frame is whole. */
static int is_enough(const struct frame *f, uint32_t head_len)
{
	struct mcr_route_packet p;

	return look4(&p, f->bytes, head_len, f->len, 0);
}

static void the_first_segment_needs_to_hold_the_ip_header_only(void **state)
{
	static const struct shape shapes[] = {
	    {.payload = 8900},
	    {.tags = 1, .vid = 9, .payload = 8900},
	    {.tags = 1, .vid = 9, .ihl_words = 15, .payload = 8900},
	    {.ihl_words = 6, .payload = 0, .padding = 12},
	    {.ipv6 = 1, .payload = 8900},
	    {.ipv6 = 1, .tags = 1, .vid = 9, .payload = 3},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct mcr_route_packet p;

		build(&f, shapes[i]);
		for (uint32_t head = 0; head < f.udp; head++)
			assert_false(is_enough(&f, head));
		for (uint32_t head = f.udp; head <= f.udp + 9 && head <= f.len; head++) {
			assert_true(look4(&p, f.bytes, head, f.len, 0));
			assert_looked(&p, &f, shapes[i], shapes[i].vid);
		}
	}
}

static void a_packet_that_the_frame_cuts_short_is_refused(void **state)
{
	static const struct shape shapes[] = {
	    {.payload = 40},
	    {.payload = 0},
	    {.tags = 1, .payload = 33, .vid = 5},
	    {.ihl_words = 15, .payload = 21, .padding = 7},
	    {.ipv6 = 1, .payload = 40},
	    {.ipv6 = 1, .tags = 1, .vid = 5, .payload = 0, .padding = 9},
	};
	struct mcr_route_packet p;
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		build(&f, shapes[i]);
		for (uint32_t len = 0; len < f.len - shapes[i].padding; len++)
			assert_false(look4(&p, f.bytes, len, len, 0));
		assert_false(look4(&p, f.bytes, f.udp, f.len - shapes[i].padding - 1, 0));
		assert_true(look4(&p, f.bytes, f.udp, f.len - shapes[i].padding, 0));
	}
}

/* Case 48 of the forwarding table: what UDP says of its length is nothing to a relay. */
static void the_length_is_that_of_ip(void **state)
{
	struct mcr_route_packet p;
	struct frame f;

	(void)state;
	for (unsigned len = 0; len < 100; len++) {
		build(&f, (struct shape){.payload = 40});
		put16(f.bytes + f.l3 + 2, len);
		fill_ip_checksum(&f);
		assert_int_equal(look(&p, &f), len >= 20 && len <= 68);
		if (len >= 20 && len <= 68)
			assert_int_equal(p.len, len);
		build(&f, (struct shape){.ipv6 = 1, .payload = 40});
		put16(f.bytes + f.l3 + 4, len);
		assert_int_equal(look(&p, &f), len <= 48);
		if (len <= 48)
			assert_int_equal(p.len, 40 + len);
	}
	/* Longer than any link carries, if there were one. */
	build(&f, (struct shape){.ipv6 = 1});
	put16(f.bytes + f.l3 + 4, 65495);
	assert_true(look4(&p, f.bytes, f.len, 65549, 0));
	assert_int_equal(p.len, 65535);
	put16(f.bytes + f.l3 + 4, 65496);
	assert_false(look4(&p, f.bytes, f.len, 80000, 0));
}

/* ---- F-21: MAC addresses ---- */

static void only_frames_to_a_group_are_read(void **state)
{
	static const struct {
		uint8_t mac[6];
		int ok;
	} cases[] = {
	    {{0x01, 0x00, 0x5e, 1, 2, 3}, 1},
	    {{0x01, 0x00, 0x5e, 5, 5, 5}, 1},
	    {{0x33, 0x33, 0x80, 1, 2, 3}, 1},
	    {{0x01, 0x80, 0xc2, 9, 9, 9}, 1},
	    {{0x02, 0, 0, 0, 0, 1}, 0}, /* our own */
	    {{0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}, 0},
	    {{0, 0, 0x5e, 1, 2, 3}, 0},
	    {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0},
	    {{0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}, 1},
	    {{0xff, 0xff, 0xff, 0x7f, 0xff, 0xff}, 1},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int ipv6 = 0; ipv6 < 2; ipv6++) {
			build(&f, (struct shape){.ipv6 = ipv6, .payload = 9});
			memcpy(f.bytes, cases[i].mac, 6);
			assert_int_equal(takes(&f), cases[i].ok);
		}
	}
}

static void a_frame_that_we_sent_is_refused(void **state)
{
	struct frame f;

	(void)state;
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		build(&f, (struct shape){.ipv6 = ipv6, .payload = 9});
		memcpy(f.bytes + 6, own_mac, 6);
		assert_false(takes(&f));
		for (unsigned bit = 0; bit < 48; bit++) {
			f.bytes[6 + bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_true(takes(&f));
			f.bytes[6 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* ---- F-23: tags ---- */

static void the_outer_tag_says_the_vlan(void **state)
{
	static const uint16_t types[] = {0x8100, 0x88a8, 0x9100};
	struct mcr_route_packet p;
	struct frame f;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		for (unsigned vid = 0; vid < 4096; vid++) {
			build(&f, (struct shape){.ipv6 = i >= 3, .tags = 1, .vid = (uint16_t)vid});
			put16(f.bytes + 12, types[i % 3]);
			assert_true(look(&p, &f));
			assert_int_equal(p.vlan, vid);
		}
	}
	build(&f, (struct shape){.tags = 1, .vid = 5});
	put16(f.bytes + 12, 0x9200);
	assert_false(look(&p, &f));
	build(&f, (struct shape){.payload = 3});
	assert_true(look4(&p, f.bytes, f.len, f.len, 4095));
	assert_int_equal(p.vlan, 4095);
	assert_int_equal(p.l3_offset, 14);
}

/* Also behind one of VID 0, or one that the NIC took out. */
static void what_has_a_tag_more_is_refused(void **state)
{
	struct mcr_route_packet p;
	struct frame f;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct shape s = {.ipv6 = i & 1, .tags = 2, .vid = i & 2 ? 0 : 5, .payload = 8};

		build(&f, s);
		if (i & 4)
			put16(f.bytes + 16 + 2, 0); /* the inner one's VID */
		assert_false(look(&p, &f));
		s.tags = 1;
		build(&f, s);
		assert_false(look4(&p, f.bytes, f.len, f.len, 7));
		assert_true(look4(&p, f.bytes, f.len, f.len, 0));
	}
}

static void what_is_not_ip_is_refused(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned type = 0; type < 65536; type++) {
		if (type == 0x8100 || type == 0x88a8 || type == 0x9100)
			continue; /* its "VID" is the first octets of IP then */
		build(&f, (struct shape){.payload = 8});
		put16(f.bytes + 12, type);
		assert_int_equal(takes(&f), type == 0x0800);
		if (type % 256 != 0xdd && type >> 8 != 0x08)
			continue;
		build(&f, (struct shape){.ipv6 = 1, .payload = 8});
		put16(f.bytes + 12, type);
		assert_int_equal(takes(&f), type == 0x86dd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_packet_of_any_shape_is_read_by_its_header),
	    cmocka_unit_test(the_first_segment_needs_to_hold_the_ip_header_only),
	    cmocka_unit_test(a_packet_that_the_frame_cuts_short_is_refused),
	    cmocka_unit_test(the_length_is_that_of_ip),
	    cmocka_unit_test(only_frames_to_a_group_are_read),
	    cmocka_unit_test(a_frame_that_we_sent_is_refused),
	    cmocka_unit_test(the_outer_tag_says_the_vlan),
	    cmocka_unit_test(what_has_a_tag_more_is_refused),
	    cmocka_unit_test(what_is_not_ip_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
