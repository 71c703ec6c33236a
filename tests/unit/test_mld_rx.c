/* SPDX-License-Identifier: BSD-3-Clause */
/* What of MLD is accepted, and when it is answered: codes, checks and extension headers (rows M-2
 * to M-5). The row that a test shows stands before it. */
#include "gmp_rig.h"

static void rig_joined(struct rig *r)
{
	rig_default(r);
	join(r, "239.1.2.3");
	settle(r, 5);
}

/* M-3: with the longest draw the answer comes exactly at the end of the response time. */
static void the_response_code_is_a_float_in_v2_and_linear_in_v1(void **state)
{
	static const struct {
		unsigned code, version;
		uint64_t ms;
	} cases[] = {
	    {1, 3, 1},          {0x2710, 3, 10000}, {0x7fff, 3, 32767},   {0x8000, 3, 32768},
	    {0x8001, 3, 32776}, {0x9000, 3, 65536}, {0xffff, 3, 8387584}, {0x2710, 2, 10000},
	    {0x8001, 2, 32769}, {0xffff, 2, 65535}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;

		rig_joined(&r);
		r.default_draw = 1.0;
		uint64_t t = r.now_ns;

		assert_int_equal(FEED(&r, .version = cases[i].version, .mld_code = cases[i].code),
				 0);
		run_for(&r, 100);
		run_for(&r, cases[i].version == 3 ? 9000 : 0);
		assert_sent(&r, 0, t + cases[i].ms * MS,
			    cases[i].version == 3 ? "IS_EX(239.1.2.3){}" : "v2 239.1.2.3");
		rig_stop(&r);
	}
}

/* M-3: an MLDv1 query may allow no delay at all. */
static void a_v1_query_of_code_0_is_answered_after_one_tick(void **state)
{
	struct rig r;

	rig_joined(&r);
	r.default_draw = 1.0;
	uint64_t t = r.now_ns;

	assert_int_equal(FEED(&r, .version = 2), 0);
	run_for(&r, 1);
	assert_sent(&r, 0, t + MCR_GMP_TICK_NS, "v2 239.1.2.3");
	rig_stop(&r);
}

/* Feeds one message. Returns the number of answers, and asserts what became of it. */
static size_t answers(const struct query *q, enum mcr_gmp_rx reason)
{
	struct rig r;

	rig_joined(&r);
	assert_int_equal(feed(&r, q), reason < MCR_GMP_RX_MALFORMED ? 0 : -EBADMSG);
	run_for(&r, 60);
	size_t n = r.n_sent;

	assert_int_equal(info(&r).rx[reason], 1);
	rig_stop(&r);
	return n;
}
#define ANSWERS(reason, ...) answers(&(struct query){__VA_ARGS__}, reason)

/* M-4 */
static void a_query_has_to_be_link_local_with_hop_limit_1_and_router_alert(void **state)
{
	for (unsigned version = 2; version <= 3; version++) {
		assert_int_equal(ANSWERS(MCR_GMP_RX_QUERY, .version = version, .code = 10), 1);
		assert_int_equal(ANSWERS(MCR_GMP_RX_SOURCE, .version = version, .code = 10,
					 .source = "2001:db8::99"),
				 0);
		assert_int_equal(
		    ANSWERS(MCR_GMP_RX_SOURCE, .version = version, .code = 10, .source = "::"), 0);
		assert_int_equal(
		    ANSWERS(MCR_GMP_RX_HOP_LIMIT, .version = version, .code = 10, .ttl = 2), 0);
		assert_int_equal(
		    ANSWERS(MCR_GMP_RX_HOP_LIMIT, .version = version, .code = 10, .ttl = 255), 0);
		assert_int_equal(
		    ANSWERS(MCR_GMP_RX_NO_ALERT, .version = version, .code = 10, .no_alert = 1), 0);
	}
	assert_int_equal(ANSWERS(MCR_GMP_RX_QUERY, .code = 10, .source = "fe80::1"), 1);
}

/* M-5 */
static void the_length_of_the_message_gives_the_version(void **state)
{
	static const struct {
		unsigned octets, version; /* 0: ignored */
	} cases[] = {{7, 0}, {23, 0}, {24, 2}, {25, 0}, {26, 0}, {27, 0}, {28, 3}, {29, 3}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;
		int rc = cases[i].version ? 0 : -EBADMSG;

		rig_joined(&r);
		assert_int_equal(
		    FEED(&r, .code = 10, .extra = 1, .cut = 29 - cases[i].octets, .padding = 18),
		    rc);
		assert_int_equal(info(&r).version, cases[i].version == 2 ? 2 : 3);
		assert_int_equal(info(&r).rx[MCR_GMP_RX_BAD_LENGTH], rc ? 1 : 0);
		run_for(&r, 60);
		assert_count(&r, cases[i].version ? 1 : 0);
		rig_stop(&r);
	}
}

/* M-5: what hosts do not read may be shorter, such as a v2 report without records. */
static void only_what_is_read_has_to_be_whole(void **state)
{
	for (unsigned cut = 0; cut <= 24; cut++)
		assert_int_equal(ANSWERS(cut > 20 ? MCR_GMP_RX_BAD_LENGTH : MCR_GMP_RX_TYPE,
					 .type = 0x22, .cut = cut),
				 0);
}

