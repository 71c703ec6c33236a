/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL's command line: the operator's arguments, and those that mcring adds so that its defaults
 * work. */
#ifndef MCR_APP_EAL_ARGS_H
#define MCR_APP_EAL_ARGS_H

#include <mcring/types.h>

#include "settings/settings.h"

struct mcr_eal_args {
	int argc;
	char **argv; /* NULL-terminated; rte_eal_init reorders it and keeps pointers into it */
	char **kept; /* the same strings in order, to free them */
	char prefix[16 +
		    MCR_NAME_MAX]; /* the default --file-prefix, "" when the operator gave one */
	char **held;               /* devargs of the devices that EAL is not given yet */
	int n_held;
};

/* mcr_eal_args_create makes argv from complete settings. Unless the operator gave them, it adds
 * - --file-prefix mcring_NAME, so that two engines on a machine do not collide;
 * - framecnt=8192 and blocksz=1048576 for net_af_packet: its default of 512 frames lost half of a
 *   burst without reporting it;
 * - busy_budget=0 for net_af_xdp: its default of 64 costs a system call for every poll that finds
 *   nothing, and would keep --idle adaptive from sleeping.
 * hold: another engine has the devices. EAL is given none, but mcr_eal_probe later; and the file
 * prefix mcring_NAME_standby unless that is in use. Returns 0, -ENOMEM, or with hold
 * -EINVAL: EAL would take whatever PCI device there is. */
int mcr_eal_args_create(struct mcr_eal_args *args, const struct mcr_settings *s, int hold,
			struct mcr_error *err);

/* mcr_eal_args_clear frees the arguments. EAL must be down, or must never have been up. */
void mcr_eal_args_clear(struct mcr_eal_args *args);

#endif
