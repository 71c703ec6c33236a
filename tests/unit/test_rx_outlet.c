/* SPDX-License-Identifier: BSD-3-Clause */
/* What the long way writes into a ring: addresses, the NIC's time near the host's or far from it,
 * payload in one segment or two. */
#include "rx_rig.h"

#define BYTES   4096
#define LARGEST (BYTES / 4 - MCR_RECORD_BYTES)
#define HEADERS (ipv6 ? MCR_PLAIN_IPV6_HEADERS : MCR_PLAIN_HEADERS)

/* ---- a worker with one ring ---- */

static struct mcr_worker worker;
static const struct mcr_packet_clock packet_clock = {.flags = CLOCK};
static const uint8_t interface_of_vlan[4096] = {[0] = 5};
static uint8_t frame[2048];
static struct rte_mbuf first, second;

/* A packet of len octets of payload, of which `apart` are in a second segment. */
static void receive(uint32_t len, uint32_t apart)
{
	const uint32_t size = HEADERS + len;

	for (uint32_t i = 0; i < size; i++)
		frame[i] = (uint8_t)(i * 7 + 3);
	first = (struct rte_mbuf){.buf_addr = frame,
				  .data_len = (uint16_t)(size - apart),
				  .pkt_len = size,
				  .nb_segs = apart ? 2 : 1,
				  .next = apart ? &second : NULL};
	second = (struct rte_mbuf){
	    .buf_addr = frame + size - apart, .data_len = (uint16_t)apart, .nb_segs = 1};
	worker.mbufs[0] = &first;
	worker.packets[0] = (struct mcr_packet){.group_be = ipv6 ? 0 : 0x010101ef,
						.source_be = ipv6 ? 0 : 0x0700000a,
						.port = 5000,
						.payload_len = (uint16_t)len,
						.ether_type = ipv6 ? 0x86dd : 0x0800,
						.l3_offset = 14,
						.payload_offset = (uint16_t)HEADERS};
}

static void deliver(struct ring *ring)
{
	const struct mcr_target target = {.id = 77};
	struct mcr_burst burst = {
	    .rx_ns = RX_NS, .interface_of_vlan = interface_of_vlan, .clock = &packet_clock};

	worker.outlets[0] = (struct mcr_outlet){.ring = &ring->writer};
	mcr_rx_deliver(&worker, &burst, 0, &target, stamp_ns);
	mcr_rx_publish(&worker, &burst);
}

static void assert_message(const struct mcr_ring_reader *r, const struct mcr_ring_message *m,
			   uint32_t len, int is_far)
{
	const struct mcr_record *record = &m->record;

	assert_int_equal(record->rx_ns, RX_NS);
	assert_int_equal(record->id, 77);
	assert_int_equal(record->port, 5000);
	assert_int_equal(record->len, len);
	assert_int_equal(record->interface_form,
			 5 | (ipv6 ? MCR_FORM_INET6 : 0) | (is_far ? MCR_FORM_FAR_TIME : 0));
	if (ipv6) {
		assert_memory_equal(m->addresses, frame + MCR_PLAIN_IPV6_GROUP, 16);
		assert_memory_equal(m->addresses + 2, frame + MCR_PLAIN_IPV6_SOURCE, 16);
	} else {
		assert_int_equal(record->group_be, 0x010101ef);
		assert_int_equal(record->source_be, 0x0700000a);
	}
	assert_memory_equal(mcr_ring_reader_payload(r, m), frame + HEADERS, len);
}

/* Two messages of the same packet, so that one that is longer than its place shows. */
static void expect(uint32_t len, uint32_t apart, uint64_t at_ns, int is_far, uint8_t flags)
{
	struct mcr_ring_message m;
	struct mcr_ring_reader r;
	struct ring ring;
	uint64_t lost;

	ring_create(&ring, BYTES);
	r = reader_create(&ring);
	stamp_ns = at_ns;
	receive(len, apart);
	deliver(&ring);
	deliver(&ring);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(mcr_ring_reader_poll(&r, &m, 1, &lost), 1);
		assert_message(&r, &m, len, is_far);
		assert_int_equal(m.record.flags, flags);
		if (is_far)
			assert_int_equal(m.hw_ns, at_ns);
		else if (flags)
			assert_int_equal(RX_NS + (uint64_t)(int64_t)m.record.hw_delta, at_ns);
		else
			assert_int_equal(m.record.hw_delta, 0);
	}
	assert_int_equal(ring.writer.payload_bytes, 2 * len);
	free(ring.mem);
}

static void times_stand_where_they_have_room(void **state)
{
	const uint32_t most = LARGEST - (ipv6 ? 32 : 0);

	for (uint32_t len = 0; len <= most; len += len < 130 ? 1 : 17) {
		const int has_room = len + 8 <= most;

		expect(len, 0, 0, 0, 0);
		expect(len, 0, RX_NS - 1000, 0, CLOCK);
		expect(len, 0, RX_NS + INT32_MAX, 0, CLOCK);
		expect(len, 0, 12345, has_room, has_room ? CLOCK : 0);
	}
	for (uint32_t len = most - 9; len <= most; len++)
		expect(len, 0, RX_NS + INT32_MAX + 1u, len + 8 <= most,
		       len + 8 <= most ? CLOCK : 0);
}

static void a_payload_in_two_segments_is_put_together(void **state)
{
	for (uint32_t len = 1; len <= 300; len += 13)
		for (uint32_t apart = 1; apart <= len; apart += 7) {
			expect(len, apart, 0, 0, 0);
			expect(len, apart, 12345, 1, CLOCK);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_stand_where_they_have_room),
	    cmocka_unit_test(a_payload_in_two_segments_is_put_together),
	};
	int failed = 0;

	for (ipv6 = 0; ipv6 < 2; ipv6++)
		failed += cmocka_run_group_tests_name(ipv6 ? "IPv6" : "IPv4", tests, NULL, NULL);
	return failed;
}