/* An IPv6 packet with a general query behind these extension headers. Returns its length. */
static size_t build_behind(uint8_t *packet, uint8_t next, const char *headers)
{
	const struct query q = {.code = 10};
	size_t n = 0, header = 40;
	unsigned octet;

	memset(packet, 0, 2048);
	for (; sscanf(headers + 2 * n, "%2x", &octet) == 1; n++)
		packet[header + n] = (uint8_t)octet;
	header += n;
	put_ipv6_header(&(struct query){.no_alert = 1}, packet, header, 28);
	packet[6] = next;
	n = build_message(&q, packet + header);
	put16(packet + header + 2, mld_checksum(packet, packet + header, n));
	return header + n;
}

#define HOP        \
	"05020000" \
	"0100" /* Router Alert, PadN */
#define DST(next) \
	next "00" \
	     "010400000000" /* destination options: padding */

/* M-4: extension headers are walked within bounds (RFC 8200 §4). */
static void extension_headers_are_walked_and_checked(void **state)
{
	static const struct {
		const char *what, *headers;
		uint8_t next;
		enum mcr_gmp_rx rx;
	} cases[] = {
	    {"Router Alert behind Pad1, which has no length",
	     "3a00"
	     "00"
	     "05020000"
	     "00",
	     0, MCR_GMP_RX_QUERY},
	    {"Router Alert last",
	     "3a00"
	     "0100"
	     "05020000",
	     0, MCR_GMP_RX_QUERY},
	    {"behind Pad1 and an option to skip",
	     "3a01"
	     "0000"
	     "1e03aabbcc"
	     "05020000"
	     "00"
	     "0100",
	     0, MCR_GMP_RX_QUERY},
	    {"Router Alert of another protocol",
	     "3a00"
	     "05020001"
	     "0100",
	     0, MCR_GMP_RX_NO_ALERT},
	    {"no Router Alert",
	     "3a00"
	     "010400000000",
	     0, MCR_GMP_RX_NO_ALERT},
	    {"Router Alert of one octet",
	     "3a00"
	     "050100"
	     "010100",
	     0, MCR_GMP_RX_NO_ALERT},
	    {"among destination options", "3a00" HOP, 60, MCR_GMP_RX_NO_ALERT},
	    {"destination options", "3c00" HOP DST("3a"), 0, MCR_GMP_RX_QUERY},
	    {"routing at its end",
	     "2b00" HOP "3a00"
	     "000000000000",
	     0, MCR_GMP_RX_QUERY},
	    {"routing not at its end",
	     "2b00" HOP "3a00"
	     "000100000000",
	     0, MCR_GMP_RX_BAD_IP},
	    {"an atomic fragment",
	     "2c00" HOP "3a00"
	     "000000000001",
	     0, MCR_GMP_RX_QUERY},
	    {"a first fragment",
	     "2c00" HOP "3a00"
	     "000100000001",
	     0, MCR_GMP_RX_FRAGMENT},
	    {"a later fragment",
	     "2c00" HOP "3a00"
	     "000800000001",
	     0, MCR_GMP_RX_FRAGMENT},
	    {"hop-by-hop second",
	     "0000"
	     "010400000000"
	     "3a00" HOP,
	     60, MCR_GMP_RX_BAD_IP},
	    {"two of hop-by-hop", "0000" HOP "3a00" HOP, 0, MCR_GMP_RX_BAD_IP},
	    {"an option that orders to discard",
	     "3a00"
	     "4504"
	     "00000000",
	     0, MCR_GMP_RX_BAD_IP},
	    {"a jumbogram",
	     "3a00"
	     "c204"
	     "00010000",
	     0, MCR_GMP_RX_BAD_IP},
	    {"an option beyond its header",
	     "3a00"
	     "05020000"
	     "0101",
	     0, MCR_GMP_RX_BAD_IP},
	    {"an option of one octet at the end",
	     "3a00"
	     "05020000"
	     "0005",
	     0, MCR_GMP_RX_BAD_IP},
	    {"a header beyond the packet", "3aff" HOP, 0, MCR_GMP_RX_BAD_IP},
	    {"a routing header beyond the packet", "2b00" HOP "3a10000000000000", 0,
	     MCR_GMP_RX_BAD_IP},
	    {"UDP", "1100" HOP, 0, MCR_GMP_RX_BAD_IP},
	    {"no next header", "3b00" HOP, 0, MCR_GMP_RX_BAD_IP},
	    {"eight headers",
	     "3c00" HOP DST("3c") DST("3c") DST("3c") DST("3c") DST("3c") DST("3c") DST("3a"), 0,
	     MCR_GMP_RX_QUERY},
	    {"nine headers",
	     "3c00" HOP DST("3c") DST("3c") DST("3c") DST("3c") DST("3c") DST("3c") DST("3c")
		 DST("3a"),
	     0, MCR_GMP_RX_BAD_IP},
	};
	uint8_t packet[2048];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;
		size_t n = build_behind(packet, cases[i].next, cases[i].headers);
		uint8_t *exact = malloc(n); /* so that ASan sees a read past the end */

		assert_non_null(exact);
		memcpy(exact, packet, n);
		rig_joined(&r);
		mcr_gmp_input(r.igmp, exact, n, r.now_ns);
		if (info(&r).rx[cases[i].rx] != 1)
			fail_msg("%s: not %s", cases[i].what, mcr_gmp_rx_name(cases[i].rx));
		rig_stop(&r);
		free(exact);
	}
}

