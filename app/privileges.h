/* SPDX-License-Identifier: BSD-3-Clause */
/* Capabilities that the daemon keeps once its ports and sockets are open. docs/security.md says
 * which and why. */
#ifndef MCR_APP_PRIVILEGES_H
#define MCR_APP_PRIVILEGES_H

#include <stdint.h>

#include <mcring/types.h>

/* mcr_privileges_needed: the capabilities, as a mask of 1 << CAP_*, that a DPDK driver needs at
 * run time: to change flags, addresses and filters, and to close. A driver that is not in the table
 * needs none: user-space drivers of PCI devices hold all they need open. */
uint64_t mcr_privileges_needed(const char *driver);

/* mcr_privileges_drop leaves every thread of the process, the rx lcores and EAL's own included,
 * with at most the capabilities of keep, and forbids gaining others by execve. New threads inherit
 * it. Call from one thread, while none is being made. Returns 0, or -errno with err; what was
 * dropped stays dropped. */
int mcr_privileges_drop(uint64_t keep, struct mcr_error *err);

/* mcr_privileges_names writes "net_admin, net_raw" or "none". */
void mcr_privileges_names(uint64_t mask, char *buf, uint32_t cap);

#endif
