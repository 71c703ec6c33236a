/* SPDX-License-Identifier: BSD-3-Clause */
/* Which groups, and whose reports, a querier takes: ranges of addresses (rows R-REP-4 to R-REP-6,
 * R-SSM-*, RM-RX-1, RM-SC-1, RM-SSM-1). The row that a test shows stands before it. */
#include "querier_rig.h"

/* R-REP-4 */
static void groups_that_are_none_are_ignored_and_counted(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(0.0.0.0){} IS_EX(10.1.2.3){} IS_EX(224.0.0.1){} IS_EX(192.0.2.1){}");
	assert_int_equal(info(&r).records_bad_group, 4);
	assert_int_equal(info(&r).records, 0);
	OLD(&r, .type = V2_REPORT, .group = "224.0.0.1");
	OLD(&r, .type = V2_REPORT, .group = "10.0.0.9", .destination = US);
	OLD(&r, .type = LEAVE, .group = "0.0.0.0", .destination = ROUTERS);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_BAD_GROUP], 3);
	assert_string_equal(table(&r), "");
	run_for(&r, 10);
	assert_count(&r, 0);
	rig_stop(&r);
}

/* R-REP-4, RM-SC-1: they never leave a link. */
static void groups_of_the_link_are_in_the_table_and_never_forwarded(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(224.0.0.251){}");
	v2_report(&r, "224.0.0.2");
	hears(&r, "IS_IN(224.0.0.22){192.0.2.1}");
	assert_string_equal(table(&r), "EX(224.0.0.2)=270 v2; IN(224.0.0.22) {192.0.2.1=270}; "
				       "EX(224.0.0.251)=270");
	assert_string_equal(fwd(&r, "224.0.0.2"), "IN{}");
	assert_string_equal(fwd(&r, "224.0.0.22"), "IN{}");
	assert_string_equal(fwd(&r, "224.0.0.251"), "IN{}");
	run_for(&r, 300);
	assert_string_equal(table(&r), "");
	assert_int_equal(r.n_changed, 0);
	/* The next block is forwarded. */
	if (!is_mld()) {
		hears(&r, "IS_EX(224.0.1.1){}");
		assert_string_equal(fwd(&r, "224.0.1.1"), "EX{}");
	}
	rig_stop(&r);
}

/* RM-SC-1 */
static void groups_of_scope_0_and_1_leave_no_state(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(ff00::1:3){} IS_EX(ff01::1:3){} IS_EX(ff11::1:3){} IS_EX(ff02::1){}");
	OLD(&r, .type = V2_REPORT, .group = "ff01::2");
	assert_int_equal(info(&r).records_bad_group, 4);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_BAD_GROUP], 1);
	assert_int_equal(info(&r).groups, 0);
	/* Scope 2, whatever its flags. */
	hears(&r, "IS_EX(ff12::1:3){} IS_EX(ff02::1:ff00:1){}");
	assert_int_equal(info(&r).groups, 2);
	assert_int_equal(r.n_changed, 0);
	/* Wider ones are forwarded. */
	hears(&r, "IS_EX(ff13::1){} IS_EX(ff04::1){} IS_EX(ff0e::1){}");
	assert_int_equal(r.n_changed, 3);
	rig_stop(&r);
}

/* R-REP-5, R-EL-9: an echo, or a host with our address. */
static void our_own_reports_from_the_wire_are_no_members(void **state)
{
	struct rig r;

	rig_settled(&r);
	REPORT(&r, .source = US, .records = "IS_EX(239.1.2.3){}");
	OLD(&r, .source = US, .type = V2_REPORT, .group = GROUP);
	assert_string_equal(table(&r), "");
	hears(&r, "IS_EX(239.1.2.3){}");
	OLD(&r, .source = US, .type = LEAVE, .group = GROUP, .destination = ROUTERS);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_OWN], 3);
	assert_count(&r, 0);
	rig_stop(&r);
}

/* R-REP-6 */
static void old_reports_from_off_the_subnet_are_ignored_new_ones_are_not(void **state)
{
	struct rig r;

	rig_settled(&r);
	OLD(&r, .source = "10.0.1.11", .type = V2_REPORT, .group = GROUP);
	OLD(&r, .source = "192.0.2.9", .type = V1_REPORT, .group = GROUP);
	assert_string_equal(table(&r), "");
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_OFF_SUBNET], 2);
	assert_true(mcr_address_is_equal(info(&r).last_off_subnet, ip("192.0.2.9")));
	REPORT(&r, .source = "192.0.2.9", .records = "IS_EX(239.1.2.3){}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	OLD(&r, .source = "10.0.1.11", .type = LEAVE, .group = GROUP, .destination = ROUTERS);
	assert_count(&r, 0);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	rig_stop(&r);
}

