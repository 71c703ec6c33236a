/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "family.h"

#define ROWS_MAX    1024              /* of a list, but of groups */
#define REASONS_MAX 64                /* of drops, and codes of findings */
#define LABELS_MAX  3                 /* of a series */
#define OWN_MAX     (SOURCES_MAX + 8) /* series of the exporter itself */

/* Whose series they are. */
struct scope {
	struct series *out;
	const struct source *source;
	const struct family *family;
	struct label labels[LABELS_MAX];
	size_t n_labels;
};

static void label(struct scope *s, const char *name, const char *value)
{
	if (s->n_labels < LABELS_MAX)
		s->labels[s->n_labels++] = (struct label){name, value};
}

static void add(struct scope *s, uint64_t value)
{
	series_add(s->out, s->labels, s->n_labels, value);
}

static void add_ns(struct scope *s, uint64_t ns)
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

static int member_of(const json_t *row, const char *key, uint64_t *out)
{
	return number_of(json_object_get(row, key), out);
}

static void add_cycles(struct scope *s, const json_t *row, uint64_t cycles)
{
	uint64_t hz;

	/* Split, so that centuries of cycles do not overflow. */
	if (member_of(row, "tsc_hz", &hz) == 0 && hz > 0 && hz < UINT64_MAX / SECOND_NS)
		add_ns(s, cycles / hz * SECOND_NS + cycles % hz * SECOND_NS / hz);
}

static void add_number(struct scope *s, const json_t *row, uint64_t n)
{
	uint64_t published;

	switch (s->family->form) {
	case FORM_NUMBER:
		add(s, n);
		break;
	case FORM_SECONDS:
		add_ns(s, n);
		break;
	case FORM_MBPS:
		add(s, n * 125000);
		break;
	case FORM_CYCLES:
		add_cycles(s, row, n);
		break;
	case FORM_BEHIND:
		if (member_of(row, "published", &published) == 0)
			add(s, published > n ? published - n : 0);
		break;
	case FORM_YES:
	case FORM_US:
		break;
	}
}

static void add_value(struct scope *s, const json_t *row, const json_t *value)
{
	uint64_t n;

	if (s->family->form == FORM_YES && json_is_boolean(value))
		add(s, json_is_true(value));
	else if (s->family->form == FORM_US && json_is_string(value))
		add(s, strcmp(json_string_value(value), "us") == 0);
	else if (number_of(value, &n) == 0)
		add_number(s, row, n);
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
		label(s, "reason", reason);
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
		label(s, "protocol", protocols[i]);
		add_value(s, row, json_object_get(row, key));
		s->n_labels = n_labels;
	}
}

/* Adds the label of a member, a text or a number. buf: for the number. Returns 0 or -1. */
static int label_member(struct scope *s, const char *name, const json_t *row, const char *key,
			char buf[24])
{
	const json_t *value = json_object_get(row, key);

	if (json_is_integer(value))
		snprintf(buf, 24, "%lld", (long long)json_integer_value(value));
	else if (!json_is_string(value))
		return -1;
	label(s, name, json_is_string(value) ? json_string_value(value) : buf);
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
	label(s, "channel", reader->channel);
	label(s, "consumer", name);
	add_value(s, row, json_object_get(row, s->family->key));
}

/* Where the rows of a level are, and what tells them from each other. */
static const struct level {
	const char *list;
	const char *labels[2], *keys[2];
} levels[FAMILY_LEVELS] = {
    [FAMILY_PORT] = {"ports", {"port"}, {"name"}},
    [FAMILY_LCORE] = {"lcores", {"lcore"}, {"lcore"}},
    [FAMILY_INTERFACE] = {"interfaces", {"interface"}, {"name"}},
    [FAMILY_PROTOCOL] = {"interfaces", {"interface"}, {"name"}},
    [FAMILY_QUERIER] = {"queriers", {"interface", "protocol"}, {"interface", "protocol"}},
    [FAMILY_RELAY] = {"relay", {"interface"}, {"interface"}},
    [FAMILY_CHANNEL] = {"channels", {"channel"}, {"name"}},
    [FAMILY_CONSUMER] = {"consumers", {NULL}, {NULL}},
    [FAMILY_GROUP] = {"groups", {"interface", "group"}, {"interface", "group"}},
};

