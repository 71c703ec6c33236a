/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow rules, on ports where they steer and on isolated ones where they let in, against a driver
 * that mock_nic.h plays. */
#include "mock_nic.h"

#include "engine/filter/filter.h"

#define QUEUES 4

static struct mcr_filter_port f;
static struct mcr_filter_want wants[16];
static size_t n_wants;

static struct mcr_address ip(const char *text)
{
	struct mcr_address a;

	assert_int_equal(mcr_address_parse(&a, text, strlen(text)), 0);
	return a;
}

static struct mcr_filter_want *want(const char *group, uint16_t queue)
{
	struct mcr_filter_want *w = &wants[n_wants++];

	*w = (struct mcr_filter_want){.group = ip(group), .queue = queue};
	return w;
}

/* Tells the wants, and forgets them. */
static void set(void)
{
	nic.log[0] = '\0';
	assert_int_equal(mcr_filter_port_set(&f, wants, n_wants), 0);
	n_wants = 0;
}

static struct mcr_filter_state state_of(uint16_t vlan, const char *group)
{
	struct mcr_filter_state state;

	mcr_filter_port_state(&f, vlan, ip(group), &state);
	return state;
}

static void assert_state(const char *group, enum mcr_rung rung, int queue, const char *reason)
{
	const struct mcr_filter_state s = state_of(0, group);

	assert_string_equal(mcr_rung_name(s.rung), mcr_rung_name(rung));
	assert_int_equal(s.queue, queue);
	assert_string_equal(s.reason, reason);
}

static void start(const char *driver, uint16_t n_queues)
{
	mcr_filter_port_fini(&f);
	n_wants = 0;
	nic.log[0] = '\0';
	mcr_filter_port_init(&f, 3, driver);
	mcr_filter_port_queues(&f, n_queues);
}

static int set_up(void **state)
{
	nic_reset();
	start("net_some", QUEUES);
	return 0;
}

static int set_up_isolated(void **state)
{
	nic_reset();
	start("mlx5_pci", QUEUES);
	return 0;
}

static int tear_down(void **state)
{
	mcr_filter_port_fini(&f);
	nic_reset();
	return 0;
}

/* ---- steering ---- */

static void a_rule_stands_before_its_frames_are_let_in(void **state)
{
	want("239.1.1.1", 2);
	want("239.1.1.2", 3);
	set();
	assert_string_equal(nic.log, "+<239.1.1.1>2> +<239.1.1.2>3> +all list -all ");
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
	assert_string_equal(nic.log, "+<239.1.1.3>0> +all list -all -<239.1.1.2>3> ");
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
	const struct mcr_address sources[] = {ip("10.0.0.1")};
	struct mcr_filter_want *w = want("239.1.1.1", 1);

	w->vlan = 300;
	w->udp_port = 5000;
	memcpy(w->sources, sources, sizeof(sources));
	w->n_sources = 1;
	set();
	assert_string_equal(nic.log, "+<vlan 300 239.1.1.1>1> +all list -all ");
	assert_int_equal(state_of(300, "239.1.1.1").rung, MCR_RUNG_FLOW);
	w = want("239.1.1.1", 1); /* other ports and sources: the rule holds for them */
	w->vlan = 300;
	set();
	assert_string_equal(nic.log, "");
}

static void a_rule_names_the_port_where_the_nic_insists_on_it(void **state)
{
	nic.no_wide_flows = 1;
	want("239.1.1.1", 1)->udp_port = 5000;
	want("239.1.1.2", 1);
	set();
	assert_string_equal(nic.log, "+<239.1.1.1 port 5000>1> +all list -all ");
	assert_int_equal(state_of(0, "239.1.1.1").rung, MCR_RUNG_FLOW);
	assert_state("239.1.1.2", MCR_RUNG_MAC_LIST, MCR_ANY_QUEUE,
		     "no flow rule: Invalid argument");
	want("239.1.1.1", 1)->udp_port = 6000;
	set();
	assert_string_equal(nic.log, "+<239.1.1.1 port 6000>1> +all list -all "
				     "-<239.1.1.1 port 5000>1> ");
}

