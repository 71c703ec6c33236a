/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports, membership and what only others can tell: the roots, and what is folded into them. */
#include "why_rig.h"

static struct rig *silent(const char *query)
{
	struct rig *r = rig_new(query);

	if (query)
		add_join(r, "239.1.1.1:5000");
	add_stopped(r, "239.1.1.1", "feed");
	return r;
}

/* ---- ports ---- */

static void a_port_that_is_deaf_is_the_root_of_all_its_groups(void **state)
{
	static const enum mcr_why_code codes[] = {MCR_WHY_PORT_REMOVED, MCR_WHY_PORT_MOVED,
						  MCR_WHY_LINK_DOWN, MCR_WHY_NO_FRAMES};

	for (unsigned whole = 0; whole < 2; whole++)
		for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
			struct rig *r = silent(whole ? NULL : "239.1.1.1");
			struct mcr_port_info *port = r->e->ports;

			if (whole)
				add_never(r, "239.1.1.2", "feed");
			port->removed = i == 0;
			port->kernel_moved = i <= 1;
			port->link_up = i > 2;
			port->rx_last_ns = NOW - 61 * S;
			ask(r);
			expect(r, MCR_WHY_CAUSE, codes[i]);
			assert_int_equal(r->v.n_findings, 1);
			assert_string_equal(r->v.findings[0].port, "net_af_packet0");
			assert_int_equal(r->v.findings[0].groups, whole ? 2 : 0);
			if (whole)
				assert_says(&r->v.findings[0].evidence,
					    "2 groups: 239.1.1.1, 239.1.1.2");
			rig_end(r);
		}
}

static void a_link_that_is_down_says_since_when_and_how_to_bring_it_up(void **state)
{
	struct rig *r = silent("239.1.1.1");

	r->e->ports[0].link_up = 0;
	r->e->ports[0].link_since_ns = NOW - 30 * S;
	ask(r);
	assert_string_equal(r->v.first,
			    "239.1.1.1: no data: the link of port net_af_packet0 is down "
			    "since 22:12:50.000 (30.0 s ago)");
	assert_says(&r->v.findings[0].todo, "ip link set eth1 up");
	rig_end(r);
}

static void a_port_without_frames_is_given_time(void **state)
{
	static const struct {
		uint64_t packets, age, link_age, joined_age; /* 0 = nobody has joined anything */
		int is_silent;
	} cases[] = {
	    {1000, 60 * S, 900 * S, 600 * S, 0},
	    {1000, 61 * S, 900 * S, 600 * S, 1},
	    {0, 0, 6 * S, 600 * S, 1},
	    {0, 0, 4 * S, 600 * S, 0},
	    {0, 0, 6 * S, 4 * S, 0},
	    {0, 0, 6 * S, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = rig_new(NULL);
		struct mcr_port_info *port = r->e->ports;

		port->rx_packets = cases[i].packets;
		port->rx_last_ns = cases[i].packets ? NOW - cases[i].age : 0;
		port->link_since_ns = NOW - cases[i].link_age;
		if (cases[i].joined_age)
			add_never(r, "239.1.1.1", "feed")->joined_ns = NOW - cases[i].joined_age;
		ask(r);
		assert_int_equal(finding(r, MCR_WHY_NO_FRAMES) != NULL, cases[i].is_silent);
		rig_end(r);
	}
}

static void frames_of_the_host_itself_do_not_count(void **state)
{
	struct rig *r = rig_new(NULL);

	r->e->ports[0].rx_packets = 12;
	r->e->account.drops[MCR_DROP_OWN_FRAME] = 12;
	add_never(r, "239.1.1.1", "feed");
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_NO_FRAMES);
	rig_end(r);
}

