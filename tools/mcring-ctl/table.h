/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of JSON objects as aligned tables. */
#ifndef MCR_TOOLS_CTL_TABLE_H
#define MCR_TOOLS_CTL_TABLE_H

#include <stdio.h>

#include <jansson.h>

#define MCR_CELL_MAX        192
#define MCR_CTL_COLUMNS_MAX 17

struct mcr_ctl_column {
	const char *title, *key;
	enum {
		MCR_CELL_PLAIN,
		MCR_CELL_YES_NO,
		MCR_CELL_CLOCK,
		MCR_CELL_DURATION
	} form;
};

struct mcr_ctl_table {
	const char *list;                                       /* member of the answer */
	struct mcr_ctl_column columns[MCR_CTL_COLUMNS_MAX + 1]; /* ends with a title of NULL */
};

/* mcr_ctl_print_table prints an empty line, the titles and a line for each row of reply's list,
 * or the one line of an object; nothing when it is empty or not there. What a row lacks is "-". */
void mcr_ctl_print_table(FILE *out, const struct mcr_ctl_table *t, const json_t *reply);

/* mcr_ctl_clock_text: a point of time of CLOCK_REALTIME; cell has room for MCR_CELL_MAX. */
void mcr_ctl_clock_text(char *cell, json_int_t ns);

#endif
