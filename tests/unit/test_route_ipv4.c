/* SPDX-License-Identifier: BSD-3-Clause */
/* Which IPv4 packets a relay may forward. Unless it says so, each is right but for one thing. */
#include "route_look_rig.h"

static void build4(struct frame *f)
{
	build(f, (struct shape){.payload = 40});
}

static void every_wrong_version_and_header_length_is_refused(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		build(&f, (struct shape){.ihl_words = 15, .payload = 80});
		f.bytes[f.l3] = (uint8_t)first;
		assert_int_equal(takes(&f), first >= 0x45 && first <= 0x4f);
	}
}

/* F-10 */
static void any_single_flipped_bit_of_the_header_is_noticed(void **state)
{
	struct mcr_route_packet p;
	struct frame f;

	(void)state;
	for (unsigned words = 5; words <= 15; words += 5) {
		build(&f, (struct shape){.ihl_words = words, .payload = 20, .padding = 4});
		for (unsigned bit = 0; bit < words * 32; bit++) {
			f.bytes[f.l3 + bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(look(&p, &f));
			f.bytes[f.l3 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_true(look(&p, &f));
	}
}

static void the_checksum_is_right_for_one_value(void **state)
{
	struct mcr_route_packet p;
	struct frame f;

	(void)state;
	for (unsigned words = 5; words <= 6; words++) {
		unsigned right;

		build(&f, (struct shape){.ihl_words = words, .payload = 20});
		right = mcr_load_be16(f.bytes + f.l3 + 10);
		for (unsigned sum = 0; sum < 65536; sum++) {
			put16(f.bytes + f.l3 + 10, sum);
			assert_int_equal(look(&p, &f), sum == right);
		}
	}
}

/* F-11: a UDP checksum is nobody's business on the way. */
static void the_payload_does_not_matter(void **state)
{
	struct mcr_route_packet p;
	struct frame f;

	(void)state;
	build4(&f);
	for (unsigned i = 0; i < 256; i++) {
		memset(f.bytes + f.udp, (int)i, f.len - f.udp);
		assert_true(look(&p, &f));
	}
}

/* F-7, F-8 */
static void any_protocol_but_igmp_is_taken(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned protocol = 0; protocol < 256; protocol++) {
		for (unsigned words = 5; words <= 6; words++) {
			build(&f, (struct shape){.ihl_words = words, .payload = 8});
			f.bytes[f.l3 + 9] = (uint8_t)protocol;
			assert_int_equal(takes(&f), protocol != 2);
		}
	}
	build(&f, (struct shape){.ihl_words = 6, .payload = 8, .protocol = 2});
	memcpy(f.bytes + f.l3 + 20, "\x94\x04\x00\x00", 4); /* Router Alert */
	f.bytes[f.l3 + 8] = 64;
	assert_false(takes(&f));
	f.bytes[f.l3 + 9] = 17; /* F-19: anybody else's is as good as another option */
	assert_true(takes(&f));
}

/* F-9: each by itself, whatever the flags and the offset; so are all ids, TTLs and TOS. */
static void any_fragment_is_taken(void **state)
{
	struct mcr_route_packet p;
	struct frame f;

	(void)state;
	build4(&f);
	for (unsigned word = 0; word < 65536; word++) {
		put16(f.bytes + f.l3 + 6, word);
		assert_true(takes(&f));
		assert_true(is_plain(&f));
	}
	for (unsigned ttl = 0; ttl < 256; ttl++) {
		f.bytes[f.l3 + 8] = (uint8_t)ttl;
		f.bytes[f.l3 + 1] = (uint8_t)(ttl * 7);
		assert_true(takes(&f));
		assert_true(look(&p, &f));
		assert_int_equal(p.ttl, ttl);
	}
}

/* ---- addresses ---- */

static void the_long_form(struct frame *f, unsigned with_options)
{
	build(f, (struct shape){.ihl_words = 5 + with_options, .payload = 30});
}

/* F-6 */
static void only_groups_that_leave_their_link_are_taken(void **state)
{
	static const struct {
		const char *group;
		int ok;
	} cases[] = {
	    {"0.0.0.0", 0},   {"10.1.2.3", 0},        {"223.255.255.255", 0}, {"224.0.0.0", 0},
	    {"224.0.0.1", 0}, {"224.0.0.22", 0},      {"224.0.0.77", 0},      {"224.0.0.255", 0},
	    {"224.0.1.0", 1}, {"224.0.1.1", 1},       {"224.1.0.1", 1},       {"232.1.2.3", 1},
	    {"239.0.0.0", 1}, {"239.255.0.1", 1},     {"239.255.255.255", 1}, {"240.0.0.0", 0},
	    {"240.0.1.0", 0}, {"255.255.255.255", 0}, {"225.0.0.1", 1},       {"234.0.0.0", 1},
	    {"96.0.1.1", 0},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		the_long_form(&f, i % 2);
		inet_pton(AF_INET, cases[i / 2].group, f.bytes + f.l3 + 16);
		assert_int_equal(takes(&f), cases[i / 2].ok);
	}
}

/* F-12 */
static void only_what_a_host_may_have_is_a_source(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned upper = 0; upper < 65536; upper++) {
		const unsigned net = upper >> 8;
		const int ok = net != 0 && net != 127 && net < 224 && upper != 169 * 256 + 254;

		the_long_form(&f, upper / 16 % 2);
		put16(f.bytes + f.l3 + 12, upper);
		assert_int_equal(takes(&f), ok);
		if (upper % 16 != 14)
			continue;
		the_long_form(&f, 1 - upper / 16 % 2);
		put16(f.bytes + f.l3 + 12, upper);
		put16(f.bytes + f.l3 + 14, upper * 77u % 65536);
		assert_int_equal(takes(&f), ok);
	}
}

/* ---- options ---- */

/* The header's options are len octets, a multiple of 4. Nothing behind them can be looked at. */
static int takes_options(const char *options, unsigned len)
{
	struct mcr_route_packet p;
	struct frame f;

	build(&f, (struct shape){.ihl_words = 5 + len / 4, .payload = 20});
	memcpy(f.bytes + f.l3 + 20, options, len);
	fill_ip_checksum(&f);
	return look4(&p, f.bytes, f.udp, f.len, 0);
}

#define TAKES(octets) takes_options(octets, sizeof(octets) - 1)

/* F-43 */
static void a_source_route_is_refused(void **state)
{
	(void)state;
	assert_false(TAKES("\x83\x07\x04\x0a\x01\x00\x01\x00"));
	assert_false(TAKES("\x89\x07\x04\x0a\x01\x00\x01\x00"));
	assert_false(TAKES("\x83\x03\x04\x00")); /* with nothing left of it */
	assert_false(TAKES("\x01\x89\x03\x08"));
	assert_false(TAKES("\x94\x04\x00\x00\x83\x03\x04\x00"));
	assert_true(TAKES("\x00\x83\x07\x04\x0a\x01\x00\x01")); /* behind the end */
	assert_true(TAKES("\x88\x04\x83\x89"));                 /* within another one */
}

/* F-19 */
static void other_options_are_none_of_our_business(void **state)
{
	(void)state;
	assert_true(TAKES("\x00\x00\x00\x00"));
	assert_true(TAKES("\x01\x01\x01\x01"));
	assert_true(TAKES("\x94\x04\x00\x00"));
	assert_true(TAKES("\x07\x0b\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00")); /* record route */
	assert_true(TAKES("\x44\x08\x05\x00\x00\x00\x00\x00"));                 /* time stamp */
	assert_true(TAKES("\x5e\x02\x5e\x02"));                                 /* unknown ones */
	assert_true(TAKES("\x01\x5e\x02\x00"));
	assert_true(TAKES("\x86\x04\x00\x00"));
}

/* As the kernel has it (ip_options_compile): a length below 2, or beyond the header. */
static void a_list_of_options_that_does_not_end_is_a_broken_header(void **state)
{
	char octets[41] = "";

	(void)state;
	for (unsigned type = 2; type < 256; type++) {
		for (unsigned len = 0; len < 256; len++) {
			octets[0] = (char)type;
			octets[1] = (char)len;
			assert_int_equal(takes_options(octets, 4),
					 len >= 2 && len <= 4 && type != 131 && type != 137);
			assert_int_equal(takes_options(octets, 40),
					 len >= 2 && len <= 40 && type != 131 && type != 137);
		}
	}
	assert_false(TAKES("\x01\x01\x01\x07")); /* no room for a length */
	assert_false(TAKES("\x01\x01\x07\x03"));
	assert_true(TAKES("\x01\x01\x07\x02"));
	assert_false(TAKES("\x5e\x03\x00\x5e\x02\x01\x01\x94"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_wrong_version_and_header_length_is_refused),
	    cmocka_unit_test(any_single_flipped_bit_of_the_header_is_noticed),
	    cmocka_unit_test(the_checksum_is_right_for_one_value),
	    cmocka_unit_test(the_payload_does_not_matter),
	    cmocka_unit_test(any_protocol_but_igmp_is_taken),
	    cmocka_unit_test(any_fragment_is_taken),
	    cmocka_unit_test(only_groups_that_leave_their_link_are_taken),
	    cmocka_unit_test(only_what_a_host_may_have_is_a_source),
	    cmocka_unit_test(a_source_route_is_refused),
	    cmocka_unit_test(other_options_are_none_of_our_business),
	    cmocka_unit_test(a_list_of_options_that_does_not_end_is_a_broken_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
