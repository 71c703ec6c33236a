/* SPDX-License-Identifier: BSD-3-Clause */
/* The stages of a chunk. No system call, lock, log or allocation. */
#include <sys/socket.h>

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_prefetch.h>

#include "engine/rx_chunk.h"

static inline void drop(struct mcr_worker *w, struct mcr_burst *b, unsigned i, unsigned reason)
{
	w->totals.account.drops[reason]++;
	b->dropped |= 1u << reason;
	b->drop_packet[reason] = (uint8_t)i;
	b->drop_len[reason] = w->mbufs[i]->pkt_len;
}

/* To control, or counted when it does not keep up. The mbuf is control's from then on. */
static __rte_noinline void punt(struct mcr_worker *w, struct mcr_burst *b,
				const struct mcr_queue *q, unsigned i)
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
static __rte_noinline int to_kernel(struct mcr_worker *w, struct mcr_burst *b,
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
static inline void unwanted(struct mcr_worker *w, struct mcr_burst *b, const struct mcr_queue *q,
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

/* Adds packet i to the batch of one channel. Returns 0 when its ring cannot hold it. */
static __rte_always_inline unsigned add(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
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
static __rte_noinline unsigned add_more(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
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
static __rte_always_inline unsigned match(struct mcr_worker *w, struct mcr_burst *b,
					  uint8_t interface, unsigned i)
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
static __rte_noinline unsigned other(struct mcr_worker *w, struct mcr_burst *b,
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

static __rte_always_inline unsigned classify(struct mcr_worker *w, struct mcr_burst *b,
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

static __rte_always_inline void publish_batch(struct mcr_worker *w, const struct mcr_burst *b,
					      unsigned channel, const int is_stamped)
{
	struct mcr_ring_writer *ring = w->view->rings[channel][w->index];
	struct mcr_batch *batch = &w->batches[channel];
	uint16_t step;

	if (unlikely(batch->handler != NULL) &&
	    mcr_inline_hand_over(w, channel, b->rx_ns, b->flags, is_stamped ? b->clock : NULL))
		return;
	step = mcr_rx_step_flag(w, channel);
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

static __rte_noinline void publish(struct mcr_worker *w, const struct mcr_burst *b,
				   unsigned channel)
{
	publish_batch(w, b, channel, 0);
}

/* The stages of a chunk are functions of their own, so that each has the registers to itself. */
static __rte_noinline void parse_chunk(struct mcr_worker *w, struct mcr_burst *b, unsigned from,
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

static __rte_noinline void classify_chunk(struct mcr_worker *w, struct mcr_burst *b,
					  const struct mcr_queue *q, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		unsigned reason = classify(w, b, q, i);

		if (unlikely(reason != 0))
			unwanted(w, b, q, i, reason - 1);
	}
}

/* Of a queue with timestamps; those of packets that went elsewhere are not looked at. */
static __rte_noinline void publish_chunk_stamped(struct mcr_worker *w, const struct mcr_burst *b,
						 unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		w->hw_ns[i] = w->mbufs[i] != NULL ? mcr_port_clock_ns(b->clock, w->mbufs[i]) : 0;
	for (uint64_t left = b->channels; left != 0; left &= left - 1)
		publish_batch(w, b, (unsigned)__builtin_ctzll(left), 1);
}

void mcr_rx_chunk(struct mcr_worker *w, struct mcr_burst *b, const struct mcr_queue *q,
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
