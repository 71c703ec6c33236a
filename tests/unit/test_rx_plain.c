/* SPDX-License-Identifier: BSD-3-Clause */
/* The short way of a packet writes what the long way writes, with and without the NIC's time, with
 * and without a tag that the NIC took out, for any source or one, for one channel or several. Of
 * trailers it counts those of the packets that it takes. */
#include "engine/rx/rx_plain.h"

#include "core/address.h"
#include "parse_rig.h"

#define assert_whole assert_whole_message /* of ring_rig.h; parse_rig.h has one */
#include "rx_rig.h"

#define BYTES    65536
#define VLAN     7
#define CHANNELS 2

/* ---- a worker ---- */

struct kind {
	uint32_t len;
	uint16_t vlan;
	uint8_t n_channels, n_sources;
	uint8_t has_clock, n_groups, is_shared, has_trailers;
};

static struct mcr_worker worker;
static struct mcr_view view;
static struct mcr_queue queue;
static struct mcr_group_count counts[1];
static struct mcr_queue_trailers trailers;
static const struct mcr_packet_clock packet_clock = {.flags = CLOCK};
static const uint8_t interface_of_vlan[4096] = {[0] = 5, [VLAN] = 6};
static struct frame frame;
static struct rte_mbuf packet;

static struct mcr_address address(const char *text)
{
	struct mcr_address a;

	assert_int_equal(mcr_address_parse(&a, text, strlen(text)), 0);
	return a;
}

/* Groups that nothing is sent to make the table so large that it is looked at ahead. */
static struct mcr_group_table *make_table(const struct kind *k)
{
	const size_t n = (size_t)k->n_channels + k->n_groups * 64u;
	const struct mcr_address source = address(ipv6 ? SOURCE_IPV6 : SOURCE);
	struct mcr_join *joins = calloc(n, sizeof(*joins));
	struct mcr_rule *rules = calloc(n, sizeof(*rules));
	struct mcr_group_table *table;

	assert_non_null(joins);
	assert_non_null(rules);
	for (size_t i = 0; i < n; i++) {
		joins[i].group = address(ipv6 ? GROUP_IPV6 : GROUP);
		if (i >= k->n_channels)
			joins[i].group = mcr_address_plus(joins[i].group, (uint32_t)i);
		joins[i].port = 5000;
		joins[i].id = 70 + (uint32_t)i;
		joins[i].mode = k->n_sources ? MCR_FILTER_INCLUDE : MCR_FILTER_EXCLUDE;
		joins[i].n_sources = k->n_sources;
		joins[i].sources = k->n_sources ? &source : NULL;
		rules[i] = (struct mcr_rule){.join = &joins[i],
					     .interface = interface_of_vlan[k->vlan],
					     .channel = (uint16_t)(i < k->n_channels ? i : 0),
					     .is_shared = k->is_shared};
	}
	assert_int_equal(mcr_group_table_create(&table, rules, n), 0);
	free(joins);
	free(rules);
	return table;
}

static void set_up_worker(const struct kind *k)
{
	struct mcr_burst *b = &queue.burst;

	worker = (struct mcr_worker){.view = &view, .group_counts = counts};
	memset(worker.broadcast_be, 0xff, sizeof(worker.broadcast_be));
	packet = (struct rte_mbuf){.buf_addr = frame.bytes,
				   .data_len = (uint16_t)frame.len,
				   .pkt_len = frame.len,
				   .refcnt = 1,
				   .nb_segs = 1,
				   .vlan_tci = k->vlan,
				   .ol_flags = k->vlan ? RTE_MBUF_F_RX_VLAN_STRIPPED : 0};
	for (size_t i = 0; i < RTE_DIM(worker.mbufs); i++)
		worker.mbufs[i] = &packet;
	*b = (struct mcr_burst){.rx_ns = RX_NS,
				.interface_of_vlan = interface_of_vlan,
				.own = mcr_parse_own(own_mac),
				.own_ipv6 = mcr_parse_own_ipv6(own_mac),
				.odd = RTE_MBUF_F_RX_VLAN_STRIPPED,
				.all_take = 9000,
				.all_take_ipv6 = 9000,
				.clock = k->has_clock ? &packet_clock : NULL,
				.trailers = k->has_trailers ? &trailers : NULL,
				.flags = MCR_FLAG_RX_TIME_TSC};
	mcr_rx_arrival(&b->untagged, &worker, b, 0);
	trailers = (struct mcr_queue_trailers){0};
	datagram_end = 0;
}

