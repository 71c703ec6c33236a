/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow rules on isolated ports, where they let in. */
#include "flow_rig.h"

static int set_up(void **state)
{
	nic_reset();
	start("mlx5_pci", QUEUES);
	return 0;
}

SET_UP_BOTH(set_up)

static void an_isolated_port_takes_its_groups_and_their_protocol_and_nothing_else(void **state)
{
	const struct mcr_address sources[] = {twin("10.0.0.1"), twin("10.0.0.2")};
	struct mcr_filter_want *w;

	assert_int_equal(nic.isolated, 1);
	want_membership_protocol(0);
	w = want("232.1.1.1", 3);
	w->udp_port = 5000;
	memcpy(w->sources, sources, sizeof(sources));
	w->n_sources = 2;
	want("239.1.1.1", 2)->udp_port = 6000;
	set();
	/* The twins stand in the other order: ff15 is before ff35. */
	assert_log(is_ipv6 ? "+<239.1.1.1 port 6000>2> +<232.1.1.1 from 10.0.0.1 port 5000>3> "
			     "+<232.1.1.1 from 10.0.0.2 port 5000>3> "
			     "+<ipv6 type 130>0> +<ipv6 type 131>0> "
			   : "+<232.1.1.1 from 10.0.0.1 port 5000>3> "
			     "+<232.1.1.1 from 10.0.0.2 port 5000>3> +<239.1.1.1 port 6000>2> "
			     "+<igmp>0> ");
	assert_state("232.1.1.1", MCR_RUNG_FLOW, 3, "");
	assert_int_equal(f.flow.n_flows, is_ipv6 ? 5 : 4);
}

static void an_isolated_port_hears_those_who_look_for_its_ipv6_addresses(void **state)
{
	const struct mcr_address node = {{0xff, 0x02, [11] = 1, 0xff, 0, 0, 5}};

	wants[n_wants++] =
	    (struct mcr_filter_want){.group = node, .vlan = 7, .kind = MCR_FILTER_ND};
	*want("239.1.1.1", 1) = (struct mcr_filter_want){.group = node, .vlan = 7, .queue = 2};
	set();
	assert_log("+<vlan 7 ff02::1:ff00:5>2> +<vlan 7 ff02::1:ff00:5 icmp6>0> ");
	*want("239.1.1.1", 1) = (struct mcr_filter_want){.group = node, .vlan = 7, .queue = 2};
	set();
	assert_log("-<vlan 7 ff02::1:ff00:5 icmp6>0> ");
}

/* net_mlx5 takes types of ICMPv6 with the right firmware only. */
static void an_isolated_port_that_knows_no_types_hears_the_general_queries(void **state)
{
	is_ipv6 = 1;
	nic.no_icmp6_types = 1;
	want_membership_protocol(9);
	set();
	assert_log("+<vlan 9 ff02::1 icmp6>0> ");
	assert_string_equal(f.flow.rules[0].why, "Invalid argument");
	nic.validate_ret = -EINVAL;
	want_membership_protocol(10);
	set(); /* no catch-all would bring it */
	assert_log("-<vlan 9 ff02::1 icmp6>0> ");
	assert_int_equal(f.flow.n_flows, 0);
	assert_int_equal(f.flow.n_refused, 0);
}

/* R-MB-1: IGMP has one rule for all of it. What is sent to routers needs none beside it. */
static void a_querier_hears_all_of_its_protocol_on_an_isolated_port(void **state)
{
	want_membership_protocol(5);
	set();
	want_membership_protocol(5);
	wants[0].is_querier = 1;
	wants[n_wants++] = (struct mcr_filter_want){
	    .group = twin("224.0.0.2"), .vlan = 5, .kind = MCR_FILTER_ROUTERS};
	set();
	assert_log(is_ipv6 ? "+<vlan 5 ipv6 type 130>0> +<vlan 5 ipv6 type 131>0> "
			     "+<vlan 5 ipv6 type 132>0> +<vlan 5 ipv6 type 143>0> "
			     "-<vlan 5 ipv6 type 130>0> -<vlan 5 ipv6 type 131>0> "
			   : "");
	assert_int_equal(f.flow.n_refused, 0);
	assert_int_equal(nic.all, 0);
}

static void
a_querier_on_an_isolated_port_that_knows_no_types_hears_what_routers_are_sent(void **state)
{
	is_ipv6 = 1;
	nic.no_icmp6_types = 1;
	want_membership_protocol(0);
	wants[0].is_querier = 1;
	set();
	assert_log("+<ff02::1 icmp6>0> +<ff02::2 icmp6>0> +<ff02::16 icmp6>0> ");
	assert_string_equal(f.flow.rules[0].why, "Invalid argument");
}

