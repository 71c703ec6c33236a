/* SPDX-License-Identifier: BSD-3-Clause */
/* One channel of one engine: its consumer, a reader for each of its rings, and what becomes of them
 * when the engine ends and comes back. A channel of several rings is read by a cursor for each, so
 * that the rings can be taken in the order of time without waiting for any. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "feed/state.h"

#define LOOK_NS      UINT64_C(1000000) /* between two looks whether a step is due */
#define SEEK_NS      UINT64_C(1000000000)
#define PAUSE_NS     UINT64_C(100000000)
#define PAUSE_MAX_NS UINT64_C(10000000000)
#define ANSWER_NS    UINT64_C(5000000000) /* for an engine that was asked something */

/* The readers of all channels that are attached, for poll. */
static void list_readers(struct mcr_feed *f)
{
	f->n_readers = 0;
	f->is_troubled = 0;
	for (unsigned i = 0; i < f->n_sources; i++) {
		struct mcr_feed_source *s = &f->sources[i];

		f->is_troubled |= !mcr_feed_source_lives(s);
		for (unsigned k = 0; mcr_feed_source_lives(s) && k < s->n_readers; k++)
			f->readers[f->n_readers++] = &s->readers[k];
	}
}

static void close_readers(struct mcr_feed_source *s)
{
	for (unsigned i = 0; i < s->n_readers; i++)
		if (s->readers[i].c != s->c)
			mcr_consumer_close(s->readers[i].c);
	free(s->readers);
	s->readers = NULL;
	s->n_readers = 0;
}

static int open_readers(struct mcr_feed_source *s, uint32_t start, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	uint32_t n = mcr_consumer_rings(s->c);
	int ret = 0;

	s->readers = calloc(n, sizeof(*s->readers));
	if (!s->readers)
		return mcr_error_set(err, -ENOMEM, "feed: no memory");
	opts.start = start;
	for (s->n_readers = 0; s->n_readers < n && ret == 0; s->n_readers++) {
		struct mcr_feed_reader *r = &s->readers[s->n_readers];

		r->source = s;
		r->ring = opts.ring = s->n_readers;
		r->c = s->c;
		if (n > 1)
			ret = mcr_consumer_cursor(&r->c, s->c, &opts, err);
	}
	return ret;
}

/* ---- what the engine is asked ---- */

/* One interface of the engine: flows name it, and links are of its port. */
static void take_interface(struct mcr_feed_source *s, const struct mcr_consumer_interface *it)
{
	const struct mcr_feed_config *config = &s->feed->config;
	const uint64_t port = it->dpdk_port < 64 ? UINT64_C(1) << it->dpdk_port : 0;

	mcr_feed_flows_name(&s->flows, it->index, it->name);
	for (unsigned k = 0; k < config->n_lines; k++) {
		const struct mcr_feed_line_config *line = &config->lines[k];

		for (size_t n = 0; (s->lines >> k & 1) && n < line->n_flows; n++)
			if (line->flows[n].interface[0] == '\0' ||
			    strcmp(line->flows[n].interface, it->name) == 0)
				s->line_ports[k] |= port;
	}
}

static int ask_interfaces(struct mcr_feed_source *s, struct mcr_error *err)
{
	struct mcr_consumer_interface it = {.size = sizeof(it)};
	int ret = 0;

	while (s->asked < MCR_FEED_INTERFACES && ret == 0) {
		ret = mcr_consumer_interface_info(s->c, s->asked, &it, err);
		if (ret == 0)
			take_interface(s, &it);
		s->asked += ret == 0;
	}
	return ret == -ENOENT ? 0 : ret;
}

static void close_ask(struct mcr_feed_source *s)
{
	mcr_feed_unwatch(s->feed, s->ask.fd);
	mcr_feed_ask_close(&s->ask);
}

void mcr_feed_source_notices(struct mcr_feed_source *s)
{
	int ret = s->ask.text && s->ask.fd >= 0 ? mcr_feed_ask_changed(&s->ask) : 0;

	s->feed->is_changed |= ret > 0;
	if (ret < 0)
		close_ask(s);
}

/* What this engine declares must be what the feed was opened with. */
static int compare(const struct mcr_feed_source *s, struct mcr_error *err)
{
	const struct mcr_feed *f = s->feed;
	struct mcr_feed_config theirs = {0};
	char difference[256];
	int ret;

	if (s->ask.digest == f->digest && strcmp(s->ask.text, f->text) == 0)
		return 0;
	ret = mcr_feed_config_parse(&theirs, s->ask.text, s->ask.len, f->config.name, err);
	if (ret == -EBADMSG) /* not the program's text, but another version's */
		ret = -EPROTO;
	if (ret == 0 && mcr_feed_config_difference(&f->config, f->asked, &theirs, s->run_dir,
						   difference, sizeof(difference)) != 0)
		ret = mcr_error_set(err, -ESTALE,
				    "feed %s is declared in different ways: %s: let the engines "
				    "agree",
				    f->config.name, difference);
	mcr_feed_config_clear(&theirs);
	return ret;
}

