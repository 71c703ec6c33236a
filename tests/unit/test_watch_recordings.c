/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of --record, and which channels come into which recording. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "mcring-watch/recording.h"
#include "mcring-watch/recordings.h"
#include "mcring-watch/tap.h"

#define MEGABYTE (1u << 20)

static struct watch_alarm last;
static unsigned n_alarms;

void watch_raise(struct watch *w, const struct watch_alarm *a)
{
	last = *a;
	n_alarms++;
}

/* ---- the text ---- */

static void a_recording_has_defaults(void **state)
{
	struct watch_recording r;

	assert_int_equal(watch_recording_parse(&r, "itch,dir=/x", NULL), 0);
	assert_string_equal(r.config.name, "itch");
	assert_string_equal(r.config.dir, "/x");
	assert_int_equal(r.config.octets, 256u * MEGABYTE);
	assert_int_equal(r.config.after_ns, 5000000000);
	assert_int_equal(r.config.holdoff_ns, 10000000000);
	assert_int_equal(r.config.on, 1u << WATCH_GAP | 1u << WATCH_MISMATCH | 1u << WATCH_RESET |
					  1u << WATCH_SILENCE);
	assert_int_equal(r.config.files_max, 100);
	assert_int_equal(r.config.file_octets_max, UINT64_C(1024) * MEGABYTE);
	assert_int_equal(r.config.all_octets_max, UINT64_C(10240) * MEGABYTE);
	assert_int_equal(r.config.snaplen, 0);
	assert_int_equal(r.config.is_continuous | r.config.is_of_hw, 0);
	assert_int_equal(r.config.gid, UINT32_MAX);
	assert_int_equal(r.has_group | r.n_channels | r.n_feeds, 0);
}

static void each_key_of_a_recording_is_read(void **state)
{
	struct watch_recording r;

	assert_int_equal(
	    watch_recording_parse(&r,
				  "a,dir=/x/y,channels=md+other,feeds=itch,megabytes=16,on=blind+"
				  "line-down,after=250ms,holdoff=0,snaplen=64,times=hw,files=7,"
				  "file_megabytes=2,all_megabytes=9,group=0,continuous",
				  NULL),
	    0);
	assert_int_equal(r.n_channels, 2);
	assert_string_equal(r.channels[1], "other");
	assert_int_equal(r.n_feeds, 1);
	assert_string_equal(r.feeds[0], "itch");
	assert_int_equal(r.config.octets, 16 * MEGABYTE);
	assert_int_equal(r.config.on, 1u << WATCH_BLIND | 1u << WATCH_LINE_DOWN);
	assert_int_equal(r.config.after_ns, 250000000);
	assert_int_equal(r.config.holdoff_ns, 0);
	assert_int_equal(r.config.snaplen, 64);
	assert_int_equal(r.config.is_of_hw, 1);
	assert_int_equal(r.config.files_max, 7);
	assert_int_equal(r.config.file_octets_max, 2 * MEGABYTE);
	assert_int_equal(r.config.all_octets_max, 9 * MEGABYTE);
	assert_int_equal(r.config.gid, 0);
	assert_int_equal(r.has_group, 1);
	assert_int_equal(r.config.is_continuous, 1);
}

