/* SPDX-License-Identifier: BSD-3-Clause */
/* A reload: from the running settings to new ones, without a stop. */
#ifndef MCR_APP_RELOAD_H
#define MCR_APP_RELOAD_H

#include <mcring/engine.h>

#include "overlap.h"
#include "settings/settings.h"

/* What a reload will change. Call begin on the control thread, prepare on the device thread, and
 * apply and end on the control thread again. */
struct mcr_reload_plan {
	struct mcr_join_list held; /* the configuration's joins in the engine, at the beginning */
	struct mcr_join_list remove, add; /* from there to the new settings, at once */
	struct mcr_overlap *overlap; /* the caller's: what waits to be left since earlier reloads */
	struct mcr_overlap later;    /* what waits to be left after this one */
	const struct mcr_channel_config *configs[MCR_CHANNELS_MAX]; /* new ones, of the settings */
	struct mcr_channel *made[MCR_CHANNELS_MAX]; /* with their memory; NULL = the engine's */
	size_t n_channels;
	struct mcr_feeds *feeds; /* that next declares; NULL = the engine's, or none were made */
};

/* mcr_reload_check: could the interfaces of next start (mcr_router_check), and can the memory hold
 * the rings of all channels that next adds, on n_lcores lcores? Call it before any of them is made,
 * and for a dry run. root: "" = the system, else a folder with proc and sys in it. Thread: any.
 * Returns 0, or -EINVAL or -ENOMEM with err. */
int mcr_reload_check(const struct mcr_settings *running, const struct mcr_settings *next,
		     unsigned n_lcores, const char *root, struct mcr_error *err);

/* mcr_reload_begin notes what the engine holds. plan need not be initialized. overlap is the
 * caller's, who does not touch it until mcr_reload_end: no join is left by it meanwhile, so that
 * one which next asks for again stays without a gap. mcr_reload_end frees the plan, also after this
 * or mcr_reload_prepare failed. Returns 0 or -ENOMEM. */
int mcr_reload_begin(struct mcr_reload_plan *plan, const struct mcr_engine *e,
		     struct mcr_overlap *overlap, struct mcr_error *err);

/* mcr_reload_prepare compares the joins, makes the feeds and, unless dry_run, the memory of the
 * channels that next has and running has not. Thread: as mcr_engine_channel_prepare. Returns 0 or
 * -errno. */
int mcr_reload_prepare(struct mcr_reload_plan *plan, struct mcr_engine *e,
		       const struct mcr_settings *running, const struct mcr_settings *next,
		       int dry_run, struct mcr_error *err);

/* mcr_reload_end frees the plan and the channels that mcr_reload_apply did not put into the engine.
 * Thread: control. */
void mcr_reload_end(struct mcr_reload_plan *plan, struct mcr_engine *e);

/* mcr_reload_apply changes the engine from *running to next. It puts new channels in, adds and
 * removes joins as one mcr_engine_update, declares the feeds of next, and removes channels that
 * nothing asks for any more. Joins that next has, but on other hosts, go into plan->overlap: they
 * are left by mcr_overlap_leave once the overlap of next is over. Those that were there before keep
 * their time, unless next has them here again, or nowhere.
 * Afterwards the configuration's joins are those of next: a join that mcring-ctl left is back.
 * Joins of others (mcring-ctl, consumers) stay, and so do the channels that they use. Interfaces,
 * the size of channels and the like need a restart; the report says so.
 * On success it destroys and replaces *running, and consumes next. On failure (the report says
 * why), and with dry_run, the engine is as before and next still belongs to the caller. plan:
 * prepared for the same two settings; apply finds what mcring-ctl left since then. now_ns: of the
 * overlap's clock. report: one line, also on success. Thread: control; never waits. Returns 0 or
 * -errno. */
int mcr_reload_apply(struct mcr_engine *e, struct mcr_settings **running, struct mcr_settings *next,
		     struct mcr_reload_plan *plan, int dry_run, uint64_t now_ns,
		     struct mcr_error *report);

#endif
