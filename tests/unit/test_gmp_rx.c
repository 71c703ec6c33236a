/* SPDX-License-Identifier: BSD-3-Clause */
/* What is accepted and what is not (rows H-RX-*). The row that a test shows stands before it. */
#include "gmp_rig.h"

static void rig_joined(struct rig *r, uint8_t strict)
{
	rig_start(r, &(struct mcr_gmp_config){
			 .address = ip(HOST), .repeat_s = MCR_GMP_NO_REPEAT, .strict_rx = strict});
	join(r, "239.1.2.3");
	settle(r, 5);
}

/* Feeds one message to a host that joined 239.1.2.3. Returns the number of answers. */
static size_t answers(const struct query *q, uint8_t strict, enum mcr_gmp_rx reason)
{
	struct rig r;

	rig_joined(&r, strict);
	assert_int_equal(feed(&r, q), reason < MCR_GMP_RX_MALFORMED ? 0 : -EBADMSG);
	run_for(&r, 60);
	size_t n = r.n_sent;
	struct mcr_gmp_info i = info(&r);

	for (unsigned k = 0; k < MCR_GMP_RX_COUNT; k++)
		assert_int_equal(i.rx[k], k == reason);
	rig_stop(&r);
	return n;
}
#define ANSWERS(strict, reason, ...) answers(&(struct query){__VA_ARGS__}, strict, reason)

/* H-RX-1, M-2 */
static void a_flipped_bit_in_the_checksum_silences_us(void **state)
{
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10), 1);
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_BAD_CHECKSUM, .code = 10, .bad_checksum = 1), 0);
}

/* H-RX-2 */
static void the_length_of_the_ip_payload_gives_the_version(void **state)
{
	static const struct {
		unsigned cut, code, version;
	} cases[] = {{5, 10, 0}, {4, 10, 2}, {4, 0, 1}, {3, 10, 0},
		     {2, 10, 0}, {1, 10, 0}, {0, 10, 3}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;
		int rc = cases[i].version ? 0 : -EBADMSG;

		rig_joined(&r, 0);
		/* Padding as on a 60-octet frame must not change the picture. */
		assert_int_equal(
		    FEED(&r, .code = cases[i].code, .cut = cases[i].cut, .padding = 18), rc);
		assert_int_equal(info(&r).version, cases[i].version ? cases[i].version : 3);
		assert_int_equal(info(&r).rx[MCR_GMP_RX_BAD_LENGTH], rc ? 1 : 0);
		run_for(&r, 60);
		assert_count(&r, cases[i].version ? 1 : 0);
		rig_stop(&r);
	}
}

/* H-RX-3 */
static void octets_behind_the_fields_are_ignored_but_checked(void **state)
{
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .extra = 4), 1);
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .extra = 1), 1);
	assert_int_equal(
	    ANSWERS(0, MCR_GMP_RX_BAD_CHECKSUM, .code = 10, .extra = 1, .bad_checksum = 1), 0);
}

/* H-RX-4 */
static void more_sources_than_octets_is_malformed(void **state)
{
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_BAD_SOURCES, .code = 10, .group = "239.1.2.3",
				 .sources = "10.9.0.1", .claimed_sources = 2),
			 0);
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_BAD_SOURCES, .code = 10, .group = "239.1.2.3",
				 .sources = "10.9.0.1", .claimed_sources = 65535),
			 0);
	assert_int_equal(
	    ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .group = "239.1.2.3", .sources = "10.9.0.1"),
	    1);
	for (unsigned extra = 0; extra <= address_octets(); extra++) /* the second one's */
		ANSWERS(0, extra < address_octets() ? MCR_GMP_RX_BAD_SOURCES : MCR_GMP_RX_QUERY,
			.code = 10, .group = "239.1.2.3", .sources = "10.9.0.1",
			.claimed_sources = 2, .extra = extra);
}

/* H-RX-5, M-2 */
static void unknown_types_and_reports_of_others_are_ignored(void **state)
{
	static const unsigned types[] = {0x100, 0x13, 0x14, 0x17, 0x1e, 0x1f, 0x22, 0x30, 0xff};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_int_equal(
		    ANSWERS(0, MCR_GMP_RX_TYPE, .type = types[i], .destination = "239.1.2.3"), 0);
	assert_int_equal(
	    ANSWERS(0, MCR_GMP_RX_REPORT, .type = 0x16, .version = 2, .group = "239.1.2.3"), 0);
}

