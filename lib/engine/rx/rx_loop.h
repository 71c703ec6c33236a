/* SPDX-License-Identifier: BSD-3-Clause */
/* What an rx lcore runs: it polls its queues, hands each burst to rx_chunk.h, gives the buffers
 * back. */
#ifndef MCR_ENGINE_RX_LOOP_H
#define MCR_ENGINE_RX_LOOP_H

/* mcr_rx_loop runs until worker->stop is set. worker: a struct mcr_worker, set up; the lcore's own
 * while this runs. Returns 0. A function for rte_eal_remote_launch. */
int mcr_rx_loop(void *worker);

#endif
