/* SPDX-License-Identifier: BSD-3-Clause */
/* Which flows an engine says that it has seen, and of those that it did not deliver, why. */
#include "frames.h"

#include <mcring/info.h>

static const unsigned lcores[] = {1, 2};

/* One lcore for each interface. */
static struct mcr_engine *start_on(const struct mcr_interface_config *interfaces, unsigned n)
{
	struct mcr_join join = rig_join(GROUP, 5000);
	struct mcr_engine_config cfg;
	struct mcr_engine *e = NULL;
	struct mcr_error err = {""};

	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = interfaces;
	cfg.n_interfaces = n;
	cfg.lcores = lcores;
	cfg.n_lcores = n;
	cfg.log = rig_silent;
	cfg.keep_memberships = 1;
	if (mcr_engine_create(&e, &cfg, &err) != 0)
		fail_msg("%s", err.text);
	strcpy(join.interface, "a");
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	return e;
}

static struct mcr_engine *start(void)
{
	struct mcr_interface_config interface = probe();

	interface.tx_never = 1; /* what it sends would come back */
	return start_on(&interface, 1);
}

/* The group's sightings. Returns how many there are; *out is the last of them. */
static unsigned look(const struct mcr_engine *e, const char *group, struct mcr_sighting *out)
{
	struct mcr_sighting s = {.size = sizeof(s)};
	unsigned found = 0;

	for (size_t i = 0; mcr_engine_sighting(e, i, &s) == 0; i++) {
		if (!mcr_address_is_equal(s.group, rig_address(group)))
			continue;
		*out = s;
		found++;
	}
	return found;
}

/* Sends it alone, after a pause in which the rx lcore makes up its mind to look. */
static void send_alone(struct mcr_engine *e, struct rte_mbuf *m)
{
	const struct timespec pause = {.tv_nsec = 3000000};
	uint64_t before = rig_account(e).received;

	nanosleep(&pause, NULL);
	assert_int_equal(rte_eth_tx_burst(port, 0, &m, 1), 1);
	rig_receive(e, before + 1);
}

/* Waits for a sighting of the group that the lcore may still be about to write. */
static struct mcr_sighting sighting_of(struct mcr_engine *e, const char *group)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_sighting s;

	while (look(e, group, &s) == 0)
		assert_true(monotonic_ns() < end_ns);
	return s;
}

static struct mcr_sighting sighting_dropped(struct mcr_engine *e, const char *group,
					    enum mcr_drop reason)
{
	struct mcr_sighting s = sighting_of(e, group);

	assert_int_equal(s.dropped, reason);
	assert_int_equal(s.dropped_ns, s.last_ns);
	return s;
}

static struct rte_mbuf *datagram(const char *group, uint16_t dst_port)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint8_t buf[96];
	size_t len = rig_udp(buf, group, dst_port, "x", 1);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), buf, len);
	return m;
}

static void what_is_delivered_is_seen_with_its_ttl_and_its_sender(void **state)
{
	struct mcr_engine *e = start();
	struct mcr_sighting s;
	uint64_t first_ns;

	assert_int_equal(look(e, GROUP, &s), 0);
	send_alone(e, make(&(struct frame){.host = 77}));
	s = sighting_of(e, GROUP);
	assert_true(mcr_address_is_equal(s.source, host(77)));
	assert_int_equal(s.port, 5000);
	assert_int_equal(s.source_port, 99);
	assert_int_equal(s.vlan, 0);
	assert_int_equal(s.dpdk_port, port);
	assert_int_equal(s.interface, 0);
	assert_int_equal(s.ttl, 5);
	assert_int_equal(s.len, ipv6 ? 63 : 43);
	assert_int_equal(s.dropped, MCR_DROP_NONE);
	assert_int_equal(s.dropped_ns, 0);
	assert_memory_equal(s.source_mac, "\x02\x00\x00\x00\x00\x09", 6);
	assert_memory_equal(s.destination_mac,
			    ipv6 ? "\x33\x33\x01\x01\x01\x01" : "\x01\x00\x5e\x01\x01\x01", 6);
	assert_int_equal(s.seen, 1);
	assert_true(s.first_ns > 0 && s.first_ns == s.last_ns);
	first_ns = s.first_ns;
	do {
		send_alone(e, make(&(struct frame){.host = 77}));
		s = sighting_of(e, GROUP);
	} while (s.seen < 3);
	assert_int_equal(s.first_ns, first_ns);
	assert_true(s.last_ns > first_ns);
	assert_int_equal(look(e, GROUP, &s), 1);
	mcr_engine_destroy(e);
}