static void assert_trailers(const struct kind *k, unsigned ok, unsigned bad)
{
	assert_int_equal(trailers.reader.counts[MCR_TRAILER_OK], k->has_trailers ? ok : 0);
	assert_int_equal(trailers.reader.counts[MCR_TRAILER_BAD], k->has_trailers ? bad : 0);
	assert_int_equal(trailers.reader.counts[MCR_TRAILER_NONE], 0);
}

/* What one channel gets. */
struct outlet {
	struct ring ring;
	struct mcr_ring_reader reader;
};

static void set_outlets(struct outlet *outlets)
{
	for (unsigned c = 0; c < CHANNELS; c++) {
		ring_create(&outlets[c].ring, BYTES);
		outlets[c].reader = reader_create(&outlets[c].ring);
		worker.outlets[c].ring = &outlets[c].ring.writer;
	}
}

/* Three packets, so that the chunk's first is not alone. Returns how many the short way took. */
static unsigned take_short(struct outlet *outlets)
{
	unsigned taken;

	set_outlets(outlets);
	taken = mcr_rx_plain(&worker, &queue, 0, 3);
	mcr_rx_publish(&worker, &queue.burst);
	return taken;
}

static void take_long(struct outlet *outlets, const struct kind *k)
{
	set_outlets(outlets);
	for (unsigned i = 0; i < 3; i++) {
		mcr_parse(&worker.packets[i], frame.bytes, frame.len, frame.len, k->vlan, own_mac);
		assert_int_equal(worker.packets[i].verdict, MCR_PARSED_UDP);
		for (uint16_t c = 0; c < k->n_channels; c++)
			mcr_rx_deliver(&worker, &queue.burst, i,
				       &(struct mcr_target){.id = 70u + c, .channel = c}, stamp_ns);
	}
	mcr_rx_publish(&worker, &queue.burst);
}

static void assert_same(struct outlet *a, struct outlet *b, int n)
{
	struct mcr_ring_message ma, mb;
	uint64_t lost;

	assert_int_equal(a->ring.writer.payload_bytes, b->ring.writer.payload_bytes);
	for (int i = 0; i < n; i++) {
		assert_int_equal(mcr_ring_reader_poll(&a->reader, &ma, 1, &lost), 1);
		assert_int_equal(mcr_ring_reader_poll(&b->reader, &mb, 1, &lost), 1);
		assert_memory_equal(&ma.record, &mb.record, sizeof(ma.record));
		assert_int_equal(ma.record.hw_delta, stamp_ns ? (int64_t)(stamp_ns - RX_NS) : 0);
		assert_int_equal(ma.record.flags, MCR_FLAG_RX_TIME_TSC | (stamp_ns ? CLOCK : 0));
		if (ipv6)
			assert_memory_equal(ma.addresses, mb.addresses, 32);
		assert_memory_equal(mcr_ring_reader_payload(&a->reader, &ma),
				    mcr_ring_reader_payload(&b->reader, &mb), ma.record.len);
	}
	assert_int_equal(mcr_ring_reader_poll(&a->reader, &ma, 1, &lost), 0);
}

static void expect_same(const struct kind *k)
{
	struct outlet quick[CHANNELS], slow[CHANNELS];

	build(&frame, (struct shape){.ipv6 = ipv6, .payload = k->len});
	view.table = make_table(k);
	set_up_worker(k);
	assert_int_equal(take_short(quick), 3);
	assert_trailers(k, stamp_ns ? 3 : 0, stamp_ns ? 0 : 3);
	if (k->has_trailers)
		assert_int_equal(datagram_end, (ipv6 ? 62 : 42) + k->len);
	take_long(slow, k);
	for (unsigned c = 0; c < CHANNELS; c++) {
		assert_same(&quick[c], &slow[c], c < k->n_channels ? 3 : 0);
		free(quick[c].ring.mem);
		free(slow[c].ring.mem);
	}
	mcr_group_table_destroy(view.table);
}

