/* SPDX-License-Identifier: BSD-3-Clause */
/* Times that a switch appends to frames, through the rx lcore: the short way and the long one, for
 * channels with and without a handler. */
#include "frames.h"

#include "../trailer_maker.h"

#define BURST  3
#define SECOND UINT64_C(1000000000)

static uint8_t hw_time; /* enum mcr_hw_time of the port */

/* How a packet comes. */
static const struct way {
	uint16_t vlan;
	uint8_t is_stripped, is_cut, has_fcs;
	int64_t ahead_ns; /* of the host's clock */
} ways[] = {
    {0},
    {.has_fcs = 1},
    {.is_stripped = 1},
    {.is_stripped = 1, .has_fcs = 1},
    {.vlan = 7},
    {.is_cut = 1},
    {.is_cut = 1, .is_stripped = 1},
    {.ahead_ns = -3 * (int64_t)SECOND},
    {.ahead_ns = 3 * (int64_t)SECOND, .has_fcs = 1},
    {.ahead_ns = -3 * (int64_t)SECOND, .is_stripped = 1},
};

/* ---- frames ---- */

static struct rte_mbuf *cut_in_two(struct rte_mbuf *m, uint16_t at)
{
	struct rte_mbuf *rest = rte_pktmbuf_alloc(pool);
	const uint16_t len = (uint16_t)(m->data_len - at);
	char *to = rest ? rte_pktmbuf_append(rest, len) : NULL;

	assert_non_null(to);
	memcpy(to, rte_pktmbuf_mtod_offset(m, char *, at), len);
	assert_int_equal(rte_pktmbuf_trim(m, len), 0);
	assert_int_equal(rte_pktmbuf_chain(m, rest), 0);
	return m;
}

static uint32_t put_trailer(uint8_t *frame, uint32_t len, uint64_t ns)
{
	if (hw_time == MCR_HW_TIME_METAMAKO)
		return put_metamako(frame, len, ns, METAMAKO_FLAGS, NULL, 0);
	return put_hpt_ns(frame, len, ns);
}

/* A frame with a trailer. Where the NIC took the tag out, the switch has seen it. */
static struct rte_mbuf *with_trailer(const struct way *way, uint64_t ns)
{
	const uint64_t out =
	    way->is_stripped ? RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED : 0;
	const uint16_t datagram = (ipv6 ? 63 : 43) + (way->vlan ? 4 : 0);
	struct rte_mbuf *m =
	    make(&(struct frame){.vlan = way->is_stripped ? 7 : way->vlan, .tci = 7});
	uint8_t frame[256];
	uint32_t len = m->data_len;

	memcpy(frame, rte_pktmbuf_mtod(m, const void *), len);
	len = put_trailer(frame, len, ns);
	if (way->has_fcs) {
		put_fcs(frame + len, frame, len);
		len += MCR_FCS_BYTES;
	}
	if (way->is_stripped) {
		memmove(frame + 12, frame + 16, len - 16);
		len -= 4;
	}
	assert_int_equal(rte_pktmbuf_trim(m, m->data_len), 0);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	m->ol_flags = out;
	return way->is_cut ? cut_in_two(m, (uint16_t)(datagram + 7)) : m;
}

/* ---- an engine with a ring, and a handler beside it ---- */

static struct seen {
	uint64_t hw_ns[1024];
	uint16_t flags[1024];
	unsigned n;
} seen;

static void handler(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring)
{
	for (unsigned i = 0; i < n && seen.n < RTE_DIM(seen.hw_ns); i++, seen.n++) {
		seen.hw_ns[seen.n] = msgs[i].hw_ns;
		seen.flags[seen.n] = msgs[i].flags;
	}
}

static struct mcr_engine *start_on(struct mcr_interface_config interface, int has_handler)
{
	const struct mcr_channel_config second = {
	    .size = sizeof(second), .name = "second", .handler = handler, .handler_only = 1};
	struct mcr_interface_config interfaces[2] = {interface};
	static const unsigned lcore = 1;
	struct mcr_join join = rig_join(GROUP, 5000);
	struct mcr_engine_config cfg;
	struct mcr_engine *e = NULL;

