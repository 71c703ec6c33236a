/* SPDX-License-Identifier: BSD-3-Clause */
#include "recordings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/clock.h"
#include "core/error.h"
#include "recording.h"
#include "tap.h"

#define PROGRAM "mcring-watch " MCR_VERSION

/* ---- who may read its files ---- */

static int is_member(gid_t gid)
{
	return geteuid() == 0 || group_member(gid);
}

/* The channel's readers, if they are one group and this user is in it. */
static uint32_t group_of(struct watch *w, const struct watch_recording *r,
			 const struct watch_channel *c)
{
	uint32_t gid = 0;
	int end = 0;

	if (r->has_group)
		return r->config.gid;
	if (sscanf(c->readers, "group %u%n", &gid, &end) == 1 && c->readers[end] == '\0' &&
	    is_member(gid))
		return gid;
	line_log(&w->log,
		 "recording %s: its files are for this user alone, because the readers of channel "
		 "%s are not one group that this user is in: group= says who else may read them",
		 r->config.name, c->name);
	return UINT32_MAX;
}

static int may_join(const struct watch_recorder *own, const struct watch_recording *r,
		    const struct watch_channel *c, struct mcr_error *err)
{
	if (c->recording)
		return mcr_error_set(err, -EEXIST,
				     "channel %s/%s is in the recordings %s and %s: a channel is "
				     "in one",
				     c->engine->name, c->name, c->recording->config.name,
				     r->config.name);
	if (own->has_begun && strcmp(own->readers, c->readers) != 0)
		return mcr_error_set(err, -EPERM,
				     "recording %s: channel %s/%s has other readers (%.80s) than "
				     "those before (%.80s): it needs a recording of its own",
				     r->config.name, c->engine->name, c->name,
				     c->readers[0] ? c->readers : "everybody",
				     own->readers[0] ? own->readers : "everybody");
	return 0;
}

static int begin(struct watch *w, struct watch_recorder *own, const struct watch_recording *r,
		 const struct watch_channel *c, struct mcr_error *err)
{
	struct recorder_config config = r->config;
	int ret;

	own->gid = config.gid = group_of(w, r, c);
	config.program = PROGRAM;
	if (w->options->action != WATCH_CHECK) {
		ret = recorder_create(&own->recorder, &config, err);
		if (ret < 0)
			return ret;
		w->recorders[w->n_recorders++] = own->recorder;
	}
	memcpy(own->readers, c->readers, sizeof(own->readers));
	own->has_begun = 1;
	return 0;
}

/* ---- the rounds ---- */

static int join(struct watch *w, unsigned i, struct watch_channel *c, struct mcr_error *err)
{
	const struct watch_recording *r = &w->options->recordings[i];
	struct watch_recorder *own = &w->recordings[i];
	int ret = may_join(own, r, c, err);

	if (ret == 0 && !own->has_begun)
		ret = begin(w, own, r, c, err);
	if (ret == 0) {
		c->recorder = own->recorder;
		c->recording = r;
	}
	return ret;
}

/* Why a channel is not recorded is said once, until it is something else. */
static void refuse(struct watch *w, struct watch_channel *c, const char *why)
{
	struct watch_alarm a = {.kind = WATCH_RECORDER, .is_brief = 1, .ns = realtime_ns()};

	if (strncmp(c->refused, why, sizeof(c->refused) - 1) == 0)
		return;
	snprintf(c->refused, sizeof(c->refused), "%.*s", (int)sizeof(c->refused) - 1, why);
	memcpy(a.engine, c->engine->name, sizeof(a.engine));
	memcpy(a.channel, c->name, sizeof(a.channel));
	snprintf(a.text, sizeof(a.text), "not recorded: %s", c->refused);
	watch_raise(w, &a);
}

static int update_channel(struct watch *w, struct watch_channel *c, struct mcr_error *err)
{
	int ret = 0;

	c->recorder = NULL;
	c->recording = NULL;
	for (unsigned i = 0; i < w->options->n_recordings && ret == 0; i++)
		if (c->is_listed && recording_has_part_of(w, &w->options->recordings[i], c))
			ret = join(w, i, c, err);
	if (ret == 0)
		c->refused[0] = '\0';
	tap_renew(w, c);
	return ret;
}

