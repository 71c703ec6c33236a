/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_TOOLS_CELL_H
#define MCR_TOOLS_CELL_H

#include "table.h"

/* ctl_cell writes what a column shows of a row; cell has room for CTL_CELL_MAX. now_ns: to which
 * ages count. notes: an object of the notes so far, with their numbers; it gets what is new. */
void ctl_cell(char *cell, const struct ctl_column *column, const json_t *row, json_int_t now_ns,
	      json_t *notes);

/* ctl_cell_is_blank: whether a cell says nothing that one would miss. */
int ctl_cell_is_blank(const char *cell);

/* ctl_cell_is_number: whether the cell of a row stands to the right. */
int ctl_cell_is_number(const struct ctl_column *column, const json_t *row);

#endif
