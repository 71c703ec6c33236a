/* SPDX-License-Identifier: BSD-3-Clause */
#include "rows.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX    1024 /* of a list, but of groups */
#define STEPS_MAX   3
#define MEMBERS_MAX 5 /* that tell a row from others */

void scope_label(struct scope *s, const char *name, const char *value)
{
	if (s->n_labels < LABELS_MAX)
		s->labels[s->n_labels++] = (struct label){name, value};
}

void scope_add(struct scope *s, uint64_t value)
{
	series_add(s->out, s->labels, s->n_labels, value);
}

void scope_add_ns(struct scope *s, uint64_t ns)
{
	series_add_ns(s->out, s->labels, s->n_labels, ns);
}

/* ---- values ---- */

/* Returns 0 with a number that is not negative, or -1. */
static int number_of(const json_t *value, uint64_t *out)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return -1;
	*out = (uint64_t)json_integer_value(value);
	return 0;
}

int scope_number(const json_t *row, const char *key, uint64_t *out)
{
	return number_of(json_object_get(row, key), out);
}

static void add_cycles(struct scope *s, const json_t *row, uint64_t cycles)
{
	uint64_t hz;

	/* Split, so that centuries of cycles do not overflow. */
	if (scope_number(row, "tsc_hz", &hz) == 0 && hz > 0 && hz < UINT64_MAX / SECOND_NS)
		scope_add_ns(s, cycles / hz * SECOND_NS + cycles % hz * SECOND_NS / hz);
}

static void add_number(struct scope *s, const json_t *row, uint64_t n)
{
	uint64_t published;

	switch (s->family->form) {
	case FORM_NUMBER:
		scope_add(s, n);
		break;
	case FORM_SECONDS:
		scope_add_ns(s, n);
		break;
	case FORM_MBPS:
		scope_add(s, n * 125000);
		break;
	case FORM_CYCLES:
		add_cycles(s, row, n);
		break;
	case FORM_BEHIND:
		if (scope_number(row, "published", &published) == 0)
			scope_add(s, published > n ? published - n : 0);
		break;
	case FORM_ABOVE:
		scope_add_ns(s, n);
		break;
	case FORM_BELOW:
		scope_add_ns(s, 0);
		break;
	case FORM_YES:
	case FORM_US:
	case FORM_KNOWN:
		break;
	}
}

/* A number below 0. */
static void add_negative(struct scope *s, json_int_t n)
{
	if (s->family->form == FORM_ABOVE)
		scope_add_ns(s, 0);
	else if (s->family->form == FORM_BELOW)
		scope_add_ns(s, 0 - (uint64_t)n);
}

static void add_value(struct scope *s, const json_t *row, const json_t *value)
{
	uint64_t n;

	if (s->family->form == FORM_YES && json_is_boolean(value))
		scope_add(s, json_is_true(value));
	else if (s->family->form == FORM_US && json_is_string(value))
		scope_add(s, strcmp(json_string_value(value), "us") == 0);
	else if (s->family->form == FORM_KNOWN && (json_is_integer(value) || json_is_null(value)))
		scope_add(s, json_is_integer(value));
	else if (number_of(value, &n) == 0)
		add_number(s, row, n);
	else if (json_is_integer(value))
		add_negative(s, json_integer_value(value));
}

/* ---- rows ---- */

static void add_reasons(struct scope *s, const json_t *reasons)
{
	const size_t n_labels = s->n_labels;
	unsigned n = 0;
	const char *reason;
	json_t *value;

	json_object_foreach((json_t *)reasons, reason, value)
	{
		if (n++ >= REASONS_MAX)
			break;
		scope_label(s, "reason", reason);
		add_value(s, NULL,
			  json_is_object(value) ? json_object_get(value, "time_ns") : value);
		s->n_labels = n_labels;
	}
}

static void add_protocols(struct scope *s, const json_t *row)
{
	static const char *const protocols[] = {"igmp", "mld"};
	const size_t n_labels = s->n_labels;
	char key[64];

	for (size_t i = 0; i < 2; i++) {
		snprintf(key, sizeof(key), "%s_%s", protocols[i], s->family->key);
		scope_label(s, "protocol", protocols[i]);
		add_value(s, row, json_object_get(row, key));
		s->n_labels = n_labels;
	}
}

