/* SPDX-License-Identifier: BSD-3-Clause */
/* The querier of an interface, from frame to frame: beside its own host, on its VLAN, at a new
 * address. What it asks when, and of whom, is core's: tests/unit/test_querier_*.c. */
#include "querier_rig.h"

#include <errno.h>

static const struct wanted general = {.kind = MCR_GMP_KIND_QUERY, .group = ""};

static void assert_source(const struct message *m, const char *address)
{
	char text[MCR_ADDRESS_TEXT];

	assert_string_equal(mcr_address_format(text, m->is.source), address);
}

static struct mcr_membership_info host_of(const struct mcr_engine *e)
{
	struct mcr_interface_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_interface_info(e, 0, &info), 0);
	return ipv6 ? info.mld : info.igmp;
}

/* R-Q-1, R-Q-8, RM-Q-1 */
static void a_start_asks_all_hosts_in_a_frame_of_its_own(void **state)
{
	const struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	const uint8_t to4[] = {1, 0, 0x5e, 0, 0, 1}, to6[] = {0x33, 0x33, 0, 0, 0, 1};
	struct mcr_engine *e = start(&config, 1, 1);
	const struct message *m = await(e, &general, 1);

	assert_memory_equal(m->frame, ipv6 ? to6 : to4, 6);
	assert_memory_equal(m->frame + 6, own.addr_bytes, 6);
	assert_source(m, OWN_IP);
	assert_int_equal(m->is.level, 3);
	assert_int_equal(m->is.hop_limit, 1);
	assert_true(m->at + m->len >= 60);
	await_line(e, ipv6 ? "interface a: is the MLD querier now, version 2"
			   : "interface a: is the IGMP querier now, version 3");
}

/* R-MB-1, R-Q-11, RM-RX-3: RFC 9776 §6: a querier is a member of its groups, and answers what it
 * asks. */
static void its_own_host_answers_what_it_asks(void **state)
{
	struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	const struct wanted all = {MCR_GMP_KIND_REPORT, ROUTERS, MCR_RECORD_IS_EX, 0},
			    newest = {MCR_GMP_KIND_REPORT, REPORTS, MCR_RECORD_IS_EX, 0};
	struct mcr_engine *e;

	config.query_response_interval_ms = 100;
	e = start(&config, 1, 1);
	assert_source(await(e, &all, 1), OWN_IP);
	await(e, &newest, 1);
	assert_true(host_of(e).queries >= 1);
	assert_true(mcr_address_is_equal(host_of(e).querier, rig_address(OWN_IP)));
}

/* R-MB-1, RM-RX-3 */
static void users_joins_and_leaves_of_its_groups_change_nothing(void **state)
{
	const struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	const struct wanted left = {MCR_GMP_KIND_REPORT, REPORTS, MCR_RECORD_TO_IN, 0},
			    joined = {MCR_GMP_KIND_REPORT, GROUP, MCR_RECORD_TO_EX, 0};
	struct mcr_engine *e = start(&config, 1, 1);
	struct mcr_join join = rig_join(REPORTS, 0), other = rig_join(GROUP, 0);

	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_leave(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_join(e, &other, NULL), 0);
	await(e, &joined, 2); /* a leave would have gone out with these */
	assert_int_equal(count(&left), 0);
}

/* R-Q-4, R-REP-9, RM-Q-2 */
static void what_another_host_reported_is_asked_about_when_it_leaves(void **state)
{
	struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	const struct wanted question = {.kind = MCR_GMP_KIND_QUERY, .group = GROUP};
	const uint8_t to4[] = {1, 0, 0x5e, 1, 1, 1}, to6[] = {0x33, 0x33, 1, 1, 1, 1};
	struct mcr_engine *e;
	const struct message *m;

	config.last_member_query_interval_ms = 100;
	e = start(&config, 1, 1);
	await(e, &general, 1);
	inject_old(e, GROUP, 1, 0);
	assert_int_equal(count(&question), 0); /* nobody is a member */
	inject_old(e, GROUP, 0, 0);
	inject_old(e, GROUP, 1, 0);
	m = await(e, &question, 2);
	assert_memory_equal(m->frame, ipv6 ? to6 : to4, 6);
	assert_source(m, OWN_IP);
}

