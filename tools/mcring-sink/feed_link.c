/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../common/clock.h"
#include "client/run_dir.h"
#include "core/error.h"
#include "feed/open.h"
#include "feed/state.h"
#include "hold.h"

#define LABEL     "mcring-sink"
#define RETRY_NS  UINT64_C(200000000)  /* between two attempts */
#define ANSWER_NS UINT64_C(5000000000) /* for an engine that was asked */
#define ATTACH_NS UINT64_C(1000000000) /* for its lines */

/* Events that are wanted: what numbers mean, and what is missing. */
#define EVENTS                                                                                     \
	(1u << MCR_FEED_START | 1u << MCR_FEED_GAP | 1u << MCR_FEED_RESET | 1u << MCR_FEED_CYCLE | \
	 1u << MCR_FEED_KEYS_FULL | 1u << MCR_FEED_CHANGED)

static void watch_fd(const struct sink *s, int fd, int op)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (fd >= 0)
		epoll_ctl(s->epoll_fd, op, fd, &event);
}

static void stop_asking(struct sink *s, struct feed_link *l)
{
	if (l->is_asked)
		watch_fd(s, l->ask.fd, EPOLL_CTL_DEL);
	mcr_feed_ask_close(&l->ask);
	l->is_asked = 0;
}

/* Keeps the error, and logs it when it is another one. */
static void keep_error(struct sink *s, struct sink_source *src, const char *text)
{
	if (strncmp(src->error, text, sizeof(src->error) - 1) != 0)
		line_log(&s->log, "feed %s: %s", src->name, text);
	snprintf(src->error, sizeof(src->error), "%s", text);
}

static void fail(struct sink *s, struct sink_source *src, struct feed_link *l, const char *text)
{
	keep_error(s, src, text);
	stop_asking(s, l);
	l->due_ns = monotonic_ns() + RETRY_NS;
}

/* What is to be known of the declaration. */
static int take_config(struct feed_link *l, struct mcr_error *err)
{
	const char *text = mcr_feed_config_text(l->feed);
	struct mcr_feed_config c;
	int ret = mcr_feed_config_parse(&c, text, strlen(text), NULL, err);

	if (ret == 0) {
		const struct mcr_feed_declaration *d = &c.numbering;

		l->n_epoch = d->n_keys[1];
		l->turn = d->bits < 64 ? (UINT64_C(1) << d->bits) - d->wraps_to_one : 0;
		memset(l->lines, 0, sizeof(l->lines));
		for (unsigned i = 0; i < c.n_lines; i++)
			snprintf(l->lines[i], sizeof(l->lines[i]), "%s", c.lines[i].name);
	}
	mcr_feed_config_clear(&c);
	return ret;
}

static void open_feed(struct sink *s, struct sink_source *src, struct feed_link *l,
		      const char *run_dir)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct mcr_error err = {""};
	int ret;

	opts.feed = src->name;
	opts.run_dir = run_dir;
	opts.label = LABEL;
	opts.late = 1;
	opts.events = EVENTS;
	/* What was read before is passed over; of what was not, --start speaks. */
	opts.start = l->was_read || src->has_position ? MCR_START_OLDEST : s->options->start;
	watch_fd(s, l->ask.fd, EPOLL_CTL_DEL);
	ret = mcr_feed_open_asked(&l->feed, &opts, &l->ask, &err);
	l->is_asked = 0;
	if (ret == 0)
		ret = take_config(l, &err);
	if (ret < 0) {
		mcr_feed_close(l->feed);
		l->feed = NULL;
		fail(s, src, l, err.text);
		return;
	}
	mcr_feed_ask_close(&l->ask);
	watch_fd(s, mcr_feed_fd(l->feed), EPOLL_CTL_ADD);
	l->is_watched = 1;
	l->due_ns = monotonic_ns() + ATTACH_NS;
}