static void on_an_isolated_port_a_changed_source_list_is_new_before_old(void **state)
{
	const struct mcr_address one[] = {twin("10.0.0.1")},
				 two[] = {twin("10.0.0.1"), twin("10.0.0.2")};
	struct mcr_filter_want *w = want("232.1.1.1", 3);

	memcpy(w->sources, one, sizeof(one));
	w->n_sources = 1;
	set();
	w = want("232.1.1.1", 3);
	memcpy(w->sources, two, sizeof(two));
	w->n_sources = 2;
	set();
	assert_log("+<232.1.1.1 from 10.0.0.1>3> +<232.1.1.1 from 10.0.0.2>3> "
		   "-<232.1.1.1 from 10.0.0.1>3> ");
	want("232.1.1.1", 3); /* more sources than rules: any */
	set();
	assert_log("+<232.1.1.1>3> -<232.1.1.1 from 10.0.0.1>3> "
		   "-<232.1.1.1 from 10.0.0.2>3> ");
}

static void half_of_a_groups_rules_is_taken_out_again(void **state)
{
	const struct mcr_address two[] = {twin("10.0.0.1"), twin("10.0.0.2")};
	struct mcr_filter_want *w = want("232.1.1.1", 3);

	memcpy(w->sources, two, sizeof(two));
	w->n_sources = 2;
	nic.flows_max = 1;
	set();
	assert_log("+<232.1.1.1 from 10.0.0.1>3> -<232.1.1.1 from 10.0.0.1>3> "
		   "+<232.1.1.1>3> ");
	assert_state("232.1.1.1", MCR_RUNG_FLOW, 3, "");
	assert_int_equal(nic.n_flows, 1);
}

static void a_source_that_the_nic_cannot_match_is_left_out(void **state)
{
	const struct mcr_address one[] = {twin("10.0.0.1")};
	struct mcr_filter_want *w = want("232.1.1.1", 3);

	memcpy(w->sources, one, sizeof(one));
	w->n_sources = 1;
	w->udp_port = 5000;
	nic.no_source_flows = 1;
	set();
	assert_log("+<232.1.1.1 port 5000>3> ");
}

static void a_group_that_an_isolated_port_refuses_is_said_not_to_be_received(void **state)
{
	nic.flows_max = 2;
	want("239.1.1.1", 1);
	want("239.1.1.2", 1);
	want("239.1.1.3", 1);
	set(); /* not even the rule for all of them has room */
	assert_state("239.1.1.3", MCR_RUNG_NONE, MCR_ANY_QUEUE,
		     "not let in by the isolated port: no flow rule: No space left on device");
	assert_state("239.1.1.1", MCR_RUNG_FLOW, 1, "");
	want("239.1.1.2", 1);
	want("239.1.1.3", 1); /* asked again, since there is room */
	set();
	assert_state("239.1.1.3", MCR_RUNG_FLOW, 1, "");
	assert_int_equal(nic.n_flows, 2);
}

static void the_rule_for_all_multicast_goes_when_every_group_has_its_own(void **state)
{
	static const struct mcr_filter_traits traits = {.flags = MCR_TRAIT_FLOW_NO_VLAN};

	f.flow.traits = &traits;
	want("239.1.1.1", 1);
	want("239.1.1.9", 1)->vlan = 9;
	set();
	assert_log(is_ipv6 ? "+<239.1.1.1>1> +<all ipv6 udp>rss> " : "+<239.1.1.1>1> +<all>rss> ");
	assert_int_equal(state_of(9, "239.1.1.9").rung, MCR_RUNG_ALL_MULTICAST);
	assert_state("239.1.1.1", MCR_RUNG_ALL_MULTICAST, 1,
		     "other groups got no flow rule: this driver's rules mistake VLANs");
	want("239.1.1.1", 1);
	set();
	assert_log(is_ipv6 ? "-<all ipv6 udp>rss> " : "-<all>rss> ");
	assert_state("239.1.1.1", MCR_RUNG_FLOW, 1, "");
}

