/* SPDX-License-Identifier: BSD-3-Clause */
#include "route_rig.h"

#include "core/address.h"

/* F-1, F-14, F-18, P-18 */
static void a_packet_goes_to_members_and_from_downstream_also_upstream(void **state)
{
	struct mcr_route_table *t;
	struct rig r;

	rig_begin(&r);
	rig_create(&r);
	rig_want(&r, 1, 3, ANY);
	rig_want(&r, 2, 3, INCLUDES(0x2));
	assert_int_equal(mcr_route_set_update(r.set, 8), 1);
	t = rig_table(&r);
	assert_int_equal(rig_outputs(&r, t, 0, 3, 0), BIT(1));
	assert_int_equal(rig_outputs(&r, t, 0, 3, 1), BIT(1) | BIT(2));
	assert_int_equal(rig_outputs(&r, t, 1, 3, 1), BIT(0) | BIT(2));
	assert_int_equal(rig_outputs(&r, t, 3, 3, 0), BIT(0) | BIT(1));
	assert_int_equal(rig_outputs(&r, t, 0, 4, 0), 0);
	assert_int_equal(rig_outputs(&r, t, 1, 4, 0), BIT(0));
	mcr_route_table_destroy(t);
	rig_end(&r);
}

/* Interfaces whose packets this host may want, by group. */
static uint64_t rings_of(const void *ctx, struct mcr_address group)
{
	unsigned *asked = *(unsigned *const *)ctx;

	asked[group.octets[15]]++;
	return group.octets[15] == 3 ? BIT(0) | BIT(2) : 0;
}

static void a_route_says_who_on_this_host_may_want_the_packet(void **state)
{
	unsigned asked[RIG_GROUPS] = {0}, *ctx = asked;
	struct mcr_route_table *t;
	struct rig r;

	rig_begin(&r);
	rig_create(&r);
	rig_want(&r, 1, 3, ANY);
	rig_want(&r, 1, 4, INCLUDES(0x1));
	rig_want(&r, 1, 5, NOTHING);
	assert_int_equal(rig_update(&r), 2);
	assert_int_equal(mcr_route_table_create(&t, r.set, rings_of, &ctx), 0);
	for (unsigned g = 0; g < RIG_GROUPS; g++) {
		assert_int_equal(asked[g], g == 3 || g == 4);
		for (unsigned in = 0; in < RIG_INTERFACES; in++) {
			int rings = -1;

			mcr_route_outputs(t, in, mcr_route_address_of(rig_group(&r, g)),
					  mcr_route_address_of(rig_source(&r, 0)), &rings);
			assert_int_equal(rings, g == 3 ? in == 0 || in == 2 : g != 4);
		}
	}
	mcr_route_table_destroy(t);
	rig_end(&r);
}

/* ---- many sources, many groups ---- */

struct many {
	struct mcr_route_set *set;
	struct mcr_address sources[200];
	size_t n;
	int is_ipv6;
};

/* Interface 1 wants them, interface 2 any but them. */
static void many_wants(void *ctx, unsigned interface, struct mcr_address group,
		       struct mcr_source_filter *out)
{
	const struct many *m = ctx;

	*out = (struct mcr_source_filter){interface == 1 ? MCR_FILTER_INCLUDE : MCR_FILTER_EXCLUDE,
					  m->sources, m->n};
}

static void many_begin(struct many *m, uint64_t seed)
{
	static const struct mcr_interface_config configs[3] = {
	    {.role = MCR_RELAY_UPSTREAM},
	    {.role = MCR_RELAY_DOWNSTREAM},
	    {.role = MCR_RELAY_DOWNSTREAM},
	};

	assert_int_equal(mcr_route_set_create(&m->set, configs, 3, many_wants, m, seed), 0);
}

/* Every third address, so that its neighbours on either side are not listed. */
static struct mcr_address third(const struct many *m, uint32_t i)
{
	struct mcr_address a = {
	    {0x20, 0x01, [7] = (uint8_t)(i >> 6), [15] = (uint8_t)(i % 64 * 3 + 1)}};

	return m->is_ipv6 ? a : rig_ipv4(0x0a0000fdu + 3 * i);
}

static void assert_goes(const struct mcr_route_table *t, struct mcr_address source,
			uint64_t outputs)
{
	int rings;

	assert_int_equal(mcr_route_outputs(t, 0, mcr_route_address_of(rig_ipv4(0xef010101u)),
					   mcr_route_address_of(source), &rings),
			 outputs);
}

