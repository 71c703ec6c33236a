/* SPDX-License-Identifier: BSD-3-Clause */
#include "health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define LINE_MAX_OCTETS 512
#define FAULTS_MAX      64 /* of an engine */

static void write_line(FILE *out, const struct source *s, const char *what, const char *text)
{
	char line[LINE_MAX_OCTETS], name[SOURCE_PATH];

	text_copy(name, sizeof(name), s->name);
	text_copy(line, sizeof(line), text);
	fprintf(out, "%s: %s%s\n", name, what, line);
}

/* Returns how many faults there are. */
static unsigned write_faults(FILE *out, const struct source *s)
{
	const json_t *finding;
	unsigned n = 0;
	size_t i;

	json_array_foreach(json_object_get(s->why, "findings"), i, finding)
	{
		const char *severity = json_string_value(json_object_get(finding, "severity"));
		const char *text = json_string_value(json_object_get(finding, "text"));

		if (!severity || strcmp(severity, "fault") != 0)
			continue;
		if (++n <= FAULTS_MAX)
			write_line(out, s, "fault: ", text ? text : "without a text");
	}
	return n;
}

char *health_write(const struct sources *sources, size_t *len, int *is_well)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	*is_well = sources->n > 0;
	if (sources->n == 0)
		fprintf(out, "no engine: no run directory has a stats socket\n");
	for (size_t i = 0; i < sources->n; i++) {
		const struct source *s = sources->list[i];

		if (!s->is_up)
			write_line(out, s, "does not answer: ", s->error);
		if (!s->is_up || write_faults(out, s) > 0)
			*is_well = 0;
	}
	if (*is_well)
		fprintf(out, "ok\n");
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
