/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot loop: it receives a burst, handles it in chunks and gives the buffers back. No system
 * call, lock, log or allocation, but for the sleep of --idle adaptive.
 *
 * The chunks grow, so that the first packets of a burst do not wait for its last ones: each ring
 * that a chunk touches is published once (rx_chunk.c). When the loop is behind, packets have waited
 * in the queue already, and a burst is one chunk. */
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "engine/rx/rx_chunk.h"
#include "engine/rx/rx_loop.h"

#define POLLED_EVERY_NS 100000 /* from one watermark of a ring to the next */
#define CHUNK_GROWTH    8      /* from one chunk of a burst to the next: 1, 8, 23 of 32 */
#define IDLE_POLLS      1024   /* empty polls before --idle adaptive starts to sleep */
#define IDLE_SLEEP_NS   50000

/* Gives buffers back to their pools; NULL = it was punted. Not inline: bursts seldom come here. */
static __rte_noinline void free_each(struct rte_mbuf **mbufs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		rte_pktmbuf_free(mbufs[i]);
}

/* A faster rte_pktmbuf_free_bulk for what drivers usually hand out: buffers of one pool, of one
 * segment each, held by nobody else. Such a burst goes back as a whole. Whether it is one is found
 * out without a branch for each buffer. */
static inline void free_burst(struct rte_mbuf **mbufs, unsigned n)
{
	struct rte_mempool *pool = likely(mbufs[0]) ? mbufs[0]->pool : NULL;
	uint64_t odd = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct rte_mbuf *m = mbufs[i];

		if (unlikely(!m)) {
			odd = 1;
			break;
		}
		odd |= (uintptr_t)m->pool ^ (uintptr_t)pool;
		odd |= (rte_mbuf_refcnt_read(m) ^ 1u) | (m->nb_segs ^ 1u);
		odd |= m->ol_flags & (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL);
	}
	if (likely(odd == 0))
		rte_mempool_put_bulk(pool, (void **)mbufs, n);
	else
		free_each(mbufs, n);
}

/* Keeps a sample of the last packet of each reason, while the burst's buffers are still there. */
static __rte_noinline void sample_drops(struct mcr_worker *w, const struct mcr_burst *b,
					uint16_t port)
{
	for (uint32_t left = b->dropped; left != 0; left &= left - 1) {
		unsigned reason = (unsigned)__builtin_ctz(left);
		unsigned i = b->drop_packet[reason];
		const struct mcr_packet *p = &w->packets[i];
		const struct rte_mbuf *m = w->mbufs[i];
		const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);
		uint8_t interface = b->interface_of_vlan[p->vlan];
		struct mcr_drop_sample sample = {
		    .time_ns = b->rx_ns,
		    .group_be = p->group_be,
		    .source_be = p->source_be,
		    .port = p->port,
		    .source_port = p->source_port,
		    .vlan = p->vlan,
		    .dpdk_port = port,
		    .ether_type = p->ether_type,
		    .interface = interface == MCR_NO_INTERFACE ? MCR_DROP_NO_INTERFACE : interface,
		    .len = m->pkt_len,
		};

		if (m->data_len >= 6)
			memcpy(sample.destination_mac, head, 6);
		if (m->data_len >= 12)
			memcpy(sample.source_mac, head + 6, 6);
		mcr_seqlock_write(&w->shared.drops[reason].version, &w->shared.drops[reason].sample,
				  &sample, sizeof(sample));
	}
}

/* Neither rx_ns nor the watermark ever goes back: when CLOCK_REALTIME steps back, which is flagged,
 * they stand still. */
static inline uint64_t now_of(struct mcr_worker *w, uint64_t tsc)
{
	uint64_t ns = mcr_clock_realtime(w->clock, tsc, &w->clock_steps);

	if (ns < w->last_ns)
		ns = w->last_ns;
	w->last_ns = ns;
	return ns;
}

/* Returns how many packets it received. *busy_from: TSC when the driver's part of the work began;
 * moved to the end of the burst. */
static inline unsigned poll_queue(struct mcr_worker *w, struct mcr_queue *q, uint64_t *busy_from)
{
	uint16_t n = rte_eth_rx_burst(q->port, q->queue, w->mbufs, MCR_BURST);
	const struct mcr_view_port *port = &w->view->ports[q->port];
	struct mcr_burst b;
	uint64_t tsc;

	if (n == 0) {
		q->behind = 0;
		return 0;
	}
	tsc = rte_rdtsc();
	for (unsigned i = 0; i < MCR_PREFETCH_AHEAD; i++) /* prefetched behind the last */
		w->mbufs[n + i] = w->mbufs[n - 1];
	b.interface_of_vlan = port->interface_of_vlan;
	memcpy(b.mac, port->mac, sizeof(b.mac));
	b.own = mcr_parse_own(port->mac);
	b.suspect = mcr_rx_suspect_flags(q);
	b.odd = b.suspect | RTE_MBUF_F_RX_VLAN_STRIPPED;
	b.verify = q->udp_checksum == MCR_UDP_CHECKSUM_VERIFY;
	b.clock = q->clock;
	b.dropped = 0;
	b.rx_ns = now_of(w, tsc);
	b.flags = MCR_FLAG_RX_TIME_TSC;
	for (unsigned from = 0, size = q->behind ? n : w->first_chunk; from < n;
	     from += size, size *= CHUNK_GROWTH)
		mcr_rx_chunk(w, &b, q, from, RTE_MIN(from + size, n));
	q->behind = n == MCR_BURST;
	if (unlikely(b.dropped != 0))
		sample_drops(w, &b, q->port);
	free_burst(w->mbufs, n);
	w->totals.account.received += n;
	w->totals.bursts++;
	tsc = rte_rdtsc();
	w->totals.busy_cycles += tsc - *busy_from;
	*busy_from = tsc;
	mcr_seqlock_write(&w->shared.totals_version, &w->shared.totals, &w->totals,
			  sizeof(w->totals));
	return n;
}

