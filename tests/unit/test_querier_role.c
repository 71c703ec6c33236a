/* SPDX-License-Identifier: BSD-3-Clause */
/* The querier's role, its version and its table change at the same time: what is left of what was
 * under way. */
#include "querier_rig.h"

#define HIGHER "10.0.0.200"

static unsigned role(struct rig *r)
{
	return info(r).role;
}

static void carry(const struct rig *from, size_t i, struct rig *to)
{
	feed_bytes(to, from->sent[i].bytes, from->sent[i].len, MCR_QUERIER_FROM_WIRE);
}

/* Each hears the other's query after it has sent its own. If both waited for the same time, they
 * would go on like that. */
static void two_in_auto_that_ask_at_the_same_time_agree(void **state)
{
	struct rig low, high;

	RIG(&low, .is_auto = 1);
	RIG_AT(&high, .is_auto = 1, .address = ip(HIGHER), .prefix_len = is_mld() ? 0 : 24);
	run_for(&low, OQPI);
	run_for(&high, OQPI);
	assert_sent(&low, 0, low.now_ns, "general");
	assert_sent(&high, 0, high.now_ns, "general");
	carry(&low, 0, &high);
	carry(&high, 0, &low);
	assert_int_equal(role(&low), MCR_QUERIER_OTHER);
	assert_int_equal(role(&high), MCR_QUERIER_OTHER);

	run_for(&low, OQPI);
	run_for(&high, OQPI);
	assert_sent(&low, 1, low.now_ns, "general");
	assert_count(&high, 1);
	carry(&low, 1, &high);
	run_for(&high, OQPI - 0.001);
	assert_count(&high, 1);
	assert_int_equal(role(&low), MCR_QUERIER_US);
	/* From now on it is as patient as any other. */
	run_for(&high, 0.001);
	assert_sent(&high, 1, high.now_ns, "general");
	rig_stop(&low);
	rig_stop(&high);
}

static void a_question_about_sources_ends_when_it_can_not_be_asked_any_more(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	settle(&r);
	hears(&r, "ALLOW(232.1.2.3){192.0.2.1,192.0.2.2} IS_EX(239.1.2.3){}");
	hears(&r, "BLOCK(232.1.2.3){192.0.2.1} TO_IN(239.1.2.3){}");
	uint64_t t = r.now_ns;

	run_for(&r, 0.5);
	general_from(&r, HIGHER, 2);
	hears(&r, "BLOCK(232.1.2.3){192.0.2.2}");
	run_for(&r, 10);
	assert_string_equal(fwd(&r, CHANNEL), "IN{192.0.2.2}");
	assert_sent(&r, 0, t, "Q(232.1.2.3){192.0.2.1}");
	assert_sent(&r, 1, t, "Q(239.1.2.3)");
	assert_sent(&r, 2, t + sec(1), "v2 Q(239.1.2.3)");
	assert_count(&r, 3);
	rig_stop(&r);
}

static void questions_end_when_version_1_is_heard(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	settle(&r);
	hears(&r, "IS_EX(239.1.2.3){}");
	hears(&r, "TO_IN(239.1.2.3){}");
	general_from(&r, HIGHER, 1);
	assert_int_equal(r.deadline_ns, r.now_ns + sec(2)); /* the end of the group */
	run_for(&r, 10);
	assert_count(&r, 1);
	rig_stop(&r);
}

/* RFC 2236 §3 speaks of the leave that was there when the other asked. */
static void leaves_that_come_later_do_not_put_off_the_end_of_its_role(void **state)
{
	struct rig r;

	RIG(&r, .version = 2);
	settle(&r);
	v2_report(&r, GROUP);
	v2_report(&r, "239.1.2.4");
	v2_leave(&r, GROUP);
	uint64_t t = r.now_ns;

	run_for(&r, 0.5);
	general_from(&r, OTHER, 2);
	run_for(&r, 1);
	v2_leave(&r, "239.1.2.4");
	run_for(&r, 0.5);
	assert_int_equal(role(&r), MCR_QUERIER_OTHER);
	run_for(&r, 10);
	assert_sent(&r, 1, t + sec(1), "v2 Q(239.1.2.3)");
	assert_sent(&r, 2, t + sec(1.5), "v2 Q(239.1.2.4)");
	assert_count(&r, 3);
	rig_stop(&r);
}

static void another_that_is_gone_before_it_has_finished_has_won_nothing(void **state)
{
	struct rig r;

	RIG(&r, .version = 2, .robustness = 1, .query_interval_s = 3,
	    .query_response_interval_ms = 100, .last_member_query_count = 5);
	run_to(&r, 3);
	v2_report(&r, GROUP);
	v2_leave(&r, GROUP);
	general_from(&r, OTHER, 2);
	assert_int_equal(role(&r), MCR_QUERIER_US);
	rig_forget(&r);
	run_to(&r, 6);
	assert_sent(&r, 2, r.now_ns, "v2 general");
	run_to(&r, 9);
	assert_int_equal(role(&r), MCR_QUERIER_US);
	assert_int_equal(info(&r).elections, 0);
	rig_stop(&r);
}

