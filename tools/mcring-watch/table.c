/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/reply.h"
#include "../common/table.h"
#include "record/utc.h"
#include "rows.h"

#define GROUPS_SHOWN 10 /* that are silent */
#define ALARMS_SHOWN 8

static const struct ctl_column line_columns[] = {
    {"feed", "feed", CTL_PLAIN},
    {"line", "name", CTL_PLAIN},
    {"lost", "lost", CTL_PLAIN},
    {"filled", "filled", CTL_PLAIN},
    {"unsettled", "unsettled", CTL_PLAIN},
    {"differ", "mismatches", CTL_PLAIN},
    {"up", "up", CTL_YES_NO},
    {"down for", "down_since_ns", CTL_AGE},
    {"packets/s", "packets/s", CTL_PLAIN},
    {"first %", "first_percent", CTL_PLAIN},
    {"behind", "median_ns", CTL_DURATION},
    {"resolution", "resolution_ns", CTL_DURATION},
};
static const struct ctl_table lines = CTL_TABLE_OF("lines", line_columns, 2, 1);

static const struct ctl_column feed_columns[] = {
    {"feed", "name", CTL_PLAIN},
    {"wire gaps", "wire_gaps", CTL_PLAIN},
    {"messages", "wire_messages", CTL_PLAIN},
    {"host's", "host_messages", CTL_PLAIN},
    {"watch's", "ring_messages", CTL_PLAIN},
    {"late", "late_messages", CTL_PLAIN},
    {"resets", "resets", CTL_PLAIN},
    {"unannounced", "resets_unannounced", CTL_PLAIN},
    {"differ", "mismatches", CTL_PLAIN},
    {"silences", "silences", CTL_PLAIN},
    {"silent for", "silent_since_ns", CTL_AGE},
    {"messages/s", "messages/s", CTL_PLAIN},
    {"not read", "error", CTL_NOTE},
};
static const struct ctl_table feeds = CTL_TABLE("feeds", feed_columns);

static const struct ctl_column group_columns[] = {
    {"group", "group", CTL_PLAIN},
    {"port", "port", CTL_PLAIN},
    {"interface", "interface", CTL_PLAIN},
    {"channel", "channel", CTL_PLAIN},
    {"silent for", "silent_since_ns", CTL_AGE},
    {"silences", "silences", CTL_PLAIN},
};
static const struct ctl_table groups = CTL_TABLE("groups", group_columns);

static const struct ctl_column channel_columns[] = {
    {"channel", "name", CTL_PLAIN},
    {"engine", "engine", CTL_PLAIN},
    {"packets/s", "packets/s", CTL_PLAIN},
    {"bytes/s", "bytes/s", CTL_PLAIN},
    {"in 10 us", "10us", CTL_PLAIN},
    {"100 us", "100us", CTL_PLAIN},
    {"1 ms", "1ms", CTL_PLAIN},
    {"1 s", "1s", CTL_PLAIN},
    {"lost by the watch", "lost", CTL_PLAIN},
    {"blind for", "blind_since_ns", CTL_AGE},
    {"recording", "recording", CTL_PLAIN},
};
static const struct ctl_table channels = CTL_TABLE_OF("channels", channel_columns, 2, 0);

static const struct ctl_column recording_columns[] = {
    {"recording", "name", CTL_PLAIN},  {"triggers", "triggers", CTL_PLAIN},
    {"files", "whole", CTL_PLAIN},     {"held off", "held_off", CTL_PLAIN},
    {"failed", "failed", CTL_PLAIN},   {"reaches back", "oldest_ns", CTL_AGE},
    {"no room", "no_room", CTL_PLAIN}, {"writing", "writing", CTL_YES_NO},
    {"stopped", "error", CTL_NOTE},
};
static const struct ctl_table recordings = CTL_TABLE("recordings", recording_columns);

/* ---- rates ---- */

