/* SPDX-License-Identifier: BSD-3-Clause */
#include "route_rig.h"

/* F-1, F-14, F-18, P-18 */
static void a_packet_goes_to_members_and_from_downstream_also_upstream(void **state)
{
	struct mcr_route_table *t;
	struct rig r;

	rig_begin(&r);
	rig_create(&r);
	rig_want(&r, 1, 3, ANY);
	rig_want(&r, 2, 3, INCLUDES(0x2));
	assert_int_equal(mcr_route_set_update(r.set, 8), 1);
	t = rig_table(&r);
	assert_int_equal(rig_outputs(&r, t, 0, 3, 0), BIT(1));
	assert_int_equal(rig_outputs(&r, t, 0, 3, 1), BIT(1) | BIT(2));
	assert_int_equal(rig_outputs(&r, t, 1, 3, 1), BIT(0) | BIT(2));
	assert_int_equal(rig_outputs(&r, t, 3, 3, 0), BIT(0) | BIT(1));
	assert_int_equal(rig_outputs(&r, t, 0, 4, 0), 0);
	assert_int_equal(rig_outputs(&r, t, 1, 4, 0), BIT(0));
	mcr_route_table_destroy(t);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_packet_goes_to_members_and_from_downstream_also_upstream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
