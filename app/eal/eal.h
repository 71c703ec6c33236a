/* SPDX-License-Identifier: BSD-3-Clause */
/* The only place that starts and ends EAL. */
#ifndef MCR_APP_EAL_H
#define MCR_APP_EAL_H

#include "eal/args.h"

/* mcr_eal_start calls rte_eal_init and holds back what EAL prints meanwhile. A failure, also of a
 * single --vdev, becomes one line in err. verbose: print the held-back text afterwards. From then
 * on only warnings of EAL and its drivers go to stderr, unless verbose is set or args has a
 * --log-level. Returns 0 or -errno. */
int mcr_eal_start(struct mcr_eal_args *args, int verbose, struct mcr_error *err);

/* mcr_eal_probe gives EAL the devices that args held back. Returns 0, or EAL's -errno with err. */
int mcr_eal_probe(const struct mcr_eal_args *args, struct mcr_error *err);

/* mcr_eal_end calls rte_eal_cleanup. */
void mcr_eal_end(void);

/* mcr_eal_version returns "DPDK 22.11.4" or the like. */
const char *mcr_eal_version(void);

#endif
