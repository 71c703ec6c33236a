/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine says of its queriers and of what they know. The hosts are the engine's own. */
#include "rig.h"

#include <errno.h>

#define MANY 1000 /* more than one answer of the control socket writes at a time */

static struct mcr_interface_config lan, dmz;

static int set_up(void **state)
{
	rig_eal_init(NULL, 0);
	lan = rig_interface("");
	strcpy(lan.name, "lan");
	lan.querier = MCR_QUERIER_ON;
	lan.mld_querier = MCR_QUERIER_AUTO;
	lan.dad_off = 1;
	lan.query_interval_s = 201; /* IGMPv3 and MLDv2 say 200 */
	lan.querier_version = 0;
	lan.mld_querier_version = 1; /* whose queries do not say the interval */
	lan.querier_groups = 2 * MANY;
	lan.querier_sources = 3;
	lan.fast_leave = 1;
	dmz = rig_interface("");
	strcpy(dmz.name, "dmz");
	dmz.address = rig_address("10.1.0.1");
	dmz.mld_querier = MCR_QUERIER_ON;
	dmz.dad_off = 1;
	return 0;
}

/* On ports of its own: an engine closes them. */
static struct mcr_engine *start(void)
{
	struct mcr_interface_config interfaces[] = {lan, dmz};
	static unsigned n_ports;
	struct mcr_engine *e;

	for (unsigned i = 0; i < 2; i++) {
		sprintf(interfaces[i].port, "net_null%u", n_ports++);
		assert_int_equal(rte_eal_hotplug_add("vdev", interfaces[i].port, ""), 0);
	}
	e = rig_engine(interfaces, 2);

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	return e;
}

static void end(struct mcr_engine *e)
{
	mcr_engine_stop(e);
	mcr_engine_destroy(e);
}

static struct mcr_querier_info querier_of(const struct mcr_engine *e, size_t i)
{
	struct mcr_querier_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_querier_info(e, i, &info), 0);
	return info;
}