static void a_flow_that_was_seen_is_a_frame_though_the_driver_counts_none(void **state)
{
	struct rig *r = rig_new(NULL);

	r->e->ports[0].rx_packets = r->e->ports[0].rx_last_ns = 0;
	add_group(r, "239.1.1.1", "feed");
	add_flow(r, a_flow("239.1.1.1", 5000, 0, MCR_DROP_NONE));
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	rig_end(r);

	r = rig_new(NULL);
	r->e->ports[0].rx_packets = r->e->ports[0].rx_last_ns = 0;
	add_never(r, "239.1.1.1", "feed");
	mcr_why_hear(r->e, r->e->ports[0].dpdk_port, NOW - 100 * S);
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_NO_FRAMES);
	assert_non_null(strstr(r->v.first, "no frame has arrived since "));
	assert_non_null(strstr(r->v.first, " (100 s ago)"));
	rig_end(r);
}

static void loss_of_a_port_is_a_fault_for_a_minute_and_then_a_note(void **state)
{
	for (unsigned i = 0; i < 3; i++)
		for (unsigned is_now = 0; is_now < 2; is_now++) {
			static const enum mcr_why_code codes[] = {
			    MCR_WHY_QUEUE_LOSS, MCR_WHY_NO_BUFFERS, MCR_WHY_RX_ERRORS};
			struct rig *r = rig_new("239.1.1.1");
			struct mcr_port_info *port = r->e->ports;
			uint64_t *const n[] = {&port->rx_missed, &port->rx_nombuf,
					       &port->rx_errors};
			uint64_t *const at[] = {&port->missed_last_ns, &port->nombuf_last_ns,
						&port->errors_last_ns};

			*n[i] = 17;
			*at[i] = NOW - (is_now ? 59 : 60) * S;
			add_join(r, "239.1.1.1:5000");
			add_group(r, "239.1.1.1", "feed");
			ask(r);
			assert_non_null(finding(r, codes[i]));
			if (!is_now)
				expect(r, MCR_WHY_FLOWS, NOTHING);
			else if (codes[i] == MCR_WHY_RX_ERRORS)
				expect(r, MCR_WHY_FLOWS, codes[i]);
			else
				expect(r, MCR_WHY_CAUSE, codes[i]);
			if (is_now)
				assert_text(r->v.first,
					    "239.1.1.1: data flows, but port net_af_packet0 has");
			rig_end(r);
		}
}

/* ---- membership ---- */

static void reports_that_may_not_be_sent_are_the_cause_of_what_never_came(void **state)
{
	for (unsigned is_tx = 0; is_tx < 2; is_tx++)
		for (unsigned came = 0; came < 3; came++) {
			struct rig *r = silent("239.1.1.1");
			struct mcr_why_interface *it = r->e->interfaces;

			it->info.igmp = (struct mcr_membership_info){.querier_age_ns = UINT64_MAX};
			it->igmp = is_tx ? MCR_IGMP_AUTO : MCR_IGMP_OFF;
			it->tx_never = (uint8_t)is_tx;
			if (came == 0)
				r->groups[0].last_ns = 0;
			if (came == 1) /* from what the switch had learned before */
				r->groups[0].last_ns = r->groups[0].joined_ns + 299 * S;
			ask(r);
			if (came == 2)
				expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
			else
				expect(r, MCR_WHY_CAUSE,
				       is_tx ? MCR_WHY_TX_NEVER : MCR_WHY_IGMP_OFF);
			rig_end(r);
		}
}

static void mld_is_looked_at_for_groups_of_ipv6(void **state)
{
	struct rig *r = rig_new("ff15::1");

	add_join(r, "[ff15::1]:5000");
	add_never(r, "ff15::1", "feed");
	r->e->interfaces[0].mld = MCR_MLD_OFF;
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_IGMP_OFF);
	assert_text(r->v.first, "mld=off on feed: no MLD report was sent");
	assert_says(&r->v.findings[0].todo, "set mld: auto on interface feed");
	rig_end(r);

	r = rig_new("ff15::1");
	add_join(r, "[ff15::1]:5000");
	add_never(r, "ff15::1", "feed");
	r->e->interfaces[0].info.mld = r->e->interfaces[0].info.igmp;
	r->e->interfaces[0].info.mld.version = 2;
	strcpy(r->e->interfaces[0].info.link_local_state, "duplicate");
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_NO_ADDRESS);
	rig_end(r);
}

