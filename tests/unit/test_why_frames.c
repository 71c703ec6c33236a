/* SPDX-License-Identifier: BSD-3-Clause */
/* One group: what is wrong with its frames, and what a sender may have meant. */
#include "why_rig.h"

/* The group was asked about, joined on feed, and is silent. */
static struct rig *silent(const char *query, const char *join)
{
	struct rig *r = rig_new(query);

	add_join(r, join);
	add_stopped(r, "239.1.1.1", "feed");
	return r;
}

static void what_is_wrong_with_frames_is_named_with_the_cure(void **state)
{
	static const struct {
		enum mcr_drop drop;
		enum mcr_why_code code;
		const char *text, *todo;
	} cases[] = {
	    {MCR_DROP_TRUNCATED, MCR_WHY_TRUNCATED,
	     "longer than the 1982 octets that port net_af_packet0 takes", "framesz=16384"},
	    {MCR_DROP_FRAGMENT, MCR_WHY_FRAGMENT, "in IP fragments", "at most 1472 octets"},
	    {MCR_DROP_BAD_UDP_CHECKSUM, MCR_WHY_BAD_CHECKSUM, "a wrong UDP checksum",
	     "udp_checksum: off on interface feed"},
	    {MCR_DROP_BAD_IP_CHECKSUM, MCR_WHY_BAD_CHECKSUM, "a wrong IP header checksum",
	     "the sender"},
	    {MCR_DROP_BAD_IP_HEADER, MCR_WHY_MALFORMED, "bad_ip_header",
	     "tcpdump -evni IF host 10.0.0.7"},
	    {MCR_DROP_BAD_SOURCE, MCR_WHY_BAD_SOURCE, "an address that no host may send from",
	     "address"},
	    {MCR_DROP_OWN_FRAME, MCR_WHY_OWN_FRAME, "sent by this host itself", "another host"},
	    {MCR_DROP_TOO_LARGE, MCR_WHY_TOO_LARGE, "a quarter of the ring", "bytes"},
	    {MCR_DROP_NOT_UDP, MCR_WHY_NOT_UDP, "as something else than UDP", "UDP only"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");

		add_flow(r, a_flow("239.1.1.1", 5000, 0, cases[i].drop));
		ask(r);
		expect(r, MCR_WHY_CAUSE, cases[i].code);
		assert_text(r->v.first, cases[i].text);
		assert_says(&r->v.findings[0].todo, cases[i].todo);
		rig_end(r);
	}
}

static void frames_of_ipv6_without_a_checksum_are_named(void **state)
{
	struct rig *r = rig_new("ff15::1");

	add_join(r, "[ff15::1]:5000");
	add_never(r, "ff15::1", "feed");
	add_flow(r, a_flow("ff15::1", 5000, 0, MCR_DROP_NO_UDP_CHECKSUM));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_BAD_CHECKSUM);
	assert_text(r->v.first, "no UDP checksum, which IPv6 demands");
	rig_end(r);
}

static void long_frames_on_a_link_that_cannot_hold_them_are_of_udp_segment(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");

	add_flow(r, a_flow("239.1.1.1", 5000, 0, MCR_DROP_TRUNCATED));
	ask(r);
	assert_says(&r->v.findings[0].todo, "tx-udp-segmentation off");
	rig_end(r);

	r = silent("239.1.1.1", "239.1.1.1:5000");
	r->e->ports[0].kernel_mtu = 9000;
	add_flow(r, a_flow("239.1.1.1", 5000, 0, MCR_DROP_TRUNCATED));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_TRUNCATED);
	assert_false(says(&r->v.findings[0].todo, "segmentation"));
	rig_end(r);
}

static void short_frames_are_not_the_drivers_fault(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");
	struct mcr_sighting flow = a_flow("239.1.1.1", 5000, 0, MCR_DROP_TRUNCATED);

	flow.len = 60;
	add_flow(r, flow);
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_TRUNCATED);
	assert_text(r->v.first, "shorter than their headers say");
	assert_false(says(&r->v.findings[0].todo, "framesz"));
	rig_end(r);
}

