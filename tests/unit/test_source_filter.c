/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>

#include <cmocka.h>

#include "core/source_filter.h"
#include "growth.h"

enum {
	UNIVERSE = 3
};

static size_t expand(unsigned set, uint32_t *list)
{
	size_t n = 0;

	for (unsigned i = UNIVERSE; i-- > 0;) /* any order */
		if (set >> i & 1)
			list[n++] = htonl(i + 1);
	return n;
}

static unsigned as_set(const struct mcr_source_filter *f)
{
	unsigned set = 0;

	for (size_t i = 0; i < f->n; i++)
		set |= 1u << (ntohl(f->sources_be[i]) - 1);
	return set;
}

static void assert_merged(const struct mcr_source_filter *filters, size_t n,
			  enum mcr_filter_mode mode, unsigned set)
{
	struct mcr_source_filter out;

	assert_int_equal(mcr_source_filter_merge(&out, filters, n), 0);
	assert_int_equal(out.mode, mode);
	assert_int_equal(as_set(&out), set);
	for (size_t i = 1; i < out.n; i++)
		assert_true(ntohl(out.sources_be[i]) > ntohl(out.sources_be[i - 1]));
	free((void *)out.sources_be);
}

/* H-SC-1: the example of the table: EX{a,b}, EX{b,c}, IN{b} -> EX{}. */
static void the_filters_of_several_subscribers_become_one(void **state)
{
	uint32_t ab[3], bc[3], b[3];
	const struct mcr_source_filter filters[] = {
	    {MCR_FILTER_EXCLUDE, ab, expand(3, ab)},
	    {MCR_FILTER_EXCLUDE, bc, expand(6, bc)},
	    {MCR_FILTER_INCLUDE, b, expand(2, b)},
	};

	assert_merged(NULL, 0, MCR_FILTER_INCLUDE, 0);
	assert_merged(filters, 1, MCR_FILTER_EXCLUDE, 3);
	assert_merged(filters, 2, MCR_FILTER_EXCLUDE, 2);
	assert_merged(filters, 3, MCR_FILTER_EXCLUDE, 0);
	assert_merged(filters + 2, 1, MCR_FILTER_INCLUDE, 2);
}

/* H-SC-1: a packet passes the merged filter iff it passes one of the three; all 4096 triples. */
static void a_source_passes_the_merged_filter_iff_a_subscriber_wants_it(void **state)
{
	for (unsigned x = 0; x < 4096; x++) {
		uint32_t lists[3][UNIVERSE];
		struct mcr_source_filter filters[3], out;

		for (unsigned i = 0; i < 3; i++) {
			unsigned bits = x >> 4 * i & 15;

			filters[i] = (struct mcr_source_filter){
			    bits & 8 ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE, lists[i],
			    expand(bits & 7, lists[i])};
		}
		assert_int_equal(mcr_source_filter_merge(&out, filters, 3), 0);
		for (unsigned source = 0; source <= UNIVERSE; source++) { /* one of them unnamed */
			int wanted = 0;

			for (unsigned i = 0; i < 3; i++)
				wanted |= (as_set(&filters[i]) >> source & 1) ==
					  (filters[i].mode == MCR_FILTER_INCLUDE);
			assert_int_equal((as_set(&out) >> source & 1) ==
					     (out.mode == MCR_FILTER_INCLUDE),
					 wanted);
		}
		free((void *)out.sources_be);
	}
}

/* Half of them include, half exclude, and no list looks like another. */
static double merge_many(void *ctx, size_t n)
{
	struct mcr_source_filter *filters = calloc(n, sizeof(*filters)), out;
	uint32_t *sources_be = calloc(n, sizeof(*sources_be));
	double begin, end;

	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		sources_be[i] = htonl(0x0a000000 + (uint32_t)i);
		filters[i] = (struct mcr_source_filter){
		    i < n / 2 ? MCR_FILTER_INCLUDE : MCR_FILTER_EXCLUDE, &sources_be[i], 1};
	}
	begin = growth_cpu_ms();
	assert_int_equal(mcr_source_filter_merge(&out, filters, n), 0);
	end = growth_cpu_ms();
	assert_int_equal(out.mode, MCR_FILTER_EXCLUDE);
	assert_int_equal(out.n, 0); /* no two of them block the same source */
	free(filters);
	free(sources_be);
	return end - begin;
}

static void thousands_of_subscribers_cost_no_more_than_sorting_their_sources(void **state)
{
	assert_growth_is_gentle(merge_many, NULL, 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_filters_of_several_subscribers_become_one),
	    cmocka_unit_test(a_source_passes_the_merged_filter_iff_a_subscriber_wants_it),
	    cmocka_unit_test(thousands_of_subscribers_cost_no_more_than_sorting_their_sources),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
