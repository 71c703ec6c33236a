/* SPDX-License-Identifier: BSD-3-Clause */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/engines.h"
#include "channel.h"
#include "client/run_dir.h"
#include "core/attach_wire.h"
#include "core/error.h"
#include "core/feed/feed_config.h"
#include "feeds.h"
#include "tap.h"

#define LOOK_NS     UINT64_C(1000000000) /* between two looks for engines and channels */
#define STEP_NS     UINT64_C(1000000)    /* between two looks whether a step is due */
#define ENTRIES_MAX 4096                 /* of a directory that are looked at */

/* ---- which channels there are ---- */

/* A name that an option gives is of any engine, or ENGINE/NAME. */
static int is_named(const char *const *list, unsigned n, const struct watch_engine *e,
		    const char *name)
{
	for (unsigned i = 0; i < n; i++) {
		const char *slash = strchr(list[i], '/');
		const size_t len = slash ? (size_t)(slash - list[i]) : 0;

		if (strcmp(slash ? slash + 1 : list[i], name) == 0 &&
		    (!slash || (strlen(e->name) == len && strncmp(e->name, list[i], len) == 0)))
			return 1;
	}
	return n == 0;
}

static void note_channel(struct watch *w, struct watch_engine *e, const char *name,
			 const char *readers)
{
	if (is_named(w->options->channels, w->options->n_channels, e, name))
		channel_note(w, e, name, readers);
}

static void note_feed(struct watch *w, struct watch_engine *e, const char *name, uint64_t digest)
{
	if (is_named(w->options->feeds, w->options->n_feeds, e, name))
		feeds_note(w, e, name, digest);
}

/* ---- engines ---- */

static struct watch_engine *find_engine(const struct watch *w, const char *run_dir)
{
	for (unsigned i = 0; i < w->n_engines; i++)
		if (strcmp(w->engines[i]->run_dir, run_dir) == 0)
			return w->engines[i];
	return NULL;
}

static void note_engine(struct watch *w, const char *run_dir)
{
	struct watch_engine *e = find_engine(w, run_dir);

	if (e || w->n_engines == WATCH_ENGINES_MAX || strlen(run_dir) >= WATCH_PATH_MAX)
		return;
	e = calloc(1, sizeof(*e));
	if (e)
		e->channels = calloc(WATCH_CHANNELS_MAX, sizeof(*e->channels));
	if (!e || !e->channels) {
		free(e);
		return;
	}
	e->list = (struct engine_list)ENGINE_LIST_NONE;
	strcpy(e->run_dir, run_dir);
	mcr_feed_engine_name(e->name, run_dir);
	w->engines[w->n_engines++] = e;
	w->changes++;
}

/* A directory with the socket of an engine: mcring-watch has one there, too. */
static void look_below(struct watch *w, const char *parent)
{
	DIR *stream = opendir(parent);
	struct dirent *entry;
	char path[WATCH_PATH_MAX + sizeof(entry->d_name)];

	for (unsigned i = 0; stream && i < ENTRIES_MAX && (entry = readdir(stream)) != NULL; i++) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/" MCR_ATTACH_SOCKET, parent, entry->d_name);
		if (access(path, F_OK) < 0)
			continue;
		*strrchr(path, '/') = '\0';
		note_engine(w, path);
	}
	if (stream)
		closedir(stream);
}

static void look_for_engines(struct watch *w)
{
	const struct watch_options *o = w->options;
	const char *variable = secure_getenv(MCR_RUN_DIR_VARIABLE), *origin;
	char path[WATCH_PATH_MAX];

	for (unsigned i = 0; i < o->n_run_dirs; i++)
		note_engine(w, o->run_dirs[i]);
	if (o->n_run_dirs > 0)
		return;
	if (!o->name && (!variable || variable[0] == '\0'))
		look_below(w, ENGINES_ROOT);
	else if (mcr_run_dir(path, sizeof(path), NULL, o->name, &origin) < sizeof(path))
		note_engine(w, path);
}

/* ---- what an engine has ---- */

static void take_list(struct watch *w, struct watch_engine *e)
{
	char readers[ENGINE_READERS_MAX];

	for (unsigned i = 0; i < e->list.n; i++) {
		const struct mcr_listed *item = &e->list.items[i];

		if (item->kind == MCR_LISTED_CHANNEL)
			note_channel(w, e, item->name, engine_readers(readers, item));
		else
			note_feed(w, e, item->name, item->epoch);
	}
}

/* What an engine that cannot say which channels it has must be told. */
static void take_named(struct watch *w, struct watch_engine *e)
{
	const struct watch_options *o = w->options;

	for (unsigned i = 0; i < o->n_channels; i++) {
		const char *slash = strchr(o->channels[i], '/');

		note_channel(w, e, slash ? slash + 1 : o->channels[i], "");
	}
	for (unsigned i = 0; i < o->n_feeds; i++) {
		const char *slash = strchr(o->feeds[i], '/');

		note_feed(w, e, slash ? slash + 1 : o->feeds[i], 0);
	}
}

