/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot loop: burst, parse, match, publish. No system call, lock, log or allocation in it, but
 * for the sleep of --idle adaptive.
 *
 * A burst is handled in two chunks, so that its first packets do not wait for its last ones: each
 * chunk is classified whole, then reserved, written and published once per ring. */
#include <sys/socket.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_prefetch.h>

#include <mcring/consumer.h>

#include "engine/worker.h"

#define POLLED_EVERY_NS 100000 /* of the ring's watermark */
#define IDLE_POLLS      1024   /* empty polls before --idle adaptive starts to sleep */
#define IDLE_SLEEP_NS   50000

/* What a burst's packets have in common, and what becomes of them. */
struct burst {
	uint64_t rx_ns;
	const uint8_t *interface_of_vlan;
	const uint8_t *mac; /* of the port */
	uint64_t ol_flags;  /* of all packets of the chunk */
	uint64_t suspect;   /* offload flags that say that the UDP checksum is bad */
	uint8_t verify;     /* or it is computed for each packet */
	const struct mcr_port_clock *clock; /* of its timestamps; NULL = none */
	uint16_t flags;
	uint32_t dropped;                    /* bit per reason */
	uint8_t drop_packet[MCR_DROP_COUNT]; /* last packet of each reason in `dropped` */
	uint32_t drop_len[MCR_DROP_COUNT];   /* its octets */
	uint64_t channels;                   /* bit per channel with a batch */
};

static inline void drop(struct mcr_worker *w, struct burst *b, unsigned i, unsigned reason)
{
	w->totals.account.drops[reason]++;
	b->dropped |= 1u << reason;
	b->drop_packet[reason] = (uint8_t)i;
	b->drop_len[reason] = w->mbufs[i]->pkt_len;
}

/* To control, or counted when it does not keep up. The mbuf is control's from then on. */
static __rte_noinline void punt(struct mcr_worker *w, struct burst *b, const struct mcr_queue *q,
				unsigned i)
{
	w->mbufs[i]->port = q->port; /* not every driver says so: net_ring, members of a bond */
	if (unlikely(rte_ring_sp_enqueue(w->punt, w->mbufs[i]) != 0)) {
		drop(w, b, i, MCR_DROP_PUNT_OVERFLOW);
		return;
	}
	w->totals.account.punted++;
	w->mbufs[i] = NULL;
}

/* Reasons that say what no channel wants, but not that the frame is broken. */
#define KERNEL_REASONS                                                                         \
	(1u << MCR_DROP_NOT_IPV4 | 1u << MCR_DROP_FRAGMENT | 1u << MCR_DROP_NOT_MULTICAST |    \
	 1u << MCR_DROP_NOT_UDP | 1u << MCR_DROP_UNKNOWN_GROUP | 1u << MCR_DROP_UNKNOWN_PORT | \
	 1u << MCR_DROP_WRONG_SOURCE)

/* Hands packet i to the kernel, by way of control, if it wants it. Returns 0: it does not. */
static __rte_noinline int to_kernel(struct mcr_worker *w, struct burst *b,
				    const struct mcr_queue *q, unsigned i)
{
	uint8_t interface = b->interface_of_vlan[w->packets[i].vlan];
	struct rte_mbuf *m = w->mbufs[i];

	if (!mcr_view_kernel_wants(w->view, interface, rte_pktmbuf_mtod(m, const uint8_t *),
				   b->mac))
		return 0;
	m->port = q->port;
	m->hash.usr = interface;
	if (unlikely(rte_ring_sp_enqueue(w->kernel, m) != 0)) {
		drop(w, b, i, MCR_DROP_KERNEL_OVERFLOW);
		return 1;
	}
	w->totals.account.punted++;
	w->mbufs[i] = NULL;
	return 1;
}

static int is_igmp(const struct mcr_packet *p, const struct rte_mbuf *m)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, p->l3_offset);

	return p->ether_type == RTE_ETHER_TYPE_IPV4 && ip[9] == IPPROTO_IGMP;
}

