/* SPDX-License-Identifier: BSD-3-Clause */
#include "route_rig.h"

/* P-3: the example of RFC 4605 §4.1, then its end. */
static void what_the_downstreams_want_is_proxied_together(void **state)
{
	struct rig r;

	rig_begin(&r);
	rig_create(&r);
	assert_int_equal(mcr_route_set_upstream(r.set), RIG_UPSTREAM);
	rig_want(&r, 1, 3, ANY);
	rig_want(&r, 2, 3, INCLUDES(0x3));
	assert_true(mcr_route_set_is_noted(r.set));
	assert_int_equal(rig_update(&r), 1);
	assert_false(mcr_route_set_is_noted(r.set));
	assert_int_equal(rig_proxied(&r, 3), ANY);
	assert_taken(&r, 3);
	assert_none_taken(&r);
	rig_want(&r, 1, 3, NOTHING);
	assert_int_equal(rig_update(&r), 1);
	assert_int_equal(rig_proxied(&r, 3), INCLUDES(0x3));
	assert_int_equal(mcr_route_set_groups(r.set), 1);
	assert_int_equal(mcr_route_set_proxied_groups(r.set), 1);
	rig_want(&r, 2, 3, NOTHING);
	assert_int_equal(rig_update(&r), 1);
	assert_int_equal(rig_proxied(&r, 3), NOTHING);
	assert_int_equal(mcr_route_set_groups(r.set), 0);
	assert_int_equal(mcr_route_set_proxied_groups(r.set), 0);
	rig_end(&r);
}

/* P-13, F-6 */
static void groups_that_stay_on_their_link_have_no_route(void **state)
{
	static const uint32_t groups[] = {0xe0000000, 0xe00000fb, 0xe00000ff};
	struct rig r;

	rig_begin(&r);
	r.configs[1].n_static_groups = 3;
	for (unsigned i = 0; i < 3; i++)
		r.configs[1].static_groups[i].group = rig_ipv4(groups[i]);
	rig_create(&r);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(mcr_route_set_note(r.set, rig_ipv4(groups[i])), 0);
	for (unsigned first = 0; first < 256; first++) {
		struct mcr_address g = {{0xff, (uint8_t)first, [15] = 3}};

		r.wants[1][3] = ANY;
		assert_int_equal(mcr_route_set_note(r.set, g), 0);
		assert_int_equal(mcr_route_set_is_noted(r.set), (first & 15) > 2);
		assert_int_equal(rig_update(&r), (first & 15) > 2);
	}
	assert_int_equal(mcr_route_set_note(r.set, rig_ipv4(0xe0000103)), 0); /* 224.0.1.3 */
	assert_int_equal(rig_update(&r), 1);
	rig_end(&r);
}

/* The default scope is 239.255/16; interfaces without a role have no part. */
static void an_interface_without_a_role_is_not_asked(void **state)
{
	struct mcr_route_table *t;
	struct rig r;

	rig_begin(&r);
	r.configs[0].role = r.configs[3].role = MCR_RELAY_NONE;
	r.configs[3].n_static_groups = 1;
	r.configs[3].static_groups[0].group = rig_group(&r, 1);
	rig_create(&r);
	assert_int_equal(mcr_route_set_upstream(r.set), MCR_ROUTE_NO_INTERFACE);
	assert_false(mcr_route_set_is_noted(r.set));
	rig_want(&r, 1, 3, ANY);
	assert_int_equal(rig_update(&r), 1);
	assert_int_equal(rig_proxied(&r, 3), NOTHING);
	assert_none_taken(&r);
	assert_int_equal(mcr_route_set_proxied_groups(r.set), 0);
	assert_int_equal(mcr_route_set_note(r.set, rig_ipv4(0xefff0103)), 0);
	assert_int_equal(rig_update(&r), 0);
	t = rig_table(&r);
	assert_int_equal(rig_outputs(&r, t, 2, 3, 0), BIT(1));
	assert_int_equal(rig_outputs(&r, t, 1, 3, 0), 0);
	mcr_route_table_destroy(t);
	rig_end(&r);
}

