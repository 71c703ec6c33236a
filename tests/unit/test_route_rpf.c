/* SPDX-License-Identifier: BSD-3-Clause */
/* F-12, F-13: which sources may send by which interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/route/route_rpf.h"

static struct mcr_address address(const char *text)
{
	struct mcr_address a;

	assert_int_equal(mcr_address_parse(&a, text, strlen(text)), 0);
	return a;
}

struct lans {
	struct mcr_interface_config configs[3];
	const struct mcr_interface_config *pointers[3];
	struct mcr_route_rpf rpf[3];
};

/* 0 is upstream. */
static void make(struct lans *l)
{
	for (unsigned i = 0; i < 3; i++) {
		l->configs[i].role = i == 0 ? MCR_RELAY_UPSTREAM : MCR_RELAY_DOWNSTREAM;
		l->pointers[i] = &l->configs[i];
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(mcr_route_rpf_make(&l->rpf[i], i, l->pointers, 3), 0);
}

static void clear(struct lans *l)
{
	for (unsigned i = 0; i < 3; i++)
		mcr_route_rpf_clear(&l->rpf[i]);
}

/* The interfaces that a source may send by, as bits. */
static unsigned by(const struct lans *l, const char *source)
{
	unsigned set = 0;

	for (unsigned i = 0; i < 3; i++)
		if (mcr_route_rpf_accepts(&l->rpf[i], mcr_route_address_of(address(source))))
			set |= 1u << i;
	return set;
}

static void each_source_has_one_interface(void **state)
{
	struct lans l = {
	    .configs = {
		{.address = address("10.0.0.1"), .prefix_len = 24},
		{.address = address("10.1.0.1"),
		 .prefix_len = 24,
		 .address6 = address("2001:db8:1::1"),
		 .prefix6_len = 64,
		 .n_rpf_sources = 2,
		 .rpf_sources = {{address("192.168.4.0"), 22}, {address("2001:db8:ff::"), 48}}},
		{.address6 = address("2001:db8:2::1"), .prefix6_len = 64},
	    }};

	make(&l);
	assert_int_equal(by(&l, "10.0.0.7"), 1);
	assert_int_equal(by(&l, "198.51.100.1"), 1);
	assert_int_equal(by(&l, "10.1.0.7"), 2);
	assert_int_equal(by(&l, "10.1.1.7"), 1);
	assert_int_equal(by(&l, "192.168.7.255"), 2);
	assert_int_equal(by(&l, "192.168.8.0"), 1);
	assert_int_equal(by(&l, "2001:db8:1::7"), 2);
	assert_int_equal(by(&l, "2001:db8:2::7"), 4);
	assert_int_equal(by(&l, "2001:db8:ff:ffff::1"), 2);
	assert_int_equal(by(&l, "2001:db8:3::7"), 1);
	clear(&l);
}

/* ::/0 behind an interface: no IPv4 source for that. */
static void all_of_one_family_may_be_behind_an_interface(void **state)
{
	struct lans l = {
	    .configs = {
		{.address = address("10.0.0.1"), .prefix_len = 24},
		{.address6 = address("2001:db8:1::1"), .prefix6_len = 64, .n_rpf_sources = 1},
		{.address = address("10.2.0.1"),
		 .prefix_len = 24,
		 .address6 = address("2001:db8:2::1"),
		 .prefix6_len = 64},
	    }};

	make(&l);
	assert_int_equal(by(&l, "2001:db8:1::7"), 2);
	assert_int_equal(by(&l, "64:ff9b::7"), 2);
	assert_int_equal(by(&l, "10.0.0.7"), 1);
	assert_int_equal(by(&l, "10.2.0.7"), 4);
	clear(&l);
}

static void nobody_else_has_an_address_of_ours_or_a_broadcast_address(void **state)
{
	struct lans l = {
	    .configs =
		{
		    {.address = address("10.0.0.1"), .prefix_len = 24},
		    {.address = address("10.1.0.1"), .prefix_len = 24},
		    {.address = address("10.2.0.1"),
		     .prefix_len = 31,
		     .address6 = address("2001:db8:2::1"),
		     .prefix6_len = 64},
		},
	};

	make(&l);
	for (unsigned i = 0; i < 3; i++)
		assert_true(l.rpf[i].n_own <= 4);
	assert_int_equal(by(&l, "10.0.0.1"), 0);
	assert_int_equal(by(&l, "10.1.0.1"), 0);
	assert_int_equal(by(&l, "10.2.0.1"), 0);
	assert_int_equal(by(&l, "10.2.0.0"), 4); /* RFC 3021: the other end */
	assert_int_equal(by(&l, "2001:db8:2::1"), 0);
	assert_int_equal(by(&l, "10.0.0.255"), 0);
	assert_int_equal(by(&l, "10.1.0.255"), 0);
	assert_int_equal(by(&l, "255.255.255.255"), 0);
	clear(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_source_has_one_interface),
	    cmocka_unit_test(all_of_one_family_may_be_behind_an_interface),
	    cmocka_unit_test(nobody_else_has_an_address_of_ours_or_a_broadcast_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
