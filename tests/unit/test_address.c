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

static struct mcr_address ip(const char *text)
{
	struct mcr_address address;

	assert_int_equal(mcr_address_parse(&address, text, strlen(text)), 0);
	return address;
}

static int ipv6_may_send(const char *source, const char *group)
{
	uint8_t from[16];
	uint8_t to[16];

	assert_int_equal(inet_pton(AF_INET6, source, from), 1);
	assert_int_equal(inet_pton(AF_INET6, group, to), 1);
	return mcr_ipv6_may_send(from, to);
}

static void an_ipv6_sender_without_an_address_speaks_to_its_own_link_only(void **state)
{
	(void)state;
	assert_true(ipv6_may_send("2001:db8::7", "ff15::1"));
	assert_true(ipv6_may_send("fe80::7", "ff15::1"));
	assert_true(ipv6_may_send("::", "ff02::16"));
	assert_true(ipv6_may_send("::", "ff12::16"));
	assert_false(ipv6_may_send("::", "ff05::1:3"));
	assert_false(ipv6_may_send("::1", "ff02::1"));
	assert_false(ipv6_may_send("ff02::1", "ff02::1"));
}

static void an_ipv6_host_is_neither_nobody_nor_loopback_nor_mapped_nor_a_group(void **state)
{
	static const char *const good[] = {"2001:db8::1", "fe80::1",        "fc00::1", "::2",
					   "::a00:7",     "64:ff9b::a00:7", "100::",   "feff::"};
	const uint8_t mapped[16] = {[10] = 0xff, 0xff, 10, 0, 0, 7}, nobody[16] = {0},
		      loopback[16] = {[15] = 1}, group[16] = {0xff, 0x02, [15] = 1};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(mcr_address_is_host(ip(good[i])));
	assert_false(mcr_ipv6_is_host(mapped));
	assert_false(mcr_ipv6_is_host(nobody));
	assert_false(mcr_ipv6_is_host(loopback));
	assert_false(mcr_ipv6_is_host(group));
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
	    {"feff::1", MCR_GROUP_NOT_MULTICAST, MCR_GROUP_NOT_MULTICAST},
	    {"2001:db8::1", MCR_GROUP_NOT_MULTICAST, MCR_GROUP_NOT_MULTICAST},
	    {"ff02::1", MCR_GROUP_OK, MCR_GROUP_OK},
	    {"ff02::1:ff00:0", MCR_GROUP_OK, MCR_GROUP_OK},
	    {"ff12::", MCR_GROUP_OK, MCR_GROUP_OK},
	    {"ff15::1", MCR_GROUP_OK, MCR_GROUP_OK},
	    {"ff0e::101", MCR_GROUP_OK, MCR_GROUP_OK},
	    {"ff02::", MCR_GROUP_RESERVED, MCR_GROUP_RESERVED},
	    {"ff0e::", MCR_GROUP_RESERVED, MCR_GROUP_RESERVED},
	    {"ff00::1", MCR_GROUP_BAD_SCOPE, MCR_GROUP_BAD_SCOPE},
	    {"ff01::1", MCR_GROUP_BAD_SCOPE, MCR_GROUP_BAD_SCOPE},
	    {"ff0f::1", MCR_GROUP_BAD_SCOPE, MCR_GROUP_BAD_SCOPE},
	    {"ff31::8000:1", MCR_GROUP_BAD_SCOPE, MCR_GROUP_BAD_SCOPE},
	    {"ffff::1", MCR_GROUP_BAD_SCOPE, MCR_GROUP_BAD_SCOPE},
	    {"ff3e::8000:1", MCR_GROUP_NEEDS_SOURCES, MCR_GROUP_OK},
	    {"ff35::1", MCR_GROUP_NEEDS_SOURCES, MCR_GROUP_OK},
	    {"ff3e:0:1:2:3:4:5:6", MCR_GROUP_NEEDS_SOURCES, MCR_GROUP_OK},
	    {"ff3e::4000:0", MCR_GROUP_RESERVED, MCR_GROUP_RESERVED},
	    {"ff3e::4000:1", MCR_GROUP_NEEDS_SOURCES, MCR_GROUP_OK},
	    {"ff3e:30:2001:db8::1", MCR_GROUP_OK, MCR_GROUP_OK},
	    {"ff7e::8000:1", MCR_GROUP_OK, MCR_GROUP_OK},
	    {"ff1e::4000:0", MCR_GROUP_OK, MCR_GROUP_OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mcr_address group = ip(cases[i].group);

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
	assert_true(mcr_address_is_unicast(ip("::1")));
	assert_true(mcr_address_is_unicast(ip("fe80::1")));
	assert_false(mcr_address_is_unicast(ip("ff02::1")));
	assert_false(mcr_address_is_unicast(ip("::")));
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

static void an_ipv6_address_has_no_zone_and_no_brackets_and_is_not_mapped(void **state)
{
	static const char *const bad[] = {"fe80::1%eth0",
					  "fe80::1%",
					  "[ff15::1]",
					  "::ffff:10.0.0.7",
					  "::ffff:a00:7",
					  "0:0:0:0:0:FFFF:0A00:0007",
					  "::ffff:0:0",
					  "ff15::1/64",
					  "ff15::10000",
					  "1:2:3:4:5:6:7",
					  "1:2:3:4:5:6:7:8:9",
					  "ff15:::1",
					  "::1.2.3",
					  "::01.2.3.4",
					  "1111:2222:3333:4444:5555:6666:255.255.255.2555"};
	const struct mcr_address before = ip("10.0.0.7");
	struct mcr_address address = before;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(mcr_address_parse(&address, bad[i], strlen(bad[i])), -EINVAL);
	assert_true(mcr_address_is_equal(address, before));
	assert_int_equal(mcr_address_parse(&address, "ff15::1]:5000", 7), 0);
	assert_true(mcr_address_is_equal(address, (struct mcr_address){{0xff, 0x15, [15] = 1}}));
}

static void an_ipv6_address_is_written_as_rfc_5952_says(void **state)
{
	/* The examples of RFC 5952 §4 and §5, and forms that inet_ntop has ideas of its own about.
	 */
	static const struct {
		const char *text, *written;
	} cases[] = {
	    {"2001:0db8::0001", "2001:db8::1"},
	    {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
	    {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
	    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	    {"2001:DB8::AAAA", "2001:db8::aaaa"},
	    {"FF3E:0:0:0:0:0:8000:1", "ff3e::8000:1"},
	    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
	    {"::192.0.2.33", "::c000:221"},
	    {"::1.2.0.0", "::102:0"},
	    {"::0.1.0.0", "::1:0"},
	    {"::ff:0:1", "::ff:0:1"},
	    {"0:0:0:0:fffe:ffff:1.2.3.4", "::fffe:ffff:102:304"},
	    {"::fffe:1.2.3.4", "::fffe:102:304"},
	    {"::", "::"},
	    {"::1", "::1"},
	    {"::ffff", "::ffff"},
	    {"1::", "1::"},
	    {"1111:2222:3333:4444:5555:6666:7777:8888", "1111:2222:3333:4444:5555:6666:7777:8888"},
	    {"1111:2222:3333:4444:5555:6666:255.255.255.255",
	     "1111:2222:3333:4444:5555:6666:ffff:ffff"},
	};
	char text[MCR_ADDRESS_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(mcr_address_format(text, ip(cases[i].text)), cases[i].written);
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
	assert_true(mcr_address_is_ipv6(group) && mcr_address_is_ipv6(ip("::1")));
	assert_false(mcr_address_is_ipv6(none) || mcr_address_is_ipv6(ipv4));
	assert_false(mcr_address_is_unicast(none) || mcr_address_is_host(none));
	assert_int_equal(mcr_group_fault(none, MCR_FILTER_EXCLUDE), MCR_GROUP_NOT_MULTICAST);
}

static void a_host_makes_its_link_local_address_of_its_mac_address(void **state)
{
	/* RFC 2464 §4: the interface identifier of 34-56-78-9A-BC-DE is 36-56-78-FF-FE-9A-BC-DE. */
	static const uint8_t mac[] = {0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde};

	(void)state;
	assert_true(
	    mcr_address_is_equal(mcr_address_link_local(mac), ip("fe80::3656:78ff:fe9a:bcde")));
	assert_true(mcr_address_is_link_local(ip("fe80::1")));
	assert_true(mcr_address_is_link_local(ip("febf::1")));
	assert_false(mcr_address_is_link_local(ip("fec0::1")));
	assert_false(mcr_address_is_link_local(ip("fe7f::1")));
	assert_false(mcr_address_is_link_local(ip("2001:db8::1")));
	assert_false(mcr_address_is_link_local(ip("169.254.1.1")));
}

static void neighbours_ask_for_an_address_in_the_group_of_its_low_24_bits(void **state)
{
	(void)state;
	/* The example of RFC 4291 §2.7.1. */
	assert_true(mcr_address_is_equal(mcr_address_solicited_node(ip("4037::1:800:200e:8c6c")),
					 ip("ff02::1:ff0e:8c6c")));
}

static void the_well_known_groups_have_their_numbers(void **state)
{
	(void)state;
	assert_true(mcr_address_is_equal(MCR_ADDRESS_ALL_NODES, ip("ff02::1")));
	assert_true(mcr_address_is_equal(MCR_ADDRESS_ALL_ROUTERS, ip("ff02::2")));
	assert_true(mcr_address_is_equal(MCR_ADDRESS_MLDV2_ROUTERS, ip("ff02::16")));
}

static void addresses_are_counted_in_their_low_32_bits(void **state)
{
	(void)state;
	assert_true(mcr_address_is_equal(mcr_address_plus(ip("239.1.0.255"), 1), ip("239.1.1.0")));
	assert_true(mcr_address_is_equal(mcr_address_plus(ip("ff15::ffff"), 2), ip("ff15::1:1")));
	assert_true(mcr_address_is_equal(mcr_address_plus(ip("ff15::ffff:ffff"), 1), ip("ff15::")));
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

static void an_ipv6_group_has_its_low_32_bits_in_its_mac_address(void **state)
{
	static const uint8_t expected[] = {0x33, 0x33, 0xff, 0x0e, 0x8c, 0x6c};
	uint8_t mac[6];

	(void)state;
	mcr_group_mac(mac, ip("ff02::1:ff0e:8c6c"));
	assert_memory_equal(mac, expected, sizeof(mac));
	assert_true(mcr_mac_is_ipv6_group(mac));
	assert_false(mcr_mac_is_ipv4_group(mac));
	for (unsigned i = 0; i < 2; i++) {
		mac[i] ^= 1;
		assert_false(mcr_mac_is_ipv6_group(mac));
		mac[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_host_has_an_address_of_class_a_b_or_c_and_neither_net_0_nor_127),
	    cmocka_unit_test(a_subnet_has_its_broadcast_address_where_it_has_room_for_one),
	    cmocka_unit_test(a_sender_without_an_address_speaks_to_its_own_link_only),
	    cmocka_unit_test(an_ipv6_sender_without_an_address_speaks_to_its_own_link_only),
	    cmocka_unit_test(an_ipv6_host_is_neither_nobody_nor_loopback_nor_mapped_nor_a_group),
	    cmocka_unit_test(source_specific_groups_take_including_filters_only),
	    cmocka_unit_test(a_unicast_address_may_be_loopback_but_not_nobody_or_a_group),
	    cmocka_unit_test(an_address_is_read_as_it_is_written),
	    cmocka_unit_test(an_ipv6_address_has_no_zone_and_no_brackets_and_is_not_mapped),
	    cmocka_unit_test(an_ipv6_address_is_written_as_rfc_5952_says),
	    cmocka_unit_test(an_address_is_ipv4_or_ipv6_or_none),
	    cmocka_unit_test(a_host_makes_its_link_local_address_of_its_mac_address),
	    cmocka_unit_test(neighbours_ask_for_an_address_in_the_group_of_its_low_24_bits),
	    cmocka_unit_test(the_well_known_groups_have_their_numbers),
	    cmocka_unit_test(addresses_are_counted_in_their_low_32_bits),
	    cmocka_unit_test(a_group_has_the_low_23_bits_in_its_mac_address),
	    cmocka_unit_test(an_ipv6_group_has_its_low_32_bits_in_its_mac_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
