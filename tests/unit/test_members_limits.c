/* SPDX-License-Identifier: BSD-3-Clause */
/* What a hostile LAN may cost, and that the table says so. */
#include "members_rig.h"

#include "core/rng.h"

#include "growth.h"

static struct mcr_members_counts counts_of(const struct rig *r)
{
	struct mcr_members_counts counts;

	mcr_members_get_counts(r->ms, &counts);
	return counts;
}

/* R-REP-10, R-OP-4: a group beyond the limit is refused and counted; those that are there go on. */
static void groups_beyond_the_limit_are_refused(void **state)
{
	struct rig r;

	rig_begin_with(&r, MCR_GMP_MLD, 2, 8, 64);
	for (uint8_t i = 1; i <= 4; i++) {
		r.group = rig_group(MCR_GMP_MLD, i);
		rig_record(&r, i % 2 ? MCR_RECORD_IS_EX : MCR_RECORD_IS_IN, 3, 1);
	}
	assert_int_equal(counts_of(&r).groups, 2);
	assert_int_equal(counts_of(&r).sources, 2);
	assert_int_equal(counts_of(&r).refused_groups, 2);
	assert_int_equal(r.changes, 2);
	assert_int_equal(rig_filter(&r), INCLUDES(0));
	r.group = rig_group(MCR_GMP_MLD, 1);
	rig_record(&r, MCR_RECORD_IS_EX, 3, 3);
	assert_int_equal(rig_filter(&r), EXCLUDES(1)); /* X = {1} */
	rig_at(&r, GMI);
	r.group = rig_group(MCR_GMP_MLD, 4);
	rig_record(&r, MCR_RECORD_IS_EX, 3, 0);
	assert_int_equal(rig_filter(&r), EXCLUDES(0));
	assert_int_equal(counts_of(&r).groups, 1);
	rig_end(&r);
}

/* R-REP-9, R-REP-10: what needs no entry is not refused. */
static void what_wants_nothing_makes_no_entry(void **state)
{
	static const enum mcr_record types[] = {MCR_RECORD_IS_IN, MCR_RECORD_TO_IN,
						MCR_RECORD_ALLOW, MCR_RECORD_BLOCK};
	struct rig r;

	rig_begin_with(&r, MCR_GMP_IGMP, 0, 8, 64);
	for (unsigned i = 0; i < 4; i++)
		rig_record(&r, types[i], 3, types[i] == MCR_RECORD_BLOCK ? 3 : 0);
	assert_questions(&r, "");
	assert_int_equal(counts_of(&r).groups + counts_of(&r).refused_groups, 0);
	assert_int_equal(r.changes, 0);
	rig_end(&r);
}

/* R-REP-10: of a list those that fit are taken, the lowest first. What is there stays. */
static void sources_beyond_the_limit_are_refused(void **state)
{
	struct rig r;

	rig_begin_with(&r, MCR_GMP_IGMP, 4, 3, 64);
	rig_record(&r, MCR_RECORD_ALLOW, 3, 0x24);
	rig_record(&r, MCR_RECORD_ALLOW, 3, 0x5b);
	assert_int_equal(rig_filter(&r), INCLUDES(0x25));
	assert_int_equal(counts_of(&r).refused_sources, 4);
	rig_record(&r, MCR_RECORD_ALLOW, 3, 0x80);
	assert_int_equal(rig_filter(&r), INCLUDES(0x25));
	assert_int_equal(counts_of(&r).refused_sources, 5);
	assert_int_equal(r.changes, 2);
	/* The record's own deletions make room: an EXCLUDE that is cut forwards too much. */
	rig_record(&r, MCR_RECORD_IS_EX, 3, 0xf4);
	assert_int_equal(counts_of(&r).sources, 3);
	assert_int_equal(counts_of(&r).refused_sources, 7);
	assert_int_equal(rig_filter(&r), EXCLUDES(0x10)); /* 0x24 are in X */
	rig_end(&r);
}

/* R-REP-10: all groups share a limit, too; a group that would have no source is none. */
static void sources_of_all_groups_are_limited(void **state)
{
	struct rig r;

	rig_begin_with(&r, MCR_GMP_MLD, 8, 8, 10);
	for (uint8_t i = 1; i <= 3; i++) {
		r.group = rig_group(MCR_GMP_MLD, i);
		rig_record(&r, MCR_RECORD_IS_IN, 3, 0x1f);
	}
	assert_int_equal(counts_of(&r).groups, 2);
	assert_int_equal(counts_of(&r).sources, 10);
	assert_int_equal(counts_of(&r).refused_sources, 5);
	assert_int_equal(r.changes, 2);
	rig_record(&r, MCR_RECORD_IS_EX, 3, 0x1f);
	assert_int_equal(rig_filter(&r), EXCLUDES(0));
	r.group = rig_group(MCR_GMP_MLD, 1);
	rig_record_for(&r, MCR_RECORD_IS_IN, 3, 5);
	rig_at(&r, 5);
	assert_int_equal(counts_of(&r).sources, 8);
	rig_record(&r, MCR_RECORD_IS_IN, 3, 0xe0);
	assert_int_equal(rig_filter(&r), INCLUDES(0x7c));
	rig_end(&r);
}

