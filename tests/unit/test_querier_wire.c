/* SPDX-License-Identifier: BSD-3-Clause */
/* What a querier says, octet for octet: queries as the reference peers send them, and the codes of
 * their times. */
#include "core/address.h"
#include "core/gmp/gmp_wire.h"
#include "gmp_rig_wire.h"

#define HEADER "46c00024000040000102fa110a000001e000000194040000"

#define SECOND_NS 1000000000ull
#define TENTH_NS  100000000ull
#define MS_NS     1000000ull

static const struct mcr_gmp_wire *wire(void)
{
	return mcr_gmp_wire_of(rig_family);
}

static struct mcr_address our_address(void)
{
	return ip(QUERIER);
}

/* The octets from this one on. */
static void assert_written(const struct mcr_gmp_query *q, size_t from, const char *hex)
{
	uint8_t packet[2048];
	char found[4096] = "";
	size_t len = wire()->write_query(packet, q);

	assert_int_equal(len, mcr_gmp_query_octets(wire(), q->level, q->n_sources));
	for (size_t i = from; i < len; i++)
		sprintf(found + 2 * (i - from), "%02x", packet[i]);
	assert_string_equal(found, hex);
}

/* R-Q-8 */
static void general_queries_equal_the_reference_octets(void **state)
{
	struct mcr_gmp_query q = {
	    .source = our_address(), .level = 3, .code = 100, .qrv = 2, .qqic = 125};

	(void)state;
	assert_written(&q, 0, HEADER "1164ec1e00000000027d0000");
	q.qrv = 0;
	assert_written(&q, 24, "1164ee1e00000000007d0000");
	q.qrv = 2;
	q.qqic = mcr_gmp_float_code(200);
	assert_written(&q, 24, "1164ec120000000002890000");
	q.level = 2;
	assert_written(&q, 24, "1164ee9b00000000");
	q.level = 1;
	q.code = wire()->response_code(1, 10 * SECOND_NS);
	assert_written(&q, 24, "1100eeff00000000");
}

/* R-Q-8, R-LM-7 */
static void group_queries_equal_the_reference_octets(void **state)
{
	const struct mcr_address source = ip("10.1.0.2");
	struct mcr_gmp_query q = {.source = our_address(),
				  .group = ip("239.1.2.3"),
				  .level = 3,
				  .code = 10,
				  .qrv = 2,
				  .qqic = 125};

	(void)state;
	assert_written(&q, 0,
		       "46c00024000040000102e90e0a000001ef01020394040000"
		       "110afb73ef010203027d0000");
	q.suppress = 1;
	assert_written(&q, 24, "110af373ef0102030a7d0000");
	q.level = 2;
	assert_written(&q, 24, "110afdf0ef010203");
	q.level = 3;
	q.suppress = 0;
	q.group = ip("232.1.2.3");
	q.sources = &source;
	q.n_sources = 1;
	assert_written(&q, 24, "110af86fe8010203027d00010a010002");
}

/* RM-Q-1, RM-Q-2; captures of the reference host's querier fe80::1 */
static void mld_queries_equal_the_reference_octets(void **state)
{
	struct mcr_gmp_query q = {
	    .source = ip("fe80::1"), .level = 3, .code = 1000, .qrv = 2, .qqic = 125};

	(void)state;
	assert_written(&q, 0,
		       "6000000000240001fe800000000000000000000000000001ff02000000000000000000"
		       "00000000013a00050200000100"
		       "820079be03e8000000000000000000000000000000000000027d0000");
	q.group = ip("ff15::1234");
	assert_written(&q, 24,
		       "ff150000000000000000000000001234"
		       "3a000502000001008200562e03e80000ff150000000000000000000000001234027d0000");
	q.level = 2;
	assert_written(&q, 48, "820058af03e80000ff150000000000000000000000001234");
	q.group = (struct mcr_address){{0}};
	assert_written(&q, 48, "82007c3f03e8000000000000000000000000000000000000");
}

/* M-15, RM-SZ-1 */
static void a_query_holds_as_many_sources_as_its_packet(void **state)
{
	static const struct {
		uint16_t mtu, igmp, mld;
	} cases[] = {{1500, 366, 89}, {1280, 311, 75}, {9000, 2241, 557}, {68, 8, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = is_mld() ? cases[i].mld : cases[i].igmp;

		if (cases[i].mtu < wire()->mtu_min)
			continue;
		assert_int_equal(mcr_gmp_query_sources(wire(), cases[i].mtu), n);
		assert_true(mcr_gmp_query_octets(wire(), 3, n) <= cases[i].mtu);
		assert_true(mcr_gmp_query_octets(wire(), 3, n + 1) > cases[i].mtu);
	}
}

/* RFC 9776 §4.1.1 in its own words: mant and exp of a code from 128 on. */
static uint64_t floating(unsigned code, unsigned mantissa_bits)
{
	unsigned limit = 1u << (mantissa_bits + 3);
	unsigned mant = code & ((1u << mantissa_bits) - 1);
	unsigned exp = code >> mantissa_bits & 7;

	return code < limit ? code : (uint64_t)(mant | 1u << mantissa_bits) << (exp + 3);
}

/* R-Q-7 */
static void each_float_code_decodes_to_its_value_and_back(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 256; code++) {
		assert_int_equal(mcr_gmp_float((uint8_t)code), floating(code, 4));
		assert_int_equal(mcr_gmp_float_code((uint32_t)floating(code, 4)), code);
	}
}

