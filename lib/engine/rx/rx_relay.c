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

static __rte_noinline int look_up(const struct mcr_relay_view *view, unsigned in,
				  struct mcr_route_address source, const uint8_t *mac)
{
	return !is_of_relay(view, mac) && mcr_route_rpf_accepts(&view->inputs[in].rpf, source);
}

/* Reverse path forwarding. Most packets are of the flow of the one before, or of its sender. */
static inline int accepts(struct mcr_relay_lcore *r, unsigned in, struct mcr_route_address source,
			  const uint8_t *mac)
{
	const uint64_t key = (uint64_t)in << 48 | mcr_mac_number(mac);

	if (unlikely(r->last.key != key || !mcr_route_address_same(r->last.source, source))) {
		r->last.accepts = (uint8_t)look_up(r->view, in, source, mac);
		r->last.source = source;
		r->last.key = key;
	}
	return r->last.accepts;
}

static inline void count_flow(struct mcr_relay_lcore *r, const struct mcr_relay_verdict *v,
			      uint64_t now_ns)
{
	mcr_flow_cache_count(r->flows,
			     &(struct mcr_flow_key){.source = v->packet.source,
						    .group = v->packet.group,
						    .outputs = v->outputs,
						    .interface = v->interface},
			     v->packet.len, now_ns);
}

static void refuse(struct mcr_relay_verdict *v, enum mcr_drop reason, uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
	v->reason = (uint8_t)(1 + reason);
	v->outputs = 0;
	v->rings = 1;
}

static __rte_noinline void refuse_source(struct mcr_relay_lcore *r, struct mcr_relay_verdict *v,
					 uint64_t now_ns)
{
	refuse(v, MCR_DROP_WRONG_INTERFACE, &r->wrong_interface[v->interface]);
	count_flow(r, v, now_ns);
}

static __rte_noinline void refuse_loop(struct mcr_relay_lcore *r, struct mcr_relay_verdict *v,
				       const struct rte_mbuf *m, uint64_t now_ns)
{
	const uint32_t ip = v->packet.l3_offset;

	if (mcr_loop_guard_is_back(r->view->inputs[v->interface].guard, &v->packet,
				   rte_pktmbuf_mtod_offset(m, const uint8_t *, ip),
				   m->data_len - ip, now_ns))
		refuse(v, MCR_DROP_LOOPED, &r->looped[v->interface]);
}

/* Finds out whether a packet is one that the relay may forward, as far as it tells itself. */
static inline void look(struct mcr_relay_verdict *v, const struct mcr_relay_view *view,
			const struct mcr_burst *b, const struct rte_mbuf *m)
{
	unsigned in;

	v->outputs = 0;
	v->reason = 0;
	v->rings = 1;
	v->interface = MCR_NO_INTERFACE;
	if (!mcr_route_look(&v->packet, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len,
			    m->pkt_len, mcr_mbuf_stripped_vlan(m), b->mac))
		return;
	in = b->interface_of_vlan[v->packet.vlan];
	if (in == MCR_NO_INTERFACE || (view->interfaces >> in & 1) == 0)
		return;
	v->interface = (uint8_t)in;
	v->first = mcr_route_first_look(view->table, v->packet.group);
	rte_prefetch0(v->first);
}

/* Finds out where a packet goes, if it comes from where its source is, and for the first time. */
static inline void decide(struct mcr_relay_verdict *v, struct mcr_relay_lcore *r,
			  const struct mcr_burst *b, const struct rte_mbuf *m)
{
	const struct mcr_route_packet *p = &v->packet;
	int rings;

	if (v->interface == MCR_NO_INTERFACE)
		return;
	v->outputs = mcr_route_outputs_from(r->view->table, v->first, v->interface, p->group,
					    p->source, &rings) &
		     r->view->forwarding[p->is_ipv6];
	if (v->outputs == 0)
		return;
	v->rings = (uint8_t)rings;
	if (unlikely(!accepts(r, v->interface, p->source,
			      rte_pktmbuf_mtod_offset(m, const uint8_t *, 6))))
		refuse_source(r, v, b->rx_ns);
	else if (r->view->inputs[v->interface].guard)
		refuse_loop(r, v, m, b->rx_ns);
}

/* By steps, so that what a packet has to be compared with is fetched before its turn. */
void mcr_rx_relay_take(struct mcr_worker *w, struct mcr_queue *q, unsigned from, unsigned to)
{
	struct mcr_relay_lcore *r = w->relay;
	const struct mcr_relay_view *view = r->view;
	unsigned relayed = 0, only = 0;
	unsigned begin = from; /* of those that go the rings' way and have not gone it yet */

	for (unsigned i = from; i < to; i++) {
		rte_prefetch0(rte_pktmbuf_mtod(w->mbufs[i + MCR_PREFETCH_AHEAD], const void *));
		look(&r->verdicts[i], view, &q->burst, w->mbufs[i]);
	}
	for (unsigned i = from; i < to; i++) {
		struct mcr_relay_verdict *v = &r->verdicts[i];

		decide(v, r, &q->burst, w->mbufs[i]);
		relayed += v->outputs != 0;
		if (v->rings)
			continue;
		only++;
		if (begin < i)
			mcr_rx_take(w, q, begin, i);
		begin = i + 1;
	}
	if (begin < to)
		mcr_rx_take(w, q, begin, to);
	w->totals.account.relayed += relayed;
	w->totals.account.relayed_only += only;
}

void mcr_rx_relay_send(struct mcr_worker *w, struct mcr_queue *q, unsigned n)
{
	struct mcr_relay_lcore *r = w->relay;
	unsigned sent = 0;

	for (unsigned i = 0; i < n; i++)
		if (r->verdicts[i].outputs != 0) {
			count_flow(r, &r->verdicts[i], q->burst.rx_ns);
			r->wanted += mcr_relay_copy_wants(&r->verdicts[i]);
		}
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = w->mbufs[i];

		if (r->verdicts[i].outputs == 0)
			continue;
		w->mbufs[i] = NULL;
		sent++;
		mcr_relay_copy(r, m, &r->verdicts[i]);
	}
	if (sent == 0)
		return;
	q->burst.mixed = 1;
	w->rare = 1;
	mcr_relay_copy_done(r);
	mcr_relay_flush(r);
}
