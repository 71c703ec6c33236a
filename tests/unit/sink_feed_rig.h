/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed of two lines on two small engines, and a sink's source that reads it. What is behind the
 * source is played here: units and losses are kept in lists, and there may be no memory for them.
 */
#ifndef SINK_FEED_RIG_H
#define SINK_FEED_RIG_H

#include "feed_rig.h"

#include <sys/epoll.h>

#include <mcring/sink.h>

#include "../../tools/mcring-sink/loss.h"
#include "../../tools/mcring-sink/pack.h"
#include "../../tools/mcring-sink/source.h"
#include "core/feed/feed_config.h"
#include "engine/attach/attach_feeds.h"
#include "engine/attach/declared_feeds.h"

#define KEPT_MAX 200000
#define AWAIT_NS UINT64_C(30000000000)

/* A message that was packed, or a loss: what readers of the broker are told. */
struct kept {
	struct mcr_sink_header h; /* of itself: as if it were the first of its unit */
	char id[SOURCE_ID_MAX];
	char subject[160];
	enum loss_kind kind; /* of a loss */
	int is_loss;
	unsigned cell;
	uint64_t word; /* its first message's octets */
};

struct sink_rig {
	struct feed_rig feed;
	struct sink_options options;
	struct sink s;
	struct sink_source src;
	uint64_t ns; /* of arrivals */
	struct kept *kept;
	size_t n;
	unsigned cells;
	int room;  /* how many more units or notices there is memory for; below 0: without limit */
	int fails; /* how often there was none */
	uint8_t body[65536];
};

static struct sink_rig *rig_of_fakes;

void line_log(struct line_log *log, const char *format, ...)
{
}

static inline struct kept *keep(struct sink_rig *r, const struct sink_lane *lane,
				const struct sink_place *place)
{
	struct kept *k = &r->kept[r->n++];

	assert_true(r->n < KEPT_MAX);
	memset(k, 0, sizeof(*k));
	k->cell = r->cells;
	feed_calls.id(lane, place, k->id);
	return k;
}

static inline void parse(struct kept *k, const char *text)
{
	const int ret = mcr_sink_header_parse(&k->h, text, strlen(text));

	if (ret != 0)
		print_message("%s\n", text);
	assert_int_equal(ret, 0);
}

static inline int has_room(struct sink_rig *r)
{
	if (r->room == 0) {
		r->fails++;
		return 0;
	}
	r->room -= r->room > 0;
	return 1;
}

int pack_reserve(struct sink *s, const struct pack_message *m, uint8_t **body)
{
	*body = rig_of_fakes->body;
	return has_room(rig_of_fakes) ? 0 : -ENOBUFS;
}

void pack_commit(struct sink *s, const struct pack_message *m)
{
	struct kept *k = keep(rig_of_fakes, m->lane, &m->place);
	char text[1024], where[SOURCE_WHERE_MAX], more[SOURCE_MORE_MAX];

	feed_calls.where(m->lane, &m->place, where);
	feed_calls.more(m->lane, m, more);
	snprintf(text, sizeof(text), "v=1 %s n=%u rx=%lu %s", where, m->count,
		 (unsigned long)m->rx_ns, more);
	parse(k, text);
	assert_int_equal(k->h.skip, m->skip);
	assert_int_equal(k->h.flags, m->flags);
	snprintf(k->subject, sizeof(k->subject), "%s", m->flow->subject);
	memcpy(&k->word, rig_of_fakes->body + 22 + RIG_MESSAGE * m->skip, 8);
}

void pack_cancel(struct sink *s, const struct pack_message *m)
{
}

void lane_end(struct sink *s, struct sink_lane *lane, const struct sink_place *place,
	      uint64_t last_ns)
{
	rig_of_fakes->cells++;
	lane->sent = *place;
	lane->sent_ns = last_ns ? last_ns : lane->sent_ns;
}

int loss_tell(struct sink *s, const struct loss *l)
{
	struct sink_place behind = l->first;
	char text[1024], where[SOURCE_WHERE_MAX];
	struct kept *k;

	if (!has_room(rig_of_fakes))
		return -ENOBUFS;
	rig_of_fakes->cells++;
	k = keep(rig_of_fakes, l->lane, &l->first);
	k->is_loss = 1;
	k->kind = l->kind;
	feed_calls.where(l->lane, &l->first, where);
	if (l->kind == LOSS_RESTART)
		snprintf(text, sizeof(text), "v=1 %s restart since=%lu until=%lu", where,
			 (unsigned long)l->since_ns, (unsigned long)l->until_ns);
	else
		snprintf(text, sizeof(text), "v=1 %s %s=%lu", where,
			 l->kind == LOSS_GAP ? "gap" : "lost", (unsigned long)l->count);
	parse(k, text);
	behind.next += l->count;
	lane_end(s, l->lane, &behind, l->last_ns);
	return 0;
}

/* ---- engines ---- */

