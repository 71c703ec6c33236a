/* SPDX-License-Identifier: BSD-3-Clause */
/* Readers see the counts when all is settled. */
#include <rte_ethdev.h>

#include "core/seqlock.h"
#include "engine/relay/relay_tx.h"

static inline unsigned output_of(const struct rte_mbuf *m)
{
	return m->hash.usr;
}

static __rte_noinline void drop_full(struct mcr_relay_lcore *r, struct rte_mbuf **mbufs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct mcr_relay_counts *c = &r->counts[output_of(mbufs[i])];

		c->tx--;
		c->tx_full++;
		rte_pktmbuf_free(mbufs[i]);
	}
}

static inline void transmit(struct mcr_relay_lcore *r, uint16_t port, uint16_t queue,
			    struct rte_mbuf **mbufs, uint16_t n)
{
	uint16_t sent = rte_eth_tx_burst(port, queue, mbufs, n);

	if (unlikely(sent < n))
		drop_full(r, mbufs + sent, n - sent);
}

/* The owner of the queue counts what it gets as offered, and what becomes of it. */
static __rte_noinline void hand_over(struct mcr_relay_lcore *r, struct mcr_relay_way *way)
{
	uint32_t put;

	for (unsigned i = 0; i < way->n; i++) {
		struct mcr_relay_counts *c = &r->counts[output_of(way->mbufs[i])];

		c->offered--;
		c->tx--;
	}
	put = mcr_handover_put(way->ring, (void *const *)way->mbufs, way->n);
	for (unsigned i = put; i < way->n; i++) {
		struct mcr_relay_counts *c = &r->counts[output_of(way->mbufs[i])];

		c->offered++;
		c->tx_full++;
		rte_pktmbuf_free(way->mbufs[i]);
	}
}

void mcr_relay_send_way(struct mcr_relay_lcore *r, uint16_t port)
{
	struct mcr_relay_way *way = &r->ways[port];

	if (unlikely(way->ring))
		hand_over(r, way);
	else
		transmit(r, port, way->queue, way->mbufs, way->n);
	way->n = 0;
}

static void show(struct mcr_relay_lcore *r)
{
	for (; r->touched != 0; r->touched &= r->touched - 1) {
		const unsigned i = (unsigned)__builtin_ctzll(r->touched);

		mcr_seqlock_write(&r->shared[i].version, &r->shared[i].counts, &r->counts[i],
				  sizeof(r->counts[i]));
	}
}

void mcr_relay_flush(struct mcr_relay_lcore *r)
{
	for (unsigned w = 0; w < RTE_DIM(r->waiting); w++) {
		for (uint64_t left = r->waiting[w]; left != 0; left &= left - 1) {
			const unsigned port = w * 64 + (unsigned)__builtin_ctzll(left);

			if (r->ways[port].n > 0) /* else they went when they were many */
				mcr_relay_send_way(r, (uint16_t)port);
		}
		r->waiting[w] = 0;
	}
	show(r);
}

/* ---- what others hand over ---- */

/* What the queue does not take stays where it is. */
static unsigned send_of_control(const struct mcr_relay_owned *o)
{
	struct rte_mbuf *mbufs[MCR_RELAY_BATCH];
	uint32_t n = mcr_handover_look(o->control, (void **)mbufs, MCR_RELAY_BATCH);

	if (n == 0)
		return 0;
	if (o->is_gone)
		rte_pktmbuf_free_bulk(mbufs, n);
	else
		n = rte_eth_tx_burst(o->port, o->queue, mbufs, (uint16_t)n);
	mcr_handover_take(o->control, n);
	return n;
}

/* Of n frames of other lcores, those whose output is up are the first. Returns how many these are;
 * the others are gone. */
static uint16_t settle(struct mcr_relay_lcore *r, const struct mcr_relay_owned *o,
		       struct rte_mbuf **mbufs, uint32_t n)
{
	uint16_t up = 0;

	for (uint32_t i = 0; i < n; i++) {
		const unsigned interface = output_of(mbufs[i]);
		struct mcr_relay_counts *c = &r->counts[interface];

		r->touched |= UINT64_C(1) << interface;
		c->offered++;
		if (likely(!o->is_gone && r->view->outputs[interface].is_up)) {
			c->tx++;
			mbufs[up++] = mbufs[i];
		} else {
			c->tx_down++;
			rte_pktmbuf_free(mbufs[i]);
		}
	}
	return up;
}

static unsigned send_of_lcore(struct mcr_relay_lcore *r, const struct mcr_relay_owned *o,
			      struct mcr_handover *from, unsigned max)
{
	struct rte_mbuf *mbufs[MCR_RELAY_BATCH];
	unsigned got = 0;
	uint32_t n;

	do {
		n = mcr_handover_look(from, (void **)mbufs, RTE_MIN(max - got, MCR_RELAY_BATCH));
		if (n == 0)
			break;
		mcr_handover_take(from, n);
		got += n;
		n = settle(r, o, mbufs, n);
		if (likely(n > 0))
			transmit(r, o->port, o->queue, mbufs, (uint16_t)n);
	} while (got < max);
	return got;
}

unsigned mcr_relay_drain(struct mcr_relay_lcore *r, unsigned max)
{
	unsigned got = 0;

	for (unsigned i = 0; i < r->n_owned; i++) {
		const struct mcr_relay_owned *o = &r->owned[i];

		if (o->control)
			got += send_of_control(o);
		for (unsigned l = 0; l < o->n; l++)
			got += send_of_lcore(r, o, o->from[l], max);
	}
	if (r->touched != 0)
		show(r);
	return got;
}