static void a_querier_that_was_never_heard_is_missed_when_it_had_time_to_ask(void **state)
{
	for (unsigned age = 134; age <= 136; age += 2) {
		struct rig *r = silent("239.1.1.1");

		r->e->interfaces[0].info.igmp.querier_age_ns = UINT64_MAX;
		r->e->interfaces[0].info.igmp.querier_left_ns = 0;
		r->groups[0].joined_ns = NOW - age * S;
		ask(r);
		if (age > 135) {
			expect(r, MCR_WHY_CAUSE, MCR_WHY_NO_QUERIER);
			assert_says(&r->v.findings[0].todo, "querier: auto on interface feed");
		} else {
			expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
		}
		assert_says(&r->v.proven, "no IGMP querier was heard");
		rig_end(r);
	}
}

static void a_querier_that_went_is_named_with_its_age(void **state)
{
	struct rig *r = silent("239.1.1.1");

	r->e->interfaces[0].info.igmp.querier_age_ns = 300 * S;
	r->e->interfaces[0].info.igmp.querier_left_ns = 0;
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_NO_QUERIER);
	assert_text(r->v.first, "the IGMP querier 10.0.0.1 of feed was last heard 5 min ago");
	rig_end(r);

	r = silent("239.1.1.1"); /* we ask */
	r->e->interfaces[0].info.igmp.querier_age_ns = 300 * S;
	r->e->interfaces[0].info.igmp.querier_left_ns = 0;
	r->e->interfaces[0].querier = MCR_QUERIER_AUTO;
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	rig_end(r);
}

static void a_missing_querier_is_a_warning_while_data_flows(void **state)
{
	for (unsigned whole = 0; whole < 2; whole++) {
		struct rig *r = rig_new(whole ? NULL : "239.1.1.1");

		add_group(r, "239.1.1.1", "feed");
		if (!whole)
			add_join(r, "239.1.1.1:5000");
		r->e->interfaces[0].info.igmp.querier_age_ns = 300 * S;
		r->e->interfaces[0].info.igmp.querier_left_ns = 0;
		ask(r);
		expect(r, MCR_WHY_FLOWS, MCR_WHY_NO_QUERIER);
		rig_end(r);
	}
}

static void an_older_querier_matters_where_sources_are_named(void **state)
{
	for (unsigned sources = 0; sources < 2; sources++) {
		struct rig *r = rig_new("239.1.1.1");

		add_join(r, "239.1.1.1:5000");
		add_group(r, "239.1.1.1", "feed")->n_sources = sources;
		r->e->interfaces[0].info.igmp.version = 2;
		strcpy(r->e->interfaces[0].info.igmp.reason, "a v2 querier is present");
		ask(r);
		expect(r, MCR_WHY_FLOWS, sources ? MCR_WHY_OLD_QUERIER : NOTHING);
		rig_end(r);
	}
}

static void an_older_querier_is_the_cause_for_a_group_that_needs_sources(void **state)
{
	struct rig *r = rig_new("232.1.1.1");
	struct mcr_group_info *g = add_never(r, "232.1.1.1", "feed");

	add_join(r, "232.1.1.1:5000@10.0.0.7");
	g->mode = MCR_FILTER_INCLUDE;
	g->n_sources = 1;
	r->e->interfaces[0].info.igmp.version = 2;
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_OLD_QUERIER);
	assert_false(says(&r->v.findings[0].todo, "set igmp: auto on interface feed"));
	r->e->interfaces[0].igmp = MCR_IGMP_V2; /* nobody forces it but the configuration */
	r->e->n_groups = 0;
	ask(r);
	assert_says(&r->v.findings[0].todo, "set igmp: auto on interface feed");
	rig_end(r);
}

