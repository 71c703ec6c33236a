/* SPDX-License-Identifier: BSD-3-Clause */
/* v3 answers to queries (rows H-QR-*). The row that a test shows stands before it. */
#include "igmp_rig.h"

/* EXCLUDE{192.0.2.1} of 239.1.2.3 and INCLUDE{192.0.2.1} of 232.1.2.3, all told. */
static void rig_joined(struct rig *r)
{
	rig_default(r);
	include(r, "232.1.2.3", "192.0.2.1");
	exclude(r, "239.1.2.3", "192.0.2.1");
	settle(r, 10);
}

#define WHOLE "IS_IN(232.1.2.3){192.0.2.1} IS_EX(239.1.2.3){192.0.2.1}"

/* H-QR-2, H-QR-10 */
static void a_general_query_is_answered_once_with_all_groups_after_the_drawn_delay(void **state)
{
	struct rig r;

	rig_joined(&r);
	SCRIPT(&r, 0.25);
	uint64_t t = r.now_ns;

	general_v3(&r, 20);
	run_for(&r, 10);
	assert_sent(&r, 0, t + sec(0.5), WHOLE);
	assert_count(&r, 1);
	rig_stop(&r);
}

/* H-QR-4 */
static void nothing_is_scheduled_without_state_to_report(void **state)
{
	struct rig r;

	rig_default(&r);
	general_v3(&r, 10);
	run_for(&r, 10);
	join(&r, "239.1.2.3");
	settle(&r, 5);
	assert_int_equal(FEED(&r, .code = 10, .group = "239.9.9.9", .destination = ALL_HOSTS), 0);
	run_for(&r, 10);
	assert_count(&r, 0);
	assert_int_equal(r.deadline_ns, MCR_IGMP_NEVER);
	assert_int_equal(info(&r).rx[MCR_IGMP_RX_NOT_JOINED], 1);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_general_query_is_answered_once_with_all_groups_after_the_drawn_delay),
	    cmocka_unit_test(nothing_is_scheduled_without_state_to_report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
