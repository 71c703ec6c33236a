/* SPDX-License-Identifier: BSD-3-Clause */
/* Behind the rings, and the host and a channel as a whole. */
#include "why_rig.h"

/* ---- readers ---- */

static struct rig *flowing(const char *query)
{
	struct rig *r = rig_new(query);

	if (query)
		add_join(r, "239.1.1.1:5000");
	add_group(r, "239.1.1.1", "feed");
	return r;
}

static void
a_channel_that_nobody_reads_is_a_fault_for_its_group_and_a_note_of_the_host(void **state)
{
	struct rig *r = flowing("239.1.1.1");

	r->e->n_consumers = 0;
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_NO_READERS);
	assert_string_equal(r->v.first, "239.1.1.1: data flows, but nobody reads channel default");
	assert_string_equal(r->v.findings[0].channel, "default");
	rig_end(r);

	r = flowing(NULL);
	r->e->n_consumers = 0;
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	assert_non_null(finding(r, MCR_WHY_NO_READERS));
	assert_string_equal(r->v.first, "healthy: 1 group flows");
	rig_end(r);

	r = flowing("239.1.1.1"); /* a handler reads */
	r->e->n_consumers = 0;
	r->e->channels[0].has_handler = 1;
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	rig_end(r);

	r = flowing(NULL);
	r->e->n_consumers = 0;
	r->e->channels[0].has_handler = 1;
	ask(r);
	assert_int_equal(r->v.n_findings, 0);
	rig_end(r);
}

static void a_reader_of_another_channel_is_named(void **state)
{
	struct rig *r = flowing("239.1.1.1");

	add_channel(r, "md");
	strcpy(r->e->consumers[0].channel, "md");
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_READER_ELSEWHERE);
	assert_text(r->v.first,
		    "it goes into channel default, which nobody reads: reader 1 (reader, pid "
		    "1234) reads channel md");
	rig_end(r);
}

static void of_several_readers_elsewhere_the_one_of_the_default_is_named(void **state)
{
	struct rig *r = flowing("239.1.1.1");

	add_channel(r, "md");
	r->e->joins.n = r->e->n_joins = 0;
	add_join(r, "239.1.1.1:5000,channel=md");
	strcpy(r->e->consumers[0].channel, "x");
	add_reader(r, "default");
	add_reader(r, "y");
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_READER_ELSEWHERE);
	assert_text(r->v.first, "reads channel default");
	rig_end(r);
}

static void a_group_that_is_joined_for_another_channel_is_named(void **state)
{
	struct rig *r = flowing("239.1.1.1");

	add_channel(r, "md");
	strcpy(r->e->query.channel, "md");
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_READER_ELSEWHERE);
	assert_text(r->v.first, "it goes into channel default, and is not joined for channel md");
	assert_says(&r->v.findings[0].todo, "channel=md");
	rig_end(r);
}

static void a_reader_that_loses_is_a_fault_for_a_minute_and_then_a_note(void **state)
{
	for (unsigned whole = 0; whole < 2; whole++)
		for (unsigned is_now = 0; is_now < 2; is_now++) {
			struct rig *r = flowing(whole ? NULL : "239.1.1.1");

			add_reader(r, "default");
			r->e->consumers[1].lost = 7;
			r->e->consumers[1].lost_last_ns = NOW - (is_now ? 59 : 60) * S;
			ask(r);
			assert_non_null(finding(r, MCR_WHY_READER_LAPPED));
			expect(r, is_now ? MCR_WHY_CAUSE : MCR_WHY_FLOWS,
			       is_now ? MCR_WHY_READER_LAPPED : NOTHING);
			assert_says(&finding(r, MCR_WHY_READER_LAPPED)->evidence,
				    "reader 2 (reader, pid 1234): 1000 received, 7 lost");
			rig_end(r);
		}
}

