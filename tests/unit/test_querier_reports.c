/* SPDX-License-Identifier: BSD-3-Clause */
/* What a querier makes of what hosts say (rows R-REP-*, R-GM-1, RM-RX-2, and public reports about
 * it). The row that a test shows stands before it. */
#include "querier_rig.h"

/* R-REP-1, R-REP-8 */
static void a_report_with_a_bad_checksum_says_nothing(void **state)
{
	struct rig r;

	rig_settled(&r);
	assert_int_equal(REPORT(&r, .records = "IS_EX(239.1.2.3){}", .bad_checksum = 1), -EBADMSG);
	assert_int_equal(OLD(&r, .type = V2_REPORT, .group = GROUP, .bad_checksum = 1), -EBADMSG);
	assert_string_equal(table(&r), "");
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_BAD_CHECKSUM], 2);
	rig_stop(&r);
}

/* R-REP-8; FRR 6868: nothing is asked because of it, and no timer moves. */
static void a_leave_with_a_bad_checksum_is_no_leave(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){} IS_IN(232.1.2.3){192.0.2.1}");
	OLD(&r, .type = LEAVE, .group = GROUP, .destination = ROUTERS, .bad_checksum = 1);
	REPORT(&r, .records = "TO_IN(239.1.2.3){}", .bad_checksum = 1);
	REPORT(&r, .records = "BLOCK(232.1.2.3){192.0.2.1}", .bad_checksum = 1);
	run_for(&r, 10);
	assert_count(&r, 0);
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_BAD_CHECKSUM], 3);
	rig_stop(&r);
}

/* R-REP-1: with their lists and auxiliary data they are stepped over. */
static void records_of_unknown_type_are_stepped_over(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r,
	      "IS_EX(239.1.2.3){} 9(239.1.2.4){192.0.2.1,192.0.2.2}+3 IS_IN(239.1.2.5){192.0.2.1}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270; IN(239.1.2.5) {192.0.2.1=270}");
	assert_int_equal(info(&r).records_unknown, 1);
	assert_int_equal(info(&r).records, 2);
	rig_stop(&r);
}

/* R-REP-1 */
static void auxiliary_data_and_octets_behind_the_records_are_ignored(void **state)
{
	struct rig r;

	rig_settled(&r);
	REPORT(&r, .records = "IS_EX(239.1.2.3){192.0.2.1}+2 IS_IN(239.1.2.4){192.0.2.1}+255",
	       .extra = 5, .padding = 9);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270 {192.0.2.1=0}; "
				       "IN(239.1.2.4) {192.0.2.1=270}");
	rig_stop(&r);
}

/* R-REP-1: the whole records before the end of the packet count, as of all real routers. */
static void of_a_report_that_is_cut_the_whole_records_count(void **state)
{
	struct rig r;

	rig_settled(&r);
	assert_int_equal(
	    REPORT(&r, .records = "IS_EX(239.1.2.3){} IS_IN(239.1.2.4){192.0.2.1}", .cut = 1),
	    -EBADMSG);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	assert_int_equal(REPORT(&r, .records = "IS_EX(239.1.2.5){}", .claimed_records = 2),
			 -EBADMSG);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270; EX(239.1.2.5)=270");
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_BAD_RECORDS], 2);
	rig_stop(&r);
}

