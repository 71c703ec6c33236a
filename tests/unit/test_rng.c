/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rng.h"

static void a_delay_is_never_zero_and_never_too_long(void **state)
{
	struct mcr_rng rng;
	unsigned seen[4] = {0};

	mcr_rng_seed(&rng, 0);
	assert_int_equal(mcr_rng_delay(&rng, 0), 0);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t delay = mcr_rng_delay(&rng, 3);

		assert_in_range(delay, 1, 3);
		seen[delay]++;
	}
	/* 333 expected, standard deviation 15. */
	for (unsigned i = 1; i <= 3; i++)
		assert_in_range(seen[i], 270, 400);
}

static void the_same_seed_gives_the_same_delays_and_another_seed_others(void **state)
{
	struct mcr_rng a, b, c;
	unsigned same = 0;

	mcr_rng_seed(&a, 1);
	mcr_rng_seed(&b, 1);
	mcr_rng_seed(&c, 2);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t x = mcr_rng_next(&a);

		assert_int_equal(x, mcr_rng_next(&b));
		same += x == mcr_rng_next(&c);
	}
	assert_int_equal(same, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_delay_is_never_zero_and_never_too_long),
	    cmocka_unit_test(the_same_seed_gives_the_same_delays_and_another_seed_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