static void groups_are_updated_in_the_order_in_which_they_were_noted(void **state)
{
	struct rig r;

	rig_begin(&r);
	rig_create(&r);
	rig_want(&r, 1, 5, ANY);
	rig_want(&r, 1, 2, ANY);
	rig_want(&r, 1, 5, INCLUDES(0x1)); /* keeps its place */
	rig_want(&r, 1, 7, ANY);
	assert_int_equal(mcr_route_set_update(r.set, 0), 0);
	assert_int_equal(mcr_route_set_update(r.set, 2), 2);
	assert_int_equal(r.asked, 2 * 3);
	assert_int_equal(rig_proxied(&r, 5), INCLUDES(0x1));
	assert_int_equal(rig_proxied(&r, 2), ANY);
	assert_int_equal(rig_proxied(&r, 7), NOTHING);
	assert_true(mcr_route_set_is_noted(r.set));
	assert_int_equal(rig_update(&r), 1);
	assert_taken(&r, 5);
	assert_taken(&r, 2);
	assert_taken(&r, 7);
	assert_none_taken(&r);
	rig_end(&r);
}

static void what_could_not_be_told_is_given_again_after_the_others(void **state)
{
	struct rig r;

	rig_begin(&r);
	rig_create(&r);
	rig_want(&r, 1, 1, ANY);
	rig_want(&r, 1, 2, ANY);
	assert_int_equal(rig_update(&r), 2);
	assert_taken(&r, 1);
	mcr_route_set_give_back(r.set, rig_group(&r, 1));
	assert_taken(&r, 2);
	assert_taken(&r, 1);
	assert_none_taken(&r);
	mcr_route_set_give_back(r.set, rig_group(&r, 4)); /* never was one */
	assert_none_taken(&r);

	rig_want(&r, 1, 1, NOTHING); /* the last that is known of it */
	assert_int_equal(rig_update(&r), 1);
	assert_taken(&r, 1);
	mcr_route_set_give_back(r.set, rig_group(&r, 1));
	mcr_route_set_give_back(r.set, rig_group(&r, 1));
	assert_taken(&r, 1);
	assert_none_taken(&r);
	mcr_route_set_give_back(r.set, rig_group(&r, 1)); /* forgotten by now */
	assert_none_taken(&r);

	rig_want(&r, 1, 3, ANY);
	assert_int_equal(rig_update(&r), 1);
	assert_taken(&r, 3);
	rig_want(&r, 1, 3, NOTHING);
	assert_int_equal(rig_update(&r), 1);
	assert_taken(&r, 3);
	rig_want(&r, 1, 3, NOTHING); /* asked about again meanwhile */
	assert_int_equal(rig_update(&r), 0);
	mcr_route_set_give_back(r.set, rig_group(&r, 3));
	assert_taken(&r, 3);
	assert_none_taken(&r);

	rig_want(&r, 1, 2, NOTHING);
	assert_int_equal(rig_update(&r), 1);
	assert_taken(&r, 2);
	rig_want(&r, 1, 2, ANY);
	assert_int_equal(rig_update(&r), 1);
	mcr_route_set_give_back(r.set, rig_group(&r, 2)); /* waits already */
	assert_taken(&r, 2);
	assert_none_taken(&r);
	rig_end(&r);
}

static void a_removed_interface_wants_nothing_and_is_not_asked(void **state)
{
	struct mcr_route_table *t;
	struct rig r;

	rig_begin(&r);
	rig_create(&r);
	rig_want(&r, 1, 1, ANY);
	rig_want(&r, 2, 2, EXCLUDES(0x3));
	rig_want(&r, 2, 3, INCLUDES(0x1));
	rig_want(&r, 2, 4, NOTHING);
	assert_int_equal(rig_update(&r), 3);
	mcr_route_set_remove(r.set, 2);
	mcr_route_set_remove(r.set, 2);
	assert_true(mcr_route_set_is_noted(r.set));
	r.asked = 0;
	r.configs[2].role = MCR_RELAY_NONE; /* asserted when asked */
	assert_int_equal(rig_update(&r), 2);
	assert_int_equal(r.asked, 2 * 2); /* about groups 2 and 3 */
	assert_int_equal(mcr_route_set_groups(r.set), 1);
	assert_int_equal(mcr_route_set_proxied_groups(r.set), 1);
	t = rig_table(&r);
	assert_int_equal(rig_outputs(&r, t, 0, 1, 0), BIT(1));
	assert_int_equal(rig_outputs(&r, t, 0, 2, 2), 0);
	assert_int_equal(rig_outputs(&r, t, 2, 1, 0), BIT(1)); /* not upstream */
	mcr_route_table_destroy(t);
	rig_end(&r);
}