static void a_wrong_text_is_refused_with_what_was_expected(void **state)
{
	static const struct {
		const char *text, *error;
	} wrong[] = {
	    {"", "is not a name"},
	    {"a/b,dir=/x", "is not a name"},
	    {"a", "expected dir=DIR"},
	    {"a,dir=", "expected a directory"},
	    {"a,dir=/x,megabytes=3", "expected a number from 4 to"},
	    {"a,dir=/x,megabytes=-1", "expected a number"},
	    {"a,dir=/x,megabytes=99999999999999999999", "expected a number"},
	    {"a,dir=/x,after=5", "expected a number and ns, us, ms or s"},
	    {"a,dir=/x,on=gaps", "expected kinds of alarms"},
	    {"a,dir=/x,on=", "expected kinds of alarms"},
	    {"a,dir=/x,on=gap+", "expected kinds of alarms"},
	    {"a,dir=/x,snaplen=65536", "expected a number from 0 to 65535"},
	    {"a,dir=/x,channels=a++b", "is not a name"},
	    {"a,dir=/x,times=nic", "expected arrival or hw"},
	    {"a,dir=/x,color=red", "not a key of a recording"},
	    {"a,dir=/x,files", "expected KEY=VALUE"},
	    {"a,dir=/x,", "expected KEY=VALUE"},
	    {"a,dir=/x,continuous,file_megabytes=0", "needs a size"},
	    {"a,dir=/x,group=no-such-group-here", "no such name"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct watch_recording r;
		struct mcr_error err = {""};

		assert_int_equal(watch_recording_parse(&r, wrong[i].text, &err), -EINVAL);
		if (!strstr(err.text, wrong[i].error))
			fail_msg("%s: %s", wrong[i].text, err.text);
	}
}

static void kinds_are_read_as_they_are_written(void **state)
{
	uint32_t on;

	for (int i = 0; i < WATCH_ALARM_KINDS; i++) {
		assert_int_equal(watch_kinds_parse(&on, watch_alarm_word(i), NULL), 0);
		assert_int_equal(on, 1u << i);
	}
	assert_int_equal(watch_kinds_parse(&on, "all", NULL), 0);
	assert_int_equal(on, (1u << WATCH_ALARM_KINDS) - 1);
}

/* ---- channels ---- */

struct rig {
	struct watch_options options;
	struct watch w;
	struct watch_engine engine, *engines[1];
	struct watch_channel channels[3], *list[3];
	char dir[32];
};

static void begin(struct rig *r, const char *const *texts, unsigned n)
{
	char text[128];

	memset(r, 0, sizeof(*r));
	n_alarms = 0;
	strcpy(r->dir, "/tmp/mcring-recordings-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%s,dir=%s,megabytes=4", texts[i], r->dir);
		assert_int_equal(watch_recording_parse(&r->options.recordings[i], text, NULL), 0);
	}
	r->options.n_recordings = n;
	r->w = (struct watch){
	    .options = &r->options, .engines = r->engines, .n_engines = 1, .changes = 1};
	r->w.log.fd = -1;
	r->engines[0] = &r->engine;
	strcpy(r->engine.name, "md1");
	r->engine.channels = r->list;
	r->engine.n_channels = 3;
	for (unsigned i = 0; i < 3; i++) {
		struct watch_channel *c = &r->channels[i];

		r->list[i] = c;
		c->engine = &r->engine;
		c->is_listed = 1;
		snprintf(c->name, sizeof(c->name), "%c", 'a' + (int)i);
		assert_int_equal(tap_create(c), 0);
	}
}

static void end(struct rig *r)
{
	char command[64];

	for (unsigned i = 0; i < 3; i++)
		tap_destroy(&r->channels[i]);
	recordings_destroy(&r->w);
	snprintf(command, sizeof(command), "rm -r %s", r->dir);
	assert_int_equal(system(command), 0);
}

static void a_recording_has_its_channels_and_no_others(void **state)
{
	static const char *const texts[] = {"one,channels=a+c"};
	struct rig r;
	struct mcr_error err = {""};

	begin(&r, texts, 1);
	assert_int_equal(recordings_update(&r.w, &err), 0);
	assert_int_equal(r.w.n_recorders, 1);
	assert_ptr_equal(r.channels[0].recorder, r.w.recorders[0]);
	assert_null(r.channels[1].recorder);
	assert_ptr_equal(r.channels[2].recorder, r.w.recorders[0]);
	assert_int_equal(recording_interface(&r.channels[1], 0), RECORDING_NONE);
	assert_int_not_equal(recording_interface(&r.channels[0], 0), RECORDING_NONE);
	assert_int_not_equal(recording_interface(&r.channels[0], 0),
			     recording_interface(&r.channels[2], 0));
	end(&r);
}

static void channels_with_other_readers_are_never_in_one(void **state)
{
	static const char *const texts[] = {"all"};
	struct rig r;
	struct mcr_error err = {""};

	begin(&r, texts, 1);
	strcpy(r.channels[1].readers, "group 4");
	assert_int_equal(recordings_update(&r.w, &err), -EPERM);
	assert_non_null(strstr(err.text, "channel md1/b has other readers (group 4) than those "
					 "before (everybody)"));
	/* Later it is said once, and the others go on. */
	assert_int_equal(recordings_update(&r.w, NULL), 0);
	assert_non_null(r.channels[0].recorder);
	assert_null(r.channels[1].recorder);
	assert_non_null(r.channels[2].recorder);
	assert_int_equal(n_alarms, 1);
	assert_int_equal(last.kind, WATCH_RECORDER);
	assert_string_equal(last.channel, "b");
	r.w.changes++;
	assert_int_equal(recordings_update(&r.w, NULL), 0);
	assert_int_equal(n_alarms, 1);
	/* And one whose readers change is out. */
	strcpy(r.channels[0].readers, "user 7");
	r.w.changes++;
	assert_int_equal(recordings_update(&r.w, NULL), 0);
	assert_null(r.channels[0].recorder);
	assert_int_equal(n_alarms, 2);
	end(&r);
}

