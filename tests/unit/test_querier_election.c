/* SPDX-License-Identifier: BSD-3-Clause */
/* Who asks (rows R-EL-*, RM-EL-*, and public reports about it). The row that a test shows stands
 * before it. */
#include "querier_rig.h"

/* R-EL-1, R-EL-3, R-EL-12; pimd 35: who has stepped down comes back when the other is silent. */
static void a_lower_query_silences_it_for_oqpi(void **state)
{
	struct rig r;

	rig_settled(&r);
	run_to(&r, 50);
	general_from(&r, OTHER, 3);
	uint64_t t = r.now_ns;

	assert_querier(&r, MCR_QUERIER_OTHER, OTHER);
	assert_int_equal(info(&r).other_until_ns, t + sec(OQPI));
	assert_int_equal(info(&r).next_query_ns, MCR_QUERIER_NEVER);
	run_for(&r, OQPI + 160);
	assert_sent(&r, 0, t + sec(OQPI), "general");
	assert_sent(&r, 1, t + sec(OQPI + 31.25), "general");
	assert_sent(&r, 2, t + sec(OQPI + 156.25), "general");
	assert_count(&r, 3);
	assert_querier(&r, MCR_QUERIER_US, US);
	assert_int_equal(info(&r).other_until_ns, 0);
	assert_int_equal(info(&r).elections, 2);
	rig_stop(&r);
}

/* R-EL-1: while the other asks each 125 s, we never do; FRR 6985. */
static void it_is_silent_as_long_as_the_other_asks(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	rig_forget(&r);
	for (unsigned i = 0; i < 20; i++) {
		run_for(&r, i ? 125 : 1);
		general_from(&r, OTHER, 3);
	}
	run_for(&r, OQPI - 0.001);
	assert_count(&r, 0);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_QUERY], 20);
	run_for(&r, 0.001);
	assert_count(&r, 1);
	rig_stop(&r);
}

