/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot loop: it receives a burst, handles it in chunks and gives the buffers back. No system
 * call, lock, log or allocation, but for the sleep of --idle adaptive.
 *
 * The chunks grow, so that the first packets of a burst do not wait for its last ones: each ring
 * that a chunk touches is published once (rx_outlet.c). When the loop is behind, packets have
 * waited in the queue already, and a burst is one chunk. */
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "engine/relay/relay_tx.h"
#include "engine/rx/rx_chunk.h"
#include "engine/rx/rx_look.h"
#include "engine/rx/rx_loop.h"
#include "engine/rx/rx_outlet.h"
#include "engine/rx/rx_plain.h"
#include "engine/rx/rx_relay.h"

#define POLLED_A_SECOND 10000 /* watermarks of a ring */
#define LOOKS_A_SECOND  1000  /* at all packets of a burst */
#define CHUNK_GROWTH    8     /* from one chunk of a burst to the next: 1, 8, 23 of 32 */
#define PIECE           8     /* packets of a piece */
#define IDLE_POLLS      1024  /* empty polls before --idle adaptive starts to sleep */
#define IDLE_SLEEP_NS   50000

/* Gives buffers back to their pools; NULL = it was punted. Not inline: bursts seldom come here. */
static __rte_noinline void free_each(struct rte_mbuf **mbufs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		rte_pktmbuf_free(mbufs[i]);
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

/* What the packets of a queue have in common as long as the view is the same. */
static void set_up(const struct mcr_worker *w, struct mcr_queue *q)
{
	const struct mcr_view_port *port = &w->view->ports[q->port];
	struct mcr_burst *b = &q->burst;

	b->interface_of_vlan = port->interface_of_vlan;
	memcpy(b->mac, port->mac, sizeof(b->mac));
	b->own = mcr_parse_own(b->mac);
	b->own_ipv6 = mcr_parse_own_ipv6(b->mac);
	b->suspect = q->udp_checksum == MCR_UDP_CHECKSUM_NIC ? RTE_MBUF_F_RX_L4_CKSUM_BAD : 0;
	b->odd =
	    b->suspect | RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	b->verify = q->udp_checksum == MCR_UDP_CHECKSUM_VERIFY;
	b->clock = q->clock;
	b->trailers = q->trailers;
	b->all_take = UINT32_MAX;
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		if (w->outlets[c].ring && mcr_ring_max_payload(w->outlets[c].ring) < b->all_take)
			b->all_take = mcr_ring_max_payload(w->outlets[c].ring);
	b->all_take_ipv6 = b->all_take - MCR_IPV6_EXTRAS;
	b->flags = MCR_FLAG_RX_TIME_TSC;
	mcr_rx_arrival(&b->untagged, w, b, 0);
}

/* The lcore is busy from one non-empty burst to the next, or to the next look that finds nothing.
 * So the clock is read once for a burst. */
static inline void busy_until(struct mcr_worker *w, uint64_t tsc)
{
	w->totals.busy_cycles += tsc - w->busy_from;
	w->busy_from = tsc;
}

static __rte_noinline void become_idle(struct mcr_worker *w)
{
	busy_until(w, rte_rdtsc());
	w->busy = 0;
	mcr_account_show(&w->shared, &w->totals, w->rare);
	w->rare = 0;
}

static inline void show(struct mcr_worker *w)
{
	w->totals.bursts++;
	mcr_account_show(&w->shared, &w->totals, w->rare);
	w->rare = 0;
}

static void adopt(struct mcr_worker *w, const struct mcr_view *view);

static __rte_noinline void adopt_late(struct mcr_worker *w)
{
	const struct mcr_view *view = __atomic_load_n(&w->published, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < w->n_queues; i++)
		if (view->ports[w->queues[i].port].removed)
			return;
	adopt(w, view);
}

/* Packets were received, and this thread may have stood still since it looked for a view: then they
 * may be of a group that was joined meanwhile, and the joiner has its answer. A view that takes
 * queues away can wait. */
static inline void catch_up(struct mcr_worker *w)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE); /* the packets are read before the pointer */
	if (unlikely(__atomic_load_n(&w->published, __ATOMIC_RELAXED) != w->view))
		adopt_late(w);
}

/* n packets have come into mbufs. */
static inline void begin(struct mcr_worker *w, struct mcr_burst *b, unsigned n)
{
	uint64_t tsc = rte_rdtsc();

	busy_until(w, tsc);
	w->busy = 1;
	for (unsigned i = 0; i < MCR_PREFETCH_AHEAD; i++) /* prefetched behind the last */
		w->mbufs[n + i] = w->mbufs[n - 1];
	b->rx_ns = now_of(w, tsc);
	b->pool = w->mbufs[0]->pool;
	b->mixed = 0;
	b->dropped = w->look;
}

/* What became of the burst is remembered while its buffers are there. */
static inline void look_back(struct mcr_worker *w, const struct mcr_queue *q, unsigned n)
{
	if (unlikely(q->burst.dropped != 0))
		mcr_rx_look(w, q, n);
}

/* Gives the buffers back: faster than rte_pktmbuf_free_bulk, where all were found to be usual ones.
 */
static inline void end(struct mcr_worker *w, const struct mcr_queue *q, unsigned n)
{
	const struct mcr_burst *b = &q->burst;

	if (likely(!b->mixed))
		rte_mempool_put_bulk(b->pool, (void **)w->mbufs, n);
	else
		free_each(w->mbufs, n);
	w->totals.account.received += n;
}

/* Returns how many packets it received. relay: of an engine that relays: it takes up what the
 * relay wants at the end, when the rings are published. */