static inline void declare_on(struct sink_rig *r, int i, const char *text)
{
	struct small_engine *e = &r->feed.e[i];
	struct mcr_feeds *feeds = NULL;
	struct mcr_error err = {""};

	if (mcr_feeds_create(&feeds, &text, 1, &err) != 0)
		fail_msg("%s", err.text);
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_put_feeds(e->server, feeds, strrchr(e->dir, '/') + 1);
	pthread_mutex_unlock(&e->lock);
}

static inline void declare(struct sink_rig *r, const char *text)
{
	if (text != r->feed.text)
		snprintf(r->feed.text, sizeof(r->feed.text), "%s", text);
	for (int i = 0; i < 2; i++)
		declare_on(r, i, r->feed.text);
}

/* An engine that was killed runs again, and declares the same. */
static inline void revive(struct sink_rig *r, int i, uint64_t bytes)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = bytes};

	small_engine_start(&r->feed.e[i], &attach, &channel, 1, 4712);
	declare_on(r, i, r->feed.text);
}

/* ---- the sink ---- */

static inline void start(struct sink_rig *r, json_t *position)
{
	struct mcr_error err = {""};

	r->src = (struct sink_source){.calls = &feed_calls, .name = "test", .is_feed = 1};
	assert_int_equal(feed_calls.open(&r->s, &r->src, &err), 0);
	if (position && feed_calls.load(&r->s, &r->src, position, 1, &err) != 0)
		fail_msg("%s", err.text);
	json_decref(position);
}

/* The position, as it comes back from a broker: text. */
static inline json_t *position(struct sink_rig *r)
{
	json_t *json = feed_calls.position(&r->src), *back;
	char *text = json_dumps(json, 0);

	assert_non_null(text);
	back = json_loads(text, 0, NULL);
	assert_non_null(back);
	free(text);
	json_decref(json);
	return back;
}

static inline void stop(struct sink_rig *r)
{
	feed_calls.close(&r->s, &r->src);
}

static inline void rig_sink(struct sink_rig *r, uint64_t bytes, const char *more)
{
	memset(r, 0, sizeof(*r));
	rig_create(&r->feed, bytes);
	rig_text(&r->feed, more);
	declare(r, r->feed.text);
	r->options = (struct sink_options){.run_dir = r->feed.e[0].dir,
					   .prefix = "mcring",
					   .start = MCR_START_OLDEST,
					   .pack = 1,
					   .linger_ns = UINT64_C(1000000000000)};
	r->s.options = &r->options;
	r->s.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->kept = calloc(KEPT_MAX, sizeof(*r->kept));
	r->room = -1;
	r->ns = rig_now_ns();
	rig_of_fakes = r;
}

static inline void rig_sink_destroy(struct sink_rig *r)
{
	stop(r);
	close(r->s.epoll_fd);
	free(r->kept);
	rig_destroy(&r->feed);
}

static inline unsigned read_once(struct sink_rig *r)
{
	return feed_calls.read(&r->s, &r->src, monotonic_ns());
}

#define await(r, condition)                                                 \
	do {                                                                \
		const uint64_t start_ns_ = monotonic_ns();                  \
                                                                            \
		while (!(condition)) {                                      \
			assert_true(monotonic_ns() - start_ns_ < AWAIT_NS); \
			if (read_once(r) == 0)                              \
				sleep_ms(1);                                \
		}                                                           \
	} while (0)

/* A packet on one line or on both (-1), 1 us after the one before. */
static inline void send_on(struct sink_rig *r, int line, uint64_t seq, uint16_t count)
{
	r->ns += 1000;
	for (int i = 0; i < 2; i++)
		if (line < 0 || line == i)
			rig_put(&r->feed, i, r->ns, seq, count);
}

/* Nothing comes for so long on any line. */
static inline void silence(struct sink_rig *r, uint64_t ns)
{
	r->ns += ns;
	for (int i = 0; i < 2; i++)
		rig_polled(&r->feed, i, r->ns);
}

/* All that was sent is read: the last number of it, of which nothing else is known, is there. */
static inline int has_read(const struct sink_rig *r, uint64_t number)
{
	for (size_t i = r->n; i-- > 0;) {
		const struct kept *k = &r->kept[i];

		if (k->h.number <= number && number - k->h.number < k->h.count)
			return 1;
	}
	return 0;
}

/* The messages first to last were read once each, in order, with their octets, but for those that a
 * loss names. */
static inline void expect_numbers(const struct sink_rig *r, uint64_t first, uint64_t last)
{
	uint64_t next = first;

	for (size_t i = 0; i < r->n; i++) {
		const struct kept *k = &r->kept[i];

		assert_int_equal(k->h.number, next);
		if (!k->is_loss)
			assert_true(k->word == rig_word(k->h.number));
		next += k->h.count;
	}
	assert_int_equal(next, last + 1);
}

static inline size_t count_losses(const struct sink_rig *r, enum loss_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->kept[i].is_loss && r->kept[i].kind == kind;
	return n;
}

#endif