/* R-EL-1 */
static void a_query_from_a_higher_address_changes_nothing(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	rig_forget(&r);
	for (unsigned i = 0; i < 4; i++) {
		general_from(&r, "10.0.0.200", 3);
		run_for(&r, 10);
	}
	assert_querier(&r, MCR_QUERIER_US, US);
	assert_int_equal(info(&r).other_until_ns, 0);
	run_to(&r, 156.25);
	assert_sent(&r, 0, r.start_ns + sec(31.25), "general");
	assert_sent(&r, 1, r.start_ns + sec(156.25), "general");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* R-EL-2, RM-RX-1: from 0.0.0.0, as snooping switches send it; in MLD `::` is no source at all. */
static void a_query_from_nobody_wins_no_election(void **state)
{
	for (uint8_t is_auto = 0; is_auto < 2; is_auto++) {
		struct rig r;

		RIG(&r, .is_auto = is_auto);
		run_to(&r, 300);
		assert_true(we_ask(&r));
		general_from(&r, "0.0.0.0", 3);
		general_from(&r, "0.0.0.0", 2);
		assert_true(we_ask(&r));
		assert_int_equal(info(&r).version, 3);
		assert_int_equal(
		    info(&r).rx[is_mld() ? MCR_QUERIER_RX_SOURCE : MCR_QUERIER_RX_NO_ADDRESS], 2);
		rig_stop(&r);
	}
}

static const struct {
	const char *us, *other;
	int other_wins;
} ipv4_pairs[] = {
    {"10.0.0.10", "10.0.0.9", 1},        {"10.0.0.9", "10.0.0.10", 0},
    {"10.0.0.1", "9.255.255.255", 1},    {"9.255.255.255", "10.0.0.1", 0},
    {"128.0.0.1", "127.255.255.254", 1}, {"127.255.255.254", "128.0.0.1", 0}, /* the sign */
    {"200.0.0.1", "10.0.0.1", 1},        {"10.0.0.1", "200.0.0.1", 0}, /* nor of the difference */
    {"10.0.0.2", "10.0.1.1", 0},         {"10.0.1.1", "10.0.0.2", 1},  /* not the last octet */
};

/* R-EL-8 */
static void addresses_are_compared_as_unsigned_numbers(void **state)
{
	for (size_t i = 0; i < sizeof(ipv4_pairs) / sizeof(ipv4_pairs[0]); i++) {
		struct rig r;

		RIG_AT(&r, .address = ip(ipv4_pairs[i].us));
		general_from(&r, ipv4_pairs[i].other, 3);
		assert_int_equal(we_ask(&r), !ipv4_pairs[i].other_wins);
		rig_stop(&r);
	}
}

static const struct {
	const char *us, *other;
	int other_wins;
} ipv6_pairs[] = {
    {"fe80::2", "fe80::1", 1},
    {"fe80::1", "fe80::2", 0},
    {"fe80::8000:0:0:1", "fe80::7fff:ffff:ffff:ffff", 1}, /* the sign of the last half */
    {"fe80::7fff:ffff:ffff:ffff", "fe80::8000:0:0:1", 0},
    {"fe80::1:0:0:0", "fe80::ffff:ffff:ffff", 1}, /* big-endian */
    {"fe80::ffff:ffff:ffff", "fe80::1:0:0:0", 0},
};

/* RM-EL-1 */
static void link_local_addresses_are_compared_big_endian(void **state)
{
	for (size_t i = 0; i < sizeof(ipv6_pairs) / sizeof(ipv6_pairs[0]); i++) {
		struct rig r;

		RIG_AT(&r, .address = ip(ipv6_pairs[i].us));
		general_from(&r, ipv6_pairs[i].other, 3);
		assert_int_equal(we_ask(&r), !ipv6_pairs[i].other_wins);
		rig_stop(&r);
	}
}

/* R-EL-9, R-EL-1: an echo, or another with our address. */
static void a_query_with_our_own_address_is_ignored_and_counted(void **state)
{
	for (uint8_t is_auto = 0; is_auto < 2; is_auto++) {
		struct rig r;

		RIG(&r, .is_auto = is_auto);
		run_to(&r, 300);
		general_from(&r, US, 3);
		assert_true(we_ask(&r));
		assert_int_equal(info(&r).rx[MCR_QUERIER_RX_OWN], 1);
		assert_int_equal(info(&r).rx[MCR_QUERIER_RX_QUERY], 0);
		rig_stop(&r);
	}
}

/* R-EL-10; FRR 12027: the lowest that ever was is not the querier for ever. */
static void another_one_that_is_lower_than_us_becomes_the_querier(void **state)
{
	struct rig r;

	rig_settled(&r);
	general_from(&r, "10.0.0.5", 3);
	run_for(&r, 200);
	general_from(&r, "10.0.0.7", 3);
	uint64_t t = r.now_ns;

	assert_querier(&r, MCR_QUERIER_OTHER, "10.0.0.7");
	for (unsigned i = 0; i < 4; i++) {
		run_for(&r, 125);
		general_from(&r, "10.0.0.7", 3);
	}
	assert_count(&r, 0);
	run_for(&r, OQPI);
	assert_sent(&r, 0, t + sec(4 * 125 + OQPI), "general");
	rig_stop(&r);
}

/* R-EL-11: the other's questions show that it lives; who hears the first of them steps down. */
static void the_others_group_queries_restart_the_timer(void **state)
{
	struct rig r;

	rig_settled(&r);
	general_from(&r, OTHER, 3);
	run_for(&r, 200);
	FEED(&r, .code = 10, .group = GROUP, .flags = 8);
	run_for(&r, 200);
	FEED(&r, .code = 10, .group = CHANNEL, .sources = S1);
	uint64_t t = r.now_ns;

	assert_int_equal(info(&r).other_until_ns, t + sec(OQPI));
	run_for(&r, OQPI);
	assert_sent(&r, 0, t + sec(OQPI), "general");
	assert_count(&r, 1);
	rig_stop(&r);
}

/* R-EL-12 (what the machine knows of it): the table stays, the general queries end at once. */
static void who_steps_down_keeps_the_table_and_its_filters(void **state)
{
	struct rig r;

	rig_settled(&r);
	hears(&r, "IS_EX(239.1.2.3){192.0.2.1}");
	size_t changed = r.n_changed;

	run_to(&r, 156.25 - 0.001);
	general_from(&r, OTHER, 3);
	run_for(&r, 10);
	assert_count(&r, 0);
	assert_string_equal(fwd(&r, GROUP), "EX{192.0.2.1}");
	assert_int_equal(r.n_changed, changed);
	rig_stop(&r);
}

/* R-EL-13 */
static void a_query_from_off_the_subnet_wins_nothing_and_is_counted(void **state)
{
	for (uint8_t is_auto = 0; is_auto < 2; is_auto++) {
		struct rig r;

		RIG(&r, .is_auto = is_auto);
		run_to(&r, 300);
		general_from(&r, "192.0.2.1", 3);
		general_from(&r, "9.255.255.255", 3);
		general_from(&r, "10.0.1.1", 3);
		assert_true(we_ask(&r));
		assert_int_equal(info(&r).rx[MCR_QUERIER_RX_OFF_SUBNET], 3);
		assert_true(mcr_address_is_equal(info(&r).last_off_subnet, ip("10.0.1.1")));
		rig_stop(&r);
	}
}

/* RM-RX-1: in MLD the source of a query is link-local, or it is no query. */
static void a_query_that_is_not_link_local_or_went_further_wins_nothing(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	FEED(&r, .source = "2001:db8::1", .code = 100);
	FEED(&r, .ttl = 2, .code = 100);
	FEED(&r, .no_alert = 1, .code = 100);
	assert_true(we_ask(&r));
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_SOURCE], 1);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_HOP_LIMIT], 1);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_NO_ALERT], 1);
	rig_stop(&r);
}