static void a_reader_that_stands_still_is_a_fault_only_if_it_is_the_only_one(void **state)
{
	for (unsigned others = 0; others < 2; others++) {
		struct rig *r = flowing("239.1.1.1");

		r->e->consumers[0].heartbeat_age_ns = 3 * S;
		r->e->consumers[0].published = 1500;
		if (others)
			add_reader(r, "default");
		ask(r);
		expect(r, others ? MCR_WHY_FLOWS : MCR_WHY_CAUSE, MCR_WHY_READER_STALLED);
		assert_text(r->v.findings[0].text, "500 messages wait for it");
		rig_end(r);
	}
}

static void a_reader_that_sleeps_because_it_has_read_all_is_well(void **state)
{
	struct rig *r = flowing("239.1.1.1");

	r->e->consumers[0].heartbeat_age_ns = 3000 * S;
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	rig_end(r);
}

static void a_selection_that_takes_nothing_is_named(void **state)
{
	static const struct {
		uint64_t received, age;
		int is_named;
	} cases[] = {{0, 0, 1}, {10, 6 * S, 1}, {10, 4 * S, 0}};

	for (size_t i = 0; i < 3; i++) {
		struct rig *r = flowing("239.1.1.1");
		struct mcr_consumer_info *c = r->e->consumers;

		c->skipped = 1000;
		c->received = cases[i].received;
		c->received_last_ns = cases[i].age ? NOW - cases[i].age : 0;
		ask(r);
		expect(r, cases[i].is_named ? MCR_WHY_CAUSE : MCR_WHY_FLOWS,
		       cases[i].is_named ? MCR_WHY_READER_FILTERED : NOTHING);
		rig_end(r);
	}
}

static void what_a_label_holds_cannot_spoil_the_answer(void **state)
{
	struct rig *r = flowing("239.1.1.1");

	strcpy(r->e->consumers[0].label, "a\"b\\c\n\xff");
	r->e->consumers[0].lost = 1;
	r->e->consumers[0].lost_last_ns = NOW;
	ask(r);
	assert_text(r->v.first, "reader 1 (a'b?c??, pid 1234)");
	rig_end(r);
}

static void of_a_group_in_two_channels_the_one_that_was_asked_about_counts(void **state)
{
	for (unsigned is_asked = 0; is_asked < 2; is_asked++) {
		struct rig *r = flowing("239.1.1.1");

		add_channel(r, "md");
		add_join(r, "239.1.1.1:5000,channel=md");
		add_reader(r, "md")->lost = 7;
		r->e->consumers[1].lost_last_ns = NOW;
		if (is_asked)
			strcpy(r->e->query.channel, "default");
		ask(r);
		expect(r, is_asked ? MCR_WHY_FLOWS : MCR_WHY_CAUSE,
		       is_asked ? NOTHING : MCR_WHY_READER_LAPPED);
		rig_end(r);
	}
}

/* ---- a channel ---- */

static struct rig *channel(const char *name)
{
	struct rig *r = rig_new(NULL);

	strcpy(r->e->query.channel, name);
	return r;
}

static void a_channel_without_joins_is_named(void **state)
{
	struct rig *r = channel("md");

	add_channel(r, "md")->joins = 0;
	add_reader(r, "md");
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_NO_JOINS);
	assert_string_equal(r->v.first, "nothing is joined for channel md");
	rig_end(r);
}

static void of_a_channel_its_readers_are_asked(void **state)
{
	struct rig *r = channel("default");

	add_group(r, "239.1.1.1", "feed");
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	assert_string_equal(r->v.first, "channel default: healthy: 1 group flows");
	rig_end(r);

	r = channel("default");
	r->e->n_consumers = 0;
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_NO_READERS);
	rig_end(r);
}

static void the_programs_of_a_channel_are_its_readers(void **state)
{
	struct rig *r = channel("sockets");

	add_channel(r, "sockets")->programs_max = 16;
	add_channel(r, "sockets/1234");
	add_reader(r, "sockets/1234");
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	rig_end(r);

	r = channel("sockets");
	add_channel(r, "sockets")->programs_max = 16;
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_NO_READERS);
	assert_text(r->v.first, "no program is attached to channel sockets");
	rig_end(r);
}

