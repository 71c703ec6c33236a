/* SPDX-License-Identifier: BSD-3-Clause */
/* What EAL and its drivers would not say of a PCI device, said before they look: who has it, and
 * whether this user may take it. */
#ifndef MCR_APP_EAL_PCI_H
#define MCR_APP_EAL_PCI_H

#include <stdbool.h>

#include "settings/settings.h"

/* mcr_eal_check_pci: can the interface's port be opened, if it is a PCI device? Without EAL's
 * arguments nothing is known. is_root: this user may what the kernel lets root alone. root: prefix
 * of /proc, /sys and /dev, "" but for tests. Returns 0, or -ENODEV, -EACCES or -EBUSY with err,
 * which begins with the origin. */
int mcr_eal_check_pci(const struct mcr_settings *s, const struct mcr_interface_setting *interface,
		      bool is_root, const char *root, struct mcr_error *err);

#endif
