/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics.h"

#include <errno.h>
#include <string.h>

#include "family.h"
#include "rows.h"

#define OWN_MAX (SOURCES_MAX + 8) /* series of the exporter itself */

static void write_families(struct series *out, const struct sources *sources)
{
	for (size_t f = 0; f < n_families; f++) {
		series_family(out, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < sources->n; i++) {
			struct scope s = {out, sources->list[i], &families[f], {{NULL, NULL}}, 0};

			scope_label(&s, "engine", s.source->name);
			scope_family(&s);
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

		scope_label(&s, "engine", s.source->name);
		one(&s);
	}
}

static void up(struct scope *s)
{
	scope_label(s, "socket", s->source->path);
	scope_add(s, (uint64_t)s->source->is_up);
}

static void build_info(struct scope *s)
{
	const char *version = json_string_value(json_object_get(s->source->stats, "version"));

	if (!s->source->stats)
		return;
	scope_label(s, "version", version ? version : "");
	scope_add(s, 1);
}

static void took(struct scope *s)
{
	if (s->source->questions > 0)
		scope_add_ns(s, s->source->took_ns);
}

static void octets(struct scope *s)
{
	if (s->source->questions > 0)
		scope_add(s, s->source->octets);
}

static void questions(struct scope *s)
{
	scope_add(s, s->source->questions);
}

static void failures(struct scope *s)
{
	scope_add(s, s->source->failures);
}

static void verdict(struct scope *s)
{
	uint64_t n;

	if (scope_number(s->source->why, "exit", &n) == 0)
		scope_add(s, n);
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
		(void)scope_number(finding, "groups", &groups);
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
		scope_label(s, "code", sums[i].code);
		scope_label(s, "severity", sums[i].severity);
		scope_add(s, of_groups ? sums[i].groups : sums[i].findings);
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
