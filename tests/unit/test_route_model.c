/* SPDX-License-Identifier: BSD-3-Clause */
/* Routes against what the filters say, source by source. */
#include "route_rig.h"

/* Whether an interface takes a source, by what it wants. */
static int takes(unsigned wants, unsigned source)
{
	return (wants >> source & 1) == (wants >> 8 & 1);
}

/* A filter over the three sources, by number. */
static unsigned filter_of(unsigned number)
{
	return (number & 7) | (number & 8) << 5;
}

/* What is proxied lets a source in if and only if a downstream interface takes it, and it is what
 * the host would make of the same filters as joins (RFC 9776 §3.2). */
static void assert_proxied(const struct rig *r, unsigned a, unsigned b)
{
	const unsigned proxied = rig_proxied(r, 3), wants[2] = {a, b};
	struct mcr_address sources[2][RIG_SOURCES];
	struct mcr_join joins[2];
	const struct mcr_join *const pointers[2] = {&joins[0], &joins[1]};
	struct mcr_source_filter merged, f;

	for (unsigned i = 0; i < 2; i++) {
		joins[i] = (struct mcr_join){.mode = wants[i] & 0x100u ? MCR_FILTER_INCLUDE
								       : MCR_FILTER_EXCLUDE,
					     .sources = sources[i]};
		for (unsigned s = 0; s < RIG_SOURCES; s++)
			if (wants[i] >> s & 1)
				sources[i][joins[i].n_sources++] = rig_source(r, s);
	}
	for (unsigned s = 0; s <= RIG_SOURCES; s++)
		assert_int_equal(takes(proxied, s), takes(a, s) || takes(b, s));
	mcr_route_set_proxied(r->set, rig_group(r, 3), &f);
	assert_int_equal(mcr_source_filter_merge(&merged, pointers, 2), 0);
	assert_int_equal(f.mode, merged.mode);
	assert_int_equal(f.n, merged.n);
	if (f.n > 0)
		assert_memory_equal(f.sources, merged.sources, f.n * sizeof(*f.sources));
	free((void *)merged.sources);
}

/* Interfaces 1 and 2 want a and b of group 3, interface 3 nothing. */
static void assert_outputs(const struct rig *r, unsigned a, unsigned b)
{
	struct mcr_route_table *t = rig_table(r);

	for (unsigned in = 0; in < RIG_INTERFACES; in++)
		for (unsigned s = 0; s <= RIG_SOURCES; s++)
			assert_int_equal(rig_outputs(r, t, in, 3, s),
					 ((takes(a, s) ? BIT(1) : 0) | (takes(b, s) ? BIT(2) : 0) |
					  BIT(RIG_UPSTREAM)) &
					     ~BIT(in));
	mcr_route_table_destroy(t);
}

static unsigned signature(const struct rig *r, unsigned a, unsigned b)
{
	unsigned bits = 0;

	for (unsigned s = 0; s <= RIG_SOURCES; s++)
		bits = bits << 2 | (unsigned)takes(a, s) << 1 | (unsigned)takes(b, s);
	return bits;
}

/* P-3, F-18: every pair of filters over three sources, after every other pair. */
static void each_change_of_two_filters_makes_the_route_that_they_say(void **state)
{
	struct rig r;

	for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
		unsigned before = signature(&r, NOTHING, NOTHING), told = NOTHING;

		rig_begin(&r);
		r.is_ipv6 = is_ipv6;
		rig_create(&r);
		for (unsigned x = 0; x < 65536; x++) {
			const unsigned pair = x & 1 ? x >> 8 : x & 255; /* each after each */
			const unsigned a = filter_of(pair & 15), b = filter_of(pair >> 4);

			rig_want(&r, 1, 3, a);
			rig_want(&r, 2, 3, b);
			assert_int_equal(rig_update(&r), signature(&r, a, b) != before);
			before = signature(&r, a, b);
			assert_proxied(&r, a, b);
			if (rig_proxied(&r, 3) != told)
				assert_taken(&r, 3);
			assert_none_taken(&r);
			told = rig_proxied(&r, 3);
			assert_outputs(&r, a, b);
			assert_int_equal(mcr_route_set_groups(r.set), before != 0);
			assert_int_equal(mcr_route_set_proxied_groups(r.set), before != 0);
		}
		rig_end(&r);
	}
}

