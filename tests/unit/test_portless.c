/* SPDX-License-Identifier: BSD-3-Clause */
#include "portless_rig.h"
#include "trailer_maker.h"

static void a_frame_becomes_a_message(void **state)
{
	uint8_t payload[100];
	struct mcr_consumer *c;
	struct mcr_msg m;
	struct frame f;
	struct rig r;

	build(&f, (struct shape){.payload = 100});
	rig_begin(&r);
	rig_join(&r, GROUP ":5000,channel=md,id=77");
	c = rig_open(&r, "md");
	r.now_ns = 1700000000123456789;
	rig_put(&r, 0, &f);
	m = rig_next(c);
	assert_int_equal(m.kind, MCR_DATA);
	assert_int_equal(m.rx_ns, 1700000000123456789);
	assert_int_equal(m.hw_ns, 0);
	assert_address(m.group, GROUP);
	assert_address(m.source, SOURCE);
	assert_int_equal(m.dst_port, 5000);
	assert_int_equal(m.src_port, 4001);
	assert_int_equal(m.ttl, 16);
	assert_int_equal(m.traffic_class, 0xb8);
	assert_int_equal(m.id, 77);
	assert_int_equal(m.interface, 0);
	assert_int_equal(m.vlan, 0);
	assert_int_equal(m.flags, 0);
	assert_int_equal(mcr_consumer_read(c, &m, payload, sizeof(payload)), 100);
	assert_memory_equal(payload, f.bytes + f.len - 100, 100);
	mcr_consumer_close(c);
	rig_end(&r);
}

static void ipv6_has_its_addresses(void **state)
{
	struct mcr_consumer *c;
	uint8_t payload[33];
	struct mcr_msg m;
	struct frame f;
	struct rig r;

	build(&f, (struct shape){.payload = 33, .ipv6 = 1});
	rig_begin(&r);
	rig_join(&r, "[" GROUP_IPV6 "],channel=md");
	c = rig_open(&r, "md");
	rig_put(&r, 0, &f);
	m = rig_next(c);
	assert_address(m.group, GROUP_IPV6);
	assert_address(m.source, SOURCE_IPV6);
	assert_int_equal(mcr_consumer_read(c, &m, payload, sizeof(payload)), 33);
	assert_memory_equal(payload, f.bytes + f.len - 33, 33);
	mcr_consumer_close(c);
	rig_end(&r);
}

/* Near the packet's own time and farther from it than a record can say. */
static void with_hw_time_of_a_switch_a_message_has_that_of_its_trailer(void **state)
{
	static const int64_t away[] = {0, -1000, 5000000, -INT64_C(3000000000),
				       INT64_C(3000000000)};

	for (unsigned bits = 0; bits < 4; bits++) {
		const int is_hpt = bits & 1, ipv6 = bits >> 1;
		struct mcr_portless_trailers_info info;
		struct mcr_consumer *c;
		uint8_t payload[33];
		struct frame f;
		struct mcr_msg m;
		struct rig r;

		rig_init(&r);
		rig_interface(&r, "lan", "eth0", 0)->hw_time =
		    is_hpt ? MCR_HW_TIME_EXABLAZE_HPT : MCR_HW_TIME_METAMAKO;
		rig_channel(&r, "md");
		rig_start(&r);
		rig_join(&r, ipv6 ? "[" GROUP_IPV6 "],channel=md" : GROUP ":5000,channel=md");
		c = rig_open(&r, "md");
		r.now_ns = 1700000000123456789;
		for (size_t i = 0; i < 7; i++) {
			const uint64_t ns = i < 5 ? r.now_ns + (uint64_t)away[i] : 0;

			build(&f, (struct shape){.payload = 33, .ipv6 = ipv6});
			if (i < 6)
				f.len = is_hpt ? put_hpt_ns(f.bytes, f.len, ns ? ns : r.now_ns)
					       : put_metamako(f.bytes, f.len, ns ? ns : r.now_ns,
							      METAMAKO_FLAGS, NULL, 0);
			f.bytes[6] ^= i == 5; /* a bad one; the last has none */
			rig_put(&r, 0, &f);
			m = rig_next(c);
			assert_int_equal(m.hw_ns, ns);
			assert_int_equal(m.flags, ns ? MCR_FLAG_HW_TIME : 0);
			assert_address(m.group, ipv6 ? GROUP_IPV6 : GROUP);
			assert_int_equal(mcr_consumer_read(c, &m, payload, sizeof(payload)), 33);
			assert_memory_equal(payload, f.bytes + f.udp + 8, 33);
		}
		assert_int_equal(mcr_portless_trailers(r.p, 0, &info), 0);
		assert_string_equal(info.name, "eth0");
		assert_int_equal(info.ok, 5);
		assert_int_equal(info.none, 1);
		assert_int_equal(info.bad, 1);
		assert_int_equal(mcr_portless_trailers(r.p, 1, &info), -ENOENT);
		mcr_consumer_close(c);
		rig_end(&r);
	}
}