/* What no channel takes: the kernel's, or dropped. */
static inline void unwanted(struct mcr_worker *w, struct burst *b, const struct mcr_queue *q,
			    unsigned i, unsigned reason)
{
	if (likely(w->view->kernel_interfaces == 0) || (KERNEL_REASONS >> reason & 1) == 0 ||
	    !to_kernel(w, b, q, i))
		drop(w, b, i, reason);
}

/* RFC 768 over several segments: pseudo header, then the datagram as its length says. */
static int checksum_in_segments(struct rte_mbuf *m, const struct mcr_packet *p,
				const uint8_t *frame)
{
	uint32_t udp = p->payload_offset - MCR_UDP_HEADER;
	uint32_t len = p->payload_len + MCR_UDP_HEADER;
	uint32_t sum;
	uint16_t part;

	if (mcr_load_be16(frame + udp + 6) == 0) /* the sender made none */
		return 1;
	if (rte_raw_cksum_mbuf(m, udp, len, &part) != 0)
		return 0;
	sum = part;
	sum += rte_raw_cksum(frame + p->l3_offset + 12, 8); /* both addresses */
	sum += rte_cpu_to_be_16(IPPROTO_UDP);
	sum += rte_cpu_to_be_16((uint16_t)len);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static __rte_noinline int udp_checksum_ok(const struct mcr_queue *q, struct rte_mbuf *m,
					  const struct mcr_packet *p)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

	if (q->udp_checksum == MCR_UDP_CHECKSUM_NIC)
		return (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) != RTE_MBUF_F_RX_L4_CKSUM_BAD;
	if (m->nb_segs == 1)
		return mcr_udp_checksum_ok(p, frame);
	return checksum_in_segments(m, p, frame);
}

/* Whether udp_checksum_ok has to look: offload flags that call for it, or always. */
static inline uint64_t suspect_flags(const struct mcr_queue *q)
{
	return q->udp_checksum == MCR_UDP_CHECKSUM_NIC ? RTE_MBUF_F_RX_L4_CKSUM_BAD : 0;
}

/* Adds packet i to the batch of one channel. Returns 0 when its ring cannot hold it. */
static __rte_always_inline unsigned add(struct mcr_worker *w, struct burst *b, unsigned i,
					const struct mcr_target *target)
{
	struct mcr_ring_writer *ring = w->view->rings[target->channel][w->index];
	struct mcr_batch *batch = &w->batches[target->channel];
	uint16_t n = batch->n;

	if (unlikely(w->packets[i].payload_len > mcr_ring_max_payload(ring))) {
		__atomic_store_n(&ring->too_large, ring->too_large + 1, __ATOMIC_RELAXED);
		return 0;
	}
	mcr_ring_add(ring, w->packets[i].payload_len);
	batch->packet[n] = (uint8_t)i;
	batch->id[n] = target->id;
	batch->n = n + 1;
	b->channels |= UINT64_C(1) << target->channel;
	return 1;
}

/* The second channel and those behind it: apart, so that the usual one is short. */
static __rte_noinline unsigned add_more(struct mcr_worker *w, struct burst *b, unsigned i,
					const struct mcr_target *targets, int n)
{
	unsigned taken = 0;

	for (int t = 0; t < n; t++)
		taken += add(w, b, i, &targets[t]);
	return taken;
}

static inline void count(struct mcr_group_count *c, uint32_t payload_len, uint64_t rx_ns)
{
	__atomic_store_n(&c->packets, c->packets + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&c->bytes, c->bytes + payload_len, __ATOMIC_RELAXED);
	__atomic_store_n(&c->last_ns, rx_ns, __ATOMIC_RELAXED);
	if (unlikely(c->first_ns == 0))
		__atomic_store_n(&c->first_ns, rx_ns, __ATOMIC_RELAXED);
}

