/* SPDX-License-Identifier: BSD-3-Clause */
/* What mcring-watch makes of the messages of channels: an engine without ports, read as in a round
 * of the watch. */
#include "portless_rig.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "../../tools/mcring-watch/host.h"
#include "../../tools/mcring-watch/lines.h"
#include "../../tools/mcring-watch/watch.h"

#define MS        UINT64_C(1000000)
#define FOREVER   UINT64_C(20000000000)
#define ALARM_MAX 64

static struct watch_alarm alarms[ALARM_MAX];
static unsigned n_alarms;

void watch_raise(struct watch *w, const struct watch_alarm *a)
{
	assert_true(n_alarms < ALARM_MAX);
	alarms[n_alarms++] = *a;
}

struct watch_rig {
	struct rig engine;
	struct watch_options options;
	struct watch w;
};

static uint64_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int round_of(struct watch_rig *r)
{
	host_look(&r->w, monotonic());
	lines_update(&r->w);
	return host_read(&r->w);
}

#define await(r, condition)                                             \
	do {                                                            \
		const uint64_t start_ns_ = monotonic();                 \
                                                                        \
		while (!(condition)) {                                  \
			assert_true(monotonic() - start_ns_ < FOREVER); \
			round_of(r);                                    \
			rig_rest();                                     \
		}                                                       \
	} while (0)

static void watch_it(struct watch_rig *r)
{
	n_alarms = 0;
	r->options.run_dirs[0] = r->engine.dir;
	r->options.n_run_dirs = 1;
	r->w = (struct watch){.options = &r->options, .log = {.fd = -1}};
	r->w.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->w.engines = calloc(WATCH_ENGINES_MAX, sizeof(*r->w.engines));
}

static void begin(struct watch_rig *r)
{
	memset(r, 0, sizeof(*r));
	rig_begin(&r->engine);
	rig_join(&r->engine, "239.1.0.0/20,channel=md");
	watch_it(r);
}

static void end(struct watch_rig *r)
{
	host_destroy(&r->w);
	lines_destroy(&r->w);
	close(r->w.epoll_fd);
	rig_end(&r->engine);
}

static struct watch_channel *channel_of(const struct watch_rig *r, unsigned i)
{
	assert_int_equal(r->w.n_engines, 1);
	return i < r->w.engines[0]->n_channels ? r->w.engines[0]->channels[i] : NULL;
}

static struct watch_channel *attach(struct watch_rig *r)
{
	await(r, r->w.n_engines == 1 && channel_of(r, 0) && channel_of(r, 0)->is_attached);
	return channel_of(r, 0);
}

/* At this time, in ms. */
static void put_at(struct watch_rig *r, const char *group, uint64_t ms)
{
	r->engine.now_ns = ms * MS;
	rig_send(&r->engine, 0, (struct shape){.payload = 100, .group = group});
}

static void read_all(struct watch_rig *r)
{
	while (round_of(r) > 0)
		;
}

/* ---- groups ---- */

static void groups_are_counted_by_address_and_port(void **state)
{
	struct watch_rig r;
	struct watch_channel *c;
	char text[MCR_ADDRESS_TEXT];

	begin(&r);
	c = attach(&r);
	assert_string_equal(c->readers, "");
	put_at(&r, "239.1.0.1", 1);
	put_at(&r, "239.1.0.2", 2);
	put_at(&r, "239.1.0.1", 3);
	read_all(&r);
	assert_int_equal(c->packets, 3);
	assert_int_equal(c->octets, 300);
	assert_int_equal(c->n_groups, 2);
	assert_string_equal(mcr_address_format(text, c->groups[0].group), "239.1.0.1");
	assert_int_equal(c->groups[0].packets, 2);
	assert_int_equal(c->groups[0].octets, 200);
	assert_int_equal(c->groups[0].first_ns, 1 * MS);
	assert_int_equal(c->groups[0].last_ns, 3 * MS);
	assert_int_equal(c->groups[1].packets, 1);
	assert_string_equal(c->interfaces[c->groups[0].interface - 1].name, "lan");
	assert_int_equal(watch_burst_peak(c->burst, 3).packets, 3);
	assert_int_equal(watch_burst_peak(c->burst, 2).packets, 1);
	assert_int_equal(n_alarms, 0);
	end(&r);
}

