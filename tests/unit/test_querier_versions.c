/* SPDX-License-Identifier: BSD-3-Clause */
/* Hosts and queriers of older versions (rows R-CM-*, RM-CM-1, R-Q-3, R-ST-5). The row that a test
 * shows stands before it. */
#include "querier_rig.h"

#define OHPI 260.0

/* R-CM-1, RM-CM-1 */
static void an_old_report_is_a_member_without_sources_and_a_leave_ends_it(void **state)
{
	struct rig r;

	rig_settled(&r);
	v2_report(&r, GROUP);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270 v2");
	/* The queries stay those of version 3. */
	v2_leave(&r, GROUP);
	assert_string_equal(table(&r), "EX(239.1.2.3)=2 v2");
	run_for(&r, 2);
	assert_string_equal(table(&r), "");
	assert_sent(&r, 0, r.now_ns - sec(2), "Q(239.1.2.3)");
	assert_sent(&r, 1, r.now_ns - sec(1), "Q(239.1.2.3)");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* R-CM-1, RM-CM-1: what an old member cannot know of is not heeded. */
static void with_an_old_member_block_and_the_list_of_to_ex_are_ignored(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){} ALLOW(239.1.2.3){192.0.2.1}");
	run_for(&r, 100);
	v2_report(&r, GROUP);
	hears(&r, "BLOCK(239.1.2.3){192.0.2.1,192.0.2.2}");
	hears(&r, "TO_EX(239.1.2.3){192.0.2.2}");
	run_for(&r, 10);
	assert_count(&r, 0);
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	rig_stop(&r);
}

/* R-CM-1: TO_IN is: a host of version 3 may leave, and the question is answered by the old one. */
static void with_an_old_member_to_in_asks(void **state)
{
	struct rig r;

	rig_settled(&r);
	v2_report(&r, GROUP);
	hears(&r, "TO_IN(239.1.2.3){}");
	assert_sent(&r, 0, r.now_ns, "Q(239.1.2.3)");
	assert_string_equal(table(&r), "EX(239.1.2.3)=2 v2");
	run_for(&r, 0.5);
	v2_report(&r, GROUP);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270 v2");
	rig_stop(&r);
}

/* R-CM-1: hosts of IGMPv1 do not answer as fast as it would take, so nobody's leave counts. */
static void with_a_member_of_version_1_no_leave_counts(void **state)
{
	struct rig r;

	rig_settled(&r);
	v1_report(&r, GROUP);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270 v1");
	v2_leave(&r, GROUP);
	hears(&r, "TO_IN(239.1.2.3){} TO_IN(239.1.2.3){192.0.2.1}");
	hears(&r, "BLOCK(239.1.2.3){192.0.2.1} TO_EX(239.1.2.3){192.0.2.1}");
	run_for(&r, 10);
	assert_count(&r, 0);
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	rig_stop(&r);
}

/* R-CM-1: version 1 for OHPI, then version 2 if such a host was heard since, then 3. */
static void the_oldest_member_heard_within_ohpi_says_the_version(void **state)
{
	struct rig r;

	rig_settled(&r);
	v1_report(&r, GROUP);
	run_for(&r, 100);
	v2_report(&r, GROUP);
	run_for(&r, OHPI - 100 - 0.001);
	v2_leave(&r, GROUP);
	assert_string_equal(table(&r), "EX(239.1.2.3)=110.001 v1");
	run_for(&r, 0.001);
	assert_string_equal(table(&r), "EX(239.1.2.3)=110 v2");
	hears(&r, "IS_EX(239.1.2.3){}");
	run_for(&r, 100 - 0.001);
	hears(&r, "BLOCK(239.1.2.3){192.0.2.1}");
	assert_count(&r, 2); /* general ones */
	assert_string_equal(table(&r), "EX(239.1.2.3)=170.001 v2");
	run_for(&r, 0.001);
	rig_forget(&r);
	assert_string_equal(table(&r), "EX(239.1.2.3)=170");
	hears(&r, "BLOCK(239.1.2.3){192.0.2.1}");
	assert_sent(&r, 0, r.now_ns, "Q(239.1.2.3){192.0.2.1}");
	rig_stop(&r);
}

