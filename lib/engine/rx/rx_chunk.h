/* SPDX-License-Identifier: BSD-3-Clause */
/* What the rx loop does with a chunk of a burst: parse, match, put. Thread: the rx lcore. */
#ifndef MCR_ENGINE_RX_CHUNK_H
#define MCR_ENGINE_RX_CHUNK_H

#include "engine/rx/worker.h"

/* mcr_rx_take takes mbufs[from..to) through all stages but the last, mcr_rx_publish: they are in
 * the rings, and their handlers wait for them. Those that went to control or to the kernel are NULL
 * afterwards. */
void mcr_rx_take(struct mcr_worker *w, struct mcr_queue *q, unsigned from, unsigned to);

#endif
