/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's place in the rx loop: between the driver and the rings, and behind them. Only an
 * engine that relays comes here. Thread: the rx lcore. */
#ifndef MCR_ENGINE_RX_RELAY_H
#define MCR_ENGINE_RX_RELAY_H

#include <mcring/stats.h>

#include "engine/relay/relay_lcore.h"
#include "engine/rx/worker.h"

/* mcr_rx_relay_adopt takes over the relay's part of a view that the worker has adopted. */
void mcr_rx_relay_adopt(struct mcr_worker *w);

/* mcr_rx_relay_take does for mbufs[from..to) what mcr_rx_take does, and finds out where each goes
 * (relay->verdicts). What only the relay wants does not go the rings' way. */
void mcr_rx_relay_take(struct mcr_worker *w, struct mcr_queue *q, unsigned from, unsigned to);

/* mcr_rx_relay_send forwards what of the burst has outputs, when all chunks are published: their
 * buffers are the relay's from then on (mbufs[i] is NULL). */
void mcr_rx_relay_send(struct mcr_worker *w, struct mcr_queue *q);

/* mcr_rx_relay_wants: whether packet i has outputs. Any engine may ask. */
static inline int mcr_rx_relay_wants(const struct mcr_worker *w, unsigned i)
{
	return unlikely(w->relay != NULL) && w->relay->verdicts[i].outputs != 0;
}

/* mcr_rx_relay_reason: why packet i, which has no outputs, is dropped, if the rings' reason is this
 * one. Any engine may ask. */
static inline unsigned mcr_rx_relay_reason(const struct mcr_worker *w, unsigned i, unsigned reason)
{
	/* For these it would have been relayed all the same. */
	const uint32_t relayed = 1u << MCR_DROP_UNKNOWN_GROUP | 1u << MCR_DROP_UNKNOWN_PORT |
				 1u << MCR_DROP_WRONG_SOURCE | 1u << MCR_DROP_FRAGMENT |
				 1u << MCR_DROP_NOT_UDP | 1u << MCR_DROP_BAD_UDP_CHECKSUM |
				 1u << MCR_DROP_BAD_UDP_LENGTH | 1u << MCR_DROP_NO_UDP_CHECKSUM |
				 1u << MCR_DROP_TOO_LARGE;

	if (likely(!w->relay) || w->relay->verdicts[i].reason == 0 || (relayed >> reason & 1) == 0)
		return reason;
	return w->relay->verdicts[i].reason - 1u;
}

#endif
