/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of the join set, each by hand. */
#include <errno.h>
#include <stdio.h>

#include "growth.h"
#include "join_set_rig.h"

static void a_group_that_stays_keeps_its_slot_and_its_time(void **state)
{
	struct rig *r = *state;
	struct mcr_join first = join_of("a", "", "239.1.1.1"),
			other = join_of("a", "", "239.0.0.1");
	const struct mcr_group *g;
	uint32_t slot;

	assert_int_equal(change(r, NULL, 0, &first, 1), 0);
	slot = r->set->groups[0].slot;
	assert_int_equal(r->set->groups[0].joined_ns, 1);
	assert_int_equal(change(r, NULL, 0, &other, 1), 0); /* sorts before it */
	assert_int_equal(change(r, &first, 1, &first, 1), 0);
	g = find(r->set, 0, &first);
	assert_int_equal(g->slot, slot);
	assert_int_equal(g->joined_ns, 1);
	assert_int_equal(find(r->set, 0, &other)->joined_ns, 2);
	assert_null(find(r->set, 1, &first));
}

static void expect_refused(struct rig *r, const struct mcr_join *join, int code, const char *text)
{
	struct mcr_join good = join_of("a", "", "239.5.5.5");
	const struct mcr_join both[2] = {good, *join};
	size_t n = r->set->n_joins, free_slots = r->slots.n_free;
	uint32_t next = r->slots.next;

	assert_int_equal(change(r, NULL, 0, both, 2), code);
	assert_non_null(strstr(r->err.text, text));
	assert_int_equal(r->set->n_joins, n);
	assert_int_equal(r->slots.next - r->slots.n_free, next - free_slots);
	assert_null(find(r->set, 0, &good));
}

static void one_bad_join_refuses_the_whole_change_and_is_named(void **state)
{
	struct rig *r = *state;
	const struct mcr_address group = twin("239.0.0.1");
	struct mcr_join join = join_of("", "", "239.1.1.1");

	expect_refused(r, &join, -EINVAL,
		       "which interface it is for (interface=NAME): there are a, b");
	join = join_of("c", "", "239.1.1.1");
	expect_refused(r, &join, -ENOENT, "no interface \"c\": there are a, b");
	join = join_of("a", "dm", "239.1.1.1");
	expect_refused(r, &join, -ENOENT,
		       "no channel \"dm\" (did you mean md?): there are default, md");
	join = join_of("a", "news", "239.1.1.1");
	expect_refused(r, &join, -ENOENT, "no channel \"news\": there are default, md");
	join = join_of("a", "", "10.1.1.1");
	expect_refused(r, &join, -EINVAL, twin_text("10.1.1.1"));
	join = join_of("a", "", "232.1.1.1");
	expect_refused(r, &join, -EINVAL, "source-specific");
	join = join_of("a", "", "239.1.1.1");
	join.mode = MCR_FILTER_INCLUDE;
	expect_refused(r, &join, -EINVAL, "needs a source");
	join.n_sources = 1;
	expect_refused(r, &join, -EINVAL, "none where some are announced");
	join.sources = &group;
	expect_refused(r, &join, -EINVAL, "not a unicast address");
	join.mode = 2;
	expect_refused(r, &join, -EINVAL, "unknown filter mode");
	join = join_of("a", "", "239.1.1.1");
	join.n_sources = MCR_JOIN_SOURCES_MAX + 1;
	expect_refused(r, &join, -EINVAL, "too many sources");
	join = join_of("a", "", "239.1.1.1");
	memset(join.channel, 'x', sizeof(join.channel));
	expect_refused(r, &join, -EINVAL, "not terminated");
	join = join_of("a", "", "239.1.1.1");
	join.reserved[28] = 1;
	expect_refused(r, &join, -EINVAL, "reserved octets");
}

