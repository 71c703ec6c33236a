/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes of reports (rows H-PK-*), pacing, full queues, and thousands of groups. */
#include "gmp_rig.h"

static void rig_mtu(struct rig *r, uint16_t mtu)
{
	rig_start(r, &(struct mcr_gmp_config){
			 .address = ip(HOST), .repeat_s = MCR_GMP_NO_REPEAT, .mtu = mtu});
}

/* 10.9.0.0 + 1, 2, ... n */
static void set_many(struct rig *r, const char *group, enum mcr_filter_mode mode, unsigned n)
{
	struct mcr_address list[2000];

	for (unsigned i = 0; i < n; i++)
		list[i] = ip_of(0x0a090001u + i);
	assert_int_equal(mcr_gmp_set_filter(r->igmp, ip(group), mode, list, n, r->now_ns), 0);
}

static void
a_link_that_takes_less_gets_shorter_reports_and_one_that_takes_more_longer_ones(void **state)
{
	struct rig r;

	rig_mtu(&r, 1500);
	join_many(&r, RECORDS + 60);
	poll_now(&r);
	assert_count(&r, 2);
	settle(&r, 5);
	assert_int_equal(mcr_gmp_set_mtu(r.igmp, 1450), 0);
	r.cfg.mtu = 1450;
	mcr_gmp_announce(r.igmp, ip(HOST), r.now_ns);
	poll_now(&r);
	assert_count(&r, 2);
	unsigned fewer = is_mld() ? 69 : 177;

	assert_int_equal(records(&r.sent[0]), fewer);
	assert_int_equal(records(&r.sent[1]), RECORDS + 60 - fewer);
	settle(&r, 5);
	assert_int_equal(mcr_gmp_set_mtu(r.igmp, 9000), 0);
	r.cfg.mtu = 9000;
	mcr_gmp_announce(r.igmp, ip(HOST), r.now_ns);
	poll_now(&r);
	assert_count(&r, 1);
	assert_int_equal(records(&r.sent[0]), RECORDS + 60);
	assert_int_equal(mcr_gmp_set_mtu(r.igmp, is_mld() ? 1279 : 67), -EINVAL);
	rig_stop(&r);
}

/* A list that took one report takes many now: the room for them is there before they are built. */
static void the_longest_list_fits_the_shortest_reports(void **state)
{
	struct rig r;

	rig_mtu(&r, 9000);
	set_many(&r, "232.1.1.1", IN, 2000);
	poll_now(&r);
	settle(&r, 5);
	r.cfg.mtu = is_mld() ? 1280 : 68;
	assert_int_equal(mcr_gmp_set_mtu(r.igmp, r.cfg.mtu), 0);
	mcr_gmp_announce(r.igmp, ip(HOST), r.now_ns);
	run_for(&r, 1);
	assert_true(r.n_sent >= (is_mld() ? 27 : 286)); /* 75, 7 sources each */
	rig_stop(&r);
}

/* What waits for the port when the slots become longer is sent as it was built. */
static void messages_that_wait_survive_longer_slots(void **state)
{
	struct rig r;

	rig_mtu(&r, is_mld() ? 1280 : 576);
	r.refuse = 1;
	set_many(&r, "232.1.1.1", IN, 500);
	poll_now(&r);
	assert_int_equal(mcr_gmp_set_mtu(r.igmp, 9000), 0);
	run_for(&r, 0.01);
	assert_true(r.n_sent >= 4);
	for (size_t i = 0; i < r.n_sent; i++)
		assert_true(r.sent[i].len <= r.cfg.mtu);
	rig_stop(&r);
}

/* H-PK-1 */
static void many_groups_take_two_reports(void **state)
{
	struct rig r;

	rig_default(&r);
	join_many(&r, RECORDS + 60);
	poll_now(&r);
	assert_count(&r, 2);
	assert_int_equal(records(&r.sent[0]), RECORDS);
	assert_int_equal(r.sent[0].len, 1496);
	assert_int_equal(records(&r.sent[1]), 60);
	assert_int_equal(r.sent[1].len, is_mld() ? 1256 : 512);
	settle(&r, 5);
	general_v3(&r, 10);
	run_for(&r, 5);
	assert_count(&r, 2);
	assert_int_equal(records(&r.sent[0]), RECORDS);
	assert_int_equal(records(&r.sent[1]), 60);
	rig_stop(&r);
}

