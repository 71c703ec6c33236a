/* SPDX-License-Identifier: BSD-3-Clause */
/* The TTL is one less, the checksum is right, and nothing else is touched (RFC 1812 §5.3.1). */
#include "route_look_rig.h"

/* A header of TTL ttl, whose other words sum up so that its checksum is this one. Returns 0 if
 * there is none: no sum is 0, so no checksum is 0xffff. */
static int header_of(uint8_t ip[20], uint8_t ttl, unsigned checksum)
{
	static const uint8_t like[20] = {0x45, 0, 0,  36, 0, 0, 0x40, 0, 0, 17,
					 0,    0, 10, 1,  0, 2, 239,  1, 2, 3};

	if (checksum == 0xffff)
		return 0;
	memcpy(ip, like, 20);
	ip[8] = ttl;
	put16(ip + 4, ~sum16(ip, 20, checksum) & 0xffff); /* the id makes up for it */
	put16(ip + 10, checksum);
	return 1;
}

/* F-3 */
static void the_checksum_of_any_header_is_right_after_it(void **state)
{
	uint8_t ip[20], before[20];

	(void)state;
	for (unsigned ttl = 1; ttl < 256; ttl++) {
		for (unsigned checksum = 0; checksum < 65536; checksum++) {
			if (!header_of(ip, (uint8_t)ttl, checksum))
				continue;
			memcpy(before, ip, 20);
			mcr_route_decrement(ip, 0);
			before[8]--;
			put16(before + 10, 0);
			put16(before + 10, checksum16(before, 20));
			if (memcmp(ip, before, 20) != 0)
				assert_memory_equal(ip, before, 20);
		}
	}
}

static void the_sums_that_wrap_around_are_those_of_the_rfc(void **state)
{
	static const struct {
		uint8_t before[2], after[2];
	} cases[] = {
	    {{0xfe, 0xff}, {0x00, 0x00}}, {{0xff, 0xff}, {0x01, 0x00}},
	    {{0x00, 0xff}, {0x01, 0xff}}, {{0x00, 0x00}, {0x01, 0x00}},
	    {{0xff, 0x00}, {0x00, 0x01}}, {{0xdd, 0x2f}, {0xde, 0x2f}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t ip[20] = {[8] = 64};

		memcpy(ip + 10, cases[i].before, 2);
		mcr_route_decrement(ip, 0);
		assert_memory_equal(ip + 10, cases[i].after, 2);
		assert_int_equal(ip[8], 63);
	}
}

/* F-2, F-44: TOS b9, id 1, 10.1.0.2 -> 239.1.2.3, as the kernel forwarded them. */
static void a_forwarded_header_has_these_octets(void **state)
{
	uint8_t ttl64[20] = {0x45, 0xb9, 0x00, 0x24, 0x00, 0x01, 0x00, 0x00, 0x40, 0x11,
			     0x7f, 0x08, 0x0a, 0x01, 0x00, 0x02, 0xef, 0x01, 0x02, 0x03},
		ttl2[20] = {0x45, 0xb9, 0x00, 0x24, 0x00, 0x01, 0x00, 0x00, 0x02, 0x11,
			    0xbd, 0x08, 0x0a, 0x01, 0x00, 0x02, 0xef, 0x01, 0x02, 0x03};
	static const uint8_t ttl63[20] = {0x45, 0xb9, 0x00, 0x24, 0x00, 0x01, 0x00,
					  0x00, 0x3f, 0x11, 0x80, 0x08, 0x0a, 0x01,
					  0x00, 0x02, 0xef, 0x01, 0x02, 0x03},
			     ttl1[20] = {0x45, 0xb9, 0x00, 0x24, 0x00, 0x01, 0x00,
					 0x00, 0x01, 0x11, 0xbe, 0x08, 0x0a, 0x01,
					 0x00, 0x02, 0xef, 0x01, 0x02, 0x03};

	(void)state;
	mcr_route_decrement(ttl64, 0);
	assert_memory_equal(ttl64, ttl63, 20);
	mcr_route_decrement(ttl2, 0);
	assert_memory_equal(ttl2, ttl1, 20);
}

/* F-19: TOS, id, flags and options stay. */
static void nothing_else_of_the_packet_changes(void **state)
{
	struct frame f, before;

	(void)state;
	for (unsigned words = 4; words <= 15; words++) {
		struct shape s = {.ipv6 = words == 4, .ihl_words = words, .payload = 50};

		build(&f, s);
		before = f;
		mcr_route_decrement(f.bytes + f.l3, s.ipv6);
		assert_true(takes(&f));
		before.bytes[before.l3 + (s.ipv6 ? 7 : 8)] = 15;
		if (!s.ipv6)
			memcpy(before.bytes + before.l3 + 10, f.bytes + f.l3 + 10, 2);
		assert_memory_equal(f.bytes, before.bytes, sizeof(f.bytes));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_checksum_of_any_header_is_right_after_it),
	    cmocka_unit_test(the_sums_that_wrap_around_are_those_of_the_rfc),
	    cmocka_unit_test(a_forwarded_header_has_these_octets),
	    cmocka_unit_test(nothing_else_of_the_packet_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
