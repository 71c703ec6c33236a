/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "wrap.h"

#define GAP 2 /* between columns */

/* How one column is printed. */
struct fit {
	size_t width;
	unsigned char is_shown, is_number;
};

struct layout {
	const struct ctl_table *t;
	const json_t *rows;
	json_int_t now_ns;
	json_t *notes;
	size_t columns;   /* of a line */
	struct fit *fits; /* of each column */
};

static size_t names_of(const struct ctl_table *t)
{
	return t->n_names > 0 ? t->n_names : 1;
}

/* ---- widths ---- */

static void measure(struct layout *l)
{
	char cell[CTL_CELL_MAX];
	json_t *row;
	size_t i;

	for (size_t c = 0; c < l->t->n_columns; c++) {
		const struct ctl_column *column = &l->t->columns[c];
		struct fit *fit = &l->fits[c];

		fit->width = strlen(column->title);
		fit->is_shown = 1;
		json_array_foreach(l->rows, i, row)
		{
			ctl_cell(cell, column, row, l->now_ns, l->notes);
			if (strlen(cell) > fit->width)
				fit->width = strlen(cell);
			fit->is_number |= (unsigned char)ctl_cell_is_number(column, row);
		}
	}
}

static int is_blank(const struct layout *l, size_t c)
{
	char cell[CTL_CELL_MAX];
	json_t *row;
	size_t i;

	json_array_foreach(l->rows, i, row)
	{
		ctl_cell(cell, &l->t->columns[c], row, l->now_ns, l->notes);
		if (!ctl_cell_is_blank(cell))
			return 0;
	}
	return 1;
}

static size_t width_of(const struct layout *l)
{
	size_t width = 0;

	for (size_t c = 0; c < l->t->n_columns; c++)
		if (l->fits[c].is_shown)
			width += l->fits[c].width + (width > 0 ? GAP : 0);
	return width;
}

static void drop_blank(struct layout *l)
{
	for (size_t c = l->t->n_columns; c-- > names_of(l->t) && width_of(l) > l->columns;)
		l->fits[c].is_shown = (unsigned char)!is_blank(l, c);
}

/* ---- lines ---- */

/* Numbers stand to the right, everything else to the left. row NULL: the titles. */
static void print_row(FILE *out, const struct layout *l, const json_t *row)
{
	size_t last = l->t->n_columns;
	char cell[CTL_CELL_MAX];

	while (last > 0 && !l->fits[last - 1].is_shown)
		last--;
	for (size_t c = 0; c < last; c++) {
		const struct ctl_column *column = &l->t->columns[c];
		const struct fit *fit = &l->fits[c];

		if (!fit->is_shown)
			continue;
		if (row)
			ctl_cell(cell, column, row, l->now_ns, l->notes);
		else
			snprintf(cell, sizeof(cell), "%s", column->title);
		if (fit->is_number)
			fprintf(out, "%*s", (int)fit->width, cell);
		else if (c + 1 == last)
			fputs(cell, out);
		else
			fprintf(out, "%-*s", (int)fit->width, cell);
		fprintf(out, "%*s", c + 1 == last ? 0 : GAP, "");
	}
	fputc('\n', out);
}

static void print_lines(FILE *out, const struct layout *l)
{
	const json_t *row;
	size_t i;

	fputc('\n', out);
	print_row(out, l, NULL);
	json_array_foreach(l->rows, i, row) print_row(out, l, row);
}

/* Shows of the columns from c on as many as there is room for, at least one. Returns the first of
 * the rest. */
static size_t fill(struct layout *part, const struct fit *fits, size_t c)
{
	size_t n_shown = 0;

	for (; c < part->t->n_columns; c++) {
		part->fits[c] = fits[c];
		n_shown += fits[c].is_shown;
		if (n_shown > 1 && width_of(part) > part->columns) {
			part->fits[c].is_shown = 0;
			break;
		}
	}
	return c;
}