static int ask_declaration(struct mcr_feed_source *s, struct mcr_error *err)
{
	const struct mcr_feed *f = s->feed;
	int ret = 0;

	if (f->has_own_config)
		return 0;
	mcr_feed_source_notices(s); /* an engine that ended has closed it */
	if (s->ask.fd < 0) {
		ret = mcr_feed_ask_begin(&s->ask, s->run_dir, f->config.name, f->label, 0, err);
		if (ret == 0)
			ret = mcr_feed_watch(f, s->ask.fd);
	}
	if (ret == 0 && !s->ask.text)
		ret = mcr_feed_ask_take(&s->ask, err);
	if (ret == -ENOENT && s->ask.is_answered)
		ret = mcr_error_set(err, -ESTALE, "the engine in %s does not declare feed %s",
				    s->run_dir, f->config.name);
	return ret < 0 ? ret : compare(s, err);
}

/* One that does not agree, later, keeps its lines down; the program is told once. */
static int check_declaration(struct mcr_feed_source *s, struct mcr_error *err)
{
	int ret = ask_declaration(s, err);

	if (ret == -EAGAIN)
		return ret;
	s->feed->is_changed |= ret == -ESTALE && !s->is_refused;
	s->is_refused = ret == -ESTALE;
	return ret;
}

/* ---- the way to an engine ---- */

static int make_consumer(struct mcr_feed_source *s, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	int ret;

	opts.run_dir = s->run_dir;
	opts.channel = s->channel;
	opts.label = s->feed->label;
	opts.start = s->feed->opts.start;
	opts.no_wait = 1;
	ret = mcr_consumer_open(&s->c, &opts, err);
	if (ret < 0)
		return ret;
	ret = mcr_feed_watch(s->feed, mcr_consumer_fd(s->c));
	if (ret == 0)
		return 0;
	mcr_consumer_close(s->c);
	s->c = NULL;
	return mcr_error_set(err, ret, "epoll: %s", strerror(-ret));
}

/* The cursors go where the consumer is. A channel that has another number of rings now is read
 * anew. */
static int follow(struct mcr_feed_source *s, struct mcr_error *err)
{
	uint32_t start = s->feed->opts.start;
	int ret = 0;

	if (mcr_consumer_rings(s->c) == s->n_readers) {
		for (unsigned i = 0; i < s->n_readers && ret == 0; i++)
			if (s->readers[i].c != s->c)
				ret = mcr_consumer_reattach(s->readers[i].c, err);
		return ret;
	}
	if (s->n_readers > 0) {
		mcr_arbiter_lapped(s->feed->arbiter, s->lines, 0);
		start = MCR_START_OLDEST;
	}
	close_readers(s);
	return open_readers(s, start, err);
}

static void begin(struct mcr_feed_source *s)
{
	for (unsigned i = 0; i < s->n_readers; i++) {
		s->readers[i].last = s->flows.seen; /* any: it is compared */
		s->readers[i].is_over = 0;
		s->readers[i].host_looked_ns = 0;
	}
	if (s->is_anew) /* no MCR_RESTART comes */
		mcr_arbiter_lapped(s->feed->arbiter, s->lines, 0);
	s->is_anew = s->is_stalled = 0;
	s->was_attached = 1;
	s->pause_ns = 0;
	list_readers(s->feed);
	s->feed->has_left = 1; /* the rings may hold much: by time, not one behind the other */
}

/* Does one step; as long as that gives 0, the next one follows. */
static int advance(struct mcr_feed_source *s, struct mcr_error *err)
{
	int ret = 0;

	switch (s->step) {
	case MCR_FEED_SEEK:
		ret = s->c ? 0 : make_consumer(s, err);
		if (ret == 0)
			ret = mcr_consumer_reattach(s->c, err);
		break;
	case MCR_FEED_DECLARE:
		ret = check_declaration(s, err);
		if (ret == 0)
			ret = follow(s, err);
		if (ret < 0)
			break;
		mcr_feed_flows_forget(&s->flows);
		memset(s->line_ports, 0, sizeof(s->line_ports));
		s->ports_down = 0;
		s->asked = 0;
		break;
	case MCR_FEED_INTERFACE:
		ret = ask_interfaces(s, err);
		if (ret == 0)
			s->asked = s->asked_line = 0;
		break;
	case MCR_FEED_JOIN:
		ret = s->feed->has_own_config ? mcr_feed_join(s, err) : 0;
		break;
	case MCR_FEED_ATTACHED:
		break;
	}
	return ret;
}

