/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL's command line: what the operator gave, and what we add so that the defaults work. */
#ifndef MCR_APP_EAL_ARGS_H
#define MCR_APP_EAL_ARGS_H

#include <mcring/types.h>

#include "settings/settings.h"

struct mcr_eal_args {
	int argc;
	char **argv; /* NULL-terminated, ours */
	char **kept; /* rte_eal_init reorders argv and keeps pointers into it: freed from here */
	char prefix[16 +
		    MCR_NAME_MAX]; /* the default --file-prefix, "" when the operator gave one */
};

/* mcr_eal_args_create builds argv from complete settings:
 * - --file-prefix mcring_NAME unless one is given, so that two engines on a machine do not collide;
 * - framecnt=8192,blocksz=1048576 for net_af_packet, each unless given: its default of 512 frames
 *   lost half of a burst without reporting it;
 * - busy_budget=0 for net_af_xdp unless given: its default of 64 is a system call for every poll
 *   that finds nothing, and --idle adaptive could not sleep for it.
 * Returns 0 or -ENOMEM. */
int mcr_eal_args_create(struct mcr_eal_args *args, const struct mcr_settings *s,
			struct mcr_error *err);

/* mcr_eal_args_clear frees it; EAL must be down or never have been up. */
void mcr_eal_args_clear(struct mcr_eal_args *args);

#endif
