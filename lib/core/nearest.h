/* SPDX-License-Identifier: BSD-3-Clause */
/* Of the names that there are, the one that a misspelled name was probably meant to be: for "did
 * you mean NAME?". Pure. Thread: any. */
#ifndef MCR_CORE_NEAREST_H
#define MCR_CORE_NEAREST_H

#define MCR_NEAREST_MAX  64                     /* characters; a longer name is near to none */
#define MCR_NEAREST_HINT (MCR_NEAREST_MAX + 24) /* octets of a hint */

/* A search. It borrows the texts. */
struct mcr_nearest {
	const char *text;  /* what was written */
	const char *name;  /* the nearest name so far; NULL: none is near */
	unsigned distance; /* of it */
};

/* mcr_nearest_to begins a search for what text was meant to be. */
struct mcr_nearest mcr_nearest_to(const char *text);

/* mcr_nearest_try looks at one of the names that there are. Of equally near ones the first is kept.
 * A name is near if the text is its beginning (three characters or more), or becomes it by few
 * edits: one in short names, two from 4 characters on, three from 9 on. An edit inserts, removes or
 * changes a character, or swaps two neighbours. Upper and lower case are the same, and '-' and
 * '_'. */
void mcr_nearest_try(struct mcr_nearest *search, const char *name);

/* mcr_nearest_hint writes " (did you mean NAME?)", or nothing if none is near. Returns hint. */
const char *mcr_nearest_hint(char hint[MCR_NEAREST_HINT], const struct mcr_nearest *search);

#endif
