/* SPDX-License-Identifier: BSD-3-Clause */
/* One group: each cause that its packets can show, and what comes close to it without being it. */
#include "why_rig.h"

/* The group was asked about, joined on feed, and is silent. */
static struct rig *silent(const char *query, const char *join)
{
	struct rig *r = rig_new(query);

	add_join(r, join);
	add_stopped(r, "239.1.1.1", "feed");
	return r;
}

static void a_group_that_flows_gives_facts_and_no_finding(void **state)
{
	struct rig *r = rig_new("239.1.1.1:5000");

	add_join(r, "239.1.1.1:5000");
	add_group(r, "239.1.1.1", "feed");
	add_flow(r, a_flow("239.1.1.1", 5000, 0, MCR_DROP_NONE));
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	assert_int_equal(r->v.n_findings, 0);
	assert_string_equal(r->v.first, "239.1.1.1:5000: data flows");
	assert_says(&r->v.proven, "60000 datagrams");
	assert_says(&r->v.proven, "100.0 datagrams/s, 100 octets");
	assert_says(&r->v.proven, "from 10.0.0.7:4000 to port 5000, TTL 7");
	rig_end(r);
}

static void a_group_flows_as_long_as_its_gaps_allow(void **state)
{
	static const struct {
		uint64_t gap, age;
		enum mcr_why_exit exit;
	} cases[] = {
	    {S / 100, 4 * S, MCR_WHY_FLOWS},   {S / 100, 5 * S, MCR_WHY_UNDECIDED},
	    {10 * S, 99 * S, MCR_WHY_FLOWS},   {10 * S, 100 * S, MCR_WHY_UNDECIDED},
	    {S / 2, 5 * S - 1, MCR_WHY_FLOWS}, {S / 2 + S / 10, 5 * S + S / 2, MCR_WHY_FLOWS},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = rig_new("239.1.1.1");
		struct mcr_group_info *g = add_group(r, "239.1.1.1", "feed");

		add_join(r, "239.1.1.1:5000");
		g->packets = 11;
		g->last_ns = NOW - cases[i].age;
		g->first_ns = g->last_ns - 10 * cases[i].gap;
		ask(r);
		assert_int_equal(r->v.exit, cases[i].exit);
		rig_end(r);
	}
}

static void a_vlan_without_an_interface_is_named(void **state)
{
	struct rig *r = silent("239.1.1.1:5000", "239.1.1.1:5000");
	struct mcr_sighting flow = a_flow("239.1.1.1", 5000, -1, MCR_DROP_VLAN_UNKNOWN);
	const struct mcr_why_finding *f;

	flow.vlan = 5;
	add_flow(r, flow);
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_VLAN);
	assert_string_equal(
	    r->v.first,
	    "239.1.1.1:5000 on feed: no data: it arrives, but on VLAN 5, for which port "
	    "net_af_packet0 has no interface (last 0.2 s ago from 10.0.0.7)");
	f = &r->v.findings[0];
	assert_string_equal(f->interface, "feed");
	assert_string_equal(f->port, "net_af_packet0");
	assert_int_equal(f->groups, 1);
	assert_true(mcr_address_is_equal(f->group, addr("239.1.1.1")));
	assert_says(&f->todo, "set vlan: 5 on interface feed");
	assert_says(&f->evidence,
		    "from 10.0.0.7:4000, VLAN 5 on port net_af_packet0, TTL 7, 142 octets");
	assert_says(&f->evidence,
		    "02:00:00:00:00:07 to 01:00:5e:01:01:01: dropped as vlan_unknown");
	rig_end(r);
}

static void frames_without_a_tag_are_said_to_need_no_vlan(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");

	r->e->interfaces[0].vlan = 7;
	add_flow(r, a_flow("239.1.1.1", 5000, -1, MCR_DROP_VLAN_UNKNOWN));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_VLAN);
	assert_says(&r->v.findings[0].todo, "take vlan: 7 from interface feed");
	rig_end(r);
}

static void a_packet_of_long_ago_is_no_cause(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");
	struct mcr_sighting flow = a_flow("239.1.1.1", 5000, -1, MCR_DROP_VLAN_UNKNOWN);

	flow.last_ns = flow.dropped_ns = NOW - 61 * S; /* the group stopped 30 s ago */
	add_flow(r, flow);
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	rig_end(r);

	r = silent("239.1.1.1", "239.1.1.1:5000");
	r->groups[0].last_ns = NOW - 300 * S; /* since it stopped */
	flow.last_ns = flow.dropped_ns = NOW - 200 * S;
	add_flow(r, flow);
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_VLAN);
	rig_end(r);
}