static void a_group_of_the_link_cannot_come_from_beyond_it(void **state)
{
	static const struct {
		const char *query;
		int is_beyond;
	} cases[] = {{"224.0.0.200@10.0.1.7", 1},
		     {"224.0.0.200@10.0.0.7", 0},
		     {"224.0.0.200", 0},
		     {"239.1.1.1@10.0.1.7", 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = rig_new(cases[i].query);
		struct mcr_group_info *g = add_never(r, "239.1.1.1", "feed");

		g->group = r->e->query.group;
		ask(r);
		expect(r, cases[i].is_beyond ? MCR_WHY_CAUSE : MCR_WHY_UNDECIDED,
		       cases[i].is_beyond ? MCR_WHY_OUT_OF_SCOPE : MCR_WHY_SILENT);
		rig_end(r);
	}
}

/* ---- what only others can tell ---- */

static void of_a_silent_group_it_is_said_what_is_proven_and_what_remains(void **state)
{
	struct rig *r = silent("239.1.1.1");
	struct mcr_sighting last = a_flow("239.1.1.1", 5000, 0, MCR_DROP_NONE);

	last.source = addr("192.168.7.7"); /* behind a router */
	last.last_ns = NOW - 30 * S;
	last.ttl = 3;
	add_flow(r, last);
	for (unsigned is_dropped = 0; is_dropped < 2; is_dropped++) { /* neither was the last */
		struct mcr_sighting other = a_flow(
		    "239.1.1.1", 5001, 0, is_dropped ? MCR_DROP_UNKNOWN_PORT : MCR_DROP_NONE);

		other.ttl = 9;
		other.first_ns = NOW - 100 * S;
		if (!is_dropped)
			other.last_ns = NOW - 60 * S;
		add_flow(r, other);
	}
	last.group = addr("239.1.1.2");
	last.last_ns = NOW - S;
	add_flow(r, last);
	add_group(r, "239.1.1.3", "feed");
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	assert_says(&r->v.proven, "the link of net_af_packet0 is up since");
	assert_says(&r->v.proven, "frames arrive (last 0.1 s ago)");
	assert_says(&r->v.proven, "IGMP querier 10.0.0.1 was heard 3.0 s ago");
	assert_says(&r->v.proven,
		    "our last report of 239.1.1.1 was sent 22:13:00.000 (20.0 s ago)");
	assert_says(&r->v.proven,
		    "no datagram of it since 22:12:50.000 (30.0 s ago) (the last from "
		    "192.168.7.7, TTL 3)");
	assert_says(&r->v.proven, "other groups of 192.168.7.7 arrive: 239.1.1.2:5000");
	assert_says(&r->v.proven, "1 of 2 groups of feed flow, such as 239.1.1.3");
	assert_text(candidate(r, MCR_WHY_SILENT_SENDER)->command,
		    "tcpdump -ni IF host 192.168.7.7 and dst 239.1.1.1");
	assert_string_equal(candidate(r, MCR_WHY_SILENT_SENDER)->where, "on the sender");
	assert_text(candidate(r, MCR_WHY_TTL)->text, "came with TTL 3");
	assert_text(candidate(r, MCR_WHY_PRUNED)->command, "show ip mroute 239.1.1.1");
	assert_text(candidate(r, MCR_WHY_RPF)->command, "show ip rpf 192.168.7.7");
	assert_text(candidate(r, MCR_WHY_SNOOPING)->command, "show ip igmp snooping groups");
	assert_null(candidate(r, MCR_WHY_WRONG_LAN)); /* others flow */
	assert_null(candidate(r, MCR_WHY_SOURCE_FILTER));
	rig_end(r);
}

static void reports_without_an_address_are_mentioned(void **state)
{
	for (unsigned has_address = 0; has_address < 2; has_address++) {
		struct rig *r = silent("239.1.1.1");

		if (!has_address)
			memset(&r->e->interfaces[0].address, 0, sizeof(struct mcr_address));
		ask(r);
		expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
		assert_int_equal(says(&r->v.proven, "our reports come from 0.0.0.0"), !has_address);
		rig_end(r);
	}
}

/* The reports of hosts without an address come from ::. */
static void a_source_that_nobody_knows_has_no_other_groups(void **state)
{
	struct mcr_sighting report = a_flow("ff02::16", 0, 0, MCR_DROP_NONE);
	struct rig *r = silent("239.1.1.1");

	memset(&report.source, 0, sizeof(report.source));
	add_flow(r, report);
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	assert_false(says(&r->v.proven, "other groups of"));
	rig_end(r);
}

static void routers_are_no_suspects_for_a_source_on_the_link(void **state)
{
	struct rig *r = silent("239.1.1.1@10.0.0.7");

	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	assert_null(candidate(r, MCR_WHY_TTL));
	assert_null(candidate(r, MCR_WHY_PRUNED));
	assert_non_null(candidate(r, MCR_WHY_WRONG_LAN));
	rig_end(r);

	r = rig_new("224.0.0.200");
	add_join(r, "224.0.0.200:5000");
	add_never(r, "224.0.0.200", "feed");
	ask(r);
	assert_null(candidate(r, MCR_WHY_TTL));
	rig_end(r);
}

static void what_a_filter_hides_is_said(void **state)
{
	struct rig *r = silent("239.1.1.1");

	ask(r);
	assert_int_equal(r->v.hidden.n, 0);
	rig_end(r);

	r = silent("239.1.1.1");
	r->e->ports[0].promiscuous = 0;
	strcpy(r->e->ports[0].rung, "mac-list");
	strcpy(r->groups[0].rung, "mac-list");
	ask(r);
	assert_says(&r->v.hidden,
		    "the filter of net_af_packet0 (mac-list) hides what nobody has joined");
	rig_end(r);

	r = silent("239.1.1.1");
	r->e->ports[0].promiscuous = 0;
	strcpy(r->e->ports[0].rung, "mac-list");
	strcpy(r->groups[0].rung, "mac-list");
	r->e->ports[0].open_until_ns = NOW + 5 * S;
	ask(r);
	assert_says(&r->v.hidden, "nothing: the filter of net_af_packet0 is open until");
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_port_that_is_deaf_is_the_root_of_all_its_groups),
	    cmocka_unit_test(a_link_that_is_down_says_since_when_and_how_to_bring_it_up),
	    cmocka_unit_test(a_port_without_frames_is_given_time),
	    cmocka_unit_test(frames_of_the_host_itself_do_not_count),
	    cmocka_unit_test(a_flow_that_was_seen_is_a_frame_though_the_driver_counts_none),
	    cmocka_unit_test(loss_of_a_port_is_a_fault_for_a_minute_and_then_a_note),
	    cmocka_unit_test(reports_that_may_not_be_sent_are_the_cause_of_what_never_came),
	    cmocka_unit_test(mld_is_looked_at_for_groups_of_ipv6),
	    cmocka_unit_test(a_querier_that_was_never_heard_is_missed_when_it_had_time_to_ask),
	    cmocka_unit_test(a_querier_that_went_is_named_with_its_age),
	    cmocka_unit_test(a_missing_querier_is_a_warning_while_data_flows),
	    cmocka_unit_test(an_older_querier_matters_where_sources_are_named),
	    cmocka_unit_test(an_older_querier_is_the_cause_for_a_group_that_needs_sources),
	    cmocka_unit_test(a_group_of_the_link_cannot_come_from_beyond_it),
	    cmocka_unit_test(of_a_silent_group_it_is_said_what_is_proven_and_what_remains),
	    cmocka_unit_test(reports_without_an_address_are_mentioned),
	    cmocka_unit_test(a_source_that_nobody_knows_has_no_other_groups),
	    cmocka_unit_test(routers_are_no_suspects_for_a_source_on_the_link),
	    cmocka_unit_test(what_a_filter_hides_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