/* ---- the host ---- */

static void a_healthy_host_has_no_finding(void **state)
{
	struct rig *r = rig_new(NULL);

	for (unsigned i = 1; i <= 9; i++) {
		char text[16];

		snprintf(text, sizeof(text), "239.1.1.%u", i);
		add_group(r, text, "feed");
	}
	add_flow(r, a_flow("239.9.9.9", 5000, 0, MCR_DROP_UNKNOWN_GROUP)); /* of others */
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	assert_int_equal(r->v.n_findings, 0);
	assert_string_equal(r->v.first, "healthy: 9 groups flow");
	rig_end(r);
}

static void a_host_that_was_just_started_is_healthy(void **state)
{
	struct rig *r = rig_new(NULL);

	add_never(r, "239.1.1.1", "feed")->joined_ns = NOW - 4 * S;
	r->e->channels[0].published = 0;
	r->e->n_consumers = 0;
	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	assert_int_equal(r->v.n_findings, 0);
	assert_string_equal(r->v.first, "healthy: 0 groups flow; 1 was joined a moment ago");
	rig_end(r);
}

static void a_host_on_which_nothing_is_joined_says_so(void **state)
{
	struct rig *r = rig_new(NULL);

	ask(r);
	expect(r, MCR_WHY_FLOWS, NOTHING);
	assert_string_equal(r->v.first, "nothing is joined");
	rig_end(r);
}

static void groups_with_one_cause_are_one_finding(void **state)
{
	struct rig *r = rig_new(NULL);
	const struct mcr_why_finding *f;

	for (unsigned i = 1; i <= 7; i++) {
		char text[16];

		snprintf(text, sizeof(text), "239.1.1.%u", i);
		add_stopped(r, text, "feed");
		if (i <= 6)
			add_flow(r, a_flow(text, 5000, -1, MCR_DROP_VLAN_UNKNOWN));
	}
	add_group(r, "239.2.2.2", "feed");
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_WRONG_VLAN);
	assert_int_equal(r->v.n_findings, 3); /* and the silent one, and the strays */
	f = &r->v.findings[0];
	assert_int_equal(f->groups, 6);
	assert_true(mcr_address_is_none(f->group));
	assert_text(f->text,
		    "6 groups on feed have no data, such as 239.1.1.1: it arrives, but untagged");
	assert_says(&f->evidence,
		    "6 groups: 239.1.1.1, 239.1.1.2, 239.1.1.3, 239.1.1.4, 239.1.1.5, ...");
	assert_int_equal(r->v.findings[1].code, MCR_WHY_SILENT);
	assert_int_equal(r->v.findings[1].groups, 1);
	assert_true(mcr_address_is_equal(r->v.findings[1].group, addr("239.1.1.7")));
	assert_text(r->v.first, "(and 1 more finding)");
	rig_end(r);
}

static void a_group_that_loses_is_not_one_without_data(void **state)
{
	struct rig *r = rig_new(NULL);

	add_group(r, "239.1.1.1", "feed");
	add_flow(r, a_flow("239.1.1.1", 0, 0, MCR_DROP_FRAGMENT));
	add_stopped(r, "239.1.1.2", "feed");
	add_flow(r, a_flow("239.1.1.2", 0, 0, MCR_DROP_FRAGMENT));
	ask(r);
	expect(r, MCR_WHY_CAUSE, MCR_WHY_FRAGMENT);
	assert_int_equal(r->v.n_findings, 2);
	for (unsigned i = 0; i < 2; i++) {
		const struct mcr_why_finding *f = &r->v.findings[i];

		assert_int_equal(f->groups, 1);
		assert_text(f->text, f->flows
					 ? "239.1.1.1 on feed loses packets: some arrives in"
					 : "239.1.1.2 on feed has no data: it arrives, but in");
	}
	rig_end(r);
}