/* Multicast UDP: adds packet i to the batch of each channel that wants it. Returns 0, or 1 + the
 * drop reason. */
static __rte_always_inline unsigned match(struct mcr_worker *w, struct burst *b, uint8_t interface,
					  unsigned i)
{
	const struct mcr_packet *p = &w->packets[i];
	struct mcr_target targets[MCR_CHANNELS_MAX];
	uint32_t membership;
	unsigned taken;
	int n;

	n = mcr_group_table_match(w->view->table, interface, p->group_be, p->port, p->source_be,
				  targets, &membership);
	if (unlikely(n <= 0))
		return (unsigned)-n;
	taken = add(w, b, i, &targets[0]);
	if (n > 1)
		taken += add_more(w, b, i, targets + 1, n - 1);
	if (unlikely(taken == 0))
		return 1 + MCR_DROP_TOO_LARGE;
	w->totals.account.delivered++;
	count(&w->group_counts[membership], p->payload_len, b->rx_ns);
	return 0;
}

/* What is not multicast UDP. Returns as match. */
static __rte_noinline unsigned other(struct mcr_worker *w, struct burst *b,
				     const struct mcr_queue *q, unsigned i)
{
	const struct mcr_packet *p = &w->packets[i];

	if (p->verdict == MCR_PARSED_DROP)
		return 1u + p->drop;
	if (b->interface_of_vlan[p->vlan] == MCR_NO_INTERFACE)
		return 1 + MCR_DROP_VLAN_UNKNOWN;
	/* IGMP is control's in any case; it lets the kernel have it, too. */
	if (w->view->kernel_interfaces == 0 || is_igmp(p, w->mbufs[i]) || !to_kernel(w, b, q, i))
		punt(w, b, q, i);
	return 0;
}

static __rte_always_inline unsigned classify(struct mcr_worker *w, struct burst *b,
					     const struct mcr_queue *q, unsigned i)
{
	const struct mcr_packet *p = &w->packets[i];
	uint8_t interface;

	if (unlikely(p->verdict != MCR_PARSED_UDP))
		return other(w, b, q, i);
	interface = b->interface_of_vlan[p->vlan];
	if (unlikely(interface == MCR_NO_INTERFACE))
		return 1 + MCR_DROP_VLAN_UNKNOWN;
	return match(w, b, interface, i);
}

static inline void parse(struct mcr_packet *p, const struct rte_mbuf *m, const uint8_t *mac)
{
	uint16_t stripped = 0;

	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
		stripped = m->vlan_tci & 0xfff;
	mcr_parse(p, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, stripped, mac);
}

static __rte_noinline void copy_segments(uint8_t *to, const struct rte_mbuf *m, uint32_t offset,
					 uint32_t len)
{
	if (len == 0) /* its place may be behind the last segment */
		return;
	while (offset >= m->data_len) {
		offset -= m->data_len;
		m = m->next;
	}
	while (m->data_len - offset < len) {
		uint32_t part = m->data_len - offset;

		mcr_ring_copy(to, rte_pktmbuf_mtod_offset(m, const void *, offset), part);
		to += part;
		len -= part;
		offset = 0;
		m = m->next;
	}
	mcr_ring_copy(to, rte_pktmbuf_mtod_offset(m, const void *, offset), len);
}

/* The parser saw that the payload lies in the frame. */
static inline void copy_payload(uint8_t *to, const struct rte_mbuf *m, uint32_t offset,
				uint32_t len)
{
	if (likely(m->nb_segs == 1))
		mcr_ring_copy(to, rte_pktmbuf_mtod_offset(m, const void *, offset), len);
	else
		copy_segments(to, m, offset, len);
}

/* MCR_FLAG_CLOCK_STEP for the ring's first message since the last step, else 0. The very first has
 * none before it. */
