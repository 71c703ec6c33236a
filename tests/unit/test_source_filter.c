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

/* A join of mode and a set of sources, for which it needs room. Bit i: source 0.0.0.1 + i. */
static struct mcr_join join_of(enum mcr_filter_mode mode, unsigned set, struct mcr_address *sources)
{
	struct mcr_join join = {.mode = (uint8_t)mode, .sources = sources};

	for (unsigned i = UNIVERSE; i-- > 0;) /* any order */
		if (set >> i & 1)
			sources[join.n_sources++] = mcr_address_from_ipv4(htonl(i + 1));
	return join;
}

static unsigned as_set(const struct mcr_source_filter *f)
{
	unsigned set = 0;

	for (size_t i = 0; i < f->n; i++)
		set |= 1u << (f->sources[i].octets[15] - 1u);
	return set;
}

static void assert_merged(const struct mcr_join *const *joins, size_t n, enum mcr_filter_mode mode,
			  unsigned set)
{
	struct mcr_source_filter out;

	assert_int_equal(mcr_source_filter_merge(&out, joins, n), 0);
	assert_int_equal(out.mode, mode);
	assert_int_equal(as_set(&out), set);
	for (size_t i = 1; i < out.n; i++)
		assert_true(memcmp(&out.sources[i], &out.sources[i - 1], sizeof(*out.sources)) > 0);
	free((void *)out.sources);
}

/* H-SC-1: the example of the table: EX{a,b}, EX{b,c}, IN{b} -> EX{}. */
static void the_filters_of_several_subscribers_become_one(void **state)
{
	struct mcr_address sources[3][UNIVERSE];
	const struct mcr_join ab = join_of(MCR_FILTER_EXCLUDE, 3, sources[0]),
			      bc = join_of(MCR_FILTER_EXCLUDE, 6, sources[1]),
			      b = join_of(MCR_FILTER_INCLUDE, 2, sources[2]);
	const struct mcr_join *const joins[] = {&ab, &bc, &b};

	assert_merged(NULL, 0, MCR_FILTER_INCLUDE, 0);
	assert_merged(joins, 1, MCR_FILTER_EXCLUDE, 3);
	assert_merged(joins, 2, MCR_FILTER_EXCLUDE, 2);
	assert_merged(joins, 3, MCR_FILTER_EXCLUDE, 0);
	assert_merged(joins + 2, 1, MCR_FILTER_INCLUDE, 2);
}

/* H-SC-1: a packet passes the merged filter iff it passes one of the three; all 4096 triples. */
static void a_source_passes_the_merged_filter_iff_a_subscriber_wants_it(void **state)
{
	for (unsigned x = 0; x < 4096; x++) {
		struct mcr_address sources[3][UNIVERSE];
		const struct mcr_join *pointers[3];
		struct mcr_join joins[3];
		struct mcr_source_filter out;

		for (unsigned i = 0; i < 3; i++) {
			unsigned bits = x >> 4 * i & 15;

			joins[i] = join_of(bits & 8 ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE,
					   bits & 7, sources[i]);
			pointers[i] = &joins[i];
		}
		assert_int_equal(mcr_source_filter_merge(&out, pointers, 3), 0);
		for (unsigned source = 0; source <= UNIVERSE; source++) { /* one of them unnamed */
			int wanted = 0;

			for (unsigned i = 0; i < 3; i++)
				wanted |= ((x >> 4 * i & 7) >> source & 1) ==
					  (joins[i].mode == MCR_FILTER_INCLUDE);
			assert_int_equal((as_set(&out) >> source & 1) ==
					     (out.mode == MCR_FILTER_INCLUDE),
					 wanted);
		}
		free((void *)out.sources);
	}
}

/* Half of them include, half exclude, and no list looks like another. */
static double merge_many(void *ctx, size_t n)
{
	const struct mcr_join **pointers = calloc(n, sizeof(*pointers));
	struct mcr_join *joins = calloc(n, sizeof(*joins));
	struct mcr_address *sources = calloc(n, sizeof(*sources));
	struct mcr_source_filter out;
	double begin, end;

	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		sources[i] = mcr_address_from_ipv4(htonl(0x0a000000 + (uint32_t)i));
		joins[i] =
		    (struct mcr_join){.mode = i < n / 2 ? MCR_FILTER_INCLUDE : MCR_FILTER_EXCLUDE,
				      .sources = &sources[i],
				      .n_sources = 1};
		pointers[i] = &joins[i];
	}
	begin = growth_cpu_ms();
	assert_int_equal(mcr_source_filter_merge(&out, pointers, n), 0);
	end = growth_cpu_ms();
	assert_int_equal(out.mode, MCR_FILTER_EXCLUDE);
	assert_int_equal(out.n, 0); /* no two of them block the same source */
	free(pointers);
	free(joins);
	free(sources);
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
