/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <core/source_set.h>

static void source_sets_are_sorted_and_united(void **state)
{
	uint32_t a[8] = {5, 1, 5, 3};
	const uint32_t b[] = {2, 3, 9};
	const uint32_t expected[] = {1, 2, 3, 5, 9};

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
