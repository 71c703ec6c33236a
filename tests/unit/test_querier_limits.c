/* SPDX-License-Identifier: BSD-3-Clause */
/* What a querier refuses, and what it costs (rows R-REP-10, R-OP-4, R-OP-1). The row that a test
 * shows stands before it. */
#include "core/rng.h"
#include "growth.h"
#include "querier_rig.h"

/* R-REP-10 */
static void a_group_beyond_the_limit_is_refused_and_the_others_stay(void **state)
{
	struct rig r;

	RIG(&r, .groups_max = 2);
	settle(&r);
	hears(&r, "IS_EX(239.1.2.3){} IS_EX(239.1.2.4){} IS_EX(239.1.2.5){} "
		  "IS_IN(239.1.2.6){192.0.2.1}");
	v2_report(&r, "239.1.2.7");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270; EX(239.1.2.4)=270");
	assert_int_equal(info(&r).refused_groups, 3);
	assert_int_equal(info(&r).groups_max, 2);
	/* What is there goes on as ever. */
	run_for(&r, 100);
	hears(&r, "IS_EX(239.1.2.5){} IS_EX(239.1.2.3){192.0.2.1}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270 {192.0.2.1=270}; EX(239.1.2.4)=170");
	/* What ends makes room. */
	hears(&r, "TO_IN(239.1.2.4){}");
	run_for(&r, 2);
	hears(&r, "IS_EX(239.1.2.5){}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=268 {192.0.2.1=268}; EX(239.1.2.5)=270");
	assert_int_equal(info(&r).refused_groups, 4);
	rig_stop(&r);
}

/* R-REP-10: a group that is refused is forwarded nowhere, and asked about never. */
static void a_refused_group_leaves_no_trace(void **state)
{
	struct rig r;

	RIG(&r, .groups_max = 1);
	settle(&r);
	hears(&r, "IS_EX(239.1.2.3){} IS_EX(239.1.2.4){}");
	hears(&r, "TO_IN(239.1.2.4){} BLOCK(239.1.2.4){192.0.2.1}");
	run_for(&r, 5);
	assert_count(&r, 0);
	assert_string_equal(fwd(&r, "239.1.2.4"), "IN{}");
	assert_int_equal(r.n_changed, 1);
	rig_stop(&r);
}

/* R-REP-10: those that fit are taken, the rest is counted; the old ones stay. */
static void sources_beyond_the_limit_are_refused_and_the_others_stay(void **state)
{
	struct rig r;

	RIG(&r, .sources_max = 3);
	settle(&r);
	hears(&r, "IS_IN(239.1.2.3){192.0.2.8,192.0.2.9}");
	run_for(&r, 70);
	hears(&r, "ALLOW(239.1.2.3){192.0.2.1,192.0.2.2,192.0.2.9}");
	assert_int_equal(info(&r).refused_sources, 1);
	assert_int_equal(info(&r).sources, 3);
	assert_string_equal(fwd(&r, GROUP), "IN{192.0.2.1,192.0.2.8,192.0.2.9}");
	assert_string_equal(table(&r), "IN(239.1.2.3) {192.0.2.1=270,192.0.2.8=200,192.0.2.9=270}");
	rig_stop(&r);
}

/* R-REP-10: a list that is cut forwards too much, never too little. */
static void an_exclude_list_that_does_not_fit_blocks_fewer(void **state)
{
	struct rig r;

	RIG(&r, .sources_max = 2);
	settle(&r);
	hears(&r, "TO_EX(239.1.2.3){192.0.2.1,192.0.2.2,192.0.2.3}");
	assert_string_equal(fwd(&r, GROUP), "EX{192.0.2.1,192.0.2.2}");
	assert_int_equal(info(&r).refused_sources, 1);
	hears(&r, "TO_EX(239.1.2.3){192.0.2.1,192.0.2.2,192.0.2.3}");
	assert_string_equal(fwd(&r, GROUP), "EX{192.0.2.1,192.0.2.2}");
	rig_stop(&r);
}

