/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/why/why_verdict.h"

static void clean(char *text)
{
	for (; *text; text++) {
		if (*text == '"')
			*text = '\'';
		else if (*text < ' ' || *text > '~' || *text == '\\')
			*text = '?';
	}
}

void mcr_why_vsay(char *buf, size_t cap, const char *format, va_list args)
{
	vsnprintf(buf, cap, format, args);
	clean(buf);
}

void mcr_why_say(char *buf, size_t cap, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	mcr_why_vsay(buf, cap, format, args);
	va_end(args);
}

void mcr_why_line(struct mcr_why_lines *lines, const char *format, ...)
{
	char *line;
	va_list args;

	if (lines->n == MCR_WHY_LINES_MAX)
		return;
	line = lines->line[lines->n];
	va_start(args, format);
	mcr_why_vsay(line, MCR_WHY_LINE, format, args);
	va_end(args);
	for (unsigned i = 0; i < lines->n; i++)
		if (strcmp(lines->line[i], line) == 0)
			return;
	lines->n++;
}

static int by_weight(const void *a, const void *b)
{
	const struct mcr_why_finding *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity < y->severity ? -1 : 1;
	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	if (x->groups != y->groups)
		return x->groups > y->groups ? -1 : 1;
	return strcmp(x->text, y->text);
}

static int by_suspect(const void *a, const void *b)
{
	const struct mcr_why_candidate *x = a, *y = b;

	return (int)x->suspect - (int)y->suspect;
}

struct mcr_why_finding *mcr_why_find(struct mcr_why_verdict *verdict, enum mcr_why_code code,
				     enum mcr_why_severity severity)
{
	struct mcr_why_finding *finding = verdict->findings, *f;

	if (verdict->n_findings < MCR_WHY_FINDINGS_MAX) {
		finding = &verdict->findings[verdict->n_findings++];
	} else {
		for (f = finding + 1; f < verdict->findings + MCR_WHY_FINDINGS_MAX; f++)
			if (by_weight(finding, f) < 0)
				finding = f;
		if (finding->severity < severity ||
		    (finding->severity == severity && finding->code <= code))
			finding = &verdict->spare;
	}
	memset(finding, 0, sizeof(*finding));
	finding->code = code;
	finding->severity = severity;
	return finding;
}

struct mcr_why_candidate *mcr_why_suspect(struct mcr_why_verdict *verdict,
					  enum mcr_why_suspect suspect)
{
	struct mcr_why_candidate *candidate = verdict->candidates;

	while (candidate < verdict->candidates + verdict->n_candidates &&
	       candidate->suspect != suspect)
		candidate++;
	if (candidate == verdict->candidates + verdict->n_candidates) {
		memset(candidate, 0, sizeof(*candidate));
		candidate->suspect = suspect;
		verdict->n_candidates++;
	}
	return candidate;
}

/* Groups without data, and no fault is proven. */
static int is_undecided(const struct mcr_why_finding *f)
{
	return f->severity == MCR_WHY_WARNING && f->groups > 0 && !f->flows;
}

static enum mcr_why_exit exit_of(const struct mcr_why_verdict *verdict)
{
	enum mcr_why_exit found = MCR_WHY_FLOWS;

	for (unsigned i = 0; i < verdict->n_findings; i++)
		if (verdict->findings[i].severity == MCR_WHY_FAULT)
			return MCR_WHY_CAUSE;
		else if (is_undecided(&verdict->findings[i]))
			found = MCR_WHY_UNDECIDED;
	return found;
}

void mcr_why_sort(struct mcr_why_verdict *verdict)
{
	verdict->exit = exit_of(verdict);
	qsort(verdict->findings, verdict->n_findings, sizeof(verdict->findings[0]), by_weight);
	qsort(verdict->candidates, verdict->n_candidates, sizeof(verdict->candidates[0]),
	      by_suspect);
}
