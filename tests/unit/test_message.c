/* SPDX-License-Identifier: BSD-3-Clause */
/* What a consumer is given of a record. */
#include "client/message.h"
#include "ring_rig.h"

static const uint8_t PAYLOAD[64] = "payload";

/* The message that is made of a record with these octets between header and payload. */
static struct mcr_msg message_of(struct ring *ring, struct mcr_record record, const void *extras)
{
	uint32_t n = mcr_ring_extras(record.interface_form);
	struct mcr_ring_message found;
	struct mcr_msg m;
	uint64_t lost;
	uint8_t *to;

	memset(&m, 0xff, sizeof(m));
	record.len = 7;
	ring_create(ring, 4096);
	struct mcr_ring_reader r = reader_create(ring);

	to = mcr_ring_begin(&ring->writer, n + record.len) + MCR_RECORD_BYTES;
	mcr_ring_copy(to, extras, n);
	mcr_ring_copy(to + n, PAYLOAD, record.len);
	mcr_ring_end(&ring->writer, n + record.len, &record);
	mcr_ring_publish(&ring->writer);
	assert_int_equal(mcr_ring_reader_poll(&r, &found, 1, &lost), 1);
	mcr_client_fill_data(&r, &m, &found);
	assert_int_equal(m.len, 7);
	assert_memory_equal(m.data, PAYLOAD, 7);
	assert_int_equal((uintptr_t)m.data % 8, 0);
	return m;
}

static void a_message_has_all_that_is_in_the_record(void **state)
{
	const struct mcr_record record = {
	    .rx_ns = UINT64_C(1700000000123456789),
	    .group_be = 0x010101ef,
	    .source_be = 0x0100000a,
	    .id = 77,
	    .port = 5000,
	    .source_port = 6000,
	    .vlan_kind = 4095 | MCR_LINK << MCR_KIND_SHIFT,
	    .ttl = 255,
	    .traffic_class = 0xb8,
	    .interface_form = 63,
	    .flags = MCR_FLAG_CLOCK_STEP,
	};
	struct ring ring;
	struct mcr_msg m = message_of(&ring, record, PAYLOAD);

	assert_int_equal(m.kind, MCR_LINK);
	assert_int_equal(m.flags, MCR_FLAG_CLOCK_STEP);
	assert_int_equal(m.pos.epoch, EPOCH);
	assert_int_equal(m.pos.seq, 1);
	assert_int_equal(m.pos.ring, 0);
	assert_int_equal(m.rx_ns, record.rx_ns);
	assert_int_equal(m.hw_ns, 0);
	assert_int_equal(m.offset, 0);
	assert_int_equal(mcr_address_ipv4_be(m.group), record.group_be);
	assert_int_equal(mcr_address_ipv4_be(m.source), record.source_be);
	assert_int_equal(m.id, 77);
	assert_int_equal(m.dst_port, 5000);
	assert_int_equal(m.src_port, 6000);
	assert_int_equal(m.vlan, 4095);
	assert_int_equal(m.interface, 63);
	assert_int_equal(m.ttl, 255);
	assert_int_equal(m.traffic_class, 0xb8);
	assert_int_equal(m.lost, 0);
	assert_int_equal(m.pad[0] | m.pad[1], 0);
	assert_int_equal(m.reserved, 0);
	free(ring.mem);
}

static void the_time_of_the_nic_is_a_distance_or_stands_alone(void **state)
{
	static const struct {
		uint64_t rx_ns;
		int32_t delta;
		uint64_t hw_ns;
	} cases[] = {
	    {5000, 0, 5000},
	    {5000, -4000, 1000},
	    {UINT64_C(1700000000000000000), INT32_MAX, UINT64_C(1700000002147483647)},
	    {UINT64_C(1700000000000000000), INT32_MIN, UINT64_C(1699999997852516352)},
	};
	const uint64_t far_ns = 12345;
	struct ring ring;
	struct mcr_msg m;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		m = message_of(&ring,
			       (struct mcr_record){.rx_ns = cases[i].rx_ns,
						   .hw_delta = cases[i].delta,
						   .flags = MCR_FLAG_HW_TIME},
			       PAYLOAD);
		assert_int_equal(m.hw_ns, cases[i].hw_ns);
		free(ring.mem);
	}
	m = message_of(&ring,
		       (struct mcr_record){.rx_ns = UINT64_C(1700000000000000000),
					   .flags = MCR_FLAG_HW_TIME,
					   .interface_form = MCR_FORM_FAR_TIME | 5},
		       &far_ns);
	assert_int_equal(m.hw_ns, far_ns);
	assert_int_equal(m.interface, 5);
	free(ring.mem);
}

static void an_ipv6_message_has_the_addresses_behind_its_header(void **state)
{
	uint8_t extras[40];
	const uint64_t far_ns = 54321;
	struct ring ring;
	struct mcr_msg m;

	for (uint8_t i = 0; i < 32; i++)
		extras[i] = (uint8_t)(0xff - i);
	memcpy(extras + 32, &far_ns, 8);
	m = message_of(&ring, (struct mcr_record){.interface_form = MCR_FORM_INET6 | 1}, extras);
	assert_memory_equal(m.group.octets, extras, 16);
	assert_memory_equal(m.source.octets, extras + 16, 16);
	assert_int_equal(m.interface, 1);
	free(ring.mem);
	m = message_of(&ring,
		       (struct mcr_record){.interface_form = MCR_FORM_INET6 | MCR_FORM_FAR_TIME,
					   .flags = MCR_FLAG_HW_TIME},
		       extras);
	assert_memory_equal(m.source.octets, extras + 16, 16);
	assert_int_equal(m.hw_ns, far_ns);
	free(ring.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_has_all_that_is_in_the_record),
	    cmocka_unit_test(the_time_of_the_nic_is_a_distance_or_stands_alone),
	    cmocka_unit_test(an_ipv6_message_has_the_addresses_behind_its_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