static void group_and_source_are_of_one_family(void **state)
{
	const struct mcr_address ipv4 = mcr_address_from_ipv4(htonl(0x0a000001)),
				 ipv6 = {{0x20, 1, 0xd, 0xb8, [15] = 1}};
	struct rig *r = *state;
	struct mcr_join join = join_of("a", "", "239.1.1.1");

	join.n_sources = 1;
	join.sources = is_ipv6 ? &ipv4 : &ipv6;
	expect_refused(r, &join, -EINVAL, "must be of one family, IPv4 or IPv6");
	join.sources = is_ipv6 ? &ipv6 : &ipv4;
	assert_int_equal(change(r, NULL, 0, &join, 1), 0);
}

static void groups_that_no_network_brings_are_refused(void **state)
{
	static const struct {
		struct mcr_address group;
		const char *why;
	} cases[] = {
	    {{{0xff, 0x00, [15] = 1}}, "scope is 0, 1 or f"},
	    {{{0xff, 0x11, [15] = 1}}, "scope is 0, 1 or f"},
	    {{{0xff, 0x0f, [15] = 1}}, "scope is 0, 1 or f"},
	    {{{0xff, 0x05}}, "the group is reserved"},
	    {{{0xff, 0x3e, [12] = 0x40}}, "the group is reserved"},
	    {{{0xff, 0x3e, [12] = 0x80, [15] = 1}}, "ff3x::/32 are source-specific"},
	    {{{0xfe, 0x80, [15] = 1}}, "not a multicast address (224.0.0.0/4, ff00::/8)"},
	};
	struct rig *r = *state;
	struct mcr_join join = join_of("a", "", "232.0.0.0");

	is_ipv6 = 0; /* the good join of expect_refused */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		join.group = cases[i].group;
		expect_refused(r, &join, -EINVAL, cases[i].why);
	}
	join.group = mcr_address_from_ipv4(htonl(0xe8000000));
	expect_refused(r, &join, -EINVAL, "the group is reserved");
}

/* The one of each interface is its own: join_resolve wants its name. */
static void a_group_of_the_link_is_joined_on_each_interface(void **state)
{
	struct rig *r = *state;
	const struct mcr_join both[] = {join_of("a", "", "224.0.0.9"),
					join_of("b", "", "224.0.0.9")};
	struct mcr_join nowhere = join_of("", "", "224.0.0.9");

	expect_refused(r, &nowhere, -EINVAL, "which interface it is for");
	assert_int_equal(change(r, NULL, 0, both, 2), 0);
	assert_int_equal(r->set->n_groups, 2);
	assert_int_equal(change(r, both, 1, NULL, 0), 0);
	assert_null(find(r->set, 0, &both[0]));
	assert_non_null(find(r->set, 1, &both[1]));
}

static void groups_of_both_families_stand_side_by_side(void **state)
{
	struct rig *r = *state;
	struct mcr_join joins[2];

	is_ipv6 = 0;
	joins[0] = join_of("a", "", "239.1.1.1");
	is_ipv6 = 1;
	joins[1] = join_of("a", "", "239.1.1.1");
	assert_int_equal(change(r, NULL, 0, joins, 2), 0);
	assert_int_equal(r->set->n_groups, 2);
	assert_int_equal(change(r, joins, 1, NULL, 0), 0);
	assert_non_null(find(r->set, 0, &joins[1]));
	assert_null(find(r->set, 0, &joins[0]));
}

static void the_only_interface_need_not_be_named(void **state)
{
	static const struct mcr_join_names one = {
	    .interfaces = {"a"}, .channels = {"default"}, .n_interfaces = 1, .n_channels = 1};
	struct rig *r = *state;
	struct mcr_join join = join_of("", "", "239.1.1.1");
	struct mcr_join_set *next;

	assert_int_equal(mcr_join_set_change(&next, r->set,
					     &(struct mcr_join_change){.add = &join, .n_add = 1},
					     &one, &r->slots, 1, NULL),
			 0);
	assert_string_equal(next->joins[0].interface, "a");
	assert_string_equal(next->joins[0].channel, "default");
	mcr_join_set_destroy(next);
}

