/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of JSON objects as aligned tables, in lines of CTL_COLUMNS at most (wrap.h). */
#ifndef MCR_TOOLS_TABLE_H
#define MCR_TOOLS_TABLE_H

#include <stdio.h>

#include <jansson.h>

#define CTL_CELL_MAX 512

struct ctl_column {
	const char *title, *key;
	enum {
		CTL_PLAIN,
		CTL_YES_NO,
		CTL_AGE, /* a point of CLOCK_REALTIME, as the time that has passed since */
		CTL_DURATION,
		CTL_SECONDS, /* tenths of a second, without the unit; to the right */
		CTL_SPEED,   /* Mb/s; 0 = unknown */
		/* Texts that explain stand once, below the table, under a number in brackets that
		 * the cell has for them. */
		CTL_NOTE, /* the value is such a text */
		CTL_NOTED /* behind a value, for that of the member KEY_reason, if there is one */
	} form;
};

struct ctl_table {
	const char *list; /* member of the answer */
	const struct ctl_column *columns;
	size_t n_columns;
	size_t n_names; /* columns that say what a row is about; 0 = one */
	size_t n_heads; /* of these, those that may stand above their rows instead */
};

/* CTL_TABLE initializes a table of an array of columns, as many as the array has. */
#define CTL_TABLE(list, columns)                                            \
	{                                                                   \
		list, columns, sizeof(columns) / sizeof((columns)[0]), 0, 0 \
	}

/* CTL_TABLE_OF is the same with n_names and n_heads. */
#define CTL_TABLE_OF(list, columns, names, heads)                                   \
	{                                                                           \
		list, columns, sizeof(columns) / sizeof((columns)[0]), names, heads \
	}

/* ctl_print_table prints an empty line, the titles and a line for each row of reply's list,
 * or the one line of an object; nothing when it is empty or not there, or memory is short. What a
 * row lacks is "-". Ages count to reply's now_ns.
 *
 * Of a table that is too wide, columns that say nothing in any row (0, no, -) are left out, the
 * last ones first. If that is not enough, equal heads stand in a line above their rows, and then
 * the table is split, with the names in each part. A value is never cut, so a line with one that is
 * too long is longer. */
void ctl_print_table(FILE *out, const struct ctl_table *t, const json_t *reply);

/* ctl_print_table_in is ctl_print_table in lines of so many columns. */
void ctl_print_table_in(FILE *out, const struct ctl_table *t, const json_t *reply, size_t columns);

/* ctl_print_rows prints a table of rows, whose reference it takes, in place of reply's list. */
void ctl_print_rows(FILE *out, const struct ctl_table *t, json_t *rows, const json_t *reply);

/* ctl_clock_text: a point of time of CLOCK_REALTIME; cell has room for CTL_CELL_MAX. */
void ctl_clock_text(char *cell, json_int_t ns);

#endif
