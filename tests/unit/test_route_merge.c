/* SPDX-License-Identifier: BSD-3-Clause */
#include "route_rig.h"

#include "core/route/route_merge.h"

static struct mcr_source_filter filter_of(const struct rig *r, unsigned wants,
					  struct mcr_address *sources)
{
	struct mcr_source_filter f = {wants & 0x100u ? MCR_FILTER_INCLUDE : MCR_FILTER_EXCLUDE,
				      sources, 0};

	for (unsigned i = 0; i < RIG_SOURCES; i++)
		if (wants >> i & 1)
			sources[f.n++] = rig_source(r, i);
	return f;
}

static uint64_t outputs_of(const struct mcr_route_merge *m, struct mcr_address source)
{
	for (size_t i = 0; i < m->n; i++)
		if (mcr_address_is_equal(m->list[i].source, source))
			return m->list[i].outputs;
	return m->any;
}

static int takes(unsigned wants, unsigned source)
{
	return (wants >> source & 1) == (wants >> 8 & 1);
}

/* All triples of filters over three sources, the third an INCLUDE of the second one's output; a
 * fourth source is never named. */
static void a_source_goes_to_the_outputs_that_take_it(void **state)
{
	struct mcr_route_merge m = {0};
	const struct rig r = {0};

	for (unsigned x = 0; x < 16 * 16 * 8; x++) {
		const unsigned wants[3] = {(x & 7) | (x & 8) << 5, (x >> 4 & 7) | (x >> 4 & 8) << 5,
					   INCLUDES(x >> 8)};

		mcr_route_merge_begin(&m);
		for (unsigned i = 0; i < 3; i++) {
			struct mcr_address sources[RIG_SOURCES];
			const struct mcr_source_filter f = filter_of(&r, wants[i], sources);

			assert_int_equal(mcr_route_merge_add(&m, BIT(i ? 63 : 5), &f), 0);
		}
		mcr_route_merge_end(&m);
		for (unsigned s = 0; s <= RIG_SOURCES; s++)
			assert_int_equal(
			    outputs_of(&m, rig_source(&r, s)),
			    (takes(wants[0], s) ? BIT(5) : 0) |
				(takes(wants[1], s) || takes(wants[2], s) ? BIT(63) : 0));
		for (size_t i = 0; i < m.n; i++) {
			assert_int_not_equal(m.list[i].outputs, m.any);
			assert_true(i == 0 || memcmp(&m.list[i].source, &m.list[i - 1].source,
						     sizeof(m.list[i].source)) > 0);
		}
	}
	mcr_route_merge_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_source_goes_to_the_outputs_that_take_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
