/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames an engine takes, and what it says of those that it does not. net_ring hands back
 * what is sent to it. */
#include "rig.h"

#include <rte_mbuf.h>

#define OTHER "\x02\x00\x00\x00\x00\x02" /* another host's MAC address */
#define ALL   "\xff\xff\xff\xff\xff\xff"
#define OWN   ((const char *)own.addr_bytes)

static struct rte_ether_addr own = {{2, 0, 0, 0, 0, 1}};
static struct rte_mempool *pool;
static uint16_t port;

static int set_up(void **state)
{
	rig_eal_init(NULL, 0);
	pool = rte_pktmbuf_pool_create("frames", 1023, 0, 0, 2048, -1);
	return !pool;
}

static int tear_down(void **state)
{
	rte_mempool_free(pool);
	return rte_eal_cleanup();
}

/* A datagram to 239.1.1.1:5000; to, from: MAC addresses, NULL = the group's, a host's. */
struct frame {
	const char *to, *from, *source;
	uint16_t vlan;
};

static struct rte_mbuf *make(const struct frame *f)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint8_t *p;
	struct rte_ipv4_hdr *ip;
	uint8_t buf[64];
	size_t len = rig_udp(buf, "239.1.1.1", 5000, "x", 1);

	assert_non_null(m);
	p = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)len);
	memcpy(p, buf, len);
	ip = (struct rte_ipv4_hdr *)(p + 14);
	if (f->to)
		memcpy(p, f->to, 6);
	if (f->from)
		memcpy(p + 6, f->from, 6);
	if (f->source)
		ip->src_addr = rig_ip(f->source);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	if (f->vlan != 0) {
		m->vlan_tci = f->vlan;
		assert_int_equal(rte_vlan_insert(&m), 0);
	}
	return m;
}

/* The frame alone, and as the middle one of three: the rx loop's way differs. */
static void send_frame(struct mcr_engine *e, const struct frame *f)
{
	const struct frame good = {.to = NULL};
	struct rte_mbuf *burst[4] = {make(f), make(&good), make(f), make(&good)};
	uint64_t before = rig_account(e).received;

	assert_int_equal(rte_eth_tx_burst(port, 0, burst, 1), 1);
	rig_receive(e, before + 1);
	assert_int_equal(rte_eth_tx_burst(port, 0, burst + 1, 3), 3);
	rig_receive(e, before + 4);
}

static void expect_delivered(struct mcr_engine *e, const struct frame *f)
{
	uint64_t before = rig_account(e).delivered;

	send_frame(e, f);
	assert_int_equal(rig_account(e).delivered, before + 4);
}

static void expect_drop(struct mcr_engine *e, const struct frame *f, enum mcr_drop reason)
{
	struct mcr_account before = rig_account(e), after;

	send_frame(e, f);
	after = rig_account(e);
	assert_int_equal(after.drops[reason], before.drops[reason] + 2);
	assert_int_equal(after.delivered, before.delivered + 2);
}

/* An engine closes its port with it, so each has a device of its own. */
static struct mcr_interface_config probe(void)
{
	static unsigned n;
	char device[16];

	snprintf(device, sizeof(device), "net_ring%u", n++);
	assert_int_equal(rte_eal_hotplug_add("vdev", device, ""), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name(device, &port), 0);
	/* It has none, so the first that is added is its own. */
	assert_int_equal(rte_eth_dev_mac_addr_add(port, &own, 0), 0);
	return rig_interface(device);
}

static struct mcr_engine *start(unsigned n_channels)
{
	struct mcr_interface_config interface = probe();
	struct mcr_join join = rig_join("239.1.1.1", 5000);
	struct mcr_engine *e;

	interface.tx_never = 1; /* what it sends would come back */
	e = rig_engine(&interface, 1);
	if (n_channels > 1) {
		struct mcr_channel_config second = {.size = sizeof(second), .name = "second"};

		assert_int_equal(mcr_engine_channel_add(e, &second, NULL), 0);
	}
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	if (n_channels > 1) {
		strcpy(join.channel, "second");
		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	}
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	return e;
}