static void run_both_until(struct rig *a, struct rig *b, double seconds)
{
	uint64_t end = a->start_ns + sec(seconds);

	while (a->q || b->q) {
		struct rig *first = !b->q || (a->q && a->deadline_ns <= b->deadline_ns) ? a : b;

		if (first->deadline_ns > end)
			break;
		first->now_ns = first->deadline_ns;
		poll_now(first);
	}
	a->now_ns = b->now_ns = end;
}

static void connect_rigs(struct rig *a, struct rig *b)
{
	a->lan[0] = b;
	b->lan[0] = a;
}

/* R-EL-14 (two machines): one general query in an interval; the winner dies, and comes back. */
static void of_two_on_one_lan_one_asks_and_the_other_takes_over(void **state)
{
	struct rig a, b;
	size_t n = 0;

	RIG_AT(&a, .address = ip("10.0.0.1"), .query_interval_s = 5,
	       .query_response_interval_ms = 1000);
	RIG_AT(&b, .address = ip("10.0.0.2"), .query_interval_s = 5,
	       .query_response_interval_ms = 1000);
	connect_rigs(&a, &b);
	run_both_until(&a, &b, 100);
	assert_true(we_ask(&a));
	assert_querier(&b, MCR_QUERIER_OTHER, "10.0.0.1");
	/* Both began before they knew of each other; then each interval has one query, of a. */
	assert_count(&b, 1);
	assert_int_equal(a.n_sent, 21); /* 0, 1.25, then 6.25 ... 96.25 */
	/* Killed: no message says so. */
	uint64_t last = a.sent[a.n_sent - 1].at_ns;

	mcr_querier_destroy(a.q);
	a.q = NULL;
	b.lan[0] = NULL;
	run_both_until(&a, &b, 120);
	assert_sent(&b, 1, last + sec(10.5), "general");
	assert_true(we_ask(&b));
	n = b.n_sent;
	assert_int_equal(n, 1 + 4); /* at 106.75, 108, 113 and 118 s */
	/* Back: it asks at once, and that silences b. */
	assert_int_equal(mcr_querier_create(&a.q, &a.cfg, a.now_ns), 0);
	connect_rigs(&a, &b);
	rig_forget(&a);
	poll_now(&a);
	run_both_until(&a, &b, 140);
	assert_int_equal(b.n_sent, n);
	assert_querier(&b, MCR_QUERIER_OTHER, "10.0.0.1");
	assert_int_equal(a.n_sent, 5); /* 120, 121.25, 126.25 ... */
	rig_stop(&a);
	rig_stop(&b);
}