	interfaces[0].tx_never = 1;
	interfaces[0].hw_time = hw_time;
	interfaces[1] = interfaces[0];
	strcpy(interfaces[1].name, "b");
	interfaces[1].vlan = 7;
	interfaces[1].address = rig_address("10.0.7.1");
	n_lines = 0;
	seen.n = 0;
	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = interfaces;
	cfg.n_interfaces = 2;
	cfg.lcores = &lcore;
	cfg.n_lcores = 1;
	cfg.log = keep_line;
	cfg.keep_memberships = 1;
	assert_int_equal(mcr_engine_create(&e, &cfg, NULL), 0);
	if (has_handler)
		assert_int_equal(mcr_engine_channel_add(e, &second, NULL), 0);
	for (int i = 0; i < (has_handler ? 4 : 2); i++) {
		strcpy(join.interface, interfaces[i % 2].name);
		strcpy(join.channel, i < 2 ? "" : "second");
		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	}
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	return e;
}

static struct mcr_engine *start(int has_handler)
{
	return start_on(probe(), has_handler);
}

static void deliver(struct mcr_engine *e, struct rte_mbuf **burst, uint16_t n)
{
	const uint64_t before = rig_account(e).delivered;

	assert_int_equal(rte_eth_tx_burst(port, 0, burst, n), n);
	rig_receive(e, rig_account(e).received - rig_account(e).delivered + before + n);
	assert_int_equal(rig_account(e).delivered, before + n);
}

static struct mcr_msg next(struct mcr_consumer *c)
{
	struct mcr_msg m;

	do
		assert_int_equal(mcr_consumer_poll(c, &m, 1), 1);
	while (m.kind != MCR_DATA);
	return m;
}

static void expect_time(uint64_t hw_ns, uint16_t flags, uint64_t expected)
{
	const uint16_t both = MCR_FLAG_HW_TIME | MCR_FLAG_HW_TIME_SYNCED;

	assert_int_equal(hw_ns, expected);
	assert_int_equal(flags & both, expected ? MCR_FLAG_HW_TIME : 0);
}

static void expect_counts(struct mcr_engine *e, uint64_t ok, uint64_t none, uint64_t bad)
{
	struct mcr_port_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_port_info(e, 0, &info), 0);
	assert_int_equal(info.has_trailers, hw_time >= MCR_HW_TIME_METAMAKO);
	assert_int_equal(info.hw_time_ok, ok);
	assert_int_equal(info.hw_time_none, none);
	assert_int_equal(info.hw_time_bad, bad);
}

/* ---- tests ---- */

static void a_message_has_the_time_of_its_trailer_whichever_way_it_took(void **state)
{
	for (int has_handler = 0; has_handler < 2; has_handler++) {
		struct mcr_engine *e = start(has_handler);
		struct mcr_consumer *c = rig_consumer(e);
		uint64_t ok = 0;

		for (size_t w = 0; w < RTE_DIM(ways); w++)
			for (unsigned i = 0; i < BURST; i++) { /* one, and three at once */
				const unsigned n = i == 0 ? 1 : BURST;
				const uint64_t ns = realtime_ns() + (uint64_t)ways[w].ahead_ns;
				struct rte_mbuf *burst[BURST];

				for (unsigned k = 0; k < n; k++)
					burst[k] = with_trailer(&ways[w], ns + 1000 * k + 1);
				seen.n = 0;
				deliver(e, burst, (uint16_t)n);
				ok += n;
				for (unsigned k = 0; k < n; k++) {
					const struct mcr_msg m = next(c);

					expect_time(m.hw_ns, m.flags, ns + 1000 * k + 1);
					if (has_handler)
						expect_time(seen.hw_ns[k], seen.flags[k],
							    ns + 1000 * k + 1);
				}
				expect_counts(e, ok, 0, 0);
			}
		mcr_consumer_close(c);
		mcr_engine_destroy(e);
	}
}

static void a_frame_without_a_good_trailer_comes_without_a_time_and_counts(void **state)
{
	struct mcr_engine *e = start(0);
	struct mcr_consumer *c = rig_consumer(e);
	struct rte_mbuf *burst[3];
	uint64_t none = 0, bad = 0;

	for (size_t w = 0; w < RTE_DIM(ways); w++) {
		burst[0] = with_trailer(&ways[w], realtime_ns());
		burst[1] = make(&(struct frame){.vlan = ways[w].vlan});
		burst[2] = with_trailer(&ways[w], realtime_ns() + 7200 * SECOND);
		rte_pktmbuf_mtod(burst[0], uint8_t *)[6] ^= 4; /* the sender's MAC address */
		deliver(e, burst, 3);
		for (unsigned k = 0; k < 3; k++) {
			const struct mcr_msg m = next(c);

			expect_time(m.hw_ns, m.flags, 0);
			assert_int_equal(m.len, 1);
		}
		expect_counts(e, 0, ++none, bad += 2);
	}
	burst[0] = make(&(struct frame){.vlan = 9}); /* which no channel takes */
	assert_int_equal(rte_eth_tx_burst(port, 0, burst, 1), 1);
	rig_receive(e, rig_account(e).received + 1);
	expect_counts(e, 0, none, bad);
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
}

