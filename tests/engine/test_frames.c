/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames an engine takes, and what it says of those that it does not. */
#include "frames.h"

static struct mcr_engine *start(unsigned n_channels)
{
	struct mcr_interface_config interface = probe();
	struct mcr_join join = rig_join(GROUP, 5000);
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
	static const char *const bad[2][7] = {
	    {"0.0.0.0", "0.0.0.9", "127.0.0.1", "239.9.9.9", "240.0.0.1", "255.255.255.255",
	     "10.0.0.255"},
	    {"::", "::1", "::ffff:0:0", "ff15::9", "ff02::1", "::ffff:10.0.0.9", "ffff::"}};

	for (unsigned n_channels = 1; n_channels <= 2; n_channels++) {
		struct mcr_engine *e = start(n_channels);

		for (size_t i = 0; i < RTE_DIM(bad[0]); i++) {
			expect_drop(e, &(struct frame){.source = bad[ipv6][i]},
				    MCR_DROP_BAD_SOURCE);
			expect_drop(e, &(struct frame){.to = OWN, .source = bad[ipv6][i]},
				    MCR_DROP_BAD_SOURCE);
		}
		expect_delivered(e, &(struct frame){.host = 254});
		expect_delivered(e,
				 &(struct frame){.source = ipv6 ? "64:ff9b::1" : "10.0.255.255"});
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

	expect_drop(e, &(struct frame){.from = OWN, .host = 77}, MCR_DROP_OWN_FRAME);
	mcr_engine_drop_sample(e, MCR_DROP_OWN_FRAME, &s);
	assert_true(s.time_ns > 0);
	assert_memory_equal(s.destination_mac,
			    ipv6 ? "\x33\x33\x01\x01\x01\x01" : "\x01\x00\x5e\x01\x01\x01", 6);
	assert_memory_equal(s.source_mac, OWN, 6);
	assert_true(mcr_address_is_equal(s.group, rig_address(GROUP)));
	assert_true(mcr_address_is_equal(s.source, host(77)));
	assert_int_equal(s.port, 5000);
	assert_int_equal(s.source_port, 99);
	assert_int_equal(s.ether_type, ipv6 ? 0x86dd : 0x0800);
	assert_int_equal(s.len, ipv6 ? 63 : 43);
	assert_int_equal(s.interface, 0);

	expect_drop(e, &(struct frame){.to = OTHER, .vlan = 7}, MCR_DROP_NOT_MULTICAST);
	mcr_engine_drop_sample(e, MCR_DROP_NOT_MULTICAST, &s);
	assert_memory_equal(s.destination_mac, OTHER, 6);
	assert_memory_equal(s.source_mac, "\x02\x00\x00\x00\x00\x09", 6);
	assert_int_equal(s.vlan, 7);
	assert_int_equal(s.interface, MCR_DROP_NO_INTERFACE);
	mcr_engine_destroy(e);
}

/* ---- buffers ---- */

#define HOLDERS 65 /* a number whose bits are a flag's, too */

static struct rte_mbuf *held[16];
static unsigned n_held;

/* The test holds it, too. */
static struct rte_mbuf *shared(struct rte_mbuf *m)
{
	rte_mbuf_refcnt_set(m, HOLDERS);
	held[n_held++] = m;
	return m;
}

static struct rte_mbuf *in_segments(struct rte_mbuf *m)
{
	struct rte_mbuf *last = rte_pktmbuf_alloc(pool);

	assert_non_null(last);
	assert_int_equal(rte_pktmbuf_trim(m, 1), 0);
	*rte_pktmbuf_append(last, 1) = 'x';
	assert_int_equal(rte_pktmbuf_chain(m, last), 0);
	return m;
}

static struct rte_mbuf *without_checksum(struct rte_mbuf *m)
{
	memset(rte_pktmbuf_mtod_offset(m, uint8_t *, m->data_len - 3), 0, 2);
	return m;
}

static struct rte_mbuf *indirect(struct rte_mbuf *m)
{
	struct rte_mbuf *i = rte_pktmbuf_alloc(pool);