/* Addresses are looked for in the order of their numbers, whatever the machine's. */
static void each_of_many_sources_is_found_and_none_beside_them(void **state)
{
	struct many m = {0};
	struct mcr_route_table *t;

	for (m.is_ipv6 = 0; m.is_ipv6 < 2; m.is_ipv6++)
		for (m.n = 0; m.n <= 200; m.n += m.n < 20 ? 1 : 36) {
			for (uint32_t i = 0; i < m.n; i++)
				m.sources[i] = third(&m, i);
			many_begin(&m, 1);
			assert_int_equal(mcr_route_set_note(m.set, rig_ipv4(0xef010101u)), 0);
			assert_int_equal(mcr_route_set_update(m.set, 1), 1);
			assert_int_equal(mcr_route_table_create(&t, m.set, NULL, NULL), 0);
			for (uint32_t i = 0; i < m.n; i++) {
				assert_goes(t, m.sources[i], BIT(1));
				assert_goes(t, mcr_address_plus(m.sources[i], 1), BIT(2));
				assert_goes(t, mcr_address_plus(m.sources[i], UINT32_MAX), BIT(2));
			}
			assert_goes(t, rig_ipv4(0x01000001u), BIT(2));
			mcr_route_table_destroy(t);
			mcr_route_set_destroy(m.set);
		}
}

enum pattern {
	ROW,
	STEPS,
	RANDOM,
	ROW_IPV6,
	UPPER_IPV6,
	PATTERNS
};

static struct mcr_address pattern_group(enum pattern pattern, uint32_t i)
{
	struct mcr_address a = {{0xff, 0x15}};

	switch (pattern) {
	case ROW:
		return rig_ipv4(0xef000000u + i);
	case STEPS:
		return rig_ipv4(0xe1000000u + (i << 8));
	case RANDOM:
		return rig_ipv4(0xe1000000u | (i * 2654435761u & 0x7ffffff));
	case ROW_IPV6:
		memcpy(a.octets + 12, &i, 4);
		return a;
	default:
		memcpy(a.octets + 3, &i, 4);
		return a;
	}
}

/* How many entries the lookups of all groups look at. */
static size_t looks(const struct mcr_route_table *t, enum pattern pattern, uint32_t n)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct mcr_route_address g = mcr_route_address_of(pattern_group(pattern, i));
		const struct mcr_route *r = mcr_route_find(t, g);

		assert_non_null(r);
		assert_true(mcr_route_address_same(r->group, g));
		assert_int_equal(r->any, BIT(2));
		sum += ((size_t)(r - mcr_route_first_look(t, g)) & t->mask) + 1;
	}
	return sum;
}

static void each_of_many_groups_is_found_soon(void **state)
{
	static const uint32_t sizes[] = {1, 2, 3, 100, 1024, 4096};

	for (unsigned x = 0; x < PATTERNS * 6; x++) {
		const enum pattern pattern = (enum pattern)(x % PATTERNS);
		const uint32_t n = sizes[x / PATTERNS];

		for (uint64_t seed = 0; seed < 20; seed++) {
			struct mcr_route_table *t;
			struct many m = {0};

			many_begin(&m, seed);
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(
				    mcr_route_set_note(m.set, pattern_group(pattern, i)), 0);
			assert_int_equal(mcr_route_set_update(m.set, SIZE_MAX), n);
			assert_int_equal(mcr_route_set_groups(m.set), n);
			assert_int_equal(mcr_route_table_create(&t, m.set, NULL, NULL), 0);
			assert_true(looks(t, pattern, n) <= 2 * n + 16);
			assert_null(
			    mcr_route_find(t, mcr_route_address_of(pattern_group(pattern, n))));
			mcr_route_table_destroy(t);
			mcr_route_set_destroy(m.set);
		}
	}
}

/* Who knows one table's chains knows nothing of another's. */
static void the_seed_decides_where_a_group_stands(void **state)
{
	uint32_t places[2][64];
	unsigned same = 0;

	for (uint64_t seed = 0; seed < 2; seed++) {
		struct mcr_route_table *t;
		struct many m = {0};

		many_begin(&m, seed);
		for (uint32_t i = 0; i < 64; i++)
			assert_int_equal(mcr_route_set_note(m.set, pattern_group(ROW, i)), 0);
		assert_int_equal(mcr_route_set_update(m.set, SIZE_MAX), 64);
		assert_int_equal(mcr_route_table_create(&t, m.set, NULL, NULL), 0);
		for (uint32_t i = 0; i < 64; i++)
			places[seed][i] =
			    mcr_route_hash(t, mcr_route_address_of(pattern_group(ROW, i)));
		mcr_route_table_destroy(t);
		mcr_route_set_destroy(m.set);
	}
	for (uint32_t i = 0; i < 64; i++)
		same += places[0][i] == places[1][i];
	assert_true(same < 8); /* 128 places: half a group, if by chance */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_packet_goes_to_members_and_from_downstream_also_upstream),
	    cmocka_unit_test(a_route_says_who_on_this_host_may_want_the_packet),
	    cmocka_unit_test(each_of_many_sources_is_found_and_none_beside_them),
	    cmocka_unit_test(each_of_many_groups_is_found_soon),
	    cmocka_unit_test(the_seed_decides_where_a_group_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
