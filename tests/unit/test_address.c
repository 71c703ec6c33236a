/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
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
		assert_false(mcr_ipv4_is_host(inet_addr(bad[i])));
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(mcr_ipv4_is_host(inet_addr(good[i])));
}

static void a_subnet_has_its_broadcast_address_where_it_has_room_for_one(void **state)
{
	(void)state;
	assert_int_equal(mcr_ipv4_broadcast(inet_addr("10.0.0.2"), 24), inet_addr("10.0.0.255"));
	assert_int_equal(mcr_ipv4_broadcast(inet_addr("10.9.9.2"), 8), inet_addr("10.255.255.255"));
	assert_int_equal(mcr_ipv4_broadcast(inet_addr("10.0.0.5"), 30), inet_addr("10.0.0.7"));
	assert_int_equal(mcr_ipv4_broadcast(inet_addr("10.0.0.5"), 31), UINT32_MAX);
	assert_int_equal(mcr_ipv4_broadcast(inet_addr("10.0.0.5"), 32), UINT32_MAX);
	assert_int_equal(mcr_ipv4_broadcast(inet_addr("10.0.0.5"), 0), UINT32_MAX);
	assert_int_equal(mcr_ipv4_broadcast(0, 24), UINT32_MAX);
}

static void a_sender_without_an_address_speaks_to_its_own_link_only(void **state)
{
	(void)state;
	assert_true(mcr_ipv4_may_send(inet_addr("10.0.0.7"), inet_addr("239.1.1.1")));
	assert_true(mcr_ipv4_may_send(inet_addr("0.0.0.0"), inet_addr("224.0.0.251")));
	assert_false(mcr_ipv4_may_send(inet_addr("0.0.0.0"), inet_addr("224.0.1.1")));
	assert_false(mcr_ipv4_may_send(inet_addr("127.0.0.1"), inet_addr("224.0.0.251")));
}

static void source_specific_groups_take_including_filters_only(void **state)
{
	static const struct {
		const char *group;
		enum mcr_group_fault exclude, include;
	} cases[] = {
	    {"223.255.255.255", MCR_GROUP_NOT_MULTICAST, MCR_GROUP_NOT_MULTICAST},
	    {"224.0.0.1", MCR_GROUP_OK, MCR_GROUP_OK},
	    {"231.255.255.255", MCR_GROUP_OK, MCR_GROUP_OK},
	    {"232.0.0.0", MCR_GROUP_RESERVED, MCR_GROUP_RESERVED},
	    {"232.0.0.1", MCR_GROUP_NEEDS_SOURCES, MCR_GROUP_OK},
	    {"232.255.255.255", MCR_GROUP_NEEDS_SOURCES, MCR_GROUP_OK},
	    {"233.0.0.0", MCR_GROUP_OK, MCR_GROUP_OK},
	    {"239.255.255.255", MCR_GROUP_OK, MCR_GROUP_OK},
	    {"240.0.0.0", MCR_GROUP_NOT_MULTICAST, MCR_GROUP_NOT_MULTICAST},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mcr_address group = mcr_address_from_ipv4(inet_addr(cases[i].group));

		assert_int_equal(mcr_group_fault(group, MCR_FILTER_EXCLUDE), cases[i].exclude);
		assert_int_equal(mcr_group_fault(group, MCR_FILTER_INCLUDE), cases[i].include);
	}
}

static void a_unicast_address_may_be_loopback_but_not_nobody_or_a_group(void **state)
{
	(void)state;
	assert_true(mcr_address_is_unicast(mcr_address_from_ipv4(inet_addr("127.0.0.1"))));
	assert_true(mcr_address_is_unicast(mcr_address_from_ipv4(inet_addr("0.0.0.1"))));
	assert_true(mcr_address_is_unicast(mcr_address_from_ipv4(inet_addr("223.255.255.255"))));
	assert_false(mcr_address_is_unicast(mcr_address_from_ipv4(inet_addr("0.0.0.0"))));
	assert_false(mcr_address_is_unicast(mcr_address_from_ipv4(inet_addr("224.0.0.0"))));
	assert_false(mcr_address_is_unicast(mcr_address_from_ipv4(inet_addr("255.255.255.255"))));
}