/* R-Q-11: Another host's leave is the proof: without a member there is no question. */
static void its_own_host_s_joins_are_members(void **state)
{
	const struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	const struct wanted question = {.kind = MCR_GMP_KIND_QUERY, .group = GROUP},
			    answer = {MCR_GMP_KIND_REPORT, GROUP, MCR_RECORD_IS_EX, 0},
			    joined = {MCR_GMP_KIND_REPORT, GROUP, MCR_RECORD_TO_EX, 0};
	struct mcr_join join = rig_join(GROUP, 5000);
	struct mcr_engine *e = start(&config, 1, 1);

	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	await(e, &joined, 1);
	inject_old(e, GROUP, 1, 0);
	await(e, &question, 1);
	await(e, &answer, 1);
}

/* R-Q-11 */
static void its_own_host_s_leaves_are_asked_about(void **state)
{
	const struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	const struct wanted question = {.kind = MCR_GMP_KIND_QUERY, .group = GROUP},
			    joined = {MCR_GMP_KIND_REPORT, GROUP, MCR_RECORD_TO_EX, 0};
	struct mcr_join join = rig_join(GROUP, 5000);
	struct mcr_engine *e = start(&config, 1, 1);

	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	await(e, &joined, 1);
	assert_int_equal(mcr_engine_leave(e, &join, NULL), 0);
	await(e, &question, 1);
}

/* R-Q-11: What a report begins while the interface is polled is due in the next round: nothing else
 * wakes it before the next general query, two minutes later. */
static void a_question_waits_for_no_other_timer(void **state)
{
	struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	const struct wanted all = {MCR_GMP_KIND_REPORT, ROUTERS, MCR_RECORD_IS_EX, 0},
			    newest = {MCR_GMP_KIND_REPORT, REPORTS, MCR_RECORD_IS_EX, 0},
			    joined = {MCR_GMP_KIND_REPORT, GROUP, MCR_RECORD_TO_EX, 0},
			    question = {.kind = MCR_GMP_KIND_QUERY, .group = GROUP};
	struct mcr_join join = rig_join(GROUP, 5000);
	struct mcr_engine *e;

	config.querier_robustness = config.igmp_robustness =
	    1; /* one query at the start; no copies */
	config.query_response_interval_ms = 100;
	e = start(&config, 1, 1);
	await(e, &all, 1);
	await(e, &newest, 1);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	await(e, &joined, 1);
	assert_int_equal(mcr_engine_leave(e, &join, NULL), 0);
	await(e, &question, 1);
}

/* R-OP-2 */
static void a_stop_leaves_and_asks_nothing(void **state)
{
	struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	const struct wanted question = {.kind = MCR_GMP_KIND_QUERY, .group = GROUP},
			    joined = {MCR_GMP_KIND_REPORT, GROUP, MCR_RECORD_TO_EX, 0},
			    left = {MCR_GMP_KIND_REPORT, GROUP, MCR_RECORD_TO_IN, 0},
			    left_routers = {MCR_GMP_KIND_REPORT, ROUTERS, MCR_RECORD_TO_IN, 0};
	struct mcr_join join = rig_join(GROUP, 5000);
	struct mcr_engine *e;
	unsigned asked;

	config.query_interval_s = 1;
	config.query_response_interval_ms = config.last_member_query_interval_ms = 100;
	e = start(&config, 1, 0);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	await(e, &joined, 1);
	asked = count(&general);
	mcr_engine_stop(e);
	assert_int_equal(count(&general), asked);
	assert_int_equal(count(&question), 0);
	assert_true(count(&left) > 0 && count(&left_routers) > 0);
}

/* R-LM-8 */
static void each_vlan_has_a_querier_of_its_own(void **state)
{
	struct mcr_interface_config configs[2] = {querier(MCR_QUERIER_ON)};
	const struct wanted tagged = {.kind = MCR_GMP_KIND_QUERY, .group = "", .vlan = 5},
			    question = {.kind = MCR_GMP_KIND_QUERY, .group = GROUP, .vlan = 5};
	struct mcr_engine *e;

	configs[1] = configs[0];
	strcpy(configs[1].name, "b");
	configs[1].vlan = 5;
	configs[0].querier = configs[0].mld_querier = MCR_QUERIER_OFF;
	e = start(configs, 2, 1);
	await(e, &tagged, 1);
	inject_old(e, GROUP, 0, 0);
	inject_old(e, GROUP, 1, 5); /* whose member is on the other one */
	assert_int_equal(count(&question), 0);
	inject_old(e, GROUP, 0, 5);
	inject_old(e, GROUP, 1, 5);
	await(e, &question, 1);
	assert_int_equal(count(&general), 0);
}

