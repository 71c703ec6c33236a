/* SPDX-License-Identifier: BSD-3-Clause */
/* From the running settings to new ones, without stopping. */
#ifndef MCR_APP_RELOAD_H
#define MCR_APP_RELOAD_H

#include <mcring/engine.h>

#include "settings.h"

/* mcr_reload_apply changes the engine from *running to next: new channels are made, joins are added
 * and removed as one mcr_engine_update, channels that nobody asks for any more are removed. Joins
 * made at run time (mcring-ctl) stay, and so do the channels that they use; a join that was left at
 * run time is not an error. Interfaces, the geometry of channels and the like need a restart, which
 * the report says.
 * On success *running is destroyed and replaced, and next is consumed; on failure (report says why)
 * the engine is as before and next still the caller's, as it is with dry_run.
 * report: one line, also on success. Thread: control. Returns 0 or -errno. */
int mcr_reload_apply(struct mcr_engine *e, struct mcr_settings **running, struct mcr_settings *next,
		     int dry_run, struct mcr_error *report);

#endif
