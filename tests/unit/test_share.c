/* SPDX-License-Identifier: BSD-3-Clause */
/* What a consumer and its cursors have in common, without them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "client/share.h"

static struct mcr_client_map *add(struct mcr_client_share *s)
{
	struct mcr_attachment a = {.socket = -1, .n_rings = 1};
	struct mcr_client_map *map;

	a.rings[0].len = 4096;
	a.rings[0].mem = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map = mcr_client_map_add(s, &a);
	assert_non_null(map);
	s->now = map;
	return map;
}

/* Who comes by a pointer that is out of date must find that out. */
static void nobody_enters_a_map_that_everybody_left(void **state)
{
	struct mcr_client_share *s = calloc(1, sizeof(*s));
	struct mcr_client_map *map;

	s->users = 1;
	assert_null(mcr_client_map_enter(s));
	map = add(s);
	assert_ptr_equal(mcr_client_map_enter(s), map);
	mcr_client_map_leave(map);
	assert_int_equal(map->mapped.n_rings, 1);
	mcr_client_map_leave(map);
	assert_int_equal(map->mapped.n_rings, 0);
	assert_null(mcr_client_map_enter(s));
	mcr_client_share_leave(s);
}

static void what_was_left_is_used_again(void **state)
{
	struct mcr_client_share *s = calloc(1, sizeof(*s));
	struct mcr_client_map *first, *second;
	struct mcr_client_seat *seat, *other;

	s->users = 2;
	first = add(s);
	second = add(s);
	assert_ptr_not_equal(first, second);
	mcr_client_map_end(first, 1);
	mcr_client_map_leave(first);
	assert_ptr_equal(add(s), first);
	assert_int_equal(mcr_client_map_is_over(first), 0);
	seat = mcr_client_seat_take(s);
	other = mcr_client_seat_take(s);
	assert_ptr_not_equal(seat, other);
	mcr_client_give_back(&seat->lasting);
	assert_ptr_equal(mcr_client_seat_take(s), seat);
	mcr_client_map_leave(first);
	mcr_client_map_leave(second);
	mcr_client_share_leave(s);
	mcr_client_share_leave(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nobody_enters_a_map_that_everybody_left),
	    cmocka_unit_test(what_was_left_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