static void a_channel_is_in_one_recording(void **state)
{
	static const char *const texts[] = {"one,channels=a", "two,channels=a+b"};
	struct rig r;
	struct mcr_error err = {""};

	begin(&r, texts, 2);
	assert_int_equal(recordings_update(&r.w, &err), -EEXIST);
	assert_string_equal(err.text,
			    "channel md1/a is in the recordings one and two: a channel is in one");
	end(&r);
}

static void files_are_for_the_only_group_of_the_readers(void **state)
{
	static const char *const texts[] = {"one,channels=a", "two,channels=b", "three,channels=c"};
	struct rig r;
	struct mcr_error err = {""};
	char mine[32];

	begin(&r, texts, 3);
	snprintf(mine, sizeof(mine), "group %u", getegid());
	strcpy(r.channels[0].readers, mine);
	snprintf(r.channels[1].readers, sizeof(r.channels[1].readers), "user 0; %s", mine);
	strcpy(r.channels[2].readers, "");
	assert_int_equal(recordings_update(&r.w, &err), 0);
	assert_int_equal(r.w.recordings[0].gid, getegid());
	assert_int_equal(r.w.recordings[1].gid, UINT32_MAX);
	assert_int_equal(r.w.recordings[2].gid, UINT32_MAX);
	end(&r);
}

static void a_check_records_nothing(void **state)
{
	static const char *const texts[] = {"one"};
	struct rig r;
	struct mcr_error err = {""};

	begin(&r, texts, 1);
	r.options.action = WATCH_CHECK;
	assert_int_equal(recordings_update(&r.w, &err), 0);
	assert_int_equal(r.w.n_recorders, 0);
	assert_int_equal(r.w.recordings[0].has_begun, 1);
	assert_string_equal(r.channels[2].recording->config.name, "one");
	assert_null(r.channels[2].recorder);
	end(&r);
}

/* The order in a file waits for the channels that are read, and none is when the engine is gone. */
static void the_last_messages_are_written_when_no_channel_is_read(void **state)
{
	static const char *const texts[] = {"one,channels=a,continuous,megabytes=4"};
	const struct mcr_msg m = {.rx_ns = 1000, .len = 4};
	struct recorder_stats stats = {.written = 0};
	struct mcr_error err = {""};
	struct rig r;

	begin(&r, texts, 1);
	assert_int_equal(recordings_update(&r.w, &err), 0);
	recorder_put(r.w.recorders[0], &m, (const uint8_t *)"last",
		     recording_interface(&r.channels[0], 0), 0);
	for (unsigned ms = 0; stats.written == 0 && ms < 20000; ms++) {
		recordings_time(&r.w);
		recorder_stats(r.w.recorders[0], &stats);
		usleep(1000);
	}
	assert_int_equal(stats.written, 1);
	end(&r);
}

static void a_feed_brings_its_lines_into_a_recording(void **state)
{
	static const char *const texts[] = {"one,feeds=itch"};
	struct watch_feed feed = {.name = "itch", .n_lines = 1}, *feeds[] = {&feed},
			  other = {.name = "other", .n_lines = 1};
	struct mcr_error err = {""};
	struct rig r;

	begin(&r, texts, 1);
	strcpy(feed.lines[0].name, "A");
	strcpy(feed.lines[0].engine, "md1");
	strcpy(feed.lines[0].channel, "b");
	r.w.feeds = feeds;
	r.w.n_feeds = 1;
	assert_int_equal(recordings_update(&r.w, &err), 0);
	assert_null(r.channels[0].recorder);
	assert_non_null(r.channels[1].recorder);
	/* The line alone, not what else is in the channel. */
	assert_int_not_equal(recording_line(&r.channels[1], &feed, &feed.lines[0]), RECORDING_NONE);
	assert_int_equal(recording_line(&r.channels[1], &other, &other.lines[0]), RECORDING_NONE);
	assert_int_equal(recording_interface(&r.channels[1], 0), RECORDING_NONE);
	end(&r);
}