static void another_interface_is_named_unless_the_group_is_joined_there_too(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");

	add_port(r);
	add_interface(r, "other", 1, 0);
	add_flow(r, a_flow("239.1.1.1", 5000, 1, MCR_DROP_UNKNOWN_GROUP));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_INTERFACE);
	assert_text(r->v.first, "but on interface other, and it is joined on feed");
	assert_says(&r->v.findings[0].todo, "mcring-ctl join '239.1.1.1:5000,interface=other'");
	rig_end(r);

	r = silent("239.1.1.1", "239.1.1.1:5000");
	add_port(r);
	add_interface(r, "other", 1, 0);
	add_join(r, "239.1.1.1:5000,interface=other");
	add_group(r, "239.1.1.1", "other");
	add_flow(r, a_flow("239.1.1.1", 5000, 1, MCR_DROP_NONE));
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	assert_says(&r->v.proven, "239.1.1.1 on other flows");
	rig_end(r);
}

static void a_port_that_is_not_joined_is_named(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");

	add_flow(r, a_flow("239.1.1.1", 5001, 0, MCR_DROP_UNKNOWN_PORT));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_PORT);
	assert_text(r->v.first, "on UDP port 5001, which is not joined");
	assert_says(&r->v.findings[0].evidence,
		    "joined: 239.1.1.1:5000,interface=feed,channel=default");
	assert_says(&r->v.findings[0].todo, "mcring-ctl join '239.1.1.1:5001,interface=feed'");
	rig_end(r);

	r = silent("239.1.1.1", "239.1.1.1:5000,channel=md"); /* as the others of the group */
	add_flow(r, a_flow("239.1.1.1", 5001, 0, MCR_DROP_UNKNOWN_PORT));
	ask(r);
	assert_says(&r->v.findings[0].todo, "'239.1.1.1:5001,interface=feed,channel=md'");
	rig_end(r);

	r = rig_new("239.1.1.1:5001"); /* the group flows, but not to this port */
	add_join(r, "239.1.1.1:5000");
	add_group(r, "239.1.1.1", "feed");
	add_flow(r, a_flow("239.1.1.1", 5000, 0, MCR_DROP_NONE));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_PORT);
	assert_text(r->v.first, "it is joined, but not on UDP port 5001");
	rig_end(r);

	r = rig_new("239.1.1.1:5001"); /* any port */
	add_join(r, "239.1.1.1");
	add_group(r, "239.1.1.1", "feed");
	add_flow(r, a_flow("239.1.1.1", 5001, 0, MCR_DROP_NONE));
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	rig_end(r);
}

static void what_came_beside_the_data_does_not_explain_that_it_stopped(void **state)
{
	for (unsigned is_beside = 0; is_beside < 2; is_beside++) {
		struct rig *r = silent("239.1.1.1", "239.1.1.1:5000"); /* for 30 s */
		struct mcr_sighting flow = a_flow("239.1.1.1", 5001, 0, MCR_DROP_UNKNOWN_PORT);

		flow.first_ns = NOW - (is_beside ? 36 : 34) * S;
		add_flow(r, flow);
		ask(r);
		if (is_beside) {
			expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
			assert_says(&r->v.proven,
				    "other packets arrive, as before it stopped: to port "
				    "5001, untagged, dropped as unknown_port");
		} else {
			expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_PORT);
		}
		rig_end(r);
	}
}

static void of_two_wrongs_the_closest_is_named(void **state)
{
	const struct mcr_sighting newer = a_flow("239.1.1.1", 5001, 0, MCR_DROP_UNKNOWN_PORT);
	struct mcr_sighting closer = a_flow("239.1.1.1", 5000, -1, MCR_DROP_VLAN_UNKNOWN);

	closer.vlan = 5;
	closer.last_ns = closer.dropped_ns = NOW - 3 * S;
	for (unsigned is_first = 0; is_first < 2; is_first++) {
		struct rig *r = silent("239.1.1.1:5000", "239.1.1.1:5000");

		add_flow(r, is_first ? closer : newer);
		add_flow(r, is_first ? newer : closer);
		ask(r);
		expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_VLAN);
		rig_end(r);
	}
}

static void a_flow_that_is_delivered_again_is_no_cause(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");
	struct mcr_sighting flow = a_flow("239.1.1.1", 5000, 0, MCR_DROP_WRONG_SOURCE);

	flow.last_ns = NOW - 20 * S;
	flow.dropped_ns = flow.last_ns - S - 1;
	add_flow(r, flow);
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	rig_end(r);
}

static void a_group_that_was_joined_where_it_arrives_a_moment_ago_is_not_elsewhere(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");

	add_port(r);
	add_interface(r, "other", 1, 0);
	add_join(r, "239.1.1.1:5000,interface=other");
	add_never(r, "239.1.1.1", "other")->joined_ns = NOW - S / 10;
	add_flow(r, a_flow("239.1.1.1", 5000, 1, MCR_DROP_UNKNOWN_GROUP));
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	rig_end(r);
}

