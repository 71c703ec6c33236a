/* SPDX-License-Identifier: BSD-3-Clause */
/* One channel of one engine: its consumer, a reader for each of its rings, and what becomes of them
 * when the engine ends and comes back. A channel of several rings is read by a cursor for each, so
 * that the rings can be taken in the order of time without waiting for any. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "feed/state.h"

#define AGAIN_NS     UINT64_C(1000000) /* between two steps of a reattach */
#define RETRY_NS     UINT64_C(100000000)
#define RETRY_MAX_NS UINT64_C(10000000000)
#define ANSWER_NS    UINT64_C(50000000) /* for an engine that is asked while others are read */

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
		if (n > 1) {
			r->c = NULL;
			ret = mcr_consumer_cursor(&r->c, s->c, &opts, err);
		}
	}
	return ret;
}

/* Which interfaces the engine has: flows name them, and links are of their ports. */
static int ask_interfaces(struct mcr_feed_source *s, struct mcr_error *err)
{
	struct mcr_consumer_interface it = {.size = sizeof(it)};
	const struct mcr_feed_config *config = &s->feed->config;
	int ret = 0;

	mcr_feed_flows_forget(&s->flows);
	memset(s->ports, 0xff, sizeof(s->ports));
	memset(s->line_ports, 0, sizeof(s->line_ports));
	s->ports_down = 0;
	for (uint32_t i = 0; i < MCR_FEED_INTERFACES && ret == 0; i++) {
		uint64_t port;

		ret = mcr_consumer_interface_info(s->c, i, &it, err);
		if (ret < 0)
			break;
		mcr_feed_flows_name(&s->flows, i, it.name);
		port = it.dpdk_port < 64 ? UINT64_C(1) << it.dpdk_port : 0;
		for (unsigned k = 0; k < config->n_lines; k++) {
			const struct mcr_feed_line_config *line = &config->lines[k];

			for (size_t n = 0; (s->lines >> k & 1) && n < line->n_flows; n++)
				if (line->flows[n].interface[0] == '\0' ||
				    strcmp(line->flows[n].interface, it.name) == 0)
					s->line_ports[k] |= port;
		}
	}
	return ret == -ENOENT ? 0 : ret;
}

/* The engine must declare what this feed was opened with. */
static int ask_declaration(struct mcr_feed_source *s, uint64_t answer_ns, struct mcr_error *err)
{
	struct mcr_feed *f = s->feed;
	struct mcr_feed_config theirs = {0};
	char difference[256];
	int ret;

	if (f->has_own_config || s->ask.fd >= 0)
		return 0;
	mcr_feed_ask_close(&s->ask);
	ret = mcr_feed_ask(&s->ask, s->run_dir, f->config.name, f->label, answer_ns, err);
	if (ret == -ENOENT && s->ask.is_answered)
		ret = mcr_error_set(err, -ESTALE, "the engine in %s does not declare feed %s",
				    s->run_dir, f->config.name);
	if (ret < 0)
		return ret;
	if (s->ask.digest == f->digest && strcmp(s->ask.text, f->text) == 0)
		return 0;
	ret = mcr_feed_config_parse(&theirs, s->ask.text, s->ask.len, f->config.name, err);
	if (ret == 0 && mcr_feed_config_difference(&f->config, f->asked, &theirs, s->run_dir,
						   difference, sizeof(difference)) != 0)
		ret = mcr_error_set(err, -ESTALE,
				    "feed %s is declared in different ways: %s: let the engines "
				    "agree",
				    f->config.name, difference);
	mcr_feed_config_clear(&theirs);
	return ret;
}

/* One that does not agree, later, keeps its lines down; the program is told once. */
static int check_declaration(struct mcr_feed_source *s, uint64_t answer_ns, struct mcr_error *err)
{
	struct mcr_feed *f = s->feed;
	int ret = ask_declaration(s, answer_ns, err);

	if (ret == 0 && s->ask.fd >= 0)
		ret = mcr_feed_watch(f, s->ask.fd);
	if (ret == -EEXIST) /* it is watched already */
		ret = 0;
	f->is_changed |= ret == -ESTALE && !s->is_refused;
	s->is_refused = ret == -ESTALE;
	if (ret < 0)
		mcr_feed_ask_close(&s->ask);
	return ret;
}