static void port_and_vlan_make_the_interface(void **state)
{
	struct mcr_consumer *c;
	struct rig r;

	rig_init(&r);
	rig_interface(&r, "a", "eth0", 0);
	rig_interface(&r, "a7", "eth0", 7);
	rig_interface(&r, "b", "eth1", 0);
	rig_channel(&r, "md");
	rig_start(&r);
	assert_int_equal(mcr_portless_port(r.p, "a7"), 0);
	assert_int_equal(mcr_portless_port(r.p, "b"), 1);
	assert_int_equal(mcr_portless_port(r.p, "c"), -ENOENT);
	assert_int_equal(rig_try_join(&r, GROUP ",channel=md"), -EINVAL); /* which interface? */
	rig_join(&r, GROUP ",channel=md,interface=a7,id=1");
	rig_join(&r, GROUP ",channel=md,interface=b,id=2");
	c = rig_open(&r, "md");
	rig_send(&r, 0, (struct shape){.payload = 9, .tags = 1, .vid = 7});
	assert_int_equal(rig_next(c).interface, 1);
	rig_send(&r, 1, (struct shape){.payload = 9});
	assert_int_equal(rig_next(c).interface, 2);
	rig_send(&r, 0, (struct shape){.payload = 9});
	rig_dropped(&r, MCR_DROP_UNKNOWN_GROUP);
	rig_send(&r, 1, (struct shape){.payload = 9, .tags = 1, .vid = 7});
	rig_dropped(&r, MCR_DROP_VLAN_UNKNOWN);
	rig_no_more(c);
	mcr_consumer_close(c);
	rig_end(&r);
}

static void what_is_not_delivered_has_a_reason(void **state)
{
	struct mcr_account a;
	struct frame f;
	struct rig r;

	rig_init(&r);
	rig_interface(&r, "lan", "0", 0)->udp_checksum = MCR_UDP_CHECKSUM_VERIFY;
	r.interfaces[0].prefix_len = 24;
	r.interfaces[0].address = mcr_address_of_ipv4(inet_addr("10.0.0.99"));
	rig_channel(&r, "md");
	rig_start(&r);
	rig_join(&r, GROUP ":5000@10.0.0.8,channel=md");
	rig_join(&r, "239.1.2.4,channel=md");
	rig_send(&r, 0, (struct shape){.payload = 9});
	rig_dropped(&r, MCR_DROP_WRONG_SOURCE);
	build(&f, (struct shape){.payload = 9, .group = "239.1.2.4"});
	f.bytes[f.len - 1] ^= 1;
	rig_put(&r, 0, &f);
	rig_dropped(&r, MCR_DROP_BAD_UDP_CHECKSUM);
	build(&f, (struct shape){.payload = 9, .group = "239.1.2.4"});
	f.bytes[f.l3 + 15] = 255; /* 10.0.0.255, the subnet's broadcast address */
	fill_ip_checksum(&f);
	fill_udp_checksum(&f);
	rig_put(&r, 0, &f);
	rig_dropped(&r, MCR_DROP_BAD_SOURCE);
	build(&f, (struct shape){.payload = 9, .group = "239.1.2.4"});
	f.len -= 5;
	rig_put(&r, 0, &f);
	rig_dropped(&r, MCR_DROP_TRUNCATED);
	rig_send(&r, 0, (struct shape){.payload = 9, .protocol = 2}); /* no IGMP message */
	mcr_portless_account(r.p, &a);
	assert_int_equal(a.punted, 1);
	rig_end(&r);
}

static void what_no_ring_can_hold_is_too_large(void **state)
{
	struct mcr_portless_channel_info info;
	struct rig r;

	rig_begin(&r);
	rig_join(&r, GROUP ",channel=md");
	rig_join(&r, "[" GROUP_IPV6 "],channel=md");
	rig_send(&r, 0, (struct shape){.payload = 16320}); /* a quarter of 64 KiB, less a record */
	assert_int_equal(mcr_portless_channel(r.p, 0, &info), 0);
	assert_int_equal(info.published, 1);
	assert_int_equal(info.octets, 16320);
	assert_int_equal(info.too_large, 0);
	rig_send(&r, 0, (struct shape){.payload = 16320, .ipv6 = 1}); /* its addresses, too */
	rig_dropped(&r, MCR_DROP_TOO_LARGE);
	assert_int_equal(mcr_portless_channel(r.p, 0, &info), 0);
	assert_int_equal(info.published, 1);
	assert_int_equal(info.too_large, 1);
	assert_int_equal(mcr_portless_channel(r.p, 1, &info), -ENOENT);
	rig_end(&r);
}