static void two_sources_of_a_group_are_two(void **state)
{
	struct mcr_engine *e = start();
	struct mcr_sighting s;

	send_alone(e, make(&(struct frame){.host = 77}));
	send_alone(e, make(&(struct frame){.host = 78}));
	sighting_of(e, GROUP);
	while (look(e, GROUP, &s) < 2)
		send_alone(e, make(&(struct frame){.host = 78}));
	mcr_engine_destroy(e);
}

static void what_nobody_has_joined_is_seen_with_the_reason(void **state)
{
	const char *other = ipv6 ? "ff15::9:9" : "239.9.9.9";
	struct mcr_engine *e = start();
	struct mcr_sighting s;

	send_alone(e, datagram(other, 5000));
	s = sighting_dropped(e, other, MCR_DROP_UNKNOWN_GROUP);
	assert_int_equal(s.interface, 0);
	send_alone(e, datagram(GROUP, 5001));
	s = sighting_dropped(e, GROUP, MCR_DROP_UNKNOWN_PORT);
	assert_int_equal(s.port, 5001);
	mcr_engine_destroy(e);
}

/* In a burst of several that have one reason, and of wanted ones, each has its own. */
static void each_of_a_burst_has_its_own_reason(void **state)
{
	static const char *const others[] = {"239.9.9.1", "239.9.9.2", "239.9.9.3"};
	static const char *const others6[] = {"ff15::9:1", "ff15::9:2", "ff15::9:3"};
	struct mcr_engine *e = start();
	struct mcr_sighting s;

	for (unsigned i = 0; i < 3; i++) {
		const char *other = (ipv6 ? others6 : others)[i];
		uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

		do {
			const struct timespec pause = {.tv_nsec = 3000000};
			struct rte_mbuf *burst[4] = {datagram(other, 5000), datagram(GROUP, 5000),
						     datagram(ipv6 ? "ff15::9:9" : "239.9.9.9", 1),
						     datagram(GROUP, 5000)};
			uint64_t before = rig_account(e).received;

			nanosleep(&pause, NULL);
			assert_int_equal(rte_eth_tx_burst(port, 0, burst, 4), 4);
			rig_receive(e, before + 4);
			assert_true(monotonic_ns() < end_ns);
		} while (look(e, other, &s) == 0);
		assert_int_equal(s.dropped, MCR_DROP_UNKNOWN_GROUP);
	}
	assert_true(look(e, GROUP, &s) == 1 && s.dropped == MCR_DROP_NONE);
	mcr_engine_destroy(e);
}

/* Until the group was seen on the VLAN. */
static struct mcr_sighting on_vlan(struct mcr_engine *e, uint16_t vlan)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_sighting s = {.size = sizeof(s)};

	for (;;) {
		for (size_t i = 0; mcr_engine_sighting(e, i, &s) == 0; i++)
			if (mcr_address_is_equal(s.group, rig_address(GROUP)) && s.vlan == vlan)
				return s;
		assert_true(monotonic_ns() < end_ns);
	}
}

/* Whether its tag is in the frame, or the NIC took it out. */
static void another_vlan_is_seen_as_such(void **state)
{
	const uint64_t stripped = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	struct mcr_engine *e = start();
	struct mcr_sighting s;

	send_alone(e, make(&(struct frame){.vlan = 5}));
	send_alone(e, make(&(struct frame){.tci = 6, .flags = stripped}));
	for (uint16_t vlan = 5; vlan <= 6; vlan++) {
		s = on_vlan(e, vlan);
		assert_int_equal(s.dropped, MCR_DROP_VLAN_UNKNOWN);
		assert_int_equal(s.interface, MCR_DROP_NO_INTERFACE);
	}
	assert_int_equal(look(e, GROUP, &s), 2);
	mcr_engine_destroy(e);
}

/* The later one, by its offset; its port is not in it. */
static struct rte_mbuf *fragment(struct rte_mbuf *m)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, 14);

	ip->fragment_offset = htons(185);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return m;
}

static struct rte_mbuf *cut(struct rte_mbuf *m)
{
	assert_int_equal(rte_pktmbuf_trim(m, 1), 0);
	return m;
}

static void fragments_and_what_was_cut_are_seen_without_a_port(void **state)
{
	struct mcr_engine *e = start();
	struct mcr_sighting s;

	if (!ipv6) {
		send_alone(e, make(&(struct frame){.reshape = fragment}));
		s = sighting_dropped(e, GROUP, MCR_DROP_FRAGMENT);
		assert_int_equal(s.port, 0);
		assert_true(mcr_address_is_equal(s.source, host(9)));
	}
	send_alone(e, make(&(struct frame){.host = 7, .reshape = cut}));
	while (look(e, GROUP, &s) < (ipv6 ? 1 : 2))
		;
	for (size_t i = 0; mcr_engine_sighting(e, i, &s) == 0; i++)
		if (mcr_address_is_equal(s.source, host(7)))
			break;
	assert_int_equal(s.dropped, MCR_DROP_TRUNCATED);
	assert_int_equal(s.port, 0);
	assert_true(mcr_address_is_equal(s.group, rig_address(GROUP)));
	mcr_engine_destroy(e);
}

