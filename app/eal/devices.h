/* SPDX-License-Identifier: BSD-3-Clause */
/* Which ports EAL's arguments make, and what somebody means who names another. */
#ifndef MCR_APP_EAL_DEVICES_H
#define MCR_APP_EAL_DEVICES_H

#include "settings/settings.h"

/* mcr_eal_check_port refuses a port that there cannot be: a virtual device that no --vdev makes,
 * and a network interface of the kernel, with what makes a port of it. root: prefix of /sys, "" but
 * for tests. Returns 0, or -EINVAL with err. */
int mcr_eal_check_port(const struct mcr_settings *s, const struct mcr_interface_setting *interface,
		       const char *root, struct mcr_error *err);

#endif