/* R-CM-1, RM-CM-1: each group has its own, and each old report starts the time over. */
static void compatibility_is_a_groups_own_and_refreshed_by_each_old_report(void **state)
{
	struct rig r;
	struct mcr_querier_group g;

	rig_settled(&r);
	v2_report(&r, GROUP);
	hears(&r, "IS_EX(239.1.2.4){}");
	run_for(&r, 125);
	v2_report(&r, GROUP);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270 v2; EX(239.1.2.4)=145");
	assert_int_equal(mcr_querier_get_group(r.q, 0, &g), 0);
	assert_int_equal(g.v2_until_ns, r.now_ns + sec(OHPI));
	assert_int_equal(g.v1_until_ns, 0);
	rig_stop(&r);
}

/* R-CM-3: a host of version 2 and one of version 3 that excludes a source. OHPI after the last
 * report of the old one the source counts again: it is blocked when its timer, of GMI from the
 * record that named it after that report (§6.4.1), has run out. */
static void sources_count_again_ohpi_after_the_last_old_report(void **state)
{
	struct rig r;

	rig_settled(&r);
	v2_report(&r, GROUP);
	for (unsigned i = 0; i < 3; i++) {
		REPORT(&r, .source = "10.0.0.12", .records = "IS_EX(239.1.2.3){192.0.2.1}");
		run_for(&r, 125);
		v2_report(&r, GROUP);
		assert_string_equal(fwd(&r, GROUP), "EX{}");
	}
	uint64_t t = r.now_ns;

	REPORT(&r, .source = "10.0.0.12", .records = "IS_EX(239.1.2.3){192.0.2.1}");
	run_until(&r, t + sec(OHPI - 0.001));
	REPORT(&r, .source = "10.0.0.12", .records = "IS_EX(239.1.2.3){192.0.2.1}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270 {192.0.2.1=10.001} v2");
	run_until(&r, t + sec(269.999));
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	run_until(&r, t + sec(270));
	assert_string_equal(table(&r), "EX(239.1.2.3)=259.999 {192.0.2.1=0}");
	assert_string_equal(fwd(&r, GROUP), "EX{192.0.2.1}");
	rig_stop(&r);
}

/* R-ST-5, R-CM-3: a source that is blocked already is forwarded from the first old report on, and
 * blocked again when sources count again. The bench demands that `changed` says both. */
static void a_blocked_source_is_forwarded_for_an_old_member(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){192.0.2.1}");
	assert_string_equal(fwd(&r, GROUP), "EX{192.0.2.1}");
	v2_report(&r, GROUP);
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	/* A member of version 3 that goes on excluding it. */
	for (unsigned i = 0; i < 4; i++) {
		hears(&r, "IS_EX(239.1.2.3){192.0.2.1}");
		run_for(&r, i < 3 ? 80 : 19.999);
		assert_string_equal(fwd(&r, GROUP), "EX{}");
	}
	run_for(&r, 0.001);
	assert_string_equal(table(&r), "EX(239.1.2.3)=250 {192.0.2.1=10}");
	run_for(&r, 10);
	assert_string_equal(fwd(&r, GROUP), "EX{192.0.2.1}");
	rig_stop(&r);
}

/* R-CM-2: as a querier of version 2 or 1, too. */
static void version_3_reports_are_understood_in_every_version(void **state)
{
	for (uint8_t version = is_mld() ? 2 : 1; version < 3; version++) {
		struct rig r;

		RIG(&r, .version = version);
		settle(&r);
		hears(&r, "IS_EX(239.1.2.3){} ALLOW(232.1.2.3){192.0.2.1}");
		assert_string_equal(fwd(&r, GROUP), "EX{}");
		assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.1}");
		rig_stop(&r);
	}
}