static void of_a_channel_only_its_own_joins_count(void **state)
{
	struct rig *r = silent("239.1.1.1:5001", "239.1.1.1:5000,channel=md");

	add_join(r, "239.1.1.1:5001,channel=default");
	strcpy(r->e->query.channel, "md");
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_PORT);
	rig_end(r);
}

static void what_reports_cannot_do_comes_before_what_a_sender_may_have_meant(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");

	r->groups[0].last_ns = 0;
	r->e->interfaces[0].info.igmp.version = 0;
	r->e->interfaces[0].igmp = MCR_IGMP_OFF;
	add_flow(r, a_flow("239.129.1.1", 5000, 0, MCR_DROP_UNKNOWN_GROUP));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_IGMP_OFF);
	rig_end(r);
}

static void a_source_that_the_joins_leave_out_is_named(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000@10.0.0.8");

	add_flow(r, a_flow("239.1.1.1", 5000, 0, MCR_DROP_WRONG_SOURCE));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_SOURCE);
	assert_text(r->v.first, "it arrives, but from 10.0.0.7, which the joins leave out");
	assert_says(&r->v.findings[0].todo,
		    "mcring-ctl join '239.1.1.1:5000@10.0.0.7,interface=feed'");
	rig_end(r);

	r = rig_new("239.1.1.1@10.0.0.7"); /* it flows, from the other one */
	add_join(r, "239.1.1.1:5000@10.0.0.8");
	add_group(r, "239.1.1.1", "feed");
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_SOURCE);
	assert_text(r->v.first, "it is joined, but not from 10.0.0.7");
	rig_end(r);

	r = rig_new("239.1.1.1@10.0.0.7");
	add_join(r, "239.1.1.1:5000@!10.0.0.8");
	add_group(r, "239.1.1.1", "feed");
	add_flow(r, a_flow("239.1.1.1", 5000, 0, MCR_DROP_NONE));
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	rig_end(r);
}

static void a_port_whose_flow_was_forgotten_is_not_called_silent(void **state)
{
	struct rig *r = rig_new("239.1.1.1:5000");

	/* There are more flows than sightings. */
	add_join(r, "239.1.1.1:5000");
	add_group(r, "239.1.1.1", "feed");
	add_flow(r, a_flow("239.1.1.2", 5000, 0, MCR_DROP_NONE));
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	rig_end(r);

	r = rig_new("239.1.1.1:5000");
	add_join(r, "239.1.1.1:5000");
	add_join(r, "239.1.1.1:5001");
	add_group(r, "239.1.1.1", "feed");
	add_flow(r, a_flow("239.1.1.2", 5000, 0, MCR_DROP_NONE));
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	rig_end(r);

	/* But of this group one is here. */
	r = rig_new("239.1.1.1:5000");
	add_join(r, "239.1.1.1:5000");
	add_join(r, "239.1.1.1:5001");
	add_group(r, "239.1.1.1", "feed");
	add_flow(r, a_flow("239.1.1.1", 5001, 0, MCR_DROP_NONE));
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	rig_end(r);
}

static void a_group_that_the_nic_does_not_let_in_is_named(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");

	r->e->ports[0].promiscuous = 0;
	strcpy(r->e->ports[0].rung, "none");
	r->e->ports[0].macs_refused = 200; /* some are in the list */
	strcpy(r->groups[0].rung, "none");
	strcpy(r->groups[0].rung_reason, "the list is full");
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_FILTER_REFUSED);
	assert_text(r->v.first, "does not let it in: the list is full");
	rig_end(r);

	r = silent("239.1.1.1", "239.1.1.1:5000"); /* an isolated port */
	r->e->ports[0].promiscuous = 0;
	strcpy(r->e->ports[0].rung, "rte-flow");
	strcpy(r->groups[0].rung, "none");
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_FILTER_REFUSED);
	rig_end(r);

	r = rig_new("239.1.1.1"); /* all multicast comes in instead */
	add_join(r, "239.1.1.1:5000");
	add_group(r, "239.1.1.1", "feed");
	r->e->ports[0].macs_refused = 200;
	r->e->ports[0].all_multicast = 1;
	strcpy(r->e->ports[0].rung, "all-multicast");
	ask(r);
	assert_int_equal(r->v.exit, MCR_WHY_FLOWS);
	assert_int_equal(r->v.findings[0].code, MCR_WHY_FILTER_REFUSED);
	assert_int_equal(r->v.findings[0].severity, MCR_WHY_NOTE);
	rig_end(r);

	r = silent("239.1.1.1", "239.1.1.1:5000"); /* nothing can be programmed: all comes in */
	r->e->ports[0].promiscuous = 0;
	strcpy(r->e->ports[0].rung, "none");
	strcpy(r->groups[0].rung, "none");
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	rig_end(r);
}

