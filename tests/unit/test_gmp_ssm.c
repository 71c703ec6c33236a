/* SPDX-License-Identifier: BSD-3-Clause */
/* Source-specific groups (rows H-SSM-*), link-local groups (H-LL-1) and refused filters. */
#include "gmp_rig.h"

/* H-SSM-1, M-13 */
static void an_any_source_join_in_232_8_is_refused(void **state)
{
	struct rig r;

	rig_default(&r);
	assert_int_equal(set(&r, "232.1.1.1", EX, ""), -EINVAL);
	assert_int_equal(set(&r, "232.1.1.1", EX, "10.9.0.1"), -EINVAL);
	run_for(&r, 5);
	assert_count(&r, 0);
	assert_int_equal(info(&r).groups, 0);
	rig_stop(&r);
}

/* H-SSM-1: a refused change leaves the state as it was. */
static void a_refused_change_leaves_a_source_join_alone(void **state)
{
	struct rig r;

	rig_default(&r);
	include(&r, "232.1.1.1", "10.9.0.1");
	settle(&r, 5);
	assert_int_equal(set(&r, "232.1.1.1", EX, ""), -EINVAL);
	general_v3(&r, 10);
	run_for(&r, 5);
	assert_sent(&r, 0, sec(1005.5), "IS_IN(232.1.1.1){10.9.0.1}");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-SSM-2: the boundaries of the range. */
static void the_source_specific_range_is_232_8_without_232_0_0_0(void **state)
{
	static const struct {
		const char *group;
		int exclude, include;
	} cases[] = {
	    {"231.255.255.255", 0, 0},
	    {"232.0.0.0", -EINVAL, -EINVAL},
	    {"232.0.0.1", -EINVAL, 0},
	    {"232.0.0.255", -EINVAL, 0},
	    {"232.0.1.0", -EINVAL, 0},
	    {"232.255.255.255", -EINVAL, 0},
	    {"233.0.0.0", 0, 0},
	    {"223.255.255.255", -EINVAL, -EINVAL},
	    {"240.0.0.0", -EINVAL, -EINVAL},
	    {"0.0.0.0", -EINVAL, -EINVAL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;

		rig_default(&r);
		assert_int_equal(set(&r, cases[i].group, EX, ""), cases[i].exclude);
		assert_int_equal(set(&r, cases[i].group, IN, "10.9.0.1"), cases[i].include);
		rig_stop(&r);
	}
}

static void sources_that_are_not_unicast_are_refused(void **state)
{
	static const char *const bad[] = {"0.0.0.0", "224.0.0.1", "239.255.255.255",
					  "255.255.255.255", "10.9.0.1 0.0.0.0"};
	struct rig r;

	rig_default(&r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(set(&r, "239.1.2.3", IN, bad[i]), -EINVAL);
		assert_int_equal(set(&r, "239.1.2.3", EX, bad[i]), -EINVAL);
	}
	run_for(&r, 5);
	assert_count(&r, 0);
	rig_stop(&r);
}

/* H-SSM-3 */
static void queries_that_an_ssm_host_cannot_work_with_are_counted(void **state)
{
	struct rig r;

	rig_default(&r);
	include(&r, "232.1.1.1", "10.9.0.1");
	settle(&r, 5);
	assert_int_equal(FEED(&r, .version = 2, .code = 10, .group = "232.1.1.1"), 0);
	assert_int_equal(
	    FEED(&r, .version = 2, .code = 10, .group = "239.1.1.1", .destination = ALL_HOSTS), 0);
	assert_int_equal(info(&r).rx_old_ssm_queries, 1);
	general_v2(&r, 10);
	assert_int_equal(info(&r).rx_v2_queries, 1);
	if (!is_mld()) {
		general_v1(&r);
		assert_int_equal(info(&r).rx_v1_queries, 1);
	}
	assert_int_equal(info(&r).rx_old_ssm_queries, 1);
	rig_stop(&r);
}

/* H-LL-1 */
static void link_local_groups_are_reported(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "224.0.0.251");
	run_for(&r, 5);
	assert_sent(&r, 0, sec(1000), "TO_EX(224.0.0.251){}");
	rig_stop(&r);
	rig_version(&r, 2);
	join(&r, "224.0.0.251");
	run_for(&r, 1);
	assert_sent(&r, 0, sec(1000), "v2 224.0.0.251");
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_any_source_join_in_232_8_is_refused),
	    cmocka_unit_test(a_refused_change_leaves_a_source_join_alone),
	    cmocka_unit_test(sources_that_are_not_unicast_are_refused),
	    cmocka_unit_test(queries_that_an_ssm_host_cannot_work_with_are_counted),
	    cmocka_unit_test(link_local_groups_are_reported),
	};
	const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(the_source_specific_range_is_232_8_without_232_0_0_0),
	};
	return RUN_BOTH(tests) + RUN_IGMP(igmp);
}
