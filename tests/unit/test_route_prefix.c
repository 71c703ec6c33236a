/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>

#include <cmocka.h>

#include "core/route/route_prefix.h"

/* Whether the first `len` bits are the same, one by one. */
static int is_same_start(struct mcr_address a, struct mcr_address b, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		if ((a.octets[i / 8] ^ b.octets[i / 8]) >> (7 - i % 8) & 1)
			return 0;
	return 1;
}

static void assert_prefixes(struct mcr_address address, unsigned bits, unsigned family_bits)
{
	for (unsigned len = 0; len <= bits; len++) {
		const struct mcr_route_prefix p = mcr_route_prefix_of(address, (uint8_t)len);

		for (unsigned flip = 0; flip < 128; flip++) {
			struct mcr_address other = address;

			other.octets[flip / 8] ^= (uint8_t)(0x80u >> flip % 8);
			assert_int_equal(mcr_route_prefix_has(&p, mcr_route_address_of(other)),
					 is_same_start(address, other, family_bits + len));
		}
		assert_true(mcr_route_prefix_has(&p, mcr_route_address_of(address)));
	}
}

static void a_prefix_has_what_starts_like_it_whatever_its_other_bits(void **state)
{
	const struct mcr_address ipv6 = {
	    {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};

	assert_prefixes(mcr_address_from_ipv4(htonl(0x0a010203)), 32, 96);
	assert_prefixes(ipv6, 128, 0);
}

static void no_ipv4_address_belongs_to_a_prefix_of_ipv6(void **state)
{
	const struct mcr_address ipv4 = mcr_address_from_ipv4(htonl(0x0a010203)),
				 near_by = {{[11] = 0xff, 10, 1, 2, 3}};

	for (uint8_t len = 0; len <= 80; len++) {
		const struct mcr_route_prefix p = mcr_route_prefix_of(near_by, len);

		assert_true(mcr_route_prefix_has(&p, mcr_route_address_of(near_by)));
		assert_false(mcr_route_prefix_has(&p, mcr_route_address_of(ipv4)));
	}
}

static void an_address_is_the_same_in_either_form(void **state)
{
	const struct mcr_address a = mcr_address_from_ipv4(htonl(0xef010203));

	assert_true(mcr_route_address_same(mcr_route_address_of(a),
					   mcr_route_address_ipv4(htonl(0xef010203))));
	assert_false(mcr_route_address_same(mcr_route_address_of(a),
					    mcr_route_address_ipv4(htonl(0xef010204))));
	assert_true(mcr_address_is_equal(mcr_route_address_back(mcr_route_address_of(a)), a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_prefix_has_what_starts_like_it_whatever_its_other_bits),
	    cmocka_unit_test(no_ipv4_address_belongs_to_a_prefix_of_ipv6),
	    cmocka_unit_test(an_address_is_the_same_in_either_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