/* Adds the label of a member: a text, a number, or null, which is none. buf: for the number.
 * Returns 0 or -1. */
static int label_member(struct scope *s, const char *name, const json_t *row, const char *key,
			char buf[24])
{
	const json_t *value = json_object_get(row, key);

	buf[0] = '\0';
	if (json_is_integer(value))
		snprintf(buf, 24, "%lld", (long long)json_integer_value(value));
	else if (!json_is_string(value) && !json_is_null(value))
		return -1;
	scope_label(s, name, json_is_string(value) ? json_string_value(value) : buf);
	return 0;
}

static void add_consumer(struct scope *s, const json_t *row)
{
	const json_t *id = json_object_get(row, "id");
	const struct reader *reader = readers_find(&s->source->readers, json_integer_value(id));
	char name[READER_LABEL + 16];

	if (!json_is_integer(id) || !reader) {
		s->out->left_out++;
		return;
	}
	if (reader->number == 1)
		snprintf(name, sizeof(name), "%s", reader->label);
	else
		snprintf(name, sizeof(name), "%s#%u", reader->label, reader->number);
	scope_label(s, "channel", reader->channel);
	scope_label(s, "consumer", name);
	add_value(s, row, json_object_get(row, s->family->key));
}

/* Where the rows of a level are, and what tells them from each other: a list, or a list in each row
 * of it, and so on. An object in place of a list is one row. */
static const struct level {
	struct step {
		const char *list;
		const char *labels[MEMBERS_MAX], *keys[MEMBERS_MAX];
	} steps[STEPS_MAX];
} levels[FAMILY_LEVELS] = {
#define FEEDS                              \
	{                                  \
		"feeds", {"from", "feed"}, \
		{                          \
			"engine", "name"   \
		}                          \
	}
#define LINES                      \
	{                          \
		"lines", {"line"}, \
		{                  \
			"name"     \
		}                  \
	}
#define CHANNELS                                 \
	{                                        \
		"channels", {"from", "channel"}, \
		{                                \
			"engine", "name"         \
		}                                \
	}
#define BURSTS                        \
	{                             \
		"bursts", {"window"}, \
		{                     \
			"window"      \
		}                     \
	}
    [FAMILY_CONTROL] = {{{"control", {NULL}, {NULL}}}},
    [FAMILY_PORT] = {{{"ports", {"port"}, {"name"}}}},
    [FAMILY_LCORE] = {{{"lcores", {"lcore"}, {"lcore"}}}},
    [FAMILY_INTERFACE] = {{{"interfaces", {"interface"}, {"name"}}}},
    [FAMILY_PROTOCOL] = {{{"interfaces", {"interface"}, {"name"}}}},
    [FAMILY_QUERIER] = {{{"queriers", {"interface", "protocol"}, {"interface", "protocol"}}}},
    [FAMILY_RELAY] = {{{"relay", {"interface"}, {"interface"}}}},
    [FAMILY_CHANNEL] = {{{"channels", {"channel"}, {"name"}}}},
    [FAMILY_CONSUMER] = {{{"consumers", {NULL}, {NULL}}}},
    [FAMILY_GROUP] = {{{"groups", {"interface", "group"}, {"interface", "group"}}}},
    [FAMILY_FEED] = {{FEEDS}},
    [FAMILY_LINE] = {{FEEDS, LINES}},
    [FAMILY_LINE_LEAD] = {{FEEDS, LINES, {"lead", {NULL}, {NULL}}}},
    [FAMILY_LINE_BURST] = {{FEEDS, LINES, BURSTS}},
    [FAMILY_WATCHED_CHANNEL] = {{CHANNELS}},
    [FAMILY_CHANNEL_BURST] = {{CHANNELS, BURSTS}},
    [FAMILY_WATCHED_GROUP] = {{{"groups",
				{"from", "channel", "interface", "group", "port"},
				{"engine", "channel", "interface", "group", "port"}}}},
    [FAMILY_RECORDING] = {{{"recordings", {"recording"}, {"name"}}}},
    [FAMILY_ALARM] = {{{"alarms", {"kind"}, {"kind"}}}},
    [FAMILY_COMMAND] = {{{"commands", {NULL}, {NULL}}}},
    [FAMILY_SINK] = {{{"sink", {"sink", "broker"}, {"name", "broker"}}}},
    [FAMILY_SINK_SOURCE] = {{{"sources", {"from", "kind", "source"}, {"engine", "kind", "name"}}}},
#undef FEEDS
#undef LINES
#undef CHANNELS
#undef BURSTS
};