static inline uint16_t step_flag(struct mcr_worker *w, unsigned channel)
{
	struct mcr_batch *batch = &w->batches[channel];

	if (likely(batch->clock_steps == w->clock_steps))
		return 0;
	batch->clock_steps = w->clock_steps;
	return w->view->rings[channel][w->index]->next > 0 ? MCR_FLAG_CLOCK_STEP : 0;
}

static __rte_always_inline void publish_batch(struct mcr_worker *w, const struct burst *b,
					      unsigned channel, const int is_stamped)
{
	struct mcr_ring_writer *ring = w->view->rings[channel][w->index];
	struct mcr_batch *batch = &w->batches[channel];
	uint16_t step;

	if (unlikely(batch->handler != NULL) &&
	    mcr_inline_hand_over(w, channel, b->rx_ns, b->flags, is_stamped ? b->clock : NULL))
		return;
	step = step_flag(w, channel);
	mcr_ring_reserve(ring);
	for (unsigned k = 0, n = batch->n; k < n; k++) {
		const struct mcr_packet *p = &w->packets[batch->packet[k]];
		uint64_t hw_ns = is_stamped ? w->hw_ns[batch->packet[k]] : 0;
		const struct mcr_desc desc = {
		    .rx_ns = b->rx_ns,
		    .hw_ns = hw_ns,
		    .len = p->payload_len,
		    .group_be = p->group_be,
		    .source_be = p->source_be,
		    .id = batch->id[k],
		    .port = p->port,
		    .source_port = p->source_port,
		    .vlan = p->vlan,
		    .flags = b->flags | step | (hw_ns != 0 ? b->clock->flags : 0),
		    .kind = MCR_DATA,
		    .family = AF_INET,
		    .ttl = p->ttl,
		};

		copy_payload(mcr_ring_put(ring, &desc), w->mbufs[batch->packet[k]],
			     p->payload_offset, p->payload_len);
		step = 0;
	}
	mcr_ring_publish(ring);
	batch->n = 0;
}

static __rte_noinline void publish(struct mcr_worker *w, const struct burst *b, unsigned channel)
{
	publish_batch(w, b, channel, 0);
}

/* The stages of a chunk are functions of their own, so that each has the registers to itself. */
static __rte_noinline void parse_chunk(struct mcr_worker *w, struct burst *b, unsigned from,
				       unsigned to)
{
	const uint8_t *mac = b->mac;
	uint64_t flags = 0;

	for (unsigned i = from; i < to; i++) {
		rte_prefetch0(rte_pktmbuf_mtod(w->mbufs[i + MCR_PREFETCH_AHEAD], const void *));
		flags |= w->mbufs[i]->ol_flags;
		parse(&w->packets[i], w->mbufs[i], mac);
	}
	b->ol_flags = flags;
}

/* Bad UDP checksums. Apart, because the NIC seldom finds one. */
static __rte_noinline void check_chunk(struct mcr_worker *w, const struct mcr_queue *q,
				       unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		struct mcr_packet *p = &w->packets[i];

		if (p->verdict != MCR_PARSED_UDP || udp_checksum_ok(q, w->mbufs[i], p))
			continue;
		p->verdict = MCR_PARSED_DROP;
		p->drop = MCR_DROP_BAD_UDP_CHECKSUM;
	}
}

static __rte_noinline void classify_chunk(struct mcr_worker *w, struct burst *b,
					  const struct mcr_queue *q, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		unsigned reason = classify(w, b, q, i);

		if (unlikely(reason != 0))
			unwanted(w, b, q, i, reason - 1);
	}
}

/* Of a queue with timestamps; those of packets that went elsewhere are not looked at. */
static __rte_noinline void publish_chunk_stamped(struct mcr_worker *w, const struct burst *b,
						 unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		w->hw_ns[i] = w->mbufs[i] != NULL ? mcr_port_clock_ns(b->clock, w->mbufs[i]) : 0;
	for (uint64_t left = b->channels; left != 0; left &= left - 1)
		publish_batch(w, b, (unsigned)__builtin_ctzll(left), 1);
}