	assert_non_null(i);
	rte_pktmbuf_attach(i, m);
	rte_pktmbuf_free(m);
	return i;
}

static unsigned n_freed; /* the rx lcore writes it */

static void free_data(void *data, void *ctx)
{
	__atomic_fetch_add(&n_freed, 1, __ATOMIC_RELAXED);
}

static struct rte_mbuf *external(struct rte_mbuf *m)
{
	static uint8_t data[16][256] __rte_cache_aligned;
	static unsigned n;
	struct rte_mbuf *e = rte_pktmbuf_alloc(pool);
	uint8_t *at = data[n++ % 16];
	uint16_t len = sizeof(data[0]);
	struct rte_mbuf_ext_shared_info *info =
	    rte_pktmbuf_ext_shinfo_init_helper(at, &len, free_data, NULL);

	assert_non_null(e);
	assert_non_null(info);
	rte_pktmbuf_attach_extbuf(e, at, RTE_BAD_IOVA, len, info);
	memcpy(rte_pktmbuf_append(e, m->data_len), rte_pktmbuf_mtod(m, void *), m->data_len);
	e->ol_flags |= m->ol_flags;
	rte_pktmbuf_free(m);
	return e;
}

/* A burst each; returns how many frames of the kind were in them. */
static unsigned send_in_every_place(struct mcr_engine *e, const struct frame *f)
{
	const struct frame good = {.to = NULL};
	const struct frame *const bursts[][4] = {{f}, {f, &good}, {&good, f}, {&good, f, &good}};
	uint64_t before = rig_account(e).received;

	for (size_t b = 0; b < RTE_DIM(bursts); b++) {
		struct rte_mbuf *m[4];
		uint16_t n = 0;

		for (; n < 4 && bursts[b][n]; n++)
			m[n] = make(bursts[b][n]);
		assert_int_equal(rte_eth_tx_burst(port, 0, m, n), n);
		before += n;
		rig_receive(e, before);
	}
	return RTE_DIM(bursts);
}

static void release_what_the_test_holds(void)
{
	for (unsigned i = 0; i < n_held; i++) {
		assert_int_equal(rte_mbuf_refcnt_read(held[i]), HOLDERS - 1);
		rte_mbuf_refcnt_set(held[i], 1);
		rte_pktmbuf_free(held[i]);
	}
	n_held = 0;
}

static void each_buffer_goes_back_to_where_it_came_from(void **state)
{
	const struct frame kinds[] = {{.of_second_pool = 1}, {.reshape = in_segments},
				      {.reshape = indirect}, {.reshape = external},
				      {.reshape = shared},   {.to = OTHER}};
	struct mcr_engine *e = start(1);
	unsigned external_frames = 0;

	n_freed = 0;
	for (size_t k = 0; k < RTE_DIM(kinds); k++) {
		struct mcr_account before = rig_account(e), after;
		unsigned n = send_in_every_place(e, &kinds[k]);

		external_frames += kinds[k].reshape == external ? n : 0;
		after = rig_account(e);
		assert_int_equal(after.delivered - before.delivered,
				 after.received - before.received - (kinds[k].to ? n : 0));
		release_what_the_test_holds();
		assert_int_equal(rte_mempool_avail_count(pool), BUFFERS);
		assert_int_equal(rte_mempool_avail_count(second_pool), BUFFERS);
	}
	assert_int_equal(__atomic_load_n(&n_freed, __ATOMIC_RELAXED), external_frames);
	mcr_engine_destroy(e);
}

/* ---- VLAN tags and checksums ---- */

/* GROUP:5000 on no VLAN and on VLAN 7. */
static struct mcr_engine *start_with_vlan(uint8_t udp_checksum)
{
	struct mcr_interface_config interfaces[2] = {probe()};
	struct mcr_join join = rig_join(GROUP, 5000);
	struct mcr_engine *e;

