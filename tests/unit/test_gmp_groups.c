/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include <arpa/inet.h>

#include "core/gmp/gmp_groups.h"
#include "growth.h"

/* Of 16,384 buckets that anybody can compute, groups that would share the first. */
static double add_chosen(void *ctx, size_t n)
{
	struct mcr_address *chosen = calloc(n, sizeof(*chosen));
	size_t found = 0;
	struct mcr_gmp_groups gs;
	double begin, end;

	(void)ctx;
	for (uint32_t group = 0xe0000000; found < n && group < 0xf0000000; group++) {
		uint32_t h = group * 0x9e3779b1u;

		if (((h ^ h >> 15) & 16383) == 0)
			chosen[found++] = mcr_address_from_ipv4(htonl(group));
	}
	assert_int_equal(found, n);
	mcr_gmp_groups_init(&gs, 4711);
	begin = growth_cpu_ms();
	for (size_t i = 0; i < n; i++) {
		assert_null(mcr_gmp_groups_find(&gs, chosen[i]));
		assert_non_null(mcr_gmp_groups_add(&gs, chosen[i]));
	}
	for (size_t i = 0; i < n; i++)
		assert_true(
		    mcr_address_is_equal(mcr_gmp_groups_find(&gs, chosen[i])->address, chosen[i]));
	end = growth_cpu_ms();
	mcr_gmp_groups_clear(&gs);
	free(chosen);
	return end - begin;
}

static void groups_that_were_chosen_to_collide_cost_no_more_than_others(void **state)
{
	assert_growth_is_gentle(add_chosen, NULL, 1500);
}

static unsigned longest_chain(const struct mcr_gmp_groups *gs)
{
	unsigned longest = 0;

	for (uint32_t i = 0; i < gs->n_buckets; i++) {
		unsigned n = 0;

		for (const struct mcr_gmp_group *g = gs->buckets[i]; g; g = g->hash_next)
			n++;
		longest = n > longest ? n : longest;
	}
	return longest;
}

static void groups_that_count_up_in_any_word_spread(void **state)
{
	for (unsigned at = 2; at < 16; at += 4) { /* the lower half of each word */
		struct mcr_address group = {{0xff, 0x15}};
		struct mcr_gmp_groups gs;

		mcr_gmp_groups_init(&gs, 4711);
		for (unsigned i = 0; i < 4096; i++) {
			group.octets[at] = (uint8_t)(i >> 8);
			group.octets[at + 1] = (uint8_t)i;
			assert_non_null(mcr_gmp_groups_add(&gs, group));
		}
		assert_true(longest_chain(&gs) < 32);
		mcr_gmp_groups_clear(&gs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(groups_that_were_chosen_to_collide_cost_no_more_than_others),
	    cmocka_unit_test(groups_that_count_up_in_any_word_spread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
