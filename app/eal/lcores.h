/* SPDX-License-Identifier: BSD-3-Clause */
/* The lcores that EAL will have, read from its arguments, for checks without EAL. */
#ifndef MCR_APP_EAL_LCORES_H
#define MCR_APP_EAL_LCORES_H

#include "engine/plan/placement.h"
#include "settings/settings.h"

/* mcr_eal_lcores writes the rx lcores, which are all but the main one, into *out, at most
 * MCR_LCORES_MAX. It understands -l, -c, --lcores and --main-lcore; without the first three EAL
 * takes the CPUs that the process may run on. root: "" = the system, else a folder with sys in it.
 * Returns
 * - 1;
 * - 0 with an empty *out when it cannot know: there is no argument at all (they may stand on a
 *   command line that is not this one), there are service lcores, -R of DPDK 25.11, or another
 *   syntax;
 * - -EINVAL with err when no rx lcore is left, or the host has no such CPU. */
int mcr_eal_lcores(struct mcr_placement *out, const struct mcr_settings *s, const char *root,
		   struct mcr_error *err);

#endif
