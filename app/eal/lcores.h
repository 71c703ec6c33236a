/* SPDX-License-Identifier: BSD-3-Clause */
/* Which lcores EAL will have, read from its arguments: for checks without EAL. */
#ifndef MCR_APP_EAL_LCORES_H
#define MCR_APP_EAL_LCORES_H

#include "engine/plan/placement.h"
#include "settings/settings.h"

/* mcr_eal_lcores puts the rx lcores, all but the main one, into *out, at most MCR_LCORES_MAX.
 * Understands -l, -c, --lcores and --main-lcore; without the first three EAL takes the CPUs that
 * the process may run on. root: "" = the system; else a folder with sys in it. Returns 1; 0 when it
 * cannot be known (no argument at all: they may stand on a command line that is not this one;
 * service lcores; -R of DPDK 25.11; another syntax), *out is then empty; or -EINVAL with err: no rx
 * lcore is left, or the host has no such CPU. */
int mcr_eal_lcores(struct mcr_placement *out, const struct mcr_settings *s, const char *root,
		   struct mcr_error *err);

#endif