/* static_groups: as if a member that never leaves were there. */
static void a_static_group_is_wanted_without_a_report(void **state)
{
	static const unsigned statics[3] = {ANY, INCLUDES(0x1), INCLUDES(0x5)};
	struct rig r;

	for (unsigned x = 0; x < 3 * 256; x++) {
		const unsigned a = filter_of(x & 15), b = filter_of(x >> 4 & 15),
			       more = statics[x >> 8];
		struct mcr_interface_config *c;
		unsigned both = 0;

		rig_begin(&r);
		c = &r.configs[1];
		for (unsigned s = RIG_SOURCES; more != ANY && s-- > 0;)
			for (unsigned twice = 0; more >> s & 1 && twice < 2; twice++)
				c->static_groups[c->n_static_groups++] =
				    (struct mcr_static_group){rig_group(&r, 3), rig_source(&r, s)};
		if (more == ANY)
			c->static_groups[c->n_static_groups++].group = rig_group(&r, 3);
		rig_create(&r);
		assert_true(mcr_route_set_is_noted(r.set));
		assert_int_equal(rig_update(&r), 1);
		assert_proxied(&r, more, NOTHING);
		assert_outputs(&r, more, NOTHING);
		assert_taken(&r, 3);
		rig_want(&r, 1, 3, a);
		rig_want(&r, 2, 3, b);
		assert_true(rig_update(&r) >= 0);
		for (unsigned s = 0; s < RIG_SOURCES; s++)
			both |= (unsigned)(takes(a, s) || takes(more, s)) << s;
		if (takes(a, RIG_SOURCES) || takes(more, RIG_SOURCES))
			both = EXCLUDES(~both & 7);
		else
			both = INCLUDES(both);
		assert_proxied(&r, both, b);
		assert_outputs(&r, both, b);
		rig_want(&r, 1, 3, NOTHING);
		rig_want(&r, 2, 3, NOTHING);
		assert_true(rig_update(&r) >= 0);
		assert_proxied(&r, more, NOTHING);
		mcr_route_set_remove(r.set, 1);
		assert_int_equal(rig_update(&r), 1);
		assert_proxied(&r, NOTHING, NOTHING);
		rig_end(&r);
	}
}

/* P-14: neither from there nor to there, nor is it told. */
static void a_scope_is_a_boundary_for_packets_and_for_the_proxy(void **state)
{
	struct rig r;

	for (unsigned closed = 0; closed < 1u << RIG_INTERFACES; closed++) {
		uint64_t open = 0;
		struct mcr_route_table *t;

		rig_begin(&r);
		for (unsigned i = 0; i < RIG_INTERFACES; i++) {
			r.configs[i].has_scopes = 1;
			if (!(closed >> i & 1)) {
				open |= BIT(i);
				continue;
			}
			r.configs[i].n_scopes = 1;
			r.configs[i].scopes[0] = (struct mcr_prefix){rig_ipv4(0xef010102), 31};
		}
		rig_create(&r);
		for (unsigned g = 0; g < 4; g++) { /* the third and fourth are in the scope */
			rig_want(&r, 1, g, ANY);
			if (g != 3)
				rig_want(&r, 2, g, INCLUDES(0x1));
		}
		assert_true(rig_update(&r) >= 2);
		t = rig_table(&r);
		for (unsigned in = 0; in < RIG_INTERFACES; in++)
			for (unsigned s = 0; s < 2; s++) {
				const uint64_t all = BIT(0) | BIT(1) | (s ? 0 : BIT(2));

				assert_int_equal(rig_outputs(&r, t, in, 1, s), all & ~BIT(in));
				assert_int_equal(rig_outputs(&r, t, in, 2, s),
						 open & BIT(in) ? all & open & ~BIT(in) : 0);
				/* No route, if interface 1 is closed. */
				assert_int_equal(
				    rig_outputs(&r, t, in, 3, s),
				    open & BIT(in) ? (BIT(0) | BIT(1)) & open & ~BIT(in) : 0);
			}
		mcr_route_table_destroy(t);
		assert_int_equal(rig_proxied(&r, 1), ANY);
		assert_int_equal(rig_proxied(&r, 2), closed & 1      ? NOTHING
						     : !(closed & 2) ? ANY
						     : !(closed & 4) ? INCLUDES(0x1)
								     : NOTHING);
		rig_end(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_change_of_two_filters_makes_the_route_that_they_say),
	    cmocka_unit_test(a_static_group_is_wanted_without_a_report),
	    cmocka_unit_test(a_scope_is_a_boundary_for_packets_and_for_the_proxy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