/* Static sources are those of their own interface, whoever stands before it. */
static void static_groups_of_a_removed_interface_end_with_it(void **state)
{
	struct mcr_route_table *t;
	struct rig r;

	rig_begin(&r);
	for (unsigned i = 1; i < 3; i++) {
		r.configs[i].n_static_groups = 1;
		r.configs[i].static_groups[0] =
		    (struct mcr_static_group){rig_group(&r, 3), rig_source(&r, i)};
	}
	rig_create(&r);
	assert_int_equal(rig_update(&r), 1);
	assert_int_equal(rig_proxied(&r, 3), INCLUDES(0x6));
	mcr_route_set_remove(r.set, 1);
	assert_int_equal(rig_update(&r), 1);
	assert_int_equal(rig_proxied(&r, 3), INCLUDES(0x4));
	t = rig_table(&r);
	assert_int_equal(rig_outputs(&r, t, 0, 3, 1), 0);
	assert_int_equal(rig_outputs(&r, t, 0, 3, 2), BIT(2));
	mcr_route_table_destroy(t);
	rig_end(&r);
}

static void without_upstream_nothing_is_proxied_nor_goes_there(void **state)
{
	struct mcr_route_table *t;
	struct rig r;

	rig_begin(&r);
	rig_create(&r);
	rig_want(&r, 1, 1, ANY);
	rig_want(&r, 1, 2, INCLUDES(0x1));
	rig_want(&r, 1, 5, ANY);
	assert_int_equal(rig_update(&r), 3);
	assert_taken(&r, 1);
	rig_want(&r, 1, 5, NOTHING);
	assert_int_equal(rig_update(&r), 1);
	mcr_route_set_remove(r.set, RIG_UPSTREAM);
	assert_int_equal(mcr_route_set_upstream(r.set), MCR_ROUTE_NO_INTERFACE);
	assert_none_taken(&r);
	mcr_route_set_give_back(r.set, rig_group(&r, 1));
	assert_none_taken(&r);
	assert_int_equal(mcr_route_set_proxied_groups(r.set), 0);
	assert_int_equal(rig_proxied(&r, 1), NOTHING);
	assert_int_equal(rig_proxied(&r, 2), NOTHING);
	assert_true(mcr_route_set_is_noted(r.set));
	assert_true(rig_update(&r) > 0); /* the table is another */
	assert_int_equal(rig_update(&r), 0);
	rig_want(&r, 2, 2, ANY);
	assert_int_equal(rig_update(&r), 1);
	assert_int_equal(rig_proxied(&r, 2), NOTHING);
	assert_none_taken(&r);
	assert_int_equal(mcr_route_set_groups(r.set), 2);
	t = rig_table(&r);
	assert_int_equal(rig_outputs(&r, t, 1, 2, 0), BIT(2));
	assert_int_equal(rig_outputs(&r, t, 1, 6, 0), 0);
	mcr_route_table_destroy(t);
	rig_end(&r);
}

struct shown {
	unsigned n;
	struct mcr_route_entry entries[8];
};

static void on_entry(void *ctx, const struct mcr_route_entry *entry)
{
	struct shown *s = ctx;

	assert_true(s->n < 8);
	s->entries[s->n++] = *entry;
}

static void a_route_is_shown_with_its_sources(void **state)
{
	struct shown s = {0};
	struct rig r;

	rig_begin(&r);
	rig_create(&r);
	rig_want(&r, 1, 3, EXCLUDES(0x3));
	rig_want(&r, 2, 3, INCLUDES(0x6));
	rig_want(&r, 2, 4, NOTHING);
	assert_int_equal(rig_update(&r), 1);
	mcr_route_set_each(r.set, on_entry, &s);
	assert_int_equal(s.n, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_true(mcr_address_is_equal(s.entries[i].group, rig_group(&r, 3)));
	assert_true(mcr_address_is_none(s.entries[0].source));
	assert_int_equal(s.entries[0].outputs, BIT(1));
	for (unsigned i = 0; i < 3; i++)
		assert_true(mcr_address_is_equal(s.entries[i + 1].source, rig_source(&r, i)));
	assert_int_equal(s.entries[1].outputs, 0);
	assert_int_equal(s.entries[2].outputs, BIT(2));
	assert_int_equal(s.entries[3].outputs, BIT(1) | BIT(2));
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_downstreams_want_is_proxied_together),
	    cmocka_unit_test(groups_that_stay_on_their_link_have_no_route),
	    cmocka_unit_test(an_interface_without_a_role_is_not_asked),
	    cmocka_unit_test(groups_are_updated_in_the_order_in_which_they_were_noted),
	    cmocka_unit_test(what_could_not_be_told_is_given_again_after_the_others),
	    cmocka_unit_test(a_removed_interface_wants_nothing_and_is_not_asked),
	    cmocka_unit_test(static_groups_of_a_removed_interface_end_with_it),
	    cmocka_unit_test(without_upstream_nothing_is_proxied_nor_goes_there),
	    cmocka_unit_test(a_route_is_shown_with_its_sources),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