/* R-SSM-1, R-SSM-2, RM-SSM-1 */
static void in_the_source_specific_range_only_sources_count(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(232.1.2.3){} TO_EX(232.1.2.4){192.0.2.1}");
	assert_int_equal(info(&r).records_ssm, 2);
	assert_true(mcr_address_is_equal(info(&r).last_ssm_group, ip("232.1.2.4")));
	assert_true(mcr_address_is_equal(info(&r).last_ssm_source, ip(A_HOST)));
	OLD(&r, .source = "10.0.0.12", .type = V2_REPORT, .group = "232.1.2.5");
	OLD(&r, .source = "10.0.0.13", .type = V1_REPORT, .group = "232.1.2.6");
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_SSM], 2);
	assert_true(mcr_address_is_equal(info(&r).last_ssm_group, ip("232.1.2.6")));
	assert_true(mcr_address_is_equal(info(&r).last_ssm_source, ip("10.0.0.13")));
	assert_string_equal(table(&r), "");
	hears(&r, "IS_IN(232.1.2.3){192.0.2.1} ALLOW(232.1.2.4){192.0.2.2}");
	v2_leave(&r, "232.1.2.3");
	hears(&r, "TO_EX(232.1.2.3){192.0.2.1}");
	assert_string_equal(table(&r), "IN(232.1.2.3) {192.0.2.1=270}; "
				       "IN(232.1.2.4) {192.0.2.2=270}");
	assert_count(&r, 0);
	rig_stop(&r);
}

/* R-SSM-1: its edges. */
static void the_source_specific_range_is_232_of_8_bits(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(231.255.255.255){} IS_EX(233.0.0.0){}");
	assert_int_equal(info(&r).groups, 2);
	hears(&r, "IS_EX(232.0.0.1){} IS_EX(232.255.255.255){}");
	assert_int_equal(info(&r).groups, 2);
	assert_int_equal(info(&r).records_ssm, 2);
	rig_stop(&r);
}

/* RM-SSM-1: its edges. */
static void the_source_specific_range_of_mld_is_ff3x_of_32_bits(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(ff33::1){} IS_EX(ff35::1){} IS_EX(ff3e:0:ffff::1){}");
	assert_int_equal(info(&r).groups, 0);
	assert_int_equal(info(&r).records_ssm, 3);
	hears(&r, "IS_EX(ff3e:1::1){} IS_EX(ff25::1){}");
	assert_int_equal(info(&r).groups, 2);
	rig_stop(&r);
}

/* RM-RX-1 */
static void a_report_that_is_not_of_the_link_is_none(void **state)
{
	struct rig r;

	rig_settled(&r);
	REPORT(&r, .source = "::", .records = "IS_EX(239.1.2.3){}");
	REPORT(&r, .source = "2001:db8::1", .records = "IS_EX(239.1.2.3){}");
	OLD(&r, .source = "::", .type = V2_REPORT, .group = GROUP);
	REPORT(&r, .ttl = 2, .records = "IS_EX(239.1.2.3){}");
	OLD(&r, .ttl = 255, .type = V2_REPORT, .group = GROUP);
	REPORT(&r, .no_alert = 1, .records = "IS_EX(239.1.2.3){}");
	OLD(&r, .no_alert = 1, .type = V2_REPORT, .group = GROUP);
	assert_string_equal(table(&r), "");
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_SOURCE], 3);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_HOP_LIMIT], 2);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_NO_ALERT], 2);
	v2_report(&r, GROUP);
	OLD(&r, .source = "::", .type = LEAVE, .group = GROUP, .destination = ROUTERS);
	OLD(&r, .ttl = 64, .type = LEAVE, .group = GROUP, .destination = ROUTERS);
	OLD(&r, .no_alert = 1, .type = LEAVE, .group = GROUP, .destination = ROUTERS);
	assert_count(&r, 0);
	rig_stop(&r);
}

/* Sources that are not unicast are left out of a record, as FRR's 0.0.0.0. */
static void sources_that_are_none_are_left_out_of_a_record(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){0.0.0.0} ALLOW(239.1.2.4){0.0.0.0,192.0.2.1,224.1.1.1} "
		  "ALLOW(239.1.2.5){224.1.1.1}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270; IN(239.1.2.4) {192.0.2.1=270}");
	rig_stop(&r);
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(groups_that_are_none_are_ignored_and_counted),
	    cmocka_unit_test(groups_of_the_link_are_in_the_table_and_never_forwarded),
	    cmocka_unit_test(our_own_reports_from_the_wire_are_no_members),
	    cmocka_unit_test(in_the_source_specific_range_only_sources_count),
	    cmocka_unit_test(sources_that_are_none_are_left_out_of_a_record),
	};
	static const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(old_reports_from_off_the_subnet_are_ignored_new_ones_are_not),
	    cmocka_unit_test(the_source_specific_range_is_232_of_8_bits),
	};
	static const struct CMUnitTest mld[] = {
	    cmocka_unit_test(groups_of_scope_0_and_1_leave_no_state),
	    cmocka_unit_test(the_source_specific_range_of_mld_is_ff3x_of_32_bits),
	    cmocka_unit_test(a_report_that_is_not_of_the_link_is_none),
	};

	return RUN_BOTH(both) + RUN_IGMP(igmp) + RUN_MLD(mld);
}