/* A message with one record of this type and the sources from `first` on. */
static void assert_part(const struct rig *r, size_t i, unsigned type, unsigned first, unsigned n)
{
	assert_true(i < r->n_sent);
	assert_int_equal(records(&r->sent[i]), 1);
	assert_int_equal(message_of(&r->sent[i])[8], type);
	assert_int_equal(sources(&r->sent[i]), n);
	const uint8_t *p = message_of(&r->sent[i]) + 12 + address_octets();

	assert_ptr_equal(p + address_octets() * n, r->sent[i].bytes + r->sent[i].len);
	for (unsigned k = 0; k < n; k++, p += address_octets())
		assert_int_equal(word(p + address_octets() - 4), 0x0a090001u + first + k);
}

/* H-PK-2: ALLOW, IS_IN, BLOCK, TO_IN */
static void a_record_that_is_too_long_is_split_over_reports_of_its_own(void **state)
{
	struct rig r;

	rig_default(&r);
	set_many(&r, "239.1.2.3", IN, SOURCES + REST);
	run_for(&r, 0.1);
	assert_count(&r, 2);
	assert_part(&r, 0, 5, 0, SOURCES);
	assert_part(&r, 1, 5, SOURCES, REST);
	settle(&r, 5);

	general_v3(&r, 10);
	run_for(&r, 5);
	assert_count(&r, 2);
	assert_part(&r, 0, 1, 0, SOURCES);
	assert_part(&r, 1, 1, SOURCES, REST);
	rig_forget(&r);

	assert_int_equal(FEED(&r, .code = 10, .group = "239.1.2.3"), 0);
	run_for(&r, 5);
	assert_count(&r, 2);
	assert_part(&r, 0, 1, 0, SOURCES);
	rig_forget(&r);

	leave(&r, "239.1.2.3");
	run_for(&r, 0.1);
	assert_count(&r, 2);
	assert_part(&r, 0, 6, 0, SOURCES);
	assert_part(&r, 1, 6, SOURCES, REST);
	settle(&r, 5);

	join(&r, "239.1.2.3");
	settle(&r, 5);
	set_many(&r, "239.1.2.3", IN, SOURCES + REST);
	run_for(&r, 5);
	assert_count(&r, 4);
	assert_part(&r, 0, 3, 0, SOURCES);
	assert_part(&r, 1, 3, SOURCES, REST);
	assert_part(&r, 2, 3, 0, SOURCES);
	assert_part(&r, 3, 3, SOURCES, REST);
	rig_stop(&r);
}

/* H-PK-2: both records of one change are too long, and other groups wait behind. */
static void long_records_and_other_groups_do_not_mix(void **state)
{
	struct rig r;
	struct mcr_address list[1000];

	rig_default(&r);
	set_many(&r, "239.1.2.3", IN, SOURCES + REST);
	settle(&r, 5);
	join(&r, "239.2.2.2");
	for (unsigned i = 0; i < SOURCES + 35; i++)
		list[i] = ip_of(0x0b000001u + i);
	assert_int_equal(
	    mcr_gmp_set_filter(r.igmp, ip("239.1.2.3"), IN, list, SOURCES + 35, r.now_ns), 0);
	join(&r, "239.3.3.3");
	poll_now(&r);
	/* The older group first: BLOCK and ALLOW take two messages each. */
	assert_count(&r, 5);
	assert_int_equal(sources(&r.sent[0]), SOURCES);
	assert_int_equal(sources(&r.sent[1]), 35);
	assert_part(&r, 2, 6, 0, SOURCES);
	assert_part(&r, 3, 6, SOURCES, REST);
	assert_sent(&r, 4, r.now_ns, "TO_EX(239.2.2.2){} TO_EX(239.3.3.3){}");
	rig_stop(&r);
}

/* H-PK-3 */
static void an_exclude_list_that_is_too_long_is_cut_to_the_same_sources_each_time(void **state)
{
	struct rig r;

	rig_default(&r);
	set_many(&r, "239.1.2.3", EX, SOURCES + REST);
	run_for(&r, 5);
	assert_count(&r, 2);
	assert_part(&r, 0, 4, 0, SOURCES);
	assert_part(&r, 1, 4, 0, SOURCES);
	rig_forget(&r);
	for (int i = 0; i < 2; i++) {
		general_v3(&r, 10);
		run_for(&r, 5);
		assert_count(&r, 1);
		assert_part(&r, 0, 2, 0, SOURCES);
		rig_forget(&r);
	}
	rig_stop(&r);
}

