/* SPDX-License-Identifier: BSD-3-Clause */
/* From options to a feed whose lines are attached. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "client/run_dir.h"
#include "core/sized.h"
#include "feed/open.h"
#include "feed/state.h"

#define ANSWER_NS   UINT64_C(5000000000)
#define OPTS_SIZE_1 (offsetof(struct mcr_feed_opts, pad) + sizeof(((struct mcr_feed_opts *)0)->pad))

static int no_memory(struct mcr_error *err)
{
	return mcr_error_set(err, -ENOMEM, "feed: no memory");
}

static int take_opts(struct mcr_feed_opts *out, const struct mcr_feed_opts *opts,
		     struct mcr_error *err)
{
	if (!opts || opts->size < OPTS_SIZE_1 || !mcr_sized_ok(opts->size))
		return mcr_error_set(err, -EINVAL,
				     "options: set them with MCR_FEED_OPTS_INIT first");
	if (opts->msg_size != sizeof(struct mcr_feed_msg))
		return mcr_error_set(err, -EINVAL,
				     "options: a message of this libmcring-feed has %zu octets, "
				     "the program's has %u: compile it with the library's header",
				     sizeof(struct mcr_feed_msg), opts->msg_size);
	if (mcr_sized_take(out, sizeof(*out), opts) < 0)
		return mcr_error_set(err, -EINVAL,
				     "options: the program was compiled for a newer "
				     "libmcring-feed");
	if (out->order > MCR_FEED_AS_THEY_COME)
		return mcr_error_set(err, -EINVAL, "order %u: not an enum mcr_feed_order",
				     out->order);
	if (out->order == MCR_FEED_AS_THEY_COME && out->hold_on_gap)
		return mcr_error_set(err, -EINVAL,
				     "hold_on_gap: nothing is held with MCR_FEED_AS_THEY_COME");
	if (out->start > MCR_START_OLDEST)
		return mcr_error_set(err, -EINVAL,
				     "start %u: a feed begins at MCR_START_NEWEST or "
				     "MCR_START_OLDEST; start_seq is a number of the feed",
				     out->start);
	return 0;
}

/* ---- what the feed is ---- */

static int declare(struct mcr_feed *f, struct mcr_feed_ask *ask, struct mcr_error *err)
{
	const char *text = f->opts.config;
	int ret;

	f->has_own_config = text != NULL;
	if (!text && !ask->text) {
		ret = mcr_feed_ask_begin(ask, f->asked, f->opts.feed, f->label, ANSWER_NS, err);
		if (ret == 0)
			ret = mcr_feed_ask_await(ask, ANSWER_NS, err);
		if (ret < 0)
			return ret;
	}
	text = text ? text : ask->text;
	ret = mcr_feed_config_parse(&f->config, text, strlen(text), f->opts.feed, err);
	if (ret == -EBADMSG &&
	    !f->has_own_config) /* not the program's text, but another version's */
		ret = -EPROTO;
	if (ret < 0)
		return ret;
	f->text = mcr_feed_config_format(&f->config);
	if (!f->text)
		return no_memory(err);
	f->digest = mcr_feed_config_digest(f->text);
	ret = mcr_feed_hours_init(&f->hours, f->config.hours, f->config.zone, err);
	f->has_hours = ret == 0;
	return ret;
}

static int make_arbiter(struct mcr_feed *f, struct mcr_error *err)
{
	const struct mcr_feed_config *c = &f->config;
	const struct mcr_feed_opts *o = &f->opts;
	const struct mcr_arbiter_config config = {
	    .n_lines = c->n_lines,
	    .bits = c->numbering.bits,
	    .wraps_to_one = c->numbering.wraps_to_one,
	    .is_loop = c->numbering.is_loop,
	    .order = (uint8_t)o->order,
	    .late = o->late != 0,
	    .compare = o->compare != 0,
	    .hold_on_gap = o->hold_on_gap != 0,
	    .unsequenced = o->unsequenced != 0,
	    .events = o->events,
	    .window = c->window,
	    .reorder = c->reorder,
	    .reset_run = c->reset_run,
	    .held_max = o->held_max ? o->held_max : 4096,
	    .keys_max = o->keys_max ? o->keys_max : 1024,
	    .gap_timeout_ns = o->gap_timeout_ns ? o->gap_timeout_ns : c->gap_timeout_ns,
	    .silence_ns = c->silence_ns ? c->silence_ns : 3 * c->numbering.heartbeat_ns,
	    .reset_back = c->reset_back,
	    .jump_max = c->jump_max,
	    .start_seq = o->start_seq,
	    .seed = f->seed,
	};

	return mcr_arbiter_create(&f->arbiter, &config, err);
}

/* ---- where its lines are ---- */

