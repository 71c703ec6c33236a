/* SPDX-License-Identifier: BSD-3-Clause */
/* From the running settings to new ones, without stopping. */
#ifndef MCR_APP_RELOAD_H
#define MCR_APP_RELOAD_H

#include <mcring/engine.h>

#include "settings.h"

/* The channels that new settings add, with their memory. */
struct mcr_new_channels {
	const struct mcr_channel_config *configs[MCR_CHANNELS_MAX]; /* of the new settings */
	struct mcr_channel *made[MCR_CHANNELS_MAX];                 /* NULL = the engine's */
	size_t n;
};

/* mcr_reload_check: can the memory hold the rings of all channels that next adds, on n_lcores
 * lcores? Before any of them is made, and for a dry run. root: "" = the system, else a folder with
 * proc and sys in it. Thread: any. Returns 0, or -ENOMEM with err. */
int mcr_reload_check(const struct mcr_settings *running, const struct mcr_settings *next,
		     unsigned n_lcores, const char *root, struct mcr_error *err);

/* mcr_reload_prepare makes the memory of the channels that next has and running has not.
 * Thread: the device thread, as mcr_engine_channel_prepare. Returns 0, or -errno with err filled;
 * *out is to be discarded in any case. */
int mcr_reload_prepare(struct mcr_new_channels *out, struct mcr_engine *e,
		       const struct mcr_settings *running, const struct mcr_settings *next,
		       struct mcr_error *err);

/* mcr_reload_discard frees those that mcr_reload_apply did not put. Thread: control. */
void mcr_reload_discard(struct mcr_new_channels *channels, struct mcr_engine *e);

/* mcr_reload_apply changes the engine from *running to next: channels are put, joins are added
 * and removed as one mcr_engine_update, channels that nobody asks for any more are removed. The
 * configuration's joins are then what next says: those that mcring-ctl left meanwhile are back.
 * Joins of others (mcring-ctl, consumers) stay, and so do the channels that they use. Interfaces,
 * the geometry of channels and the like need a restart, which the report says.
 * On success *running is destroyed and replaced, and next is consumed; on failure (report says why)
 * the engine is as before and next still the caller's, as it is with dry_run.
 * channels: of mcr_reload_prepare for the same two settings; not looked at with dry_run.
 * report: one line, also on success. Thread: control; never waits. Returns 0 or -errno. */
int mcr_reload_apply(struct mcr_engine *e, struct mcr_settings **running, struct mcr_settings *next,
		     struct mcr_new_channels *channels, int dry_run, struct mcr_error *report);

#endif