/* pimd 158: `auto` asks only when nobody has for OQPI. */
static void auto_waits_whether_another_asks(void **state)
{
	struct rig r;

	RIG(&r, .is_auto = 1);
	assert_querier(&r, MCR_QUERIER_WAITING, NULL);
	run_to(&r, OQPI - 0.001);
	assert_count(&r, 0);
	hears(&r, "IS_EX(239.1.2.3){}");
	hears(&r, "TO_IN(239.1.2.3){}");
	assert_count(&r, 0);
	run_to(&r, OQPI + 40);
	assert_sent(&r, 0, r.start_ns + sec(OQPI), "general");
	assert_sent(&r, 1, r.start_ns + sec(OQPI + 31.25), "general");
	assert_count(&r, 2);
	assert_querier(&r, MCR_QUERIER_US, US);
	rig_stop(&r);
}

/* pimd 158: and a router silences it, though its address is higher. */
static void auto_is_silenced_by_whoever_asks(void **state)
{
	static const char *const routers[] = {"10.0.0.1", "10.0.0.200"};

	for (unsigned i = 0; i < 4; i++) {
		const char *router = routers[i % 2];
		struct rig r;
		int waits = i < 2; /* or it asks already */

		RIG(&r, .is_auto = 1);
		run_to(&r, waits ? 200 : 300);
		assert_int_equal(we_ask(&r), !waits);
		rig_forget(&r);
		general_from(&r, router, 3);
		uint64_t t = r.now_ns;

		assert_querier(&r, MCR_QUERIER_OTHER, router);
		hears(&r, "IS_EX(239.1.2.3){}");
		hears(&r, "TO_IN(239.1.2.3){}");
		run_for(&r, OQPI);
		assert_sent(&r, 0, t + sec(OQPI), "general");
		assert_count(&r, 1);
		assert_querier(&r, MCR_QUERIER_US, US);
		rig_stop(&r);
	}
}

/* pimd 158: any valid query does, one about a group too. */
static void auto_is_silenced_by_a_group_query(void **state)
{
	struct rig r;

	RIG(&r, .is_auto = 1);
	run_to(&r, 300);
	rig_forget(&r);
	FEED(&r, .source = "10.0.0.200", .code = 10, .group = GROUP);
	assert_querier(&r, MCR_QUERIER_OTHER, "10.0.0.200");
	rig_stop(&r);
}

static void each_role_has_a_name(void **state)
{
	assert_string_equal(mcr_querier_role_name(MCR_QUERIER_SILENT), "no address");
	assert_string_equal(mcr_querier_role_name(MCR_QUERIER_WAITING), "waiting");
	assert_string_equal(mcr_querier_role_name(MCR_QUERIER_OTHER), "other");
	assert_string_equal(mcr_querier_role_name(MCR_QUERIER_US), "us");
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(a_lower_query_silences_it_for_oqpi),
	    cmocka_unit_test(it_is_silent_as_long_as_the_other_asks),
	    cmocka_unit_test(a_query_from_a_higher_address_changes_nothing),
	    cmocka_unit_test(a_query_from_nobody_wins_no_election),
	    cmocka_unit_test(a_query_with_our_own_address_is_ignored_and_counted),
	    cmocka_unit_test(another_one_that_is_lower_than_us_becomes_the_querier),
	    cmocka_unit_test(the_others_group_queries_restart_the_timer),
	    cmocka_unit_test(who_steps_down_keeps_the_table_and_its_filters),
	    cmocka_unit_test(of_two_on_one_lan_one_asks_and_the_other_takes_over),
	    cmocka_unit_test(auto_waits_whether_another_asks),
	    cmocka_unit_test(auto_is_silenced_by_whoever_asks),
	    cmocka_unit_test(auto_is_silenced_by_a_group_query),
	    cmocka_unit_test(each_role_has_a_name),
	};
	static const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(addresses_are_compared_as_unsigned_numbers),
	    cmocka_unit_test(a_query_from_off_the_subnet_wins_nothing_and_is_counted),
	};
	static const struct CMUnitTest mld[] = {
	    cmocka_unit_test(link_local_addresses_are_compared_big_endian),
	    cmocka_unit_test(a_query_that_is_not_link_local_or_went_further_wins_nothing),
	};
	int failed = RUN_BOTH(both) + RUN_IGMP(igmp);

	return failed + RUN_MLD(mld);
}
