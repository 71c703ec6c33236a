/* SPDX-License-Identifier: BSD-3-Clause */
/* What the watch knows as JSON. */
#include "watch_rig.h"

#include "mcring-watch/rows.h"

static int setup(void **state)
{
	*state = rig_create();
	return 0;
}

static int teardown(void **state)
{
	rig_destroy(*state);
	return 0;
}

static void it_says_who_it_is_and_when(void **state)
{
	json_t *all = rig_state(*state, WATCH_ALL_GROUPS);

	assert_true(json_is_true(json_object_get(all, "ok")));
	assert_int_equal(rig_number(all, "schema"), 1);
	assert_string_equal(rig_text(all, "program"), "mcring-watch");
	assert_int_equal(rig_number(all, "started_ns"), 7);
	assert_int_equal(rig_number(all, "now_ns"), 9);
	assert_string_equal(rig_text(rig_at(all, "engines", 0), "name"), "md1");
	json_decref(all);
}

static void lines_have_their_loss_and_what_is_unknown_is_null(void **state)
{
	struct rig *r = *state;
	const json_t *line;
	json_t *all;

	r->feed.wire_gaps = 3;
	r->feed.wire_messages = 8;
	r->feed.lines[0].info.lost = 11;
	r->feed.lines[1].info.lost = 0;
	r->feed.lines[1].down_since_ns = 77;
	r->feed.lines[1].down_why = MCR_FEED_DOWN_LINK;
	all = rig_state(r, 0);
	assert_int_equal(rig_number(rig_at(all, "feeds", 0), "wire_gaps"), 3);
	assert_int_equal(rig_number(rig_at(all, "feeds", 0), "wire_messages"), 8);
	assert_true(json_is_null(json_object_get(rig_at(all, "feeds", 0), "silent_since_ns")));
	line = rig_at(rig_at(all, "feeds", 0), "lines", 0);
	assert_int_equal(rig_number(line, "lost"), 11);
	assert_true(json_is_true(json_object_get(line, "up")));
	assert_true(json_is_null(json_object_get(line, "down_why")));
	assert_true(json_is_null(json_object_get(json_object_get(line, "lead"), "median_ns")));
	line = rig_at(rig_at(all, "feeds", 0), "lines", 1);
	assert_int_equal(rig_number(line, "lost"), 0);
	assert_true(json_is_false(json_object_get(line, "up")));
	assert_int_equal(rig_number(line, "down_since_ns"), 77);
	assert_string_equal(rig_text(line, "down_why"), "link down");
	json_decref(all);
}

static void a_feed_that_is_not_read_says_why(void **state)
{
	struct rig *r = *state;
	json_t *all;

	r->feed.is_open = 0;
	strcpy(r->feed.error, "no such feed: \xff");
	all = rig_state(r, 0);
	assert_string_equal(rig_text(rig_at(all, "feeds", 0), "error"), "no such feed: ?");
	json_decref(all);
}

static void events_come_with_the_latest_first_and_only_as_many_as_are_kept(void **state)
{
	struct rig *r = *state;
	const json_t *event, *feed;
	json_t *all;

	for (uint64_t i = 0; i < WATCH_RECENT + 10; i++) {
		struct watch_event *e = &r->feed.recent[r->feed.n_events++ % WATCH_RECENT];

		*e = (struct watch_event){.ns = 100 + i, .kind = MCR_FEED_GAP};
		e->msg.kind = MCR_FEED_GAP;
		e->msg.gap = (struct mcr_feed_gap){
		    .first = 1000 + i, .last = 1002 + i, .whose = MCR_FEED_HOST_MAYBE};
		strcpy(e->stream, "unit=1");
	}
	all = rig_state(r, 0);
	feed = rig_at(all, "feeds", 0);
	assert_int_equal(rig_number(feed, "events_seen"), WATCH_RECENT + 10);
	assert_int_equal(json_array_size(json_object_get(feed, "events")), WATCH_RECENT);
	event = rig_at(feed, "events", 0);
	assert_int_equal(rig_number(event, "time_ns"), 100 + WATCH_RECENT + 9);
	assert_int_equal(rig_number(event, "last"), 1002 + WATCH_RECENT + 9);
	assert_string_equal(rig_text(event, "kind"), "gap");
	assert_string_equal(rig_text(event, "whose"), "host");
	assert_string_equal(rig_text(event, "stream"), "unit=1");
	assert_int_equal(rig_number(rig_at(feed, "events", WATCH_RECENT - 1), "time_ns"), 110);
	json_decref(all);
}