/* Each part has the names. */
static void print_parts(FILE *out, const struct layout *l)
{
	const size_t n = l->t->n_columns, names = names_of(l->t);
	struct layout part = *l;
	size_t c = names;

	part.fits = calloc(n, sizeof(*part.fits));
	while (part.fits && c < n) {
		memcpy(part.fits, l->fits, n * sizeof(*part.fits));
		for (size_t i = names; i < n; i++)
			part.fits[i].is_shown = 0;
		c = fill(&part, l->fits, c);
		print_lines(out, &part);
	}
	free(part.fits);
}

/* ---- heads above rows ---- */

static void print_list(FILE *out, const struct layout *like, const struct ctl_table *t,
		       const json_t *rows);

/* The text of the columns that are heads. */
static void head_text(char *text, size_t cap, const struct layout *l, const json_t *row)
{
	char cell[CTL_CELL_MAX];
	size_t len = 0;

	text[0] = '\0';
	for (size_t c = 0; c < l->t->n_heads && len < cap; c++) {
		ctl_cell(cell, &l->t->columns[c], row, l->now_ns, l->notes);
		len += (size_t)snprintf(text + len, cap - len, "%s%s", c > 0 ? "  " : "", cell);
	}
}

static void print_below(FILE *out, const struct layout *l, const char *head, const json_t *rows)
{
	struct ctl_table rest = *l->t;

	rest.columns += l->t->n_heads;
	rest.n_columns -= l->t->n_heads;
	rest.n_names = names_of(l->t) - l->t->n_heads;
	rest.n_heads = 0;
	fprintf(out, "\n%s", head);
	print_list(out, l, &rest, rows);
}

/* Rows with the same heads follow each other. */
static void print_below_heads(FILE *out, const struct layout *l)
{
	char head[2 * CTL_CELL_MAX], next[2 * CTL_CELL_MAX] = "";
	json_t *some = json_array(), *row;
	size_t i;

	json_array_foreach(l->rows, i, row)
	{
		head_text(next, sizeof(next), l, row);
		if (i > 0 && strcmp(head, next) != 0) {
			print_below(out, l, head, some);
			json_array_clear(some);
		}
		strcpy(head, next);
		json_array_append(some, row);
	}
	print_below(out, l, next, some);
	json_decref(some);
}

/* ---- tables ---- */

/* The rows as a table; what is of the whole of it is as in another layout. */
static void print_list(FILE *out, const struct layout *like, const struct ctl_table *t,
		       const json_t *rows)
{
	struct layout l = *like;

	l.t = t;
	l.rows = rows;
	l.fits = calloc(t->n_columns, sizeof(*l.fits));
	if (!l.fits)
		return;
	measure(&l);
	drop_blank(&l);
	if (width_of(&l) <= l.columns)
		print_lines(out, &l);
	else if (t->n_heads > 0)
		print_below_heads(out, &l);
	else
		print_parts(out, &l);
	free(l.fits);
}

/* In the order of their numbers, which is that of their coming. */
static void print_notes(FILE *out, const json_t *notes)
{
	const char *text;
	json_t *number;

	json_object_foreach((json_t *)notes, text, number)
	{
		char head[32];

		snprintf(head, sizeof(head), "(%lld) ", (long long)json_integer_value(number));
		ctl_wrap(out, head, 4, text);
	}
}

void ctl_print_table_in(FILE *out, const struct ctl_table *t, const json_t *reply, size_t columns)
{
	json_t *member = json_object_get(reply, t->list);
	json_t *rows = json_is_object(member) ? json_pack("[O]", member) : json_incref(member);
	const struct layout whole = {
	    .now_ns = json_integer_value(json_object_get(reply, "now_ns")),
	    .notes = json_object(),
	    .columns = columns,
	};

	if (whole.notes && json_array_size(rows) > 0) {
		print_list(out, &whole, t, rows);
		print_notes(out, whole.notes);
	}
	json_decref(whole.notes);
	json_decref(rows);
}

void ctl_print_table(FILE *out, const struct ctl_table *t, const json_t *reply)
{
	ctl_print_table_in(out, t, reply, CTL_COLUMNS);
}

void ctl_print_rows(FILE *out, const struct ctl_table *t, json_t *rows, const json_t *reply)
{
	json_t *all = json_pack("{so}", t->list, rows);

	json_object_set(all, "now_ns", json_object_get(reply, "now_ns"));
	ctl_print_table(out, t, all);
	json_decref(all);
}