/* A channel of one program is called NAME/PID and comes and goes with it. */
static int is_of_program(const struct scope *s, const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "name"));

	return s->family->level == FAMILY_CHANNEL && name && strchr(name, '/');
}

static void add_row(struct scope *s, const json_t *row)
{
	if (s->family->level == FAMILY_CONSUMER)
		add_consumer(s, row);
	else if (s->family->level == FAMILY_PROTOCOL)
		add_protocols(s, row);
	else if (!is_of_program(s, row))
		add_value(s, row, json_object_get(row, s->family->key));
}

/* Returns 0, or -1 for a row that lacks what tells it from others. */
static int label_row(struct scope *s, const struct step *step, const json_t *row, char bufs[][24])
{
	for (size_t i = 0; i < MEMBERS_MAX && step->labels[i]; i++)
		if (label_member(s, step->labels[i], row, step->keys[i], bufs[i]) < 0)
			return -1;
	return 0;
}

static size_t rows_max(const struct scope *s)
{
	const enum family_level level = s->family->level;

	return level == FAMILY_GROUP || level == FAMILY_WATCHED_GROUP ? s->source->groups
								      : ROWS_MAX;
}

static void add_rows(struct scope *s, unsigned at, const json_t *parent);

static void add_step(struct scope *s, unsigned at, const json_t *row)
{
	const struct step *step = &levels[s->family->level].steps[at];
	const size_t n_labels = s->n_labels;
	char bufs[MEMBERS_MAX][24];

	if (label_row(s, step, row, bufs) == 0) {
		if (at + 1 < STEPS_MAX && step[1].list)
			add_rows(s, at + 1, row);
		else
			add_row(s, row);
	}
	s->n_labels = n_labels;
}

static void add_rows(struct scope *s, unsigned at, const json_t *parent)
{
	const json_t *list = json_object_get(parent, levels[s->family->level].steps[at].list), *row;
	const size_t max = rows_max(s);
	size_t i;

	if (json_is_object(list))
		add_step(s, at, list);
	json_array_foreach(list, i, row)
	{
		if (i >= max) {
			s->out->left_out += json_array_size(list) - i;
			break;
		}
		add_step(s, at, row);
	}
}

/* Who is no engine says so. Its lists have names of an engine's, and rows of another kind. */
static const struct program {
	const char *name;
	enum family_level first; /* of its levels, which end with the next one's */
} programs[] = {{"mcring-watch", FAMILY_FEED}, {"mcring-sink", FAMILY_SINK}};

#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))

/* Which of the programs has this answer; PROGRAMS: none, so it is an engine's. */
static size_t program_of(const json_t *stats)
{
	const char *name = json_string_value(json_object_get(stats, "program"));
	size_t i;

	for (i = 0; i < PROGRAMS && (!name || strcmp(name, programs[i].name) != 0);)
		i++;
	return i;
}

/* Likewise of a level. */
static size_t program_of_level(enum family_level level)
{
	for (size_t i = PROGRAMS; i > 0; i--)
		if (level >= programs[i - 1].first)
			return i - 1;
	return PROGRAMS;
}

void scope_family(struct scope *s)
{
	const enum family_level level = s->family->level;
	const json_t *stats = s->source->stats;

	if (level != FAMILY_ANY && program_of(stats) != program_of_level(level))
		return;
	if (level == FAMILY_ANY || level == FAMILY_ENGINE)
		add_value(s, stats, json_object_get(stats, s->family->key));
	else if (level == FAMILY_DROP)
		add_reasons(s, json_object_get(stats, s->family->key));
	else
		add_rows(s, 0, stats);
}