static void events_of_a_line_name_it(void **state)
{
	struct rig *r = *state;
	const json_t *event;
	json_t *all;

	r->feed.recent[0] = (struct watch_event){.ns = 5, .kind = MCR_FEED_MISMATCH};
	r->feed.recent[0].msg.kind = MCR_FEED_MISMATCH;
	r->feed.recent[0].msg.line = 1;
	r->feed.recent[0].msg.mismatch.seq = 4711;
	r->feed.recent[1] = (struct watch_event){.ns = 6, .kind = MCR_FEED_LINE_DOWN};
	r->feed.recent[1].msg.kind = MCR_FEED_LINE_DOWN;
	r->feed.recent[1].msg.line = 200; /* of a feed that had more */
	r->feed.n_events = 2;
	all = rig_state(r, 0);
	event = rig_at(rig_at(all, "feeds", 0), "events", 1);
	assert_string_equal(rig_text(event, "line"), "B");
	assert_int_equal(rig_number(event, "seq"), 4711);
	assert_null(json_object_get(rig_at(rig_at(all, "feeds", 0), "events", 0), "line"));
	json_decref(all);
}

static void bursts_are_told_for_each_window_with_their_time(void **state)
{
	struct rig *r = *state;
	const json_t *window;
	json_t *all;

	watch_burst_add(r->channel.burst, 5 * SECOND, 3, 300);
	watch_burst_add(r->channel.burst, 9 * SECOND, 1, 900);
	all = rig_state(r, 0);
	window = rig_at(rig_at(all, "channels", 0), "bursts", 0);
	assert_string_equal(rig_text(window, "window"), "10us");
	assert_int_equal(rig_number(window, "window_ns"), 10000);
	assert_int_equal(rig_number(window, "packets"), 3);
	assert_int_equal(rig_number(window, "packets_at_ns"), 5 * SECOND);
	assert_int_equal(rig_number(window, "bytes"), 900);
	assert_int_equal(rig_number(window, "bytes_at_ns"), 9 * SECOND);
	assert_string_equal(rig_text(rig_at(rig_at(all, "channels", 0), "bursts", 3), "window"),
			    "1s");
	json_decref(all);
}

static void the_silent_groups_come_first_then_those_with_most_packets(void **state)
{
	struct rig *r = *state;
	json_t *all;

	rig_groups(r, 1000);
	r->groups[3].silent_since_ns = 5;
	all = rig_state(r, 3);
	assert_int_equal(rig_number(all, "groups_total"), 1000);
	assert_int_equal(json_array_size(json_object_get(all, "groups")), 3);
	assert_string_equal(rig_text(rig_at(all, "groups", 0), "group"), "239.0.0.3");
	assert_string_equal(rig_text(rig_at(all, "groups", 0), "interface"), "feed");
	assert_string_equal(rig_text(rig_at(all, "groups", 1), "group"), "239.0.3.231");
	assert_string_equal(rig_text(rig_at(all, "groups", 2), "group"), "239.0.3.230");
	json_decref(all);
}

static void all_groups_come_in_their_order_in_bounded_pieces(void **state)
{
	struct rig *r = *state;
	struct watch_state_json s;
	struct reply_text text = {0};
	unsigned pieces = 0;
	size_t before;
	json_t *all;
	int ret;

	rig_groups(r, GROUPS_MAX);
	assert_int_equal(watch_state_begin(&s, &text, &r->w, WATCH_ALL_GROUPS, 9), 0);
	do {
		before = text.len;
		ret = watch_state_more(&s, &text);
		assert_true(text.len - before < 200000);
		pieces++;
	} while (ret == 1);
	watch_state_clear(&s);
	assert_true(pieces > 100);
	all = json_loadb(text.text, text.len, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(all, "groups")), GROUPS_MAX);
	assert_string_equal(rig_text(rig_at(all, "groups", 4999), "group"), "239.0.19.135");
	json_decref(all);
	reply_clear(&text);
}