static void a_join_is_removed_as_often_as_it_was_added(void **state)
{
	struct rig *r = *state;
	struct mcr_join twice[2] = {join_of("a", "", "239.1.1.1"), join_of("a", "", "239.1.1.1")};

	assert_int_equal(change(r, NULL, 0, twice, 2), 0);
	assert_int_equal(change(r, twice, 1, NULL, 0), 0);
	assert_int_equal(r->set->n_groups, 1);
	assert_int_equal(change(r, twice, 2, NULL, 0), -ENOENT);
	assert_non_null(strstr(r->err.text, twin_text("239.1.1.1")));
	assert_int_equal(r->set->n_groups, 1);
	assert_int_equal(change(r, twice, 1, NULL, 0), 0);
	assert_int_equal(r->set->n_groups, 0);
}

static void slots_end_and_a_change_beyond_them_takes_none(void **state)
{
	struct rig *r = *state;
	struct mcr_join *many = calloc(MCR_MEMBERSHIPS_MAX + 1, sizeof(*many));
	size_t n = MCR_MEMBERSHIPS_MAX;

	for (size_t i = 0; i <= n; i++) {
		many[i] = join_of("a", "", "239.0.0.0");
		many[i].group = twin_of(0xef000000 + (uint32_t)i);
	}
	assert_int_equal(change(r, NULL, 0, many, n + 1), -ENOSPC);
	assert_non_null(strstr(r->err.text, "65536"));
	assert_int_equal(change(r, NULL, 0, many, n), 0);
	assert_int_equal(change(r, NULL, 0, &many[n], 1), -ENOSPC);
	assert_int_equal(change(r, many, n, NULL, 0), 0);
	assert_int_equal(r->slots.n_free, n);
	free(many);
}

static void equal_joins_of_several_owners_are_one_membership_and_end_with_the_last(void **state)
{
	const struct mcr_join_owner owners[] = {{0}, configuration, by_ctl, consumer_7, consumer_9};
	struct rig *r = *state;
	struct mcr_join join = join_of("a", "", "239.1.1.1");
	const struct mcr_group *g;

	for (size_t i = 0; i < 5; i++)
		assert_int_equal(change_of(r, owners[i], NULL, 0, &join, 1), 0);
	assert_int_equal(r->set->n_joins, 5);
	assert_int_equal(r->set->n_groups, 1);
	g = &r->set->groups[0];
	assert_int_equal(g->joins, 5);
	assert_int_equal(g->joins_of[MCR_JOINED_BY_APPLICATION], 1);
	assert_int_equal(g->joins_of[MCR_JOINED_BY_CONFIGURATION], 1);
	assert_int_equal(g->joins_of[MCR_JOINED_BY_OPERATOR], 1);
	assert_int_equal(g->joins_of[MCR_JOINED_BY_CONSUMER], 2);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(r->set->n_groups, 1);
		assert_int_equal(change_of(r, owners[i], &join, 1, NULL, 0), 0);
	}
	assert_int_equal(r->set->n_groups, 0);
}

