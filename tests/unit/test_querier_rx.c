/* SPDX-License-Identifier: BSD-3-Clause */
/* Which queries count for a querier, which only are counted, and what strict_rx demands. */
#include "querier_rig.h"

#define HIGHER "10.0.0.200"

/* One query, and what becomes of it. */
#define ASSERT_RX(r, kind, ...)                                  \
	do {                                                     \
		uint64_t before_ = info(r).rx[kind];             \
		FEED(r, __VA_ARGS__);                            \
		assert_int_equal(info(r).rx[kind], before_ + 1); \
	} while (0)

static void a_query_may_come_to_all_to_us_or_to_any_group(void **state)
{
	static const char *const good[] = {ALL_HOSTS, US, GROUP, ROUTERS};
	struct rig r;

	for (size_t i = 0; i < 4; i++) {
		RIG(&r, .version = 3);
		ASSERT_RX(&r, MCR_QUERIER_RX_QUERY, .source = OTHER, .destination = good[i]);
		assert_int_equal(info(&r).role, MCR_QUERIER_OTHER);
		rig_stop(&r);
	}
	RIG(&r, .version = 3);
	ASSERT_RX(&r, MCR_QUERIER_RX_DESTINATION, .source = OTHER, .destination = HIGHER);
	assert_int_equal(info(&r).role, MCR_QUERIER_US);
	rig_stop(&r);
}

static void a_query_about_what_nobody_reports_wins_nothing(void **state)
{
	static const char *const bad[] = {ALL_HOSTS, "10.0.0.7"};
	struct rig r;

	RIG(&r, .version = 3);
	for (size_t i = 0; i < 2; i++)
		ASSERT_RX(&r, MCR_QUERIER_RX_BAD_GROUP, .source = OTHER, .group = bad[i],
			  .destination = ALL_HOSTS);
	/* About all, and yet about some sources. */
	ASSERT_RX(&r, MCR_QUERIER_RX_BAD_GROUP, .source = OTHER, .sources = S1,
		  .destination = ALL_HOSTS);
	assert_int_equal(info(&r).role, MCR_QUERIER_US);
	rig_stop(&r);
}

/* 0 is "at once" for hosts: nothing that timers could be lowered to. */
static void a_question_that_allows_no_time_means_ours(void **state)
{
	struct rig r;

	RIG(&r, .version = 3, .last_member_query_interval_ms = 3000);
	settle(&r);
	general_from(&r, OTHER, 3);
	hears(&r, "IS_EX(239.1.2.3){}");
	FEED(&r, .source = OTHER, .group = GROUP);
	assert_string_equal(table(&r), "EX(239.1.2.3)=6");
	rig_stop(&r);
}

/* Who asks must be the querier, and so not us, as long as we finish our own questions. */
static void only_the_queriers_questions_lower_timers(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	settle(&r);
	general_from(&r, OTHER, 3);
	hears(&r, "IS_EX(239.1.2.3){}");
	FEED(&r, .source = HIGHER, .code = 10, .group = GROUP);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	rig_stop(&r);

	RIG(&r, .version = 2);
	settle(&r);
	v2_report(&r, GROUP);
	v2_report(&r, "239.1.2.4");
	v2_leave(&r, "239.1.2.4");
	FEED(&r, .source = OTHER, .version = 2, .code = 10, .group = GROUP);
	assert_int_equal(info(&r).role, MCR_QUERIER_US);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270 v2; EX(239.1.2.4)=2 v2");
	rig_stop(&r);
}

/* The host's own messages are not those of another with its address, but a query is. */
static void no_query_is_our_own(void **state)
{
	struct rig r;
	uint8_t packet[2048];
	struct query q = {.source = US, .code = 100};

	RIG(&r, .version = 3);
	feed_bytes(&r, packet, build_query(&q, packet), MCR_QUERIER_FROM_HOST);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_OWN], 1);
	rig_stop(&r);
}