/* A group with many sources, which are found one by one and all together. */
static void long_lists_of_sources_keep_their_order(void **state)
{
	struct mcr_address list[500], odd[250];
	struct mcr_source_filter filter;
	struct mcr_members_record record = {.level = 3, .sources = odd, .n = 250};
	struct rig r;

	rig_begin_with(&r, MCR_GMP_IGMP, 1, 500, 500);
	record.group = r.group;
	for (uint32_t i = 0; i < 500; i++) {
		list[i] = mcr_address_from_ipv4(htonl(0x0a000001 + i));
		if (i % 2)
			odd[i / 2] = list[i];
	}
	record.type = MCR_RECORD_ALLOW;
	mcr_members_apply(r.ms, &r.rules, &record, 0);
	record.n = 1;
	for (uint32_t i = 0; i < 500; i++) { /* each alone, from the middle to both ends */
		record.sources = &list[i % 2 ? 250 + i / 2 : 249 - i / 2];
		mcr_members_apply(r.ms, &r.rules, &record, 1);
	}
	assert_int_equal(r.changes, 251);
	record.sources = list;
	record.n = 500;
	mcr_members_apply(r.ms, &r.rules, &record, 1);
	assert_int_equal(r.changes, 251);
	mcr_members_filter(r.ms, r.group, &filter);
	assert_int_equal(filter.n, 500);
	assert_memory_equal(filter.sources, list, sizeof(list));
	record.type = MCR_RECORD_BLOCK;
	record.sources = &list[498];
	record.n = 2;
	mcr_members_apply(r.ms, &r.rules, &record, 1);
	mcr_members_expire(r.ms, 1 + LMQT);
	mcr_members_filter(r.ms, r.group, &filter);
	assert_int_equal(filter.n, 498);
	assert_memory_equal(filter.sources, list, 498 * sizeof(*list));
	rig_end(&r);
}

/* R-OP-4: memory follows what is known, and not what once was. */
static void memory_is_given_back(void **state)
{
	uint64_t full, begin;
	struct rig r;

	rig_begin_with(&r, MCR_GMP_MLD, 200, 8, 4096);
	for (uint8_t i = 0; i < 200; i++) {
		r.group = rig_group(MCR_GMP_MLD, i);
		rig_record(&r, MCR_RECORD_IS_EX, 3, 0xff);
	}
	full = counts_of(&r).memory_bytes;
	assert_in_range(full, 200 * 8 * 24, 200 * (8 * 40 + 400));
	for (uint8_t i = 0; i < 200; i++) {
		r.group = rig_group(MCR_GMP_MLD, i);
		rig_record(&r, MCR_RECORD_IS_EX, 3, 1);
	}
	assert_in_range(counts_of(&r).memory_bytes, 1, full - 200 * 4 * 24);
	rig_at(&r, GMI);
	begin = counts_of(&r).memory_bytes;
	assert_int_equal(counts_of(&r).groups, 0);
	for (uint8_t i = 0; i < 200; i++) {
		r.group = rig_group(MCR_GMP_MLD, i);
		rig_record(&r, MCR_RECORD_IS_EX, 3, 0xff);
	}
	rig_at(&r, 2 * GMI);
	assert_int_equal(counts_of(&r).memory_bytes, begin);
	rig_end(&r);
}

/* R-OP-1: entries are counted in the order of the addresses, whatever came and went. */
static void groups_are_listed_in_the_order_of_their_addresses(void **state)
{
	struct mcr_querier_source source;
	struct mcr_querier_group group;
	struct mcr_rng rng;
	struct rig r;

	mcr_rng_seed(&rng, 1);
	rig_begin_with(&r, MCR_GMP_IGMP, 300, 8, 4096);
	for (unsigned i = 0; i < 2000; i++) {
		struct mcr_address last = {{0}};
		size_t n = 0;

		r.group = rig_group(MCR_GMP_IGMP, (uint8_t)mcr_rng_next(&rng));
		rig_record(&r, MCR_RECORD_IS_IN, 3, 1u << i % 8);
		r.now += mcr_rng_next(&rng) % 4;
		for (; i % 8 == 0 && mcr_members_get_group(r.ms, n, &group) == 0; n++) {
			assert_true(memcmp(&last, &group.group, sizeof(last)) < 0);
			last = group.group;
			assert_int_equal(mcr_members_get_sources(r.ms, n, &source, 1),
					 group.n_sources);
			assert_true(group.until_ns == 0 && source.is_forwarded);
		}
		assert_true(i % 8 || n == counts_of(&r).groups);
		assert_true(mcr_members_get_group(r.ms, counts_of(&r).groups, &group) < 0);
		assert_true(mcr_members_get_sources(r.ms, counts_of(&r).groups, &source, 1) < 0);
	}
	rig_end(&r);
}

/* n groups that come, are refreshed, and end at once. */
static double live(void *ctx, size_t n)
{
	struct rig r;
	double begin;

	rig_begin_with(&r, MCR_GMP_IGMP, UINT16_MAX, 8, UINT16_MAX);
	begin = growth_cpu_ms();
	for (r.now = 0; r.now < GMI; r.now += 50)
		for (uint32_t i = 0; i < n; i++) {
			r.group = mcr_address_from_ipv4(htonl(0xef000000 + i));
			rig_record(&r, MCR_RECORD_IS_EX, 3, 3);
		}
	rig_at(&r, 2 * GMI);
	assert_int_equal(counts_of(&r).groups, 0);
	begin = growth_cpu_ms() - begin;
	rig_end(&r);
	return begin;
}

/* R-OP-4: the work of many groups grows as their number. */
static void many_groups_cost_little_more_than_few(void **state)
{
	assert_growth_is_gentle(live, NULL, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(groups_beyond_the_limit_are_refused),
	    cmocka_unit_test(what_wants_nothing_makes_no_entry),
	    cmocka_unit_test(sources_beyond_the_limit_are_refused),
	    cmocka_unit_test(sources_of_all_groups_are_limited),
	    cmocka_unit_test(long_lists_of_sources_keep_their_order),
	    cmocka_unit_test(memory_is_given_back),
	    cmocka_unit_test(groups_are_listed_in_the_order_of_their_addresses),
	    cmocka_unit_test(many_groups_cost_little_more_than_few),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
