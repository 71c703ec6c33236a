/* SPDX-License-Identifier: BSD-3-Clause */
/* From the running settings to new ones, without stopping. */
#ifndef MCR_APP_RELOAD_H
#define MCR_APP_RELOAD_H

#include <mcring/engine.h>

#include "settings/settings.h"

/* What a reload will change. begin on control, prepare on the device thread, apply and end on
 * control again. */
struct mcr_reload_plan {
	struct mcr_join_list held;        /* the configuration's, in the engine, at the beginning */
	struct mcr_join_list remove, add; /* from there to the new settings */
	const struct mcr_channel_config *configs[MCR_CHANNELS_MAX]; /* new ones, of the settings */
	struct mcr_channel *made[MCR_CHANNELS_MAX]; /* with their memory; NULL = the engine's */
	size_t n_channels;
};

/* mcr_reload_check: can the memory hold the rings of all channels that next adds, on n_lcores
 * lcores? Before any of them is made, and for a dry run. root: "" = the system, else a folder with
 * proc and sys in it. Thread: any. Returns 0, or -ENOMEM with err. */
int mcr_reload_check(const struct mcr_settings *running, const struct mcr_settings *next,
		     unsigned n_lcores, const char *root, struct mcr_error *err);

/* mcr_reload_begin notes what the engine holds. plan need not be initialized; mcr_reload_end frees
 * it, also when this or mcr_reload_prepare fails. Returns 0 or -ENOMEM. */
int mcr_reload_begin(struct mcr_reload_plan *plan, const struct mcr_engine *e,
		     struct mcr_error *err);

/* mcr_reload_prepare compares the joins and makes the memory of the channels that next has and
 * running has not (not with dry_run). Thread: as mcr_engine_channel_prepare. Returns 0 or -errno.
 */
int mcr_reload_prepare(struct mcr_reload_plan *plan, struct mcr_engine *e,
		       const struct mcr_settings *running, const struct mcr_settings *next,
		       int dry_run, struct mcr_error *err);

/* mcr_reload_end frees the plan, and channels that mcr_reload_apply did not put. Thread: control.
 */
void mcr_reload_end(struct mcr_reload_plan *plan, struct mcr_engine *e);

/* mcr_reload_apply changes the engine from *running to next: channels are put, joins are added
 * and removed as one mcr_engine_update, channels that nobody asks for any more are removed. The
 * configuration's joins are then what next says: those that mcring-ctl left meanwhile are back.
 * Joins of others (mcring-ctl, consumers) stay, and so do the channels that they use. Interfaces,
 * the geometry of channels and the like need a restart, which the report says.
 * On success *running is destroyed and replaced, and next is consumed; on failure (report says why)
 * the engine is as before and next still the caller's, as it is with dry_run.
 * plan: prepared for the same two settings; what mcring-ctl left since then is looked for.
 * report: one line, also on success. Thread: control; never waits. Returns 0 or -errno. */
int mcr_reload_apply(struct mcr_engine *e, struct mcr_settings **running, struct mcr_settings *next,
		     struct mcr_reload_plan *plan, int dry_run, struct mcr_error *report);

#endif
