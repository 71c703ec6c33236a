/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages byte for byte: the golden payloads G1 to G11 of the reference host, and rows H-ENC-*.
 * gmp_rig.h checks the encapsulation of every message that any of the test programs sends. */
#include "core/gmp/gmp_wire.h"
#include "gmp_rig.h"

#define HEADER_40 "46c00028000040000102f9f70a000002e000001694040000"
#define HEADER_44 "46c0002c000040000102f9f30a000002e000001694040000"

/* H-SC-4, H-ENC-1 to 5, 9, 10, 14: G1, G2 */
static void any_source_join_and_leave_equal_the_reference_octets(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "239.1.2.3");
	run_for(&r, 5);
	leave(&r, "239.1.2.3");
	run_for(&r, 5);
	assert_count(&r, 4);
	assert_octets(&r, 0, 0, HEADER_40 "2200e8f90000000104000000ef010203");
	assert_octets(&r, 2, 0, HEADER_40 "2200e9f90000000103000000ef010203");
	rig_stop(&r);
}

/* H-SC-4: G3, G4 */
static void source_join_and_leave_equal_the_reference_octets(void **state)
{
	struct rig r;

	rig_default(&r);
	include(&r, "232.1.2.3", "192.0.2.1");
	run_for(&r, 5);
	leave(&r, "232.1.2.3");
	run_for(&r, 5);
	assert_octets(&r, 0, 0, HEADER_44 "22002cf70000000105000001e8010203c0000201");
	assert_octets(&r, 2, 0, HEADER_44 "22002bf70000000106000001e8010203c0000201");
	rig_stop(&r);
}

/* H-QR-10: G5 */
static void a_general_answer_equals_the_reference_octets(void **state)
{
	struct rig r;

	rig_default(&r);
	include(&r, "232.1.2.3", "192.0.2.1");
	exclude(&r, "239.1.2.3", "192.0.2.1");
	settle(&r, 5);
	general_v3(&r, 10);
	run_for(&r, 5);
	assert_count(&r, 1);
	assert_octets(&r, 0, 24,
		      "22007bee0000000201000001e8010203c000020102000001ef010203c0000201");
	rig_stop(&r);
}

/* H-ENC-6, H-ENC-7, H-ENC-11: G6 */
static void v2_report_and_leave_equal_the_reference_octets(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	join(&r, "239.1.2.3");
	run_for(&r, 20);
	leave(&r, "239.1.2.3");
	run_for(&r, 5);
	assert_count(&r, 3);
	assert_octets(&r, 0, 0,
		      "46c00020000040000102e9110a000002ef01020394040000"
		      "1600f8faef010203");
	assert_octets(&r, 2, 0,
		      "46c00020000040000102fa130a000002e000000294040000"
		      "1700f7faef010203");
	rig_stop(&r);
}

/* H-V1-2, H-ENC-11: G7 */
static void a_v1_report_equals_the_reference_octets(void **state)
{
	struct rig r;

	rig_version(&r, 1);
	join(&r, "239.1.2.3");
	run_for(&r, 1);
	assert_octets(&r, 0, 24, "1200fcfaef010203");
	rig_stop(&r);
}

/* H-SC-6: G8 */
static void a_merged_report_equals_the_reference_octets(void **state)
{
	struct rig r;

	rig_default(&r);
	include(&r, "232.1.2.3", "192.0.2.1 192.0.2.2");
	run_for(&r, 0.05);
	include(&r, "232.1.2.3", "192.0.2.2");
	run_for(&r, 5);
	assert_count(&r, 3);
	assert_octets(&r, 1, 24,
		      "22007aed0000000205000001e8010203c000020206000001e8010203c0000201");
	assert_octets(&r, 2, 24, "22002bf70000000106000001e8010203c0000201");
	rig_stop(&r);
}

/* H-ENC-8: G9 */
static void a_host_without_address_reports_from_zero(void **state)
{
	struct rig r;

	rig_start(&r, &(struct mcr_gmp_config){.repeat_s = MCR_GMP_NO_REPEAT});
	join(&r, "239.1.2.3");
	run_for(&r, 5);
	assert_octets(&r, 0, 0,
		      "46c0002800004000010203fa00000000e000001694040000"
		      "2200e8f90000000104000000ef010203");
	rig_stop(&r);
}