/* What follows an attachment, the first or a later one. */
static int begin(struct mcr_feed_source *s, struct mcr_error *err)
{
	int ret = ask_interfaces(s, err);

	if (ret == 0 && s->feed->has_own_config)
		ret = mcr_feed_join(s, err);
	if (ret < 0)
		return ret;
	for (unsigned i = 0; i < s->n_readers; i++) {
		s->readers[i].last = s->flows.seen; /* any: it is compared */
		s->readers[i].is_over = 0;
		s->readers[i].host_looked_ns = 0;
	}
	s->is_ended = s->is_stalled = 0;
	s->retry_after_ns = 0;
	list_readers(s->feed);
	return 0;
}

static void give_up(struct mcr_feed_source *s)
{
	close_readers(s);
	mcr_consumer_close(s->c);
	s->c = NULL;
	list_readers(s->feed);
}

int mcr_feed_source_open(struct mcr_feed_source *s, uint64_t answer_ns, struct mcr_error *err)
{
	struct mcr_feed *f = s->feed;
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	int ret = check_declaration(s, answer_ns, err);

	if (ret < 0)
		return ret;
	opts.run_dir = s->run_dir;
	opts.channel = s->channel;
	opts.label = f->label;
	opts.start = f->opts.start;
	opts.answer_ns = answer_ns;
	ret = mcr_consumer_open(&s->c, &opts, err);
	if (ret == 0)
		ret = open_readers(s, opts.start, err);
	if (ret == 0)
		ret = begin(s, err);
	if (ret == 0)
		ret = mcr_feed_watch(f, mcr_consumer_fd(s->c));
	if (ret < 0)
		give_up(s);
	return ret;
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
	s->is_ended = 1;
	s->retry_ns = 0;
	mcr_feed_hold_all(s->feed);    /* before the rings go */
	mcr_feed_ask_changed(&s->ask); /* finds that it is closed */
	mcr_feed_lines_down(s->feed, s->lines, MCR_FEED_DOWN_ENGINE);
	list_readers(s->feed);
}

/* ---- the next engine ---- */

/* The cursors go where the consumer is. A channel that has another number of rings now is read
 * anew. */
static int follow(struct mcr_feed_source *s, struct mcr_error *err)
{
	int ret = 0;

	if (mcr_consumer_rings(s->c) == s->n_readers) {
		for (unsigned i = 0; i < s->n_readers && ret == 0; i++)
			if (s->readers[i].c != s->c)
				ret = mcr_consumer_reattach(s->readers[i].c, err);
		return ret;
	}
	mcr_arbiter_lapped(s->feed->arbiter, s->lines, 0);
	close_readers(s);
	return open_readers(s, MCR_START_OLDEST, err);
}

static int is_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static int attach_again(struct mcr_feed_source *s, struct mcr_error *err)
{
	int ret;

	if (!s->c)
		return mcr_feed_source_open(s, ANSWER_NS, err);
	ret = mcr_consumer_reattach(s->c, err);
	if (ret < 0)
		return ret;
	ret = check_declaration(s, ANSWER_NS, err);
	if (ret == 0)
		ret = follow(s, err);
	if (ret == 0)
		ret = begin(s, err);
	if (ret < 0)
		give_up(s);
	return ret;
}

int mcr_feed_source_step(struct mcr_feed_source *s, struct mcr_error *err)
{
	uint64_t now_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC);

	if (now_ns < s->retry_ns)
		return 0;
	s->retry_ns = now_ns + AGAIN_NS;
	if (s->c && s->retry_after_ns != 0 && !is_readable(mcr_consumer_fd(s->c)))
		return 0;
	if (attach_again(s, err) == 0)
		return 1;
	if (s->c) {
		s->retry_after_ns = RETRY_NS;
		return 0;
	}
	s->retry_after_ns =
	    s->retry_after_ns < RETRY_MAX_NS / 2 ? 2 * s->retry_after_ns : RETRY_MAX_NS;
	s->retry_after_ns = s->retry_after_ns < RETRY_NS ? RETRY_NS : s->retry_after_ns;
	s->retry_ns = now_ns + s->retry_after_ns;
	return 0;
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