/* R-CM-2, R-Q-3: in version 2 nobody can be asked about sources, so what is left of them times out;
 * a group can, and its question is one of version 2. */
static void a_version_2_querier_asks_about_groups_and_lowers_no_sources(void **state)
{
	struct rig r;

	RIG(&r, .version = 2);
	settle(&r);
	hears(&r, "IS_EX(239.1.2.3){} ALLOW(232.1.2.3){192.0.2.1,192.0.2.2}");
	hears(&r, "BLOCK(232.1.2.3){192.0.2.1} TO_IN(232.1.2.3){192.0.2.2}");
	assert_count(&r, 0);
	assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.1,192.0.2.2}");
	hears(&r, "TO_IN(239.1.2.3){}");
	uint64_t t = r.now_ns;

	run_for(&r, 1.999);
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	run_for(&r, 0.001);
	assert_string_equal(fwd(&r, GROUP), "IN{}");
	assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.1,192.0.2.2}");
	assert_sent(&r, 0, t, "v2 Q(239.1.2.3)");
	assert_sent(&r, 1, t + sec(1), "v2 Q(239.1.2.3)");
	assert_count(&r, 2);
	run_until(&r, t + sec(270));
	assert_string_equal(table(&r), "");
	assert_int_equal(info(&r).tx_sources, 0);
	rig_stop(&r);
}

/* R-Q-3: version 1 has no leave, and asks about no group. */
static void a_version_1_querier_ignores_leaves(void **state)
{
	struct rig r;

	RIG(&r, .version = 1);
	settle(&r);
	v2_report(&r, GROUP);
	v2_leave(&r, GROUP);
	hears(&r, "TO_IN(239.1.2.3){}");
	run_for(&r, 20);
	assert_string_equal(fwd(&r, GROUP), "EX{}");
	assert_count(&r, 0);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_LEAVE], 1);
	rig_stop(&r);
}

/* R-EL-4, R-CM-2: the same holds while an older querier is heard, though version 3 is configured;
 * and a question that was raised before is not asked in a version that cannot say it. */
static void an_older_querier_makes_leaves_old_too(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){} ALLOW(232.1.2.3){192.0.2.1,192.0.2.2}");
	hears(&r, "BLOCK(232.1.2.3){192.0.2.1}");
	assert_count(&r, 1);
	general_from(&r, "10.0.0.200", 2);
	hears(&r, "BLOCK(232.1.2.3){192.0.2.2}");
	run_for(&r, 20);
	assert_count(&r, 1);
	assert_int_equal(info(&r).tx_sources, 1);
	hears(&r, "TO_IN(239.1.2.3){}");
	assert_sent(&r, 1, r.now_ns, "v2 Q(239.1.2.3)");
	rig_stop(&r);
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(an_old_report_is_a_member_without_sources_and_a_leave_ends_it),
	    cmocka_unit_test(with_an_old_member_block_and_the_list_of_to_ex_are_ignored),
	    cmocka_unit_test(with_an_old_member_to_in_asks),
	    cmocka_unit_test(compatibility_is_a_groups_own_and_refreshed_by_each_old_report),
	    cmocka_unit_test(sources_count_again_ohpi_after_the_last_old_report),
	    cmocka_unit_test(a_blocked_source_is_forwarded_for_an_old_member),
	    cmocka_unit_test(version_3_reports_are_understood_in_every_version),
	    cmocka_unit_test(a_version_2_querier_asks_about_groups_and_lowers_no_sources),
	    cmocka_unit_test(an_older_querier_makes_leaves_old_too),
	};
	static const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(with_a_member_of_version_1_no_leave_counts),
	    cmocka_unit_test(the_oldest_member_heard_within_ohpi_says_the_version),
	    cmocka_unit_test(a_version_1_querier_ignores_leaves),
	};

	return RUN_BOTH(both) + RUN_IGMP(igmp);
}
