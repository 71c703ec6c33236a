/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be checked before EAL starts: a start and --check make the same checks. */
#ifndef MCR_APP_START_CHECK_H
#define MCR_APP_START_CHECK_H

#include "settings/settings.h"

/* mcr_ring_memory_check: do the rings of n channels of complete settings fit the memory that is
 * left, on n_lcores receiving lcores (0 = unknown: at least one)? whole: compare with all memory
 * instead. root as below. Thread: any. Returns 0, or -ENOMEM with err. */
int mcr_ring_memory_check(const struct mcr_channel_config *const *channels, size_t n,
			  unsigned n_lcores, int whole, const char *root, struct mcr_error *err);

/* mcr_router_check: can the queriers and the relay of the interfaces be as they are configured?
 * Thread: any. Returns 0, or -EINVAL or -ENOMEM with err. */
int mcr_router_check(const struct mcr_settings *s, struct mcr_error *err);

/* mcr_start_check checks assembled settings:
 * - there is an interface, and a --vdev makes its device;
 * - a PCI device is with a driver that DPDK takes it from, and this user may take it;
 * - the lcores of interfaces and channels receive, and the interfaces of one port agree;
 * - there are not too many memberships;
 * - no network device has the name that kernel= gives;
 * - mcr_router_check;
 * - there are the hugepages that EAL will ask for;
 * - the rings fit the memory that is left or, while an engine runs in the run directory, all
 *   memory.
 * It uses EAL's arguments as far as they are given; --check may be called without them. root: "" =
 * the system, else a folder with proc, sys and dev in it, for lcores, devices and memory. Returns
 * 0, or -EINVAL, -EEXIST, -ENODEV, -EACCES, -EBUSY or -ENOMEM with err, which begins with the
 * origin. */
int mcr_start_check(const struct mcr_settings *s, const char *root, struct mcr_error *err);

#endif