static void strict_rx_demands_ttl_1(void **state)
{
	struct rig r;

	RIG(&r, .version = 3, .strict_rx = 1);
	ASSERT_RX(&r, MCR_QUERIER_RX_STRICT, .source = OTHER, .ttl = 2);
	assert_int_equal(REPORT(&r, .records = "IS_EX(239.1.2.3){}", .ttl = 2), 0);
	assert_int_equal(OLD(&r, .type = V2_REPORT, .group = GROUP, .ttl = 2), 0);
	assert_int_equal(OLD(&r, .type = V1_REPORT, .group = GROUP, .ttl = 2), 0);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_STRICT], 4);
	assert_string_equal(table(&r), "");
	assert_int_equal(info(&r).role, MCR_QUERIER_US);
	rig_stop(&r);
}

/* IGMPv1 knows no options. */
static void strict_rx_demands_router_alert_but_of_version_1(void **state)
{
	struct rig r;

	RIG(&r, .version = 3, .strict_rx = 1);
	ASSERT_RX(&r, MCR_QUERIER_RX_STRICT, .source = OTHER, .no_alert = 1);
	assert_int_equal(REPORT(&r, .records = "IS_EX(239.1.2.3){}", .no_alert = 1), 0);
	assert_int_equal(OLD(&r, .type = V2_REPORT, .group = GROUP, .no_alert = 1), 0);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_STRICT], 3);
	assert_string_equal(table(&r), "");
	assert_int_equal(OLD(&r, .type = V1_REPORT, .group = GROUP, .no_alert = 1), 0);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270 v1");
	general_from(&r, OTHER, 1);
	assert_int_equal(info(&r).role, MCR_QUERIER_OTHER);
	assert_int_equal(info(&r).rx[MCR_QUERIER_RX_STRICT], 3);
	rig_stop(&r);
}

static void without_strict_rx_neither_is_looked_at(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	assert_int_equal(REPORT(&r, .records = "IS_EX(239.1.2.3){}", .ttl = 2, .no_alert = 1), 0);
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	rig_stop(&r);
}

/* Also where everybody is on the subnet. */
static void a_query_from_what_is_no_hosts_address_wins_nothing(void **state)
{
	static const char *const bad[] = {"224.0.0.5", "255.255.255.255"};
	struct rig r;

	RIG_AT(&r, .is_auto = 1, .address = ip(US));
	for (size_t i = 0; i < 2; i++)
		ASSERT_RX(&r, MCR_QUERIER_RX_OFF_SUBNET, .source = bad[i]);
	assert_int_equal(info(&r).role, MCR_QUERIER_WAITING);
	rig_stop(&r);
}

/* RFC 1112 App. I: the group field is zero when sent, and ignored when received. */
static void a_query_of_version_1_is_general_whatever_its_group(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	settle(&r);
	ASSERT_RX(&r, MCR_QUERIER_RX_QUERY, .source = HIGHER, .version = 1, .group = "10.0.0.7",
		  .destination = ALL_HOSTS);
	assert_int_equal(info(&r).version, 1);
	rig_stop(&r);
}

static void a_new_prefix_says_who_is_on_the_subnet(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	mcr_querier_restart(r.q, ip(US), 31, r.now_ns);
	ASSERT_RX(&r, MCR_QUERIER_RX_OFF_SUBNET, .source = OTHER);
	mcr_querier_restart(r.q, ip(US), 0, r.now_ns);
	ASSERT_RX(&r, MCR_QUERIER_RX_QUERY, .source = "9.0.0.1");
	rig_stop(&r);
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(a_query_may_come_to_all_to_us_or_to_any_group),
	    cmocka_unit_test(a_query_about_what_nobody_reports_wins_nothing),
	    cmocka_unit_test(a_question_that_allows_no_time_means_ours),
	    cmocka_unit_test(only_the_queriers_questions_lower_timers),
	    cmocka_unit_test(no_query_is_our_own),
	};
	static const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(strict_rx_demands_ttl_1),
	    cmocka_unit_test(strict_rx_demands_router_alert_but_of_version_1),
	    cmocka_unit_test(without_strict_rx_neither_is_looked_at),
	    cmocka_unit_test(a_query_from_what_is_no_hosts_address_wins_nothing),
	    cmocka_unit_test(a_query_of_version_1_is_general_whatever_its_group),
	    cmocka_unit_test(a_new_prefix_says_who_is_on_the_subnet),
	};
	int failed = RUN_BOTH(both);

	return failed + RUN_IGMP(igmp);
}
