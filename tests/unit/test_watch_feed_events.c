/* SPDX-License-Identifier: BSD-3-Clause */
/* What mcring-watch says of what the lines of a feed bring. */
#include "watch_feeds_rig.h"

static void lines_are_counted_and_compared(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	f = open_it(&r);
	assert_int_equal(f->n_lines, 2);
	assert_string_equal(f->lines[0].name, "A");
	assert_string_equal(f->lines[1].engine, r.engines[1].name);
	assert_string_equal(f->lines[1].channel, "md");
	for (uint64_t seq = 1; seq <= 100; seq++) {
		put(&r, 0, seq, 1);
		put(&r, 1, seq, 1);
	}
	pass(&r, 10000000);
	refresh(&r);
	assert_int_equal(f->stats.messages, 100 + 100); /* as they come: copies, too */
	assert_int_equal(f->lines[0].info.packets, 100);
	assert_int_equal(f->lines[1].info.duplicates + f->lines[0].info.duplicates, 100);
	assert_int_equal(f->lines[0].lead.packets, 100);
	assert_int_equal(f->lines[0].lead.max_ns, -1000);
	assert_int_equal(f->lines[1].lead.min_ns, 1000);
	assert_int_equal(f->lines[1].lead.behind[6], 100);
	assert_int_equal(f->lines[1].lead.resolution_ns, 2000);
	assert_int_equal(n_alarms, 0);
	assert_int_equal(last_event(f, 0)->kind, MCR_FEED_START);
	assert_string_equal(last_event(f, 0)->text, STREAM " begins at 1");
	destroy(&r);
}

static void a_gap_has_its_numbers_and_its_time(void **state)
{
	const struct watch_alarm *a;
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 4);
	put(&r, 1, 1, 4);
	put(&r, 0, 9, 1);
	put(&r, 1, 9, 1);
	pass(&r, 10000000);
	assert_int_equal(f->wire_gaps, 1);
	assert_int_equal(f->wire_messages, 4);
	assert_int_equal(f->host_gaps + f->ring_gaps, 0);
	a = only_alarm(WATCH_GAP, 0);
	assert_string_equal(a->text, "gap 5-8 of " STREAM ": 4 messages, lost by the wire");
	assert_string_equal(a->feed, "test");
	assert_string_equal(a->engine, r.engines[0].name);
	assert_string_equal(a->line, "");
	assert_string_equal(a->channel, "");
	assert_in_range(a->ns, 4000, 5000);
	assert_int_equal(last_event(f, 0)->msg.gap.first, 5);
	assert_int_equal(last_event(f, 0)->msg.gap.last, 8);
	assert_null(last_event(f, 0)->msg.msg);
	assert_string_equal(last_event(f, 0)->stream, STREAM);
	put(&r, 0, 6, 2);
	pass(&r, 1000000);
	assert_string_equal(last_event(f, 0)->text,
			    "6-7 of " STREAM " came after they were given up");
	assert_int_equal(n_alarms, 1);
	destroy(&r);
}

/* What the ports lost is found by a look that comes behind the gap. */
static void a_gap_of_the_host_is_no_longer_one_of_the_wire(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	put(&r, 1, 1, 1);
	mcr_ring_set_host_loss(r.feed.e[0].regions[0].mem, 7, r.ns);
	pass(&r, 20000000);
	put(&r, 0, 4, 1);
	put(&r, 1, 4, 1);
	pass(&r, 1000);
	assert_int_equal(f->wire_gaps, 1);
	r.ns += 1000;
	mcr_ring_set_host_loss(r.feed.e[0].regions[0].mem, 12, r.ns);
	pass(&r, 20000000);
	assert_int_equal(f->wire_gaps, 0);
	assert_int_equal(f->wire_messages, 0);
	assert_int_equal(f->host_gaps, 1);
	assert_int_equal(f->host_messages, 2);
	assert_int_equal(count_alarms(WATCH_GAP, 0), 1); /* said once */
	assert_string_equal(last_event(f, 0)->text,
			    "gap 2-3 of " STREAM ": 2 messages, lost perhaps by this host, "
			    "whose port lost 5 packets");
	destroy(&r);
}