/* R-REP-2 */
static void a_report_from_nobody_is_one(void **state)
{
	struct rig r;
	struct mcr_querier_group g;

	rig_settled(&r);
	REPORT(&r, .source = "0.0.0.0", .records = "IS_EX(239.1.2.3){}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	assert_int_equal(mcr_querier_get_group(r.q, 0, &g), 0);
	assert_true(mcr_address_is_equal(g.last_reporter, ip("0.0.0.0")));
	OLD(&r, .source = "0.0.0.0", .type = V2_REPORT, .group = "239.1.2.4");
	assert_int_equal(info(&r).groups, 2);
	rig_stop(&r);
}

/* R-REP-3 */
static void an_old_report_to_an_address_of_ours_is_one(void **state)
{
	static const char *const destinations[] = {US, GROUP, ALL_HOSTS, ROUTERS, ROUTERS_3};

	for (size_t i = 0; i < sizeof(destinations) / sizeof(destinations[0]); i++) {
		struct rig r;

		rig_settled(&r);
		OLD(&r, .type = V2_REPORT, .group = GROUP, .destination = destinations[i]);
		assert_string_equal(table(&r), "EX(239.1.2.3)=270 v2");
		rig_stop(&r);
	}
}

/* R-REP-3: a report of version 3 may come by any way (RFC 9776 §4.2.15). */
static void a_version_3_report_to_any_address_is_one(void **state)
{
	static const char *const destinations[] = {US, GROUP, "239.9.9.9", ALL_HOSTS, ROUTERS_3};

	for (size_t i = 0; i < sizeof(destinations) / sizeof(destinations[0]); i++) {
		struct rig r;

		rig_settled(&r);
		REPORT(&r, .records = "IS_EX(239.1.2.3){}", .destination = destinations[i]);
		assert_string_equal(table(&r), "EX(239.1.2.3)=270");
		rig_stop(&r);
	}
}

/* R-REP-7, RM-RX-2; FRR 7750: to all routers or, of old hosts, to the group. */
static void a_leave_counts_by_where_it_was_sent(void **state)
{
	static const struct {
		const char *destination;
		int counts;
	} cases[] = {{ROUTERS, 1},   {GROUP, 1},     {US, 0},
		     {ALL_HOSTS, 0}, {ROUTERS_3, 0}, {"239.9.9.9", 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;

		rig_settled(&r);
		v2_report(&r, GROUP);
		OLD(&r, .type = LEAVE, .group = GROUP, .destination = cases[i].destination);
		assert_count(&r, (size_t)cases[i].counts);
		assert_string_equal(table(&r), cases[i].counts ? "EX(239.1.2.3)=2 v2"
							       : "EX(239.1.2.3)=270 v2");
		assert_int_equal(info(&r).rx[MCR_QUERIER_RX_DESTINATION], !cases[i].counts);
		rig_stop(&r);
	}
}

/* R-REP-9; FRR 9435, antrea 3388: a leave is no join. */
static void a_leave_of_a_group_without_members_leaves_no_trace(void **state)
{
	struct rig r;

	rig_settled(&r);
	for (unsigned i = 0; i < 2; i++) {
		hears(&r, "TO_IN(239.1.2.3){} IS_IN(239.1.2.4){} BLOCK(239.1.2.5){192.0.2.1} "
			  "ALLOW(239.1.2.6){} BLOCK(239.1.2.7){}");
		v2_leave(&r, "239.1.2.8");
	}
	assert_string_equal(table(&r), "");
	assert_int_equal(info(&r).groups, 0);
	run_for(&r, 10);
	assert_count(&r, 0);
	assert_int_equal(r.n_changed, 0);
	rig_stop(&r);
}

/* R-REP-9, R-GM-1: what has timed out is gone, though nobody has polled since: a leave is one of
 * nothing, and a report a new member's. */
static void what_has_timed_out_is_gone_though_nobody_polled(void **state)
{
	struct rig r;
	struct mcr_querier_group g;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){} IS_IN(239.1.2.4){192.0.2.1} IS_EX(239.1.2.5){}");
	run_for(&r, 269);
	rig_forget(&r);
	r.now_ns += SECOND;
	hears(&r, "TO_IN(239.1.2.3){} BLOCK(239.1.2.4){192.0.2.1} IS_EX(239.1.2.5){}");
	assert_count(&r, 0);
	assert_string_equal(table(&r), "EX(239.1.2.5)=270");
	assert_int_equal(mcr_querier_get_group(r.q, 0, &g), 0);
	assert_int_equal(g.since_ns, r.now_ns);
	rig_stop(&r);
}

/* R-REP-9: nor does it refresh what is there. */
static void a_leave_refreshes_nothing(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){} IS_IN(239.1.2.4){192.0.2.1}");
	general_from(&r, OTHER, 3); /* so that nothing is lowered */
	run_for(&r, 100);
	hears(&r, "TO_IN(239.1.2.3){} IS_IN(239.1.2.3){} TO_IN(239.1.2.4){} IS_IN(239.1.2.4){} "
		  "ALLOW(239.1.2.4){} BLOCK(239.1.2.4){192.0.2.1}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=170; IN(239.1.2.4) {192.0.2.1=170}");
	rig_stop(&r);
}

/* R-REP-11 */
static void records_of_one_group_take_effect_in_their_order(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "ALLOW(239.1.2.3){192.0.2.1} BLOCK(239.1.2.3){192.0.2.1} TO_EX(239.1.2.3){}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	rig_stop(&r);
	rig_settled(&r);
	hears(&r, "TO_EX(239.1.2.3){} TO_IN(239.1.2.3){192.0.2.1}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=2 {192.0.2.1=270}");
	rig_stop(&r);
}