/* R-Q-7: QQIC of 201 s is 200 s */
static void each_value_gets_the_largest_code_that_is_not_above_it(void **state)
{
	unsigned best = 0;

	(void)state;
	for (uint32_t value = 0; value <= 40000; value++) {
		while (best < 255 && floating(best + 1, 4) <= value)
			best++;
		assert_int_equal(mcr_gmp_float_code(value), best);
	}
	assert_int_equal(best, 255);
	assert_int_equal(mcr_gmp_float_code(UINT32_MAX), 255);
	assert_int_equal(mcr_gmp_float_code(201), 0x89);
}

/* R-Q-7 */
static void igmp_response_codes_say_tenths_of_a_second_rounded_down(void **state)
{
	(void)state;
	assert_int_equal(wire()->response_of(1, 0), 10 * SECOND_NS);
	assert_int_equal(wire()->response_code(1, 5 * SECOND_NS), 0);
	for (unsigned code = 0; code < 256; code++) {
		assert_int_equal(wire()->response_of(2, (uint16_t)code), code * TENTH_NS);
		assert_int_equal(wire()->response_of(3, (uint16_t)code),
				 floating(code, 4) * TENTH_NS);
		for (unsigned level = 2; level <= 3; level++) {
			uint64_t ns = wire()->response_of((uint8_t)level, (uint16_t)code);

			assert_int_equal(wire()->response_code((uint8_t)level, ns), code);
			assert_int_equal(wire()->response_code((uint8_t)level, ns + TENTH_NS - 1),
					 code);
		}
	}
	assert_int_equal(wire()->response_code(2, UINT64_MAX), 255);
	assert_int_equal(wire()->response_code(3, UINT64_MAX), 255);
}

