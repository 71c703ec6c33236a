/* SPDX-License-Identifier: BSD-3-Clause */
#include "feeds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "../common/clock.h"
#include "core/error.h"
#include "core/feed/feed_config.h"
#include "feed/open.h"
#include "feed_events.h"
#include "feed_state.h"

#define LABEL     "mcring-watch"
#define STREAMS   4096 /* of a feed: more than a handler has by default */
#define BATCH     64
#define BATCHES   16                   /* of a feed, in one feeds_read */
#define RETRY_NS  UINT64_C(1000000000) /* between two attempts to open */
#define ANSWER_NS UINT64_C(5000000000) /* for an engine that was asked */
#define LOOK_NS   UINT64_C(100000000)  /* between two looks at the numbers */
#define STEP_NS   UINT64_C(1000000)    /* between two looks whether a step is due */
#define NAP_NS    50000                /* for what brings no notice */

/* ---- opened and closed ---- */

static void stop_asking(struct watch *w, struct watch_feed *f)
{
	struct feed_state *s = f->state;

	if (s->ask.fd >= 0)
		epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, s->ask.fd, NULL);
	mcr_feed_ask_close(&s->ask);
	s->asked_ns = 0;
}

static void close_feed(struct watch *w, struct watch_feed *f)
{
	struct feed_state *s = f->state;

	if (!f->feed)
		return;
	feed_events_end(w, f);
	epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, mcr_feed_fd(f->feed), NULL);
	mcr_feed_close(f->feed);
	lead_destroy(s->lead);
	s->lead = NULL;
	f->feed = NULL;
	f->is_open = 0;
	for (unsigned i = 0; i < f->n_lines; i++)
		watch_burst_destroy(f->lines[i].burst);
	f->n_lines = 0;
	w->feed_changes++;
}

static void free_feed(struct watch *w, struct watch_feed *f)
{
	stop_asking(w, f);
	close_feed(w, f);
	free(f->state);
	free(f);
}

static int fail_for_now(struct watch *w, struct watch_feed *f, const char *text)
{
	if (f->engine->is_up && strncmp(f->error, text, sizeof(f->error) - 1) != 0)
		line_log(&w->log, "feed %s of engine %s: %s", f->name, f->engine->name, text);
	snprintf(f->error, sizeof(f->error), "%s", text);
	stop_asking(w, f);
	f->state->due_ns = monotonic_ns() + RETRY_NS;
	return -1;
}

/* The lines, as the feed that is open has them, and where they are. */
static void take_lines(struct watch_feed *f, const struct mcr_feed_config *c,
		       uint8_t clocks[MCR_FEED_LINES_MAX])
{
	memset(f->lines, 0, sizeof(f->lines));
	f->n_lines = c->n_lines;
	for (unsigned i = 0; i < c->n_lines; i++) {
		const struct mcr_feed_line_config *from = &c->lines[i];
		struct watch_line *l = &f->lines[i];
		uint8_t k = 0;

		memcpy(l->name, from->name, sizeof(l->name));
		snprintf(l->channel, sizeof(l->channel), "%s", mcr_feed_config_channel(from));
		snprintf(l->engine, sizeof(l->engine), "%s",
			 from->engine[0] ? from->engine : f->engine->name);
		while (strcmp(f->lines[k].engine, l->engine) != 0)
			k++;
		clocks[i] = k;
		f->state->leads[i] = &l->lead;
	}
}

static void reset_counters(struct watch_feed *f)
{
	f->wire_gaps = f->wire_messages = f->host_gaps = f->host_messages = f->ring_gaps =
	    f->ring_messages = 0;
	f->resets_unannounced = f->implausible = f->silences = f->silent_since_ns = 0;
	f->packets = f->messages = 0;
	f->state->begun = f->state->starts = f->state->resets = 0;
	memset(&f->stats, 0, sizeof(f->stats));
}

