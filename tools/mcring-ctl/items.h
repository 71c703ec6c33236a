/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of counters: "HEAD: own 3, off_subnet 5". They are broken between items only. */
#ifndef MCR_CTL_ITEMS_H
#define MCR_CTL_ITEMS_H

#include <stdio.h>

struct ctl_items {
	FILE *out;
	char head[96]; /* with which each line begins */
	size_t used;   /* octets of the line; 0 = not begun */
};

/* ctl_items_add appends an item; the first one begins a line. */
__attribute__((format(printf, 2, 3))) void ctl_items_add(struct ctl_items *items,
							 const char *format, ...);

/* ctl_items_end ends the line, if there is one. */
void ctl_items_end(const struct ctl_items *items);

#endif
