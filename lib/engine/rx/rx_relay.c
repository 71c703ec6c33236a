/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_prefetch.h>

#include "engine/relay/relay_copy.h"
#include "engine/relay/relay_tx.h"
#include "engine/rx/mbuf.h"
#include "engine/rx/rx_chunk.h"
#include "engine/rx/rx_relay.h"

void mcr_rx_relay_adopt(struct mcr_worker *w)
{
	struct mcr_relay_lcore *r = w->relay;

	r->view = w->view->relay;
	r->last.key = UINT64_MAX; /* of no packet */
	for (unsigned i = 0; i < r->n_owned; i++)
		r->owned[i].is_gone = w->view->ports[r->owned[i].port].removed;
}

static int is_of_relay(const struct mcr_relay_view *view, const uint8_t *mac)
{
	for (size_t i = 0; i < view->n_macs; i++)
		if (mcr_same_mac(view->macs[i], mac))
			return 1;
	return 0;
}

static __rte_noinline int look_up(const struct mcr_worker *w, unsigned in,
				  struct mcr_route_address source, const uint8_t *mac)
{
	const struct mcr_relay_view *view = w->relay->view;

	return !is_of_relay(view, mac) &&
	       !mcr_route_address_same(source, mcr_route_address_ipv4(w->broadcast_be[in])) &&
	       mcr_route_rpf_accepts(&view->inputs[in].rpf, source);
}

/* Reverse path forwarding. Most packets are of the flow of the one before, or of its sender. */
static inline int accepts(const struct mcr_worker *w, unsigned in, struct mcr_route_address source,
			  const uint8_t *mac)
{
	struct mcr_relay_lcore *r = w->relay;
	const uint64_t key = (uint64_t)in << 48 | mcr_mac_number(mac);

	if (unlikely(r->last.key != key || !mcr_route_address_same(r->last.source, source))) {
		r->last.accepts = (uint8_t)look_up(w, in, source, mac);
		r->last.source = source;
		r->last.key = key;
	}
	return r->last.accepts;
}

static __rte_noinline void refuse(struct mcr_relay_verdict *v, enum mcr_drop reason,
				  uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
	v->reason = (uint8_t)(1 + reason);
	v->outputs = 0;
	v->rings = 1;
}

/* A packet for outputs: it comes from where its source is, and for the first time. */
static inline void inspect(struct mcr_worker *w, const struct mcr_burst *b,
			   struct mcr_relay_verdict *v, const struct rte_mbuf *m, unsigned in)
{
	struct mcr_relay_lcore *r = w->relay;
	const struct mcr_route_packet *p = &v->packet;
	const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);
	struct mcr_loop_guard *guard = r->view->inputs[in].guard;

	if (unlikely(!accepts(w, in, p->source, head + 6)))
		refuse(v, MCR_DROP_WRONG_INTERFACE, &r->wrong_interface[in]);
	else if (guard &&
		 unlikely(mcr_loop_guard_is_back(guard, p, head + p->l3_offset,
						 m->data_len - (uint32_t)p->l3_offset, b->rx_ns)))
		refuse(v, MCR_DROP_LOOPED, &r->looped[in]);
	if (unlikely(v->reason == 1 + MCR_DROP_LOOPED)) /* the flow has it already */
		return;
	mcr_flow_cache_count(
	    r->flows,
	    &(struct mcr_flow_key){
		.source = p->source, .group = p->group, .outputs = v->outputs, .interface = in},
	    p->len, b->rx_ns);
}

/* Finds out where packet i goes. */
static inline void look(struct mcr_worker *w, const struct mcr_burst *b, unsigned i)
{
	const struct mcr_relay_view *view = w->relay->view;
	struct mcr_relay_verdict *v = &w->relay->verdicts[i];
	const struct rte_mbuf *m = w->mbufs[i];
	unsigned in;
	int rings;

	v->outputs = 0;
	v->reason = 0;
	v->rings = 1;
	if (!mcr_route_look(&v->packet, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len,
			    m->pkt_len, mcr_mbuf_stripped_vlan(m), b->mac))
		return;
	in = b->interface_of_vlan[v->packet.vlan];
	if (in == MCR_NO_INTERFACE || (view->interfaces >> in & 1) == 0)
		return;
	v->outputs = mcr_route_outputs(view->table, in, v->packet.group, v->packet.source, &rings) &
		     view->forwarding[v->packet.is_ipv6];
	if (v->outputs == 0)
		return;
	v->rings = (uint8_t)rings;
	inspect(w, b, v, m, in);
}

void mcr_rx_relay_take(struct mcr_worker *w, struct mcr_queue *q, unsigned from, unsigned to)
{
	struct mcr_counts *account = &w->totals.account;
	unsigned begin = from; /* of those that go the rings' way and have not gone it yet */

	for (unsigned i = from; i < to; i++) {
		const struct mcr_relay_verdict *v = &w->relay->verdicts[i];

		rte_prefetch0(rte_pktmbuf_mtod(w->mbufs[i + MCR_PREFETCH_AHEAD], const void *));
		look(w, &q->burst, i);
		account->relayed += v->outputs != 0;
		if (v->rings)
			continue;
		account->relayed_only++;
		if (begin < i)
			mcr_rx_take(w, q, begin, i);
		begin = i + 1;
	}
	if (begin < to)
		mcr_rx_take(w, q, begin, to);
}

void mcr_rx_relay_send(struct mcr_worker *w, struct mcr_queue *q, unsigned n)
{
	struct mcr_relay_lcore *r = w->relay;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = w->mbufs[i];

		if (r->verdicts[i].outputs == 0)
			continue;
		w->mbufs[i] = NULL;
		q->burst.mixed = 1;
		w->rare = 1;
		mcr_relay_copy(r, m, &r->verdicts[i]);
	}
	mcr_relay_flush(r);
}
