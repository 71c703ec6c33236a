/* SPDX-License-Identifier: BSD-3-Clause */
/* How far the lines of a feed are apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../tools/mcring-watch/lead.h"

#define SYNCED (MCR_FLAG_HW_TIME | MCR_FLAG_HW_TIME_SYNCED)

struct rig {
	struct lead *lead;
	struct watch_lead of[MCR_FEED_LINES_MAX], *all[MCR_FEED_LINES_MAX];
};

static void create_as(struct rig *r, const uint8_t clocks[MCR_FEED_LINES_MAX], int is_one_clock)
{
	static const uint8_t same[MCR_FEED_LINES_MAX];

	*r = (struct rig){.lead = lead_create(clocks ? clocks : same, is_one_clock)};
	assert_non_null(r->lead);
	for (unsigned i = 0; i < MCR_FEED_LINES_MAX; i++)
		r->all[i] = &r->of[i];
}

static void create(struct rig *r, const uint8_t clocks[MCR_FEED_LINES_MAX])
{
	create_as(r, clocks, 0);
}

static void put(struct rig *r, uint8_t line, uint64_t seq, uint16_t flags,
		const struct mcr_msg *msg)
{
	const struct mcr_feed_msg m = {
	    .msg = msg, .seq = seq, .count = 1, .line = line, .flags = flags};

	lead_take(r->lead, r->all, &m);
}

/* The first copy of a number, or another one, at a time of its rx lcore. */
static void first(struct rig *r, uint8_t line, uint64_t seq, uint64_t rx_ns)
{
	put(r, line, seq, 0, &(struct mcr_msg){.rx_ns = rx_ns});
}

static void copy(struct rig *r, uint8_t line, uint64_t seq, uint64_t rx_ns)
{
	put(r, line, seq, MCR_FEED_FLAG_DUPLICATE, &(struct mcr_msg){.rx_ns = rx_ns});
}

static struct mcr_msg by_hw(uint64_t rx_ns, uint64_t hw_ns, uint16_t flags, uint16_t interface)
{
	return (struct mcr_msg){
	    .rx_ns = rx_ns, .hw_ns = hw_ns, .flags = flags, .interface = interface};
}

/* A number on lines 0 and 1, with these times of NICs. */
static void pair_by_hw(struct rig *r, uint64_t seq, uint64_t a_ns, uint64_t b_ns, uint16_t flags,
		       uint16_t b_interface)
{
	const struct mcr_msg a = by_hw(1000 * seq, a_ns, flags, 0),
			     b = by_hw(1000 * seq + 500, b_ns, flags, b_interface);

	put(r, 0, seq, 0, &a);
	put(r, 1, seq, MCR_FEED_FLAG_DUPLICATE, &b);
}

static void each_side_of_a_pair_counts_it(void **state)
{
	struct rig r;

	create(&r, NULL);
	first(&r, 0, 1, 1000);
	copy(&r, 1, 1, 1015);
	first(&r, 0, 2, 2000);
	copy(&r, 1, 2, 2016);
	first(&r, 1, 3, 3000);
	copy(&r, 0, 3, 3100);
	assert_int_equal(r.of[0].packets, 3);
	assert_int_equal(r.of[0].ahead[0], 1);
	assert_int_equal(r.of[0].ahead[1], 1);
	assert_int_equal(r.of[0].behind[3], 1); /* 64 to 127 ns */
	assert_int_equal(r.of[0].min_ns, -16);
	assert_int_equal(r.of[0].max_ns, 100);
	assert_int_equal(r.of[1].packets, 3);
	assert_int_equal(r.of[1].behind[0], 1);
	assert_int_equal(r.of[1].behind[1], 1);
	assert_int_equal(r.of[1].ahead[3], 1);
	assert_int_equal(r.of[1].min_ns, -100);
	assert_int_equal(r.of[1].max_ns, 16);
	assert_int_equal(r.of[1].is_hw, 0);
	lead_destroy(r.lead);
}

