/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemon does with its share of the joins while it runs: it leaves what other hosts have
 * by now, and has mcring-ctl and monitors see it. Thread: control. */
#ifndef MCR_APP_SHARE_ROUNDS_H
#define MCR_APP_SHARE_ROUNDS_H

#include "log.h"
#include "overlap.h"
#include "settings/settings.h"

/* mcr_share_now_ns: the clock of overlaps, CLOCK_MONOTONIC. */
uint64_t mcr_share_now_ns(void);

/* mcr_share_show tells the engine what the share is, and what waits to be left. */
void mcr_share_show(struct mcr_engine *e, const struct mcr_settings *s,
		    const struct mcr_overlap *overlap);

/* mcr_share_round leaves the joins whose time has come, and logs it. Call it often, but not while a
 * reload has the overlap (mcr_reload_begin). */
void mcr_share_round(struct mcr_engine *e, const struct mcr_settings *s,
		     struct mcr_overlap *overlap, struct mcr_log *log);

#endif