static void an_alarm_triggers_the_recordings_that_it_concerns(void **state)
{
	static const char *const texts[] = {"one,channels=a,on=gap", "two,channels=b,on=gap"};
	struct watch_feed feed = {.name = "itch", .n_lines = 1}, *feeds[] = {&feed};
	struct watch_alarm gap = {.kind = WATCH_GAP, .ns = 1000, .feed = "itch", .text = "a gap"},
			   blind = {.kind = WATCH_BLIND, .ns = 1000, .engine = "md1"},
			   of_channel = {
			       .kind = WATCH_GAP, .ns = 1000, .engine = "md1", .channel = "a"};
	struct recorder_stats stats[2];
	struct mcr_error err = {""};
	struct rig r;

	begin(&r, texts, 2);
	strcpy(feed.lines[0].engine, "md1");
	strcpy(feed.lines[0].channel, "b");
	r.w.feeds = feeds;
	r.w.n_feeds = 1;
	assert_int_equal(recordings_update(&r.w, &err), 0);
	recording_trigger(&r.w, &blind); /* concerns both, and neither wants it */
	gap.feed[0] = 'x';
	recording_trigger(&r.w, &gap); /* of a feed that is not there */
	for (unsigned i = 0; i < 2; i++) {
		recorder_stats(r.w.recorders[i], &stats[i]);
		assert_int_equal(stats[i].triggers, 0);
	}
	gap.feed[0] = 'i';
	recording_trigger(&r.w, &of_channel);
	recorder_stats(r.w.recorders[0], &stats[0]);
	recorder_stats(r.w.recorders[1], &stats[1]);
	assert_int_equal(stats[0].triggers, 1);
	assert_int_equal(stats[1].triggers, 0);
	recording_trigger(&r.w, &gap); /* the feed has a line in this channel */
	recorder_stats(r.w.recorders[0], &stats[0]);
	recorder_stats(r.w.recorders[1], &stats[1]);
	assert_int_equal(stats[0].triggers, 1);
	assert_int_equal(stats[1].triggers, 1);
	/* One of another feed that is in the same channel is not concerned. */
	r.options.recordings[1].n_channels = 0;
	r.options.recordings[1].n_feeds = 1;
	strcpy(r.options.recordings[1].feeds[0], "another");
	recording_trigger(&r.w, &gap);
	recorder_stats(r.w.recorders[1], &stats[1]);
	assert_int_equal(stats[1].triggers, 1);
	end(&r);
}

static void a_directory_is_checked_before_anything_starts(void **state)
{
	static const char *const texts[] = {"one"};
	struct mcr_error err = {""};
	struct rig r;

	begin(&r, texts, 1);
	assert_int_equal(recordings_check(&r.options, &err), 0);
	strcpy(r.options.recordings[0].config.dir, "/nowhere/at/all");
	assert_int_equal(recordings_check(&r.options, &err), -ENOENT);
	assert_string_equal(err.text,
			    "recording one: dir=/nowhere/at/all: No such file or directory");
	strcpy(r.options.recordings[0].config.dir, "/dev/null");
	assert_int_equal(recordings_check(&r.options, &err), -ENOTDIR);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_recording_has_defaults),
	    cmocka_unit_test(each_key_of_a_recording_is_read),
	    cmocka_unit_test(a_wrong_text_is_refused_with_what_was_expected),
	    cmocka_unit_test(kinds_are_read_as_they_are_written),
	    cmocka_unit_test(a_recording_has_its_channels_and_no_others),
	    cmocka_unit_test(channels_with_other_readers_are_never_in_one),
	    cmocka_unit_test(a_channel_is_in_one_recording),
	    cmocka_unit_test(files_are_for_the_only_group_of_the_readers),
	    cmocka_unit_test(a_check_records_nothing),
	    cmocka_unit_test(the_last_messages_are_written_when_no_channel_is_read),
	    cmocka_unit_test(a_feed_brings_its_lines_into_a_recording),
	    cmocka_unit_test(an_alarm_triggers_the_recordings_that_it_concerns),
	    cmocka_unit_test(a_directory_is_checked_before_anything_starts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
