/* SPDX-License-Identifier: BSD-3-Clause */
/* The first line of an engine's answer to why (docs/control.md), without a library for JSON. */
#ifndef MCR_CAT_FIRST_H
#define MCR_CAT_FIRST_H

#include <stddef.h>

/* cat_first reads the member "first" of a JSON object of which len octets have come. Only members
 * that are neither objects nor arrays may stand in front of it. out becomes its text in UTF-8, cut
 * to cap octets with the NUL (cap > 0); what is no printable character is a ? in it.
 *
 * Returns 1, 0 (more octets are needed), or -1 (there is none, or this is no such object). */
int cat_first(char *out, size_t cap, const char *text, size_t len);

#endif