static void another_queue_is_another_rule_new_before_old(void **state)
{
	want("239.1.1.1", 1);
	set();
	want("239.1.1.1", 2);
	set();
	assert_string_equal(nic.log, "+<239.1.1.1>2> -<239.1.1.1>1> ");
	nic.no_twin_flows = 1; /* ... where the driver lets both stand */
	want("239.1.1.1", 3);
	set();
	assert_string_equal(nic.log, "-<239.1.1.1>2> +<239.1.1.1>3> ");
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

/* ---- isolated ---- */

static void an_isolated_port_takes_its_groups_and_igmp_and_nothing_else(void **state)
{
	const struct mcr_address sources[] = {ip("10.0.0.1"), ip("10.0.0.2")};
	struct mcr_filter_want *w;

	assert_int_equal(nic.isolated, 1);
	wants[n_wants++] = (struct mcr_filter_want){.vlan = 0};
	w = want("232.1.1.1", 3);
	w->udp_port = 5000;
	memcpy(w->sources, sources, sizeof(sources));
	w->n_sources = 2;
	want("239.1.1.1", 2)->udp_port = 6000;
	set();
	assert_string_equal(nic.log, "+<igmp>0> +<232.1.1.1 from 10.0.0.1 port 5000>3> "
				     "+<232.1.1.1 from 10.0.0.2 port 5000>3> "
				     "+<239.1.1.1 port 6000>2> ");
	assert_state("232.1.1.1", MCR_RUNG_FLOW, 3, "");
	assert_int_equal(f.flow.n_flows, 4);
}

static void on_an_isolated_port_a_changed_source_list_is_new_before_old(void **state)
{
	const struct mcr_address one[] = {ip("10.0.0.1")}, two[] = {ip("10.0.0.1"), ip("10.0.0.2")};
	struct mcr_filter_want *w = want("232.1.1.1", 3);

	memcpy(w->sources, one, sizeof(one));
	w->n_sources = 1;
	set();
	w = want("232.1.1.1", 3);
	memcpy(w->sources, two, sizeof(two));
	w->n_sources = 2;
	set();
	assert_string_equal(nic.log, "+<232.1.1.1 from 10.0.0.1>3> +<232.1.1.1 from 10.0.0.2>3> "
				     "-<232.1.1.1 from 10.0.0.1>3> ");
	want("232.1.1.1", 3); /* more sources than rules: any */
	set();
	assert_string_equal(nic.log, "+<232.1.1.1>3> -<232.1.1.1 from 10.0.0.1>3> "
				     "-<232.1.1.1 from 10.0.0.2>3> ");
}

static void half_of_a_groups_rules_is_taken_out_again(void **state)
{
	const struct mcr_address two[] = {ip("10.0.0.1"), ip("10.0.0.2")};
	struct mcr_filter_want *w = want("232.1.1.1", 3);

	memcpy(w->sources, two, sizeof(two));
	w->n_sources = 2;
	nic.flows_max = 1;
	set();
	assert_string_equal(nic.log, "+<232.1.1.1 from 10.0.0.1>3> -<232.1.1.1 from 10.0.0.1>3> "
				     "+<232.1.1.1>3> ");
	assert_state("232.1.1.1", MCR_RUNG_FLOW, 3, "");
	assert_int_equal(nic.n_flows, 1);
}

static void a_source_that_the_nic_cannot_match_is_left_out(void **state)
{
	const struct mcr_address one[] = {ip("10.0.0.1")};
	struct mcr_filter_want *w = want("232.1.1.1", 3);

	memcpy(w->sources, one, sizeof(one));
	w->n_sources = 1;
	w->udp_port = 5000;
	nic.no_source_flows = 1;
	set();
	assert_string_equal(nic.log, "+<232.1.1.1 port 5000>3> ");
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
	assert_string_equal(nic.log, "+<239.1.1.1>1> +<all>rss> ");
	assert_int_equal(state_of(9, "239.1.1.9").rung, MCR_RUNG_ALL_MULTICAST);
	assert_state("239.1.1.1", MCR_RUNG_ALL_MULTICAST, 1,
		     "other groups got no flow rule: this driver's rules mistake VLANs");
	want("239.1.1.1", 1);
	set();
	assert_string_equal(nic.log, "-<all>rss> ");
	assert_state("239.1.1.1", MCR_RUNG_FLOW, 1, "");
}

static void the_rule_for_all_multicast_goes_to_one_queue_where_rss_is_refused(void **state)
{
	static const struct mcr_filter_traits traits = {.flags = MCR_TRAIT_FLOW_NO_VLAN};

	f.flow.traits = &traits;
	nic.no_rss_flows = 1;
	want("239.1.1.9", 1)->vlan = 9;
	set();
	assert_string_equal(nic.log, "+<all>0> ");
}

static void a_port_that_cannot_be_isolated_filters_like_others(void **state)
{
	nic_reset();
	nic.isolate_ret = -ENOTSUP;
	start("mlx5_pci", 1);
	wants[n_wants++] = (struct mcr_filter_want){.vlan = 0}; /* IGMP needs no rule there */
	want("239.1.1.1", 0);
	set();
	assert_string_equal(nic.log, "+<239.1.1.1>0> list ");
	assert_state("239.1.1.1", MCR_RUNG_FLOW, 0, "");
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
			    .group = ip_of(group),
			    .queue = mcr_filter_spread(ip_of(group), QUEUES)};
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

static void groups_are_spread_evenly_whatever_their_step(void **state)
{
	static const uint32_t steps[] = {1, 2, 4, 8, 16, 256, 3, 10, 65536};

	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		for (uint16_t n = 1; n <= 8; n++) {
			unsigned count[8] = {0};

			for (uint32_t i = 0; i < 64; i++)
				count[mcr_filter_spread(ip_of(0xefc00101u + i * steps[s]), n)]++;
			for (uint16_t q = 0; q < n; q++)
				if (count[q] < 32u / n || count[q] > 128u / n)
					fail_msg("step %u: %u of 64 on queue %u of %u", steps[s],
						 count[q], q, n);
		}
	}
}

#define TEST(name)          cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_ISOLATED(name) cmocka_unit_test_setup_teardown(name, set_up_isolated, tear_down)

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
	    TEST_ISOLATED(an_isolated_port_takes_its_groups_and_igmp_and_nothing_else),
	    TEST_ISOLATED(on_an_isolated_port_a_changed_source_list_is_new_before_old),
	    TEST_ISOLATED(half_of_a_groups_rules_is_taken_out_again),
	    TEST_ISOLATED(a_source_that_the_nic_cannot_match_is_left_out),
	    TEST_ISOLATED(a_group_that_an_isolated_port_refuses_is_said_not_to_be_received),
	    TEST_ISOLATED(the_rule_for_all_multicast_goes_when_every_group_has_its_own),
	    TEST_ISOLATED(the_rule_for_all_multicast_goes_to_one_queue_where_rss_is_refused),
	    TEST_ISOLATED(a_port_that_cannot_be_isolated_filters_like_others),
	    TEST(ten_thousand_groups_change_one_at_a_time),
	    TEST(groups_are_spread_evenly_whatever_their_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
