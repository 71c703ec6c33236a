/* SPDX-License-Identifier: BSD-3-Clause */
/* What mcring-watch makes of the feeds that engines declare. */
#include "feed_rig.h"

#include <sys/epoll.h>

#include "../../tools/mcring-watch/feeds.h"
#include "core/feed/feed_config.h"
#include "engine/attach/attach_feeds.h"
#include "engine/attach/declared_feeds.h"
#include "feed/state.h"

#define ALARMS_MAX 4096
#define STREAM     "session=0000012345 flow=0 group=239.1.1.1 port=5000"

static struct watch_alarm alarms[ALARMS_MAX];
static unsigned n_alarms;

void watch_raise(struct watch *w, const struct watch_alarm *alarm)
{
	assert_true(n_alarms < ALARMS_MAX);
	alarms[n_alarms++] = *alarm;
}

void watch_log(struct watch_log *log, const char *format, ...)
{
}

struct watch_rig {
	struct feed_rig feed;
	struct watch w;
	struct watch_engine engines[2];
	uint64_t ns; /* of arrivals */
};

static void declare(struct watch_rig *r, int i, const char *text)
{
	struct small_engine *e = &r->feed.e[i];
	struct mcr_feeds *feeds = NULL;
	struct mcr_error err = {""};

	if (text && mcr_feeds_create(&feeds, &text, 1, &err) != 0)
		fail_msg("%s", err.text);
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_put_feeds(e->server, feeds, strrchr(e->dir, '/') + 1);
	pthread_mutex_unlock(&e->lock);
}

static const struct watch_options options;

/* Two engines, which declare the rig's feed with these lines in its head. */
static void create(struct watch_rig *r, const char *more)
{
	memset(r, 0, sizeof(*r));
	n_alarms = 0;
	r->ns = 1000;
	rig_create(&r->feed, 1 << 20);
	rig_text(&r->feed, more);
	r->w.options = &options;
	r->w.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < 2; i++) {
		declare(r, i, r->feed.text);
		strcpy(r->engines[i].run_dir, r->feed.e[i].dir);
		mcr_feed_engine_name(r->engines[i].name, r->feed.e[i].dir);
		r->engines[i].is_up = 1;
	}
}

static void destroy(struct watch_rig *r)
{
	feeds_destroy(&r->w);
	close(r->w.epoll_fd);
	rig_destroy(&r->feed);
}

/* A round of the watch. */
static void step(struct watch_rig *r)
{
	feeds_look(&r->w, monotonic_ns());
	feeds_read(&r->w);
	feeds_arm(&r->w);
}

#define await(r, condition)                                                              \
	do {                                                                             \
		const uint64_t start_ns_ = monotonic_ns();                               \
                                                                                         \
		while (!(condition)) {                                                   \
			assert_true(monotonic_ns() - start_ns_ < UINT64_C(20000000000)); \
			step(r);                                                         \
		}                                                                        \
	} while (0)

static struct watch_feed *feed_of(const struct watch_rig *r)
{
	assert_int_equal(r->w.n_feeds, 1);
	return r->w.feeds[0];
}

/* The feed is found, open, and all its lines are attached. */
static struct watch_feed *open_it(struct watch_rig *r)
{
	struct watch_feed *f;

	feeds_note(&r->w, &r->engines[0], "test", 0);
	feeds_noted(&r->w, &r->engines[0]);
	f = feed_of(r);
	await(r, f->feed && f->feed->n_readers == 2);
	assert_int_equal(f->is_open, 1);
	assert_string_equal(f->error, "");
	return f;
}

static void put(struct watch_rig *r, int line, uint64_t seq, uint16_t count)
{
	r->ns += 1000;
	rig_put(&r->feed, line, r->ns, seq, count);
}

/* What the sender sent is read, and time has gone on by this much. */
static void pass(struct watch_rig *r, uint64_t ns)
{
	r->ns += ns;
	for (int i = 0; i < 2; i++)
		rig_polled(&r->feed, i, r->ns);
	await(r, r->w.feeds[0]->feed->time_ns >= r->ns);
	for (int i = 0; i < 3; i++)
		step(r);
}

static void refresh(struct watch_rig *r)
{
	feeds_look(&r->w, monotonic_ns() + UINT64_C(1000000000));
}

static const struct watch_event *last_event(const struct watch_feed *f, uint64_t back)
{
	assert_true(f->n_events > back);
	return &f->recent[(f->n_events - 1 - back) % WATCH_RECENT];
}

