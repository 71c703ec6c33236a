/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mcring/stats.h>

static void every_reason_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MCR_DROP_COUNT; i++) {
		assert_non_null(mcr_drop_name(i));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(mcr_drop_name(i), mcr_drop_name(j));
	}
	assert_null(mcr_drop_name(MCR_DROP_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_reason_has_a_name_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