/* Its table lives as long as the querier says, even if it cannot ask itself. */
static void without_an_address_it_follows_whoever_asks(void **state)
{
	struct rig r;

	RIG_AT(&r, .version = 3);
	assert_int_equal(FEED(&r, .source = HIGHER, .code = 20, .qrv = 3, .qqic = 10), 0);
	assert_int_equal(role(&r), MCR_QUERIER_SILENT);
	assert_int_equal(info(&r).timing.membership_ns, sec(34));
	run_for(&r, 30.999);
	assert_int_equal(info(&r).other_until_ns, r.now_ns + MS);
	run_for(&r, 0.001);
	assert_int_equal(role(&r), MCR_QUERIER_SILENT);
	assert_int_equal(info(&r).other_until_ns, 0);
	assert_int_equal(info(&r).timing.membership_ns, sec(270));
	assert_count(&r, 0);
	rig_stop(&r);
}

static void who_loses_the_address_stops_asking(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	settle(&r);
	hears(&r, "IS_EX(239.1.2.3){}");
	hears(&r, "TO_IN(239.1.2.3){}");
	mcr_querier_restart(r.q, (struct mcr_address){0}, 0, r.now_ns);
	run_for(&r, 0);
	assert_int_equal(r.deadline_ns, r.now_ns + sec(2)); /* the end of the group */
	run_for(&r, 1000);
	assert_count(&r, 1);
	rig_stop(&r);
}

static void intervals_that_were_slept_through_are_not_made_up_for(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	settle(&r);
	r.now_ns += sec(1000);
	poll_now(&r);
	assert_sent(&r, 0, r.now_ns, "general");
	uint64_t t = r.now_ns;

	run_for(&r, 125);
	assert_sent(&r, 1, t + sec(125), "general");
	assert_count(&r, 2);
	rig_stop(&r);
}

/* What was heard on the link that went down is of another link, perhaps. */
static void a_restart_forgets_the_other_and_its_version(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	settle(&r);
	general_from(&r, OTHER, 2);
	assert_int_equal(info(&r).version, 2);
	mcr_querier_restart(r.q, ip(US), r.cfg.prefix_len, r.now_ns);
	assert_int_equal(info(&r).version, 3);
	assert_int_equal(role(&r), MCR_QUERIER_US);
	run_for(&r, 0);
	assert_sent(&r, 0, r.now_ns, "general");
	rig_stop(&r);
}

/* The older version ends by itself, at its time, also when nothing else is due then. */
static void the_end_of_the_older_version_is_a_deadline(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	settle(&r);
	run_to(&r, 40);
	general_from(&r, HIGHER, 2);
	uint64_t end_ns = info(&r).older_until_ns;

	assert_int_equal(end_ns, r.now_ns + sec(OQPI));
	run_until(&r, end_ns - 1);
	assert_int_equal(info(&r).version, 2);
	run_until(&r, end_ns);
	assert_int_equal(info(&r).version, 3);
	rig_stop(&r);
}

/* An older querier that is not the elected one says nothing about the values; and the response time
 * of one querier is not that of the next. */
static void values_are_those_of_the_querier_heard_last(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	settle(&r);
	FEED(&r, .source = "10.0.0.5", .code = 20, .qrv = 3, .qqic = 10);
	assert_int_equal(info(&r).timing.response_ns, sec(2));
	FEED(&r, .source = "10.0.0.7", .code = 10, .qrv = 4, .qqic = 20, .group = GROUP);
	assert_int_equal(info(&r).timing.robustness, 4);
	assert_int_equal(info(&r).timing.response_ns, sec(10));
	FEED(&r, .source = "10.0.0.7", .code = 20, .qrv = 4, .qqic = 20);
	FEED(&r, .source = "10.0.0.7", .code = 10, .qrv = 4, .qqic = 20, .group = GROUP);
	assert_int_equal(info(&r).timing.response_ns, sec(2));
	rig_stop(&r);
}