static void groups_without_a_place_are_counted_together(void **state)
{
	struct watch_rig r;
	struct watch_channel *c;
	char group[32];

	begin(&r);
	rig_join(&r.engine, "239.2.0.0/18,channel=md");
	rig_join(&r.engine, "239.3.0.0/24,channel=md");
	c = attach(&r);
	for (unsigned i = 0; i < WATCH_CHANNEL_GROUPS + 100; i++) {
		snprintf(group, sizeof(group), "239.%u.%u.%u", 2 + i / WATCH_CHANNEL_GROUPS,
			 i >> 8 & 63, i & 255);
		put_at(&r, group, 1);
		if (i % 64 == 0)
			read_all(&r);
	}
	read_all(&r);
	assert_int_equal(c->lost, 0);
	assert_int_equal(c->packets, WATCH_CHANNEL_GROUPS + 100);
	assert_int_equal(c->n_groups, WATCH_CHANNEL_GROUPS);
	assert_int_equal(c->left_out, 100);
	put_at(&r, "239.2.0.77", 2); /* one of the first is still found */
	read_all(&r);
	assert_int_equal(c->groups[77].packets, 2);
	assert_int_equal(c->left_out, 100);
	end(&r);
}

/* ---- silence ---- */

static void a_group_is_silent_by_the_time_of_arrivals(void **state)
{
	struct watch_rig r;
	struct watch_channel *c;

	begin(&r);
	r.options.silence_ns = 500 * MS;
	c = attach(&r);
	put_at(&r, "239.1.0.1", 1000);
	put_at(&r, "239.1.0.2", 1000);
	read_all(&r);
	put_at(&r, "239.1.0.2", 1500); /* time goes on to here: not too late yet */
	read_all(&r);
	host_judge(&r.w);
	assert_int_equal(n_alarms, 0);
	put_at(&r, "239.1.0.2", 1501);
	read_all(&r);
	host_judge(&r.w);
	host_judge(&r.w);
	assert_int_equal(n_alarms, 1);
	assert_int_equal(alarms[0].kind, WATCH_GROUP_SILENT);
	assert_int_equal(alarms[0].ns, 1500 * MS);
	assert_int_equal(alarms[0].is_over, 0);
	assert_string_equal(alarms[0].engine, "lab");
	assert_string_equal(alarms[0].channel, "md");
	assert_non_null(strstr(alarms[0].text, "239.1.0.1:"));
	assert_non_null(strstr(alarms[0].text, " on lan: nothing came since 1970-01-01T00:00:01."
					       "000000000Z"));
	assert_int_equal(c->groups[0].silent_since_ns, 1000 * MS);
	put_at(&r, "239.1.0.1", 1700);
	read_all(&r);
	assert_int_equal(n_alarms, 2);
	assert_int_equal(alarms[1].is_over, 1);
	assert_int_equal(alarms[1].ns, 1700 * MS);
	assert_int_equal(c->groups[0].silent_since_ns, 0);
	assert_int_equal(c->groups[0].silences, 1);
	end(&r);
}

static void a_silence_that_nobody_looked_at_is_told_when_it_ends(void **state)
{
	struct watch_rig r;

	begin(&r);
	r.options.silence_ns = 500 * MS;
	attach(&r);
	put_at(&r, "239.1.0.1", 1000);
	put_at(&r, "239.1.0.1", 3000);
	put_at(&r, "239.1.0.1", 3500); /* as long as may be */
	read_all(&r);
	assert_int_equal(n_alarms, 2);
	assert_int_equal(alarms[0].ns, 1500 * MS);
	assert_int_equal(alarms[1].is_over, 1);
	assert_int_equal(alarms[1].ns, 3000 * MS);
	end(&r);
}