/* H-RX-6 */
static void a_query_to_any_address_of_ours_is_answered(void **state)
{
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .destination = HOST), 1);
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .group = "239.1.2.3"), 1);
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .group = "239.1.2.3",
				 .destination = ALL_HOSTS),
			 1);
	assert_int_equal(
	    ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .group = "239.1.2.3", .destination = HOST), 1);
	/* Others' addresses, which a promiscuous port sees. */
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_DESTINATION, .code = 10, .destination = "10.0.0.9"),
			 0);
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_DESTINATION, .code = 10, .destination = "224.0.0.2"),
			 0);
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_DESTINATION, .code = 10, .destination = "239.9.9.9"),
			 0);
}

/* H-RX-7, D2 */
static void strict_refuses_general_queries_to_a_joined_group(void **state)
{
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .destination = "239.1.2.3"), 1);
	assert_int_equal(ANSWERS(1, MCR_GMP_RX_DESTINATION, .code = 10, .destination = "239.1.2.3"),
			 0);
	assert_int_equal(ANSWERS(1, MCR_GMP_RX_QUERY, .code = 10), 1);
	assert_int_equal(ANSWERS(1, MCR_GMP_RX_QUERY, .code = 10, .destination = HOST), 1);
	assert_int_equal(ANSWERS(1, MCR_GMP_RX_QUERY, .code = 10, .group = "239.1.2.3"), 1);
}

/* H-RX-8, D2 */
static void strict_demands_router_alert_of_v2_and_v3(void **state)
{
	for (unsigned version = 2; version <= 3; version++) {
		assert_int_equal(
		    ANSWERS(0, MCR_GMP_RX_QUERY, .version = version, .code = 10, .no_alert = 1), 1);
		assert_int_equal(ANSWERS(1, MCR_GMP_RX_STRICT_ALERT, .version = version, .code = 10,
					 .no_alert = 1),
				 0);
	}
	assert_int_equal(ANSWERS(1, MCR_GMP_RX_QUERY, .version = 1, .no_alert = 1), 1);
}

/* H-RX-9, D2 */
static void strict_demands_ttl_1(void **state)
{
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .ttl = 2), 1);
	assert_int_equal(ANSWERS(1, MCR_GMP_RX_STRICT_TTL, .code = 10, .ttl = 2), 0);
}

/* H-RX-10 */
static void a_querier_without_address_or_off_the_subnet_is_answered(void **state)
{
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .source = "0.0.0.0"), 1);
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .source = "172.16.5.5"), 1);
	assert_int_equal(ANSWERS(1, MCR_GMP_RX_QUERY, .code = 10, .source = "0.0.0.0"), 1);
}

/* H-RX-11 */
static void a_group_field_that_is_no_group_is_ignored(void **state)
{
	for (unsigned version = 2; version <= 3; version++) {
		assert_int_equal(ANSWERS(0, MCR_GMP_RX_BAD_GROUP, .version = version, .code = 10,
					 .group = "10.1.2.3", .destination = ALL_HOSTS),
				 0);
		assert_int_equal(ANSWERS(0, MCR_GMP_RX_NOT_JOINED, .version = version, .code = 10,
					 .group = ALL_HOSTS),
				 0);
	}
}

/* H-RX-12 */
static void a_general_query_with_sources_is_ignored(void **state)
{
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_GENERAL_SOURCES, .code = 10, .sources = "10.9.0.1"),
			 0);
}

static void fix_ip_checksum(uint8_t *packet, size_t header)
{
	put16(packet + 10, 0);
	put16(packet + 10, checksum16(packet, header));
}

static int feed_copy(struct rig *r, const uint8_t *packet, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);

	assert_non_null(exact);
	memcpy(exact, packet, n);
	int rc = mcr_gmp_input(r->igmp, exact, n, r->now_ns);

	free(exact);
	return rc;
}

/* H-RX-13: fields of the IP header, one at a time, with the header's checksum made right. */
static void a_broken_ip_header_is_malformed(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum mcr_gmp_rx reason;
	} cases[] = {
	    {0, 0x66, MCR_GMP_RX_BAD_IP},   /* version 6 */
	    {0, 0x44, MCR_GMP_RX_BAD_IP},   /* IHL 4 */
	    {0, 0x4f, MCR_GMP_RX_BAD_IP},   /* header beyond the total length */
	    {2, 0x01, MCR_GMP_RX_BAD_IP},   /* total length beyond the data */
	    {3, 0x10, MCR_GMP_RX_BAD_IP},   /* total length below the header */
	    {6, 0x20, MCR_GMP_RX_FRAGMENT}, /* more fragments */
	    {7, 0x01, MCR_GMP_RX_FRAGMENT}, /* an offset */
	    {9, 0x11, MCR_GMP_RX_BAD_IP},   /* UDP */
	    {21, 0x00, MCR_GMP_RX_BAD_IP},  /* option of length 0 */
	    {21, 0x05, MCR_GMP_RX_BAD_IP},  /* option beyond the header */
	};
	uint8_t packet[2048];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;
		size_t n = build_query(&(struct query){.code = 10}, packet);

		rig_joined(&r, 0);
		packet[cases[i].at] = cases[i].value;
		fix_ip_checksum(packet, 24);
		assert_int_equal(feed_copy(&r, packet, n), -EBADMSG);
		assert_int_equal(info(&r).rx[cases[i].reason], 1);
		run_for(&r, 30);
		assert_count(&r, 0);
		rig_stop(&r);
	}
}

