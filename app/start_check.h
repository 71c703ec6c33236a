/* SPDX-License-Identifier: BSD-3-Clause */
/* What a start would be refused for and can be known without EAL: of a start and of --check. */
#ifndef MCR_APP_START_CHECK_H
#define MCR_APP_START_CHECK_H

#include "settings/settings.h"

/* mcr_ring_memory_check: can the memory that is left (whole: that there is) hold the rings of n
 * channels of complete settings on n_lcores receiving lcores (0 = it is not known how many: one)?
 * root as below. Thread: any. Returns 0, or -ENOMEM with err. */
int mcr_ring_memory_check(const struct mcr_channel_config *const *channels, size_t n,
			  unsigned n_lcores, int whole, const char *root, struct mcr_error *err);

/* mcr_start_check looks at assembled settings: there is an interface, and a --vdev for its device;
 * lcores of interfaces and channels receive, and interfaces of one port agree; memberships are not
 * too many; kernel= names no device that is there already; the memory that is left can hold the
 * rings, or, while an engine runs in the run directory, the memory that there is. What stands in
 * EAL's arguments is checked as far as they are given: --check may be asked without them.
 * root: "" = the system; else a folder with proc and sys in it, for lcores and memory.
 * Returns 0, -EINVAL, -EEXIST or -ENOMEM with err, which begins with the origin. */
int mcr_start_check(const struct mcr_settings *s, const char *root, struct mcr_error *err);

#endif