static void a_group_that_nobody_has_joined_is_named_with_the_join_to_make(void **state)
{
	struct rig *r = rig_new("239.1.1.1");

	add_port(r);
	add_interface(r, "other", 1, 0);
	add_flow(r, a_flow("239.1.1.1", 5000, 1, MCR_DROP_UNKNOWN_GROUP));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_NOT_JOINED);
	assert_string_equal(r->v.findings[0].interface, "other");
	assert_says(&r->v.findings[0].todo, "mcring-ctl join '239.1.1.1:5000,interface=other'");
	rig_end(r);

	r = rig_new("224.0.0.1");
	r->e->own_on = 0;
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_NOT_JOINED);
	assert_text(r->v.first, "interface feed is a member of it by itself");
	assert_int_equal(r->v.findings[0].evidence.n, 0);
	rig_end(r);

	r = rig_new("239.1.1.1");
	r->e->shard =
	    (struct mcr_shard_info){.me = "md2", .hosts = 3, .joins = 5, .joins_of_all = 9};
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_NOT_JOINED);
	assert_says(&r->v.findings[0].evidence,
		    "this host, md2, makes 5 of the 9 joins that 3 hosts have among them");
	rig_end(r);
}

static void the_join_to_make_names_what_it_needs(void **state)
{
	static const struct {
		const char *query, *channel;
		int is_seen;
		const char *todo;
	} cases[] = {
	    {"239.1.1.1:5000", "default", 0, "mcring-ctl join '239.1.1.1:5000,interface=feed' ("},
	    {"239.1.1.1:5000", "md", 0, "'239.1.1.1:5000,interface=feed,channel=md'"},
	    {"239.1.1.1@10.0.0.8", "default", 1, "'239.1.1.1:5000@10.0.0.8,interface=feed'"},
	    {"232.1.1.1", "default", 1, "'232.1.1.1:5000@10.0.0.7,interface=feed'"},
	    {"232.1.1.1", "default", 0, "'232.1.1.1@SOURCE,interface=feed'"},
	    {"[ff15::1]:5000", "default", 0, "'[ff15::1]:5000,interface=feed'"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = rig_new(cases[i].query);
		struct mcr_sighting flow = a_flow("239.1.1.1", 5000, 0, MCR_DROP_UNKNOWN_GROUP);

		strcpy(r->e->channels[0].name, cases[i].channel);
		flow.group = r->e->query.group;
		if (cases[i].is_seen)
			add_flow(r, flow);
		ask(r);
		expect(r, MCR_WHY_CAUSE, MCR_WHY_NOT_JOINED);
		assert_says(&r->v.findings[0].todo, cases[i].todo);
		rig_end(r);
	}
}

static void a_group_that_the_relay_takes_alone_is_named(void **state)
{
	struct rig *r = rig_new("239.1.1.1");

	r->e->outputs[r->e->n_outputs++] =
	    (struct mcr_why_output){.from = "up", .to = "lan0", .packets = 12};
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_RELAYED_ONLY);
	assert_text(r->v.first, "it is relayed from up to lan0, but no channel has joined it");
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_group_that_flows_gives_facts_and_no_finding),
	    cmocka_unit_test(a_group_flows_as_long_as_its_gaps_allow),
	    cmocka_unit_test(a_vlan_without_an_interface_is_named),
	    cmocka_unit_test(frames_without_a_tag_are_said_to_need_no_vlan),
	    cmocka_unit_test(a_packet_of_long_ago_is_no_cause),
	    cmocka_unit_test(another_interface_is_named_unless_the_group_is_joined_there_too),
	    cmocka_unit_test(a_port_that_is_not_joined_is_named),
	    cmocka_unit_test(what_came_beside_the_data_does_not_explain_that_it_stopped),
	    cmocka_unit_test(of_two_wrongs_the_closest_is_named),
	    cmocka_unit_test(a_flow_that_is_delivered_again_is_no_cause),
	    cmocka_unit_test(
		a_group_that_was_joined_where_it_arrives_a_moment_ago_is_not_elsewhere),
	    cmocka_unit_test(of_a_channel_only_its_own_joins_count),
	    cmocka_unit_test(what_reports_cannot_do_comes_before_what_a_sender_may_have_meant),
	    cmocka_unit_test(a_source_that_the_joins_leave_out_is_named),
	    cmocka_unit_test(a_port_whose_flow_was_forgotten_is_not_called_silent),
	    cmocka_unit_test(a_group_that_the_nic_does_not_let_in_is_named),
	    cmocka_unit_test(a_group_that_nobody_has_joined_is_named_with_the_join_to_make),
	    cmocka_unit_test(the_join_to_make_names_what_it_needs),
	    cmocka_unit_test(a_group_that_the_relay_takes_alone_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