/* R-REP-10: a list that fits when its record has replaced the old one is taken whole. */
static void a_list_that_replaces_another_needs_no_more_room_than_itself(void **state)
{
	struct rig r;

	RIG(&r, .sources_max = 3);
	settle(&r);
	hears(&r, "IS_EX(239.1.2.3){192.0.2.1,192.0.2.2,192.0.2.3}");
	run_for(&r, 10);
	hears(&r, "IS_EX(239.1.2.3){192.0.2.7,192.0.2.8,192.0.2.9}");
	assert_int_equal(info(&r).sources, 3);
	assert_int_equal(info(&r).refused_sources, 0);
	rig_stop(&r);
}

/* 100 sources in a group of their own. */
static void hears_hundred(struct rig *r, unsigned group, const char *type)
{
	for (unsigned half = 0; half < 2; half++) {
		char text[2048];
		size_t used =
		    (size_t)sprintf(text, "%s(239.7.%u.%u){", type, group / 200, group % 200);

		for (unsigned i = 0; i < 50; i++)
			used += (size_t)sprintf(text + used, "%s192.0.%u.%u", i ? "," : "",
						2 + half, 1 + i);
		strcpy(text + used, "}");
		hears(r, text);
	}
}

/* R-REP-10: all sources of all groups together. */
static void all_groups_together_have_a_limit_of_sources(void **state)
{
	struct rig r;

	rig_settled(&r);
	for (unsigned i = 0; i < 700; i++)
		hears_hundred(&r, i, "IS_IN");
	assert_int_equal(info(&r).sources, MCR_QUERIER_SOURCES_ALL);
	assert_int_equal(info(&r).refused_sources + info(&r).sources, 70000);
	/* Groups that found no room for any source are none. */
	assert_int_equal(info(&r).groups, (MCR_QUERIER_SOURCES_ALL + 99) / 100);
	run_for(&r, 270);
	assert_int_equal(info(&r).groups + info(&r).sources, 0);
	hears_hundred(&r, 0, "IS_IN");
	assert_int_equal(info(&r).sources, 100);
	rig_stop(&r);
}

/* R-OP-4 (the machine's part): reports with random groups and lists. */
static void random_reports_fill_the_limits_and_nothing_more(void **state)
{
	static const char *const types[] = {"IS_IN", "IS_EX", "TO_IN", "TO_EX", "ALLOW", "BLOCK"};
	struct mcr_rng rng;
	struct rig r;
	uint64_t memory = 0;

	mcr_rng_seed(&rng, 7);
	RIG(&r, .groups_max = 500, .sources_max = 4);
	hears(&r, "IS_EX(239.255.0.1){}");
	for (unsigned i = 0; i < 20000; i++) {
		char text[128];
		uint64_t u = mcr_rng_next(&rng);

		sprintf(text, "%s(239.%u.%u.%u){192.0.2.%u,192.0.2.%u}", types[u % 6],
			(unsigned)(u >> 8) % 4, (unsigned)(u >> 16) & 255,
			(unsigned)(u >> 24) & 255, (unsigned)(u >> 32) & 255,
			(unsigned)(u >> 40) & 255);
		r.now_ns += (u >> 48 & 7) * MS;
		hears(&r, text);
		struct mcr_querier_state s = info(&r);

		assert_true(s.groups <= 500 && s.sources <= 2000);
		if (i == 10000)
			memory = s.memory_bytes;
		if (i % 64 == 0)
			rig_forget(&r);
	}
	assert_true(info(&r).refused_groups > 0);
	assert_in_range(info(&r).memory_bytes, 1, memory + memory / 4);
	assert_in_range(memory, 1, 500 * 1024);
	/* Who was there first goes on being served. */
	hears(&r, "IS_EX(239.255.0.1){}");
	assert_string_equal(fwd(&r, "239.255.0.1"), "EX{}");
	run_for(&r, 600);
	hears(&r, "IS_EX(239.1.2.3){}");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	rig_stop(&r);
}

/* R-OP-1 (what a table is made from): in the order of the addresses, whatever the order of the
 * reports; a list that is longer than there is room is told. */
