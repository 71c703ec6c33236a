/* SPDX-License-Identifier: BSD-3-Clause */
/* The feeds of the settings. */
#ifndef MCR_APP_FEEDS_H
#define MCR_APP_FEEDS_H

#include "settings/settings.h"

void mcr_feed_setting_clear(struct mcr_feed_setting *feed);

/* mcr_feed_setting_copy makes *to a copy; the names of files are those of from. Returns 0 or
 * -ENOMEM. */
int mcr_feed_setting_copy(struct mcr_feed_setting *to, const struct mcr_feed_setting *from);

/* mcr_settings_add_feed checks a feed and appends it. On success the settings own what it holds.
 * Returns 0, or -EINVAL, -EEXIST, -ENOSPC or -ENOMEM with err. */
int mcr_settings_add_feed(struct mcr_settings *s, const struct mcr_feed_setting *feed,
			  struct mcr_error *err);

/* mcr_settings_add_feed_text is the same for a feed of the command line: the text that
 * mcr_feed_config_parse reads, in which a ';' ends a line as well. Errors also: -EBADMSG. */
int mcr_settings_add_feed_text(struct mcr_settings *s, const char *text, struct mcr_error *err);

/* The joins of lines, and where the lines stand. */
struct mcr_line_joins {
	struct mcr_join_list list;
	struct mcr_origin *origins; /* of each */
};

/* mcr_settings_line_joins lists the joins of the lines that this engine receives: each once, also
 * if several feeds have it. Needs the engine's run directory. The caller clears *out. Returns 0 or
 * -ENOMEM. */
int mcr_settings_line_joins(const struct mcr_settings *s, struct mcr_line_joins *out);
void mcr_line_joins_clear(struct mcr_line_joins *joins);

/* mcr_settings_feed_doubt: what was not verified of the preset that feed i was declared with. It
 * writes a line that begins with the origin. Returns 1, or 0: nothing. */
int mcr_settings_feed_doubt(const struct mcr_settings *s, size_t i, struct mcr_error *warning);

/* mcr_settings_feeds makes what the engine declares of the feeds. Errors: mcr_feeds_create's. */
int mcr_settings_feeds(const struct mcr_settings *s, struct mcr_feeds **out, struct mcr_error *err);

#endif