static void what_goes_while_the_answer_is_made_is_left_out(void **state)
{
	struct rig *r = *state;

	for (int of_channel = 0; of_channel < 2; of_channel++) {
		struct watch_state_json s;
		struct reply_text text = {0};
		json_t *all;

		rig_groups(r, 500);
		assert_int_equal(watch_state_begin(&s, &text, &r->w, WATCH_ALL_GROUPS, 9), 0);
		for (unsigned i = 0; i < 5; i++)
			assert_int_equal(watch_state_more(&s, &text), 1);
		if (of_channel)
			r->engine.n_channels = 0;
		else
			r->channel.n_groups = 400;
		r->w.n_feeds = 0;
		while (watch_state_more(&s, &text) == 1)
			;
		watch_state_clear(&s);
		all = json_loadb(text.text, text.len, 0, NULL);
		assert_non_null(all);
		assert_in_range(json_array_size(json_object_get(all, "groups")), 1,
				of_channel ? 250 : 400);
		json_decref(all);
		reply_clear(&text);
	}
}

static void alarms_come_with_the_latest_first(void **state)
{
	struct rig *r = *state;
	json_t *all;

	for (uint64_t i = 0; i < WATCH_RECENT + 5; i++) {
		struct watch_alarm *a = &r->w.recent[r->w.n_recent++ % WATCH_RECENT];

		*a = (struct watch_alarm){.kind = WATCH_SILENCE, .ns = 100 + i, .is_over = i % 2};
		strcpy(a->feed, "itch");
	}
	all = rig_state(r, 0);
	assert_int_equal(json_array_size(json_object_get(all, "recent_alarms")), WATCH_RECENT);
	assert_int_equal(rig_number(rig_at(all, "recent_alarms", 0), "time_ns"),
			 100 + WATCH_RECENT + 4);
	assert_int_equal(rig_number(rig_at(all, "recent_alarms", WATCH_RECENT - 1), "time_ns"),
			 105);
	assert_string_equal(rig_text(rig_at(all, "recent_alarms", 0), "kind"), "silence");
	assert_string_equal(rig_text(rig_at(all, "recent_alarms", 0), "feed"), "itch");
	assert_true(json_is_null(json_object_get(rig_at(all, "recent_alarms", 0), "channel")));
	assert_true(json_is_false(json_object_get(rig_at(all, "recent_alarms", 0), "over")));
	json_decref(all);
}

/* ---- lead ---- */

static void the_median_is_of_both_sides(void **state)
{
	struct watch_lead lead = {{0}, {0}, 0, 0, 0, 0, 0};

	(void)state;
	assert_int_equal(watch_lead_median(&lead), 0);
	lead.behind[0] = 10; /* below 16 ns */
	assert_int_equal(watch_lead_median(&lead), 16);
	lead.behind[3] = 11;
	assert_int_equal(watch_lead_median(&lead), 128);
	lead.ahead[5] = 30; /* 256 to 512 ns */
	assert_int_equal(watch_lead_median(&lead), -256);
	lead.ahead[0] = 100;
	assert_int_equal(watch_lead_median(&lead), 0);
}

static void every_event_has_a_word(void **state)
{
	(void)state;
	for (uint32_t kind = 0; kind <= MCR_FEED_CYCLE; kind++)
		assert_true(strlen(watch_event_word(kind)) > 0);
	assert_string_equal(watch_event_word(MCR_FEED_CYCLE), "cycle");
	assert_string_equal(watch_event_word(1000), "other");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_says_who_it_is_and_when),
	    TEST(lines_have_their_loss_and_what_is_unknown_is_null),
	    TEST(a_feed_that_is_not_read_says_why),
	    TEST(events_come_with_the_latest_first_and_only_as_many_as_are_kept),
	    TEST(events_of_a_line_name_it),
	    TEST(bursts_are_told_for_each_window_with_their_time),
	    TEST(the_silent_groups_come_first_then_those_with_most_packets),
	    TEST(all_groups_come_in_their_order_in_bounded_pieces),
	    TEST(what_goes_while_the_answer_is_made_is_left_out),
	    TEST(alarms_come_with_the_latest_first),
	    TEST(the_median_is_of_both_sides),
	    TEST(every_event_has_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
