/* SPDX-License-Identifier: BSD-3-Clause */
/* A hostile LAN: thousands of groups, each with as many sources as a querier takes. */
#include "route_rig.h"

#include "growth.h"

#define MANY_SOURCES 128u

struct many {
	struct mcr_route_set *set;
	unsigned asked;
	struct mcr_address sources[MANY_SOURCES + 1];
	size_t first; /* of the sources that are wanted */
};

static void many_wants(void *ctx, unsigned interface, struct mcr_address group,
		       struct mcr_source_filter *out)
{
	struct many *m = ctx;

	m->asked++;
	*out = (struct mcr_source_filter){MCR_FILTER_INCLUDE, m->sources + m->first, MANY_SOURCES};
}

static void many_begin(struct many *m)
{
	static struct mcr_interface_config configs[3] = {{.role = MCR_RELAY_UPSTREAM},
							 {.role = MCR_RELAY_DOWNSTREAM},
							 {.role = MCR_RELAY_DOWNSTREAM}};

	*m = (struct many){0};
	for (unsigned i = 0; i <= MANY_SOURCES; i++)
		m->sources[i] = rig_ipv4(0x0a000001u + i);
	assert_int_equal(mcr_route_set_create(&m->set, configs, 3, many_wants, m, 1), 0);
}

static void many_note(struct many *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(mcr_route_set_note(m->set, rig_ipv4(0xe1000000u + (uint32_t)i)),
				 0);
}

/* All groups become others, are told, and end. */
static double change_many(void *ctx, size_t n)
{
	struct mcr_address g;
	struct many m;
	double begin;

	many_begin(&m);
	many_note(&m, n);
	assert_int_equal(mcr_route_set_update(m.set, SIZE_MAX), n);
	begin = growth_cpu_ms();
	m.first = 1;
	many_note(&m, n);
	assert_int_equal(mcr_route_set_update(m.set, SIZE_MAX), n);
	while (mcr_route_set_take_proxied(m.set, &g))
		;
	begin = growth_cpu_ms() - begin;
	mcr_route_set_destroy(m.set);
	return begin;
}

static double snapshot_many(void *ctx, size_t n)
{
	struct mcr_route_table *t;
	struct many m;
	double begin;

	many_begin(&m);
	many_note(&m, n);
	assert_int_equal(mcr_route_set_update(m.set, SIZE_MAX), n);
	begin = growth_cpu_ms();
	assert_int_equal(mcr_route_table_create(&t, m.set, NULL, NULL), 0);
	begin = growth_cpu_ms() - begin;
	mcr_route_table_destroy(t);
	mcr_route_set_destroy(m.set);
	return begin;
}

static void a_change_asks_about_its_group_only(void **state)
{
	struct many m;

	many_begin(&m);
	many_note(&m, 16384);
	assert_int_equal(mcr_route_set_update(m.set, SIZE_MAX), 16384);
	m.asked = 0;
	m.first = 1;
	many_note(&m, 1);
	assert_int_equal(mcr_route_set_update(m.set, SIZE_MAX), 1);
	assert_int_equal(m.asked, 2);
	mcr_route_set_destroy(m.set);
}

static void thousands_of_groups_cost_no_more_than_their_sources(void **state)
{
	assert_growth_is_gentle(change_many, NULL, 8192);
	assert_growth_is_gentle(snapshot_many, NULL, 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_change_asks_about_its_group_only),
	    cmocka_unit_test(thousands_of_groups_cost_no_more_than_their_sources),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