static void join(struct mcr_engine *e, const char *interface, const char *text)
{
	struct mcr_join_list list = {0};
	struct mcr_error err = {""};

	if (mcr_join_parse(&list, text, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < list.n; i++)
		snprintf(list.items[i].interface, sizeof(list.items[i].interface), "%s", interface);
	if (mcr_engine_update(e, NULL, 0, list.items, list.n, &err) < 0)
		fail_msg("%s", err.text);
	mcr_join_list_clear(&list);
}

/* Polls until a querier knows n groups. */
static void await_groups(struct mcr_engine *e, size_t querier, size_t n)
{
	const uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	while (querier_of(e, querier).groups != n && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(querier_of(e, querier).groups, n);
}

static void is_address(struct mcr_address address, const char *expected)
{
	char text[MCR_ADDRESS_TEXT];

	assert_string_equal(mcr_address_format(text, address), expected);
}

/* Of a MAC address that the driver made up. */
static void is_solicited_node(struct mcr_address group)
{
	assert_memory_equal(group.octets, rig_address("ff02::1:ff00:0").octets, 13);
}

static void each_querier_is_described_in_the_order_of_interfaces(void **state)
{
	struct mcr_querier_info info;
	struct mcr_engine *e = start();

	await_groups(e, 0, 2); /* 224.0.0.2, 224.0.0.22 */
	info = querier_of(e, 0);
	assert_string_equal(info.interface, "lan");
	assert_int_equal(info.is_mld, 0);
	assert_int_equal(info.mode, MCR_QUERIER_ON);
	assert_string_equal(info.role, "us");
	is_address(info.querier, "10.0.0.1");
	assert_int_equal(info.version, 3);
	assert_int_equal(info.configured_version, 3);
	assert_int_equal(info.robustness, 2);
	assert_int_equal(info.fast_leave, 1);
	assert_int_equal(info.other_left_ns, 0);
	assert_in_range(info.next_query_left_ns, 1, 50000000000);
	assert_int_equal(info.query_interval_ns, 200000000000);
	assert_int_equal(info.query_response_interval_ns, 10000000000);
	assert_int_equal(info.last_member_query_interval_ns, 1000000000);
	assert_int_equal(info.membership_interval_ns, 420000000000);
	assert_int_equal(info.other_querier_interval_ns, 405000000000);
	assert_int_equal(info.last_member_query_time_ns, 2000000000);
	assert_int_equal(info.groups_max, 2 * MANY);
	assert_int_equal(info.sources_max, 3);
	assert_int_equal(info.sources_all_max, 65536);
	assert_true(info.bytes > 0);
	assert_true(info.tx_general >= 1);
	assert_int_equal(info.rx, info.rx_by[1]); /* its own reports */
	assert_string_equal(mcr_engine_querier_rx_name(1), "report");
	info = querier_of(e, 1);
	assert_string_equal(info.interface, "lan");
	assert_int_equal(info.is_mld, 1);
	assert_int_equal(info.mode, MCR_QUERIER_AUTO);
	assert_string_equal(info.role, "waiting");
	assert_true(mcr_address_is_equal(info.querier, (struct mcr_address){{0}}));
	assert_int_equal(info.configured_version, 1);
	info = querier_of(e, 2);
	assert_string_equal(info.interface, "dmz");
	assert_int_equal(info.is_mld, 1);
	assert_string_equal(info.role, "us");
	assert_int_equal(info.configured_version, 2);
	assert_int_equal(info.groups_max, 16384);
	assert_int_equal(mcr_engine_querier_info(e, 3, &info), -ENOENT);
	end(e);
}

static void each_outcome_has_a_name(void **state)
{
	for (unsigned kind = 0; kind < MCR_QUERIER_RX_KINDS; kind++)
		assert_non_null(mcr_engine_querier_rx_name(kind));
	assert_null(mcr_engine_querier_rx_name(MCR_QUERIER_RX_KINDS));
}

static void groups_follow_each_other_over_all_queriers(void **state)
{
	static const char *const groups[] = {"224.0.0.2", "224.0.0.22", "239.1.1.1", "239.1.1.2",
					     "ff02::2",   "ff02::16",   "",          "ff02::2",
					     "ff02::16",  "",           "ff15::9"};
	struct mcr_member_info m = {.size = sizeof(m)};
	struct mcr_engine *e = start();
	struct mcr_member_source sources[2] = {{.left_ns = 0}};
	const uint64_t now_ns = realtime_ns();

	join(e, "lan", "239.1.1.2@10.9.0.2@10.9.0.1");
	join(e, "lan", "239.1.1.1:5000");
	join(e, "dmz", "[ff15::9]:5000");
	await_groups(e, 0, 4);
	await_groups(e, 1, 3);
	await_groups(e, 2, 4);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		const int is_mld = i >= 4;

		assert_int_equal(mcr_engine_member_info(e, i, &m), 0);
		if (i == 6 || i == 9)
			is_solicited_node(m.group);
		else
			is_address(m.group, groups[i]);
		assert_string_equal(m.interface, i < 7 ? "lan" : "dmz");
		assert_int_equal(m.is_mld, is_mld);
		assert_int_equal(m.version, is_mld ? 2 : 3);
		assert_int_equal(m.mode, i == 3 ? MCR_FILTER_INCLUDE : MCR_FILTER_EXCLUDE);
		assert_int_equal(m.n_sources, i == 3 ? 2 : 0);
		assert_int_equal(m.is_asking, 0);
		if (i == 3)
			assert_int_equal(m.left_ns, 0);
		else
			assert_in_range(m.left_ns, 1, i < 4 ? 420000000000 : 422000000000);
		assert_in_range(m.since_ns, now_ns, now_ns + 2 * RIG_DEADLINE_NS);
		assert_true(m.last_report_ns >= m.since_ns);
		if (!is_mld)
			is_address(m.last_reporter, "10.0.0.1");
		assert_int_equal(mcr_engine_member_sources(e, i, NULL, 0), i == 3 ? 2 : 0);
	}
	assert_int_equal(mcr_engine_member_info(e, 11, &m), -ENOENT);
	assert_int_equal(mcr_engine_member_sources(e, 11, NULL, 0), -ENOENT);
	assert_int_equal(mcr_engine_member_sources(e, 3, sources, 1), 2);
	is_address(sources[0].address, "10.9.0.1");
	assert_in_range(sources[0].left_ns, 1, 420000000000);
	assert_int_equal(sources[0].is_forwarded, 1);
	assert_int_equal(sources[1].left_ns, 0);
	assert_int_equal(mcr_engine_member_sources(e, 3, sources, 2), 2);
	is_address(sources[1].address, "10.9.0.2");
	end(e);
}

static void a_thousand_groups_are_in_the_order_of_their_addresses(void **state)
{
	struct mcr_member_info m = {.size = sizeof(m)}, before;
	struct mcr_engine *e = start();

	join(e, "lan", "239.2.0.0/23");
	join(e, "lan", "239.1.0.0/23");
	await_groups(e, 0, 2 + 1024);
	await_groups(e, 1, 3);
	for (size_t i = 0; i < 2 + 1024; i++) {
		before = m;
		assert_int_equal(mcr_engine_member_info(e, i, &m), 0);
		if (i > 0)
			assert_true(memcmp(before.group.octets, m.group.octets, 16) < 0);
	}
	is_address(m.group, "239.2.1.255");
	assert_int_equal(mcr_engine_member_info(e, 2 + 1024, &m), 0);
	is_address(m.group, "ff02::2");
	end(e);
}

static void an_interface_says_of_which_groups_it_is_a_member_itself(void **state)
{
	struct mcr_address groups[16];
	struct mcr_engine *e = start();
	int n;

	await_groups(e, 0, 2);
	n = mcr_engine_interface_groups(e, 0, groups, 16);
	assert_int_equal(n, 7);
	is_address(groups[0], "224.0.0.1");
	is_address(groups[1], "224.0.0.2");
	is_address(groups[2], "224.0.0.22");
	is_address(groups[3], "ff02::2");
	is_address(groups[4], "ff02::16");
	is_address(groups[5], "ff02::1");
	is_solicited_node(groups[6]);
	n = mcr_engine_interface_groups(e, 1, groups, 1);
	assert_int_equal(n, 5); /* it asks nobody by IGMP */
	is_address(groups[0], "224.0.0.1");
	is_address(groups[1], "224.0.0.2");
	assert_int_equal(mcr_engine_interface_groups(e, 2, groups, 16), -ENOENT);
	end(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_querier_is_described_in_the_order_of_interfaces),
	    cmocka_unit_test(each_outcome_has_a_name),
	    cmocka_unit_test(groups_follow_each_other_over_all_queriers),
	    cmocka_unit_test(a_thousand_groups_are_in_the_order_of_their_addresses),
	    cmocka_unit_test(an_interface_says_of_which_groups_it_is_a_member_itself),
	};

	return cmocka_run_group_tests(tests, set_up, rig_eal_cleanup);
}