static void feed_hex(struct rig *r, const char *destination, const char *hex, int expected)
{
	uint8_t packet[64] = {0x45, 0xc0, 0, 0, 0, 0, 0, 0, 1, 2};
	size_t n = strlen(hex) / 2;

	packet[3] = (uint8_t)(20 + n);
	put_ip(packet + 12, QUERIER);
	put_ip(packet + 16, destination);
	put16(packet + 10, checksum16(packet, 20));
	for (size_t i = 0; i < n; i++) {
		unsigned octet;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &octet), 1);
		packet[20 + i] = (uint8_t)octet;
	}
	assert_int_equal(mcr_gmp_input(r->igmp, packet, 20 + n, r->now_ns), expected);
}

/* H-RX-2, H-RX-3: G10 */
static void the_reference_queries_are_understood(void **state)
{
	static const struct {
		const char *hex, *destination, *answer;
		double latest;
	} cases[] = {
	    {"110aec7800000000027d0000", ALL_HOSTS, "IS_EX(239.1.2.3){}", 1},
	    {"110a4edb00000000027d0000deadbeef", ALL_HOSTS, "IS_EX(239.1.2.3){}", 1},
	    {"11feeb8400000000027d0000", ALL_HOSTS, "IS_EX(239.1.2.3){}", 3072},
	    {"1164ee9b00000000", ALL_HOSTS, "v2 239.1.2.3", 10},
	    {"110afdf0ef010203", "239.1.2.3", "IS_EX(239.1.2.3){}", 1},
	    {"1100eeff00000000", ALL_HOSTS, "v1 239.1.2.3", 10},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;

		rig_default(&r);
		join(&r, "239.1.2.3");
		settle(&r, 5);
		r.default_draw = 1.0;
		uint64_t t = r.now_ns;

		feed_hex(&r, cases[i].destination, cases[i].hex, 0);
		run_for(&r, cases[i].latest);
		assert_sent(&r, 0, t + sec(cases[i].latest), cases[i].answer);
		assert_count(&r, 1);
		rig_stop(&r);
	}
}

/* H-QR-18: G11. A source that is not unicast is dropped; without any other there is no answer. */
static void a_source_query_for_0_0_0_0_is_ignored(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "239.1.2.3");
	settle(&r, 5);
	feed_hex(&r, "239.1.2.3", "110afb72ef010203027d000100000000", 0);
	run_for(&r, 5);
	assert_count(&r, 0);
	assert_int_equal(info(&r).rx[MCR_GMP_RX_NO_SOURCE], 1);
	assert_int_equal(FEED(&r, .code = 10, .group = "239.1.2.3", .sources = "0.0.0.0 10.9.0.1"),
			 0);
	run_for(&r, 5);
	assert_count(&r, 1);
	assert_octets(&r, 0, 32, "01000001ef0102030a090001");
	rig_stop(&r);
}

/* H-ENC-9: odd and even numbers of sources; the rig verifies each checksum. */
static void checksums_are_right_for_any_number_of_sources(void **state)
{
	struct rig r;

	rig_default(&r);
	include(&r, "232.1.2.3", "10.9.0.1");
	run_for(&r, 5);
	include(&r, "232.1.2.3", "10.9.0.1 10.9.0.2 223.255.1.1");
	run_for(&r, 5);
	rig_stop(&r);
}

/* H-QR-1: the vectors of the table, and all codes against the definition. */
static void response_codes_are_decoded_as_the_text_says(void **state)
{
	static const struct {
		uint8_t code;
		uint32_t value;
	} cases[] = {{0x00, 0},   {0x7f, 127}, {0x80, 128},   {0x81, 136},
		     {0x8f, 248}, {0x90, 256}, {0xfe, 30720}, {0xff, 31744}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(mcr_gmp_float(cases[i].code), cases[i].value);
	for (unsigned code = 128; code < 256; code++) {
		unsigned mant = code & 15, exp = code >> 4 & 7;

		assert_int_equal(mcr_gmp_float((uint8_t)code), (16 + mant) * 8 << exp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_source_join_and_leave_equal_the_reference_octets),
	    cmocka_unit_test(source_join_and_leave_equal_the_reference_octets),
	    cmocka_unit_test(a_general_answer_equals_the_reference_octets),
	    cmocka_unit_test(v2_report_and_leave_equal_the_reference_octets),
	    cmocka_unit_test(a_v1_report_equals_the_reference_octets),
	    cmocka_unit_test(a_merged_report_equals_the_reference_octets),
	    cmocka_unit_test(a_host_without_address_reports_from_zero),
	    cmocka_unit_test(the_reference_queries_are_understood),
	    cmocka_unit_test(a_source_query_for_0_0_0_0_is_ignored),
	    cmocka_unit_test(checksums_are_right_for_any_number_of_sources),
	    cmocka_unit_test(response_codes_are_decoded_as_the_text_says),
	};
	return RUN_IGMP(tests);
}
