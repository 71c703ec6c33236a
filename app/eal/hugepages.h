/* SPDX-License-Identifier: BSD-3-Clause */
/* What EAL will not find, said before it looks: hugepages. */
#ifndef MCR_APP_EAL_HUGEPAGES_H
#define MCR_APP_EAL_HUGEPAGES_H

#include <stdbool.h>

#include "settings/settings.h"

/* mcr_eal_check_hugepages: are there the hugepages that EAL's arguments ask for, also on the nodes
 * of the NICs, and may this user use them? whole: those in use count as well, since an engine that
 * runs has what its successor will have. Pages that files of hugetlbfs hold count in any case: EAL
 * takes those that a killed process left. Without EAL's arguments nothing is known. root: prefix of
 * /proc, /sys and /dev, "" but for tests. Returns 0, or -ENOMEM or -EACCES with err. */
int mcr_eal_check_hugepages(const struct mcr_settings *s, bool whole, const char *root,
			    struct mcr_error *err);

#endif