/* A channel of one program is called NAME/PID and comes and goes with it. */
static int is_of_program(const struct scope *s, const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "name"));

	return s->family->level == FAMILY_CHANNEL && name && strchr(name, '/');
}

static void add_row(struct scope *s, const struct level *level, const json_t *row)
{
	char bufs[2][24];

	for (size_t i = 0; i < 2 && level->labels[i]; i++)
		if (label_member(s, level->labels[i], row, level->keys[i], bufs[i]) < 0)
			return;
	if (s->family->level == FAMILY_CONSUMER)
		add_consumer(s, row);
	else if (s->family->level == FAMILY_PROTOCOL)
		add_protocols(s, row);
	else if (!is_of_program(s, row))
		add_value(s, row, json_object_get(row, s->family->key));
}

static void add_rows(struct scope *s)
{
	const struct level *level = &levels[s->family->level];
	const json_t *list = json_object_get(s->source->stats, level->list), *row;
	const size_t max = s->family->level == FAMILY_GROUP ? s->source->groups : ROWS_MAX;
	const size_t n_labels = s->n_labels;
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (i >= max) {
			s->out->left_out += json_array_size(list) - i;
			break;
		}
		add_row(s, level, row);
		s->n_labels = n_labels;
	}
}

static void add_family(struct scope *s)
{
	const json_t *stats = s->source->stats;

	switch (s->family->level) {
	case FAMILY_ENGINE:
		add_value(s, stats, json_object_get(stats, s->family->key));
		break;
	case FAMILY_DROP:
		add_reasons(s, json_object_get(stats, s->family->key));
		break;
	case FAMILY_CONTROL:
		add_value(s, stats,
			  json_object_get(json_object_get(stats, "control"), s->family->key));
		break;
	default:
		add_rows(s);
	}
}

static void write_families(struct series *out, const struct sources *sources)
{
	for (size_t f = 0; f < n_families; f++) {
		series_family(out, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < sources->n; i++) {
			struct scope s = {out, sources->list[i], &families[f], {{NULL, NULL}}, 0};

			label(&s, "engine", s.source->name);
			add_family(&s);
		}
	}
}

/* ---- what is not a member of a row ---- */

/* Calls one() for each source, with the label `engine`. */
static void each(struct series *out, const struct sources *sources, const char *name,
		 const char *type, const char *help, void (*one)(struct scope *s))
{
	series_family(out, name, type, help);
	for (size_t i = 0; i < sources->n; i++) {
		struct scope s = {out, sources->list[i], NULL, {{NULL, NULL}}, 0};

		label(&s, "engine", s.source->name);
		one(&s);
	}
}

static void up(struct scope *s)
{
	label(s, "socket", s->source->path);
	add(s, (uint64_t)s->source->is_up);
}

static void build_info(struct scope *s)
{
	const char *version = json_string_value(json_object_get(s->source->stats, "version"));

	if (!s->source->stats)
		return;
	label(s, "version", version ? version : "");
	add(s, 1);
}

static void took(struct scope *s)
{
	if (s->source->questions > 0)
		add_ns(s, s->source->took_ns);
}

static void octets(struct scope *s)
{
	if (s->source->questions > 0)
		add(s, s->source->octets);
}

static void questions(struct scope *s)
{
	add(s, s->source->questions);
}

static void failures(struct scope *s)
{
	add(s, s->source->failures);
}

static void verdict(struct scope *s)
{
	uint64_t n;

	if (member_of(s->source->why, "exit", &n) == 0)
		add(s, n);
}

/* How many findings have the same code and severity. */
struct sum {
	const char *code, *severity;
	uint64_t findings, groups;
};

