/* SPDX-License-Identifier: BSD-3-Clause */
/* The watch's state for a person: what is lost and by which line first. */
#ifndef MCR_WATCH_TABLE_H
#define MCR_WATCH_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "watch.h"

/* What rates are made of: counters of the screen before. */
struct watch_table {
	json_t *before; /* rows by what they are of; NULL = this is the first */
	uint64_t before_ns;
};

/* watch_table_text gives a screen in lines of so many columns, to be freed, or NULL when memory was
 * short. now_ns: CLOCK_REALTIME. */
char *watch_table_text(struct watch_table *t, const struct watch *w, size_t columns,
		       uint64_t now_ns, size_t *len);

void watch_table_clear(struct watch_table *t);

/* watch_table_screen makes of such a text what writes over the last screen of a terminal: as many
 * of its lines as it has room for. Takes text; returns one to be freed, or NULL. */
char *watch_table_screen(char *text, unsigned rows, size_t columns, size_t *len);

#endif