/* Puts a change of a port's link into all rings of this lcore, in order with the data. */
static void publish_link(struct mcr_worker *w, uint16_t port, int up)
{
	const struct mcr_view_port *p = &w->view->ports[port];
	uint64_t now_ns = now_of(w, rte_rdtsc());

	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++) {
		struct mcr_ring_writer *ring = w->view->rings[c][w->index];
		struct mcr_desc desc = {.rx_ns = now_ns, .kind = MCR_LINK, .id = port};

		if (!ring)
			continue;
		desc.flags = MCR_FLAG_RX_TIME_TSC | mcr_rx_step_flag(w, &w->outlets[c]);
		if (up)
			desc.flags |= MCR_FLAG_LINK_UP;
		if (p->removed)
			desc.flags |= MCR_FLAG_LINK_GONE;
		mcr_ring_put(ring, &desc, 0);
		mcr_ring_publish(ring);
	}
}

/* Takes over a new view: from now on messages go into its rings. Publishes the links that changed
 * and forgets the queues of removed ports, so that nobody polls them once the grace period is over.
 */
static __rte_noinline void adopt(struct mcr_worker *w, const struct mcr_view *view)
{
	uint64_t start_ns = now_of(w, rte_rdtsc());
	uint16_t kept = 0;

	w->view = view;
	w->view_serial = view->serial;
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++) {
		w->outlets[c].ring = view->rings[c][w->index];
		w->outlets[c].handler = view->handlers[c][w->index];
	}
	memcpy(w->broadcast_be, view->broadcast_be, sizeof(w->broadcast_be));
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		if (view->rings[c][w->index])
			mcr_ring_set_started(view->rings[c][w->index], start_ns);
	for (unsigned i = 0; i < w->n_queues; i++) {
		uint16_t port = w->queues[i].port;
		const struct mcr_view_port *p = &view->ports[port];

		if (w->link_changes[port] != p->link_changes) {
			/* An even number of changes: it was the other way meanwhile. */
			if ((p->link_changes - w->link_changes[port]) % 2 == 0 && !p->removed)
				publish_link(w, port, !p->link_up);
			w->link_changes[port] = p->link_changes;
			publish_link(w, port, p->link_up);
		}
		if (!view->ports[port].removed)
			w->queues[kept++] = w->queues[i];
	}
	w->n_queues = kept;
}

/* Moves the watermark: all that arrived before it is published. */
static inline void mark_polled(struct mcr_worker *w, uint64_t tsc)
{
	uint64_t ns = now_of(w, tsc);

	if (ns - w->last_polled_ns < POLLED_EVERY_NS)
		return;
	w->last_polled_ns = ns;
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		if (w->view->rings[c][w->index])
			mcr_ring_set_polled(w->view->rings[c][w->index], ns);
}

static inline void watch_gap(struct mcr_worker *w, uint64_t tsc)
{
	uint64_t steps;

	if (unlikely(tsc - w->last_poll_tsc > w->gap.cycles)) {
		w->gap.cycles = tsc - w->last_poll_tsc;
		w->gap.at_ns = mcr_clock_realtime(w->clock, tsc, &steps);
		mcr_seqlock_write(&w->shared.gap_version, &w->shared.gap, &w->gap, sizeof(w->gap));
	}
	w->last_poll_tsc = tsc;
}

/* --idle adaptive: sleeps for a time that is short against the queue's length. The lcore is offline
 * meanwhile, so that no grace period waits for it. The gap is wanted, so it does not count. */
static void nap(struct mcr_worker *w)
{
	const struct timespec ts = {.tv_nsec = IDLE_SLEEP_NS};

	rte_rcu_qsbr_thread_offline(w->qsbr, w->index);
	nanosleep(&ts, NULL);
	rte_rcu_qsbr_thread_online(w->qsbr, w->index);
	w->last_poll_tsc = rte_rdtsc();
}

int mcr_rx_loop(void *worker)
{
	struct mcr_worker *w = worker;

	rte_rcu_qsbr_thread_online(w->qsbr, w->index);
	w->last_poll_tsc = rte_rdtsc();
	while (likely(!__atomic_load_n(&w->stop, __ATOMIC_RELAXED))) {
		/* Acquire: pairs with the release of the control thread that made the view. */
		const struct mcr_view *view = __atomic_load_n(&w->published, __ATOMIC_ACQUIRE);
		unsigned got = 0;
		uint64_t tsc = rte_rdtsc(), busy_from = tsc;

		watch_gap(w, tsc);
		if (unlikely(view->serial != w->view_serial))
			adopt(w, view);
		for (unsigned i = 0; i < w->n_queues; i++)
			got += poll_queue(w, &w->queues[i], &busy_from);
		mark_polled(w, tsc);
		__atomic_store_n(&w->shared.polls, w->shared.polls + w->n_queues, __ATOMIC_RELAXED);
		rte_rcu_qsbr_quiescent(w->qsbr, w->index);
		w->empty_polls = got != 0 ? 0 : w->empty_polls + 1;
		if (w->idle == MCR_IDLE_ADAPTIVE && w->empty_polls > IDLE_POLLS)
			nap(w);
	}
	rte_rcu_qsbr_thread_offline(w->qsbr, w->index);
	return 0;
}