static json_int_t integer(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

/* Adds KEY/s to a row, by the counter that the row of this name had before. */
static void add_rate(const struct watch_table *t, json_t *kept, json_t *row, const char *name,
		     const char *key, double seconds)
{
	char of[3 * MCR_NAME_MAX + 64], rate[64];
	const json_t *before;
	const json_int_t now = integer(row, key);

	snprintf(of, sizeof(of), "%s %s", name, key);
	snprintf(rate, sizeof(rate), "%s/s", key);
	before = json_object_get(t->before, of);
	if (before && now >= json_integer_value(before) && seconds > 0)
		json_object_set_new(
		    row, rate,
		    json_integer(
			(json_int_t)((double)(now - json_integer_value(before)) / seconds + 0.5)));
	json_object_set_new(kept, of, json_integer(now));
}

/* ---- rows ---- */

static json_t *all_channels(const struct watch_table *t, json_t *kept, const struct watch *w,
			    double seconds)
{
	json_t *list = json_array(), *burst;
	char name[2 * MCR_NAME_MAX + 8];
	size_t at;

	for (unsigned e = 0; e < w->n_engines; e++)
		for (unsigned i = 0; i < w->engines[e]->n_channels; i++) {
			const struct watch_channel *c = w->engines[e]->channels[i];
			json_t *row = watch_row_channel(c);

			json_array_foreach(json_object_get(row, "bursts"), at, burst)
			    json_object_set(row,
					    json_string_value(json_object_get(burst, "window")),
					    json_object_get(burst, "packets"));
			snprintf(name, sizeof(name), "%s/%s", w->engines[e]->name, c->name);
			add_rate(t, kept, row, name, "packets", seconds);
			add_rate(t, kept, row, name, "bytes", seconds);
			json_array_append_new(list, row);
		}
	return list;
}

static void complete_line(json_t *row, const json_t *feed)
{
	const json_t *lead = json_object_get(row, "lead");
	const json_int_t packets = integer(row, "packets");

	json_object_set(row, "feed", json_object_get(feed, "name"));
	json_object_set(row, "median_ns", json_object_get(lead, "median_ns"));
	json_object_set(row, "resolution_ns", json_object_get(lead, "resolution_ns"));
	if (packets > 0)
		json_object_set_new(row, "first_percent",
				    json_integer(integer(row, "first") * 100 / packets));
}

/* The feeds' rows are in list; the lines, with the most loss first. */
static json_t *all_lines(const struct watch_table *t, json_t *kept, json_t *list, double seconds)
{
	json_t *found = json_array(), *feed, *row;
	char name[2 * MCR_NAME_MAX + 8];
	size_t i, k, at;

	json_array_foreach(list, i, feed)
	{
		const char *of = json_string_value(json_object_get(feed, "name"));

		snprintf(name, sizeof(name), "feed %s", of);
		add_rate(t, kept, feed, name, "messages", seconds);
		json_array_foreach(json_object_get(feed, "lines"), k, row)
		{
			complete_line(row, feed);
			snprintf(name, sizeof(name), "line %s/%s", of,
				 json_string_value(json_object_get(row, "name")));
			add_rate(t, kept, row, name, "packets", seconds);
			for (at = 0; at < json_array_size(found); at++)
				if (integer(json_array_get(found, at), "lost") <
				    integer(row, "lost"))
					break;
			json_array_insert(found, at, row);
		}
	}
	return found;
}

static json_t *silent_groups(const struct watch *w, size_t *n)
{
	json_t *list = json_array();

	*n = 0;
	for (unsigned e = 0; e < w->n_engines; e++)
		for (unsigned i = 0; i < w->engines[e]->n_channels; i++) {
			const struct watch_channel *c = w->engines[e]->channels[i];

			for (uint32_t g = 0; g < c->n_groups; g++)
				if (c->groups[g].silent_since_ns && (*n)++ < GROUPS_SHOWN)
					json_array_append_new(list,
							      watch_row_group(c, &c->groups[g]));
		}
	return list;
}

static json_t *all_rows(struct watch_table *t, const struct watch *w, uint64_t now_ns,
			size_t *n_silent)
{
	const double seconds = t->before ? (double)(now_ns - t->before_ns) / 1e9 : 0;
	json_t *all = json_object(), *kept = json_object(), *list = json_array();
	json_t *recordings_list = json_array();

	for (unsigned i = 0; i < w->n_feeds; i++)
		json_array_append_new(list, watch_row_feed(w->feeds[i]));
	json_object_set_new(all, "now_ns", reply_number(now_ns));
	json_object_set_new(all, "lines", all_lines(t, kept, list, seconds));
	json_object_set_new(all, "feeds", list);
	json_object_set_new(all, "groups", silent_groups(w, n_silent));
	for (unsigned i = 0; i < w->n_recorders; i++)
		json_array_append_new(recordings_list, watch_row_recording(w->recorders[i]));
	json_object_set_new(all, "recordings", recordings_list);
	json_object_set_new(all, "channels", all_channels(t, kept, w, seconds));
	json_decref(t->before);
	t->before = kept;
	t->before_ns = now_ns;
	return all;
}

/* ---- the screen ---- */

static size_t count_groups(const struct watch *w)
{
	size_t n = 0;

	for (unsigned e = 0; e < w->n_engines; e++)
		for (unsigned i = 0; i < w->engines[e]->n_channels; i++)
			n += w->engines[e]->channels[i]->n_groups;
	return n;
}

static void print_head(FILE *out, const struct watch *w, size_t n_silent, uint64_t now_ns)
{
	char time[UTC_TEXT];
	const char *between = "";

	fprintf(out, "mcring-watch at %s: %u feed%s, %zu groups, %zu of them silent\n",
		utc_text(time, now_ns), w->n_feeds, w->n_feeds == 1 ? "" : "s", count_groups(w),
		n_silent);
	fprintf(out, "alarms now: ");
	for (unsigned i = 0; i < WATCH_ALARM_KINDS; i++)
		if (w->alarms_now[i] > 0) {
			fprintf(out, "%s%s %" PRIu64, between, watch_alarm_word(i),
				w->alarms_now[i]);
			between = ", ";
		}
	fprintf(out, "%s\n", between[0] ? "" : "none");
}

/* The latest first. */
static void print_alarms(FILE *out, const struct watch *w)
{
	const uint64_t n = w->n_recent < ALARMS_SHOWN ? w->n_recent : ALARMS_SHOWN;
	char time[UTC_TEXT];

	if (n > 0)
		fputc('\n', out);
	for (uint64_t i = 1; i <= n; i++) {
		const struct watch_alarm *a = &w->recent[(w->n_recent - i) % WATCH_RECENT];

		fprintf(out, "%s %s%s %s%s%s%s\n", utc_text(time, a->ns), watch_alarm_word(a->kind),
			a->is_over ? " over:" : ":", a->feed, a->feed[0] ? ": " : "", a->text,
			a->feed[0] || !a->channel[0] ? "" : a->channel);
	}
}

char *watch_table_text(struct watch_table *t, const struct watch *w, size_t columns,
		       uint64_t now_ns, size_t *len)
{
	static const struct ctl_table *const tables[] = {&lines, &feeds, &groups, &channels,
							 &recordings};
	size_t n_silent = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	json_t *all;

	if (!out)
		return NULL;
	all = all_rows(t, w, now_ns, &n_silent);
	print_head(out, w, n_silent, now_ns);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		ctl_print_table_in(out, tables[i], all, columns);
	print_alarms(out, w);
	json_decref(all);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

void watch_table_clear(struct watch_table *t)
{
	json_decref(t->before);
	t->before = NULL;
}

/* Clears the rest of each line and of the screen. What is no printable ASCII is "?": a name must
 * not move the cursor. */
char *watch_table_screen(char *text, unsigned rows, size_t columns, size_t *len)
{
	const char *rest = text;
	char *screen = NULL;
	FILE *out = open_memstream(&screen, len);

	for (unsigned row = 0; out && row + 1 < rows && *rest; row++) {
		const size_t n = strcspn(rest, "\n");

		fputs(row == 0 ? "\033[H" : "", out);
		for (size_t i = 0; i < n && i < columns; i++)
			fputc(rest[i] < ' ' || rest[i] > '~' ? '?' : rest[i], out);
		fputs("\033[K\n", out);
		rest += n + (rest[n] == '\n');
	}
	free(text);
	if (!out)
		return NULL;
	fputs("\033[J", out);
	if (fclose(out) == 0)
		return screen;
	free(screen);
	return NULL;
}