/* R-EL-1, R-EL-7 */
static void a_lower_address_is_the_querier_and_the_log_says_so(void **state)
{
	const struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	const struct wanted question = {.kind = MCR_GMP_KIND_QUERY, .group = GROUP};
	struct mcr_engine *e = start(&config, 1, 1);
	char line[128];

	await(e, &general, 1);
	inject_old(e, GROUP, 0, 0);
	inject_query(e, LOW_IP, 3);
	snprintf(line, sizeof(line), "%s is the %s querier now, as its address is lower", LOW_IP,
		 ipv6 ? "MLD" : "IGMP");
	await_line(e, line);
	inject_old(e, GROUP, 1, 0);
	assert_int_equal(count(&question), 0);
}

/* R-EL-4, R-EL-9, R-REP-10 */
static void the_log_says_what_others_do_wrong(void **state)
{
	struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	struct mcr_engine *e;

	config.querier_groups = 4;
	e = start(&config, 1, 1);
	await(e, &general, 1);
	inject_query(e, OWN_IP, 3);
	await_line(e, "came from its own address");
	inject_query(e, HOST_IP, 2);
	await_line(e, ipv6 ? "speaks MLD version 1 while fe80::9 does"
			   : "speaks IGMP version 2 while 10.0.0.9 does");
	for (unsigned i = 1; i < 6; i++) {
		char group[32];

		snprintf(group, sizeof(group), ipv6 ? "ff15::%u" : "239.9.9.%u", i);
		inject_old(e, group, 0, 0);
	}
	await_line(e, "it has 4 of 4 groups and 0 of 65536 sources, at most 128 of a group");
}

/* R-Q-3 */
static void a_version_above_the_configured_one_is_logged(void **state)
{
	struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	struct mcr_engine *e;

	config.querier_version = 2;
	config.mld_querier_version = 1;
	e = start(&config, 1, 1);
	assert_int_equal(await(e, &general, 1)->is.level, 2);
	inject_query(e, HOST_IP, 3);
	await_line(e,
		   ipv6 ? ", 1, the last one from fe80::9:" : ", 2, the last one from 10.0.0.9:");
}

/* Those of others are warned of, as older ones cost the choice of sources. */
static void its_own_old_queries_are_no_news(void **state)
{
	struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	struct mcr_engine *e;

	config.querier_version = 2;
	config.mld_querier_version = 1;
	e = start(&config, 1, 1);
	await_line(e, ipv6 ? "speaks MLD version 1 now" : "speaks IGMP version 2 now");
	assert_false(has_line("queries so far"));
	inject_query(e, HOST_IP, 2);
	await_line(e, ipv6 ? "last general query from fe80::9, version 1"
			   : "last general query from 10.0.0.9, version 2");
}

static void auto_waits_and_says_so(void **state)
{
	const struct mcr_interface_config config = querier(MCR_QUERIER_AUTO);
	struct mcr_engine *e = start(&config, 1, 1);

	await_line(e, "hears for 255 s whether there is another");
	inject_query(e, HOST_IP, 3);
	await_line(e, "querier now: this one asks again when it has been silent for 255 s");
	assert_int_equal(count(&general), 0);
}

/* R-Q-6: The other querier's timers and those of the start would be far from running out. */
static void a_link_that_comes_up_is_asked_at_once(void **state)
{
	const struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	struct mcr_port_info info = {.size = sizeof(info), .link_up = 1};
	struct mcr_engine *e = start(&config, 1, 1);

	await(e, &general, 1);
	assert_int_equal(rte_eth_dev_set_link_down(port), 0);
	for (uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	     info.link_up && monotonic_ns() < end_ns;) {
		mcr_engine_poll(e, 1000000);
		assert_int_equal(mcr_engine_port_info(e, 0, &info), 0);
	}
	assert_int_equal(info.link_up, 0);
	assert_int_equal(count(&general), 1);
	assert_int_equal(rte_eth_dev_set_link_up(port), 0);
	await(e, &general, 2);
}

