/* SPDX-License-Identifier: BSD-3-Clause */
/* What a router reads and a host does not: kinds of messages, and the records of reports. */
#include <errno.h>
#include <stdlib.h>

#include "core/gmp/gmp_wire.h"
#include "gmp_rig_wire.h"

static const struct mcr_gmp_wire *wire(void)
{
	return mcr_gmp_wire_of(rig_family);
}

static enum mcr_gmp_kind kind(unsigned type, struct mcr_gmp_message *m)
{
	const struct query q = {.type = type, .version = 2, .group = "239.1.2.3"};
	uint8_t packet[2048];
	size_t len = build_query(&q, packet);

	assert_true(wire()->parse(m, packet, len) < MCR_GMP_RX_MALFORMED);
	assert_int_equal(m->type, packet[m->offset]);
	return mcr_gmp_kind_of(wire(), m);
}

static void each_type_has_its_kind(void **state)
{
	struct mcr_gmp_message m;

	(void)state;
	assert_int_equal(kind(0x11, &m), MCR_GMP_KIND_QUERY);
	assert_int_equal(kind(0x16, &m), MCR_GMP_KIND_OLD_REPORT);
	assert_int_equal(mcr_gmp_level_of_report(wire(), m.type), 2);
	assert_true(mcr_address_is_equal(m.group, ip("239.1.2.3")));
	assert_int_equal(kind(0x17, &m), MCR_GMP_KIND_LEAVE);
	assert_true(mcr_address_is_equal(m.group, ip("239.1.2.3")));
	assert_int_equal(kind(0x22, &m), MCR_GMP_KIND_REPORT);
	assert_int_equal(kind(0x12, &m), MCR_GMP_KIND_OLD_REPORT); /* MLD: as 0x16 */
	assert_int_equal(mcr_gmp_level_of_report(wire(), m.type), is_mld() ? 2 : 1);
	for (unsigned type = 1; type < 0x11; type++)
		assert_int_equal(kind(type, &m), MCR_GMP_KIND_OTHER);
	assert_int_equal(kind(0xff, &m), MCR_GMP_KIND_OTHER);
	m.type = 0;
	assert_int_equal(mcr_gmp_kind_of(wire(), &m), MCR_GMP_KIND_OTHER);
}

/* RFC 2710 §3.4: a Done has 24 octets, a report and a query too. */
static void mld_messages_that_hold_no_group_are_malformed(void **state)
{
	static const unsigned types[] = {0x11, 0x16, 0x17};
	struct mcr_gmp_message m;
	uint8_t packet[2048];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct query q = {.type = types[i], .version = 2, .group = "239.1.2.3", .cut = 1};

		size_t len = build_query(&q, packet);

		assert_int_equal(wire()->parse(&m, packet, len), MCR_GMP_RX_BAD_LENGTH);
	}
}

#define N_RECORDS 4

/* A report with these records: of no source, of two with auxiliary data, of an unknown type, of one
 * source. ends: where each ends in the packet. Returns its length. */
static size_t build_report(uint8_t *packet, size_t ends[N_RECORDS])
{
	static const struct {
		unsigned type, sources, aux;
	} records[N_RECORDS] = {{MCR_RECORD_IS_EX, 0, 0},
				{MCR_RECORD_ALLOW, 2, 3},
				{77, 1, 0},
				{MCR_RECORD_BLOCK, 1, 1}};
	const struct mcr_address sources[] = {ip("10.1.0.2"), ip("10.1.0.3")};
	uint8_t *p = packet + ip_header() + MCR_GMP_REPORT_HEADER;

	for (unsigned i = 0; i < N_RECORDS; i++) {
		uint8_t *head = p;

		p += mcr_gmp_write_record(wire(), p, (enum mcr_record)records[i].type,
					  ip_of(0xef010200u + i), sources, records[i].sources);
		memset(p, 0xaa, 4 * records[i].aux);
		head[1] = (uint8_t)records[i].aux;
		p += 4 * records[i].aux;
		ends[i] = (size_t)(p - packet);
	}
	wire()->finish(packet, (size_t)(p - packet), ip(QUERIER), N_RECORDS);
	return (size_t)(p - packet);
}

/* Reads records until the end. Returns how many; *last: what the reader said then. */
static unsigned read_all(const uint8_t *packet, const struct mcr_gmp_message *m, int *last)
{
	struct mcr_gmp_records records;
	struct mcr_gmp_record record;
	unsigned n = 0;

	mcr_gmp_records_begin(&records, wire(), packet, m);
	while ((*last = mcr_gmp_records_next(&records, &record)) > 0)
		n++;
	assert_int_equal(mcr_gmp_records_next(&records, &record), *last);
	return n;
}

