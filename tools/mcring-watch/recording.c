/* SPDX-License-Identifier: BSD-3-Clause */
#include "recording.h"

#include <stdio.h>
#include <string.h>

/* ---- of which channels ---- */

static int is_in(const char (*list)[MCR_NAME_MAX], unsigned n, const char *name)
{
	while (n > 0)
		if (strcmp(list[--n], name) == 0)
			return 1;
	return 0;
}

static int is_of_all(const struct watch_recording *r)
{
	return r->n_channels == 0 && r->n_feeds == 0;
}

int recording_wants_feed(const struct watch_recording *r, const char *feed)
{
	return is_of_all(r) || is_in(r->feeds, r->n_feeds, feed);
}

int recording_wants_channel(const struct watch_recording *r, const struct watch_channel *c)
{
	return is_of_all(r) || is_in(r->channels, r->n_channels, c->name);
}

static int has_line(const struct watch_feed *f, const struct watch_channel *c)
{
	for (unsigned i = 0; i < f->n_lines; i++)
		if (strcmp(f->lines[i].engine, c->engine->name) == 0 &&
		    strcmp(f->lines[i].channel, c->name) == 0)
			return 1;
	return 0;
}

/* The channel itself, or a line in it of a feed. */
int recording_has_part_of(const struct watch *w, const struct watch_recording *r,
			  const struct watch_channel *c)
{
	int wants = recording_wants_channel(r, c);

	for (unsigned i = 0; i < w->n_feeds && !wants; i++)
		wants = recording_wants_feed(r, w->feeds[i]->name) && has_line(w->feeds[i], c);
	return wants;
}

/* ---- triggers ---- */

/* An alarm is of a channel; of all channels of a feed's lines; or of all of an engine. */
static int concerns(const struct watch *w, const struct watch_alarm *a,
		    const struct watch_channel *c)
{
	int is = 0;

	if (a->feed[0] == '\0')
		return strcmp(a->engine, c->engine->name) == 0 &&
		       (a->channel[0] == '\0' || strcmp(a->channel, c->name) == 0);
	for (unsigned i = 0; i < w->n_feeds && !is; i++)
		is = strcmp(w->feeds[i]->name, a->feed) == 0 && has_line(w->feeds[i], c) &&
		     (recording_wants_channel(c->recording, c) ||
		      recording_wants_feed(c->recording, a->feed));
	return is;
}

static int is_among(struct recorder *const *list, unsigned n, const struct recorder *r)
{
	while (n > 0)
		if (list[--n] == r)
			return 1;
	return 0;
}

void recording_trigger(struct watch *w, const struct watch_alarm *a)
{
	const struct recorder_cause cause = {
	    .bit = 1u << a->kind,
	    .ns = a->ns,
	    .word = watch_alarm_word(a->kind),
	    .text = a->text,
	};
	struct recorder *asked[WATCH_RECORDINGS];
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_engines; i++) {
		const struct watch_engine *e = w->engines[i];

		for (unsigned k = 0; k < e->n_channels; k++) {
			struct recorder *r = e->channels[k]->recorder;

			if (!r || is_among(asked, n, r) || !concerns(w, a, e->channels[k]))
				continue;
			asked[n++] = r;
			recorder_trigger(r, &cause);
		}
	}
}

/* ---- interfaces ---- */

unsigned recording_interface(const struct watch_channel *c, unsigned interface)
{
	const struct watch_interface *it = interface > 0 ? &c->interfaces[interface - 1] : NULL;
	struct recorder_interface made = {.name = ""};
	int ret;

	if (!c->recorder || !recording_wants_channel(c->recording, c))
		return RECORDING_NONE;
	snprintf(made.name, sizeof(made.name), "%s/%s", c->engine->name, it ? it->name : c->name);
	if (it)
		snprintf(made.description, sizeof(made.description),
			 "interface %s (%.60s, VLAN %u) of engine %s", it->name, it->device,
			 it->vlan, c->engine->name);
	else
		snprintf(made.description, sizeof(made.description), "channel %s of engine %s",
			 c->name, c->engine->name);
	ret = recorder_interface(c->recorder, &made);
	return ret < 0 ? RECORDING_NONE : (unsigned)ret;
}

unsigned recording_line(const struct watch_channel *c, const struct watch_feed *f,
			const struct watch_line *line)
{
	struct recorder_interface made = {.name = ""};
	int ret;

	if (!c->recorder || (!recording_wants_channel(c->recording, c) &&
			     !recording_wants_feed(c->recording, f->name)))
		return RECORDING_NONE;
	snprintf(made.name, sizeof(made.name), "%s/%s", f->name, line->name);
	snprintf(made.description, sizeof(made.description),
		 "line %s of feed %s: channel %s of engine %s", line->name, f->name, c->name,
		 c->engine->name);
	ret = recorder_interface(c->recorder, &made);
	return ret < 0 ? RECORDING_NONE : (unsigned)ret;
}