/* The engine is not for us, or went away on the way. */
static void give_up(struct mcr_feed_source *s)
{
	s->is_anew = s->was_attached;
	close_readers(s);
	if (s->c)
		mcr_feed_unwatch(s->feed, mcr_consumer_fd(s->c));
	mcr_consumer_close(s->c);
	s->c = NULL;
	close_ask(s);
	s->step = MCR_FEED_SEEK;
	s->pause_ns = s->pause_ns < PAUSE_MAX_NS / 2 ? 2 * s->pause_ns : PAUSE_MAX_NS;
	s->pause_ns = s->pause_ns < PAUSE_NS ? PAUSE_NS : s->pause_ns;
	s->due_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC) + s->pause_ns;
}

int mcr_feed_source_step(struct mcr_feed_source *s, struct mcr_error *err)
{
	const uint64_t now_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC);
	int ret = 0;

	while (s->step != MCR_FEED_ATTACHED) {
		ret = advance(s, err);
		if (ret == -EAGAIN && s->step != MCR_FEED_SEEK && now_ns >= s->due_ns)
			ret = mcr_error_set(err, -ETIMEDOUT, "the engine in %s does not answer",
					    s->run_dir);
		if (ret < 0)
			break;
		if (s->step++ == MCR_FEED_SEEK)
			s->due_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC) + ANSWER_NS;
	}
	/* One that was attached is down since then, and a new one since it was refused. */
	if (ret < 0 && ret != -EAGAIN && !s->was_attached)
		mcr_feed_lines_down(s->feed, s->lines, MCR_FEED_DOWN_ENGINE);
	if (ret == 0)
		begin(s);
	else if (s->step == MCR_FEED_SEEK && s->c) /* its descriptor says when, too */
		s->due_ns = now_ns + SEEK_NS;
	else if (ret != -EAGAIN)
		give_up(s);
	return ret;
}

static int is_ready(const struct mcr_feed_source *s)
{
	struct pollfd p[] = {
	    {.fd = s->c ? mcr_consumer_fd(s->c) : -1, .events = POLLIN},
	    {.fd = s->ask.fd, .events = POLLIN},
	};

	return poll(p, 2, 0) > 0;
}

/* The rings go when there is another engine. Before that all that is held of them must be out. */
static int leave(struct mcr_feed_source *s)
{
	if (s->is_left)
		s->is_left = mcr_feed_hold_lines(s->feed, s->lines) < 0;
	return s->is_left ? -EAGAIN : 0;
}

int mcr_feed_source_look(struct mcr_feed_source *s, struct mcr_error *err)
{
	const uint64_t now_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC);

	if (now_ns < s->look_ns)
		return -EAGAIN;
	s->look_ns = now_ns + LOOK_NS;
	if (leave(s) < 0)
		return -EAGAIN;
	if (now_ns < s->due_ns && !is_ready(s))
		return -EAGAIN;
	return mcr_feed_source_step(s, err);
}

void mcr_feed_source_close(struct mcr_feed_source *s)
{
	close_readers(s);
	mcr_consumer_close(s->c);
	mcr_feed_ask_close(&s->ask);
	mcr_feed_flows_destroy(&s->flows);
}

void mcr_feed_source_end(struct mcr_feed_source *s)
{
	s->step = MCR_FEED_SEEK;
	s->look_ns = s->due_ns = 0;
	s->is_left = 1;
	leave(s);
	mcr_feed_source_notices(s);
	mcr_feed_lines_down(s->feed, s->lines, MCR_FEED_DOWN_ENGINE);
	list_readers(s->feed);
}

/* ---- events ---- */

static void take_link(struct mcr_feed_source *s, const struct mcr_msg *m)
{
	uint64_t port = m->id < 64 ? UINT64_C(1) << m->id : 0;

	if (m->flags & MCR_FLAG_LINK_UP) {
		s->ports_down &= ~port;
		return;
	}
	s->ports_down |= port;
	for (unsigned i = 0; i < s->feed->config.n_lines; i++)
		if ((s->line_ports[i] & port) && (s->line_ports[i] & ~s->ports_down) == 0)
			mcr_feed_lines_down(s->feed, 1u << i, MCR_FEED_DOWN_LINK);
}

void mcr_feed_source_event(struct mcr_feed_source *s, const struct mcr_msg *m)
{
	switch (m->kind) {
	case MCR_LOST:
		mcr_arbiter_lapped(s->feed->arbiter, s->lines, m->lost);
		break;
	case MCR_RESTART:
		mcr_arbiter_lapped(s->feed->arbiter, s->lines, 0);
		break;
	case MCR_LINK:
		take_link(s, m);
		break;
	case MCR_ENGINE_STALL:
		s->is_stalled = (m->flags & MCR_FLAG_STALL_OVER) == 0;
		if (s->is_stalled)
			mcr_feed_lines_down(s->feed, s->lines, MCR_FEED_DOWN_ENGINE);
		break;
	}
}
