/* SPDX-License-Identifier: BSD-3-Clause */
/* The lists of interfaces that engines leave in their run directories (core/interface_list.h). */
#ifndef MCR_SOCKET_OWNED_H
#define MCR_SOCKET_OWNED_H

#include "core/interface_list.h"

#define MCR_OWNED_MAX MCR_LISTED_INTERFACES_MAX

/* mcr_owned_read reads the list of the engine of a run directory, which need not run. Returns how
 * many interfaces it has; -ENOENT: no engine has run there, or another -errno. */
int mcr_owned_read(struct mcr_listed_interface out[MCR_OWNED_MAX], const char *run_dir);

/* mcr_owned_alone: whether what arrives on this device of the kernel's goes to an engine only.
 * Looks at the lists of that engine and of all others of this host, also at those that have ended.
 */
int mcr_owned_alone(const char *device, const char *run_dir);

#endif
