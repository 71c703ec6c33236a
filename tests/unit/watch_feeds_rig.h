/* SPDX-License-Identifier: BSD-3-Clause */
/* Two engines that declare a feed of two lines, and a watch of it: what it raises is kept. */
#ifndef WATCH_FEEDS_RIG_H
#define WATCH_FEEDS_RIG_H

#include "feed_rig.h"

#include <sys/epoll.h>

#include "../../tools/mcring-watch/feed_state.h"
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

void line_log(struct line_log *log, const char *format, ...)
{
}

struct watch_rig {
	struct feed_rig feed;
	struct watch w;
	struct watch_engine engines[2];
	uint64_t ns; /* of arrivals */
};

static inline void declare(struct watch_rig *r, int i, const char *text)
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
static inline void create(struct watch_rig *r, const char *more)
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

/* An engine that was killed runs again, and declares this. */
static inline void revive(struct watch_rig *r, int i, const char *text)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = 1 << 20};

	small_engine_start(&r->feed.e[i], &attach, &channel, 1, 4712);
	rig_polled(&r->feed, i, r->ns);
	declare(r, i, text);
}

static inline void destroy(struct watch_rig *r)
{
	feeds_destroy(&r->w);
	close(r->w.epoll_fd);
	rig_destroy(&r->feed);
}

/* A round of the watch. */
static inline void step(struct watch_rig *r)
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

static inline struct watch_feed *feed_of(const struct watch_rig *r)
{
	assert_int_equal(r->w.n_feeds, 1);
	return r->w.feeds[0];
}

/* The feed is found, open, and all its lines are attached. */
static inline struct watch_feed *open_it(struct watch_rig *r)
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

static inline void put(struct watch_rig *r, int line, uint64_t seq, uint16_t count)
{
	r->ns += 1000;
	rig_put(&r->feed, line, r->ns, seq, count);
}

/* What the sender sent is read, and time has gone on by this much. */
static inline void pass(struct watch_rig *r, uint64_t ns)
{
	r->ns += ns;
	for (int i = 0; i < 2; i++)
		rig_polled(&r->feed, i, r->ns);
	await(r, r->w.feeds[0]->feed->time_ns >= r->ns);
	for (int i = 0; i < 3; i++)
		step(r);
}

static inline void refresh(struct watch_rig *r)
{
	feeds_look(&r->w, monotonic_ns() + UINT64_C(1000000000));
}

static inline const struct watch_event *last_event(const struct watch_feed *f, uint64_t back)
{
	assert_true(f->n_events > back);
	return &f->recent[(f->n_events - 1 - back) % WATCH_RECENT];
}

static inline unsigned count_alarms(enum watch_alarm_kind kind, int is_over)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_alarms; i++)
		n += alarms[i].kind == kind && alarms[i].is_over == is_over;
	return n;
}

static inline const struct watch_alarm *only_alarm(enum watch_alarm_kind kind, int is_over)
{
	assert_int_equal(count_alarms(kind, is_over), 1);
	for (unsigned i = 0; i < n_alarms; i++)
		if (alarms[i].kind == kind && alarms[i].is_over == is_over)
			return &alarms[i];
	return NULL;
}

/* A packet of one message in which octet `at`, or the last one, is another than of put. */
static inline void put_spoilt(struct watch_rig *r, int line, uint64_t seq, uint32_t at)
{
	struct small_engine *e = &r->feed.e[line];
	struct mcr_record record = small_engine_record(&e->writers[0]);
	uint8_t packet[64];
	const uint32_t len = rig_packet(packet, seq, 1);

	packet[at < len ? at : len - 1] ^= 1;
	record.rx_ns = r->ns += 1000;
	record.flags = 0;
	record.hw_delta = 0;
	record.group_be = htobe32(0xef010101u + (uint32_t)line);
	small_engine_put(e, 0, record, packet, len);
}

#endif
