/* SPDX-License-Identifier: BSD-3-Clause */
/* Joins as an application sees them: whose the sources are, and how it gets all of them. */
#include "rig.h"

static int set_up(void **state)
{
	(void)state;
	rig_eal_init_rings(1);
	return 0;
}

static struct mcr_join including(const struct mcr_address *sources, uint32_t n, uint16_t port)
{
	struct mcr_join join = rig_join("232.1.1.1", port);

	join.mode = MCR_FILTER_INCLUDE;
	join.sources = sources;
	join.n_sources = n;
	return join;
}

static void the_engine_keeps_a_copy_of_the_sources_and_shows_it(struct mcr_engine *e)
{
	struct mcr_address sources[2] = {rig_address("10.0.0.9"), rig_address("10.0.0.8")};
	struct mcr_join join = including(sources, 2, 5000), shown;
	struct mcr_join_list kept = {0};

	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	memset(sources, 0xee, sizeof(sources));
	assert_int_equal(mcr_engine_join_info(e, 0, &shown), 0);
	assert_int_equal(shown.n_sources, 2);
	assert_true(mcr_address_is_equal(shown.sources[0], rig_address("10.0.0.8")));
	assert_true(mcr_address_is_equal(shown.sources[1], rig_address("10.0.0.9")));
	/* What the engine shows may be given back to it, both ways in one change. */
	assert_int_equal(mcr_join_list_add(&kept, &shown), 0);
	assert_int_equal(mcr_engine_update(e, &shown, 1, &shown, 1, NULL), 0);
	assert_int_equal(mcr_engine_join_info(e, 0, &shown), 0);
	assert_true(mcr_join_equal(&shown, &kept.items[0]));
	assert_int_equal(mcr_engine_leave(e, &shown, NULL), 0);
	assert_int_equal(mcr_engine_join_info(e, 0, &shown), -ENOENT);
	assert_int_equal(kept.items[0].n_sources, 2);
	mcr_join_list_clear(&kept);
}

static void a_group_has_more_sources_than_one_join(struct mcr_engine *e)
{
	struct mcr_address sources[2 * MCR_JOIN_SOURCES_MAX], got[2 * MCR_JOIN_SOURCES_MAX] = {0};
	struct mcr_join joins[2];
	struct mcr_group_info info = {.size = sizeof(info)};
	const int all = 2 * MCR_JOIN_SOURCES_MAX;

	for (int i = 0; i < all; i++) {
		sources[i] = rig_address("10.0.0.0");
		sources[i].octets[15] = (uint8_t)(i + 1);
	}
	joins[0] = including(sources + MCR_JOIN_SOURCES_MAX, MCR_JOIN_SOURCES_MAX, 5000);
	joins[1] = including(sources, MCR_JOIN_SOURCES_MAX, 5001);
	assert_int_equal(mcr_engine_update(e, NULL, 0, joins, 2, NULL), 0);
	assert_int_equal(mcr_engine_group_info(e, 0, &info), 0);
	assert_int_equal(info.n_sources, all);
	assert_int_equal(mcr_engine_group_sources(e, 0, NULL, 0), all);
	assert_int_equal(mcr_engine_group_sources(e, 0, got, 3), all);
	assert_memory_equal(got, sources, 3 * sizeof(*got));
	assert_true(mcr_address_is_none(got[3]));
	assert_int_equal(mcr_engine_group_sources(e, 0, got, (size_t)all), all);
	assert_memory_equal(got, sources, sizeof(got));
	assert_int_equal(mcr_engine_group_sources(e, 1, got, 1), -ENOENT);
}

static void the_sources_of_joins_are_copied_and_all_of_a_group_can_be_had(void **state)
{
	struct mcr_engine *e = rig_start("net_ring0");

	(void)state;
	the_engine_keeps_a_copy_of_the_sources_and_shows_it(e);
	a_group_has_more_sources_than_one_join(e);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_sources_of_joins_are_copied_and_all_of_a_group_can_be_had),
	};

	return cmocka_run_group_tests(tests, set_up, rig_eal_cleanup);
}