/* H-PK-4, H-PK-1: the rig checks each message against the MTU, DF and the fragment fields. */
static void reports_fit_any_mtu(void **state)
{
	static const uint16_t mtus[] = {68, 576, 1280, 1492, 1500, 9000, 65535};

	for (size_t i = is_mld() ? 2 : 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		struct rig r;
		unsigned octets = is_mld() ? 16 : 4, room = mtus[i] - (is_mld() ? 56u : 32u);
		unsigned per_report = room / (4 + octets);
		unsigned whole = 400 * (4 + octets) + 2 * (4 + 701 * octets) <= room ? 402 : 400;
		unsigned total = 0;

		rig_mtu(&r, mtus[i]);
		join_many(&r, 400);
		set_many(&r, "239.1.2.3", IN, 700);
		set_many(&r, "239.1.2.4", EX, 700);
		run_for(&r, 5);
		general_v3(&r, 10);
		run_for(&r, 5);
		for (size_t k = 0; k < r.n_sent; k++)
			total += records(&r.sent[k]);
		assert_int_equal(info(&r).tx_records, total);
		assert_int_equal(records(&r.sent[0]), per_report < 400 ? per_report : whole);
		rig_stop(&r);
	}
}

static void impossible_configurations_are_refused(void **state)
{
	struct mcr_gmp *igmp = NULL;

	static const struct mcr_gmp_config bad[] = {
	    {.family = MCR_GMP_IGMP, .mtu = 67},  {.family = MCR_GMP_IGMP, .version = 4},
	    {.family = MCR_GMP_MLD, .mtu = 1279}, {.family = MCR_GMP_MLD, .version = 3},
	    {.family = MCR_GMP_MLD + 1},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mcr_gmp_create(&igmp, &bad[i], 0), -EINVAL);
	assert_null(igmp);
}

static void a_thousand_joins_go_out_in_the_fewest_reports_at_once(void **state)
{
	struct rig r;

	rig_default(&r);
	uint64_t t = r.now_ns;

	join_many(&r, 1000);
	run_for(&r, 5);
	unsigned n = reports_of(1000);

	assert_count(&r, 2 * n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(r.sent[i].at_ns, t);
		assert_int_equal(r.sent[n + i].at_ns, t + sec(0.5));
	}
	assert_int_equal(info(&r).tx_records, 2000);
	rig_stop(&r);
}

static void a_thousand_joins_in_v2_are_paced_and_done_in_100_ms(void **state)
{
	struct rig r;

	rig_version(&r, 2);
	uint64_t t = r.now_ns;
	unsigned in_tick[100] = {0};

	join_many(&r, 1000);
	run_for(&r, 0.1);
	assert_count(&r, 1000);
	for (size_t i = 0; i < r.n_sent; i++)
		in_tick[(r.sent[i].at_ns - t) / MS]++;
	for (size_t i = 0; i < 100; i++)
		assert_true(in_tick[i] <= MCR_GMP_BURST);
	/* The first of them in the order of the joins. */
	assert_sent(&r, 0, t, "v2 239.0.1.0");
	assert_sent(&r, 1, t, "v2 239.0.1.1");
	rig_stop(&r);
}

static void a_burst_is_counted_over_several_polls_of_one_tick(void **state)
{
	struct rig r;

	rig_start(
	    &r, &(struct mcr_gmp_config){.version = 2, .burst = 4, .repeat_s = MCR_GMP_NO_REPEAT});
	join_many(&r, 10);
	poll_now(&r);
	assert_count(&r, 4);
	assert_int_equal(r.deadline_ns, r.now_ns + MCR_GMP_TICK_NS);
	r.now_ns += MS / 2;
	poll_now(&r);
	assert_count(&r, 4);
	run_for(&r, 0.01);
	assert_count(&r, 10);
	rig_stop(&r);
}

static void a_full_queue_delays_messages_and_loses_none(void **state)
{
	struct rig r;

	unsigned n = reports_of(400);

	rig_default(&r);
	uint64_t t = r.now_ns;

	join_many(&r, 400);
	r.refuse = 3;
	poll_now(&r);
	assert_count(&r, 0);
	assert_int_equal(r.deadline_ns, t + MCR_GMP_TICK_NS);
	run_for(&r, 0.1);
	assert_count(&r, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(r.sent[i].at_ns, t + 3 * MS);
	assert_int_equal(info(&r).tx_retries, 3);
	assert_int_equal(info(&r).tx_reports, n);
	assert_int_equal(info(&r).tx_records, 400);
	run_for(&r, 5);
	assert_count(&r, 2 * n);
	rig_stop(&r);
}

/* A leave behind a join that the queue refused: both go out, in this order. */
static void a_leave_does_not_overtake_a_kept_join(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "239.1.2.3");
	r.refuse = 1;
	poll_now(&r);
	leave(&r, "239.1.2.3");
	run_for(&r, 5);
	assert_sent(&r, 0, sec(1000) + MS, "TO_EX(239.1.2.3){}");
	assert_sent(&r, 1, sec(1000) + MS, "TO_IN(239.1.2.3){}");
	assert_sent(&r, 2, sec(1000.5), "TO_IN(239.1.2.3){}"); /* one train, one draw */
	assert_count(&r, 3);
	rig_stop(&r);
}

