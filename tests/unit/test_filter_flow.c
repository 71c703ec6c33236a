/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow rules on ports where they steer; what is told from groups alone. */
#include "flow_rig.h"

static int set_up(void **state)
{
	nic_reset();
	start("net_some", QUEUES);
	return 0;
}

SET_UP_BOTH(set_up)

/* ---- steering ---- */

static void a_rule_stands_before_its_frames_are_let_in(void **state)
{
	want("239.1.1.1", 2);
	want("239.1.1.2", 3);
	set();
	assert_log("+<239.1.1.1>2> +<239.1.1.2>3> +all list -all ");
	assert_state("239.1.1.1", MCR_RUNG_FLOW, 2, "");
	assert_int_equal(f.flow.n_flows, 2);
}

static void rules_are_left_alone_by_the_changes_of_others(void **state)
{
	want("239.1.1.1", 2);
	want("239.1.1.2", 3);
	set();
	want("239.1.1.1", 2);
	want("239.1.1.3", 0);
	set();
	assert_log("+<239.1.1.3>0> +all list -all -<239.1.1.2>3> ");
	assert_int_equal(nic.n_flows, 2);
}

static void with_one_queue_there_is_nothing_to_steer(void **state)
{
	start("net_some", 1);
	want("239.1.1.1", 0);
	set();
	assert_int_equal(nic.validates, 0);
	assert_state("239.1.1.1", MCR_RUNG_MAC_LIST, MCR_ANY_QUEUE, "");
}

static void a_rule_names_the_vlan_but_neither_port_nor_source(void **state)
{
	const struct mcr_address sources[] = {twin("10.0.0.1")};
	struct mcr_filter_want *w = want("239.1.1.1", 1);

	w->vlan = 300;
	w->udp_port = 5000;
	memcpy(w->sources, sources, sizeof(sources));
	w->n_sources = 1;
	set();
	assert_log("+<vlan 300 239.1.1.1>1> +all list -all ");
	assert_int_equal(state_of(300, "239.1.1.1").rung, MCR_RUNG_FLOW);
	w = want("239.1.1.1", 1); /* other ports and sources: the rule holds for them */
	w->vlan = 300;
	set();
	assert_log("");
}

static void a_rule_names_the_port_where_the_nic_insists_on_it(void **state)
{
	nic.no_wide_flows = 1;
	want("239.1.1.1", 1)->udp_port = 5000;
	want("239.1.1.2", 1);
	set();
	assert_log("+<239.1.1.1 port 5000>1> +all list -all ");
	assert_int_equal(state_of(0, "239.1.1.1").rung, MCR_RUNG_FLOW);
	assert_state("239.1.1.2", MCR_RUNG_MAC_LIST, MCR_ANY_QUEUE,
		     "no flow rule: Invalid argument");
	want("239.1.1.1", 1)->udp_port = 6000;
	set();
	assert_log("+<239.1.1.1 port 6000>1> +all list -all "
		   "-<239.1.1.1 port 5000>1> ");
}

static void another_queue_is_another_rule_new_before_old(void **state)
{
	want("239.1.1.1", 1);
	set();
	want("239.1.1.1", 2);
	set();
	assert_log("+<239.1.1.1>2> -<239.1.1.1>1> ");
	nic.no_twin_flows = 1; /* ... where the driver lets both stand */
	want("239.1.1.1", 3);
	set();
	assert_log("-<239.1.1.1>2> +<239.1.1.1>3> ");
	assert_state("239.1.1.1", MCR_RUNG_FLOW, 3, "");
}

static void each_refusal_leaves_the_group_to_rss(void **state)
{
	static const int errors[] = {-ENOTSUP, -ENOSPC, -EINVAL, -EPERM, -ENOMEM, -EEXIST};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		for (int at_create = 0; at_create < 2; at_create++) {
			struct mcr_filter_state s;

			set_up(NULL);
			nic.message = "told so";
			*(at_create ? &nic.create_ret : &nic.validate_ret) = errors[i];
			want("239.1.1.1", 2);
			set();
			assert_int_equal(nic.creates, at_create);
			s = state_of(0, "239.1.1.1");
			assert_int_equal(s.rung, MCR_RUNG_MAC_LIST);
			assert_int_equal(s.queue, MCR_ANY_QUEUE);
			assert_non_null(strstr(s.reason, "no flow rule: told so: "));
			assert_non_null(strstr(s.reason, strerror(-errors[i])));
			assert_string_equal(nic.list, "11");
		}
	}
}

static void a_driver_without_rules_is_asked_once(void **state)
{
	nic.validate_ret = -ENOSYS;
	want("239.1.1.1", 2);
	want("239.1.1.2", 2);
	set();
	assert_int_equal(nic.validates, 1);
	assert_state("239.1.1.2", MCR_RUNG_MAC_LIST, MCR_ANY_QUEUE,
		     "no flow rule: the driver takes none");
	want("239.1.1.3", 2);
	set();
	assert_int_equal(nic.validates, 1);
}