/* The watch was too slow: nobody's gap. */
static void what_the_watch_missed_is_blind_and_no_gap(void **state)
{
	const struct watch_alarm *a;
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	put(&r, 1, 1, 1);
	pass(&r, 1000);
	for (uint64_t seq = 2; seq <= 20000; seq++)
		for (int line = 0; line < 2; line++)
			put(&r, line, seq, 1);
	pass(&r, 10000000);
	assert_int_equal(f->wire_gaps + f->host_gaps, 0);
	assert_int_equal(f->ring_gaps, 1);
	assert_int_equal(count_alarms(WATCH_GAP, 0), 0);
	a = only_alarm(WATCH_BLIND, 0);
	assert_int_equal(a->is_brief, 1);
	assert_non_null(strstr(a->text, "the watch missed 2-"));
	destroy(&r);
}

static void other_octets_under_one_number_are_a_mismatch(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	put(&r, 1, 1, 1);
	put(&r, 0, 2, 1);
	pass(&r, 1000);
	put_spoilt(&r, 1, 2, UINT32_MAX);
	pass(&r, 1000000);
	refresh(&r);
	assert_int_equal(f->stats.mismatches, 1);
	assert_string_equal(only_alarm(WATCH_MISMATCH, 0)->text,
			    "line B has other octets than line A under number 2 of " STREAM);
	assert_string_equal(only_alarm(WATCH_MISMATCH, 0)->line, "B");
	assert_string_equal(only_alarm(WATCH_MISMATCH, 0)->channel, "md");
	assert_string_equal(only_alarm(WATCH_MISMATCH, 0)->engine, r.engines[1].name);
	assert_int_equal(n_alarms, 1);
	destroy(&r);
}

/* Those of 32 bits are counted on where they wrap, and begin in the second turn. */
static void numbers_are_those_of_packets(void **state)
{
	static const char of_32[] = "seq=14:4:be counts=messages count=18:2:be key=none "
				    "epoch=session:0:10:ascii scope=group\n";
	struct watch_rig r;
	struct watch_feed *f;
	char text[1024], *was;

	create(&r, "");
	was = strstr(r.feed.text, "moldudp64");
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(was - r.feed.text), r.feed.text, of_32,
		 strchr(was, '\n') + 1);
	for (int i = 0; i < 2; i++)
		declare(&r, i, text);
	f = open_it(&r);
	for (int line = 0; line < 2; line++)
		put(&r, line, 4294967295, 1);
	for (int line = 0; line < 2; line++)
		put(&r, line, 3, 1);
	pass(&r, 10000000);
	assert_string_equal(only_alarm(WATCH_GAP, 0)->text,
			    "gap 0-2 of " STREAM ": 3 messages, lost by the wire");
	assert_int_equal(last_event(f, 0)->msg.gap.first, 0);
	assert_int_equal(last_event(f, 0)->msg.gap.last, 2);
	destroy(&r);
}

static void numbers_that_begin_anew_unannounced_are_a_reset(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	f = open_it(&r);
	for (int line = 0; line < 2; line++)
		put(&r, line, 5000, 1);
	for (uint64_t seq = 1; seq <= 5; seq++)
		for (int line = 0; line < 2; line++)
			put(&r, line, seq, 1);
	pass(&r, 10000000);
	assert_int_equal(f->resets_unannounced, 1);
	assert_string_equal(only_alarm(WATCH_RESET, 0)->text,
			    "numbers of " STREAM " begin anew at 1, which nothing "
			    "announced; next was 5001");
	assert_int_equal(count_alarms(WATCH_GAP, 0), 0);
	destroy(&r);
}

static void a_session_that_begins_is_an_event_and_no_alarm(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	put(&r, 1, 1, 1);
	put_spoilt(&r, 0, 1, 9);
	pass(&r, 10000000);
	assert_int_equal(last_event(f, 0)->kind, MCR_FEED_RESET);
	assert_string_equal(last_event(f, 0)->text,
			    "numbers of session=0000012344 flow=0 group=239.1.1.1 port=5000 begin "
			    "anew at 1, with another session; next was 2");
	assert_int_equal(f->resets_unannounced, 0);
	assert_int_equal(n_alarms, 0);
	destroy(&r);
}

static void a_number_too_far_ahead_is_implausible(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	put(&r, 1, 1, 1);
	put(&r, 0, 5000000000, 1);
	pass(&r, 10000000);
	assert_int_equal(f->implausible, 1);
	assert_string_equal(only_alarm(WATCH_IMPLAUSIBLE, 0)->text,
			    "number 5000000000 of " STREAM " on line A is too far ahead to "
			    "be believed");
	assert_int_equal(n_alarms, 1);
	destroy(&r);
}