/* M-4: the IPv6 header itself */
static void a_broken_ipv6_header_is_malformed(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} cases[] = {{0, 0x40}, {4, 1}, {5, 37}, {5, 7}, {5, 0}, {6, 17}, {6, 59}};
	uint8_t packet[2048];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;
		size_t n = build_query(&(struct query){.code = 10}, packet);

		rig_joined(&r);
		packet[cases[i].at] = cases[i].value;
		assert_int_equal(mcr_gmp_input(r.igmp, packet, n, r.now_ns), -EBADMSG);
		assert_int_equal(info(&r).rx[MCR_GMP_RX_BAD_IP], 1);
		assert_int_equal(mcr_gmp_input(r.igmp, packet, 39, r.now_ns), -EBADMSG);
		rig_stop(&r);
	}
}

/* M-11: for a router a report counts only from a link-local source (RFC 2710 §4, RFC 3590 §4), so
 * no other speaks for us. */
static void only_a_report_that_a_router_heeds_silences_us(void **state)
{
	static const struct query reports[] = {
	    {.source = "::"}, {.source = "2001:db8::7"}, {.ttl = 64}, {.no_alert = 1}, {.ttl = 1}};

	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		struct query q = reports[i];
		struct rig r;

		rig_version(&r, 2);
		join(&r, "239.1.2.3");
		settle(&r, 20);
		general_v2(&r, 10);
		q.version = 2;
		q.type = 0x16;
		q.group = "239.1.2.3";
		q.source = q.source ? q.source : "10.0.0.7";
		assert_int_equal(feed(&r, &q), 0);
		run_for(&r, 5);
		assert_count(&r, q.ttl == 1 ? 0 : 1);
		rig_stop(&r);
	}
}

/* M-4: an IPv4 address in IPv6's clothes is no source that a host can have. */
static void mapped_sources_of_a_query_are_left_out(void **state)
{
	struct rig r;
	uint8_t packet[2048];
	size_t n = build_query(
	    &(struct query){.code = 10, .group = "239.1.2.3", .sources = "10.9.0.1 10.9.0.2"},
	    packet);
	uint8_t *p = packet + 48;

	memset(p + 28, 0, 10);
	memset(p + 38, 0xff, 2); /* the first: ::ffff:10.9.0.1 */
	put16(p + 2, 0);
	put16(p + 2, mld_checksum(packet, p, n - 48));
	rig_joined(&r);
	assert_int_equal(mcr_gmp_input(r.igmp, packet, n, r.now_ns), 0);
	run_for(&r, 5);
	assert_sent(&r, 0, sec(1005.5), "IS_IN(239.1.2.3){10.9.0.2}");
	rig_stop(&r);
}

static void a_query_to_the_other_address_of_the_interface_is_answered(void **state)
{
	struct rig r;

	rig_start(&r, &(struct mcr_gmp_config){.address = ip(HOST),
					       .other_address = ip("2001:db8::5"),
					       .repeat_s = MCR_GMP_NO_REPEAT});
	join(&r, "239.1.2.3");
	settle(&r, 5);
	assert_int_equal(FEED(&r, .code = 10, .destination = "2001:db8::5"), 0);
	assert_int_equal(info(&r).rx[MCR_GMP_RX_QUERY], 1);
	mcr_gmp_set_other_address(r.igmp, ip("2001:db8::6"));
	assert_int_equal(FEED(&r, .code = 10, .destination = "2001:db8::5"), 0);
	assert_int_equal(FEED(&r, .code = 10, .destination = "2001:db8::6"), 0);
	assert_int_equal(info(&r).rx[MCR_GMP_RX_QUERY], 2);
	assert_int_equal(info(&r).rx[MCR_GMP_RX_DESTINATION], 1);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_query_has_to_be_link_local_with_hop_limit_1_and_router_alert),
	    cmocka_unit_test(the_response_code_is_a_float_in_v2_and_linear_in_v1),
	    cmocka_unit_test(a_v1_query_of_code_0_is_answered_after_one_tick),
	    cmocka_unit_test(the_length_of_the_message_gives_the_version),
	    cmocka_unit_test(only_what_is_read_has_to_be_whole),
	    cmocka_unit_test(extension_headers_are_walked_and_checked),
	    cmocka_unit_test(a_broken_ipv6_header_is_malformed),
	    cmocka_unit_test(only_a_report_that_a_router_heeds_silences_us),
	    cmocka_unit_test(mapped_sources_of_a_query_are_left_out),
	    cmocka_unit_test(a_query_to_the_other_address_of_the_interface_is_answered),
	};
	return RUN_MLD(tests);
}