static void the_longest_times_are_in_the_last_bucket(void **state)
{
	struct rig r;

	create(&r, NULL);
	first(&r, 0, 1, 1);
	copy(&r, 1, 1, UINT64_C(1) << 62);
	first(&r, 0, 2, 1);
	copy(&r, 1, 2, 1 + (UINT64_C(16) << 30));
	first(&r, 0, 3, 1);
	copy(&r, 1, 3, UINT64_C(16) << 30);
	assert_int_equal(r.of[1].behind[31], 2);
	assert_int_equal(r.of[1].behind[30], 1);
	lead_destroy(r.lead);
}

static void all_further_copies_are_compared_with_the_first(void **state)
{
	struct rig r;

	create(&r, NULL);
	first(&r, 2, 1, 1000);
	copy(&r, 0, 1, 1020);
	copy(&r, 1, 1, 1040);
	copy(&r, 1, 1, 1060); /* twice on one line */
	copy(&r, 2, 1, 1080); /* that of the first is none */
	assert_int_equal(r.of[2].packets, 3);
	assert_int_equal(r.of[2].min_ns, -60);
	assert_int_equal(r.of[0].packets, 1);
	assert_int_equal(r.of[1].max_ns, 60);
	lead_destroy(r.lead);
}

/* A number that begins anew, and a copy whose first one is forgotten, or is of another stream. */
static void only_copies_of_what_is_remembered_count(void **state)
{
	struct mcr_msg msg = {.rx_ns = 7000};
	struct mcr_feed_msg m = {
	    .msg = &msg, .seq = 9, .line = 1, .key = 1, .flags = MCR_FEED_FLAG_DUPLICATE};
	struct rig r;

	create(&r, NULL);
	copy(&r, 1, 5, 1000);
	first(&r, 0, 5, 2000);
	first(&r, 1, 5, 3000);
	first(&r, 0, 9, 4000);
	lead_take(r.lead, r.all, &m);
	assert_int_equal(r.of[0].packets, 0);
	assert_int_equal(r.of[1].packets, 0);
	copy(&r, 0, 5, 3010);
	assert_int_equal(r.of[0].packets, 1);
	assert_int_equal(r.of[0].max_ns, 10);
	lead_destroy(r.lead);
}

static void thousands_of_numbers_are_remembered(void **state)
{
	struct rig r;

	create(&r, NULL);
	for (uint64_t seq = 0; seq < 4096; seq++)
		first(&r, 0, seq, 1000 + seq);
	for (uint64_t seq = 0; seq < 4096; seq++)
		copy(&r, 1, seq, 9000 + seq);
	assert_true(r.of[1].packets > 3900);
	assert_int_equal(r.of[1].min_ns, 8000);
	assert_int_equal(r.of[1].max_ns, 8000);
	lead_destroy(r.lead);
}

/* Of clocks that nobody vouches for, only those of one interface can be compared. */
static void times_of_nics_count_where_they_are_of_one_clock(void **state)
{
	static const uint8_t apart[MCR_FEED_LINES_MAX] = {0, 1};
	const struct {
		const uint8_t *clocks;
		uint16_t flags, interface;
		int is_hw;
	} cases[] = {
	    {NULL, SYNCED, 1, 1},
	    {apart, SYNCED, 1, 1},
	    {NULL, MCR_FLAG_HW_TIME, 0, 1},
	    {NULL, MCR_FLAG_HW_TIME, 1, 0},
	    {apart, MCR_FLAG_HW_TIME, 0, 0},
	    {NULL, 0, 0, 0}, /* what stands in hw_ns means nothing */
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;

		create(&r, cases[i].clocks);
		pair_by_hw(&r, 1, 5040, 5000, cases[i].flags, cases[i].interface);
		assert_int_equal(r.of[0].is_hw, cases[i].is_hw);
		assert_int_equal(r.of[1].is_hw, cases[i].is_hw);
		assert_int_equal(r.of[1].max_ns, cases[i].is_hw ? -40 : 500);
		assert_int_equal(r.of[0].max_ns, cases[i].is_hw ? 40 : -500);
		assert_int_equal(r.of[1].ahead[2], cases[i].is_hw); /* though it was read later */
		assert_int_equal(r.of[0].behind[2], cases[i].is_hw);
		lead_destroy(r.lead);
	}
}