static int take_config(const struct watch *w, struct watch_feed *f, struct mcr_error *err)
{
	const char *text = mcr_feed_config_text(f->feed);
	uint8_t clocks[MCR_FEED_LINES_MAX] = {0};
	struct mcr_feed_config c;
	int ret = mcr_feed_config_parse(&c, text, strlen(text), NULL, err);

	if (ret == 0) {
		take_lines(f, &c, clocks);
		f->state->lead = f->n_lines > 1 ? lead_create(clocks, w->options->one_clock) : NULL;
		if (f->n_lines > 1 && !f->state->lead)
			ret = mcr_error_set(err, -ENOMEM, "no memory");
	}
	mcr_feed_config_clear(&c);
	return ret;
}

/* What the engine has declared is opened; nobody is waited for. */
static int open_feed(struct watch *w, struct watch_feed *f)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct mcr_error err = {""};
	int ret;

	opts.feed = f->name;
	opts.run_dir = f->engine->run_dir;
	opts.label = LABEL;
	opts.order = MCR_FEED_AS_THEY_COME; /* all copies, for how far lines are apart */
	opts.compare = 1;
	opts.keys_max = STREAMS;
	epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, f->state->ask.fd, NULL);
	reset_counters(f);
	ret = mcr_feed_open_asked(&f->feed, &opts, &f->state->ask, &err);
	if (ret < 0)
		return fail_for_now(w, f, err.text);
	ret = take_config(w, f, &err);
	if (ret == 0 && epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, mcr_feed_fd(f->feed), &event) < 0)
		ret = mcr_error_set(&err, -errno, "epoll: %s", strerror(errno));
	if (ret < 0) {
		close_feed(w, f);
		return fail_for_now(w, f, err.text);
	}
	stop_asking(w, f);
	f->is_open = 1;
	f->error[0] = '\0';
	w->feed_changes++;
	return 0;
}

/* ---- which there are ---- */

/* Whether two run directories are beside each other. */
static int are_neighbours(const char *a, const char *b)
{
	const char *const a_end = strrchr(a, '/'), *const b_end = strrchr(b, '/');
	const size_t a_len = a_end ? (size_t)(a_end - a) : 0,
		     b_len = b_end ? (size_t)(b_end - b) : 0;

	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* Whether the feed, which is open, has a line of the engine. */
static int covers(const struct watch_feed *f, const struct watch_engine *e)
{
	for (unsigned i = 0; i < f->n_lines; i++)
		if (strcmp(f->lines[i].engine, e->name) == 0 &&
		    are_neighbours(f->engine->run_dir, e->run_dir))
			return 1;
	return 0;
}

/* The feed that the engine means with a name; NULL = it is not watched. */
static struct watch_feed *find(const struct watch *w, const struct watch_engine *e,
			       const char *name)
{
	for (unsigned i = 0; i < w->n_feeds; i++) {
		struct watch_feed *f = w->feeds[i];

		if (strcmp(f->name, name) == 0 && (f->engine == e || covers(f, e)))
			return f;
	}
	return NULL;
}

static void add(struct watch *w, struct watch_engine *e, const char *name, uint64_t digest)
{
	struct watch_feed **feeds = realloc(w->feeds, (w->n_feeds + 1) * sizeof(*feeds));
	struct watch_feed *f = calloc(1, sizeof(*f));
	struct feed_state *s = calloc(1, sizeof(*s));

	if (feeds)
		w->feeds = feeds;
	if (!feeds || !f || !s) { /* the engine names it again soon */
		free(f);
		free(s);
		return;
	}
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->engine = e;
	f->state = s;
	s->ask = (struct mcr_feed_ask)MCR_FEED_ASK_NONE;
	s->digest = digest;
	s->is_listed = 1;
	w->feeds[w->n_feeds++] = f;
	w->changes++;
}

void feeds_note(struct watch *w, struct watch_engine *e, const char *name, uint64_t digest)
{
	struct watch_feed *f = find(w, e, name);

	if (!f && w->n_feeds < FEEDS_MAX)
		add(w, e, name, digest);
	if (!f || f->engine != e)
		return;
	f->state->is_listed = 1;
	if (digest != f->state->digest) {
		f->state->digest = digest;
		f->state->is_changed = 1;
		f->state->due_ns = 0;
	}
}

/* Takes out those that are_out. */
static void forget(struct watch *w, int (*is_out)(const struct watch_feed *f, const void *ctx),
		   const void *ctx)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_feeds; i++) {
		struct watch_feed *f = w->feeds[i];

		if (!is_out(f, ctx)) {
			w->feeds[n++] = f;
			continue;
		}
		free_feed(w, f);
		w->changes++;
	}
	w->n_feeds = n;
}