/* Attaches the lines of the feed, which is open. */
static int attach(struct sink *s, struct sink_source *src, struct feed_link *l, uint64_t now_ns)
{
	struct mcr_error err = {""};
	const int ret = mcr_feed_reattach(l->feed, &err);

	if (ret == 0 && (!l->feed->is_troubled || now_ns >= l->due_ns)) {
		l->is_read = l->was_read = 1;
		src->error[0] = '\0';
		line_log(&s->log, "feed %s: reads %u rings%s", src->name, l->feed->n_readers,
			 l->feed->is_troubled ? "; not all of its lines are there" : "");
	} else if (now_ns >= l->due_ns) {
		feed_link_close(s, l, RETRY_NS);
		keep_error(s, src, err.text);
	}
	return l->is_read;
}

/* Asks the engine for the feed, and opens it. */
static void ask(struct sink *s, struct sink_source *src, struct feed_link *l, uint64_t now_ns)
{
	struct mcr_error err = {""};
	char run_dir[MCR_FEED_PATH_MAX];
	const char *origin;
	int ret = 0;

	if (mcr_run_dir(run_dir, sizeof(run_dir), s->options->run_dir, s->options->engine,
			&origin) >= sizeof(run_dir))
		ret =
		    mcr_error_set(&err, -EINVAL, "the run directory's path is too long%s", origin);
	if (ret == 0 && !l->is_asked) {
		ret = mcr_feed_ask_begin(&l->ask, run_dir, src->name, LABEL, 0, &err);
		l->is_asked = ret == 0;
		l->due_ns = now_ns + ANSWER_NS;
		if (ret == 0)
			watch_fd(s, l->ask.fd, EPOLL_CTL_ADD);
	}
	if (ret == 0)
		ret = mcr_feed_ask_take(&l->ask, &err);
	if (ret == -EAGAIN && now_ns < l->due_ns)
		return;
	if (ret == -EAGAIN)
		snprintf(err.text, sizeof(err.text), "the engine in %s does not answer", run_dir);
	if (ret < 0)
		fail(s, src, l, err.text);
	else
		open_feed(s, src, l, run_dir);
}

int feed_link_step(struct sink *s, struct sink_source *src, struct feed_link *l, uint64_t now_ns)
{
	if (!l->feed && (l->is_asked || now_ns >= l->due_ns))
		ask(s, src, l, now_ns);
	return l->feed && (l->is_read || attach(s, src, l, now_ns));
}

void feed_link_close(struct sink *s, struct feed_link *l, uint64_t pause_ns)
{
	stop_asking(s, l);
	if (l->feed)
		watch_fd(s, mcr_feed_fd(l->feed), EPOLL_CTL_DEL);
	mcr_feed_close(l->feed);
	l->feed = NULL;
	l->is_read = 0;
	l->due_ns = monotonic_ns() + pause_ns;
}

int feed_link_waits(struct sink *s, const struct feed_link *l)
{
	int is_waiting = s->is_held;

	for (unsigned i = 0; is_waiting && i < l->feed->n_readers; i++)
		is_waiting = hold_ring(s, l->feed->readers[i]->c, l->feed->readers[i]->ring);
	return is_waiting;
}

void feed_link_watch(const struct sink *s, struct feed_link *l, int is_watched)
{
	hold_watch(s, mcr_feed_fd(l->feed), &l->is_watched, is_watched);
}

uint64_t feed_link_behind(const struct feed_link *l)
{
	struct mcr_consumer_ring ring = {.size = sizeof(ring)};
	uint64_t n = 0;

	for (unsigned i = 0; l->feed && i < l->feed->n_readers; i++) {
		const struct mcr_feed_reader *r = l->feed->readers[i];

		n += r->count - r->at;
		if (mcr_consumer_ring_info(r->c, r->ring, &ring, NULL) == 0 &&
		    ring.head > ring.next)
			n += ring.head - ring.next;
	}
	return n;
}
