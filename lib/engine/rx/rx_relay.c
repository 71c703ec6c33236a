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
	r->serial++; /* all flows are decided about anew */
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

/* Reverse path forwarding. */
static int accepts(const struct mcr_relay_view *view, const struct mcr_relay_verdict *v,
		   const uint8_t *mac)
{
	return !is_of_relay(view, mac) &&
	       mcr_route_rpf_accepts(&view->inputs[v->interface].rpf, v->packet.source);
}

static struct mcr_flow_slot *flow_of(struct mcr_relay_lcore *r, const struct mcr_relay_verdict *v,
				     uint64_t outputs, uint64_t now_ns)
{
	return mcr_flow_cache_find(r->flows,
				   &(struct mcr_flow_key){.source = v->packet.source,
							  .group = v->packet.group,
							  .outputs = outputs,
							  .interface = v->interface},
				   now_ns);
}

static void refuse(struct mcr_relay_verdict *v, enum mcr_drop reason, uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
	v->reason = (uint8_t)(1 + reason);
}

static int is_looped(const struct mcr_relay_lcore *r, const struct mcr_relay_verdict *v,
		     const struct rte_mbuf *m, uint64_t now_ns)
{
	struct mcr_loop_guard *guard = r->view->inputs[v->interface].guard;
	const uint32_t ip = v->packet.l3_offset;

	return guard && mcr_loop_guard_is_back(guard, &v->packet,
					       rte_pktmbuf_mtod_offset(m, const uint8_t *, ip),
					       m->data_len - ip, now_ns);
}

/* Finds out where a packet goes, and counts it with its flow. Returns whether it goes the rings'
 * way as well. What the loop guard has to see is not remembered. */
static int decide(struct mcr_relay_lcore *r, struct mcr_relay_verdict *v, const struct rte_mbuf *m,
		  uint64_t now_ns)
{
	const struct mcr_route_packet *p = &v->packet;
	const struct mcr_relay_view *view = r->view;
	struct mcr_flow_slot *flow;
	uint64_t outputs;
	int for_rings;

	outputs = mcr_route_outputs_from(view->table, v->first, v->interface, p->group, p->source,
					 &for_rings) &
		  view->forwarding[p->is_ipv6];
	if (outputs == 0)
		return 1;
	if (!accepts(view, v, rte_pktmbuf_mtod_offset(m, const uint8_t *, 6))) {
		refuse(v, MCR_DROP_WRONG_INTERFACE, &r->wrong_interface[v->interface]);
		mcr_flow_count(flow_of(r, v, 0, now_ns), p->len, now_ns);
		return 1;
	}
	if (is_looped(r, v, m, now_ns)) {
		refuse(v, MCR_DROP_LOOPED, &r->looped[v->interface]);
		return 1;
	}
	flow = flow_of(r, v, outputs, now_ns);
	if (!view->inputs[v->interface].guard)
		mcr_flow_decide(flow, v->start, r->serial, for_rings);
	mcr_flow_count(flow, p->len, now_ns);
	v->outputs = outputs;
	return for_rings;
}

/* Takes the packets `open` of the burst, bit per packet, about which nothing is known, by steps, so
 * that what a packet has to be compared with is fetched before its turn. Returns those that go the
 * rings' way as well; r->relayed has those that go the relay's. */
static __rte_noinline uint32_t decide_open(struct mcr_worker *w, const struct mcr_burst *b,
					   uint32_t open)
{
	struct mcr_relay_lcore *r = w->relay;
	uint32_t for_rings = 0;

	for (uint32_t left = open; left != 0; left &= left - 1) {
		struct mcr_relay_verdict *v = &r->verdicts[__builtin_ctz(left)];

		v->first = mcr_route_first_look(r->view->table, v->packet.group);
		rte_prefetch0(v->first);
	}
	for (uint32_t left = open; left != 0; left &= left - 1) {
		const unsigned i = (unsigned)__builtin_ctz(left);

		if (decide(r, &r->verdicts[i], w->mbufs[i], b->rx_ns))
			for_rings |= 1u << i;
		if (r->verdicts[i].outputs != 0)
			r->relayed |= 1u << i;
	}
	return for_rings;
}

