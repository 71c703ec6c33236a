/* SPDX-License-Identifier: BSD-3-Clause */
/* One thread plays both sides: what the ring takes, keeps and gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/handover.h"

static void *item(uintptr_t n)
{
	return (void *)n;
}

static uint32_t put_from(struct mcr_handover *ring, uintptr_t first, uint32_t n)
{
	void *items[64];

	for (uint32_t i = 0; i < n; i++)
		items[i] = item(first + i);
	return mcr_handover_put(ring, items, n);
}

/* What is there is first, first + 1 ... */
static uint32_t look_for(struct mcr_handover *ring, uintptr_t first, uint32_t max)
{
	void *items[64];
	uint32_t n = mcr_handover_look(ring, items, max);

	for (uint32_t i = 0; i < n; i++)
		assert_ptr_equal(items[i], item(first + i));
	return n;
}

static void what_is_put_in_comes_out_in_order(void **state)
{
	struct mcr_handover *ring;

	(void)state;
	assert_int_equal(mcr_handover_create(&ring, 8), 0);
	for (uintptr_t in = 1, out = 1; in < 1000;) {
		in += put_from(ring, in, in % 5);
		assert_int_equal(look_for(ring, out, 64), in - out);
		mcr_handover_take(ring, (uint32_t)(in - out));
		out = in;
	}
	mcr_handover_destroy(ring);
}

static void a_full_ring_takes_what_it_has_room_for(void **state)
{
	struct mcr_handover *ring;

	(void)state;
	for (uint32_t n = 1; n <= 32; n *= 2) {
		assert_int_equal(mcr_handover_create(&ring, n), 0);
		assert_int_equal(put_from(ring, 1, n + 1), n);
		assert_int_equal(put_from(ring, 99, 1), 0);
		assert_int_equal(look_for(ring, 1, 1), 1);
		mcr_handover_take(ring, 1);
		assert_int_equal(put_from(ring, n + 1, 2), 1);
		assert_int_equal(look_for(ring, 2, 64), n);
		mcr_handover_destroy(ring);
	}
}

static void what_is_looked_at_stays_until_it_is_taken(void **state)
{
	struct mcr_handover *ring;

	(void)state;
	assert_int_equal(mcr_handover_create(&ring, 8), 0);
	assert_int_equal(look_for(ring, 1, 8), 0);
	assert_int_equal(put_from(ring, 1, 6), 6);
	assert_int_equal(look_for(ring, 1, 4), 4);
	assert_int_equal(look_for(ring, 1, 4), 4);
	mcr_handover_take(ring, 3);
	assert_int_equal(look_for(ring, 4, 8), 3);
	mcr_handover_take(ring, 0);
	assert_int_equal(look_for(ring, 4, 2), 2);
	mcr_handover_take(ring, 3);
	assert_int_equal(look_for(ring, 7, 8), 0);
	mcr_handover_destroy(ring);
}

/* 2^32 pointers would take a while. */
static void the_counts_may_wrap_around(void **state)
{
	struct mcr_handover *ring;

	(void)state;
	assert_int_equal(mcr_handover_create(&ring, 4), 0);
	ring->put = ring->taken = ring->put_seen = ring->taken_seen = UINT32_MAX - 5;
	for (uintptr_t i = 1; i < 40; i += 3) {
		assert_int_equal(put_from(ring, i, 3), 3);
		assert_int_equal(put_from(ring, 99, 0), 0);
		assert_int_equal(look_for(ring, i, 64), 3);
		mcr_handover_take(ring, 3);
	}
	assert_int_equal(put_from(ring, 1, 64), 4);
	assert_int_equal(put_from(ring, 5, 1), 0);
	mcr_handover_destroy(ring);
}

static void each_side_has_cache_lines_of_its_own(void **state)
{
	(void)state;
	assert_true(offsetof(struct mcr_handover, taken) / 64 >
		    offsetof(struct mcr_handover, taken_seen) / 64);
	assert_true(offsetof(struct mcr_handover, mask) / 64 >
		    offsetof(struct mcr_handover, put_seen) / 64);
	mcr_handover_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_put_in_comes_out_in_order),
	    cmocka_unit_test(a_full_ring_takes_what_it_has_room_for),
	    cmocka_unit_test(what_is_looked_at_stays_until_it_is_taken),
	    cmocka_unit_test(the_counts_may_wrap_around),
	    cmocka_unit_test(each_side_has_cache_lines_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