static void groups_and_sources_are_listed_in_the_order_of_the_addresses(void **state)
{
	struct rig r;
	struct mcr_querier_source sources_[2];

	rig_settled(&r);
	hears(&r, "IS_EX(239.9.0.1){} IS_EX(239.1.0.2){192.0.2.3,192.0.2.1,192.0.2.2} "
		  "IS_EX(239.1.0.1){} ALLOW(239.1.0.2){192.0.2.3}");
	assert_string_equal(table(&r), "EX(239.1.0.1)=270; "
				       "EX(239.1.0.2)=270 "
				       "{192.0.2.1=0,192.0.2.2=0,192.0.2.3=270}; "
				       "EX(239.9.0.1)=270");
	assert_int_equal(mcr_querier_get_sources(r.q, 1, sources_, 2), 3);
	assert_true(mcr_address_is_equal(sources_[1].address, ip("192.0.2.2")));
	assert_int_equal(sources_[1].is_forwarded, 0);
	assert_int_equal(mcr_querier_get_sources(r.q, 1, NULL, 0), 3);
	assert_int_equal(mcr_querier_get_sources(r.q, 3, sources_, 2), -ENOENT);
	rig_stop(&r);
}

/* R-OP-1: how often a group and a source are still to be asked about. */
static void the_table_says_which_questions_are_to_come(void **state)
{
	struct rig r;
	struct mcr_querier_group g;
	struct mcr_querier_source s;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){} IS_IN(239.1.2.4){192.0.2.1}");
	hears(&r, "TO_IN(239.1.2.3){} BLOCK(239.1.2.4){192.0.2.1}");
	assert_int_equal(mcr_querier_get_group(r.q, 0, &g), 0);
	assert_int_equal(g.queries_left, 1);
	assert_int_equal(g.until_ns, r.now_ns + 2 * SECOND);
	assert_int_equal(mcr_querier_get_sources(r.q, 1, &s, 1), 1);
	assert_int_equal(s.queries_left, 1);
	assert_int_equal(s.is_forwarded, 1);
	rig_stop(&r);
}

/* n sources of a group, in reports of 100. */
static void hears_sources(struct rig *r, const char *type, size_t n)
{
	char text[100 * 16 + 32];

	for (size_t i = 0; i < n; i += 100) {
		size_t used = (size_t)sprintf(text, "%s(239.1.2.3){", type);

		for (size_t k = i; k < i + 100; k++)
			used += (size_t)sprintf(text + used, "%s10.0.%zu.%zu", k > i ? "," : "",
						1 + k / 200, 1 + k % 200);
		strcpy(text + used, "}");
		hears(r, text);
	}
}

static double drop_questions(void *ctx, size_t n)
{
	struct rig r;
	double begin;

	RIG(&r, .mtu = 68, .sources_max = 65536);
	settle(&r);
	for (uint8_t i = 0; i < SHADOWS; i++) /* nobody looks at the filter of this group */
		assert_non_null(shadow_of(&r, (struct mcr_address){{i}}));
	r.no_poll = 1;
	hears_sources(&r, "ALLOW", n);
	hears_sources(&r, "BLOCK", n);
	general_from(&r, "10.0.0.200", 2);
	begin = growth_cpu_ms();
	mcr_querier_poll(r.q, r.now_ns, rig_send, &r);
	begin = growth_cpu_ms() - begin;
	assert_count(&r, 0);
	rig_stop(&r);
	return begin;
}

/* R-OP-4: questions that an older version cannot ask are not gone through message by message. */
static void questions_that_are_over_cost_little(void **state)
{
	assert_growth_is_gentle(drop_questions, NULL, 500);
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(a_group_beyond_the_limit_is_refused_and_the_others_stay),
	    cmocka_unit_test(a_refused_group_leaves_no_trace),
	    cmocka_unit_test(sources_beyond_the_limit_are_refused_and_the_others_stay),
	    cmocka_unit_test(an_exclude_list_that_does_not_fit_blocks_fewer),
	    cmocka_unit_test(a_list_that_replaces_another_needs_no_more_room_than_itself),
	    cmocka_unit_test(all_groups_together_have_a_limit_of_sources),
	    cmocka_unit_test(random_reports_fill_the_limits_and_nothing_more),
	    cmocka_unit_test(groups_and_sources_are_listed_in_the_order_of_the_addresses),
	    cmocka_unit_test(the_table_says_which_questions_are_to_come),
	};
	static const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(questions_that_are_over_cost_little),
	};

	return RUN_BOTH(both) + RUN_IGMP(igmp);
}
