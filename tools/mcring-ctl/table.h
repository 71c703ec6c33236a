/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of JSON objects as aligned tables. */
#ifndef MCR_CTL_TABLE_H
#define MCR_CTL_TABLE_H

#include <stdio.h>

#include <jansson.h>

#define CTL_CELL_MAX 192

struct ctl_column {
	const char *title, *key;
	enum {
		CTL_PLAIN,
		CTL_YES_NO,
		CTL_CLOCK,
		CTL_DURATION,
		CTL_SECONDS /* tenths of a second, without the unit; to the right */
	} form;
};

struct ctl_table {
	const char *list; /* member of the answer */
	const struct ctl_column *columns;
	size_t n_columns;
};

/* CTL_TABLE initializes a table of an array of columns, as many as the array has. */
#define CTL_TABLE(list, columns)                                      \
	{                                                             \
		list, columns, sizeof(columns) / sizeof((columns)[0]) \
	}

/* ctl_print_table prints an empty line, the titles and a line for each row of reply's list,
 * or the one line of an object; nothing when it is empty or not there, or memory is short. What a
 * row lacks is "-". */
void ctl_print_table(FILE *out, const struct ctl_table *t, const json_t *reply);

/* ctl_clock_text: a point of time of CLOCK_REALTIME; cell has room for CTL_CELL_MAX. */
void ctl_clock_text(char *cell, json_int_t ns);

#endif