/* Another engine's run directory is beside that of the one that is asked. */
static int set_run_dir(char *out, const char *asked, const char *engine, struct mcr_error *err)
{
	size_t len = strlen(asked), parent;
	int n;

	while (len > 1 && asked[len - 1] == '/')
		len--;
	for (parent = len; parent > 0 && asked[parent - 1] != '/'; parent--)
		;
	if (engine[0] == '\0')
		n = snprintf(out, MCR_FEED_PATH_MAX, "%.*s", (int)len, asked);
	else if (asked[len - 1] == '.' &&
		 (len - parent == 1 || (len - parent == 2 && asked[parent] == '.')))
		n = snprintf(out, MCR_FEED_PATH_MAX, "%.*s/../%s", (int)len, asked, engine);
	else
		n = snprintf(out, MCR_FEED_PATH_MAX, "%.*s%s", (int)parent, asked, engine);
	return n < MCR_FEED_PATH_MAX
		   ? 0
		   : mcr_error_set(err, -ENOENT, "run directory %s: the path is too long", asked);
}

static int find_sources(struct mcr_feed *f, struct mcr_error *err)
{
	f->sources = calloc(f->config.n_lines, sizeof(*f->sources));
	if (!f->sources)
		return no_memory(err);
	for (unsigned i = 0; i < f->config.n_lines; i++) {
		const struct mcr_feed_line_config *line = &f->config.lines[i];
		const char *channel = mcr_feed_config_channel(line);
		char run_dir[MCR_FEED_PATH_MAX];
		struct mcr_feed_source *s = f->sources;
		int ret = set_run_dir(run_dir, f->asked, line->engine, err);

		if (ret < 0)
			return ret;
		while (s < f->sources + f->n_sources &&
		       (strcmp(s->run_dir, run_dir) != 0 || strcmp(s->channel, channel) != 0))
			s++;
		if (s == f->sources + f->n_sources) {
			f->n_sources++;
			s->feed = f;
			s->ask.fd = -1;
			strcpy(s->run_dir, run_dir);
			strcpy(s->channel, channel);
		}
		s->lines |= 1u << i;
		f->of_line[i] = s;
	}
	return 0;
}

static int make_tables(struct mcr_feed *f, struct mcr_error *err)
{
	int ret = 0;

	if (f->config.numbering.scope_is_source)
		ret = mcr_feed_publishers_create(
		    &f->publishers, 4 * (f->opts.keys_max ? f->opts.keys_max : 1024), f->seed);
	for (unsigned i = 0; i < f->n_sources && ret == 0; i++)
		ret = mcr_feed_flows_create(&f->sources[i].flows, &f->config, f->sources[i].lines,
					    &f->publishers, f->seed + i);
	f->readers = calloc((size_t)f->n_sources * 32, sizeof(struct mcr_feed_reader *));
	if (ret < 0 || !f->readers)
		return no_memory(err);
	ret = mcr_feed_hold_create(f);
	if (ret < 0)
		return no_memory(err);
	ret = mcr_feed_wait_create(f);
	return ret < 0 ? mcr_error_set(err, ret, "epoll: %s", strerror(-ret)) : 0;
}

/* The first attempt for all lines, as long as it lasts. */
struct attempt {
	uint32_t waiting; /* bits of sources that are neither attached nor refused */
	int code;         /* of the first that was refused, and why */
	struct mcr_error why;
};

/* A line whose engine does not run is down. Errors: what no start of an engine changes. */
static int refuse(struct mcr_feed *f, struct attempt *it, unsigned i, int code,
		  const struct mcr_error *why)
{
	const int is_absent = code == -ENOENT || code == -ECONNREFUSED || code == -ETIMEDOUT;

	it->waiting &= ~(1u << i);
	if (it->code == 0 || !is_absent) {
		it->code = code;
		it->why = *why;
	}
	mcr_feed_lines_down(f, f->sources[i].lines, MCR_FEED_DOWN_ENGINE);
	return is_absent ? 0 : code;
}

static int step_all(struct mcr_feed *f, struct attempt *it, int is_over)
{
	struct mcr_error why;
	int ret = 0;

	for (unsigned i = 0; i < f->n_sources && ret == 0; i++) {
		int code;

		if ((it->waiting >> i & 1) == 0)
			continue;
		code = mcr_feed_source_step(&f->sources[i], &why);
		if (code == -EAGAIN && is_over)
			code = -ETIMEDOUT;
		if (code == 0)
			it->waiting &= ~(1u << i);
		else if (code != -EAGAIN)
			ret = refuse(f, it, i, code, &why);
	}
	return ret;
}

/* One line at least must be there. */
static int attach(struct mcr_feed *f, struct mcr_error *err)
{
	const uint64_t end_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC) + ANSWER_NS;
	struct attempt it = {.waiting = (1u << f->n_sources) - 1};
	struct pollfd p = {.fd = f->fd, .events = POLLIN};
	int ret = step_all(f, &it, 0);

	while (ret == 0 && it.waiting != 0) {
		poll(&p, 1, 10);
		ret = step_all(f, &it, mcr_feed_clock_ns(CLOCK_MONOTONIC) >= end_ns);
	}
	if (ret == 0 && f->n_readers > 0)
		return 0;
	return mcr_error_set(err, it.code, "%s", it.why.text);
}