static void an_operator_may_vouch_for_all_clocks(void **state)
{
	static const uint8_t apart[MCR_FEED_LINES_MAX] = {0, 1};
	struct rig r;

	create_as(&r, apart, 1);
	pair_by_hw(&r, 1, 5040, 5000, MCR_FLAG_HW_TIME, 1);
	pair_by_hw(&r, 2, 5040, 5000, MCR_FLAG_HW_TIME, 1);
	assert_int_equal(r.of[1].is_hw, 1);
	assert_int_equal(r.of[1].packets, 2);
	lead_destroy(r.lead);
}

static void a_lead_begins_anew_when_its_times_are_of_the_other_kind_for_long(void **state)
{
	struct rig r;
	uint64_t seq = 0;

	create(&r, NULL);
	for (int i = 0; i < 10; i++, seq++)
		pair_by_hw(&r, seq + 1, 5000 + seq, 5007 + seq, SYNCED, 1);
	for (int i = 0; i < 63; i++, seq++)
		pair_by_hw(&r, seq + 1, 0, 0, 0, 1);
	assert_int_equal(r.of[1].is_hw, 1);
	assert_int_equal(r.of[1].packets, 10);
	pair_by_hw(&r, ++seq, 6000, 6007, SYNCED, 1); /* they were not in a row */
	for (int i = 0; i < 63; i++)
		pair_by_hw(&r, ++seq, 0, 0, 0, 1);
	assert_int_equal(r.of[1].is_hw, 1);
	assert_int_equal(r.of[1].packets, 11);
	pair_by_hw(&r, ++seq, 0, 0, 0, 1);
	assert_int_equal(r.of[1].is_hw, 0);
	assert_int_equal(r.of[1].packets, 1);
	assert_int_equal(r.of[1].min_ns, 500);
	lead_destroy(r.lead);
}

static void the_resolution_is_the_smallest_step_of_the_coarser_line(void **state)
{
	struct mcr_msg other = {.rx_ns = 10001, .pos = {.ring = 1}};
	struct rig r;

	create(&r, NULL);
	first(&r, 0, 1, 1000);
	copy(&r, 1, 1, 1500);
	assert_int_equal(r.of[0].resolution_ns, 0); /* nothing has stepped */
	first(&r, 0, 2, 1000);                      /* of the same burst */
	copy(&r, 1, 2, 2100);
	assert_int_equal(r.of[0].resolution_ns, 0);
	first(&r, 0, 3, 1250);
	copy(&r, 1, 3, 3000);
	assert_int_equal(r.of[0].resolution_ns, 600);
	assert_int_equal(r.of[1].resolution_ns, 600);
	first(&r, 0, 4, 10000);
	copy(&r, 1, 4, 10000);
	put(&r, 1, 5, 0, &other); /* another lcore's */
	copy(&r, 1, 4, 10100);
	assert_int_equal(r.of[1].resolution_ns, 600);
	copy(&r, 1, 4, 10200);
	assert_int_equal(r.of[1].resolution_ns, 250);
	assert_int_equal(r.of[0].resolution_ns, 250);
	lead_destroy(r.lead);
}

static void times_of_nics_have_steps_of_their_own(void **state)
{
	struct rig r;

	create(&r, NULL);
	pair_by_hw(&r, 1, 5000, 5013, SYNCED, 1);
	pair_by_hw(&r, 2, 5006, 5026, SYNCED, 1);
	assert_int_equal(r.of[0].resolution_ns, 13);
	lead_destroy(r.lead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_side_of_a_pair_counts_it),
	    cmocka_unit_test(the_longest_times_are_in_the_last_bucket),
	    cmocka_unit_test(all_further_copies_are_compared_with_the_first),
	    cmocka_unit_test(only_copies_of_what_is_remembered_count),
	    cmocka_unit_test(thousands_of_numbers_are_remembered),
	    cmocka_unit_test(times_of_nics_count_where_they_are_of_one_clock),
	    cmocka_unit_test(an_operator_may_vouch_for_all_clocks),
	    cmocka_unit_test(a_lead_begins_anew_when_its_times_are_of_the_other_kind_for_long),
	    cmocka_unit_test(the_resolution_is_the_smallest_step_of_the_coarser_line),
	    cmocka_unit_test(times_of_nics_have_steps_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