static void own_frames_and_a_wrong_checksum_are_seen(void **state)
{
	struct mcr_engine *e = start();
	struct mcr_sighting s;

	send_alone(e, make(&(struct frame){.from = OWN}));
	s = sighting_dropped(e, GROUP, MCR_DROP_OWN_FRAME);
	assert_memory_equal(s.source_mac, OWN, 6);
	send_alone(e, make(&(struct frame){.host = 8, .flags = RTE_MBUF_F_RX_L4_CKSUM_BAD}));
	while (look(e, GROUP, &s) < 2)
		;
	for (size_t i = 0; mcr_engine_sighting(e, i, &s) == 0; i++)
		if (mcr_address_is_equal(s.source, host(8)))
			break;
	assert_int_equal(s.dropped, MCR_DROP_BAD_UDP_CHECKSUM);
	assert_int_equal(s.port, 5000);
	mcr_engine_destroy(e);
}

static void unicast_and_igmp_are_no_flows(void **state)
{
	struct mcr_sighting s = {.size = sizeof(s)};
	struct mcr_engine *e = start();
	struct rte_mbuf *m;

	send_alone(e, make(&(struct frame){.to = OWN})); /* multicast in a unicast frame is */
	sighting_of(e, GROUP);
	m = datagram("239.1.1.1", 5000);
	rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, 14)->dst_addr = rig_ip("10.0.0.1");
	fragment(m);
	send_alone(e, m);
	m = datagram("224.0.0.22", 5000);
	rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, 14)->next_proto_id = IPPROTO_IGMP;
	rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, 14)->hdr_checksum = 0;
	rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, 14)->hdr_checksum =
	    rte_ipv4_cksum(rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, 14));
	send_alone(e, m);
	assert_int_equal(rig_account(e).punted, 1);
	for (size_t i = 0; mcr_engine_sighting(e, i, &s) == 0; i++)
		assert_true(mcr_address_is_none(s.group) ||
			    mcr_address_is_equal(s.group, rig_address(GROUP)));
	mcr_engine_destroy(e);
}

/* Of a port and of a consumer; the device thread looks each 100 ms, control each 10 ms. */
static void what_came_and_was_read_last_has_a_time(void **state)
{
	struct mcr_engine *e = start();
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS, start_ns = realtime_ns();
	struct mcr_consumer_info consumer = {.size = sizeof(consumer)};
	struct mcr_port_info info = {.size = sizeof(info)};
	struct mcr_consumer *c = rig_consumer(e);
	struct mcr_msg msgs[8];

	assert_int_equal(mcr_engine_port_info(e, 0, &info), 0);
	assert_int_equal(info.rx_last_ns, 0);
	assert_int_equal(info.link_since_ns, 0);
	assert_int_equal(info.rx_frame_max, 0); /* a ring has no limit */
	send_alone(e, make(&(struct frame){.host = 77}));
	while (info.rx_last_ns == 0 || consumer.received_last_ns == 0) {
		assert_true(monotonic_ns() < end_ns);
		mcr_engine_poll(e, 1000000);
		if (mcr_consumer_poll(c, msgs, 8) > 0)
			mcr_consumer_release(c);
		assert_int_equal(mcr_engine_port_info(e, 0, &info), 0);
		assert_int_equal(mcr_engine_consumer_info(e, 0, &consumer), 0);
	}
	assert_true(info.rx_last_ns >= start_ns && info.rx_last_ns <= realtime_ns());
	assert_true(consumer.received_last_ns >= start_ns &&
		    consumer.received_last_ns <= realtime_ns());
	assert_int_equal(info.missed_last_ns | info.nombuf_last_ns | info.errors_last_ns, 0);
	assert_int_equal(consumer.lost_last_ns, 0);
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
}

/* Once a millisecond: all other bursts are left alone. */
static void most_packets_are_not_looked_at(void **state)
{
	struct mcr_engine *e = start();
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS, sent = 0;
	struct mcr_sighting s;

	do {
		struct rte_mbuf *bursts[4 * 32]; /* in a ring, from which they come at once */

		assert_true(monotonic_ns() < end_ns);
		for (unsigned i = 0; i < RTE_DIM(bursts); i++)
			bursts[i] = datagram(GROUP, 5000);
		assert_int_equal(rte_eth_tx_burst(port, 0, bursts, RTE_DIM(bursts)),
				 RTE_DIM(bursts));
		sent += RTE_DIM(bursts);
		rig_receive(e, sent);
	} while (look(e, GROUP, &s) == 0 || s.seen == sent);
	assert_true(s.seen < rig_account(e).delivered);
	mcr_engine_destroy(e);
}