static void loss_of_a_group_that_flows_is_a_fault_for_a_minute(void **state)
{
	struct rig *r = rig_new("239.1.1.1");
	struct mcr_sighting flow = a_flow("239.1.1.1", 5000, 0, MCR_DROP_FRAGMENT);

	add_join(r, "239.1.1.1:5000");
	add_group(r, "239.1.1.1", "feed");
	flow.dropped_ns = NOW - 59 * S;
	add_flow(r, flow);
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_FRAGMENT);
	assert_text(
	    r->v.first,
	    "239.1.1.1 on feed: data flows, but not all of it: some arrives in IP fragments");
	rig_end(r);

	r = rig_new("239.1.1.1");
	add_join(r, "239.1.1.1:5000");
	add_group(r, "239.1.1.1", "feed");
	flow.dropped_ns = NOW - 60 * S;
	add_flow(r, flow);
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	rig_end(r);
}

static void an_alias_is_named_only_if_its_port_is_wanted(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");

	add_flow(r, a_flow("239.129.1.1", 5000, 0, MCR_DROP_UNKNOWN_GROUP));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_MAC_ALIAS);
	assert_text(r->v.first,
		    "239.129.1.1:5000 does, which has the same MAC address 01:00:5e:01:01:01");
	rig_end(r);

	r = silent("239.1.1.1", "239.1.1.1:5000");
	add_flow(r, a_flow("239.129.1.1", 6000, 0, MCR_DROP_UNKNOWN_GROUP));
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	rig_end(r);

	r = silent("239.1.1.1", "239.1.1.1:5000"); /* somebody has joined the alias */
	add_flow(r, a_flow("239.129.1.1", 5000, 0, MCR_DROP_NONE));
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	rig_end(r);
}

static void the_other_family_is_named_when_it_comes_to_the_same_port(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000");

	add_flow(r, a_flow("ff15::1", 5000, 0, MCR_DROP_UNKNOWN_GROUP));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_FAMILY);
	assert_text(r->v.first, "[ff15::1]:5000 does, which is IPv6, and nobody has joined it");
	assert_says(&r->v.findings[0].todo, "mcring-ctl join '[ff15::1]:5000,interface=feed'");
	rig_end(r);

	r = silent("239.1.1.1", "239.1.1.1:5000");
	add_flow(r, a_flow("ff15::1", 5001, 0, MCR_DROP_UNKNOWN_GROUP));
	add_flow(r, a_flow("ff15::2", 5000, 0, MCR_DROP_NONE));
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	rig_end(r);

	r = silent("239.1.1.1", "239.1.1.1:5000"); /* which of them, nobody knows */
	add_flow(r, a_flow("ff15::1", 5000, 0, MCR_DROP_UNKNOWN_GROUP));
	add_flow(r, a_flow("ff15::2", 5000, 0, MCR_DROP_UNKNOWN_GROUP));
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	assert_non_null(candidate(r, MCR_WHY_SENDER_ELSEWHERE));
	rig_end(r);
}

static void another_group_of_the_source_is_named_when_the_source_is_known(void **state)
{
	struct rig *r = silent("239.1.1.1", "239.1.1.1:5000@10.0.0.7");

	add_flow(r, a_flow("239.1.1.9", 5000, 0, MCR_DROP_UNKNOWN_GROUP));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_GROUP);
	assert_text(r->v.first, "its source sends to 239.1.1.9:5000, which nobody has joined");
	rig_end(r);

	r = silent("239.1.1.1", "239.1.1.1:5000"); /* from whom, nobody said */
	add_flow(r, a_flow("239.1.1.9", 5000, 0, MCR_DROP_UNKNOWN_GROUP));
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_SILENT);
	assert_non_null(candidate(r, MCR_WHY_SENDER_ELSEWHERE));
	assert_text(candidate(r, MCR_WHY_SENDER_ELSEWHERE)->command,
		    "mcring-ctl why '239.1.1.9:5000'");
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_wrong_with_frames_is_named_with_the_cure),
	    cmocka_unit_test(frames_of_ipv6_without_a_checksum_are_named),
	    cmocka_unit_test(long_frames_on_a_link_that_cannot_hold_them_are_of_udp_segment),
	    cmocka_unit_test(short_frames_are_not_the_drivers_fault),
	    cmocka_unit_test(loss_of_a_group_that_flows_is_a_fault_for_a_minute),
	    cmocka_unit_test(an_alias_is_named_only_if_its_port_is_wanted),
	    cmocka_unit_test(the_other_family_is_named_when_it_comes_to_the_same_port),
	    cmocka_unit_test(another_group_of_the_source_is_named_when_the_source_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