static void the_first_channel_may_take_all(void **state)
{
	struct mcr_consumer *all, *b;
	struct mcr_msg m;
	struct rig r;

	rig_init(&r);
	rig_interface(&r, "lan", "0", 0);
	rig_channel(&r, "all");
	rig_channel(&r, "b");
	r.config.takes_all = r.config.takes_all_vlans = 1;
	rig_start(&r);
	rig_join(&r, GROUP ",channel=b,id=5");
	rig_join(&r, "239.9.9.9,channel=all,id=6");
	all = rig_open(&r, "all");
	b = rig_open(&r, "b");
	rig_send(&r, 0, (struct shape){.payload = 9, .tags = 1, .vid = 33});
	m = rig_next(all);
	assert_int_equal(m.id, 0);
	assert_int_equal(m.vlan, 33);
	assert_int_equal(m.interface, 0);
	assert_int_equal(rig_next(b).id, 5);
	rig_send(&r, 0, (struct shape){.payload = 9, .group = "239.9.9.9"});
	assert_int_equal(rig_next(all).id, 6); /* once */
	rig_no_more(b);
	rig_send(&r, 0, (struct shape){.payload = 9, .group = "239.7.7.7"});
	assert_int_equal(rig_next(all).id, 0);
	mcr_consumer_close(all);
	mcr_consumer_close(b);
	rig_end(&r);
}

static void readers_see_how_late_it_is(void **state)
{
	struct mcr_consumer_ring info = {.size = sizeof(info)};
	struct mcr_consumer *c;
	struct rig r;

	rig_begin(&r);
	c = rig_open(&r, "md");
	mcr_portless_begin(r.p, 0);
	mcr_portless_publish(r.p, 4711);
	assert_int_equal(mcr_consumer_ring_info(c, 0, &info, NULL), 0);
	assert_int_equal(info.watermark_ns, 4711);
	mcr_consumer_close(c);
	rig_end(&r);
}

static void readers_read_all_after_the_end(void **state)
{
	struct mcr_consumer *c;
	struct mcr_msg m;
	struct rig r;
	int ret;

	rig_begin(&r);
	rig_join(&r, GROUP ",channel=md");
	c = rig_open(&r, "md");
	for (int i = 0; i < 3; i++)
		rig_send(&r, 0, (struct shape){.payload = 9});
	rig_end(&r);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(mcr_consumer_poll(c, &m, 1), 1);
		assert_int_equal(m.rx_ns, 1000000 + i);
	}
	while ((ret = mcr_consumer_poll(c, &m, 1)) == 0)
		rig_rest();
	assert_int_equal(ret, -EPIPE);
	mcr_consumer_close(c);
}

static void a_run_directory_has_one_engine(void **state)
{
	struct mcr_error err = {""};
	struct mcr_portless *second;
	struct rig r;

	rig_begin(&r);
	assert_int_equal(mcr_portless_create(&second, &r.config, &err), -EBUSY);
	assert_non_null(strstr(err.text, "is taken by a live engine"));
	rig_send(&r, 0, (struct shape){.payload = 9}); /* the first one lives */
	rig_end(&r);
}

static void interfaces_are_told_apart(void **state)
{
	struct mcr_error err = {""};
	struct rig r;

	rig_init(&r);
	rig_interface(&r, "a", "eth0", 7);
	rig_interface(&r, "b", "eth0", 7);
	rig_channel(&r, "md");
	assert_int_equal(mcr_portless_create(&r.p, &r.config, &err), -EINVAL);
	assert_non_null(strstr(err.text, "port eth0 has an interface of VLAN 7 already"));
	strcpy(r.interfaces[1].name, "a");
	strcpy(r.interfaces[1].port, "eth1");
	assert_int_equal(mcr_portless_create(&r.p, &r.config, &err), -EINVAL);
	assert_non_null(strstr(err.text, "two interfaces are called \"a\""));
	assert_int_equal(rmdir(r.base), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_frame_becomes_a_message),
	    cmocka_unit_test(ipv6_has_its_addresses),
	    cmocka_unit_test(with_hw_time_of_a_switch_a_message_has_that_of_its_trailer),
	    cmocka_unit_test(port_and_vlan_make_the_interface),
	    cmocka_unit_test(what_is_not_delivered_has_a_reason),
	    cmocka_unit_test(what_no_ring_can_hold_is_too_large),
	    cmocka_unit_test(the_first_channel_may_take_all),
	    cmocka_unit_test(readers_see_how_late_it_is),
	    cmocka_unit_test(readers_read_all_after_the_end),
	    cmocka_unit_test(a_run_directory_has_one_engine),
	    cmocka_unit_test(interfaces_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