static inline void chunk(struct mcr_worker *w, struct burst *b, const struct mcr_queue *q,
			 unsigned from, unsigned to)
{
	b->channels = 0;
	parse_chunk(w, b, from, to);
	if (unlikely((b->ol_flags & b->suspect) != 0 || b->verify))
		check_chunk(w, q, from, to);
	classify_chunk(w, b, q, from, to);
	if (unlikely(b->clock != NULL)) {
		publish_chunk_stamped(w, b, from, to);
		return;
	}
	for (uint64_t left = b->channels; left != 0; left &= left - 1)
		publish(w, b, (unsigned)__builtin_ctzll(left));
}

/* rte_pktmbuf_free_bulk, in line: buffers of a burst are of one pool, and of one segment. Where
 * there is none the packet was punted. */
static inline void free_burst(struct rte_mbuf **mbufs, unsigned n)
{
	void *done[MCR_BURST];
	struct rte_mempool *pool = NULL;
	unsigned n_done = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = mbufs[i];

		if (unlikely(m == NULL))
			continue;
		if (unlikely(m->nb_segs != 1)) {
			rte_pktmbuf_free(m);
			continue;
		}
		m = rte_pktmbuf_prefree_seg(m);
		if (unlikely(m == NULL))
			continue;
		if (unlikely(m->pool != pool)) {
			if (n_done > 0)
				rte_mempool_put_bulk(pool, done, n_done);
			n_done = 0;
			pool = m->pool;
		}
		done[n_done++] = m;
	}
	if (likely(n_done > 0))
		rte_mempool_put_bulk(pool, done, n_done);
}

/* The last packet of each reason, for "dropped, and it looked like this". */
static __rte_noinline void sample_drops(struct mcr_worker *w, const struct burst *b, uint16_t port)
{
	for (uint32_t left = b->dropped; left != 0; left &= left - 1) {
		unsigned reason = (unsigned)__builtin_ctz(left);
		unsigned i = b->drop_packet[reason];
		const struct mcr_packet *p = &w->packets[i];
		const struct mcr_drop_sample sample = {
		    .time_ns = b->rx_ns,
		    .group_be = p->group_be,
		    .source_be = p->source_be,
		    .port = p->port,
		    .source_port = p->source_port,
		    .vlan = p->vlan,
		    .dpdk_port = port,
		    .ether_type = p->ether_type,
		    .len = b->drop_len[reason],
		};

		mcr_seqlock_write(&w->shared.drops[reason].version, &w->shared.drops[reason].sample,
				  &sample, sizeof(sample));
	}
}

/* Neither rx_ns nor the watermark ever goes back, whatever CLOCK_REALTIME does (a step is flagged):
 * after a step back they stand still. */
static inline uint64_t now_of(struct mcr_worker *w, uint64_t tsc)
{
	uint64_t ns = mcr_clock_realtime(w->clock, tsc, &w->clock_steps);

	if (ns < w->last_ns)
		ns = w->last_ns;
	w->last_ns = ns;
	return ns;
}