static void the_rule_for_all_multicast_of_one_family_leaves_the_other_exact(void **state)
{
	static const struct mcr_filter_traits traits = {.flags = MCR_TRAIT_FLOW_NO_IPV6};
	struct mcr_filter_state summary;

	f.flow.traits = &traits;
	is_ipv6 = 1;
	want("239.1.1.1", 1);
	is_ipv6 = 0;
	want("239.1.1.1", 2);
	set();
	assert_log("+<239.1.1.1>2> +<all ipv6 udp>rss> ");
	assert_state("239.1.1.1", MCR_RUNG_FLOW, 2, "");
	is_ipv6 = 1;
	assert_state("239.1.1.1", MCR_RUNG_ALL_MULTICAST, MCR_ANY_QUEUE,
		     "no flow rule: this driver's rules mistake IPv6 groups");
	mcr_filter_port_summary(&f, &summary);
	assert_int_equal(summary.rung, MCR_RUNG_ALL_MULTICAST);
	assert_string_equal(summary.reason, "1 groups got no flow rule: this driver's rules "
					    "mistake IPv6 groups");
}

static void igmp_without_a_rule_comes_with_all_multicast_and_mld_does_not(void **state)
{
	static const struct mcr_filter_traits traits = {.flags = MCR_TRAIT_FLOW_NO_VLAN};

	f.flow.traits = &traits;
	want("239.1.1.1", 1);
	want_membership_protocol(9);
	set();
	assert_log(is_ipv6 ? "+<239.1.1.1>1> " : "+<239.1.1.1>1> +<all>rss> ");
	assert_int_equal(f.flow.n_refused, 0);
}

static void the_rule_for_all_multicast_goes_to_one_queue_where_rss_is_refused(void **state)
{
	static const struct mcr_filter_traits traits = {.flags = MCR_TRAIT_FLOW_NO_VLAN};

	f.flow.traits = &traits;
	nic.no_rss_flows = 1;
	want("239.1.1.9", 1)->vlan = 9;
	set();
	assert_log(is_ipv6 ? "+<all ipv6 udp>0> " : "+<all>0> ");
}

static void a_port_that_cannot_be_isolated_filters_like_others(void **state)
{
	nic_reset();
	nic.isolate_ret = -ENOTSUP;
	start("mlx5_pci", 1);
	want_membership_protocol(0); /* needs no rule there */
	want("239.1.1.1", 0);
	set();
	assert_log("+<239.1.1.1>0> list ");
	assert_state("239.1.1.1", MCR_RUNG_FLOW, 0, "");
}

#define TEST(name)      TEST_BOTH(name, set_up, tear_down)
#define TEST_ONCE(name) cmocka_unit_test_setup_teardown(name, set_up_ipv4, tear_down)

static void a_look_brings_the_rules_for_all_multicast_of_both_families(void **state)
{
	want("239.1.1.1", 1);
	set();
	assert_true(mcr_filter_port_hides(&f));
	want("239.1.1.1", 1);
	wants[n_wants++] = (struct mcr_filter_want){.kind = MCR_FILTER_LOOK};
	set();
	assert_non_null(f.flow.families[0].catch_all);
	assert_non_null(f.flow.families[1].catch_all);
	assert_false(mcr_filter_port_hides(&f));
	want("239.1.1.1", 1);
	set();
	assert_null(f.flow.families[0].catch_all);
	assert_null(f.flow.families[1].catch_all);
	assert_true(mcr_filter_port_hides(&f));
	assert_state("239.1.1.1", MCR_RUNG_FLOW, 1, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_isolated_port_takes_its_groups_and_their_protocol_and_nothing_else),
	    TEST_ONCE(an_isolated_port_hears_those_who_look_for_its_ipv6_addresses),
	    TEST_ONCE(an_isolated_port_that_knows_no_types_hears_the_general_queries),
	    TEST(a_querier_hears_all_of_its_protocol_on_an_isolated_port),
	    TEST_ONCE(
		a_querier_on_an_isolated_port_that_knows_no_types_hears_what_routers_are_sent),
	    TEST(on_an_isolated_port_a_changed_source_list_is_new_before_old),
	    TEST(half_of_a_groups_rules_is_taken_out_again),
	    TEST(a_source_that_the_nic_cannot_match_is_left_out),
	    TEST(a_group_that_an_isolated_port_refuses_is_said_not_to_be_received),
	    TEST(the_rule_for_all_multicast_goes_when_every_group_has_its_own),
	    TEST_ONCE(the_rule_for_all_multicast_of_one_family_leaves_the_other_exact),
	    TEST(igmp_without_a_rule_comes_with_all_multicast_and_mld_does_not),
	    TEST(the_rule_for_all_multicast_goes_to_one_queue_where_rss_is_refused),
	    TEST(a_look_brings_the_rules_for_all_multicast_of_both_families),
	    TEST(a_port_that_cannot_be_isolated_filters_like_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