static int is_unlisted(const struct watch_feed *f, const void *engine)
{
	return f->engine == engine && !f->state->is_listed;
}

void feeds_noted(struct watch *w, const struct watch_engine *e)
{
	forget(w, is_unlisted, e);
	for (unsigned i = 0; i < w->n_feeds; i++)
		if (w->feeds[i]->engine == e)
			w->feeds[i]->state->is_listed = 0; /* until the next list */
}

/* ---- steps ---- */

/* Another engine of the feed was quicker. */
static int has_twin(const struct watch *w, const struct watch_feed *f)
{
	const struct watch_engine *e = f->engine;

	for (unsigned i = 0; i < w->n_feeds; i++) {
		const struct watch_feed *other = w->feeds[i];

		if (other != f && other->feed && strcmp(other->name, f->name) == 0 &&
		    covers(other, e))
			return 1;
	}
	return 0;
}

static int ask(struct watch *w, struct watch_feed *f, uint64_t now_ns)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct feed_state *s = f->state;
	struct mcr_error err;

	if (mcr_feed_ask_begin(&s->ask, f->engine->run_dir, f->name, LABEL, 0, &err) < 0)
		return fail_for_now(w, f, err.text);
	epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, s->ask.fd, &event);
	s->asked_ns = now_ns;
	return 0;
}

/* The answer has come. Of a feed that is open it may be the same: then it is another engine of it
 * that declares it otherwise, and the feed goes on without. */
static void take_answer(struct watch *w, struct watch_feed *f)
{
	struct feed_state *s = f->state;

	s->is_changed = 0;
	if (f->feed && strcmp(s->ask.text, mcr_feed_config_text(f->feed)) == 0) {
		stop_asking(w, f);
		return;
	}
	close_feed(w, f);
	if (has_twin(w, f))
		s->is_twin = 1;
	else
		open_feed(w, f);
}

/* A step towards a feed that is not open, or declared otherwise. */
static void advance(struct watch *w, struct watch_feed *f, uint64_t now_ns)
{
	struct feed_state *s = f->state;
	struct mcr_error err = {""};
	int ret;

	if (s->asked_ns == 0 && (now_ns < s->due_ns || ask(w, f, now_ns) < 0))
		return;
	ret = mcr_feed_ask_take(&s->ask, &err);
	if (ret == -EAGAIN && now_ns - s->asked_ns < ANSWER_NS)
		return;
	if (ret == -EAGAIN)
		snprintf(err.text, sizeof(err.text), "the engine does not answer");
	if (ret < 0)
		fail_for_now(w, f, err.text);
	else
		take_answer(w, f);
}

static int is_twin(const struct watch_feed *f, const void *ctx)
{
	return f->state->is_twin;
}

/* Each once: all numbers up to where the streams are, but for those that never came. While a
 * beginning is still to be read, those of the last look. */
static uint64_t count_messages(const struct watch_feed *f)
{
	struct mcr_feed_key key = {.size = sizeof(key)};
	uint64_t numbers = 0;

	if (f->stats.keys != f->state->starts ||
	    f->stats.resets + f->stats.cycles != f->state->resets)
		return f->messages;
	for (uint32_t i = 0; mcr_feed_key_info(f->feed, i, &key) == 0; i++)
		numbers += key.next;
	return numbers - f->state->begun - f->stats.gap_messages + f->stats.late_messages;
}