static void an_alias_alone_proves_nothing_of_the_host(void **state)
{
	struct rig *r = rig_new(NULL);

	add_stopped(r, "239.1.1.1", "feed");
	add_flow(r, a_flow("239.129.1.1", 5000, 0, MCR_DROP_UNKNOWN_GROUP));
	ask(r);
	expect(r, MCR_WHY_UNDECIDED, MCR_WHY_MAC_ALIAS);
	rig_end(r);
}

static void what_overflows_control_is_a_warning(void **state)
{
	struct rig *r = rig_new(NULL);

	r->e->samples[MCR_DROP_PUNT_OVERFLOW].time_ns = NOW - S;
	ask(r);
	expect(r, MCR_WHY_FLOWS, MCR_WHY_CONTROL_OVERFLOW);
	rig_end(r);
}

static void too_many_findings_leave_out_the_mildest(void **state)
{
	static struct mcr_why_verdict v;

	for (unsigned i = 0; i < MCR_WHY_FINDINGS_MAX; i++)
		mcr_why_find(&v, MCR_WHY_NO_READERS, MCR_WHY_NOTE);
	strcpy(mcr_why_find(&v, MCR_WHY_SILENT, MCR_WHY_NOTE)->text, "too mild");
	for (unsigned i = 0; i < MCR_WHY_FINDINGS_MAX; i++)
		v.findings[i].severity = MCR_WHY_WARNING;
	strcpy(mcr_why_find(&v, MCR_WHY_LINK_DOWN, MCR_WHY_NOTE)->text, "too mild, too");
	for (unsigned i = 0; i < MCR_WHY_FINDINGS_MAX; i++)
		assert_string_equal(v.findings[i].text, "");
	strcpy(mcr_why_find(&v, MCR_WHY_LINK_DOWN, MCR_WHY_FAULT)->text, "worse");
	mcr_why_sort(&v);
	assert_int_equal(v.n_findings, MCR_WHY_FINDINGS_MAX);
	assert_string_equal(v.findings[0].text, "worse");
	for (unsigned i = 1; i < MCR_WHY_FINDINGS_MAX; i++)
		assert_string_equal(v.findings[i].text, "");
	assert_int_equal(v.exit, MCR_WHY_CAUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_channel_that_nobody_reads_is_a_fault_for_its_group_and_a_note_of_the_host),
	    cmocka_unit_test(a_reader_of_another_channel_is_named),
	    cmocka_unit_test(of_several_readers_elsewhere_the_one_of_the_default_is_named),
	    cmocka_unit_test(a_group_that_is_joined_for_another_channel_is_named),
	    cmocka_unit_test(a_reader_that_loses_is_a_fault_for_a_minute_and_then_a_note),
	    cmocka_unit_test(a_reader_that_stands_still_is_a_fault_only_if_it_is_the_only_one),
	    cmocka_unit_test(a_reader_that_sleeps_because_it_has_read_all_is_well),
	    cmocka_unit_test(a_selection_that_takes_nothing_is_named),
	    cmocka_unit_test(what_a_label_holds_cannot_spoil_the_answer),
	    cmocka_unit_test(of_a_group_in_two_channels_the_one_that_was_asked_about_counts),
	    cmocka_unit_test(a_channel_without_joins_is_named),
	    cmocka_unit_test(of_a_channel_its_readers_are_asked),
	    cmocka_unit_test(the_programs_of_a_channel_are_its_readers),
	    cmocka_unit_test(a_healthy_host_has_no_finding),
	    cmocka_unit_test(a_host_that_was_just_started_is_healthy),
	    cmocka_unit_test(a_host_on_which_nothing_is_joined_says_so),
	    cmocka_unit_test(groups_with_one_cause_are_one_finding),
	    cmocka_unit_test(a_group_that_loses_is_not_one_without_data),
	    cmocka_unit_test(an_alias_alone_proves_nothing_of_the_host),
	    cmocka_unit_test(what_overflows_control_is_a_warning),
	    cmocka_unit_test(too_many_findings_leave_out_the_mildest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