/* R-GM-1 */
static void a_member_lasts_for_the_group_membership_interval(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){} IS_IN(239.1.2.4){192.0.2.1}");
	v2_report(&r, "239.1.2.5");
	uint64_t t = r.now_ns;

	run_until(&r, t + sec(269.999));
	assert_string_equal(table(&r), "EX(239.1.2.3)=0.001; IN(239.1.2.4) {192.0.2.1=0.001}; "
				       "EX(239.1.2.5)=0.001");
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	run_until(&r, t + sec(270));
	assert_string_equal(table(&r), "");
	assert_string_equal(fwd(&r, GROUP), "IN{}");
	rig_stop(&r);
}

/* R-GM-1: RV * QI + 2 * QRI. */
static void the_interval_follows_from_the_configuration(void **state)
{
	struct rig r;

	RIG(&r, .robustness = 3, .query_interval_s = 20, .query_response_interval_ms = 4000);
	hears(&r, "IS_EX(239.1.2.3){}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=68");
	rig_stop(&r);
}

/* By default a querier takes what Linux takes; strict_rx demands TTL 1 and Router Alert. */
static void strict_demands_ttl_1_and_router_alert(void **state)
{
	for (uint8_t strict = 0; strict < 2; strict++) {
		struct rig r;

		RIG(&r, .strict_rx = strict);
		settle(&r);
		REPORT(&r, .ttl = 64, .records = "IS_EX(239.1.2.1){}");
		REPORT(&r, .no_alert = 1, .records = "IS_EX(239.1.2.2){}");
		OLD(&r, .no_alert = 1, .type = V2_REPORT, .group = "239.1.2.3");
		OLD(&r, .ttl = 2, .type = V1_REPORT, .group = "239.1.2.4");
		FEED(&r, .code = 100, .ttl = 2);
		assert_int_equal(info(&r).groups, strict ? 0 : 4);
		assert_int_equal(info(&r).rx[MCR_QUERIER_RX_STRICT], strict ? 5 : 0);
		assert_int_equal(info(&r).role, strict ? MCR_QUERIER_US : MCR_QUERIER_OTHER);
		/* IGMPv1 has no Router Alert. */
		OLD(&r, .no_alert = 1, .type = V1_REPORT, .group = "239.1.2.5");
		assert_int_equal(info(&r).groups, strict ? 1 : 5);
		rig_stop(&r);
	}
}

/* A list that names a source twice, in any order, names it once. */
static void a_list_is_a_set(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_IN(239.1.2.3){192.0.2.3,192.0.2.1,192.0.2.3,192.0.2.2,192.0.2.1}");
	assert_string_equal(table(&r), "IN(239.1.2.3) "
				       "{192.0.2.1=270,192.0.2.2=270,192.0.2.3=270}");
	rig_stop(&r);
}

/* R-OP-1 (what the table knows of a group beside its timers). */
static void the_table_knows_since_when_and_who_was_the_last(void **state)
{
	struct rig r;
	struct mcr_querier_group g;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){}");
	uint64_t t = r.now_ns;

	run_for(&r, 60);
	REPORT(&r, .source = "10.0.0.12", .records = "IS_EX(239.1.2.3){192.0.2.1}");
	assert_int_equal(mcr_querier_get_group(r.q, 0, &g), 0);
	assert_int_equal(g.since_ns, t);
	assert_int_equal(g.last_report_ns, r.now_ns);
	assert_true(mcr_address_is_equal(g.last_reporter, ip("10.0.0.12")));
	assert_int_equal(mcr_querier_get_group(r.q, 1, &g), -ENOENT);
	rig_stop(&r);
}

/* R-ST-6 (the machine's part): the bench compares `changed` with the filters all the time. */
static void a_refresh_calls_nothing(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){192.0.2.1} IS_IN(239.1.2.4){192.0.2.1}");
	assert_int_equal(r.n_changed, 2);
	for (unsigned i = 0; i < 100; i++) {
		run_for(&r, 125);
		hears(&r, "IS_EX(239.1.2.3){192.0.2.1} IS_IN(239.1.2.4){192.0.2.1}");
	}
	assert_int_equal(r.n_changed, 2);
	run_for(&r, 300);
	assert_int_equal(r.n_changed, 4);
	rig_stop(&r);
}

/* FRR 10397: whom a host excludes takes nothing from the others. */
static void an_exclude_list_blocks_its_sources_and_no_others(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "TO_EX(239.1.2.3){192.0.2.1}");
	assert_string_equal(fwd(&r, GROUP), "EX{192.0.2.1}");
	/* A second host that wants it. */
	REPORT(&r, .source = "10.0.0.12", .records = "ALLOW(239.1.2.3){192.0.2.1}");
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	rig_stop(&r);
}