/* *busy_from: where the driver's part of the work began; moved to the end of a burst. */
static inline unsigned poll_queue(struct mcr_worker *w, const struct mcr_queue *q,
				  uint64_t *busy_from)
{
	uint16_t n = rte_eth_rx_burst(q->port, q->queue, w->mbufs, MCR_BURST);
	const struct mcr_view_port *port = &w->view->ports[q->port];
	struct burst b;
	uint64_t tsc;

	if (n == 0)
		return 0;
	tsc = rte_rdtsc();
	for (unsigned i = 0; i < MCR_PREFETCH_AHEAD; i++) /* what is fetched behind the last */
		w->mbufs[n + i] = w->mbufs[n - 1];
	b.interface_of_vlan = port->interface_of_vlan;
	b.mac = port->mac;
	b.suspect = suspect_flags(q);
	b.verify = q->udp_checksum == MCR_UDP_CHECKSUM_VERIFY;
	b.clock = q->clock;
	b.dropped = 0;
	b.rx_ns = now_of(w, tsc);
	b.flags = MCR_FLAG_RX_TIME_TSC;
	if (n > w->first_chunk)
		chunk(w, &b, q, 0, w->first_chunk);
	chunk(w, &b, q, n > w->first_chunk ? w->first_chunk : 0, n);
	free_burst(w->mbufs, n);
	if (unlikely(b.dropped != 0))
		sample_drops(w, &b, q->port);
	w->totals.account.received += n;
	w->totals.bursts++;
	tsc = rte_rdtsc();
	w->totals.busy_cycles += tsc - *busy_from;
	*busy_from = tsc;
	mcr_seqlock_write(&w->shared.totals_version, &w->shared.totals, &w->totals,
			  sizeof(w->totals));
	return n;
}

/* A change of a port's link, into all rings of this lcore, in order with the data. */
static void tell_link(struct mcr_worker *w, uint16_t port)
{
	const struct mcr_view_port *p = &w->view->ports[port];
	uint64_t now_ns = now_of(w, rte_rdtsc());

	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++) {
		struct mcr_ring_writer *ring = w->view->rings[c][w->index];
		struct mcr_desc desc = {.rx_ns = now_ns, .kind = MCR_LINK, .id = port};

		if (ring == NULL)
			continue;
		desc.flags = MCR_FLAG_RX_TIME_TSC | step_flag(w, c);
		if (p->link_up)
			desc.flags |= MCR_FLAG_LINK_UP;
		if (p->removed)
			desc.flags |= MCR_FLAG_LINK_GONE;
		mcr_ring_add(ring, 0);
		mcr_ring_reserve(ring);
		mcr_ring_put(ring, &desc);
		mcr_ring_publish(ring);
	}
}

/* A new view: from now on everything is in the rings that came with it. Links that changed are
 * told, queues of ports that were removed are forgotten; once the grace period of the view is over,
 * nobody polls them. */
static __rte_noinline void adopt(struct mcr_worker *w, const struct mcr_view *view)
{
	uint64_t start_ns = now_of(w, rte_rdtsc());
	uint16_t kept = 0;

	w->view = view;
	w->view_serial = view->serial;
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		w->batches[c].handler = view->handlers[c][w->index];
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		if (view->rings[c][w->index] != NULL)
			mcr_ring_set_started(view->rings[c][w->index], start_ns);
	for (unsigned i = 0; i < w->n_queues; i++) {
		uint16_t port = w->queues[i].port;

		if (w->link_changes[port] != view->ports[port].link_changes) {
			w->link_changes[port] = view->ports[port].link_changes;
			tell_link(w, port);
		}
		if (!view->ports[port].removed)
			w->queues[kept++] = w->queues[i];
	}
	w->n_queues = kept;
}

/* The watermark: all that arrived before it is published. */
static inline void mark_polled(struct mcr_worker *w, uint64_t tsc)
{
	uint64_t ns = now_of(w, tsc);

	if (ns - w->last_polled_ns < POLLED_EVERY_NS)
		return;
	w->last_polled_ns = ns;
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		if (w->view->rings[c][w->index] != NULL)
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

/* --idle adaptive: sleeps in pieces short against the queue's length. Offline meanwhile, so that a
 * grace period does not wait for a sleeper. The gap it makes is wanted and is not counted. */
static void nap(struct mcr_worker *w)
{
	const struct timespec ts = {.tv_nsec = IDLE_SLEEP_NS};

	rte_rcu_qsbr_thread_offline(w->qsbr, w->index);
	nanosleep(&ts, NULL);
	rte_rcu_qsbr_thread_online(w->qsbr, w->index);
	w->last_poll_tsc = rte_rdtsc();
}

int mcr_worker_lcore_main(void *arg)
{
	struct mcr_worker *w = arg;

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
