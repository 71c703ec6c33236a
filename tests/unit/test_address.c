/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <core/address.h>

static void a_host_has_an_address_of_class_a_b_or_c_and_neither_net_0_nor_127(void **state)
{
	static const char *const bad[] = {"0.0.0.0",         "0.1.2.3",        "127.0.0.1",
					  "127.255.255.255", "224.0.0.1",      "239.255.255.255",
					  "240.0.0.1",       "255.255.255.255"};
	static const char *const good[] = {"1.0.0.1", "126.255.0.1", "128.0.0.1", "10.0.0.255",
					   "223.255.255.1"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(mcr_host_address_ok(inet_addr(bad[i])));
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(mcr_host_address_ok(inet_addr(good[i])));
}

static void a_subnet_has_its_broadcast_address_where_it_has_room_for_one(void **state)
{
	(void)state;
	assert_int_equal(mcr_broadcast_address(inet_addr("10.0.0.2"), 24), inet_addr("10.0.0.255"));
	assert_int_equal(mcr_broadcast_address(inet_addr("10.9.9.2"), 8),
			 inet_addr("10.255.255.255"));
	assert_int_equal(mcr_broadcast_address(inet_addr("10.0.0.5"), 30), inet_addr("10.0.0.7"));
	assert_int_equal(mcr_broadcast_address(inet_addr("10.0.0.5"), 31), UINT32_MAX);
	assert_int_equal(mcr_broadcast_address(inet_addr("10.0.0.5"), 32), UINT32_MAX);
	assert_int_equal(mcr_broadcast_address(inet_addr("10.0.0.5"), 0), UINT32_MAX);
	assert_int_equal(mcr_broadcast_address(0, 24), UINT32_MAX);
}

static void a_sender_without_an_address_speaks_to_its_own_link_only(void **state)
{
	(void)state;
	assert_true(mcr_sender_ok(inet_addr("10.0.0.7"), inet_addr("239.1.1.1")));
	assert_true(mcr_sender_ok(inet_addr("0.0.0.0"), inet_addr("224.0.0.251")));
	assert_false(mcr_sender_ok(inet_addr("0.0.0.0"), inet_addr("224.0.1.1")));
	assert_false(mcr_sender_ok(inet_addr("127.0.0.1"), inet_addr("224.0.0.251")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_host_has_an_address_of_class_a_b_or_c_and_neither_net_0_nor_127),
	    cmocka_unit_test(a_subnet_has_its_broadcast_address_where_it_has_room_for_one),
	    cmocka_unit_test(a_sender_without_an_address_speaks_to_its_own_link_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