/* Said once, until it is another error. */
static void take_engine_error(struct watch *w, struct watch_engine *e, int code, const char *text)
{
	const int is_said = strncmp(e->error, text, sizeof(e->error) - 1) == 0;

	snprintf(e->error, sizeof(e->error), "%.159s", text);
	if (!is_said && code != -ENOENT && code != -ECONNREFUSED)
		line_log(&w->log, "engine %s: %s", e->name, text);
}

/* A channel that the engine does not have any more, or not for us, and that has ended. */
static void forget_channels(struct watch *w, struct watch_engine *e)
{
	unsigned n = 0;

	for (unsigned i = 0; i < e->n_channels; i++) {
		struct watch_channel *c = e->channels[i];

		if (c->is_listed || c->is_attached) {
			e->channels[n++] = c;
			continue;
		}
		tap_gone(w, c);
		channel_free(w, c);
		w->changes++;
	}
	e->n_channels = n;
}

/* The question of the last look, if it was answered. */
static void take_answer(struct watch *w, struct watch_engine *e)
{
	struct mcr_error err;
	int ret;

	if (e->list.fd < 0)
		return;
	ret = engine_list_take(&e->list, &err);
	if (ret == -EAGAIN)
		return;
	e->is_up = ret == 0 || ret == -EOPNOTSUPP;
	for (unsigned i = 0; e->is_up && i < e->n_channels; i++)
		e->channels[i]->is_listed = 0;
	if (ret == 0)
		take_list(w, e);
	else if (ret == -EOPNOTSUPP)
		take_named(w, e);
	if (ret == 0)
		e->error[0] = '\0';
	else
		take_engine_error(w, e, ret, err.text);
	if (e->is_up) {
		forget_channels(w, e);
		feeds_noted(w, e);
	}
	engine_list_close(&e->list);
}

/* An engine that has not answered yet is not asked again. */
static void ask(struct watch *w, struct watch_engine *e)
{
	struct mcr_error err;
	int ret;

	if (e->list.fd >= 0)
		return;
	ret = engine_list_ask(&e->list, e->run_dir, &err);
	if (ret == 0)
		return;
	e->is_up = 0;
	take_engine_error(w, e, ret, err.text);
}

/* ---- the rounds ---- */

void host_look(struct watch *w, uint64_t now_ns)
{
	if (now_ns - w->step_ns < STEP_NS)
		return;
	w->step_ns = now_ns;
	if (now_ns - w->look_ns >= LOOK_NS) {
		w->look_ns = now_ns;
		look_for_engines(w);
		for (unsigned i = 0; i < w->n_engines; i++)
			ask(w, w->engines[i]);
	}
	for (unsigned i = 0; i < w->n_engines; i++) {
		struct watch_engine *e = w->engines[i];

		take_answer(w, e);
		if (w->options->action == WATCH_CHECK)
			continue;
		for (unsigned k = 0; k < e->n_channels; k++)
			if (!e->channels[k]->is_attached && channel_is_due(e->channels[k], now_ns))
				channel_advance(w, e->channels[k]);
	}
}

int host_is_settled(const struct watch *w)
{
	for (unsigned i = 0; i < w->n_engines; i++)
		if (w->engines[i]->list.fd >= 0)
			return 0;
	return w->look_ns != 0;
}

int host_read(struct watch *w)
{
	int sum = 0;

	for (unsigned i = 0; i < w->n_engines; i++)
		for (unsigned k = 0; k < w->engines[i]->n_channels; k++)
			if (w->engines[i]->channels[k]->is_attached)
				sum += channel_read(w, w->engines[i]->channels[k]);
	return sum;
}

int host_arm(struct watch *w)
{
	for (unsigned i = 0; i < w->n_engines; i++) {
		const struct watch_engine *e = w->engines[i];

		for (unsigned k = 0; k < e->n_channels; k++)
			if (e->channels[k]->is_attached &&
			    mcr_consumer_arm(e->channels[k]->consumer) != 0)
				return 1;
	}
	return 0;
}

void host_judge(struct watch *w)
{
	for (unsigned i = 0; i < w->n_engines; i++)
		for (unsigned k = 0; k < w->engines[i]->n_channels; k++)
			tap_judge(w, w->engines[i]->channels[k]);
}

void host_renew(struct watch *w)
{
	for (unsigned i = 0; i < w->n_engines; i++)
		for (unsigned k = 0; k < w->engines[i]->n_channels; k++)
			tap_renew(w, w->engines[i]->channels[k]);
}

void host_destroy(struct watch *w)
{
	for (unsigned i = 0; i < w->n_engines; i++) {
		struct watch_engine *e = w->engines[i];

		for (unsigned k = 0; k < e->n_channels; k++)
			channel_free(w, e->channels[k]);
		engine_list_close(&e->list);
		free(e->channels);
		free(e);
	}
	free(w->engines);
	w->engines = NULL;
	w->n_engines = 0;
}
