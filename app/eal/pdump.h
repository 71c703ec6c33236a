/* SPDX-License-Identifier: BSD-3-Clause */
/* Captures by DPDK's own programs: docs/operating.md. */
#ifndef MCR_APP_PDUMP_H
#define MCR_APP_PDUMP_H

#include <mcring/types.h>

/* mcr_pdump_begin lets dpdk-dumpcap and dpdk-pdump attach to this process, which EAL has started
 * with memory that a second process can map. Costs nothing until one does. Returns 0, or -EIO with
 * err. */
int mcr_pdump_begin(struct mcr_error *err);

/* mcr_pdump_end lets none attach any more; before EAL ends. Without a begin it does nothing. */
void mcr_pdump_end(void);

#endif