static void both_ways_write_the_same(void **state)
{
	static const uint32_t lengths[] = {0, 1, 18, 24, 32, 100, 511, 513, 1400};

	for (unsigned bits = 0; bits < 128; bits++) {
		struct kind k = {.vlan = bits & 1 ? VLAN : 0,
				 .n_channels = bits & 2 ? 2 : 1,
				 .n_sources = bits & 4 && !(bits & 2),
				 .has_clock = bits >> 3 & 1,
				 .n_groups = bits & 16 ? 80 : 0,
				 .has_trailers = (bits & 40) == 40};

		stamp_ns = k.has_clock && !(bits & 64) ? RX_NS - 1234567 : 0;
		for (size_t i = 0; i < RTE_DIM(lengths); i++) {
			k.len = lengths[i];
			expect_same(&k);
		}
	}
}

static void a_time_far_from_the_hosts_takes_the_long_way(void **state)
{
	const struct kind k = {.len = 20, .n_channels = 1, .has_clock = 1, .has_trailers = 1};
	static const int64_t far[] = {INT64_C(2147483648), INT64_C(-2147483649)};
	struct outlet outlets[CHANNELS];

	for (size_t i = 0; i < RTE_DIM(far); i++) {
		build(&frame, (struct shape){.ipv6 = ipv6, .payload = k.len});
		view.table = make_table(&k);
		set_up_worker(&k);
		stamp_ns = RX_NS + (uint64_t)far[i];
		assert_int_equal(take_short(outlets), 0);
		assert_trailers(&k, 0, 0); /* that is the long way's affair */
		assert_same(&outlets[0], &outlets[1], 0);
		free(outlets[0].ring.mem);
		free(outlets[1].ring.mem);
		mcr_group_table_destroy(view.table);
	}
}

static void of_a_packet_that_nobody_takes_no_time_counts(void **state)
{
	const struct kind k = {
	    .len = 20, .n_channels = 1, .n_sources = 1, .has_clock = 1, .has_trailers = 1};
	struct outlet outlets[CHANNELS];

	build(&frame, (struct shape){.ipv6 = ipv6, .payload = k.len});
	frame.bytes[ipv6 ? 14 + 8 + 15 : 14 + 15] ^= 1; /* of another source */
	if (!ipv6)
		fill_ip_checksum(&frame);
	view.table = make_table(&k);
	set_up_worker(&k);
	stamp_ns = RX_NS;
	assert_int_equal(take_short(outlets), 0);
	assert_trailers(&k, 0, 0);
	free(outlets[0].ring.mem);
	free(outlets[1].ring.mem);
	mcr_group_table_destroy(view.table);
}

static void a_group_that_the_kernel_wants_too_takes_the_long_way(void **state)
{
	struct outlet outlets[CHANNELS];

	for (unsigned bits = 0; bits < 8; bits++) {
		const struct kind k = {.len = 20,
				       .n_channels = bits & 1 ? 2 : 1,
				       .n_sources = bits & 2 && !(bits & 1),
				       .is_shared = bits >> 2};

		build(&frame, (struct shape){.ipv6 = ipv6, .payload = k.len});
		view.table = make_table(&k);
		set_up_worker(&k);
		assert_int_equal(take_short(outlets), k.is_shared ? 0 : 3);
		free(outlets[0].ring.mem);
		free(outlets[1].ring.mem);
		mcr_group_table_destroy(view.table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_ways_write_the_same),
	    cmocka_unit_test(a_time_far_from_the_hosts_takes_the_long_way),
	    cmocka_unit_test(of_a_packet_that_nobody_takes_no_time_counts),
	    cmocka_unit_test(a_group_that_the_kernel_wants_too_takes_the_long_way),
	};
	int failed = 0;

	for (ipv6 = 0; ipv6 < 2; ipv6++)
		failed += cmocka_run_group_tests_name(ipv6 ? "IPv6" : "IPv4", tests, NULL, NULL);
	return failed;
}