static void a_full_table_keeps_what_is_in_and_is_not_asked_on_and_on(void **state)
{
	nic.flows_max = 2;
	for (unsigned i = 1; i <= 14; i++) {
		char group[INET_ADDRSTRLEN];

		snprintf(group, sizeof(group), "239.1.1.%u", i);
		want(group, 1);
	}
	set();
	assert_int_equal(nic.creates, 2 + MCR_FLOW_REFUSED);
	assert_state("239.1.1.2", MCR_RUNG_FLOW, 1, "");
	assert_state("239.1.1.3", MCR_RUNG_MAC_LIST, MCR_ANY_QUEUE,
		     "no flow rule: No space left on device");
	assert_state("239.1.1.14", MCR_RUNG_MAC_LIST, MCR_ANY_QUEUE,
		     "no flow rule: No space left on device");
	assert_int_equal(f.flow.n_refused, 12);
}

static void room_goes_to_new_groups_and_moves_none(void **state)
{
	nic.flows_max = 2;
	want("239.1.1.1", 1);
	want("239.1.1.2", 1);
	want("239.1.1.3", 1);
	set();
	assert_state("239.1.1.3", MCR_RUNG_MAC_LIST, MCR_ANY_QUEUE,
		     "no flow rule: No space left on device");
	want("239.1.1.2", 1);
	want("239.1.1.3", 1); /* in order as RSS has it: stays so */
	want("239.1.1.4", 1); /* new: takes the place that 1 leaves in the same change */
	set();
	assert_state("239.1.1.3", MCR_RUNG_MAC_LIST, MCR_ANY_QUEUE,
		     "no flow rule: No space left on device");
	assert_state("239.1.1.4", MCR_RUNG_FLOW, 1, "");
}

static void a_rule_does_not_let_in_by_itself(void **state)
{
	nic.list_ret = nic.slot_ret = -ENOTSUP;
	want("239.1.1.1", 2);
	set();
	assert_int_equal(nic.all, 1);
	assert_state("239.1.1.1", MCR_RUNG_FLOW, 2,
		     "let in by all-multicast: no multicast list: Operation not supported; no MAC "
		     "address slots: Operation not supported");
}

static void a_driver_that_mistakes_vlans_gets_no_rule_with_one(void **state)
{
	struct mcr_filter_state s;

	start("net_tap", QUEUES);
	nic.slot_ret = -ENOTSUP;
	want("239.1.1.1", 2)->vlan = 5;
	want("239.1.1.1", 2);
	set();
	assert_int_equal(nic.creates, 1);
	s = state_of(5, "239.1.1.1");
	assert_int_equal(s.rung, MCR_RUNG_ALL_MULTICAST);
	assert_non_null(
	    strstr(s.reason, "no flow rule: this driver's rules mistake VLANs; net_tap"));
	assert_int_equal(state_of(0, "239.1.1.1").rung, MCR_RUNG_FLOW);
}

static void a_driver_that_mistakes_ipv6_gets_no_rule_with_it(void **state)
{
	start("net_txgbe", QUEUES);
	want("239.1.1.1", 2);
	set();
	if (is_ipv6)
		assert_state("239.1.1.1", MCR_RUNG_MAC_LIST, MCR_ANY_QUEUE,
			     "no flow rule: this driver's rules mistake IPv6 groups");
	else
		assert_state("239.1.1.1", MCR_RUNG_FLOW, 2, "");
}

static void what_the_host_listens_to_needs_no_rule_where_rules_only_steer(void **state)
{
	want_membership_protocol(0);
	wants[n_wants++] =
	    (struct mcr_filter_want){.group = twin("224.0.0.1"), .kind = MCR_FILTER_ND};
	want("224.0.0.1", 1); /* and joined, too */
	set();
	assert_log("+<224.0.0.1>1> +all list -all ");
	assert_state("224.0.0.1", MCR_RUNG_FLOW, 1, "");
}

/* ---- MAC addresses ---- */

static void a_port_lets_in_the_macs_of_its_groups_and_of_all_hosts(void **state)
{
	const struct mcr_filter_want listed[] = {{.kind = MCR_FILTER_IGMP},
						 {.group = ip_of(0xefff0203)},
						 {.group = ip_of(0xef800101)},
						 {.group = ip_of(0xef000101)},
						 {.group = ip_of(0xe0800101)}};
	const struct rte_ether_addr expected[] = {{{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01}},
						  {{0x01, 0x00, 0x5e, 0x00, 0x01, 0x01}},
						  {{0x01, 0x00, 0x5e, 0x7f, 0x02, 0x03}}};
	struct rte_ether_addr macs[6];

	assert_int_equal(mcr_filter_macs(macs, listed, 5), 3);
	assert_memory_equal(macs, expected, sizeof(expected));
	assert_int_equal(mcr_filter_macs(macs, listed, 0), 1);
	assert_memory_equal(macs, expected, sizeof(expected[0]));
}