static size_t sum_findings(const json_t *why, struct sum sums[REASONS_MAX])
{
	const json_t *finding;
	size_t i, k, n = 0;

	json_array_foreach(json_object_get(why, "findings"), i, finding)
	{
		const char *code = json_string_value(json_object_get(finding, "code"));
		const char *severity = json_string_value(json_object_get(finding, "severity"));
		uint64_t groups = 0;

		if (!code || !severity)
			continue;
		for (k = 0; k < n && (strcmp(sums[k].code, code) != 0 ||
				      strcmp(sums[k].severity, severity) != 0);)
			k++;
		if (k == REASONS_MAX)
			continue;
		if (k == n)
			sums[n++] = (struct sum){code, severity, 0, 0};
		(void)member_of(finding, "groups", &groups);
		sums[k].findings++;
		sums[k].groups += groups;
	}
	return n;
}

static void add_findings(struct scope *s, int of_groups)
{
	struct sum sums[REASONS_MAX];
	const size_t n = sum_findings(s->source->why, sums), n_labels = s->n_labels;

	for (size_t i = 0; i < n; i++) {
		label(s, "code", sums[i].code);
		label(s, "severity", sums[i].severity);
		add(s, of_groups ? sums[i].groups : sums[i].findings);
		s->n_labels = n_labels;
	}
}

static void findings(struct scope *s)
{
	add_findings(s, 0);
}

static void finding_groups(struct scope *s)
{
	add_findings(s, 1);
}

static void write_sources(struct series *out, const struct sources *sources)
{
	each(out, sources, "mcring_up", "gauge", "Whether the engine answered the last question.",
	     up);
	each(out, sources, "mcring_build_info", "gauge", "The engine's version.", build_info);
	each(out, sources, "mcring_answer_duration_seconds", "gauge",
	     "Time from the last question to the end of its answers.", took);
	each(out, sources, "mcring_answer_size_bytes", "gauge",
	     "Octets of the answers to the last question.", octets);
	each(out, sources, "mcring_questions_total", "counter",
	     "How often the exporter asked the engine.", questions);
	each(out, sources, "mcring_questions_failed_total", "counter",
	     "How often it got no answer.", failures);
	each(out, sources, "mcring_verdict", "gauge",
	     "Exit status of `mcring-ctl why`: 0 data flows, 1 a cause on this host, 2 not "
	     "decidable here.",
	     verdict);
	each(out, sources, "mcring_findings", "gauge", "Findings of `mcring-ctl why`.", findings);
	each(out, sources, "mcring_finding_groups", "gauge", "Groups that these findings are of.",
	     finding_groups);
}

static void write_own(struct series *out, const struct sources *sources, uint64_t now_ns)
{
	const struct label version = {"version", MCR_VERSION};
	uint64_t n;

	series_family(out, "mcring_answer_age_seconds", "gauge",
		      "Time since the answer came that is shown here.");
	for (size_t i = 0; i < sources->n; i++)
		if (sources->list[i]->stats)
			series_add_ns(out, &(struct label){"engine", sources->list[i]->name}, 1,
				      now_ns - sources->list[i]->answered_ns);
	series_family(out, "mcring_exporter_build_info", "gauge", "The exporter's version.");
	series_add(out, &version, 1, 1);
	series_family(out, "mcring_exporter_sockets", "gauge", "Stats sockets that are read.");
	series_add(out, NULL, 0, sources->n);
	series_family(out, "mcring_exporter_sockets_left_out", "gauge",
		      "Stats sockets that are too many, or whose path is too long.");
	series_add(out, NULL, 0, sources->left_out);
	series_family(out, "mcring_exporter_series_left_out", "gauge",
		      "Series that are too many, or came twice.");
	series_add(out, NULL, 0, out->left_out);
	series_family(out, "mcring_exporter_series", "gauge",
		      "Series of this answer, this one included.");
	n = out->n + 1;
	series_add(out, NULL, 0, n);
}

int metrics_write(struct series *out, const struct sources *sources, uint64_t now_ns)
{
	out->n_max -= OWN_MAX; /* what says how much is left out is never left out */
	write_sources(out, sources);
	write_families(out, sources);
	out->n_max += OWN_MAX;
	write_own(out, sources, now_ns);
	return out->failed ? -ENOMEM : 0;
}
