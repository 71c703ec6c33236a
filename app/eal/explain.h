/* SPDX-License-Identifier: BSD-3-Clause */
/* Why EAL did not start, in one line that says what to do. No DPDK in it. */
#ifndef MCR_APP_EAL_EXPLAIN_H
#define MCR_APP_EAL_EXPLAIN_H

#include <mcring/types.h>

/* mcr_eal_explain turns what EAL printed while rte_eal_init failed into one line in err. log: all
 * that EAL printed. reason: strerror of rte_errno. is_root: whether the effective user is root. */
void mcr_eal_explain(struct mcr_error *err, const char *log, const char *reason, int is_root);

/* mcr_eal_find_failed_vdev finds a --vdev that could not be opened: rte_eal_init goes on then.
 * Returns 1 with err filled, or 0 when log reports none. */
int mcr_eal_find_failed_vdev(struct mcr_error *err, const char *log, int is_root);

#endif
