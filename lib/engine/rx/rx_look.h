/* SPDX-License-Identifier: BSD-3-Clause */
/* What is remembered of a burst: the last packet of each reason of a drop, and the flows that were
 * seen. Thread: the rx lcore. */
#ifndef MCR_ENGINE_RX_LOOK_H
#define MCR_ENGINE_RX_LOOK_H

#include "engine/rx/worker.h"

/* mcr_rx_look looks back at a burst of n packets that is done with, while its buffers are still
 * there. Call it when burst.dropped is not 0. */
void mcr_rx_look(struct mcr_worker *w, const struct mcr_queue *q, unsigned n);

#endif