static __rte_always_inline unsigned poll_whole(struct mcr_worker *w, struct mcr_queue *q,
					       const int relay)
{
	uint16_t n = rte_eth_rx_burst(q->port, q->queue, w->mbufs, MCR_BURST);

	if (n == 0) {
		q->behind = 0;
		if (w->busy)
			become_idle(w);
		return 0;
	}
	catch_up(w);
	begin(w, &q->burst, n);
	for (unsigned from = 0, size = q->behind ? n : w->first_chunk; from < n;
	     from += size, size *= CHUNK_GROWTH) {
		if (relay)
			mcr_rx_relay_take(w, q, from, RTE_MIN(from + size, n));
		else
			mcr_rx_take(w, q, from, RTE_MIN(from + size, n));
		mcr_rx_publish(w, &q->burst);
	}
	q->behind = n == MCR_BURST;
	look_back(w, q, n);
	if (relay)
		mcr_rx_relay_send(w, q);
	end(w, q, n);
	show(w);
	return n;
}

/* The same for a queue that is behind: some packets at a time are received, taken and freed, each
 * piece with its own time, and published together. So buffers, and what the driver does with them,
 * stay in the first-level cache. */
static __rte_noinline unsigned poll_pieces(struct mcr_worker *w, struct mcr_queue *q)
{
	unsigned got = 0, n;

	do {
		n = rte_eth_rx_burst(q->port, q->queue, w->mbufs, PIECE);
		if (n == 0)
			break;
		if (got == 0) /* else the rings have messages that are not published */
			catch_up(w);
		begin(w, &q->burst, n);
		mcr_rx_take(w, q, 0, n);
		if (unlikely(q->burst.handled)) /* they want to see the buffers */
			mcr_rx_publish(w, &q->burst);
		look_back(w, q, n);
		end(w, q, n);
		got += n;
	} while (n == PIECE && got < MCR_BURST);
	q->behind = got == MCR_BURST;
	if (got == 0) {
		if (w->busy)
			become_idle(w);
		return 0;
	}
	mcr_rx_publish(w, &q->burst);
	show(w);
	return got;
}

static inline unsigned poll_queue(struct mcr_worker *w, struct mcr_queue *q)
{
	return unlikely(q->pieces && q->behind) ? poll_pieces(w, q) : poll_whole(w, q, 0);
}

/* A round of an engine that relays. Frames that others have handed over do not wait while this
 * lcore sleeps. It sends about as many for each of them as it receives itself, at most. */
static __rte_noinline unsigned poll_relay(struct mcr_worker *w)
{
	unsigned got = 0;

	for (unsigned i = 0; i < w->n_queues; i++)
		got += poll_whole(w, &w->queues[i], 1);
	return got + mcr_relay_drain(w->relay, MCR_BURST * (w->n_queues + 1u));
}

/* Puts a change of a port's link into all rings of this lcore, in order with the data. */
static void publish_link(struct mcr_worker *w, uint16_t port, int up)
{
	const struct mcr_view_port *p = &w->view->ports[port];
	uint64_t now_ns = now_of(w, rte_rdtsc());

	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++) {
		struct mcr_ring_writer *ring = w->view->rings[c][w->index];
		struct mcr_record link = {
		    .rx_ns = now_ns, .vlan_kind = MCR_LINK << MCR_KIND_SHIFT, .id = port};

		if (!ring)
			continue;
		link.flags = (uint8_t)(MCR_FLAG_RX_TIME_TSC | mcr_rx_step_flag(w, &w->outlets[c]));
		if (up)
			link.flags |= MCR_FLAG_LINK_UP;
		if (p->removed)
			link.flags |= MCR_FLAG_LINK_GONE;
		mcr_ring_begin(ring, 0);
		mcr_ring_end(ring, 0, &link);
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
	if (w->relay)
		mcr_rx_relay_adopt(w);
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
		if (view->ports[port].removed)
			continue;
		w->queues[kept] = w->queues[i];
		set_up(w, &w->queues[kept++]);
	}
	w->n_queues = kept;
	if (w->busy) /* the queue that was may be gone, and is never found empty */
		become_idle(w);
}

/* Moves the watermark: all that arrived before it is published. Each tenth time the next burst is
 * to be looked at. */
static inline void mark_polled(struct mcr_worker *w, uint64_t tsc)
{
	uint64_t ns;

	if (likely(tsc - w->polled_tsc < w->polled_every))
		return;
	w->polled_tsc = tsc;
	ns = now_of(w, tsc);
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		if (w->view->rings[c][w->index])
			mcr_ring_set_polled(w->view->rings[c][w->index], ns);
	if (++w->unlooked >= POLLED_A_SECOND / LOOKS_A_SECOND) {
		w->unlooked = 0;
		w->look = MCR_BURST_LOOK;
	}
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
	w->polled_every = rte_get_tsc_hz() / POLLED_A_SECOND;
	w->look = MCR_BURST_LOOK;
	while (likely(!__atomic_load_n(&w->stop, __ATOMIC_RELAXED))) {
		/* Acquire: pairs with the release of the control thread that made the view. */
		const struct mcr_view *view = __atomic_load_n(&w->published, __ATOMIC_ACQUIRE);
		unsigned got = 0;
		uint64_t tsc;

		if (!w->busy)
			w->busy_from = rte_rdtsc();
		tsc = w->busy_from;
		watch_gap(w, tsc);
		if (unlikely(view->serial != w->view_serial))
			adopt(w, view);
		if (unlikely(w->relay))
			got = poll_relay(w);
		else
			for (unsigned i = 0; i < w->n_queues; i++)
				got += poll_queue(w, &w->queues[i]);
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
