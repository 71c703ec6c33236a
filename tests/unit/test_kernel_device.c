/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/address.h"
#include "core/device_name.h"
#include "engine/kernel/kernel_device.h"

/* As /proc/net/dev_mcast has it: index, name, users, global users, address. */
static const char groups[] = "2    eth0            1     0     333300000001\n"
			     "2    eth0            1     0     01005e000001\n"
			     "7    beside0         2     0     01005e050505\n"
			     "7    beside0         1     0     01005e000001\n"
			     "7    beside00        1     0     01005e000002\n"
			     "17   beside0         1     0     01005e000003\n"
			     "7    beside0         1     0     0180c2zz000e\n"
			     "7    beside0         1     0     01005e\n"
			     "7    beside0         1     0     0180c200000e";

static void the_groups_of_one_device_are_read_in_order(void **state)
{
	static const uint8_t lldp[] = {1, 0x80, 0xc2, 0, 0, 0x0e}, all[] = {1, 0, 0x5e, 0, 0, 1},
			     five[] = {1, 0, 0x5e, 5, 5, 5};
	uint64_t macs[8];

	assert_int_equal(mcr_kernel_groups_parse(groups, 7, "beside0", macs, 8), 3);
	assert_int_equal(macs[0], mcr_mac_number(all));
	assert_int_equal(macs[1], mcr_mac_number(five));
	assert_int_equal(macs[2], mcr_mac_number(lldp));
	assert_int_equal(mcr_mac_number(all), 0x0100005e0001);
	assert_int_equal(mcr_kernel_groups_parse(groups, 7, "beside0", macs, 2), 2);
	assert_int_equal(mcr_kernel_groups_parse(groups, 3, "beside0", macs, 8), 0);
	assert_int_equal(mcr_kernel_groups_parse("", 7, "beside0", macs, 8), 0);
}

static void names_that_linux_refuses_are_refused(void **state)
{
	static const char *const bad[] = {
	    "", "a/b", "a b", "tap%d", ".", "..", "a:1", "a\n", "sixteen-octets-0", "\xc3\xa4"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(mcr_device_name_ok(bad[i]));
	assert_true(mcr_device_name_ok("md0"));
	assert_true(mcr_device_name_ok("fifteen-octets0"));
	assert_true(mcr_device_name_ok("...")); /* odd, and allowed */
}

static void a_device_that_is_gone_takes_and_gives_nothing(void **state)
{
	struct mcr_kernel_device d = {.fd = -1};
	char octets[60] = {0};
	struct iovec iov = {.iov_base = octets, .iov_len = sizeof(octets)};

	assert_int_equal(mcr_kernel_device_write(&d, &iov, 1), -ENODEV);
	assert_int_equal(mcr_kernel_device_read(&d, &iov, 1), -ENODEV);
	assert_int_equal(mcr_kernel_device_set_mac(&d, (const uint8_t *)octets), -ENODEV);
	assert_int_equal(mcr_kernel_device_set_carrier(&d, 1), -ENODEV);
	mcr_kernel_device_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_groups_of_one_device_are_read_in_order),
	    cmocka_unit_test(names_that_linux_refuses_are_refused),
	    cmocka_unit_test(a_device_that_is_gone_takes_and_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