/* M-3 */
static void mld_response_codes_say_milliseconds_rounded_down(void **state)
{
	static const struct {
		uint16_t code;
		uint64_t ms;
	} cases[] = {{2710, 2710},    {0x7fff, 32767}, {0x8000, 32768},
		     {0x8001, 32776}, {0x9000, 65536}, {0xffff, 8387584}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(wire()->response_of(3, cases[i].code), cases[i].ms * MS_NS);
	for (unsigned code = 0; code < 65536; code++) {
		uint64_t ns = wire()->response_of(3, (uint16_t)code);

		assert_int_equal(ns, floating(code, 12) * MS_NS);
		assert_int_equal(wire()->response_code(3, ns), code);
		assert_int_equal(wire()->response_code(3, ns + MS_NS - 1), code);
		assert_int_equal(wire()->response_of(2, (uint16_t)code), code * MS_NS);
		assert_int_equal(wire()->response_code(2, code * MS_NS + 1), code);
	}
	for (unsigned code = 0; code < 65535; code++) /* just below the next */
		assert_int_equal(wire()->response_code(3, floating(code + 1, 12) * MS_NS - 1),
				 code);
	assert_int_equal(wire()->response_code(2, UINT64_MAX), 65535);
	assert_int_equal(wire()->response_code(3, UINT64_MAX), 65535);
}

static void check_query_encapsulation(const uint8_t *p, size_t len, const char *destination)
{
	static const uint8_t hop_by_hop[8] = {58, 0, 5, 2, 0, 0, 1, 0};
	const struct mcr_address to = ip(destination);

	if (is_mld()) {
		assert_int_equal(p[4] << 8 | p[5], len - 40);
		assert_int_equal(p[7], 1);
		assert_memory_equal(p + 24, to.octets, 16);
		assert_memory_equal(p + 40, hop_by_hop, 8);
		assert_int_equal(mld_checksum(p, p + 48, len - 48), 0);
		return;
	}
	assert_int_equal(word(p), 0x46c00000 | len);
	assert_int_equal(word(p + 4), 0x00004000);
	assert_int_equal(p[8], 1);
	assert_memory_equal(p + 16, to.octets + 12, 4);
	assert_int_equal(word(p + 20), 0x94040000);
	assert_int_equal(checksum16(p, 24), 0);
	assert_int_equal(checksum16(p + 24, len - 24), 0);
}

static void assert_read(const uint8_t *packet, size_t len, const struct mcr_gmp_query *q)
{
	struct mcr_gmp_message m;
	int is_new = q->level == 3;

	assert_int_equal(wire()->parse(&m, packet, len), MCR_GMP_RX_QUERY);
	assert_int_equal(wire()->vet(&m, 1), MCR_GMP_RX_QUERY);
	assert_int_equal(mcr_gmp_kind_of(wire(), &m), MCR_GMP_KIND_QUERY);
	assert_int_equal(m.type, wire()->query_type);
	assert_int_equal(m.level, q->level);
	assert_true(mcr_address_is_equal(m.source, q->source));
	assert_true(mcr_address_is_equal(m.group, q->group));
	assert_int_equal(m.response_ns, wire()->response_of(q->level, q->code));
	assert_int_equal(m.suppress, is_new ? q->suppress : 0);
	assert_int_equal(m.qrv, is_new ? q->qrv : 0);
	assert_int_equal(m.interval_s, is_new ? mcr_gmp_float(q->qqic) : 0);
	assert_int_equal(m.n_sources, is_new ? q->n_sources : 0);
	for (size_t i = 0; i < m.n_sources; i++)
		assert_true(mcr_address_is_equal(
		    mcr_gmp_wire_address(wire(), m.sources + i * address_octets()), q->sources[i]));
}

static void what_is_written_is_read_again(void **state)
{
	static const size_t counts[] = {0, 1, 2, 89};
	struct mcr_address sources[89];
	uint8_t packet[2048];

	(void)state;
	for (unsigned i = 0; i < 89; i++)
		sources[i] = ip_of(0x0a010000u + i);
	for (unsigned i = 0; i < 3 * 4 * 4; i++) {
		struct mcr_gmp_query q = {.source = our_address(),
					  .sources = sources,
					  .n_sources = counts[i % 4],
					  .level = (uint8_t)(1 + i / 16),
					  .suppress = i / 4 & 1,
					  .qrv = (uint8_t)(i % 8),
					  .qqic = (uint8_t)(17 * i)};
		int is_general = i / 8 & 1;

		if (q.level < wire()->first_level)
			continue;
		if (!is_general)
			q.group = ip("239.1.2.3");
		q.code = wire()->response_code(q.level, 2 * SECOND_NS + i * TENTH_NS);
		memset(packet, 0xee, sizeof(packet));
		size_t len = wire()->write_query(packet, &q);

		assert_int_equal(len, mcr_gmp_query_octets(wire(), q.level, q.n_sources));
		assert_int_equal(packet[len], 0xee);
		check_query_encapsulation(packet, len, is_general ? ALL_HOSTS : "239.1.2.3");
		assert_read(packet, len, &q);
	}
}

/* Both write the same, though the rig's builder shares no line with the code under test. */
static void queries_are_those_that_the_rig_builds(void **state)
{
	const struct mcr_address sources[] = {ip("10.1.0.2"), ip("10.1.0.3")};
	const struct query built = {.group = "232.1.2.3",
				    .code = is_mld() ? 0 : 10,
				    .mld_code = 1000,
				    .flags = 8,
				    .sources = "10.1.0.2 10.1.0.3"};
	const struct mcr_gmp_query q = {.source = our_address(),
					.group = ip("232.1.2.3"),
					.sources = sources,
					.n_sources = 2,
					.code = wire()->response_code(3, SECOND_NS),
					.level = 3,
					.suppress = 1,
					.qrv = 2,
					.qqic = 125};
	uint8_t theirs[2048], ours[2048];
	size_t at = ip_header(), len = build_query(&built, theirs);

	(void)state;
	assert_int_equal(wire()->write_query(ours, &q), len);
	assert_memory_equal(ours + at, theirs + at, len - at);
}

int main(void)
{
	const struct CMUnitTest both[] = {
	    cmocka_unit_test(a_query_holds_as_many_sources_as_its_packet),
	    cmocka_unit_test(what_is_written_is_read_again),
	    cmocka_unit_test(queries_are_those_that_the_rig_builds),
	};
	const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(general_queries_equal_the_reference_octets),
	    cmocka_unit_test(group_queries_equal_the_reference_octets),
	    cmocka_unit_test(each_float_code_decodes_to_its_value_and_back),
	    cmocka_unit_test(each_value_gets_the_largest_code_that_is_not_above_it),
	    cmocka_unit_test(igmp_response_codes_say_tenths_of_a_second_rounded_down),
	};
	const struct CMUnitTest mld[] = {
	    cmocka_unit_test(mld_queries_equal_the_reference_octets),
	    cmocka_unit_test(mld_response_codes_say_milliseconds_rounded_down),
	};

	return RUN_BOTH(both) + RUN_IGMP(igmp) + RUN_MLD(mld);
}
