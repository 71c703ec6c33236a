/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the engine forwards to, as members, queriers, addresses and links change, and what it says
 * of that. The octets of a forwarded frame are tested in test_relay_copy.c. */
#include "proxy_rig.h"

#include <errno.h>

static struct mcr_relay_info relay_info(const struct mcr_engine *e, size_t i)
{
	struct mcr_relay_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_relay_info(e, i, &info), 0);
	assert_int_equal(info.out.offered, info.out.tx + info.out.tx_full + info.out.tx_mtu +
					       info.out.tx_ttl + info.out.tx_no_buffer +
					       info.out.tx_down);
	return info;
}

static unsigned family(void)
{
	return ipv6 ? 1 : 0;
}

/* Waits until the relay forwards to an interface, or does not. */
static void await_forwards(struct mcr_engine *e, unsigned lan, int forwards)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	while (relay_info(e, lan).forwards[family()] != forwards && monotonic_ns() < end_ns)
		poll_engine(e);
	assert_int_equal(relay_info(e, lan).forwards[family()], forwards);
}

/* F-1, F-14, P-19 */
static void a_datagram_goes_to_the_lans_with_members_and_no_other(void **state)
{
	struct mcr_engine *e = begin();

	ASSERT_GOES(e, UP, UP, GROUP_1, "");
	join(e, LAN, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	ASSERT_GOES(e, UP, UP, GROUP_2, "");
	join(e, LAB, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan lab");
	leave(e, LAN, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lab");
	leave(e, LAB, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "");
}

/* P-18 */
static void from_downstream_it_goes_upstream_always_and_to_members(void **state)
{
	struct mcr_engine *e = begin();

	ASSERT_GOES(e, LAN, LAN, GROUP_1, "up");
	join(e, LAN, GROUP_1);
	join(e, LAB, GROUP_1);
	ASSERT_GOES(e, LAN, LAN, GROUP_1, "up lab");
	ASSERT_GOES(e, LAB, LAB, GROUP_1, "up lan");
}

static void only_sources_that_are_wanted_are_forwarded(void **state)
{
	struct mcr_engine *e = begin();

	report(e, LAN, 9, MCR_RECORD_ALLOW, CHANNEL, SOURCES("10.7.0.9"));
	report(e, LAB, 9, MCR_RECORD_TO_EX, GROUP_1, SOURCES("10.7.0.9"));
	ASSERT_GOES(e, UP, 7, CHANNEL, "lan");
	ASSERT_GOES(e, UP, 8, CHANNEL, "");
	ASSERT_GOES(e, UP, 7, GROUP_1, "");
	ASSERT_GOES(e, UP, 8, GROUP_1, "lab");
}

/* F-13, F-15 */
static void a_source_belongs_to_one_interface(void **state)
{
	struct mcr_engine *e = begin();

	join(e, LAB, GROUP_1);
	ASSERT_GOES(e, UP, LAN, GROUP_1, "");
	ASSERT_GOES(e, LAN, UP, GROUP_1, "");
	ASSERT_GOES(e, LAN, LAN, GROUP_1, "up lab");
	ASSERT_GOES(e, LAN, 7, GROUP_1, "");
	assert_int_equal(relay_info(e, UP).wrong_interface, 1);
	assert_int_equal(relay_info(e, LAN).wrong_interface, 2);
	assert_int_equal(rig_account(e).drops[MCR_DROP_WRONG_INTERFACE], 3);
	assert_int_equal(rig_account(e).relayed_only, 1);
}

static void a_new_address_brings_other_sources(void **state)
{
	const struct mcr_address address = twin("10.8.0.5");
	struct mcr_engine *e = begin();

	ASSERT_GOES(e, LAN, LAN, GROUP_1, "up");
	ASSERT_GOES(e, LAN, 8, GROUP_1, "");
	assert_int_equal(mcr_engine_interface_address(e, "lan", address, ipv6 ? 64 : 24, NULL), 0);
	poll_engine(e);
	ASSERT_GOES(e, LAN, LAN, GROUP_1, "");
	ASSERT_GOES(e, LAN, 8, GROUP_1, "up");
}

/* P-15, P-16, P-17: OQPI is 2 * 1 s + 0.1 s / 2 by what the other says. */
static void another_querier_forwards_until_it_is_gone(void **state)
{
	struct mcr_engine *e = begin();
	char line[128], why[64];

	join(e, LAN, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	forget();
	query(e, LAN, 1, 3);
	ASSERT_GOES(e, UP, UP, GROUP_1, "");
	ASSERT_GOES(e, LAN, LAN, GROUP_1, "up");
	snprintf(why, sizeof(why), "%s is the querier", ipv6 ? "fe80::1" : "10.1.0.1");
	assert_string_equal(relay_info(e, LAN).why, why);
	snprintf(line, sizeof(line), "interface lan: not the %s querier while members exist",
		 ipv6 ? "MLD" : "IGMP");
	await_line(e, line);
	await_forwards(e, LAN, 1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	assert_int_equal(messages_with(UP, "TO_"), 0);
	assert_int_equal(messages_with(UP, "LEAVE"), 0);
}

/* The members of a LAN whose querier is another are known all the same. They report again and
 * again, or their time would be over together with that of the other querier. */
static void who_joins_while_another_is_the_querier_gets_it_afterwards(void **state)
{
	struct mcr_engine *e = begin();

	query(e, LAN, 1, 3);
	join(e, LAN, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	ASSERT_GOES(e, UP, UP, GROUP_1, "");
	for (unsigned i = 0; i < 4000 && !relay_info(e, LAN).forwards[family()]; i++) {
		join(e, LAN, GROUP_1);
		poll_engine(e);
	}
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
}

static void forward_when_says_otherwise(void **state)
{
	struct mcr_interface_config configs[LANS];
	struct mcr_engine *e;

	configure(configs);
	configs[UP].forward_when = MCR_FORWARD_NEVER;
	configs[LAN].forward_when = MCR_FORWARD_ALWAYS;
	configs[LAB].forward_when = MCR_FORWARD_NEVER;
	e = begin_with(configs, 1);
	query(e, LAN, 1, 3);
	join(e, LAN, GROUP_1);
	join(e, LAB, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	ASSERT_GOES(e, LAN, LAN, GROUP_1, "");
	assert_string_equal(relay_info(e, UP).why, "forward_when=never");
	assert_string_equal(relay_info(e, LAN).why, "");
	assert_int_equal(relay_info(e, LAB).forward_when, MCR_FORWARD_NEVER);
}

static void a_static_group_needs_no_querier(void **state)
{
	struct mcr_interface_config configs[LANS];
	struct mcr_engine *e;

	configure(configs);
	configs[LAN].querier = configs[LAN].mld_querier = MCR_QUERIER_OFF;
	configs[LAN].forward_when = MCR_FORWARD_ALWAYS;
	configs[LAN].n_static_groups = 1;
	configs[LAN].static_groups[0].group = twin(GROUP_1);
	e = begin_with(configs, 1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	ASSERT_GOES(e, UP, UP, GROUP_2, "");
	ASSERT_GOES(e, LAN, LAN, GROUP_2, "up"); /* its port hears every group */
}

/* P-14 */
static void a_scope_keeps_groups_in_and_out(void **state)
{
	struct mcr_interface_config configs[LANS];
	struct mcr_engine *e;

	configure(configs);
	for (unsigned l = 0; l < LANS && ipv6; l++) {
		configs[l].has_scopes = configs[l].n_scopes = 1;
		configs[l].scopes[0] = (struct mcr_prefix){rig_address("ff15::ff:0"), 112};
	}
	configs[LAB].has_scopes = 1;
	configs[LAB].n_scopes = 0;
	e = begin_with(configs, 1);
	join(e, LAN, LOCAL);
	join(e, LAB, LOCAL);
	ASSERT_GOES(e, UP, UP, LOCAL, "");
	ASSERT_GOES(e, LAN, LAN, LOCAL, "");
	ASSERT_GOES(e, LAB, LAB, LOCAL, "");
}

static struct mcr_join join_on(const char *interface, const char *group)
{
	struct mcr_join j = {.port = 5000};

	snprintf(j.interface, sizeof(j.interface), "%s", interface);
	j.group = twin(group);
	return j;
}

/* P-30 */
static void rings_and_lans_each_get_what_they_want(void **state)
{
	struct mcr_engine *e = begin();
	const struct mcr_join first = join_on("up", GROUP_1), second = join_on("up", GROUP_2);
	struct mcr_account a;

	assert_int_equal(mcr_engine_join(e, &second, NULL), 0);
	join(e, LAN, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	ASSERT_GOES(e, UP, UP, GROUP_2, "");
	a = rig_account(e);
	assert_int_equal(a.relayed, 1);
	assert_int_equal(a.relayed_only, 1);
	assert_int_equal(a.delivered, 1);
	assert_int_equal(mcr_engine_join(e, &first, NULL), 0);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	a = rig_account(e);
	assert_int_equal(a.relayed, 2);
	assert_int_equal(a.relayed_only, 1);
	assert_int_equal(a.delivered, 2);
}

static void what_goes_to_a_link_that_is_down_is_counted(void **state)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_route_info info = {.size = sizeof(info)};
	struct mcr_route_output out;
	struct mcr_engine *e = begin();

	join(e, LAN, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	assert_int_equal(rte_eth_dev_set_link_down(lans[LAN].port), 0);
	while (strcmp(relay_info(e, LAN).why, "the link is down") != 0 && monotonic_ns() < end_ns)
		poll_engine(e);
	ASSERT_GOES(e, UP, UP, GROUP_1, "");
	assert_int_equal(relay_info(e, LAN).out.tx, 1);
	assert_int_equal(relay_info(e, LAN).out.tx_down, 1);
	assert_int_equal(mcr_engine_route_info(e, 0, &info), 0);
	assert_int_equal(mcr_engine_route_outputs(e, 0, &out, 1), 1);
	assert_int_equal(out.is_forwarded, 0);
}

/* ---- what is shown ---- */

static void assert_route(struct mcr_engine *e, size_t i, const char *source, const char *group,
			 const char *interface, uint64_t packets)
{
	struct mcr_route_info info = {.size = sizeof(info)};
	char text[MCR_ADDRESS_TEXT];

	assert_int_equal(mcr_engine_route_info(e, i, &info), 0);
	assert_string_equal(named(info.group, text), group);
	if (source)
		assert_string_equal(named(info.source, text), source);
	else
		assert_true(mcr_address_is_equal(info.source, (struct mcr_address){{0}}));
	assert_string_equal(info.interface, interface);
	assert_int_equal(info.packets, packets);
	assert_int_equal(info.first_ns != 0, packets + info.wrong_interface != 0);
}

static void routes_are_shown_with_what_came(void **state)
{
	struct mcr_route_info info = {.size = sizeof(info)};
	struct mcr_route_output out[4];
	struct mcr_engine *e = begin();

	join(e, LAN, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	join(e, LAB, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan lab");
	ASSERT_GOES(e, UP, LAN, GROUP_1, "");
	ASSERT_GOES(e, LAB, LAB, GROUP_2, "up");
	leave(e, LAN, GROUP_1);
	report(e, LAN, 9, MCR_RECORD_ALLOW, CHANNEL, SOURCES("10.7.0.9"));

	/* 232/8 is before 239/8, ff15:: before ff3e::. */
	const size_t at = ipv6 ? 0 : 1;

	assert_route(e, 0, ipv6 ? NULL : "10.7.0.9", ipv6 ? GROUP_1 : CHANNEL, "up", 0);
	assert_route(e, at, NULL, GROUP_1, "up", 0);
	assert_route(e, at + 1, "10.0.0.9", GROUP_1, "up", 2);
	assert_route(e, at + 2, "10.1.0.9", GROUP_1, "up", 0);
	assert_int_equal(mcr_engine_route_info(e, at + 2, &info), 0);
	assert_int_equal(info.wrong_interface, 1);
	assert_int_equal(info.n_outputs, 0);
	assert_route(e, at + 3, "10.2.0.9", GROUP_2, "lab", 1);
	if (ipv6)
		assert_route(e, 4, "10.7.0.9", CHANNEL, "up", 0);
	assert_int_equal(mcr_engine_route_info(e, 5, &info), -ENOENT);

	assert_int_equal(mcr_engine_route_outputs(e, at + 1, out, 4), 2);
	assert_string_equal(out[0].interface, "lan");
	assert_int_equal(out[0].packets, 2);
	assert_int_equal(out[0].is_forwarded, 0);
	assert_string_equal(out[1].interface, "lab");
	assert_int_equal(out[1].packets, 1);
	assert_int_equal(out[1].is_forwarded, 1);
	assert_int_equal(out[1].ttl_threshold, 1);
	assert_int_equal(mcr_engine_route_outputs(e, at, NULL, 0), 1);
	assert_int_equal(mcr_engine_route_outputs(e, 5, out, 4), -ENOENT);
	assert_int_equal(relay_info(e, UP).flows, 3);
	assert_int_equal(relay_info(e, LAB).flows, 1);
}

/* Steps until the collection is there that the owner of the ticket waits for. */
static unsigned steps_of(struct mcr_engine *e, uint64_t *ticket)
{
	unsigned n = 1;
	int ret;

	for (; (ret = mcr_engine_routes_collect(e, ticket)) == 0; n++)
		assert_true(n < 1000);
	assert_int_equal(ret, 1);
	return n;
}

static uint64_t packets_of(struct mcr_engine *e, size_t i)
{
	struct mcr_route_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_route_collected(e, i, &info), 0);
	return info.packets;
}

static void routes_are_collected_in_steps_for_all_who_wait(void **state)
{
	uint64_t first = 0, second = 0, third = 0, late = 0;
	struct mcr_route_info info = {.size = sizeof(info)};
	struct mcr_engine *e = begin();

	assert_int_equal(mcr_engine_route_collected(e, 0, &info), -ENOENT);
	join(e, LAN, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	assert_true(steps_of(e, &first) > 4);
	assert_int_equal(packets_of(e, 1), 1);
	assert_int_equal(steps_of(e, &first), 1); /* it is there */

	/* What came since is in the next, which is not begun for each who waits for it. */
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	assert_int_equal(packets_of(e, 1), 1);
	second = third = 0;
	assert_int_equal(mcr_engine_routes_collect(e, &second), 0);
	assert_int_equal(packets_of(e, 1), 1);
	ASSERT_GOES(e, UP, UP, GROUP_2, "");
	assert_int_equal(mcr_engine_routes_collect(e, &late), 0);
	steps_of(e, &second);
	assert_int_equal(packets_of(e, 1), 2);
	assert_true(late > second); /* what has begun may lack what came before it asked */
	assert_int_equal(mcr_engine_routes_collect(e, &third), 0);
	assert_int_equal(third, late);
	steps_of(e, &late);
	assert_int_equal(mcr_engine_routes_collect(e, &third), 1);

	/* Who collects all at once does not leave the others waiting. */
	second = third = 0;
	assert_int_equal(mcr_engine_routes_collect(e, &second), 0);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	assert_int_equal(mcr_engine_route_info(e, 0, &info), 0);
	assert_int_equal(mcr_engine_routes_collect(e, &second), 1);
	assert_int_equal(packets_of(e, 1), 3);
	assert_int_equal(mcr_engine_route_collected(e, 2, &info), -ENOENT);
}

static void an_engine_without_roles_has_no_relay(void **state)
{
	struct mcr_relay_info relay = {.size = sizeof(relay)};
	struct mcr_route_info route = {.size = sizeof(route)};
	struct mcr_interface_config configs[LANS];
	struct mcr_relay_counts counts;
	struct mcr_engine *e;

	configure(configs);
	for (unsigned l = 0; l < LANS; l++)
		configs[l].role = MCR_RELAY_NONE;
	e = begin_with(configs, 1);
	join(e, LAN, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "");
	assert_int_equal(mcr_engine_relay_info(e, 0, &relay), -ENOENT);
	assert_int_equal(mcr_engine_relay_lcore(e, 0, 0, &counts), -ENOENT);
	assert_int_equal(mcr_engine_route_info(e, 0, &route), -ENOENT);
	assert_int_equal(mcr_engine_route_collected(e, 0, &route), -ENOENT);
	assert_int_equal(mcr_engine_routes_collect(e, &(uint64_t){0}), -ENOENT);
	assert_int_equal(rig_account(e).relayed, 0);
}

/* A port without a queue for control: reports go out by way of the lcore. */
static void tx_queues_are_shown(void **state)
{
	struct mcr_engine *e = begin();
	struct mcr_relay_counts counts;

	assert_int_equal(relay_info(e, LAN).tx_queues, n_queues);
	assert_int_equal(relay_info(e, LAN).tx_shared, n_queues == 1);
	join(e, LAN, GROUP_1);
	ASSERT_GOES(e, UP, UP, GROUP_1, "lan");
	assert_int_equal(mcr_engine_relay_lcore(e, LAN, 0, &counts), 0);
	assert_int_equal(counts.offered, 1);
	assert_int_equal(counts.tx, 1);
	assert_int_equal(mcr_engine_relay_lcore(e, LAN, 1, &counts), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_datagram_goes_to_the_lans_with_members_and_no_other),
	    TEST_BY_QUEUES(a_datagram_goes_to_the_lans_with_members_and_no_other),
	    TEST(from_downstream_it_goes_upstream_always_and_to_members),
	    TEST(only_sources_that_are_wanted_are_forwarded),
	    TEST(a_source_belongs_to_one_interface),
	    TEST(a_new_address_brings_other_sources),
	    TEST(another_querier_forwards_until_it_is_gone),
	    TEST(who_joins_while_another_is_the_querier_gets_it_afterwards),
	    TEST(forward_when_says_otherwise),
	    TEST(a_static_group_needs_no_querier),
	    TEST(a_scope_keeps_groups_in_and_out),
	    TEST(rings_and_lans_each_get_what_they_want),
	    TEST(what_goes_to_a_link_that_is_down_is_counted),
	    TEST(routes_are_shown_with_what_came),
	    TEST(routes_are_collected_in_steps_for_all_who_wait),
	    TEST(an_engine_without_roles_has_no_relay),
	    TEST(tx_queues_are_shown),
	    TEST_BY_QUEUES(tx_queues_are_shown),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
