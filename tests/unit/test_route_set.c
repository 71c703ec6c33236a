/* SPDX-License-Identifier: BSD-3-Clause */
#include "route_rig.h"

/* P-3: the example of RFC 4605 §4.1, then its end. */
static void what_the_downstreams_want_is_proxied_together(void **state)
{
	struct mcr_address g;
	struct rig r;

	rig_begin(&r);
	rig_create(&r);
	assert_int_equal(mcr_route_set_upstream(r.set), RIG_UPSTREAM);
	rig_want(&r, 1, 3, ANY);
	rig_want(&r, 2, 3, INCLUDES(0x3));
	assert_true(mcr_route_set_is_noted(r.set));
	assert_int_equal(mcr_route_set_update(r.set, 8), 1);
	assert_false(mcr_route_set_is_noted(r.set));
	assert_int_equal(rig_proxied(&r, 3), ANY);
	assert_true(mcr_route_set_take_proxied(r.set, &g));
	assert_true(mcr_address_is_equal(g, rig_group(&r, 3)));
	assert_false(mcr_route_set_take_proxied(r.set, &g));
	rig_want(&r, 1, 3, NOTHING);
	assert_int_equal(mcr_route_set_update(r.set, 8), 1);
	assert_int_equal(rig_proxied(&r, 3), INCLUDES(0x3));
	assert_int_equal(mcr_route_set_groups(r.set), 1);
	assert_int_equal(mcr_route_set_proxied_groups(r.set), 1);
	rig_want(&r, 2, 3, NOTHING);
	assert_int_equal(mcr_route_set_update(r.set, 8), 1);
	assert_int_equal(rig_proxied(&r, 3), NOTHING);
	assert_int_equal(mcr_route_set_groups(r.set), 0);
	assert_int_equal(mcr_route_set_proxied_groups(r.set), 0);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_downstreams_want_is_proxied_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
