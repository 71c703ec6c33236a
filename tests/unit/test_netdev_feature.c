/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/netdev/netdev_feature.h"

static void the_loopback_is_loopback_and_cannot_be_switched_to_lro(void **state)
{
	(void)state;
	assert_int_equal(mcr_netdev_feature_is_on("lo", "loopback"), 1);
	assert_int_equal(mcr_netdev_feature_is_on("lo", "rx-lro"), 0);
}

static void a_feature_that_the_kernel_does_not_know_is_off(void **state)
{
	(void)state;
	assert_int_equal(mcr_netdev_feature_is_on("lo", "rx-tomorrow"), 0);
}

static void an_interface_that_is_not_there_has_none(void **state)
{
	(void)state;
	assert_int_equal(mcr_netdev_feature_is_on("mcr-none", "loopback"), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_loopback_is_loopback_and_cannot_be_switched_to_lro),
	    cmocka_unit_test(a_feature_that_the_kernel_does_not_know_is_off),
	    cmocka_unit_test(an_interface_that_is_not_there_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
