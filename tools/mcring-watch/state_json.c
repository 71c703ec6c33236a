/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_json.h"

#include <errno.h>
#include <stdlib.h>

#include "rows.h"

/* That one call of watch_state_more appends: it ends with the row that reaches either. */
#define ROWS_A_CALL   32
#define OCTETS_A_CALL 65536

/* ---- which groups ---- */

static size_t count_groups(const struct watch *w)
{
	size_t n = 0;

	for (unsigned e = 0; e < w->n_engines; e++)
		for (unsigned c = 0; c < w->engines[e]->n_channels; c++)
			n += w->engines[e]->channels[c]->n_groups;
	return n;
}

/* The channel of a place, or NULL: it, or the group, may be gone since. */
static const struct watch_channel *channel_at(const struct watch *w,
					      const struct watch_group_at *at)
{
	const struct watch_channel *c;

	if (at->engine >= w->n_engines || at->channel >= w->engines[at->engine]->n_channels)
		return NULL;
	c = w->engines[at->engine]->channels[at->channel];
	return at->group < c->n_groups ? c : NULL;
}

static const struct watch_group *group_at(const struct watch *w, const struct watch_group_at *at)
{
	return &channel_at(w, at)->groups[at->group];
}

/* The silent ones first, then by packets. */
static int compare(const void *one, const void *other, void *watch)
{
	const struct watch_group *a = group_at(watch, one), *b = group_at(watch, other);

	if (!a->silent_since_ns != !b->silent_since_ns)
		return a->silent_since_ns ? -1 : 1;
	return (a->packets < b->packets) - (a->packets > b->packets);
}

static int choose_groups(struct watch_state_json *s, size_t most)
{
	const struct watch *w = s->watch;
	const size_t n = most > 0 ? count_groups(w) : 0;

	s->groups = calloc(n + 1, sizeof(*s->groups));
	if (!s->groups)
		return -ENOMEM;
	for (unsigned e = 0; n > 0 && e < w->n_engines; e++)
		for (unsigned c = 0; c < w->engines[e]->n_channels; c++)
			for (uint32_t g = 0; g < w->engines[e]->channels[c]->n_groups; g++)
				s->groups[s->n_groups++] = (struct watch_group_at){e, c, g};
	if (n > most) {
		qsort_r(s->groups, n, sizeof(*s->groups), compare, (void *)(uintptr_t)w);
		s->n_groups = most;
	}
	return 0;
}

/* ---- lists: the row of an item, or NULL behind the last ---- */

static json_t *engine_row(const struct watch_state_json *s, size_t item)
{
	return item < s->watch->n_engines ? watch_row_engine(s->watch->engines[item]) : NULL;
}

static json_t *feed_row(const struct watch_state_json *s, size_t item)
{
	return item < s->watch->n_feeds ? watch_row_feed(s->watch->feeds[item]) : NULL;
}

static json_t *channel_row(const struct watch_state_json *s, size_t item)
{
	for (unsigned e = 0; e < s->watch->n_engines; e++) {
		const struct watch_engine *engine = s->watch->engines[e];

		if (item < engine->n_channels)
			return watch_row_channel(engine->channels[item]);
		item -= engine->n_channels;
	}
	return NULL;
}

static json_t *group_row(const struct watch_state_json *s, size_t item)
{
	const struct watch_channel *c = NULL;

	if (item < s->n_groups)
		c = channel_at(s->watch, &s->groups[item]);
	return c ? watch_row_group(c, group_at(s->watch, &s->groups[item])) : NULL;
}

static json_t *recording_row(const struct watch_state_json *s, size_t item)
{
	return item < s->watch->n_recorders ? watch_row_recording(s->watch->recorders[item]) : NULL;
}

/* The latest first. */
static json_t *alarm_row(const struct watch_state_json *s, size_t item)
{
	const struct watch *w = s->watch;

	if (item >= w->n_recent || item >= WATCH_RECENT)
		return NULL;
	return watch_row_alarm(&w->recent[(w->n_recent - 1 - item) % WATCH_RECENT]);
}

static const struct {
	const char *name;
	json_t *(*row)(const struct watch_state_json *s, size_t item);
} sections[] = {
    {"feeds", feed_row},     {"recent_alarms", alarm_row}, {"recordings", recording_row},
    {"engines", engine_row}, {"channels", channel_row},    {"groups", group_row},
};

#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* ---- the answer ---- */

static json_t *alarms_of(const struct watch *w)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < WATCH_ALARM_KINDS; i++)
		json_array_append_new(list, json_pack("{ss so so}", "kind", watch_alarm_word(i),
						      "raised", reply_number(w->alarms[i]), "now",
						      reply_number(w->alarms_now[i])));
	return list;
}

static json_t *commands_of(const struct watch *w)
{
	return json_pack("{so so so}", "run", reply_number(w->commands), "failed",
			 reply_number(w->commands_failed), "suppressed",
			 reply_number(w->commands_suppressed));
}

/* All but the lists, without the brace that ends it. */
int watch_state_begin(struct watch_state_json *s, struct reply_text *out, const struct watch *w,
		      size_t groups, uint64_t now_ns)
{
	json_t *head;
	int ret;

	*s = (struct watch_state_json){.watch = w};
	ret = choose_groups(s, groups);
	if (ret < 0)
		return ret;
	head = reply_head("watch", "mcring-watch", MCR_VERSION, w->started_ns, now_ns);
	json_object_set_new(head, "groups_total", reply_number(count_groups(w)));
	json_object_set_new(head, "alarms", alarms_of(w));
	json_object_set_new(head, "commands", commands_of(w));
	ret = reply_json(out, head);
	if (ret == 0)
		out->len--;
	return ret;
}

static int add_row(struct watch_state_json *s, struct reply_text *out)
{
	json_t *row = sections[s->section].row(s, s->item);
	int ret = 0;

	if (s->item == 0) {
		ret = reply_add(out, ",\"");
		ret = ret < 0 ? ret : reply_add(out, sections[s->section].name);
		ret = ret < 0 ? ret : reply_add(out, "\":[");
	} else if (row) {
		ret = reply_add(out, ",");
	}
	if (ret < 0) {
		json_decref(row);
		return ret;
	}
	if (row) {
		s->item++;
		return reply_json(out, row);
	}
	s->section++;
	s->item = 0;
	return reply_add(out, "]");
}

int watch_state_more(struct watch_state_json *s, struct reply_text *out)
{
	const size_t enough = out->len + OCTETS_A_CALL;
	int ret = 0;

	for (unsigned n = 0; n < ROWS_A_CALL && out->len < enough; n++) {
		if (s->section == SECTIONS)
			return reply_add(out, "}\n");
		ret = add_row(s, out);
		if (ret < 0)
			return ret;
	}
	return 1;
}

void watch_state_clear(struct watch_state_json *s)
{
	free(s->groups);
	s->groups = NULL;
	s->n_groups = 0;
}