/* Waits for no line: poll attaches those whose engines have not answered yet. */
static int begin_to_attach(struct mcr_feed *f, struct mcr_error *err)
{
	struct attempt it = {.waiting = (1u << f->n_sources) - 1};

	f->is_troubled = 1;
	return step_all(f, &it, 0) == 0 ? 0 : mcr_error_set(err, it.code, "%s", it.why.text);
}

/* ask: the engine's answer, if there is one yet; what is left of it is the caller's. */
static int open_feed(struct mcr_feed *f, struct mcr_feed_ask *ask, int waits, struct mcr_error *err)
{
	const char *origin;
	int ret;

	if (mcr_run_dir(f->asked, sizeof(f->asked), f->opts.run_dir, f->opts.name, &origin) >=
	    sizeof(f->asked))
		return mcr_error_set(err, -ENOENT, "run directory %s%s: the path is too long",
				     f->asked, origin);
	ret = declare(f, ask, err);
	if (ret == 0)
		ret = make_arbiter(f, err);
	if (ret == 0)
		ret = find_sources(f, err);
	if (ret == 0)
		ret = make_tables(f, err);
	/* The engine that was asked need not be asked again. */
	for (unsigned i = 0; ret == 0 && ask->fd >= 0 && i < f->n_sources; i++) {
		if (strcmp(f->sources[i].run_dir, f->asked) == 0) {
			f->sources[i].ask = *ask;
			*ask = (struct mcr_feed_ask)MCR_FEED_ASK_NONE;
			ret = mcr_feed_watch(f, f->sources[i].ask.fd);
		}
	}
	if (ret == 0)
		ret = waits ? attach(f, err) : begin_to_attach(f, err);
	return ret;
}

int mcr_feed_new(struct mcr_feed **out, const struct mcr_feed_opts *opts, struct mcr_error *err)
{
	struct mcr_feed *f = calloc(1, sizeof(*f));
	int ret;

	if (!f)
		return no_memory(err);
	f->fd = f->timer_fd = -1;
	if (getrandom(&f->seed, sizeof(f->seed), GRND_NONBLOCK) != sizeof(f->seed))
		f->seed = mcr_feed_clock_ns(CLOCK_MONOTONIC) ^ (uintptr_t)f;
	ret = take_opts(&f->opts, opts, err);
	if (ret < 0) {
		mcr_feed_close(f);
		return ret;
	}
	snprintf(f->label, sizeof(f->label), "%s",
		 f->opts.label ? f->opts.label : program_invocation_short_name);
	*out = f;
	return 0;
}

/* What was borrowed for the call. */
static void give_back(struct mcr_feed *f)
{
	f->opts.feed = f->opts.config = f->opts.run_dir = f->opts.name = f->opts.label = NULL;
}

static int open_new(struct mcr_feed **out, const struct mcr_feed_opts *opts,
		    struct mcr_feed_ask *ask, int waits, struct mcr_error *err)
{
	struct mcr_feed *f;
	int ret = mcr_feed_new(&f, opts, err);

	if (ret < 0)
		return ret;
	ret = open_feed(f, ask, waits, err);
	if (ret < 0) {
		mcr_feed_close(f);
		return ret;
	}
	give_back(f);
	*out = f;
	return 0;
}

int mcr_feed_open(struct mcr_feed **out, const struct mcr_feed_opts *opts, struct mcr_error *err)
{
	struct mcr_feed_ask ask = MCR_FEED_ASK_NONE;
	int ret = open_new(out, opts, &ask, 1, err);

	mcr_feed_ask_close(&ask);
	return ret;
}

int mcr_feed_open_asked(struct mcr_feed **out, const struct mcr_feed_opts *opts,
			struct mcr_feed_ask *ask, struct mcr_error *err)
{
	return open_new(out, opts, ask, 0, err);
}

int mcr_feed_make_inline(struct mcr_feed *f, struct mcr_error *err)
{
	int ret = declare(f, NULL, err);

	if (ret == 0)
		ret = make_arbiter(f, err);
	if (ret < 0)
		return ret;
	f->sources = calloc(1, sizeof(*f->sources));
	if (!f->sources)
		return no_memory(err);
	f->n_sources = 1;
	f->sources->feed = f;
	f->sources->ask.fd = -1;
	f->sources->lines = (1u << f->config.n_lines) - 1;
	for (unsigned i = 0; i < f->config.n_lines; i++)
		f->of_line[i] = f->sources;
	ret = make_tables(f, err);
	give_back(f);
	return ret;
}

void mcr_feed_close(struct mcr_feed *f)
{
	if (!f)
		return;
	/* First, so that nothing is taken out of it: in a forked child it is still the parent's. */
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	for (unsigned i = 0; i < f->n_sources; i++)
		mcr_feed_source_close(&f->sources[i]);
	mcr_arbiter_destroy(f->arbiter);
	mcr_feed_arena_destroy(&f->arena);
	mcr_feed_publishers_destroy(&f->publishers);
	mcr_feed_config_clear(&f->config);
	if (f->has_hours)
		mcr_feed_hours_clear(&f->hours);
	if (f->timer_fd >= 0)
		close(f->timer_fd);
	free(f->forgotten);
	free(f->readers);
	free(f->sources);
	free(f->text);
	free(f);
}