static void without_the_option_nothing_is_silent(void **state)
{
	struct watch_rig r;

	begin(&r);
	attach(&r);
	put_at(&r, "239.1.0.1", 1000);
	put_at(&r, "239.1.0.1", 1000000);
	read_all(&r);
	host_judge(&r.w);
	assert_int_equal(n_alarms, 0);
	end(&r);
}

/* ---- what the watch missed ---- */

static void what_lapped_the_watch_is_blindness_with_its_number(void **state)
{
	struct watch_rig r;
	struct watch_channel *c;

	begin(&r);
	r.options.silence_ns = 500 * MS;
	c = attach(&r);
	put_at(&r, "239.1.0.1", 1000);
	put_at(&r, "239.1.0.9", 1000);
	read_all(&r);
	for (unsigned i = 0; i < 3000; i++)
		put_at(&r, "239.1.0.1", 1001 + i);
	read_all(&r);
	assert_true(c->lost > 0);
	assert_int_equal(c->packets + c->lost, 3002);
	assert_int_equal(c->blinds, 1);
	assert_int_equal(alarms[0].kind, WATCH_BLIND);
	assert_int_equal(alarms[0].is_brief, 1);
	assert_true(alarms[0].ns == (1001 + c->lost) * MS); /* the first that was there again */
	assert_int_equal(c->blind_ns, alarms[0].ns - 1000 * MS);
	/* Nobody knows whether the second group was silent in there. From then on it is judged. */
	host_judge(&r.w);
	for (unsigned i = 1; i < n_alarms; i++) {
		assert_int_equal(alarms[i].kind, WATCH_GROUP_SILENT);
		assert_true(alarms[i].ns >= alarms[0].ns + 500 * MS);
	}
	end(&r);
}

static void an_engine_that_ends_and_comes_back_is_no_silence(void **state)
{
	struct watch_rig r;
	struct watch_channel *c;

	begin(&r);
	r.options.silence_ns = 500 * MS;
	c = attach(&r);
	put_at(&r, "239.1.0.1", 1000);
	read_all(&r);
	mcr_portless_destroy(r.engine.p);
	await(&r, !c->is_attached);
	assert_int_equal(n_alarms, 1);
	assert_int_equal(alarms[0].kind, WATCH_BLIND);
	assert_int_equal(alarms[0].is_over, 0);
	assert_true(c->blind_since_ns >= 1000 * MS);
	host_judge(&r.w);
	assert_int_equal(n_alarms, 1);
	rig_start(&r.engine);
	rig_join(&r.engine, "239.1.0.0/20,channel=md");
	await(&r, c->is_attached);
	put_at(&r, "239.1.0.1", 9000);
	await(&r, c->packets == 2);
	assert_int_equal(n_alarms, 2);
	assert_int_equal(alarms[1].kind, WATCH_BLIND);
	assert_int_equal(alarms[1].is_over, 1);
	assert_int_equal(c->blind_since_ns, 0);
	assert_int_equal(c->n_groups, 1); /* it is the same group */
	end(&r);
}

/* ---- which channels ---- */

static void it_watches_the_channels_that_were_named(void **state)
{
	struct watch_rig r = {.w = {0}};

	rig_init(&r.engine);
	rig_interface(&r.engine, "lan", "0", 0);
	rig_channel(&r.engine, "md");
	rig_channel(&r.engine, "other");
	rig_channel(&r.engine, "third");
	rig_start(&r.engine);
	watch_it(&r);
	r.options.channels[0] = "lab/third";
	r.options.channels[1] = "elsewhere/md";
	r.options.channels[2] = "other";
	r.options.n_channels = 3;
	await(&r, r.w.n_engines == 1 && r.w.engines[0]->n_channels == 2);
	assert_string_equal(channel_of(&r, 0)->name, "other");
	assert_string_equal(channel_of(&r, 1)->name, "third");
	await(&r, channel_of(&r, 0)->is_attached && channel_of(&r, 1)->is_attached);
	assert_true(host_is_settled(&r.w));
	end(&r);
}

