/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/address.h"
#include "engine/rx/view.h"

static const uint8_t own[] = {2, 0, 0, 0, 0, 1}, other[] = {2, 0, 0, 0, 0, 2},
		     all[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, ptp[] = {1, 0x1b, 0x19, 0, 0, 0},
		     lldp[] = {1, 0x80, 0xc2, 0, 0, 0x0e}, nodes[] = {0x33, 0x33, 0, 0, 0, 1},
		     solicited[] = {0x33, 0x33, 0xff, 9, 8, 7}, dns[] = {0x33, 0x33, 0, 0, 0, 0xfb};

static void the_kernel_wants_what_is_sent_to_it_to_all_and_to_its_groups(void **state)
{
	static struct mcr_view view;

	view.kernel_interfaces = UINT64_C(1) << 63 | UINT64_C(1) << 2;
	view.kernel_groups[0] = mcr_view_kernel_group(2, mcr_mac_number(ptp));
	view.kernel_groups[1] = mcr_view_kernel_group(63, mcr_mac_number(lldp));
	view.n_kernel_groups = 2;
	for (unsigned i = 2; i < 64; i += 61) {
		assert_true(mcr_view_kernel_wants(&view, (uint8_t)i, own, own));
		assert_true(mcr_view_kernel_wants(&view, (uint8_t)i, all, own));
		assert_false(mcr_view_kernel_wants(&view, (uint8_t)i, other, own));
		assert_true(mcr_view_kernel_wants(&view, (uint8_t)i, nodes, own));
		assert_true(mcr_view_kernel_wants(&view, (uint8_t)i, solicited, own));
		assert_false(mcr_view_kernel_wants(&view, (uint8_t)i, dns, own));
	}
	assert_true(mcr_view_kernel_wants(&view, 2, ptp, own));
	assert_false(mcr_view_kernel_wants(&view, 2, lldp, own));
	assert_true(mcr_view_kernel_wants(&view, 63, lldp, own));
	assert_false(mcr_view_kernel_wants(&view, 63, ptp, own));
}

static void an_interface_without_a_device_wants_nothing(void **state)
{
	static struct mcr_view view;

	view.kernel_interfaces = 1;
	assert_false(mcr_view_kernel_wants(&view, 1, own, own));
	assert_false(mcr_view_kernel_wants(&view, MCR_NO_INTERFACE, own, own));
	assert_true(mcr_view_kernel_wants(&view, 0, own, own));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_kernel_wants_what_is_sent_to_it_to_all_and_to_its_groups),
	    cmocka_unit_test(an_interface_without_a_device_wants_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