#define CAPTURED_US UINT64_C(1600000000123456) /* long ago */

/* One with its time, one that is two hours off, one without. */
static void write_capture(const char *path)
{
	FILE *f = rig_pcap_open(path);
	uint8_t frame[128];

	for (unsigned i = 0; i < 3; i++) {
		uint32_t len = (uint32_t)rig_udp(frame, GROUP, 5000, "x", 1);

		if (i < 2)
			len = put_trailer(frame, len, CAPTURED_US * 1000 + 123 + i * 7200 * SECOND);
		rig_pcap_add_at(f, frame, len, CAPTURED_US);
	}
	assert_int_equal(fclose(f), 0);
}

static void of_a_capture_a_time_is_expected_when_it_was_captured(void **state)
{
	struct rig_capture capture;
	struct mcr_consumer *c;
	struct mcr_engine *e;

	assert_int_equal(rig_capture_begin(&capture, write_capture), 0);
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_pcap0", capture.args), 0);
	e = start_on(rig_interface("net_pcap0"), 0);
	c = rig_consumer(e);
	rig_receive(e, 3);
	for (unsigned i = 0; i < 3; i++) {
		const struct mcr_msg m = next(c);

		expect_time(m.hw_ns, m.flags, i == 0 ? CAPTURED_US * 1000 + 123 : 0);
	}
	expect_counts(e, 1, 1, 1);
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
	assert_int_equal(rte_eal_hotplug_remove("vdev", "net_pcap0"), 0);
	rig_capture_end(&capture);
}

static void without_hw_time_a_trailer_is_no_more_than_padding(void **state)
{
	const uint8_t was = hw_time;
	struct rte_mbuf *m = with_trailer(&ways[0], realtime_ns());
	struct mcr_consumer *c;
	struct mcr_engine *e;
	struct mcr_msg got;

	hw_time = MCR_HW_TIME_OFF;
	e = start(0);
	c = rig_consumer(e);
	deliver(e, &m, 1);
	got = next(c);
	expect_time(got.hw_ns, got.flags, 0);
	expect_counts(e, 0, 0, 0);
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
	hw_time = was;
}

static void the_log_says_once_that_most_frames_have_no_trailer(void **state)
{
	const uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_engine *e = start(0);
	unsigned said = 0;

	assert_true(has_line(hw_time == MCR_HW_TIME_METAMAKO
				 ? "hw_ns is the time in the metamako trailer of each frame"
				 : "hw_ns is the time in the exablaze-hpt trailer of each frame"));
	for (unsigned i = 0; i < 70; i++) {
		struct rte_mbuf *m = make(&(struct frame){.vlan = 0});

		deliver(e, &m, 1);
	}
	while (!has_line("a bad one: those have no hw_ns") && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 10000000);
	mcr_engine_poll(e, 500000000); /* more looks at the port */
	for (unsigned i = 0; i < n_lines; i++)
		said += strstr(lines[i], "trailer and 0 a bad one") != NULL;
	assert_int_equal(said, 1);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_has_the_time_of_its_trailer_whichever_way_it_took),
	    cmocka_unit_test(a_frame_without_a_good_trailer_comes_without_a_time_and_counts),
	    cmocka_unit_test(of_a_capture_a_time_is_expected_when_it_was_captured),
	    cmocka_unit_test(without_hw_time_a_trailer_is_no_more_than_padding),
	    cmocka_unit_test(the_log_says_once_that_most_frames_have_no_trailer),
	};
	int failed = set_up(NULL);

	for (ipv6 = 0; ipv6 < 2; ipv6++) {
		/* Each form with one family. */
		hw_time = ipv6 ? MCR_HW_TIME_EXABLAZE_HPT : MCR_HW_TIME_METAMAKO;
		failed += cmocka_run_group_tests_name(ipv6 ? "IPv6, Exablaze" : "IPv4, Metamako",
						      tests, NULL, NULL);
	}
	return failed + tear_down(NULL);
}