static void silence_of_lines_and_of_all_has_a_begin_and_an_end(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;
	uint64_t heard_ns;

	create(&r, "silence 10ms\n");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	put(&r, 1, 1, 1);
	heard_ns = r.ns;
	pass(&r, 5000000);
	put(&r, 0, 2, 1);
	pass(&r, 9000000);
	assert_string_equal(only_alarm(WATCH_LINE_DOWN, 0)->text,
			    "line B is down: nothing comes on it");
	assert_string_equal(only_alarm(WATCH_LINE_DOWN, 0)->line, "B");
	assert_int_equal(only_alarm(WATCH_LINE_DOWN, 0)->ns, heard_ns + 10000000);
	assert_int_equal(f->lines[1].down_since_ns, heard_ns + 10000000);
	assert_int_equal(f->lines[1].downs, 1);
	assert_int_equal(f->lines[1].down_why, MCR_FEED_DOWN_SILENT);
	assert_int_equal(f->silent_since_ns, 0);
	pass(&r, 9000000);
	assert_int_equal(count_alarms(WATCH_LINE_DOWN, 0), 2);
	assert_string_equal(only_alarm(WATCH_SILENCE, 0)->text, "all 2 lines are down");
	assert_int_equal(f->silences, 1);
	assert_int_not_equal(f->silent_since_ns, 0);
	put(&r, 1, 2, 1);
	pass(&r, 1000000);
	assert_string_equal(only_alarm(WATCH_SILENCE, 1)->text, "line B is heard again");
	assert_string_equal(only_alarm(WATCH_LINE_DOWN, 1)->line, "B");
	assert_int_equal(f->silent_since_ns, 0);
	assert_int_equal(f->lines[1].down_since_ns, 0);
	feeds_noted(&r.w, &r.engines[0]); /* it is gone, and A still down */
	assert_int_equal(r.w.n_feeds, 0);
	assert_int_equal(count_alarms(WATCH_LINE_DOWN, 1), 2);
	assert_string_equal(alarms[n_alarms - 1].text, "it is not watched any more");
	destroy(&r);
}

/* Nobody knows what a sender does then. */
static void an_engine_that_is_gone_is_no_silence_of_the_feed(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "silence 10ms\n");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	put(&r, 1, 1, 1);
	pass(&r, 1000);
	for (int i = 0; i < 2; i++)
		small_engine_kill(&r.feed.e[i]);
	await(&r, f->lines[0].down_since_ns != 0 && f->lines[1].down_since_ns != 0);
	for (int i = 0; i < 3; i++)
		step(&r);
	assert_int_equal(count_alarms(WATCH_LINE_DOWN, 0), 2);
	assert_int_equal(count_alarms(WATCH_SILENCE, 0), 0);
	assert_int_equal(f->silences, 0);
	assert_int_equal(f->silent_since_ns, 0);
	for (int i = 0; i < 2; i++)
		revive(&r, i, r.feed.text);
	destroy(&r);
}

/* A sender that makes a million of them stops nobody. */
static void of_a_flood_all_is_counted_and_a_part_raised(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	put(&r, 1, 1, 1);
	for (uint64_t i = 1; i <= 2000; i++) {
		put(&r, 0, 5000000000 * (1 + i % 7), 1);
		step(&r);
	}
	pass(&r, 10000000);
	assert_int_equal(f->implausible, 2000);
	assert_int_equal(count_alarms(WATCH_IMPLAUSIBLE, 0), 64);
	r.ns += 100000000;
	put(&r, 0, 5000000000, 1);
	pass(&r, 1000);
	assert_int_equal(count_alarms(WATCH_IMPLAUSIBLE, 0), 65);
	destroy(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_counted_and_compared),
	    cmocka_unit_test(a_gap_has_its_numbers_and_its_time),
	    cmocka_unit_test(a_gap_of_the_host_is_no_longer_one_of_the_wire),
	    cmocka_unit_test(what_the_watch_missed_is_blind_and_no_gap),
	    cmocka_unit_test(other_octets_under_one_number_are_a_mismatch),
	    cmocka_unit_test(numbers_are_those_of_packets),
	    cmocka_unit_test(numbers_that_begin_anew_unannounced_are_a_reset),
	    cmocka_unit_test(a_session_that_begins_is_an_event_and_no_alarm),
	    cmocka_unit_test(a_number_too_far_ahead_is_implausible),
	    cmocka_unit_test(silence_of_lines_and_of_all_has_a_begin_and_an_end),
	    cmocka_unit_test(an_engine_that_is_gone_is_no_silence_of_the_feed),
	    cmocka_unit_test(of_a_flood_all_is_counted_and_a_part_raised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
