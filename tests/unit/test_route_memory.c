/* SPDX-License-Identifier: BSD-3-Clause */
/* Without memory a route stays as it is, nothing that was noted is lost, and who asks is told. */
#include "route_rig.h"

#include "core/route/route_rpf.h"

#define MANY 70u /* so many that the index grows */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static unsigned until_failure; /* allocations; 0 = none fails */
static size_t most;            /* members of one allocation */

static int fails(void)
{
	return until_failure && --until_failure == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	most = n > most ? n : most;
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

static struct mcr_address many_group(unsigned i)
{
	return rig_ipv4(0xef020000u + (i << 8) + i % RIG_GROUPS);
}

/* What all want of the groups whose number ends so. Returns how many calls failed: all is noted in
 * the end. */
static unsigned note_all(struct rig *r)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < MANY; i++)
		if (mcr_route_set_note(r->set, many_group(i)) != 0) {
			failed++;
			assert_true(mcr_route_set_is_noted(r->set));
		}
	return failed;
}

/* As the engine does: what failed is noted again and asked again. Returns how often that was. */
static unsigned settle(struct rig *r, unsigned expected)
{
	unsigned failed = note_all(r);
	int changed = 0, ret;

	for (unsigned again = failed > 0; mcr_route_set_is_noted(r->set); again = ret < 0) {
		if (again)
			assert_int_equal(note_all(r), 0);
		ret = mcr_route_set_update(r->set, 7);
		failed += ret < 0;
		changed += ret < 0 ? 0 : ret;
	}
	assert_int_equal(changed, expected);
	return failed;
}

static void assert_all(const struct rig *r, unsigned proxied)
{
	for (unsigned i = 0; i < MANY; i++) {
		struct mcr_source_filter f;

		mcr_route_set_proxied(r->set, many_group(i), &f);
		assert_int_equal(f.mode == MCR_FILTER_INCLUDE, proxied >> 8);
		assert_int_equal(f.n, __builtin_popcount(proxied & 7));
	}
}

static void want_all(struct rig *r, unsigned interface, unsigned wants)
{
	for (unsigned g = 0; g < RIG_GROUPS; g++)
		r->wants[interface][g] = wants;
}

static unsigned take_all(struct rig *r)
{
	struct mcr_address g;
	unsigned n = 0;

	while (mcr_route_set_take_proxied(r->set, &g))
		n++;
	return n;
}

/* Once through all that allocates, with one failure. Returns 1 if there was one. */
static unsigned live(struct rig *r)
{
	struct mcr_route_table *t = NULL;
	unsigned failed = 0;

	want_all(r, 1, EXCLUDES(0x3));
	failed += settle(r, MANY);
	assert_all(r, EXCLUDES(0x3));
	assert_int_equal(take_all(r), MANY);
	want_all(r, 2, INCLUDES(0x1));
	failed += settle(r, MANY);
	assert_all(r, EXCLUDES(0x2));
	assert_int_equal(take_all(r), MANY);
	if (mcr_route_table_create(&t, r->set, NULL, NULL) != 0) {
		failed++;
		assert_null(t);
		assert_int_equal(mcr_route_table_create(&t, r->set, NULL, NULL), 0);
	}
	assert_non_null(mcr_route_find(t, mcr_route_address_of(many_group(MANY - 1))));
	mcr_route_table_destroy(t);
	want_all(r, 1, NOTHING);
	failed += settle(r, MANY);
	assert_all(r, INCLUDES(0x1));
	want_all(r, 2, NOTHING);
	failed += settle(r, MANY);
	assert_all(r, NOTHING);
	assert_int_equal(take_all(r), MANY);
	assert_int_equal(mcr_route_set_groups(r->set), 0);
	return failed;
}

static void each_allocation_may_fail(void **state)
{
	unsigned failures = 0;

	for (unsigned k = 1; k == 1 || until_failure == 0; k++) {
		unsigned failed;
		struct rig r;

		until_failure = 0;
		rig_begin(&r);
		rig_create(&r);
		until_failure = k;
		failed = live(&r);
		assert_true(failed == (until_failure == 0) || failed == 2 * (until_failure == 0));
		failures += failed > 0;
		rig_end(&r);
	}
	assert_true(failures > 3 * MANY);
}

static void without_memory_there_is_no_set(void **state)
{
	for (unsigned k = 1; k == 1 || until_failure == 0; k++) {
		struct mcr_route_set *set = NULL;
		struct rig r;

		rig_begin(&r);
		for (unsigned i = 0; i < 3; i++)
			r.configs[1].static_groups[i].group = rig_group(&r, i);
		r.configs[1].n_static_groups = 3;
		until_failure = k;
		if (mcr_route_set_create(&set, r.configs, RIG_INTERFACES, rig_wants, &r, 1) == 0) {
			assert_true(k > 6 && until_failure > 0);
			mcr_route_set_destroy(set);
		} else {
			assert_null(set);
		}
	}
	until_failure = 0;
	mcr_route_set_destroy(NULL);
	mcr_route_table_destroy(NULL);
}

/* A LAN on which groups come and go all the time takes no more memory than it has groups. */
static void groups_that_have_ended_leave_nothing_behind(void **state)
{
	struct rig r;

	rig_begin(&r);
	rig_create(&r);
	most = 0;
	for (unsigned i = 0; i < 10 * MANY; i++) {
		r.wants[1][many_group(i).octets[15]] = ANY;
		assert_int_equal(mcr_route_set_note(r.set, many_group(i)), 0);
		assert_int_equal(rig_update(&r), 1);
		r.wants[1][many_group(i).octets[15]] = NOTHING;
		assert_int_equal(mcr_route_set_note(r.set, many_group(i)), 0);
		assert_int_equal(rig_update(&r), 1);
		assert_int_equal(take_all(&r), 1);
	}
	assert_true(most > 1 && most < MANY);
	rig_end(&r);
}

static void without_memory_there_are_no_reverse_paths(void **state)
{
	static const struct mcr_interface_config configs[2] = {{.role = MCR_RELAY_UPSTREAM},
							       {.role = MCR_RELAY_DOWNSTREAM}};
	static const struct mcr_interface_config *const pointers[2] = {&configs[0], &configs[1]};

	for (unsigned k = 1; k < 3; k++) {
		struct mcr_route_rpf rpf = {.n_own = 77};

		until_failure = k;
		assert_true(mcr_route_rpf_make(&rpf, 0, pointers, 2) < 0);
		assert_int_equal(until_failure, 0);
		assert_int_equal(rpf.n_own, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_allocation_may_fail),
	    cmocka_unit_test(without_memory_there_is_no_set),
	    cmocka_unit_test(groups_that_have_ended_leave_nothing_behind),
	    cmocka_unit_test(without_memory_there_are_no_reverse_paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