/* R-REP-1: types that routers do not read, in each version. */
static void other_types_are_counted_and_ignored(void **state)
{
	static const unsigned types[2][5] = {{0x00, 0x13, 0x14, 0x1e, 0xff},
					     {1, 129, 134, 144, 255}};
	struct rig r;

	rig_settled(&r);
	for (size_t i = 0; i < 5; i++)
		OLD(&r, .type = types[is_mld()][i] ? types[is_mld()][i] : 1, .group = GROUP);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_TYPE], 5);
	assert_string_equal(table(&r), "");
	rig_stop(&r);
}

/* R-REP-8: each message cut at each length, and with each octet flipped, is survived and counted
 * once; what is not whole says nothing. */
static void every_truncation_and_every_flipped_octet_is_survived(void **state)
{
	struct rig r;
	uint8_t packets[3][PACKET_MAX];
	size_t len[3];

	rig_settled(&r);
	len[0] = build_report(&(struct report){.records = "IS_EX(239.1.2.3){192.0.2.1}+1 "
							  "BLOCK(239.1.2.4){192.0.2.2}"},
			      packets[0]);
	len[1] = build_query(&(struct query){.source = A_HOST,
					     .version = 2,
					     .type = LEAVE,
					     .group = GROUP,
					     .destination = ROUTERS},
			     packets[1]);
	len[2] =
	    build_query(&(struct query){.code = 10, .group = GROUP, .sources = S1}, packets[2]);
	for (size_t i = 0; i < 3; i++)
		for (size_t n = 0; n < len[i]; n++) {
			uint8_t bad[PACKET_MAX];

			try_bytes(&r, packets[i], n, MCR_QUERIER_FROM_WIRE);
			memcpy(bad, packets[i], len[i]);
			for (unsigned flip = 1; flip < 256; flip = flip << 1 | 1) {
				bad[n] = packets[i][n] ^ (uint8_t)flip;
				try_bytes(&r, bad, len[i], MCR_QUERIER_FROM_WIRE);
			}
		}
	rig_stop(&r);
}

static void each_outcome_has_a_name_of_its_own(void **state)
{
	for (unsigned i = 0; i < MCR_QUERIER_RX_COUNT; i++) {
		assert_non_null(mcr_querier_rx_name(i));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(mcr_querier_rx_name(i), mcr_querier_rx_name(k));
	}
	assert_null(mcr_querier_rx_name(MCR_QUERIER_RX_COUNT));
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(a_report_with_a_bad_checksum_says_nothing),
	    cmocka_unit_test(a_leave_with_a_bad_checksum_is_no_leave),
	    cmocka_unit_test(records_of_unknown_type_are_stepped_over),
	    cmocka_unit_test(auxiliary_data_and_octets_behind_the_records_are_ignored),
	    cmocka_unit_test(of_a_report_that_is_cut_the_whole_records_count),
	    cmocka_unit_test(an_old_report_to_an_address_of_ours_is_one),
	    cmocka_unit_test(a_version_3_report_to_any_address_is_one),
	    cmocka_unit_test(a_leave_counts_by_where_it_was_sent),
	    cmocka_unit_test(a_leave_of_a_group_without_members_leaves_no_trace),
	    cmocka_unit_test(what_has_timed_out_is_gone_though_nobody_polled),
	    cmocka_unit_test(a_leave_refreshes_nothing),
	    cmocka_unit_test(records_of_one_group_take_effect_in_their_order),
	    cmocka_unit_test(a_member_lasts_for_the_group_membership_interval),
	    cmocka_unit_test(the_interval_follows_from_the_configuration),
	    cmocka_unit_test(a_list_is_a_set),
	    cmocka_unit_test(the_table_knows_since_when_and_who_was_the_last),
	    cmocka_unit_test(a_refresh_calls_nothing),
	    cmocka_unit_test(an_exclude_list_blocks_its_sources_and_no_others),
	    cmocka_unit_test(other_types_are_counted_and_ignored),
	    cmocka_unit_test(every_truncation_and_every_flipped_octet_is_survived),
	};
	static const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(a_report_from_nobody_is_one),
	    cmocka_unit_test(strict_demands_ttl_1_and_router_alert),
	    cmocka_unit_test(each_outcome_has_a_name_of_its_own),
	};

	return RUN_BOTH(both) + RUN_IGMP(igmp);
}
