/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void ctl_clock_text(char *cell, json_int_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(cell, CTL_CELL_MAX, "%FT%T", &tm);
	snprintf(cell + n, CTL_CELL_MAX - n, ".%06dZ", (int)(ns % 1000000000 / 1000));
}

static void duration_text(char *cell, json_int_t ns)
{
	if (ns < 10000)
		snprintf(cell, CTL_CELL_MAX, "%lld ns", (long long)ns);
	else if (ns < 10000000)
		snprintf(cell, CTL_CELL_MAX, "%.1f us", (double)ns / 1e3);
	else if (ns < 10000000000)
		snprintf(cell, CTL_CELL_MAX, "%.1f ms", (double)ns / 1e6);
	else
		snprintf(cell, CTL_CELL_MAX, "%.1f s", (double)ns / 1e9);
}

static void cell_text(char *cell, const struct ctl_column *c, const json_t *row)
{
	const json_t *value = json_object_get(row, c->key);

	strcpy(cell, "-");
	if (json_is_string(value) && json_string_length(value) > 0)
		snprintf(cell, CTL_CELL_MAX, "%s", json_string_value(value));
	else if (json_is_boolean(value))
		strcpy(cell, json_is_true(value) ? "yes" : "no");
	else if (json_is_integer(value) && c->form == CTL_CLOCK)
		ctl_clock_text(cell, json_integer_value(value));
	else if (json_is_integer(value) && c->form == CTL_SECONDS)
		snprintf(cell, CTL_CELL_MAX, "%.1f", (double)json_integer_value(value) / 1e9);
	else if (json_is_integer(value) && c->form == CTL_DURATION)
		duration_text(cell, json_integer_value(value));
	else if (json_is_integer(value))
		snprintf(cell, CTL_CELL_MAX, "%lld", (long long)json_integer_value(value));
}

/* Numbers stand to the right, everything else to the left. */
static void print_row(FILE *out, const struct ctl_table *t, const size_t *widths, const json_t *row,
		      const json_t *sample)
{
	char cell[CTL_CELL_MAX];

	for (size_t c = 0; c < t->n_columns; c++) {
		const struct ctl_column *column = &t->columns[c];
		int right = column->form == CTL_SECONDS ||
			    (column->form == CTL_PLAIN &&
			     json_is_integer(json_object_get(sample, column->key)));
		int last = c + 1 == t->n_columns;

		if (row)
			cell_text(cell, column, row);
		else
			snprintf(cell, sizeof(cell), "%s", column->title);
		if (right)
			fprintf(out, "%*s%s", (int)widths[c], cell, last ? "\n" : "  ");
		else if (last)
			fprintf(out, "%s\n", cell);
		else
			fprintf(out, "%-*s  ", (int)widths[c], cell);
	}
}

/* How wide each column has to be, to be freed, or NULL. */
static size_t *measure(const struct ctl_table *t, const json_t *list)
{
	size_t *widths = calloc(t->n_columns, sizeof(*widths)), i;
	char cell[CTL_CELL_MAX];
	json_t *row;

	for (size_t c = 0; widths && c < t->n_columns; c++) {
		widths[c] = strlen(t->columns[c].title);
		json_array_foreach(list, i, row)
		{
			cell_text(cell, &t->columns[c], row);
			if (strlen(cell) > widths[c])
				widths[c] = strlen(cell);
		}
	}
	return widths;
}

void ctl_print_table(FILE *out, const struct ctl_table *t, const json_t *reply)
{
	json_t *member = json_object_get(reply, t->list), *row;
	json_t *list = json_is_object(member) ? json_pack("[O]", member) : json_incref(member);
	size_t *widths = json_array_size(list) > 0 ? measure(t, list) : NULL, i;

	if (widths) {
		fputc('\n', out);
		print_row(out, t, widths, NULL, json_array_get(list, 0));
		json_array_foreach(list, i, row)
		    print_row(out, t, widths, row, json_array_get(list, 0));
	}
	free(widths);
	json_decref(list);
}
