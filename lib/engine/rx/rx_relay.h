/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's place in the rx loop: between the driver and the rings, and behind them. Only an
 * engine that relays comes here. Thread: the rx lcore. */
#ifndef MCR_ENGINE_RX_RELAY_H
#define MCR_ENGINE_RX_RELAY_H

#include "engine/rx/worker.h"

/* mcr_rx_relay_take does for mbufs[from..to) what mcr_rx_take does, and finds out where each goes
 * (relay->verdicts). What only the relay wants does not go the rings' way. */
void mcr_rx_relay_take(struct mcr_worker *w, struct mcr_queue *q, unsigned from, unsigned to);

/* mcr_rx_relay_send forwards what of the burst's n packets has outputs, when all chunks are
 * published: their buffers are the relay's from then on (mbufs[i] is NULL). */
void mcr_rx_relay_send(struct mcr_worker *w, struct mcr_queue *q, unsigned n);

/* mcr_rx_relay_unwanted: no channel takes packet i, for this reason, which may become another.
 * Returns 1 if the relay does, which then is counted; else 0. */
int mcr_rx_relay_unwanted(struct mcr_worker *w, struct mcr_burst *b, unsigned i, unsigned *reason);

#endif
