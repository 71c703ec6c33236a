/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's frames out. Thread: the rx lcore. */
#ifndef MCR_ENGINE_RELAY_TX_H
#define MCR_ENGINE_RELAY_TX_H

#include "engine/relay/relay_lcore.h"

/* mcr_relay_queue takes over a whole frame for an output, to be sent by its port at the burst's end
 * at the latest. It was counted as offered. */
static inline void mcr_relay_queue(struct mcr_relay_lcore *r, unsigned interface, uint16_t port,
				   struct rte_mbuf *m);

/* mcr_relay_flush sends all that was queued: nothing waits beyond the burst that it came with. What
 * a queue, or the ring to its owner, does not take is dropped and counted. Then the counts are
 * shown. */
void mcr_relay_flush(struct mcr_relay_lcore *r);

/* mcr_relay_drain sends what others have handed over for this lcore's queues: once per round of the
 * rx loop. Control's frames come first; those that the queue does not take stay for the next round.
 * Of another lcore's it takes max at most, so that those who receive faster than this queue sends
 * do not keep it from receiving. What is for a port that was removed is freed. Returns how many
 * frames there were. */
unsigned mcr_relay_drain(struct mcr_relay_lcore *r, unsigned max);

/* ---- what follows is inline for the rx loop's sake ---- */

/* Sends the frames that wait for a port. */
void mcr_relay_send_way(struct mcr_relay_lcore *r, uint16_t port);

/* A frame bears the number of its output as long as it is ours: who sends it, counts it. It counts
 * as sent now, and no more if the driver does not take it: once it does, the frame may be gone. */
static inline void mcr_relay_queue(struct mcr_relay_lcore *r, unsigned interface, uint16_t port,
				   struct rte_mbuf *m)
{
	struct mcr_relay_way *way = &r->ways[port];

	m->hash.usr = interface;
	r->counts[interface].tx++;
	if (way->n == 0)
		r->waiting[port / 64] |= UINT64_C(1) << port % 64;
	way->mbufs[way->n++] = m;
	if (unlikely(way->n == MCR_RELAY_BATCH))
		mcr_relay_send_way(r, port);
}

#endif