static void look(struct watch_feed *f)
{
	f->stats.size = sizeof(f->stats);
	mcr_feed_stats_info(f->feed, &f->stats);
	f->messages = count_messages(f);
	for (unsigned i = 0; i < f->n_lines; i++) {
		f->lines[i].info.size = sizeof(f->lines[i].info);
		mcr_feed_line_info(f->feed, i, &f->lines[i].info);
	}
}

void feeds_look(struct watch *w, uint64_t now_ns)
{
	const int is_look = now_ns - w->feeds_look_ns >= LOOK_NS;
	int twins = 0;

	if (now_ns - w->feeds_step_ns < STEP_NS)
		return;
	w->feeds_step_ns = now_ns;
	for (unsigned i = 0; i < w->n_feeds; i++) {
		struct watch_feed *f = w->feeds[i];

		if (!f->feed || f->state->is_changed)
			advance(w, f, now_ns);
		if (f->feed && is_look)
			look(f);
		twins |= f->state->is_twin;
	}
	if (is_look)
		w->feeds_look_ns = now_ns;
	if (twins)
		forget(w, is_twin, NULL);
}

/* ---- messages ---- */

/* Where streams begin, so that what they came to by now says how many numbers there were. */
static void begin_at(struct watch_feed *f, const struct mcr_feed_msg *m)
{
	if (m->kind == MCR_FEED_START) {
		f->state->begun += m->seq;
		f->state->starts++;
	} else if (m->kind == MCR_FEED_RESET || m->kind == MCR_FEED_CYCLE) {
		f->state->begun += m->reset.new_next - m->reset.old_next;
		f->state->resets++;
	}
}

static void take(struct watch *w, struct watch_feed *f, const struct mcr_feed_msg *msgs, int n)
{
	for (int i = 0; i < n; i++) {
		if (msgs[i].kind != MCR_FEED_DATA) {
			begin_at(f, &msgs[i]);
			feed_event(w, f, &msgs[i]);
			continue;
		}
		f->packets += !(msgs[i].flags & MCR_FEED_FLAG_DUPLICATE);
		if (f->state->lead)
			lead_take(f->state->lead, f->state->leads, &msgs[i]);
	}
}

/* Without an engine there is nothing to read; poll looks for them. */
static int read_feed(struct watch *w, struct watch_feed *f)
{
	struct mcr_feed_msg msgs[BATCH];
	int sum = 0, n = 0;

	for (unsigned i = 0; i < BATCHES; i++) {
		n = mcr_feed_poll(f->feed, msgs, BATCH);
		if (n <= 0)
			break;
		take(w, f, msgs, n);
		mcr_feed_release(f->feed);
		sum += n;
	}
	if (n < 0 && n != -EPIPE) {
		close_feed(w, f);
		fail_for_now(w, f, "a ring makes no sense");
		return sum;
	}
	f->state->was_empty &= sum == 0;
	return sum;
}

int feeds_read(struct watch *w)
{
	int sum = 0;

	for (unsigned i = 0; i < w->n_feeds; i++)
		if (w->feeds[i]->feed)
			sum += read_feed(w, w->feeds[i]);
	return sum;
}

int feeds_arm(struct watch *w)
{
	static const struct timespec nap = {0, NAP_NS};
	int has_something = 0, is_new = 0;

	for (unsigned i = 0; i < w->n_feeds; i++) {
		struct watch_feed *f = w->feeds[i];

		if (!f->feed || mcr_feed_arm(f->feed) == 0)
			continue;
		has_something = 1;
		is_new |= !f->state->was_empty;
		f->state->was_empty = 1;
	}
	/* It was so before, and reading found nothing: no notice comes for it. */
	if (has_something && !is_new)
		nanosleep(&nap, NULL);
	return has_something;
}

int feeds_are_settled(const struct watch *w)
{
	for (unsigned i = 0; i < w->n_feeds; i++)
		if (!w->feeds[i]->feed && w->feeds[i]->error[0] == '\0')
			return 0;
	return 1;
}

void feeds_destroy(struct watch *w)
{
	for (unsigned i = 0; i < w->n_feeds; i++)
		free_feed(w, w->feeds[i]);
	free(w->feeds);
	w->feeds = NULL;
	w->n_feeds = 0;
}
