/* SPDX-License-Identifier: BSD-3-Clause */
/* The capabilities that the daemon keeps after its ports and sockets are open. docs/security.md
 * says which and why. */
#ifndef MCR_APP_PRIVILEGES_H
#define MCR_APP_PRIVILEGES_H

#include <stdint.h>

#include <mcring/types.h>

/* mcr_privileges_needed returns the capabilities, as a mask of 1 << CAP_*, that a DPDK driver needs
 * at run time: to change flags, addresses and filters, and to close. A driver that is not in the
 * table needs none: drivers of PCI devices in user space keep open all that they need. */
uint64_t mcr_privileges_needed(const char *driver);

/* mcr_privileges_drop leaves every thread of the process, rx lcores and EAL's own threads included,
 * with at most the capabilities in keep, and stops them from gaining others by execve. New threads
 * inherit that. Call it from one thread while no other thread makes threads. Returns 0, or -errno
 * with err; what was dropped until then stays dropped. */
int mcr_privileges_drop(uint64_t keep, struct mcr_error *err);

/* mcr_privileges_names writes "net_admin, net_raw" or "none". */
void mcr_privileges_names(uint64_t mask, char *buf, uint32_t cap);

#endif