/* Below version 3 a querier that finishes its questions is asked by the other once more. */
static void it_steps_down_when_it_would_have_at_first(void **state)
{
	struct rig r;

	RIG(&r, .version = 2);
	settle(&r);
	v2_report(&r, GROUP);
	v2_report(&r, "239.1.2.4");
	v2_leave(&r, GROUP);
	uint64_t t = r.now_ns;

	general_from(&r, OTHER, 2);
	run_for(&r, 1);
	v2_leave(&r, "239.1.2.4");
	general_from(&r, OTHER, 2);
	run_until(&r, t + sec(2) - 1);
	assert_int_equal(role(&r), MCR_QUERIER_US);
	assert_int_equal(info(&r).timing.robustness, 2);
	assert_int_equal(r.deadline_ns, t + sec(2));
	run_until(&r, t + sec(2));
	assert_int_equal(role(&r), MCR_QUERIER_OTHER);
	assert_int_equal(info(&r).other_until_ns, t + sec(1 + 255));
	rig_stop(&r);
}

/* The other's query of version 3, to an MLDv1 or IGMPv2 querier that finishes: our values hold as
 * long as we ask. */
static void our_values_hold_until_it_steps_down(void **state)
{
	struct rig r;

	RIG(&r, .version = 2);
	settle(&r);
	v2_report(&r, GROUP);
	v2_leave(&r, GROUP);
	FEED(&r, .source = OTHER, .code = 20, .qrv = 3, .qqic = 10);
	assert_int_equal(info(&r).timing.robustness, 2);
	run_for(&r, 2);
	assert_int_equal(role(&r), MCR_QUERIER_OTHER);
	assert_int_equal(info(&r).timing.robustness, 3);
	rig_stop(&r);
}

static void waiting_is_no_role_that_an_election_can_end(void **state)
{
	struct rig r;

	RIG(&r, .is_auto = 1);
	general_from(&r, OTHER, 3);
	assert_int_equal(role(&r), MCR_QUERIER_OTHER);
	assert_int_equal(info(&r).elections, 0);
	run_for(&r, OQPI);
	assert_int_equal(info(&r).elections, 1);
	rig_stop(&r);
}

/* FRR asks for the source 0.0.0.0 beside each question about a group. */
static void a_question_without_a_source_that_can_be_lowers_nothing(void **state)
{
	struct rig r;

	RIG(&r, .version = 3);
	settle(&r);
	general_from(&r, OTHER, 3);
	hears(&r, "IS_EX(239.1.2.3){}");
	FEED(&r, .source = OTHER, .code = 10, .group = GROUP, .sources = "0.0.0.0");
	assert_string_equal(table(&r), "EX(239.1.2.3)=270");
	rig_stop(&r);
}

/* A poll in the midst of a tick does not put off the next one. */
static void messages_that_wait_go_out_with_the_next_tick(void **state)
{
	struct rig r;
	char records[64];

	RIG(&r, .version = 3);
	settle(&r);
	run_to(&r, 40);
	r.no_poll = 1;
	for (unsigned i = 0; i < MCR_QUERIER_BURST + 1; i++) {
		sprintf(records, "IS_EX(239.1.3.%u){} TO_IN(239.1.3.%u){}", i, i);
		hears(&r, records);
	}
	poll_now(&r);
	uint64_t tick_ns = r.now_ns;

	assert_count(&r, MCR_QUERIER_BURST);
	r.now_ns += MS / 2;
	poll_now(&r);
	assert_int_equal(r.deadline_ns, tick_ns + MS);
	r.now_ns = r.deadline_ns;
	poll_now(&r);
	assert_count(&r, MCR_QUERIER_BURST + 1);
	rig_stop(&r);
}

int main(void)
{
	static const struct CMUnitTest both[] = {
	    cmocka_unit_test(two_in_auto_that_ask_at_the_same_time_agree),
	    cmocka_unit_test(a_question_about_sources_ends_when_it_can_not_be_asked_any_more),
	    cmocka_unit_test(leaves_that_come_later_do_not_put_off_the_end_of_its_role),
	    cmocka_unit_test(another_that_is_gone_before_it_has_finished_has_won_nothing),
	    cmocka_unit_test(without_an_address_it_follows_whoever_asks),
	    cmocka_unit_test(who_loses_the_address_stops_asking),
	    cmocka_unit_test(intervals_that_were_slept_through_are_not_made_up_for),
	    cmocka_unit_test(messages_that_wait_go_out_with_the_next_tick),
	    cmocka_unit_test(a_restart_forgets_the_other_and_its_version),
	    cmocka_unit_test(the_end_of_the_older_version_is_a_deadline),
	    cmocka_unit_test(values_are_those_of_the_querier_heard_last),
	    cmocka_unit_test(it_steps_down_when_it_would_have_at_first),
	    cmocka_unit_test(our_values_hold_until_it_steps_down),
	    cmocka_unit_test(waiting_is_no_role_that_an_election_can_end),
	    cmocka_unit_test(a_question_without_a_source_that_can_be_lowers_nothing),
	};
	static const struct CMUnitTest igmp[] = {
	    cmocka_unit_test(questions_end_when_version_1_is_heard),
	};
	int failed = RUN_BOTH(both);

	return failed + RUN_IGMP(igmp);
}