/* Finds out whether a packet is one that the relay may forward, as far as it tells itself. */
static inline int look(struct mcr_relay_verdict *v, struct mcr_relay_lcore *r,
		       const struct mcr_burst *b, const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	unsigned in;

	v->outputs = 0;
	v->reason = 0;
	if (!mcr_route_look(&v->packet, frame, m->data_len, m->pkt_len, mcr_mbuf_stripped_vlan(m),
			    b->mac))
		return 0;
	in = b->interface_of_vlan[v->packet.vlan];
	if (in == MCR_NO_INTERFACE || (r->view->interfaces >> in & 1) == 0)
		return 0;
	v->interface = (uint8_t)in;
	v->start = mcr_load64(frame + 6);
	v->flow = mcr_flow_cache_guess(r->flows, v->packet.source, v->packet.group);
	rte_prefetch0(v->flow);
	return 1;
}

/* The usual packet is of a flow that was decided about. Returns 0: this one is not. */
static inline int is_known(struct mcr_relay_verdict *v, uint64_t serial, uint64_t now_ns)
{
	const struct mcr_route_packet *p = &v->packet;

	if (unlikely(
		!mcr_flow_is_decided(v->flow, p->source, p->group, v->interface, v->start, serial)))
		return 0;
	v->outputs = v->flow->flow.key.outputs;
	mcr_flow_count(v->flow, p->len, now_ns);
	return 1;
}

/* Packets from..to go the rings' way in runs, but for `only`, which are the relay's. */
static __rte_noinline void take_others(struct mcr_worker *w, struct mcr_queue *q, unsigned from,
				       unsigned to, uint32_t only)
{
	unsigned begin = from;

	for (unsigned i = from; i < to; i++) {
		if ((only >> i & 1) == 0)
			continue;
		if (begin < i)
			mcr_rx_take(w, q, begin, i);
		begin = i + 1;
	}
	if (begin < to)
		mcr_rx_take(w, q, begin, to);
}

void mcr_rx_relay_take(struct mcr_worker *w, struct mcr_queue *q, unsigned from, unsigned to)
{
	const struct mcr_burst *b = &q->burst;
	struct mcr_relay_lcore *r = w->relay;
	const uint32_t before = r->relayed, all = (uint32_t)((UINT64_C(1) << to) - (1u << from));
	uint32_t looked = 0, open = 0, relayed = 0, for_rings;

	for (unsigned i = from; i < to; i++) {
		rte_prefetch0(rte_pktmbuf_mtod(w->mbufs[i + MCR_PREFETCH_AHEAD], const void *));
		if (likely(look(&r->verdicts[i], r, b, w->mbufs[i])))
			looked |= 1u << i;
	}
	for_rings = all & ~looked;
	for (uint32_t left = looked; left != 0; left &= left - 1) {
		const unsigned i = (unsigned)__builtin_ctz(left);
		struct mcr_relay_verdict *v = &r->verdicts[i];

		if (likely(is_known(v, r->serial, b->rx_ns))) {
			relayed |= 1u << i;
			for_rings |= (uint32_t)mcr_flow_is_for_rings(v->flow) << i;
		} else {
			open |= 1u << i;
		}
	}
	r->relayed |= relayed;
	if (unlikely(open != 0))
		for_rings |= decide_open(w, b, open);
	if (for_rings != 0)
		take_others(w, q, from, to, all & ~for_rings);
	w->totals.account.relayed += (unsigned)__builtin_popcount(r->relayed ^ before);
	w->totals.account.relayed_only += (unsigned)__builtin_popcount(all & ~for_rings);
}

void mcr_rx_relay_send(struct mcr_worker *w, struct mcr_queue *q)
{
	struct mcr_relay_lcore *r = w->relay;

	if (r->relayed == 0)
		return;
	for (uint32_t left = r->relayed; left != 0; left &= left - 1)
		r->wanted += mcr_relay_copy_wants(&r->verdicts[__builtin_ctz(left)]);
	for (; r->relayed != 0; r->relayed &= r->relayed - 1) {
		const unsigned i = (unsigned)__builtin_ctz(r->relayed);
		struct rte_mbuf *m = w->mbufs[i];

		w->mbufs[i] = NULL;
		mcr_relay_copy(r, m, &r->verdicts[i]);
	}
	q->burst.mixed = 1;
	w->rare = 1;
	mcr_relay_copy_done(r);
	mcr_relay_flush(r);
}
