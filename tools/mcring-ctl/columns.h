/* SPDX-License-Identifier: BSD-3-Clause */
/* The columns of the tables that a person sees. */
#ifndef MCR_CTL_COLUMNS_H
#define MCR_CTL_COLUMNS_H

#include <stdio.h>

#include <jansson.h>

/* ctl_print shows an answer of the engine to a person: aligned tables, one for each list of
 * objects, with the columns that the command is about. */
void ctl_print(FILE *out, const char *command, const json_t *reply);

#endif