static unsigned count_alarms(enum watch_alarm_kind kind, int is_over)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_alarms; i++)
		n += alarms[i].kind == kind && alarms[i].is_over == is_over;
	return n;
}

static const struct watch_alarm *only_alarm(enum watch_alarm_kind kind, int is_over)
{
	assert_int_equal(count_alarms(kind, is_over), 1);
	for (unsigned i = 0; i < n_alarms; i++)
		if (alarms[i].kind == kind && alarms[i].is_over == is_over)
			return &alarms[i];
	return NULL;
}

/* ---- what the lines bring ---- */

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
	struct small_engine *e;
	struct mcr_record record;
	struct watch_rig r;
	struct watch_feed *f;
	uint8_t packet[64];
	uint32_t len;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	put(&r, 1, 1, 1);
	put(&r, 0, 2, 1);
	pass(&r, 1000);
	e = &r.feed.e[1];
	record = small_engine_record(&e->writers[0]);
	len = rig_packet(packet, 2, 1);
	packet[len - 1] ^= 1;
	record.rx_ns = r.ns += 1000;
	record.flags = 0;
	record.hw_delta = 0;
	record.group_be = htobe32(0xef010102u);
	small_engine_put(e, 0, record, packet, len);
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

/* ---- which feeds there are ---- */

static void a_feed_that_is_declared_otherwise_is_opened_again(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	put(&r, 0, 5, 1);
	pass(&r, 10000000);
	assert_int_equal(f->wire_gaps, 1);
	rig_text(&r.feed, "gap_timeout 7ms\n");
	for (int i = 0; i < 2; i++)
		declare(&r, i, r.feed.text);
	await(&r,
	      f->feed && strstr(mcr_feed_config_text(f->feed), "7ms") && f->feed->n_readers == 2);
	assert_int_equal(f->wire_gaps, 0); /* counted anew */
	assert_int_equal(f->lines[0].info.packets, 0);
	assert_string_equal(last_event(f, 0)->text, "it is declared otherwise now");
	put(&r, 1, 100, 1);
	pass(&r, 10000000);
	refresh(&r);
	assert_int_equal(f->lines[1].info.packets, 1);
	destroy(&r);
}

static void an_engine_of_a_line_that_differs_leaves_its_line_down(void **state)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = 1 << 20};
	struct watch_rig r;
	struct watch_feed *f;
	struct mcr_feed *was;
	char same[1024];

	create(&r, "");
	f = open_it(&r);
	was = f->feed;
	strcpy(same, r.feed.text);
	small_engine_kill(&r.feed.e[1]);
	await(&r, f->lines[1].down_since_ns != 0);
	assert_string_equal(only_alarm(WATCH_LINE_DOWN, 0)->text,
			    "line B is down: its engine does not run, hangs, or declares another "
			    "feed");
	small_engine_start(&r.feed.e[1], &attach, &channel, 1, 4712);
	rig_text(&r.feed, "gap_timeout 7ms\n");
	declare(&r, 1, r.feed.text);
	await(&r, f->n_events > 0 && last_event(f, 0)->kind == MCR_FEED_CHANGED);
	for (int i = 0; i < 100; i++) {
		step(&r);
		sleep_ms(1);
	}
	assert_ptr_equal(f->feed, was); /* the engine that was asked says the same as before */
	assert_int_equal(f->lines[0].down_since_ns, 0);
	declare(&r, 1, same);
	await(&r, f->feed->n_readers == 2);
	put(&r, 1, 1, 1);
	await(&r, f->lines[1].down_since_ns == 0);
	destroy(&r);
}

static void a_feed_of_several_engines_is_watched_once(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	for (int i = 0; i < 2; i++) { /* both before one is open */
		feeds_note(&r.w, &r.engines[i], "test", 0);
		feeds_noted(&r.w, &r.engines[i]);
	}
	assert_int_equal(r.w.n_feeds, 2);
	await(&r, r.w.n_feeds == 1);
	f = feed_of(&r);
	await(&r, f->feed && f->feed->n_readers == 2);
	for (int i = 0; i < 2; i++) {
		feeds_note(&r.w, &r.engines[i], "test", 0);
		feeds_noted(&r.w, &r.engines[i]);
	}
	assert_ptr_equal(feed_of(&r), f);
	/* The one that was asked names it no longer, the other one does. */
	feeds_noted(&r.w, f->engine);
	assert_int_equal(r.w.n_feeds, 0);
	feeds_note(&r.w, &r.engines[1], "test", 0);
	assert_int_equal(r.w.n_feeds, 1);
	await(&r, r.w.feeds[0]->feed != NULL);
	destroy(&r);
}

