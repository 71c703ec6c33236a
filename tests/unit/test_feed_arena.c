/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/rng.h"
#include "feed/arena.h"

#define BLOCKS 512

struct block {
	uint8_t *data;
	uint64_t handle;
	size_t len;
	uint8_t octet;
};

static void expect_whole(const struct block *b)
{
	for (size_t i = 0; i < b->len; i++)
		assert_int_equal(b->data[i], b->octet);
}

/* Blocks of any length, taken and given back in any order, keep what was put into them. */
static void blocks_do_not_touch_each_other(void **state)
{
	static struct block blocks[BLOCKS];
	struct mcr_feed_arena a;
	struct mcr_rng rng;
	unsigned taken = 0, refused = 0;

	mcr_rng_seed(&rng, 7);
	assert_int_equal(mcr_feed_arena_create(&a, 256 * 1024), 0);
	for (int round = 0; round < 200000; round++) {
		struct block *b = &blocks[mcr_rng_next(&rng) % BLOCKS];

		if (b->data) {
			expect_whole(b);
			mcr_feed_arena_give(&a, b->handle);
			b->data = NULL;
			continue;
		}
		b->len = mcr_rng_next(&rng) % (round % 10 == 0 ? 9000 : 1500);
		b->data = mcr_feed_arena_take(&a, b->len, &b->handle);
		if (!b->data) {
			refused++;
			continue;
		}
		taken++;
		assert_int_not_equal(b->handle, 0);
		assert_int_equal((uintptr_t)b->data % 8, 0);
		b->octet = (uint8_t)mcr_rng_next(&rng);
		memset(b->data, b->octet, b->len);
	}
	assert_true(taken > 10000 && refused > 1000);
	for (unsigned i = 0; i < BLOCKS; i++)
		if (blocks[i].data)
			mcr_feed_arena_give(&a, blocks[i].handle);
	assert_int_equal(a.n_free, a.n_units);
	mcr_feed_arena_destroy(&a);
}

static void all_of_it_can_be_taken(void **state)
{
	struct mcr_feed_arena a;
	uint64_t handles[1000], handle;

	assert_int_equal(mcr_feed_arena_create(&a, 1000 * MCR_FEED_ARENA_UNIT), 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_non_null(mcr_feed_arena_take(&a, MCR_FEED_ARENA_UNIT - 8, &handles[i]));
	assert_null(mcr_feed_arena_take(&a, 0, &handle));
	for (unsigned i = 0; i < 1000; i += 2)
		mcr_feed_arena_give(&a, handles[i]);
	assert_null(mcr_feed_arena_take(&a, MCR_FEED_ARENA_UNIT, &handle)); /* needs two */
	mcr_feed_arena_give(&a, handles[999]);
	assert_non_null(mcr_feed_arena_take(&a, MCR_FEED_ARENA_UNIT, &handle));
	mcr_feed_arena_destroy(&a);
	assert_int_equal(mcr_feed_arena_create(&a, 0), 0);
	assert_non_null(mcr_feed_arena_take(&a, 5, &handle));
	mcr_feed_arena_destroy(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blocks_do_not_touch_each_other),
	    cmocka_unit_test(all_of_it_can_be_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