/* RFC 2464 §7: the last 32 bits count. */
static void a_port_that_speaks_ipv6_lets_in_all_nodes_and_who_looks_for_it(void **state)
{
	const struct mcr_filter_want listed[] = {
	    {.kind = MCR_FILTER_MLD},
	    {.kind = MCR_FILTER_ND, .group = {{0xff, 0x02, [11] = 1, 0xff, 0, 0, 5}}},
	    {.group = {{0xff, 0x15, [12] = 0x81, 0xff, 2, 3}}},
	    {.group = {{0xff, 0x3e, [11] = 9, 0x81, 0xff, 2, 3}}}};
	const struct rte_ether_addr expected[] = {{{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01}},
						  {{0x33, 0x33, 0x00, 0x00, 0x00, 0x01}},
						  {{0x33, 0x33, 0x81, 0xff, 0x02, 0x03}},
						  {{0x33, 0x33, 0xff, 0x00, 0x00, 0x05}}};
	struct rte_ether_addr macs[5];

	assert_int_equal(mcr_filter_macs(macs, listed, 4), 4);
	assert_memory_equal(macs, expected, sizeof(expected));
}

/* ---- many ---- */

static void ten_thousand_groups_change_one_at_a_time(void **state)
{
	enum {
		MANY = 10000,
		ROUNDS = 200
	};
	struct mcr_filter_want *many = calloc(MANY, sizeof(*many));

	assert_non_null(many);
	nic.list_max = MANY + 1;
	for (unsigned round = 0; round <= ROUNDS; round++) {
		for (unsigned i = 0; i < MANY; i++) {
			/* The last one is another in each round. */
			uint32_t group = 0xef010000u + i + (i == MANY - 1 ? round : 0);

			many[i] = (struct mcr_filter_want){
			    .group = twin_of(group),
			    .queue = mcr_filter_spread(twin_of(group), QUEUES)};
		}
		assert_int_equal(mcr_filter_port_set(&f, many, MANY), 0);
		assert_int_equal(nic.n_flows, MANY);
		assert_int_equal(nic.n_list, MANY + 1);
	}
	assert_int_equal(nic.creates, MANY + ROUNDS);
	assert_int_equal(nic.destroys, ROUNDS);
	assert_int_equal(nic.list_calls, ROUNDS + 1);
	free(many);
}

/* word: of an IPv6 address, from its end. */
static struct mcr_address nth_group(unsigned word, uint32_t n)
{
	struct mcr_address group = twin_of(0xefc00101u);
	uint32_t word_be;

	if (!is_ipv6)
		return twin_of(0xefc00101u + n);
	memcpy(&word_be, group.octets + 12 - 4 * word, 4);
	word_be = htonl(ntohl(word_be) + n);
	memcpy(group.octets + 12 - 4 * word, &word_be, 4);
	return group;
}

static void expect_even(unsigned word, uint32_t step, uint16_t n)
{
	unsigned count[8] = {0};

	for (uint32_t i = 0; i < 64; i++)
		count[mcr_filter_spread(nth_group(word, i * step), n)]++;
	for (uint16_t q = 0; q < n; q++)
		if (count[q] < 32u / n || count[q] > 128u / n)
			fail_msg("step %u of word %u: %u of 64 on queue %u of %u", step, word,
				 count[q], q, n);
}

static void groups_are_spread_evenly_whatever_their_step(void **state)
{
	static const uint32_t steps[] = {1, 2, 4, 8, 16, 256, 3, 10, 65536};

	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++)
		for (uint16_t n = 1; n <= 8; n++)
			for (unsigned word = 0; word < (is_ipv6 ? 3 : 1); word++)
				expect_even(word, steps[s], n);
}

#define TEST(name) TEST_BOTH(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_rule_stands_before_its_frames_are_let_in),
	    TEST(rules_are_left_alone_by_the_changes_of_others),
	    TEST(with_one_queue_there_is_nothing_to_steer),
	    TEST(a_rule_names_the_vlan_but_neither_port_nor_source),
	    TEST(a_rule_names_the_port_where_the_nic_insists_on_it),
	    TEST(another_queue_is_another_rule_new_before_old),
	    TEST(each_refusal_leaves_the_group_to_rss),
	    TEST(a_driver_without_rules_is_asked_once),
	    TEST(a_full_table_keeps_what_is_in_and_is_not_asked_on_and_on),
	    TEST(room_goes_to_new_groups_and_moves_none),
	    TEST(a_rule_does_not_let_in_by_itself),
	    TEST(a_driver_that_mistakes_vlans_gets_no_rule_with_one),
	    TEST(a_driver_that_mistakes_ipv6_gets_no_rule_with_it),
	    TEST(what_the_host_listens_to_needs_no_rule_where_rules_only_steer),
	    TEST(ten_thousand_groups_change_one_at_a_time),
	    TEST(groups_are_spread_evenly_whatever_their_step),
	    cmocka_unit_test(a_port_lets_in_the_macs_of_its_groups_and_of_all_hosts),
	    cmocka_unit_test(a_port_that_speaks_ipv6_lets_in_all_nodes_and_who_looks_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
