/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <core/source_set.h>

static struct mcr_address at(unsigned n)
{
	return (struct mcr_address){.octets = {0x20, 1, [15] = (uint8_t)n}};
}

static void source_sets_are_sorted_and_united(void **state)
{
	struct mcr_address a[8] = {at(5), at(1), at(5), at(3)};
	const struct mcr_address b[] = {at(2), at(3), at(9)};
	const struct mcr_address expected[] = {at(1), at(2), at(3), at(5), at(9)};

	(void)state;
	assert_int_equal(mcr_source_set_sort(a, 0), 0);
	assert_int_equal(mcr_source_set_sort(a, 4), 3);
	assert_int_equal(mcr_source_set_union(a, 3, b, 3), 5);
	assert_memory_equal(a, expected, sizeof(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(source_sets_are_sorted_and_united),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
