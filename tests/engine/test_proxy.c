/* SPDX-License-Identifier: BSD-3-Clause */
/* The proxy (RFC 4605): what hosts report on two downstream LANs, and consumers join, becomes one
 * membership upstream. How filters are merged is core's: tests/unit/test_route_set.c. */
#include "proxy_rig.h"

#include <errno.h>

static struct mcr_join join_on(const char *interface, const char *group)
{
	struct mcr_join j = {.port = 5000};

	snprintf(j.interface, sizeof(j.interface), "%s", interface);
	j.group = twin(group);
	return j;
}

/* Nothing but one record. */
static void assert_said_alone(unsigned lan)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_said; i++)
		n += said[i].lan == lan && !strstr(said[i].text, "(ff02:");
	assert_int_equal(n, 1);
}

/* P-5, P-6, P-22: With fast leave the last one is told at once. */
static void the_first_member_downstream_joins_upstream_and_the_last_leaves(void **state)
{
	struct mcr_engine *e = begin();

	join(e, LAN, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	forget();
	join(e, LAB, GROUP_1);
	leave(e, LAN, GROUP_1);
	join(e, LAN, GROUP_2);
	await_said(e, UP, "TO_EX(" GROUP_2 "){}");
	assert_said_alone(UP); /* nothing of the first */
	leave(e, LAB, GROUP_1);
	await_said(e, UP, "TO_IN(" GROUP_1 "){}");
	assert_int_equal(messages_with(UP, ""), 2);
}

/* P-28 */
static void fast_leaves_on_two_lans_leave_upstream(void **state)
{
	struct mcr_engine *e = begin();

	join(e, LAN, GROUP_1);
	join(e, LAB, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	leave(e, LAN, GROUP_1);
	leave(e, LAB, GROUP_1);
	await_said(e, UP, "TO_IN(" GROUP_1 "){}");
	forget();
	query(e, UP, 1, 3);
	join(e, LAN, GROUP_2); /* an answer would come before */
	await_said(e, UP, "TO_EX(" GROUP_2 "){}");
	assert_int_equal(messages_with(UP, "IS_EX"), 0);
}

/* P-7 */
static void sources_of_two_lans_are_added_and_removed_upstream(void **state)
{
	struct mcr_engine *e = begin();

	report(e, LAN, 9, MCR_RECORD_ALLOW, CHANNEL, SOURCES("10.0.0.1"));
	await_said(e, UP, "ALLOW(" CHANNEL "){10.0.0.1}");
	report(e, LAB, 9, MCR_RECORD_ALLOW, CHANNEL, SOURCES("10.0.0.2"));
	await_said(e, UP, "ALLOW(" CHANNEL "){10.0.0.2}");
	report(e, LAN, 9, MCR_RECORD_BLOCK, CHANNEL, SOURCES("10.0.0.1"));
	await_said(e, UP, "BLOCK(" CHANNEL "){10.0.0.1}");
	report(e, LAB, 9, MCR_RECORD_BLOCK, CHANNEL, SOURCES("10.0.0.2"));
	await_said(e, UP, "BLOCK(" CHANNEL "){10.0.0.2}");
	assert_int_equal(messages_with(UP, ""), 4);
}

/* P-8 */
static void a_lan_that_excludes_and_one_that_includes_are_merged(void **state)
{
	struct mcr_engine *e = begin();

	report(e, LAN, 9, MCR_RECORD_TO_EX, GROUP_1, SOURCES("10.0.0.2"));
	await_said(e, UP, "TO_EX(" GROUP_1 "){10.0.0.2}");
	report(e, LAB, 9, MCR_RECORD_ALLOW, GROUP_1, SOURCES("10.0.0.2"));
	await_said(e, UP, "ALLOW(" GROUP_1 "){10.0.0.2}"); /* EX{} now */
	leave(e, LAN, GROUP_1);
	await_said(e, UP, "TO_IN(" GROUP_1 "){10.0.0.2}");
	report(e, LAB, 9, MCR_RECORD_BLOCK, GROUP_1, SOURCES("10.0.0.2"));
	await_said(e, UP, "BLOCK(" GROUP_1 "){10.0.0.2}");
}

/* P-4 */
static void a_consumer_and_a_host_share_a_membership_and_the_host_goes_first(void **state)
{
	struct mcr_engine *e = begin();
	struct mcr_join j = join_on("up", GROUP_1);

	assert_int_equal(mcr_engine_join(e, &j, NULL), 0);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	forget();
	join(e, LAN, GROUP_1);
	leave(e, LAN, GROUP_1);
	join(e, LAN, GROUP_2);
	await_said(e, UP, "TO_EX(" GROUP_2 "){}");
	assert_said_alone(UP);
	assert_int_equal(mcr_engine_leave(e, &j, NULL), 0);
	await_said(e, UP, "TO_IN(" GROUP_1 "){}");
}

/* P-4 */
static void a_consumer_and_a_host_share_a_membership_and_the_consumer_goes_first(void **state)
{
	struct mcr_engine *e = begin();
	struct mcr_join j = join_on("up", GROUP_1);

	join(e, LAN, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	forget();
	assert_int_equal(mcr_engine_join(e, &j, NULL), 0);
	assert_int_equal(mcr_engine_leave(e, &j, NULL), 0);
	join(e, LAN, GROUP_2);
	await_said(e, UP, "TO_EX(" GROUP_2 "){}");
	assert_said_alone(UP);
	leave(e, LAN, GROUP_1);
	await_said(e, UP, "TO_IN(" GROUP_1 "){}");
}

/* P-4: of the sources, too. */
static void a_consumer_s_sources_are_merged_with_those_of_hosts(void **state)
{
	struct mcr_engine *e = begin();
	struct mcr_join j = join_on("up", CHANNEL);
	const struct mcr_address source = twin("10.0.0.1");

	j.mode = MCR_FILTER_INCLUDE;
	j.sources = &source;
	j.n_sources = 1;
	assert_int_equal(mcr_engine_join(e, &j, NULL), 0);
	await_said(e, UP, "ALLOW(" CHANNEL "){10.0.0.1}");
	report(e, LAN, 9, MCR_RECORD_ALLOW, CHANNEL, SOURCES("10.0.0.1", "10.0.0.2"));
	await_said(e, UP, "ALLOW(" CHANNEL "){10.0.0.2}");
	report(e, LAN, 9, MCR_RECORD_BLOCK, CHANNEL, SOURCES("10.0.0.1", "10.0.0.2"));
	await_said(e, UP, "BLOCK(" CHANNEL "){10.0.0.2}");
	assert_int_equal(mcr_engine_leave(e, &j, NULL), 0);
	await_said(e, UP, "BLOCK(" CHANNEL "){10.0.0.1}");
}

/* P-13, P-14 */
static void local_groups_are_not_told_upstream(void **state)
{
	struct mcr_interface_config configs[LANS];
	struct mcr_engine *e;

	configure(configs);
	for (unsigned l = 0; l < LANS && ipv6; l++) {
		configs[l].has_scopes = configs[l].n_scopes = 1;
		configs[l].scopes[0] = (struct mcr_prefix){rig_address("ff15::ff:0"), 112};
	}
	e = begin_with(configs, 1);
	await_said(e, LAN, QUERY_ALL);
	report(e, LAN, 9, MCR_RECORD_TO_EX, LOCAL, NULL);
	if (!ipv6)
		join(e, LAN, "224.0.0.251");
	join(e, LAN, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	assert_int_equal(messages_with(UP, ""), 1);
}

/* P-14: Where the operator takes the scopes away. */
static void without_scopes_local_groups_are_told(void **state)
{
	struct mcr_interface_config configs[LANS];
	struct mcr_engine *e;

	configure(configs);
	for (unsigned l = 0; l < LANS; l++)
		configs[l].has_scopes = 1;
	e = begin_with(configs, 1);
	join(e, LAN, LOCAL);
	await_said(e, UP, "TO_EX(" LOCAL "){}");
}

/* The routes and the proxy take a static group for a member that never leaves. */
static void static_groups_are_joined_upstream_from_the_start(void **state)
{
	struct mcr_interface_config configs[LANS];
	struct mcr_engine *e;

	configure(configs);
	configs[LAN].n_static_groups = 2;
	configs[LAN].static_groups[0].group = twin(GROUP_1);
	configs[LAN].static_groups[1].group = twin(CHANNEL);
	configs[LAN].static_groups[1].source = twin("10.0.0.1");
	e = begin_with(configs, 1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	await_said(e, UP, "ALLOW(" CHANNEL "){10.0.0.1}");
	join(e, LAN, GROUP_1);
	leave(e, LAN, GROUP_1);
	join(e, LAN, GROUP_2);
	await_said(e, UP, "TO_EX(" GROUP_2 "){}");
	assert_int_equal(times_said(UP, "TO_IN(" GROUP_1 "){}"), 0);
}

/* P-9, P-10 */
static void below_an_old_querier_only_joins_and_leaves_are_told(void **state)
{
	struct mcr_engine *e = begin();

	query(e, UP, 1, 2);
	join(e, LAN, GROUP_1);
	await_said(e, UP, "V2(" GROUP_1 ")");
	forget();
	report(e, LAN, 9, MCR_RECORD_TO_EX, GROUP_1, SOURCES("10.0.0.2"));
	join(e, LAB, GROUP_2);
	await_said(e, UP, "V2(" GROUP_2 ")");
	assert_int_equal(times_said(UP, "V2(" GROUP_1 ")"), 0);
	leave(e, LAN, GROUP_1);
	await_said(e, UP, "LEAVE(" GROUP_1 ")");
}

/* P-10, P-11: An old host downstream does not change the version upstream. */
static void an_old_host_downstream_is_told_upstream_in_the_newest_version(void **state)
{
	struct mcr_engine *e = begin();

	join_old(e, LAN, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
}

/* P-2, P-21: The upstream interface has hosts' messages and other routers' queries. */
static void what_hosts_report_upstream_is_nothing_to_the_proxy(void **state)
{
	struct mcr_engine *e = begin();

	forget();
	join(e, UP, GROUP_1);
	query(e, UP, 1, 3);
	join(e, LAN, GROUP_2);
	await_said(e, UP, "TO_EX(" GROUP_2 "){}");
	assert_int_equal(times_said(UP, QUERY_ALL), 0);
	assert_int_equal(messages_with(LAN, "TO_"), 0);
	assert_int_equal(messages_with(LAB, "TO_"), 0);
	ASSERT_GOES(e, LAN, LAN, GROUP_1, "up");
}

static void inject_packed(struct mcr_engine *e, unsigned from, unsigned n)
{
	const size_t headers = wire()->ip_octets + MCR_GMP_REPORT_HEADER;
	static uint8_t packet[1500];
	size_t len = headers;

	for (unsigned i = 0; i < n; i++) {
		char group[32];

		snprintf(group, sizeof(group), "239.7.%u.%u", (from + i) / 250, (from + i) % 250);
		len += mcr_gmp_write_record(wire(), packet + len, MCR_RECORD_TO_EX, twin(group),
					    NULL, 0);
	}
	wire()->finish(packet, len, host_on(LAN, 9), (uint16_t)n);
	inject(e, LAN, packet, len);
}

/* P-26: 182 records of IGMP fit into 1,500 octets, 70 of MLD. They all come in before the reports
 * go out, so as few go out as came in, and the second copies likewise. */
static void a_thousand_joins_at_once_are_packed_upstream(void **state)
{
	const unsigned a_report = ipv6 ? 70 : 182, n = 1000;
	struct mcr_engine *e = begin();
	char last[64];

	forget();
	for (unsigned i = 0; i < n; i += a_report)
		inject_packed(e, i, RTE_MIN(a_report, n - i));
	snprintf(last, sizeof(last), "TO_EX(239.7.%u.%u){}", (n - 1) / 250, (n - 1) % 250);
	await_said(e, UP, last);
	for (unsigned i = 0; i < n; i++) {
		snprintf(last, sizeof(last), "TO_EX(239.7.%u.%u){}", i / 250, i % 250);
		if (times_said(UP, last) == 0)
			await_said(e, UP, last);
	}
	assert_true(messages_with(UP, "TO_EX") <= 2 * (n / a_report + 1));
}

/* P-24 */
static void a_stop_leaves_upstream(void **state)
{
	struct mcr_interface_config configs[LANS];
	struct mcr_engine *e;

	configure(configs);
	e = begin_with(configs, 0);
	join(e, LAN, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	mcr_engine_stop(e);
	hear();
	assert_int_equal(times_said(UP, "TO_IN(" GROUP_1 "){}"), 1);
}

static void remove_port(struct mcr_engine *e, unsigned lan)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	assert_int_equal(rte_eth_dev_get_name_by_port(lans[lan].port, name), 0);
	assert_int_equal(mcr_engine_port_remove(e, name, NULL), 0);
}

/* P-27 */
static void a_downstream_port_that_is_removed_wants_nothing_any_more(void **state)
{
	struct mcr_engine *e = begin();

	join(e, LAN, GROUP_1);
	join(e, LAB, GROUP_2);
	await_said(e, UP, "TO_EX(" GROUP_2 "){}");
	remove_port(e, LAN);
	await_said(e, UP, "TO_IN(" GROUP_1 "){}");
	assert_int_equal(times_said(UP, "TO_IN(" GROUP_2 "){}"), 0);
	ASSERT_GOES(e, UP, UP, GROUP_1, "");
	ASSERT_GOES(e, UP, UP, GROUP_2, "lab");
}

static struct mcr_relay_info relay_info(const struct mcr_engine *e, size_t i)
{
	struct mcr_relay_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_relay_info(e, i, &info), 0);
	assert_int_equal(info.out.offered, info.out.tx + info.out.tx_full + info.out.tx_mtu +
					       info.out.tx_ttl + info.out.tx_no_buffer +
					       info.out.tx_down);
	return info;
}

/* P-25 */
static void without_its_upstream_port_the_others_go_on_and_packets_for_it_are_counted(void **state)
{
	struct mcr_engine *e = begin();

	join(e, LAN, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	remove_port(e, UP);
	forget();
	ASSERT_GOES(e, LAB, LAB, GROUP_1, "lan");
	assert_int_equal(relay_info(e, UP).out.tx_down, 1);
	assert_string_equal(relay_info(e, UP).why, "the port was removed");
	join(e, LAB, GROUP_2);
	ASSERT_GOES(e, LAN, LAN, GROUP_2, "lab");
}

/* P-23: Its memberships are reported from the new address; a host's of the new subnet are sources
 * of the interface from now on. */
static void a_new_address_upstream_tells_everything_again(void **state)
{
	struct mcr_engine *e = begin();

	if (ipv6)
		return; /* MLD is sent from the link-local address */
	join(e, LAN, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	forget();
	assert_int_equal(mcr_engine_interface_address(e, "up", rig_address("10.9.0.5"), 24, NULL),
			 0);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	assert_int_equal(messages_with(LAN, "TO_"), 0);
}

/* R-ST-6: What is refreshed is neither told nor published. */
static void refreshes_publish_nothing(void **state)
{
	struct mcr_control_info info = {.size = sizeof(info)};
	struct mcr_engine *e = begin();

	join(e, LAN, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	forget();
	assert_int_equal(mcr_engine_control_info(e, &info), 0);
	const uint64_t views = info.views;

	for (unsigned i = 0; i < 10000; i++) {
		const size_t headers = wire()->ip_octets + MCR_GMP_REPORT_HEADER;
		uint8_t packet[128] = {0};
		size_t len =
		    headers + mcr_gmp_write_record(wire(), packet + headers, MCR_RECORD_IS_EX,
						   twin(GROUP_1), NULL, 0);

		wire()->finish(packet, len, host_on(LAN, 9), 1);
		put(LAN, frame_of(packet, len));
		if (i % 100 == 99)
			inject(e, LAN, packet, len);
	}
	assert_int_equal(mcr_engine_control_info(e, &info), 0);
	assert_int_equal(info.views, views);
	assert_int_equal(messages_with(UP, ""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_first_member_downstream_joins_upstream_and_the_last_leaves),
	    TEST_BY_QUEUES(the_first_member_downstream_joins_upstream_and_the_last_leaves),
	    TEST(fast_leaves_on_two_lans_leave_upstream),
	    TEST(sources_of_two_lans_are_added_and_removed_upstream),
	    TEST(a_lan_that_excludes_and_one_that_includes_are_merged),
	    TEST(a_consumer_and_a_host_share_a_membership_and_the_host_goes_first),
	    TEST(a_consumer_and_a_host_share_a_membership_and_the_consumer_goes_first),
	    TEST(a_consumer_s_sources_are_merged_with_those_of_hosts),
	    TEST(local_groups_are_not_told_upstream),
	    TEST(without_scopes_local_groups_are_told),
	    TEST(static_groups_are_joined_upstream_from_the_start),
	    TEST(below_an_old_querier_only_joins_and_leaves_are_told),
	    TEST(an_old_host_downstream_is_told_upstream_in_the_newest_version),
	    TEST(what_hosts_report_upstream_is_nothing_to_the_proxy),
	    TEST(a_thousand_joins_at_once_are_packed_upstream),
	    TEST(a_stop_leaves_upstream),
	    TEST(a_downstream_port_that_is_removed_wants_nothing_any_more),
	    TEST(without_its_upstream_port_the_others_go_on_and_packets_for_it_are_counted),
	    TEST(a_new_address_upstream_tells_everything_again),
	    TEST(refreshes_publish_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