static void records_are_read_past_auxiliary_data_and_unknown_types(void **state)
{
	struct mcr_gmp_message m;
	struct mcr_gmp_records records;
	struct mcr_gmp_record r;
	uint8_t packet[512];
	size_t ends[N_RECORDS], len = build_report(packet, ends);

	(void)state;
	assert_int_equal(wire()->parse(&m, packet, len), MCR_GMP_RX_TYPE);
	assert_int_equal(mcr_gmp_kind_of(wire(), &m), MCR_GMP_KIND_REPORT);
	mcr_gmp_records_begin(&records, wire(), packet, &m);
	assert_int_equal(mcr_gmp_records_next(&records, &r), 1);
	assert_int_equal(r.type, MCR_RECORD_IS_EX);
	assert_int_equal(r.n, 0);
	assert_true(mcr_address_is_equal(r.group, ip("239.1.2.0")));
	assert_int_equal(mcr_gmp_records_next(&records, &r), 1);
	assert_int_equal(r.type, MCR_RECORD_ALLOW);
	assert_int_equal(r.n, 2);
	assert_true(mcr_address_is_equal(mcr_gmp_wire_address(wire(), r.sources + address_octets()),
					 ip("10.1.0.3")));
	assert_int_equal(mcr_gmp_records_next(&records, &r), 1);
	assert_int_equal(r.type, 77);
	assert_int_equal(mcr_gmp_records_next(&records, &r), 1);
	assert_int_equal(r.type, MCR_RECORD_BLOCK);
	assert_true(mcr_address_is_equal(r.group, ip("239.1.2.3")));
	assert_int_equal(r.n, 1);
	assert_int_equal(mcr_gmp_records_next(&records, &r), 0);
}

/* R-REP-8 and the like: whole records before the cut are read, and nothing behind it is touched. */
static void a_report_that_is_cut_yields_its_whole_records(void **state)
{
	struct mcr_gmp_message m;
	uint8_t packet[512];
	size_t ends[N_RECORDS], len = build_report(packet, ends);

	(void)state;
	assert_int_equal(wire()->parse(&m, packet, len), MCR_GMP_RX_TYPE);
	for (size_t cut = ip_header() + MCR_GMP_REPORT_HEADER; cut <= len; cut++) {
		uint8_t *copy = malloc(cut); /* sanitizers see a read behind it */
		unsigned whole = 0;
		int last;

		assert_non_null(copy);
		memcpy(copy, packet, cut);
		m.len = (uint16_t)(cut - m.offset);
		while (whole < N_RECORDS && ends[whole] <= cut)
			whole++;
		assert_int_equal(read_all(copy, &m, &last), whole);
		assert_int_equal(last, whole == N_RECORDS ? 0 : -EBADMSG);
		free(copy);
	}
}

static void octets_behind_the_last_record_are_no_record(void **state)
{
	struct mcr_gmp_message m;
	uint8_t packet[512] = {0};
	size_t ends[N_RECORDS], len = build_report(packet, ends) + 40;
	int last;

	(void)state;
	wire()->finish(packet, len, ip(QUERIER), N_RECORDS);
	assert_int_equal(wire()->parse(&m, packet, len), MCR_GMP_RX_TYPE);
	assert_int_equal(read_all(packet, &m, &last), N_RECORDS);
	assert_int_equal(last, 0);
}

static void more_records_announced_than_there_are_is_an_error(void **state)
{
	struct mcr_gmp_message m;
	uint8_t packet[512];
	size_t ends[N_RECORDS], len = build_report(packet, ends);
	int last;

	(void)state;
	wire()->finish(packet, len, ip(QUERIER), 0xffff);
	assert_int_equal(wire()->parse(&m, packet, len), MCR_GMP_RX_TYPE);
	assert_int_equal(read_all(packet, &m, &last), N_RECORDS);
	assert_int_equal(last, -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest both[] = {
	    cmocka_unit_test(each_type_has_its_kind),
	    cmocka_unit_test(records_are_read_past_auxiliary_data_and_unknown_types),
	    cmocka_unit_test(a_report_that_is_cut_yields_its_whole_records),
	    cmocka_unit_test(octets_behind_the_last_record_are_no_record),
	    cmocka_unit_test(more_records_announced_than_there_are_is_an_error),
	};
	const struct CMUnitTest mld[] = {
	    cmocka_unit_test(mld_messages_that_hold_no_group_are_malformed),
	};

	return RUN_BOTH(both) + RUN_MLD(mld);
}