/* A queue that is always full: the machine keeps asking, each millisecond, and stays whole. */
static void a_queue_that_stays_full_does_not_end_anything(void **state)
{
	struct rig r;

	rig_default(&r);
	join_many(&r, 1000);
	r.refuse = UINT32_MAX;
	run_for(&r, 3);
	assert_count(&r, 0);
	assert_in_range(info(&r).tx_retries, 2900, 3001);
	r.refuse = 0;
	run_for(&r, 5);
	assert_int_equal(info(&r).tx_records, 2000);
	rig_stop(&r);
}

static void ten_thousand_groups_are_reported_answered_and_left(void **state)
{
	struct rig r;

	unsigned n = reports_of(10000);

	rig_default(&r);
	uint64_t t = r.now_ns;

	join_many(&r, 10000);
	run_for(&r, 0.1);
	assert_count(&r, n);
	assert_true(r.sent[n - 1].at_ns <= t + n / MCR_GMP_BURST * MS + MS);
	settle(&r, 5);
	assert_int_equal(info(&r).groups, 10000);
	/* docs/igmp.md states it: below 200 octets for each group without sources. */
	assert_true(info(&r).memory_bytes < 10000 * 200);
	t = r.now_ns;
	general_v3(&r, 100);
	run_for(&r, 20);
	assert_count(&r, n);
	assert_true(r.sent[n - 1].at_ns <= t + 10 * SECOND);
	rig_forget(&r);
	mcr_gmp_leave_all(r.igmp, r.now_ns);
	run_for(&r, 0.1);
	assert_count(&r, n);
	run_for(&r, 5);
	assert_count(&r, 2 * n);
	assert_int_equal(info(&r).groups, 0);
	assert_int_equal(mcr_gmp_pending(r.igmp), 0);
	rig_stop(&r);
}

/* Groups of many different times leave and join: the heap and the hash stay whole. */
static void groups_come_and_go_in_any_order(void **state)
{
	struct rig r;
	unsigned x = 1;

	rig_default(&r);
	for (unsigned round = 0; round < 20000; round++) {
		x = x * 1103515245u + 12345u;
		struct mcr_address group = ip_of(0xef010000u + (x >> 16) % 500);

		r.default_draw = (double)(x % 1000 + 1) / 1000;
		assert_int_equal(
		    mcr_gmp_set_filter(r.igmp, group, x & 1024 ? EX : IN, NULL, 0, r.now_ns), 0);
		run_for(&r, 0.002);
		rig_forget(&r);
	}
	mcr_gmp_leave_all(r.igmp, r.now_ns);
	run_for(&r, 10);
	assert_int_equal(info(&r).groups + info(&r).leaving, 0);
	assert_int_equal(r.deadline_ns, MCR_GMP_NEVER);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(many_groups_take_two_reports),
	    cmocka_unit_test(
		a_link_that_takes_less_gets_shorter_reports_and_one_that_takes_more_longer_ones),
	    cmocka_unit_test(the_longest_list_fits_the_shortest_reports),
	    cmocka_unit_test(messages_that_wait_survive_longer_slots),
	    cmocka_unit_test(a_record_that_is_too_long_is_split_over_reports_of_its_own),
	    cmocka_unit_test(long_records_and_other_groups_do_not_mix),
	    cmocka_unit_test(an_exclude_list_that_is_too_long_is_cut_to_the_same_sources_each_time),
	    cmocka_unit_test(reports_fit_any_mtu),
	    cmocka_unit_test(impossible_configurations_are_refused),
	    cmocka_unit_test(a_thousand_joins_go_out_in_the_fewest_reports_at_once),
	    cmocka_unit_test(a_thousand_joins_in_v2_are_paced_and_done_in_100_ms),
	    cmocka_unit_test(a_burst_is_counted_over_several_polls_of_one_tick),
	    cmocka_unit_test(a_full_queue_delays_messages_and_loses_none),
	    cmocka_unit_test(a_leave_does_not_overtake_a_kept_join),
	    cmocka_unit_test(a_queue_that_stays_full_does_not_end_anything),
	    cmocka_unit_test(ten_thousand_groups_are_reported_answered_and_left),
	    cmocka_unit_test(groups_come_and_go_in_any_order),
	};
	return RUN_BOTH(tests);
}
