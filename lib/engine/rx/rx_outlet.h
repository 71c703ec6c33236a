/* SPDX-License-Identifier: BSD-3-Clause */
/* Where packets leave the rx lcore: the rings and handlers of channels. Thread: the rx lcore. */
#ifndef MCR_ENGINE_RX_OUTLET_H
#define MCR_ENGINE_RX_OUTLET_H

#include <stdint.h>

#include <rte_branch_prediction.h>

#include <mcring/consumer.h>

#include "core/ring_packet.h"
#include "engine/rx/worker.h"

/* mcr_rx_step_flag: MCR_FLAG_CLOCK_STEP for the ring's first message after a step of
 * CLOCK_REALTIME, else 0. The very first message of a ring never has it. */
static inline uint16_t mcr_rx_step_flag(const struct mcr_worker *w, struct mcr_outlet *out)
{
	if (likely(out->clock_steps == w->clock_steps))
		return 0;
	out->clock_steps = w->clock_steps;
	return out->ring->next > 0 ? MCR_FLAG_CLOCK_STEP : 0;
}

/* mcr_rx_opens: the channel gets a packet of this chunk. Returns 1 if that goes straight into the
 * ring; 0 if a handler comes first, or if the message has a flag that others do not have. */
static inline int mcr_rx_opens(struct mcr_worker *w, struct mcr_burst *b, unsigned channel)
{
	const struct mcr_outlet *out = &w->outlets[channel];

	if (unlikely(out->handler || out->clock_steps != w->clock_steps))
		return 0;
	b->channels |= UINT64_C(1) << channel;
	return 1;
}

/* mcr_rx_count counts a packet of a membership. */
static inline void mcr_rx_count(struct mcr_group_count *c, uint32_t payload_len, uint64_t rx_ns)
{
	__atomic_store_n(&c->packets, c->packets + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&c->bytes, c->bytes + payload_len, __ATOMIC_RELAXED);
	__atomic_store_n(&c->last_ns, rx_ns, __ATOMIC_RELAXED);
	if (unlikely(c->first_ns == 0))
		__atomic_store_n(&c->first_ns, rx_ns, __ATOMIC_RELAXED);
}

/* mcr_rx_time: when the NIC, or a switch before it, received a packet whose datagram ends at octet
 * `end` of its frame; 0 = unknown. b->clock is not NULL. */
static inline uint64_t mcr_rx_time(const struct mcr_burst *b, const struct rte_mbuf *m,
				   uint32_t end)
{
	if (unlikely(b->trailers))
		return mcr_packet_clock_trailer(b->clock, b->trailers, m, end, b->rx_ns);
	return mcr_packet_clock_ns(b->clock, m);
}

/* mcr_rx_count_time: the packet of the last mcr_rx_time was delivered. */
static inline void mcr_rx_count_time(const struct mcr_burst *b)
{
	if (unlikely(b->trailers))
		mcr_trailer_count(&b->trailers->reader);
}

/* mcr_rx_deliver writes packet i into the ring of a channel, which can hold it, or gives it to the
 * channel's handler. hw_ns: of mcr_rx_time, or 0. */
void mcr_rx_deliver(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
		    const struct mcr_target *target, uint64_t hw_ns);

/* mcr_rx_publish ends a chunk: it calls the handlers and publishes each ring that was touched,
 * once. What handlers wait for must still be in mbufs. */
void mcr_rx_publish(struct mcr_worker *w, struct mcr_burst *b);

#endif
