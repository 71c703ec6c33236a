/* SPDX-License-Identifier: BSD-3-Clause */
/* The steps of mcr_feed_declaration_parse that have files of their own. */
#ifndef MCR_CORE_FEED_DECLARATION_COMPILE_H
#define MCR_CORE_FEED_DECLARATION_COMPILE_H

#include "core/feed/declaration.h"

/* A preset: its name, others for the same, with a space between, its fields, and what was not
 * verified of it (NULL: nothing). */
struct mcr_feed_preset {
	const char *name, *aliases;
	const char *text;
	const char *doubt;
};

/* mcr_feed_preset_at: the presets, from 0; NULL past the last. */
const struct mcr_feed_preset *mcr_feed_preset_at(size_t i);

/* mcr_feed_preset_find: by any of its names, of len octets. NULL: there is none. */
const struct mcr_feed_preset *mcr_feed_preset_find(const char *name, size_t len);

/* mcr_feed_declaration_compile makes d->reading, what the arbiter wants to know, and the loads of
 * the rules, from the fields as they are declared, which make sense together. */
void mcr_feed_declaration_compile(struct mcr_feed_declaration *d);

#endif
