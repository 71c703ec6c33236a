/* SPDX-License-Identifier: BSD-3-Clause */
/* Without memory a record is refused as beyond a limit, and what is there stays as it is. */
#include "members_rig.h"

#include <stdlib.h>

#define GROUPS 70u /* so many that the indexes grow */

void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static unsigned until_failure; /* allocations; 0 = none fails */

static int fails(void)
{
	return until_failure && --until_failure == 0;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

static void assert_filter(struct rig *r, uint8_t number, unsigned expected)
{
	r->group = rig_group(MCR_GMP_MLD, number);
	assert_int_equal(rig_filter(r), expected);
}

/* One record for each group. Returns how many were refused; these are repeated. */
static unsigned fill(struct rig *r, enum mcr_record type, unsigned set, unsigned expected)
{
	struct mcr_members_counts before, after;
	unsigned refused = 0;

	for (uint8_t i = 0; i < GROUPS; i++) {
		unsigned filter;

		r->group = rig_group(MCR_GMP_MLD, i);
		filter = rig_filter(r);
		mcr_members_get_counts(r->ms, &before);
		rig_record(r, type, 3, set);
		mcr_members_get_counts(r->ms, &after);
		if (after.refused_groups + after.refused_sources >
		    before.refused_groups + before.refused_sources) {
			refused++;
			assert_int_equal(rig_filter(r) & ~filter & ~expected, 0);
			if (i)
				assert_filter(r, (uint8_t)(i - 1), expected);
			r->group = rig_group(MCR_GMP_MLD, i);
			rig_record(r, type, 3, set);
		}
		assert_int_equal(rig_filter(r), expected);
	}
	return refused;
}

/* R-REP-10: each allocation fails once. */
static void each_allocation_may_fail(void **state)
{
	unsigned refused = 0;

	for (unsigned k = 1; k == 1 || until_failure == 0; k++) {
		struct mcr_members_counts counts;
		struct rig r;

		until_failure = 0;
		rig_begin_with(&r, MCR_GMP_MLD, GROUPS, 8, 1000);
		until_failure = k;
		refused += fill(&r, MCR_RECORD_ALLOW, 0x05, INCLUDES(0x05));
		refused += fill(&r, MCR_RECORD_IS_IN, 0xf0, INCLUDES(0xf5));
		for (uint8_t i = 0; i < GROUPS; i++)
			assert_filter(&r, i, INCLUDES(0xf5));
		fill(&r, MCR_RECORD_IS_EX, 0x08, EXCLUDES(0x08)); /* gives memory back */
		mcr_members_get_counts(r.ms, &counts);
		assert_int_equal(counts.groups, GROUPS);
		assert_int_equal(counts.sources, GROUPS);
		rig_at(&r, GMI);
		mcr_members_get_counts(r.ms, &counts);
		assert_int_equal(counts.groups + counts.sources, 0);
		rig_end(&r);
	}
	assert_true(refused > 3 * GROUPS);
}

static void without_memory_there_is_no_table(void **state)
{
	struct mcr_members_config cfg = {.wire = mcr_gmp_wire_of(MCR_GMP_IGMP)};
	struct mcr_members *ms = NULL;

	until_failure = 1;
	assert_true(mcr_members_create(&ms, &cfg) < 0);
	assert_null(ms);
	mcr_members_destroy(ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_allocation_may_fail),
	    cmocka_unit_test(without_memory_there_is_no_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