static void nobody_leaves_what_another_joined_and_it_is_said_whose_it_is(void **state)
{
	static const struct {
		struct mcr_join_owner holder, asker;
		const char *text;
	} cases[] = {
	    {{0},
	     {.maker = MCR_JOINED_BY_OPERATOR},
	     "it belongs to the application that runs this engine"},
	    {{.maker = MCR_JOINED_BY_CONFIGURATION},
	     {.maker = MCR_JOINED_BY_CONSUMER, .consumer = 7},
	     "it belongs to the configuration: take it out of the file and reload"},
	    {{.maker = MCR_JOINED_BY_OPERATOR},
	     {.maker = MCR_JOINED_BY_CONFIGURATION},
	     "it belongs to the operator: mcring-ctl leave removes it"},
	    {{.maker = MCR_JOINED_BY_CONSUMER, .consumer = 9},
	     {.maker = MCR_JOINED_BY_OPERATOR},
	     "it belongs to consumer 9, and ends with it"},
	    {{.maker = MCR_JOINED_BY_CONSUMER, .consumer = 9},
	     {.maker = MCR_JOINED_BY_CONSUMER, .consumer = 7},
	     "it belongs to another consumer"},
	};
	struct rig *r = *state;
	struct mcr_join join = join_of("a", "", "239.1.1.1");

	assert_int_equal(change_of(r, by_ctl, &join, 1, NULL, 0), -ENOENT);
	assert_non_null(strstr(r->err.text, "there is no such join to leave"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(change_of(r, cases[i].holder, NULL, 0, &join, 1), 0);
		assert_int_equal(change_of(r, cases[i].asker, &join, 1, NULL, 0), -ENOENT);
		assert_non_null(strstr(r->err.text, twin_text("239.1.1.1")));
		assert_non_null(strstr(r->err.text, cases[i].text));
		assert_int_equal(change_of(r, cases[i].holder, &join, 1, NULL, 0), 0);
	}
}

static void the_operator_leaves_its_own_first_and_then_the_configurations(void **state)
{
	struct rig *r = *state;
	struct mcr_join join = join_of("a", "", "239.1.1.1");

	assert_int_equal(change_of(r, configuration, NULL, 0, &join, 1), 0);
	assert_int_equal(change_of(r, by_ctl, NULL, 0, &join, 1), 0);
	assert_int_equal(change_of(r, by_ctl, &join, 1, NULL, 0), 0);
	assert_int_equal(r->set->owners[0].maker, MCR_JOINED_BY_CONFIGURATION);
	assert_int_equal(change_of(r, by_ctl, &join, 1, NULL, 0), 0);
	assert_int_equal(r->set->n_joins, 0);
}

static void a_join_is_left_however_it_is_written(void **state)
{
	static const struct mcr_join_names one = {
	    .interfaces = {"a"}, .channels = {"default"}, .n_interfaces = 1, .n_channels = 1};
	const char *const interfaces[] = {"", "a"}, *const channels[] = {"", "default"};
	const struct mcr_address first = twin_of(0x0a000001), second = twin_of(0x0a000002),
				 up[] = {first, second}, down[] = {second, first};
	struct rig *r = *state;

	for (unsigned i = 0; i < 16; i++) {
		struct mcr_join in = join_of(interfaces[i & 1], channels[i >> 1 & 1], "239.1.1.1"),
				out =
				    join_of(interfaces[i >> 2 & 1], channels[i >> 3], "239.1.1.1");
		struct mcr_join_change add = {.add = &in, .n_add = 1},
				       remove = {.remove = &out, .n_remove = 1};
		struct mcr_join_set *with, *without;

		in.mode = out.mode = MCR_FILTER_INCLUDE;
		in.n_sources = out.n_sources = 2;
		in.sources = up;
		out.sources = down;
		assert_int_equal(mcr_join_set_change(&with, r->set, &add, &one, &r->slots, 1, NULL),
				 0);
		assert_int_equal(
		    mcr_join_set_change(&without, with, &remove, &one, &r->slots, 1, NULL), 0);
		assert_int_equal(without->n_joins, 0);
		mcr_slots_give(&r->slots, with->groups[0].slot);
		mcr_join_set_destroy(with);
		mcr_join_set_destroy(without);
	}
}

static void what_consumers_joined_goes_with_them_alone(void **state)
{
	static const uint64_t nine = 9;
	struct rig *r = *state;
	struct mcr_join join = join_of("a", "", "239.1.1.1");

	assert_int_equal(change_of(r, by_ctl, NULL, 0, &join, 1), 0);
	assert_int_equal(change_of(r, consumer_7, NULL, 0, &join, 1), 0);
	assert_int_equal(change_of(r, consumer_9, NULL, 0, &join, 1), 0);
	assert_int_equal(carry_out(r, &(struct mcr_join_change){.living = &nine, .n_living = 1}),
			 0);
	assert_int_equal(r->set->n_joins, 2);
	assert_int_equal(r->set->owners[1].consumer, 9);
	assert_int_equal(carry_out(r, &(struct mcr_join_change){.living = &nine}), 0);
	assert_int_equal(r->set->n_joins, 1);
	assert_int_equal(r->set->owners[0].maker, MCR_JOINED_BY_OPERATOR);
}

static void a_channel_takes_the_joins_of_all_with_it(void **state)
{
	struct rig *r = *state;
	struct mcr_join into[2] = {join_of("a", "md", "239.1.1.1"), join_of("b", "", "239.1.1.1")};

	assert_int_equal(change_of(r, configuration, NULL, 0, into, 2), 0);
	assert_int_equal(change_of(r, consumer_7, NULL, 0, into, 1), 0);
	assert_int_equal(r->set->joins_in[2], 2);
	assert_int_equal(r->set->joins_in[0], 1);
	assert_int_equal(r->set->groups_on[0], 1);
	assert_int_equal(carry_out(r, &(struct mcr_join_change){.channels = 1u << 2}), 0);
	assert_int_equal(r->set->n_joins, 1);
	assert_int_equal(r->set->joins_in[2], 0);
	assert_int_equal(r->set->groups_on[0], 0);
	assert_int_equal(r->set->groups_on[1], 1);
}

static void joins_have_an_upper_bound(void **state)
{
	struct rig *r = *state;
	struct mcr_join *many = calloc(MCR_JOINS_MAX, sizeof(*many));

	for (size_t i = 0; i < MCR_JOINS_MAX; i++) {
		many[i] = join_of("a", "", "239.0.0.0");
		many[i].port = (uint16_t)(i & 0xffff);
		many[i].id = (uint32_t)(i >> 16);
	}
	assert_int_equal(change(r, NULL, 0, many, MCR_JOINS_MAX), 0);
	assert_int_equal(change_of(r, by_ctl, NULL, 0, many, 1), -ENOSPC);
	assert_non_null(strstr(r->err.text, "262144"));
	assert_int_equal(change(r, many, 1, &many[1], 1), 0);
	assert_int_equal(change(r, many + 2, MCR_JOINS_MAX - 2, NULL, 0), 0);
	assert_int_equal(r->set->n_joins, 2);
	free(many);
}

static double leave_equal(void *ctx, size_t n)
{
	struct mcr_join *equal = calloc(n, sizeof(*equal));
	struct rig *r = ctx;
	double begin, end;

	for (size_t i = 0; i < n; i++)
		equal[i] = join_of("a", "", "239.1.1.1");
	assert_int_equal(change(r, NULL, 0, equal, n), 0);
	begin = growth_cpu_ms();
	assert_int_equal(change(r, equal, n, NULL, 0), 0);
	end = growth_cpu_ms();
	free(equal);
	return end - begin;
}

/* A leave of 30,000 took 5 s. */
static void equal_joins_cost_no_more_to_leave_than_others(void **state)
{
	assert_growth_is_gentle(leave_equal, *state, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    JOIN_SET_TEST(a_group_that_stays_keeps_its_slot_and_its_time),
	    JOIN_SET_TEST(one_bad_join_refuses_the_whole_change_and_is_named),
	    JOIN_SET_TEST(group_and_source_are_of_one_family),
	    cmocka_unit_test_setup_teardown(groups_that_no_network_brings_are_refused, set_up,
					    tear_down),
	    JOIN_SET_TEST(a_group_of_the_link_is_joined_on_each_interface),
	    cmocka_unit_test_setup_teardown(groups_of_both_families_stand_side_by_side, set_up,
					    tear_down),
	    JOIN_SET_TEST(the_only_interface_need_not_be_named),
	    JOIN_SET_TEST(a_join_is_removed_as_often_as_it_was_added),
	    JOIN_SET_TEST(slots_end_and_a_change_beyond_them_takes_none),
	    JOIN_SET_TEST(equal_joins_of_several_owners_are_one_membership_and_end_with_the_last),
	    JOIN_SET_TEST(nobody_leaves_what_another_joined_and_it_is_said_whose_it_is),
	    JOIN_SET_TEST(the_operator_leaves_its_own_first_and_then_the_configurations),
	    JOIN_SET_TEST(a_join_is_left_however_it_is_written),
	    JOIN_SET_TEST(what_consumers_joined_goes_with_them_alone),
	    JOIN_SET_TEST(a_channel_takes_the_joins_of_all_with_it),
	    JOIN_SET_TEST(joins_have_an_upper_bound),
	    JOIN_SET_TEST(equal_joins_cost_no_more_to_leave_than_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
