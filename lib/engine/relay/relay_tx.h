/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's frames out. Thread: the rx lcore. */
#ifndef MCR_ENGINE_RELAY_TX_H
#define MCR_ENGINE_RELAY_TX_H

#include "engine/relay/relay_lcore.h"

/* mcr_relay_queue takes over a whole frame for an output, to be sent at the burst's end at the
 * latest. It was counted as offered. */
void mcr_relay_queue(struct mcr_relay_lcore *r, unsigned interface, struct rte_mbuf *m);

/* mcr_relay_flush sends all that was queued: nothing waits beyond the burst that it came with. What
 * a queue, or the ring to its owner, does not take is dropped and counted. Then the counts are
 * shown. */
void mcr_relay_flush(struct mcr_relay_lcore *r);

/* mcr_relay_drain sends what others have handed over for this lcore's queues: once per round of the
 * rx loop. Control's frames come first; those that the queue does not take stay for the next round.
 * What is for a port that was removed is freed. Returns how many frames there were. */
unsigned mcr_relay_drain(struct mcr_relay_lcore *r);

#endif