static void a_channel_that_the_next_engine_has_not_is_forgotten(void **state)
{
	struct watch_rig r = {.w = {0}};

	rig_init(&r.engine);
	rig_interface(&r.engine, "lan", "0", 0);
	rig_channel(&r.engine, "md");
	rig_channel(&r.engine, "other");
	rig_start(&r.engine);
	watch_it(&r);
	attach(&r);
	await(&r, channel_of(&r, 1) && channel_of(&r, 1)->is_attached);
	mcr_portless_destroy(r.engine.p);
	r.engine.config.n_channels = 1;
	await(&r, !channel_of(&r, 0)->is_attached && !channel_of(&r, 1)->is_attached);
	assert_int_equal(n_alarms, 2); /* both are blind, */
	rig_start(&r.engine);
	await(&r, r.w.engines[0]->n_channels == 1 && channel_of(&r, 0)->is_attached);
	assert_string_equal(channel_of(&r, 0)->name, "md");
	put_at(&r, "239.1.0.1", 9000); /* time begins */
	await(&r, n_alarms == 4);      /* and no longer */
	assert_int_equal(alarms[2].is_over & alarms[3].is_over, 1);
	end(&r);
}

static void a_directory_without_an_engine_is_asked_again(void **state)
{
	struct watch_rig r = {.w = {0}};

	rig_init(&r.engine);
	rig_interface(&r.engine, "lan", "0", 0);
	rig_channel(&r.engine, "md");
	watch_it(&r);
	round_of(&r);
	assert_int_equal(r.w.n_engines, 1);
	assert_int_equal(r.w.engines[0]->is_up, 0);
	assert_true(r.w.engines[0]->error[0] != '\0');
	rig_start(&r.engine);
	attach(&r);
	assert_int_equal(r.w.engines[0]->is_up, 1);
	assert_string_equal(r.w.engines[0]->error, "");
	end(&r);
}

/* ---- lines ---- */

static void a_feed_that_was_closed_is_not_looked_at(void **state)
{
	static const char text[] = "feed itch\ndeclaration pitch\nline A channel=md\n"
				   "join 239.1.1.1:5000\n";
	struct watch_rig r;
	struct watch_channel *c;
	struct watch_feed feed = {.n_lines = 1};
	struct lines_feed of = {.feed = &feed};
	struct lines lines = {.feeds = &of, .n = 1};
	struct lines_channel *l;

	(void)state;
	begin(&r);
	c = attach(&r);
	feed.engine = c->engine;
	assert_int_equal(mcr_feed_config_parse(&of.config, text, sizeof(text) - 1, NULL, NULL), 0);
	assert_int_equal(mcr_feed_publishers_create(&of.publishers, 4, 1), 0);
	lines_destroy(&r.w);
	r.w.lines = &lines;
	l = lines_of(&r.w, c);
	assert_int_equal(l->n, 1);
	lines_free(l);
	r.w.feed_changes++; /* it may be freed now */
	l = lines_of(&r.w, c);
	assert_int_equal(l->n, 0);
	lines_free(l);
	r.w.lines = NULL;
	mcr_feed_publishers_destroy(&of.publishers);
	mcr_feed_config_clear(&of.config);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(groups_are_counted_by_address_and_port),
	    cmocka_unit_test(groups_without_a_place_are_counted_together),
	    cmocka_unit_test(a_group_is_silent_by_the_time_of_arrivals),
	    cmocka_unit_test(a_silence_that_nobody_looked_at_is_told_when_it_ends),
	    cmocka_unit_test(without_the_option_nothing_is_silent),
	    cmocka_unit_test(what_lapped_the_watch_is_blindness_with_its_number),
	    cmocka_unit_test(an_engine_that_ends_and_comes_back_is_no_silence),
	    cmocka_unit_test(it_watches_the_channels_that_were_named),
	    cmocka_unit_test(a_channel_that_the_next_engine_has_not_is_forgotten),
	    cmocka_unit_test(a_directory_without_an_engine_is_asked_again),
	    cmocka_unit_test(a_feed_that_was_closed_is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
