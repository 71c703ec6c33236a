/* SPDX-License-Identifier: BSD-3-Clause */
/* Before a daemon takes the place of another one: which of its readers cannot follow, because their
 * libraries do not read what this daemon's engine writes (docs/operating.md, "Upgrade"). */
#ifndef MCR_APP_LEFT_BEHIND_H
#define MCR_APP_LEFT_BEHIND_H

#include <stddef.h>

/* mcr_left_behind asks the engine that answers in a run directory, if one does, who reads. version:
 * of the attach exchange that the next engine speaks. say gets a line for each reader that would be
 * left behind, by name, or one line when the engine does not answer. Waits 2 s at most. Thread:
 * any. Returns how many would be left behind; -errno: nobody knows (what say got); 0 also where no
 * engine is. */
int mcr_left_behind(const char *run_dir, unsigned version, void (*say)(void *ctx, const char *line),
		    void *ctx);

#endif