static void engines_that_differ_are_named_with_the_difference(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	declare(&r, 0, NULL);
	feeds_note(&r.w, &r.engines[0], "test", 0);
	f = feed_of(&r);
	await(&r, f->error[0] != '\0');
	assert_non_null(strstr(f->error, "unknown feed \"test\""));
	assert_int_equal(f->is_open, 0);
	declare(&r, 0, r.feed.text); /* tried again after a while */
	await(&r, f->feed && f->feed->n_readers == 2);
	assert_string_equal(f->error, "");
	destroy(&r);
}

static void an_engine_that_hangs_holds_nobody_up(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;
	uint64_t start, longest = 0;

	create(&r, "");
	for (int i = 0; i < 2; i++)
		pthread_mutex_lock(&r.feed.e[i].lock);
	feeds_note(&r.w, &r.engines[0], "test", 0);
	f = feed_of(&r);
	for (int i = 0; i < 50; i++) {
		start = monotonic_ns();
		step(&r);
		if (monotonic_ns() - start > longest)
			longest = monotonic_ns() - start;
		sleep_ms(2);
	}
	assert_null(f->feed);
	pthread_mutex_unlock(&r.feed.e[0].lock);
	await(&r, f->feed && f->feed->n_readers == 1);
	put(&r, 0, 1, 1);
	await(&r, f->n_events == 1);
	feeds_look(&r.w, monotonic_ns() + UINT64_C(6000000000)); /* it is open: no time is over */
	assert_non_null(f->feed);
	pthread_mutex_unlock(&r.feed.e[1].lock);
	await(&r, f->feed->n_readers == 2);
	assert_int_equal(n_alarms, 0);
	assert_true(longest < UINT64_C(2000000000)); /* not the 5 s that an engine has */
	destroy(&r);
}

static void an_engine_that_never_answers_is_asked_again(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	pthread_mutex_lock(&r.feed.e[0].lock);
	feeds_note(&r.w, &r.engines[0], "test", 0);
	f = feed_of(&r);
	step(&r);
	feeds_look(&r.w, monotonic_ns() + UINT64_C(6000000000));
	assert_string_equal(f->error, "the engine does not answer");
	pthread_mutex_unlock(&r.feed.e[0].lock);
	await(&r, f->feed != NULL);
	destroy(&r);
}

/* What sleeps is woken by the descriptor that it gave the watch. */
static void a_sleeper_is_woken(void **state)
{
	struct epoll_event event;
	struct watch_rig r;
	struct watch_feed *f;
	unsigned armed = 0;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	pass(&r, 1000);
	for (int i = 0; i < 1000 && !armed; i++) {
		step(&r);
		armed = feeds_arm(&r.w) == 0;
	}
	assert_int_equal(armed, 1);
	assert_int_equal(epoll_wait(r.w.epoll_fd, &event, 1, 0), 0);
	put(&r, 0, 2, 1);
	assert_int_equal(epoll_wait(r.w.epoll_fd, &event, 1, 20000), 1);
	assert_true(feeds_read(&r.w) > 0);
	assert_int_equal(f->feed->time_ns > 0, 1);
	destroy(&r);
}

static void nothing_is_left_open(void **state)
{
	struct watch_rig r;
	size_t before;

	create(&r, "");
	before = fd_count();
	open_it(&r);
	feeds_destroy(&r.w);
	for (int k = 0; k < 10000 && fd_count() != before; k++) /* those of the engines, too */
		sleep_ms(1);
	assert_int_equal(fd_count(), before);
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
	    cmocka_unit_test(numbers_that_begin_anew_unannounced_are_a_reset),
	    cmocka_unit_test(a_number_too_far_ahead_is_implausible),
	    cmocka_unit_test(silence_of_lines_and_of_all_has_a_begin_and_an_end),
	    cmocka_unit_test(of_a_flood_all_is_counted_and_a_part_raised),
	    cmocka_unit_test(a_feed_that_is_declared_otherwise_is_opened_again),
	    cmocka_unit_test(an_engine_of_a_line_that_differs_leaves_its_line_down),
	    cmocka_unit_test(a_feed_of_several_engines_is_watched_once),
	    cmocka_unit_test(engines_that_differ_are_named_with_the_difference),
	    cmocka_unit_test(an_engine_that_hangs_holds_nobody_up),
	    cmocka_unit_test(an_engine_that_never_answers_is_asked_again),
	    cmocka_unit_test(a_sleeper_is_woken),
	    cmocka_unit_test(nothing_is_left_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