	interfaces[0].udp_checksum = udp_checksum;
	interfaces[0].tx_never = 1;
	interfaces[1] = interfaces[0];
	strcpy(interfaces[1].name, "b");
	interfaces[1].vlan = 7;
	interfaces[1].address = rig_address("10.0.7.1");
	e = rig_engine(interfaces, 2);
	for (join.id = 0; join.id < 2; join.id++) {
		strcpy(join.interface, interfaces[join.id].name);
		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	}
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	return e;
}

static void a_tag_that_the_nic_took_out_counts_as_one_that_it_left(void **state)
{
	const uint64_t out = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	struct mcr_engine *e = start_with_vlan(MCR_UDP_CHECKSUM_NIC);

	expect_delivered(e, &(struct frame){.tci = 7, .flags = out});
	expect_delivered(e, &(struct frame){.tci = 0xe000, .flags = out});
	expect_drop(e, &(struct frame){.tci = 9, .flags = out}, MCR_DROP_VLAN_UNKNOWN);
	expect_drop(e, &(struct frame){.vlan = 9}, MCR_DROP_VLAN_UNKNOWN);
	expect_drop(e, &(struct frame){.tci = 7, .flags = out, .from = OWN}, MCR_DROP_OWN_FRAME);
	expect_drop(e,
		    &(struct frame){.tci = 7, .flags = out, .source = ipv6 ? "::" : "10.0.7.255"},
		    MCR_DROP_BAD_SOURCE);
	expect_delivered(e, &(struct frame){.tci = 7, .flags = out, .host = 255});
	expect_drop(e, &(struct frame){.tci = 7, .flags = out | RTE_MBUF_F_RX_L4_CKSUM_BAD},
		    MCR_DROP_BAD_UDP_CHECKSUM);
	/* Without the second flag the tag is in the data, whatever the number says. */
	expect_delivered(e, &(struct frame){.tci = 9, .flags = RTE_MBUF_F_RX_VLAN});
	mcr_engine_destroy(e);
}

static void messages_say_vlan_interface_and_join(void **state)
{
	const uint64_t out = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	const struct frame frames[] = {{.vlan = 7},
				       {.tci = 0x6007, .flags = out},
				       {.tci = 0, .flags = out},
				       {.tci = 7, .flags = out, .reshape = in_segments}};
	struct mcr_engine *e = start_with_vlan(MCR_UDP_CHECKSUM_NIC);
	struct mcr_consumer *c = rig_consumer(e);
	struct mcr_msg m;

	for (size_t i = 0; i < RTE_DIM(frames); i++) {
		const uint16_t on_vlan = i != 2;

		send_frame(e, &frames[i]);
		for (unsigned k = 0; k < 4;) {
			assert_int_equal(mcr_consumer_poll(c, &m, 1), 1);
			if (m.kind != MCR_DATA)
				continue;
			assert_int_equal(m.vlan, k % 2 == 0 && on_vlan ? 7 : 0);
			assert_int_equal(m.interface, k % 2 == 0 && on_vlan);
			assert_int_equal(m.id, m.interface);
			assert_int_equal(m.len, 1);
			assert_memory_equal(m.data, "x", 1);
			assert_true(mcr_address_is_equal(m.group, rig_address(GROUP)));
			assert_true(mcr_address_is_equal(m.source, host(9)));
			k++;
		}
	}
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
}

/* The families take different short ways; the order must stay. */
static void families_may_alternate_in_a_burst(void **state)
{
	enum {
		N = 29
	};
	const struct frame kinds[] = {{.host = 0}, {.reshape = in_segments}, {.vlan = 7}};
	const int was = ipv6;
	struct mcr_engine *e = start_with_vlan(MCR_UDP_CHECKSUM_NIC);
	struct mcr_consumer *c = rig_consumer(e);
	struct mcr_join join;
	struct mcr_msg m;
	uint64_t before;

	ipv6 = !was;
	join = rig_join(GROUP, 5000);
	for (unsigned i = 0; i < 2; i++) {
		strcpy(join.interface, i ? "b" : "a");
		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	}
	do { /* until the rx lcore has the new view */
		before = rig_account(e).delivered;
		send_frame(e, &(struct frame){.vlan = 7});
	} while (rig_account(e).delivered < before + 4);
	while (mcr_consumer_poll(c, &m, 1) > 0)
		;
	for (unsigned round = 0; round < 60; round++) {
		struct rte_mbuf *burst[N];

		before = rig_account(e).received;
		for (unsigned i = 0; i < N; i++) {
			struct frame f = kinds[(i * round / 7) % RTE_DIM(kinds)];

			f.host = 1 + i;
			ipv6 = (i * (round + 1) / 5 + round) % 2;
			burst[i] = make(&f);
		}
		assert_int_equal(rte_eth_tx_burst(port, 0, burst, N), N);
		rig_receive(e, before + N);
		for (unsigned i = 0; i < N;) {
			assert_int_equal(mcr_consumer_poll(c, &m, 1), 1);
			if (m.kind != MCR_DATA)
				continue;
			ipv6 = (i * (round + 1) / 5 + round) % 2;
			assert_true(mcr_address_is_equal(m.group, rig_address(GROUP)));
			assert_true(mcr_address_is_equal(m.source, host(1 + i)));
			assert_int_equal(m.ttl, 5);
			assert_int_equal(m.traffic_class, 0xb8);
			assert_memory_equal(m.data, "x", 1);
			i++;
		}
	}
	ipv6 = was;
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
}

static void a_checksum_is_believed_as_the_interface_says(void **state)
{
	const struct frame wrong = {.checksum = 1}, marked = {.flags = RTE_MBUF_F_RX_L4_CKSUM_BAD},
			   in_two = {.checksum = 1, .reshape = in_segments};
	struct mcr_engine *e = start_with_vlan(MCR_UDP_CHECKSUM_VERIFY);

	expect_drop(e, &wrong, MCR_DROP_BAD_UDP_CHECKSUM);
	expect_drop(e, &in_two, MCR_DROP_BAD_UDP_CHECKSUM);
	expect_delivered(e, &marked); /* it has none (RFC 768), or a right one */
	expect_delivered(e, &(struct frame){.reshape = in_segments});
	mcr_engine_destroy(e);
	e = start_with_vlan(MCR_UDP_CHECKSUM_NIC);
	expect_delivered(e, &wrong);
	expect_drop(e, &marked, MCR_DROP_BAD_UDP_CHECKSUM);
	mcr_engine_destroy(e);
	e = start_with_vlan(MCR_UDP_CHECKSUM_OFF);
	expect_delivered(e, &wrong);
	expect_delivered(e, &marked);
	mcr_engine_destroy(e);
}

static void a_datagram_of_ipv6_without_a_checksum_is_dropped_for_it(void **state)
{
	struct mcr_engine *e;

	ipv6 = 1;
	e = start(1);
	expect_drop(e, &(struct frame){.reshape = without_checksum}, MCR_DROP_NO_UDP_CHECKSUM);
	mcr_engine_destroy(e);
	ipv6 = 0;
}

int main(void)
{
	const struct CMUnitTest for_both[] = {
	    cmocka_unit_test(a_group_is_taken_from_a_unicast_or_broadcast_frame_to_this_host),
	    cmocka_unit_test(a_source_that_no_host_may_have_is_dropped_for_it),
	    cmocka_unit_test(a_sample_shows_whose_frame_it_was_and_where_it_came_in),
	    cmocka_unit_test(each_buffer_goes_back_to_where_it_came_from),
	    cmocka_unit_test(a_tag_that_the_nic_took_out_counts_as_one_that_it_left),
	    cmocka_unit_test(messages_say_vlan_interface_and_join),
	    cmocka_unit_test(families_may_alternate_in_a_burst),
	    cmocka_unit_test(a_checksum_is_believed_as_the_interface_says),
	};
	const struct CMUnitTest of_one[] = {
	    cmocka_unit_test(the_broadcast_address_follows_the_interface_s_own),
	    cmocka_unit_test(a_datagram_of_ipv6_without_a_checksum_is_dropped_for_it),
	};
	int failed = set_up(NULL);

	for (ipv6 = 0; ipv6 < 2; ipv6++)
		failed += cmocka_run_group_tests_name(ipv6 ? "IPv6" : "IPv4", for_both, NULL, NULL);
	ipv6 = 0;
	failed += cmocka_run_group_tests(of_one, NULL, NULL);
	return failed + tear_down(NULL);
}
