/* SPDX-License-Identifier: BSD-3-Clause */
/* Why EAL did not start, in one line that says what to do. No DPDK in it. */
#ifndef MCR_APP_EAL_EXPLAIN_H
#define MCR_APP_EAL_EXPLAIN_H

#include <mcring/types.h>

/* mcr_eal_explain turns what EAL printed while rte_eal_init failed into err. log: all of it, lines.
 * reason: strerror of rte_errno. is_root: the effective user is. */
void mcr_eal_explain(struct mcr_error *err, const char *log, const char *reason, int is_root);

/* mcr_eal_find_failed_vdev: rte_eal_init goes on when a --vdev cannot be opened. Returns 1 and
 * fills err when log tells of one, else 0. */
int mcr_eal_find_failed_vdev(struct mcr_error *err, const char *log, int is_root);

#endif