static void an_address_is_read_as_it_is_written(void **state)
{
	static const char *const bad[] = {
	    "",          "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.04",         " 1.2.3.4",
	    "1.2.3.256", "::1::", "1.2.3.4 ",  "a.b.c.d",  "255.255.255.2555", "0x1.2.3.4"};
	char text[MCR_ADDRESS_TEXT];
	struct mcr_address address = {0};

	(void)state;
	assert_int_equal(mcr_address_parse(&address, "239.255.255.250", 15), 0);
	assert_string_equal(mcr_address_format(text, address), "239.255.255.250");
	assert_int_equal(mcr_address_parse(&address, "10.0.0.7/24", 8), 0);
	assert_int_equal(mcr_address_ipv4_be(address), inet_addr("10.0.0.7"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(mcr_address_parse(&address, bad[i], strlen(bad[i])), -EINVAL);
	assert_int_equal(mcr_address_parse(&address, "1.2.3.4\0", 8), -EINVAL);
	assert_int_equal(mcr_address_ipv4_be(address), inet_addr("10.0.0.7"));
}

static void an_ipv6_address_is_known_as_one_but_not_taken_yet(void **state)
{
	static const char *const texts[] = {"::", "ff3e::8000:1", "fe80::1", "::ffff:10.0.0.7",
					    "1111:2222:3333:4444:5555:6666:255.255.255.255"};
	struct mcr_address address = mcr_address_from_ipv4(inet_addr("10.0.0.7"));

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(mcr_address_parse(&address, texts[i], strlen(texts[i])),
				 -EAFNOSUPPORT);
	assert_int_equal(mcr_address_ipv4_be(address), inet_addr("10.0.0.7"));
}

static void an_ipv6_address_is_written_as_rfc_5952_says(void **state)
{
	const struct mcr_address none = {{0}}, group = {{0xff, 0x3e, [12] = 0x80, [15] = 1}},
				 nearly_mapped = {{[11] = 0xff, [15] = 1}},
				 long_one = {{0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55,
					      0x55, 0x66, 0x66, 0x77, 0x77, 0x88, 0x88}};
	char text[MCR_ADDRESS_TEXT];

	(void)state;
	assert_string_equal(mcr_address_format(text, none), "::");
	assert_string_equal(mcr_address_format(text, group), "ff3e::8000:1");
	assert_string_equal(mcr_address_format(text, nearly_mapped), "::ff:0:1");
	assert_string_equal(mcr_address_format(text, long_one),
			    "1111:2222:3333:4444:5555:6666:7777:8888");
	assert_string_equal(mcr_address_format(text, mcr_address_from_ipv4(0)), "0.0.0.0");
}

static void an_address_is_ipv4_or_ipv6_or_none(void **state)
{
	const struct mcr_address none = {{0}}, group = {{0xff, 0x3e, [12] = 239, 1, 1, 1}},
				 ipv4 = mcr_address_from_ipv4(inet_addr("239.1.1.1")),
				 zero = mcr_address_from_ipv4(0);

	(void)state;
	assert_true(mcr_address_is_none(none) && !mcr_address_is_ipv4(none));
	assert_true(!mcr_address_is_none(group) && !mcr_address_is_ipv4(group));
	assert_true(!mcr_address_is_none(ipv4) && mcr_address_is_ipv4(ipv4));
	assert_true(!mcr_address_is_none(zero) && mcr_address_is_ipv4(zero));
	assert_int_equal(mcr_address_ipv4_be(ipv4), inet_addr("239.1.1.1"));
	assert_int_equal(mcr_address_ipv4_be(group), 0);
	assert_int_equal(mcr_address_ipv4_be(none), 0);
	assert_true(mcr_address_is_equal(ipv4, mcr_address_from_ipv4(inet_addr("239.1.1.1"))));
	assert_false(mcr_address_is_equal(none, zero));
	/* No group, no source and no interface is IPv6 yet. */
	assert_int_equal(mcr_group_fault(group, MCR_FILTER_EXCLUDE), MCR_GROUP_NOT_MULTICAST);
	assert_false(mcr_address_is_unicast(group) || mcr_address_is_host(group));
	assert_false(mcr_address_is_unicast(none) || mcr_address_is_host(none));
}

static void a_group_has_the_low_23_bits_in_its_mac_address(void **state)
{
	static const uint8_t expected[] = {0x01, 0x00, 0x5e, 0x7f, 0x02, 0x03};
	uint8_t mac[6], back[6];

	(void)state;
	mcr_group_mac(mac, mcr_address_from_ipv4(inet_addr("239.255.2.3")));
	assert_memory_equal(mac, expected, sizeof(mac));
	assert_true(mcr_mac_is_ipv4_group(mac));
	assert_int_equal(mcr_mac_number(mac), 0x03027f5e0001);
	mcr_mac_of_number(back, mcr_mac_number(mac));
	assert_memory_equal(back, mac, sizeof(mac));
	for (unsigned i = 0; i < 3; i++) {
		mac[i] ^= 1;
		assert_false(mcr_mac_is_ipv4_group(mac));
		mac[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_host_has_an_address_of_class_a_b_or_c_and_neither_net_0_nor_127),
	    cmocka_unit_test(a_subnet_has_its_broadcast_address_where_it_has_room_for_one),
	    cmocka_unit_test(a_sender_without_an_address_speaks_to_its_own_link_only),
	    cmocka_unit_test(source_specific_groups_take_including_filters_only),
	    cmocka_unit_test(a_unicast_address_may_be_loopback_but_not_nobody_or_a_group),
	    cmocka_unit_test(an_address_is_read_as_it_is_written),
	    cmocka_unit_test(an_ipv6_address_is_known_as_one_but_not_taken_yet),
	    cmocka_unit_test(an_ipv6_address_is_written_as_rfc_5952_says),
	    cmocka_unit_test(an_address_is_ipv4_or_ipv6_or_none),
	    cmocka_unit_test(a_group_has_the_low_23_bits_in_its_mac_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