static void each_lcore_has_a_table(void **state)
{
	const char *other = ipv6 ? "ff15::9:9" : "239.9.9.9";
	struct mcr_sighting s = {.size = sizeof(s)};
	struct mcr_interface_config interfaces[2];
	uint16_t ports[2];
	struct mcr_engine *e;
	size_t n = 0;

	for (unsigned i = 0; i < 2; i++) {
		interfaces[i] = probe();
		interfaces[i].name[0] = (char)('a' + i);
		interfaces[i].tx_never = 1;
		interfaces[i].n_lcores = 1;
		interfaces[i].lcores[0] = (uint16_t)lcores[i];
		ports[i] = port;
	}
	e = start_on(interfaces, 2);
	while (mcr_engine_sighting(e, n, &s) == 0)
		n++;
	assert_int_equal(n, 2 * MCR_SIGHTINGS);
	assert_int_equal(mcr_engine_sighting(e, n, &s), -ENOENT);
	for (unsigned i = 0; i < 2; i++) {
		port = ports[i];
		send_alone(e, datagram(other, 5000));
	}
	while (look(e, other, &s) < 2)
		;
	for (size_t i = 0; i < n; i++) {
		mcr_engine_sighting(e, i, &s);
		if (mcr_address_is_none(s.group))
			continue;
		assert_int_equal(s.interface, i / MCR_SIGHTINGS);
		assert_int_equal(s.dpdk_port, ports[i / MCR_SIGHTINGS]);
	}
	mcr_engine_destroy(e);
}

/* Another group that an output wants, and no channel: the relay takes the buffer away. */
static void what_is_only_relayed_is_seen_and_is_no_drop(void **state)
{
	const char *other = ipv6 ? "ff15::9:9" : "239.9.9.9";
	struct mcr_interface_config interfaces[2];
	struct mcr_engine *e;
	struct mcr_sighting s;
	uint16_t in = 0;

	for (unsigned i = 0; i < 2; i++) {
		interfaces[i] = probe();
		interfaces[i].name[0] = (char)('a' + i);
		interfaces[i].role = i == 0 ? MCR_RELAY_UPSTREAM : MCR_RELAY_DOWNSTREAM;
		in = i == 0 ? port : in;
	}
	interfaces[0].address6 = rig_address("2001:db8::1");
	interfaces[0].prefix6_len = 64;
	interfaces[1].address = rig_address("10.0.1.1");
	interfaces[1].forward_when = MCR_FORWARD_ALWAYS;
	interfaces[1].n_static_groups = 1;
	interfaces[1].static_groups[0].group = rig_address(other);
	e = start_on(interfaces, 2);
	port = in;
	send_alone(e, datagram(other, 5000));
	assert_int_equal(rig_account(e).relayed_only, 1);
	sighting_of(e, other);
	s = (struct mcr_sighting){.size = sizeof(s)};
	for (size_t i = 0; mcr_engine_sighting(e, i, &s) == 0; i++) /* what b sends comes back */
		if (mcr_address_is_equal(s.group, rig_address(other)) && s.dpdk_port == in)
			break;
	assert_true(mcr_address_is_equal(s.group, rig_address(other)));
	assert_int_equal(s.dropped, MCR_DROP_NONE);
	assert_int_equal(s.ttl, 5);
	assert_int_equal(s.interface, 0);
	assert_int_equal(s.seen, 1);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_delivered_is_seen_with_its_ttl_and_its_sender),
	    cmocka_unit_test(two_sources_of_a_group_are_two),
	    cmocka_unit_test(what_nobody_has_joined_is_seen_with_the_reason),
	    cmocka_unit_test(each_of_a_burst_has_its_own_reason),
	    cmocka_unit_test(another_vlan_is_seen_as_such),
	    cmocka_unit_test(fragments_and_what_was_cut_are_seen_without_a_port),
	    cmocka_unit_test(own_frames_and_a_wrong_checksum_are_seen),
	    cmocka_unit_test(unicast_and_igmp_are_no_flows),
	    cmocka_unit_test(what_came_and_was_read_last_has_a_time),
	    cmocka_unit_test(most_packets_are_not_looked_at),
	    cmocka_unit_test(each_lcore_has_a_table),
	    cmocka_unit_test(what_is_only_relayed_is_seen_and_is_no_drop),
	};
	int failed = set_up(NULL);

	for (ipv6 = 0; ipv6 < 2; ipv6++)
		failed += cmocka_run_group_tests_name(ipv6 ? "IPv6" : "IPv4", tests, NULL, NULL);
	return failed + tear_down(NULL);
}