/* Whether the checksum of MLD covers this octet of a packet: the addresses and the message. */
static int is_summed(size_t k)
{
	return k >= 48 || (k >= 8 && k < 40);
}

/* H-RX-13 */
static void every_truncation_and_every_flipped_octet_is_survived(void **state)
{
	static const struct query queries[] = {
	    {.code = 10},
	    {.code = 10, .group = "239.1.2.3", .sources = "10.9.0.1 10.9.0.2"},
	    {.version = 2, .code = 10},
	    {.version = 1},
	    {.version = 2, .type = 0x16, .group = "239.1.2.3"},
	};
	uint8_t packet[2048];
	struct rig r;

	rig_joined(&r, 0);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		if (is_mld() && queries[i].version == 1)
			continue;
		size_t n = build_query(&queries[i], packet);

		for (size_t k = 0; k < n; k++) {
			assert_int_equal(feed_copy(&r, packet, k), -EBADMSG);
			for (unsigned bit = 0; bit < 8; bit++) {
				packet[k] ^= (uint8_t)(1 << bit);
				/* Either of IPv4's checksums covers every octet. */
				int rc = feed_copy(&r, packet, n);

				assert_true(rc == -EBADMSG || (is_mld() && !is_summed(k)));
				packet[k] ^= (uint8_t)(1 << bit);
			}
		}
	}
	run_for(&r, 100);
	if (!is_mld()) /* where hop limit and options are not summed, a query may be heard */
		assert_count(&r, 0);
	rig_stop(&r);
}

/* H-RX-14 */
static void flags_and_reserved_bits_of_a_query_change_nothing(void **state)
{
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .flags = 0x08), 1);
	assert_int_equal(ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .flags = 0xf0), 1);
	assert_int_equal(
	    ANSWERS(0, MCR_GMP_RX_QUERY, .code = 10, .flags = 0xf8, .group = "239.1.2.3"), 1);
	struct rig r;

	rig_joined(&r, 0);
	assert_int_equal(FEED(&r, .code = 10, .flags = 0xf8, .qrv = 3), 0);
	assert_int_equal(info(&r).robustness, 3);
	rig_stop(&r);
}

static void every_reason_has_a_name_of_its_own(void **state)
{
	for (unsigned i = 0; i < MCR_GMP_RX_COUNT; i++) {
		assert_non_null(mcr_gmp_rx_name(i));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(mcr_gmp_rx_name(i), mcr_gmp_rx_name(j));
	}
	assert_null(mcr_gmp_rx_name(MCR_GMP_RX_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_flipped_bit_in_the_checksum_silences_us),
	    cmocka_unit_test(octets_behind_the_fields_are_ignored_but_checked),
	    cmocka_unit_test(more_sources_than_octets_is_malformed),
	    cmocka_unit_test(unknown_types_and_reports_of_others_are_ignored),
	    cmocka_unit_test(a_query_to_any_address_of_ours_is_answered),
	    cmocka_unit_test(a_group_field_that_is_no_group_is_ignored),
	    cmocka_unit_test(a_general_query_with_sources_is_ignored),
	    cmocka_unit_test(every_truncation_and_every_flipped_octet_is_survived),
	    cmocka_unit_test(flags_and_reserved_bits_of_a_query_change_nothing),
	    cmocka_unit_test(every_reason_has_a_name_of_its_own),
	};
	const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(the_length_of_the_ip_payload_gives_the_version),
	    cmocka_unit_test(strict_refuses_general_queries_to_a_joined_group),
	    cmocka_unit_test(strict_demands_router_alert_of_v2_and_v3),
	    cmocka_unit_test(strict_demands_ttl_1),
	    cmocka_unit_test(a_querier_without_address_or_off_the_subnet_is_answered),
	    cmocka_unit_test(a_broken_ip_header_is_malformed),
	};
	return RUN_BOTH(tests) + RUN_IGMP(igmp);
}
