/* SPDX-License-Identifier: BSD-3-Clause */
/* The tree of spans against a plain list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/feed/span_tree.h"
#include "core/rng.h"

#define NODES 64u

static struct mcr_span pool[NODES];
static uint8_t is_in[NODES];

static int comes_before(uint32_t a, uint32_t b)
{
	if (pool[a].first != pool[b].first)
		return pool[a].first < pool[b].first;
	return pool[a].id != pool[b].id ? pool[a].id < pool[b].id : a < b;
}

static void expect(uint32_t root, uint64_t number)
{
	uint32_t first = MCR_SPAN_NONE, last = MCR_SPAN_NONE;
	uint32_t floor = MCR_SPAN_NONE, above = MCR_SPAN_NONE;
	uint64_t min_ns = UINT64_MAX;

	for (uint32_t n = 0; n < NODES; n++) {
		if (!is_in[n])
			continue;
		if (first == MCR_SPAN_NONE || comes_before(n, first))
			first = n;
		if (last == MCR_SPAN_NONE || comes_before(last, n))
			last = n;
		if (pool[n].first <= number && (floor == MCR_SPAN_NONE || comes_before(floor, n)))
			floor = n;
		if (pool[n].first > number && (above == MCR_SPAN_NONE || comes_before(n, above)))
			above = n;
		min_ns = pool[n].ns < min_ns ? pool[n].ns : min_ns;
	}
	assert_int_equal(mcr_span_first(pool, root), first);
	assert_int_equal(mcr_span_last(pool, root), last);
	assert_int_equal(mcr_span_floor(pool, root, number), floor);
	assert_int_equal(mcr_span_above(pool, root, number), above);
	if (root != MCR_SPAN_NONE)
		assert_int_equal(pool[root].min_ns, min_ns);
}

/* Depth, and that no node is above one of a higher priority. */
static unsigned depth(uint32_t root)
{
	if (root == MCR_SPAN_NONE)
		return 0;
	uint32_t sides[] = {pool[root].left, pool[root].right};
	unsigned most = 0;

	for (int i = 0; i < 2; i++) {
		if (sides[i] == MCR_SPAN_NONE)
			continue;
		assert_true(pool[sides[i]].priority <= pool[root].priority);
		unsigned below = depth(sides[i]);

		most = below > most ? below : most;
	}
	return most + 1;
}

static void any_order_of_changes_is_the_same_as_of_a_list(void **state)
{
	uint32_t root = MCR_SPAN_NONE;
	struct mcr_rng rng;

	(void)state;
	mcr_rng_seed(&rng, 1);
	for (int i = 0; i < 20000; i++) {
		uint32_t n = (uint32_t)(mcr_rng_next(&rng) % NODES);

		if (is_in[n]) {
			mcr_span_remove(pool, &root, n);
		} else {
			pool[n] = (struct mcr_span){.first = mcr_rng_next(&rng) % 40,
						    .ns = mcr_rng_next(&rng) % 1000,
						    .priority = (uint32_t)mcr_rng_next(&rng),
						    .id = (uint32_t)(mcr_rng_next(&rng) % 4)};
			mcr_span_insert(pool, &root, n);
		}
		is_in[n] = !is_in[n];
		expect(root, mcr_rng_next(&rng) % 42);
		assert_true(depth(root) < 30);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_order_of_changes_is_the_same_as_of_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