static void a_group_is_taken_from_a_unicast_or_broadcast_frame_to_this_host(void **state)
{
	struct mcr_engine *e = start(1);

	expect_delivered(e, &(struct frame){.to = OWN});
	expect_delivered(e, &(struct frame){.to = ALL});
	expect_drop(e, &(struct frame){.to = OTHER}, MCR_DROP_NOT_MULTICAST);
	mcr_engine_destroy(e);
}

static void a_source_that_no_host_may_have_is_dropped_for_it(void **state)
{
	static const char *const bad[] = {"0.0.0.0",   "0.0.0.9",         "127.0.0.1", "239.9.9.9",
					  "240.0.0.1", "255.255.255.255", "10.0.0.255"};

	for (unsigned n_channels = 1; n_channels <= 2; n_channels++) {
		struct mcr_engine *e = start(n_channels);

		for (size_t i = 0; i < RTE_DIM(bad); i++)
			expect_drop(e, &(struct frame){.source = bad[i]}, MCR_DROP_BAD_SOURCE);
		expect_drop(e, &(struct frame){.to = OWN, .source = "127.0.0.1"},
			    MCR_DROP_BAD_SOURCE);
		expect_delivered(e, &(struct frame){.source = "10.0.0.254"});
		expect_delivered(e, &(struct frame){.source = "10.0.255.255"});
		mcr_engine_destroy(e);
	}
}

static void the_broadcast_address_follows_the_interface_s_own(void **state)
{
	struct mcr_engine *e = start(1);
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_account a;

	assert_int_equal(mcr_engine_interface_address(e, "a", rig_address("10.0.0.1"), 16, NULL),
			 0);
	do { /* until the rx lcore has the new view */
		a = rig_account(e);
		send_frame(e, &(struct frame){.source = "10.0.255.255"});
	} while (rig_account(e).drops[MCR_DROP_BAD_SOURCE] < a.drops[MCR_DROP_BAD_SOURCE] + 2 &&
		 monotonic_ns() < end_ns);
	expect_drop(e, &(struct frame){.source = "10.0.255.255"}, MCR_DROP_BAD_SOURCE);
	expect_delivered(e, &(struct frame){.source = "10.0.0.255"});
	mcr_engine_destroy(e);
}

static void a_sample_shows_whose_frame_it_was_and_where_it_came_in(void **state)
{
	struct mcr_engine *e = start(1);
	struct mcr_drop_sample s = {.size = sizeof(s)};

	expect_drop(e, &(struct frame){.from = OWN, .source = "10.0.0.77"}, MCR_DROP_OWN_FRAME);
	mcr_engine_drop_sample(e, MCR_DROP_OWN_FRAME, &s);
	assert_true(s.time_ns > 0);
	assert_memory_equal(s.destination_mac, "\x01\x00\x5e\x01\x01\x01", 6);
	assert_memory_equal(s.source_mac, OWN, 6);
	assert_int_equal(mcr_address_ipv4_be(s.group), rig_ip("239.1.1.1"));
	assert_int_equal(mcr_address_ipv4_be(s.source), rig_ip("10.0.0.77"));
	assert_int_equal(s.port, 5000);
	assert_int_equal(s.source_port, 99);
	assert_int_equal(s.ether_type, 0x0800);
	assert_int_equal(s.len, 43);
	assert_int_equal(s.interface, 0);

	expect_drop(e, &(struct frame){.to = OTHER, .vlan = 7}, MCR_DROP_NOT_MULTICAST);
	mcr_engine_drop_sample(e, MCR_DROP_NOT_MULTICAST, &s);
	assert_memory_equal(s.destination_mac, OTHER, 6);
	assert_memory_equal(s.source_mac, "\x02\x00\x00\x00\x00\x09", 6);
	assert_int_equal(s.vlan, 7);
	assert_int_equal(s.interface, MCR_DROP_NO_INTERFACE);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_group_is_taken_from_a_unicast_or_broadcast_frame_to_this_host),
	    cmocka_unit_test(a_source_that_no_host_may_have_is_dropped_for_it),
	    cmocka_unit_test(the_broadcast_address_follows_the_interface_s_own),
	    cmocka_unit_test(a_sample_shows_whose_frame_it_was_and_where_it_came_in),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