int recordings_update(struct watch *w, struct mcr_error *err)
{
	struct mcr_error why = {""};

	if (w->recorded_changes == w->changes + w->feed_changes)
		return 0;
	for (unsigned i = 0; i < w->n_engines; i++) {
		const struct watch_engine *e = w->engines[i];

		for (unsigned k = 0; k < e->n_channels; k++) {
			int ret = update_channel(w, e->channels[k], &why);

			if (ret < 0 && err)
				return mcr_error_set(err, ret, "%s", why.text);
			if (ret < 0)
				refuse(w, e->channels[k], why.text);
		}
	}
	w->recorded_changes = w->changes + w->feed_changes;
	return 0;
}

int recordings_check(const struct watch_options *o, struct mcr_error *err)
{
	for (unsigned i = 0; i < o->n_recordings; i++) {
		const struct recorder_config *config = &o->recordings[i].config;
		struct stat st;
		int ret = stat(config->dir, &st) < 0 ? -errno : 0;

		if (ret == 0 && !S_ISDIR(st.st_mode))
			ret = -ENOTDIR;
		if (ret == 0 && access(config->dir, W_OK | X_OK) < 0)
			ret = -errno;
		if (ret == 0 && o->recordings[i].has_group && !is_member(config->gid))
			return mcr_error_set(
			    err, -EPERM,
			    "recording %s: this user is not in group %u: run it as "
			    "one who is, or choose another group=",
			    config->name, config->gid);
		if (ret < 0)
			return mcr_error_set(err, ret, "recording %s: dir=%s: %s", config->name,
					     config->dir, strerror(-ret));
	}
	return 0;
}

/* Up to which all of its channels were read, 0 = unknown; those that are blind hold nobody up. When
 * none is read, what has come is all: it must not wait in memory for the next engine. */
static uint64_t until_of(const struct watch *w, struct recorder *r)
{
	uint64_t until_ns = UINT64_MAX;
	struct recorder_stats stats;

	for (unsigned i = 0; i < w->n_engines; i++) {
		const struct watch_engine *e = w->engines[i];

		for (unsigned k = 0; k < e->n_channels; k++) {
			const struct watch_channel *c = e->channels[k];

			if (c->recorder == r && c->is_attached && c->blind_since_ns == 0 &&
			    c->until_ns < until_ns)
				until_ns = c->until_ns;
		}
	}
	if (until_ns != UINT64_MAX)
		return until_ns;
	recorder_stats(r, &stats);
	return stats.newest_ns;
}

/* A recording stopped, or goes on again. */
static void look(struct watch *w, struct watch_recorder *own, const char *name)
{
	struct watch_alarm a = {.kind = WATCH_RECORDER, .ns = realtime_ns()};
	struct recorder_stats stats;

	recorder_stats(own->recorder, &stats);
	if (stats.whole != own->whole)
		line_log(&w->log, "recording %s: %s", name, stats.file);
	own->whole = stats.whole;
	if (stats.is_stopped == own->is_stopped)
		return;
	own->is_stopped = stats.is_stopped;
	a.is_over = !stats.is_stopped;
	snprintf(a.text, sizeof(a.text), "recording %s %s%s", name,
		 stats.is_stopped ? "stopped: " : "goes on", stats.is_stopped ? stats.error : "");
	watch_raise(w, &a);
}

void recordings_time(struct watch *w)
{
	for (unsigned i = 0; i < w->n_recorders; i++)
		recorder_time(w->recorders[i], until_of(w, w->recorders[i]));
}

void recordings_look(struct watch *w)
{
	for (unsigned i = 0; i < w->options->n_recordings; i++)
		if (w->recordings[i].recorder)
			look(w, &w->recordings[i], w->options->recordings[i].config.name);
}

void recordings_destroy(struct watch *w)
{
	for (unsigned i = 0; i < w->n_recorders; i++)
		recorder_destroy(w->recorders[i]);
	w->n_recorders = 0;
}
