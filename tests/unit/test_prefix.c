/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges of addresses, compared with what their bits say one by one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/prefix.h"

static struct mcr_prefix prefix(const char *text)
{
	struct mcr_prefix p;

	if (mcr_prefix_parse(&p, text) < 0)
		fail_msg("'%s' is no prefix", text);
	return p;
}

static struct mcr_address address(const char *text)
{
	return prefix(text).address;
}

static void a_text_is_written_as_it_is_read(void **state)
{
	static const char *const good[] = {"0.0.0.0/0",      "10.1.0.0/16", "10.1.2.3/32",
					   "10.1.2.3/8",     "::/0",        "ff15::/16",
					   "2001:db8::1/128"};
	static const char *const bad[] = {"",
					  "10.0.0.0",
					  "10.0.0.0/",
					  "10.0.0.0/33",
					  "10.0.0.0/+8",
					  "10.0.0.0/08",
					  "10.0.0.0/8 ",
					  "/8",
					  "::/129",
					  "[::]/8",
					  "::1",
					  "10/8",
					  "::ffff:10.0.0.0/104",
					  "10.0.0.0/4294967304"};
	char text[MCR_PREFIX_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_string_equal(mcr_prefix_format(text, prefix(good[i])), good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mcr_prefix p = {.len = 77};

		if (mcr_prefix_parse(&p, bad[i]) != -EINVAL)
			fail_msg("'%s' is taken", bad[i]);
		assert_int_equal(p.len, 77);
	}
}

static int bit(struct mcr_address a, unsigned i)
{
	return a.octets[i / 8] >> (7 - i % 8) & 1;
}

static int begins_alike(struct mcr_address a, struct mcr_address b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (bit(a, i) != bit(b, i))
			return 0;
	return 1;
}

/* Pairs of addresses that differ in one bit only, for every bit and length. */
static void walk(const char *text, unsigned first)
{
	const struct mcr_address a = address(text);

	for (unsigned len = 0; len <= 128 - first; len++) {
		const struct mcr_prefix p = mcr_prefix_of(a, (uint8_t)len);

		assert_int_equal(p.len, len);
		for (unsigned i = 0; i < 128; i++)
			assert_int_equal(bit(p.address, i), i < first + len ? bit(a, i) : 0);
		for (unsigned i = first; i < 128; i++) {
			struct mcr_address b = a;

			b.octets[i / 8] ^= (uint8_t)(0x80 >> i % 8);
			assert_int_equal(mcr_prefix_has(p, b), begins_alike(a, b, first + len));
		}
		assert_true(mcr_prefix_has(p, a));
	}
}

static void a_range_has_the_addresses_that_begin_as_it_does(void **state)
{
	(void)state;
	walk("10.85.170.255/32", 96);
	walk("2001:db8:aaaa:5555::ffff/128", 0);
}

static void no_range_of_ipv6_has_an_address_of_ipv4(void **state)
{
	(void)state;
	assert_false(mcr_prefix_has(prefix("::/0"), address("10.0.0.1/32")));
	assert_false(mcr_prefix_has(prefix("0.0.0.0/0"), address("2001:db8::1/128")));
	assert_false(mcr_prefix_overlaps(prefix("::/0"), prefix("0.0.0.0/0")));
}

static void ranges_are_in_each_other_or_apart(void **state)
{
	const struct mcr_prefix wide = prefix("10.0.0.0/8"), narrow = prefix("10.1.0.0/16"),
				apart = prefix("11.0.0.0/8");

	(void)state;
	assert_true(mcr_prefix_is_within(narrow, wide));
	assert_true(mcr_prefix_is_within(wide, wide));
	assert_false(mcr_prefix_is_within(wide, narrow));
	assert_true(mcr_prefix_overlaps(wide, narrow));
	assert_true(mcr_prefix_overlaps(narrow, wide));
	assert_false(mcr_prefix_overlaps(apart, narrow));
	assert_true(mcr_prefix_is_equal(mcr_prefix_of(narrow.address, 8), wide));
	assert_false(mcr_prefix_is_equal(prefix("10.0.0.0/16"), wide));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_is_written_as_it_is_read),
	    cmocka_unit_test(a_range_has_the_addresses_that_begin_as_it_does),
	    cmocka_unit_test(no_range_of_ipv6_has_an_address_of_ipv4),
	    cmocka_unit_test(ranges_are_in_each_other_or_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