/* R-Q-6 */
static void a_new_address_is_asked_from_at_once(void **state)
{
	const struct mcr_interface_config config = querier(MCR_QUERIER_ON);
	struct mcr_engine *e = start(&config, 1, 1);

	await(e, &general, 1);
	assert_int_equal(mcr_engine_interface_address(e, "a", rig_address("2001:db8::5"), 64, NULL),
			 0);
	for (int i = 0; i < 20; i++)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(count(&general), 1); /* neither speaks from that */
	assert_int_equal(mcr_engine_interface_address(e, "a", rig_address("10.0.0.7"), 24, NULL),
			 0);
	if (ipv6) {
		for (int i = 0; i < 20; i++)
			mcr_engine_poll(e, 1000000);
		assert_int_equal(count(&general), 1);
	} else {
		assert_source(await(e, &general, 2), "10.0.0.7");
		assert_int_equal(
		    mcr_engine_interface_address(e, "a", (struct mcr_address){{0}}, 0, NULL),
		    -EINVAL);
	}
}

/* R-MB-1 */
static void its_port_hears_every_group(void **state)
{
	const struct mcr_interface_config config = querier(MCR_QUERIER_AUTO);
	struct mcr_engine *e = start(&config, 1, 1);
	struct mcr_port_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_port_info(e, 0, &info), 0);
	assert_non_null(strstr(info.rung_reason, "a querier hears reports to every group"));
}

/* ---- what cannot be ---- */

static void refuse(struct mcr_interface_config config, const char *text)
{
	struct mcr_error err = {""};
	struct mcr_engine *e = NULL;

	assert_int_equal(create(&e, &config, 1, 1, &err), -EINVAL);
	assert_null(e);
	if (!strstr(err.text, text))
		fail_msg("\"%s\" does not say \"%s\"", err.text, text);
}

/* R-Q-5 */
static void a_configuration_that_cannot_be_is_refused(void **state)
{
	const struct mcr_interface_config good = querier(MCR_QUERIER_ON);
	struct mcr_interface_config bad = good;

	bad.tx_never = 1;
	refuse(bad, "a querier sends queries");
	bad = good;
	bad.igmp = MCR_IGMP_OFF;
	bad.mld = MCR_MLD_OFF;
	refuse(bad, "a querier answers its own queries");
	bad = good;
	bad.querier = bad.mld_querier = 3;
	refuse(bad, "unknown mode");
	bad = good;
	bad.query_response_interval_ms = 125000;
	refuse(bad, "query_response_interval");
	bad = good;
	bad.querier_groups = 65537;
	refuse(bad, "querier_groups");
	if (ipv6)
		return;
	bad = good;
	bad.address = (struct mcr_address){{0}};
	refuse(bad, "address");
	bad = good;
	bad.prefix_len = 32;
	refuse(bad, "give the prefix length of the LAN");
}

/* ---- both families ---- */

static int with_igmp(void **state)
{
	ipv6 = 0;
	return 0;
}

static int with_mld(void **state)
{
	ipv6 = 1;
	return 0;
}

#define TEST(name)                                        \
	{#name, name, with_igmp, end, NULL},              \
	{                                                 \
#name " (MLD)", name, with_mld, end, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_start_asks_all_hosts_in_a_frame_of_its_own),
	    TEST(its_own_host_answers_what_it_asks),
	    TEST(users_joins_and_leaves_of_its_groups_change_nothing),
	    TEST(what_another_host_reported_is_asked_about_when_it_leaves),
	    TEST(its_own_host_s_joins_are_members),
	    TEST(its_own_host_s_leaves_are_asked_about),
	    TEST(a_question_waits_for_no_other_timer),
	    TEST(a_stop_leaves_and_asks_nothing),
	    TEST(each_vlan_has_a_querier_of_its_own),
	    TEST(a_lower_address_is_the_querier_and_the_log_says_so),
	    TEST(the_log_says_what_others_do_wrong),
	    TEST(a_version_above_the_configured_one_is_logged),
	    TEST(its_own_old_queries_are_no_news),
	    TEST(auto_waits_and_says_so),
	    TEST(a_link_that_comes_up_is_asked_at_once),
	    TEST(a_new_address_is_asked_from_at_once),
	    TEST(its_port_hears_every_group),
	    TEST(a_configuration_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
