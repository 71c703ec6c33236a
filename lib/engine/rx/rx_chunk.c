/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet's way from the driver's buffer into the rings. No system call, lock, log or allocation.
 *
 * Packets of the usual kind take a short way, take_usual. All others take the long one, take_any,
 * one packet at a time, so that the order stays. */
#include <sys/socket.h>

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_prefetch.h>

#include "core/drop.h"
#include "core/words.h"
#include "engine/rx/mbuf.h"
#include "engine/rx/rx_chunk.h"

static inline void drop(struct mcr_worker *w, struct mcr_burst *b, unsigned i, unsigned reason)
{
	w->totals.account.drops[reason]++;
	b->dropped |= 1u << reason;
	b->drop_packet[reason] = (uint8_t)i;
}

/* Hands packet i to control, or drops it when control does not keep up. */
static __rte_noinline void punt(struct mcr_worker *w, struct mcr_burst *b,
				const struct mcr_queue *q, unsigned i)
{
	w->mbufs[i]->port = q->port; /* not all drivers set it: net_ring, members of a bond */
	if (unlikely(rte_ring_sp_enqueue(w->punt, w->mbufs[i]) != 0)) {
		drop(w, b, i, MCR_DROP_PUNT_OVERFLOW);
		return;
	}
	w->totals.account.punted++;
	w->mbufs[i] = NULL;
}

/* Hands packet i to the kernel, by way of control, if the kernel wants it; else returns 0. */
static __rte_noinline int to_kernel(struct mcr_worker *w, struct mcr_burst *b,
				    const struct mcr_queue *q, unsigned i)
{
	uint8_t interface = b->interface_of_vlan[w->packets[i].vlan];
	struct rte_mbuf *m = w->mbufs[i];

	if (!mcr_view_kernel_wants(w->view, interface, rte_pktmbuf_mtod(m, const uint8_t *),
				   b->mac))
		return 0;
	m->port = q->port;
	mcr_mbuf_set_interface(m, interface);
	if (unlikely(rte_ring_sp_enqueue(w->kernel, m) != 0)) {
		drop(w, b, i, MCR_DROP_KERNEL_OVERFLOW);
		return 1;
	}
	w->totals.account.punted++;
	w->mbufs[i] = NULL;
	return 1;
}

/* No channel takes packet i: it goes to the kernel, or is dropped. */
static inline void unwanted(struct mcr_worker *w, struct mcr_burst *b, const struct mcr_queue *q,
			    unsigned i, unsigned reason)
{
	if (likely(w->view->kernel_interfaces == 0) || (MCR_DROPS_FOR_KERNEL >> reason & 1) == 0 ||
	    !to_kernel(w, b, q, i))
		drop(w, b, i, reason);
}

/* RFC 768 over several segments: the pseudo header, then the datagram, as long as its UDP length
 * says. */
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

/* The parser made sure that the payload lies in the frame. */
static __rte_noinline void copy_segments(uint8_t *to, const struct rte_mbuf *m, uint32_t offset,
					 uint32_t len)
{
	if (len == 0) /* it may begin behind the last segment */
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

/* The channel gets its first packet of this chunk. Returns the flags that this message has beside
 * those of the others. */
static uint16_t open_outlet(struct mcr_worker *w, struct mcr_burst *b, unsigned channel)
{
	struct mcr_outlet *out = &w->outlets[channel];

	b->channels |= UINT64_C(1) << channel;
	if (out->handler)
		return 0;
	if (!b->clock)
		b->plain_channels |= UINT64_C(1) << channel;
	return mcr_rx_step_flag(w, out);
}

/* payload: NULL = it lies in several segments of m. */
static __rte_always_inline void put(struct mcr_ring_writer *ring, const struct mcr_burst *b,
				    const struct mcr_packet *p, uint32_t id, uint64_t flags,
				    uint64_t hw_ns, const uint8_t *payload,
				    const struct rte_mbuf *m)
{
	uint32_t len = mcr_packet_len(p);
	struct mcr_desc desc;
	uint8_t *to;

	desc.words[2] = b->rx_ns;
	desc.words[3] = hw_ns;
	desc.words[4] =
	    MCR_WORD_AT(len, 0, 4) | MCR_WORD_AT(p->words[0] >> MCR_WORD_SHIFT(0, 4), 4, 4);
	desc.words[5] = MCR_WORD_AT(mcr_packet_source(p), 0, 4) | MCR_WORD_AT(id, 4, 4);
	desc.words[6] = MCR_WORD_AT(p->port, 0, 2) | MCR_WORD_AT(p->source_port, 2, 2) |
			MCR_WORD_AT(p->vlan, 4, 2) | MCR_WORD_AT(flags, 6, 2);
	desc.words[7] =
	    MCR_WORD_AT(MCR_DATA, 0, 1) | MCR_WORD_AT(AF_INET, 1, 1) | MCR_WORD_AT(p->ttl, 2, 1);
	to = mcr_ring_put(ring, &desc, len);
	if (likely(payload))
		mcr_ring_copy(to, payload, len);
	else
		copy_segments(to, m, p->payload_offset, len);
}

/* Writes packet i into the ring of a channel, or gives it to the channel's handler. */
static __rte_noinline void deliver(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
				   const struct mcr_target *target)
{
	struct mcr_outlet *out = &w->outlets[target->channel];
	const struct mcr_packet *p = &w->packets[i];
	const struct rte_mbuf *m = w->mbufs[i];
	const uint8_t *payload = NULL;
	uint16_t flags = b->flags;
	uint64_t hw_ns = 0;

	if (unlikely(b->clock)) {
		hw_ns = mcr_packet_clock_ns(b->clock, m);
		flags |= hw_ns != 0 ? b->clock->flags : 0;
	}
	if (unlikely((b->channels >> target->channel & 1) == 0))
		flags |= open_outlet(w, b, target->channel);
	if (unlikely(out->handler)) {
		mcr_inline_take(out->handler, p, m, target->id, b->rx_ns, hw_ns, flags);
		return;
	}
	if (likely(m->nb_segs == 1))
		payload = rte_pktmbuf_mtod_offset(m, const uint8_t *, p->payload_offset);
	put(out->ring, b, p, target->id, flags, hw_ns, payload, m);
}

static inline void count(struct mcr_group_count *c, uint32_t payload_len, uint64_t rx_ns)
{
	__atomic_store_n(&c->packets, c->packets + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&c->bytes, c->bytes + payload_len, __ATOMIC_RELAXED);
	__atomic_store_n(&c->last_ns, rx_ns, __ATOMIC_RELAXED);
	if (unlikely(c->first_ns == 0))
		__atomic_store_n(&c->first_ns, rx_ns, __ATOMIC_RELAXED);
}

/* Gives packet i to the channels that want it. Returns how many rings can hold it. */
static unsigned deliver_to_all(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
			       const struct mcr_target *targets, int n)
{
	const struct mcr_packet *p = &w->packets[i];
	unsigned taken = 0;

	for (int t = 0; t < n; t++) {
		struct mcr_ring_writer *ring = w->outlets[targets[t].channel].ring;

		if (p->payload_len > mcr_ring_max_payload(ring)) {
			__atomic_store_n(&ring->too_large, ring->too_large + 1, __ATOMIC_RELAXED);
			continue;
		}
		deliver(w, b, i, &targets[t]);
		taken++;
	}
	return taken;
}

/* Asked here because the parser knows nothing about subnets. */
static inline int is_broadcast(const struct mcr_worker *w, uint8_t interface, uint32_t source_be)
{
	return unlikely(w->broadcast_be[interface] == source_be);
}

/* Multicast UDP: packet i goes to each channel that wants it. Returns 0, or 1 + the drop reason. */
static unsigned match(struct mcr_worker *w, struct mcr_burst *b, uint8_t interface, unsigned i)
{
	const struct mcr_packet *p = &w->packets[i];
	struct mcr_target targets[MCR_CHANNELS_MAX];
	uint32_t membership;
	int n;

	n = mcr_group_table_match(w->view->table, interface, p->group_be, p->port, p->source_be,
				  targets, &membership);
	if (n <= 0)
		return (unsigned)-n;
	if (deliver_to_all(w, b, i, targets, n) == 0)
		return 1 + MCR_DROP_TOO_LARGE;
	w->totals.account.delivered++;
	count(&w->group_counts[membership], p->payload_len, b->rx_ns);
	return 0;
}

static unsigned classify(struct mcr_worker *w, struct mcr_burst *b, const struct mcr_queue *q,
			 unsigned i)
{
	const struct mcr_packet *p = &w->packets[i];
	uint8_t interface = b->interface_of_vlan[p->vlan];

	if (p->verdict == MCR_PARSED_DROP)
		return 1u + p->drop;
	if (interface == MCR_NO_INTERFACE)
		return 1 + MCR_DROP_VLAN_UNKNOWN;
	if (p->verdict == MCR_PARSED_UDP)
		return is_broadcast(w, interface, p->source_be) ? 1 + MCR_DROP_BAD_SOURCE
								: match(w, b, interface, i);
	/* IGMP goes to control in any case, which passes it on to the kernel. */
	if (w->view->kernel_interfaces == 0 ||
	    mcr_packet_is_igmp(p, rte_pktmbuf_mtod(w->mbufs[i], const uint8_t *)) ||
	    !to_kernel(w, b, q, i))
		punt(w, b, q, i);
	return 0;
}

/* Any packet. Its UDP checksum is checked where the NIC found it bad, or always if the interface
 * wants that. */
static __rte_noinline void take_any(struct mcr_worker *w, struct mcr_burst *b,
				    const struct mcr_queue *q, unsigned i)
{
	struct mcr_packet *p = &w->packets[i];
	struct rte_mbuf *m = w->mbufs[i];
	unsigned reason;

	mcr_parse(p, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len,
		  mcr_mbuf_stripped_vlan(m), b->mac);
	if ((b->verify || (m->ol_flags & b->suspect) != 0) && p->verdict == MCR_PARSED_UDP &&
	    !udp_checksum_ok(q, m, p)) {
		p->verdict = MCR_PARSED_DROP;
		p->drop = MCR_DROP_BAD_UDP_CHECKSUM;
	}
	reason = classify(w, b, q, i);
	if (reason != 0)
		unwanted(w, b, q, i, reason - 1);
}

/* Gives packet i to each channel of its entry. Returns 0, and has done nothing, when the ring of
 * one cannot hold it. */
static __rte_noinline int deliver_to_each(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
					  const struct mcr_group_entry *entry)
{
	const struct mcr_group_list *list = w->view->table->lists + entry->list;
	const struct mcr_group_list *end = list + entry->n_lists;
	const struct rte_mbuf *m = w->mbufs[i];
	const uint8_t *payload = rte_pktmbuf_mtod_offset(m, const uint8_t *, MCR_PLAIN_HEADERS);
	const struct mcr_packet p = w->packets[i]; /* in registers */

	for (const struct mcr_group_list *l = list; l < end; l++)
		if (mcr_packet_len(&p) > mcr_ring_max_payload(w->outlets[l->any.channel].ring))
			return 0;
	for (; list < end; list++) {
		const struct mcr_target *to = &list->any;

		if (likely(b->plain_channels >> to->channel & 1))
			put(w->outlets[to->channel].ring, b, &p, to->id, b->flags, 0, payload, m);
		else
			deliver(w, b, i, to);
	}
	return 1;
}

/* Prefetches the table's entry for a packet whose header was prefetched before. */
static inline void prefetch_entry(const struct mcr_group_table *table, const struct mcr_burst *b,
				  const struct rte_mbuf *m)
{
	const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);

	if (likely(m->data_len >= MCR_PLAIN_HEADERS))
		rte_prefetch0(mcr_group_first_look(
		    table, mcr_group_key_of_flow(b->interface_of_vlan[mcr_mbuf_stripped_vlan(m)],
						 mcr_plain_flow(head))));
}

/* Not inline, and word by word: gcc would build vectors of the words for every packet. */
static __rte_noinline void keep(struct mcr_packet *to, uint64_t word0, uint64_t word1,
				uint64_t word2, uint64_t word3)
{
	to->words[0] = word0;
	to->words[1] = word1;
	to->words[2] = word2;
	to->words[3] = word3;
}

/* Packets of the usual kind, as many as follow each other: plain UDP that a channel wants. Does
 * what take_any would do, without looking at anything twice. Returns the index of the first packet
 * that is not of the kind, or `to`. */
static __rte_noinline unsigned take_usual(struct mcr_worker *w, struct mcr_burst *b, unsigned from,
					  unsigned to)
{
	const struct mcr_group_table *table = w->view->table;
	const int small = mcr_group_table_is_small(table);
	unsigned i;

	for (i = from; i < to; i++) {
		const struct rte_mbuf *m = w->mbufs[i];
		const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);
		const struct mcr_group_entry *entry;
		struct mcr_ring_writer *ring;
		struct mcr_packet p;
		uint64_t flow;
		uint32_t vlan = 0;
		uint8_t interface;

		rte_prefetch0(rte_pktmbuf_mtod(w->mbufs[i + MCR_PREFETCH_AHEAD], const void *));
		if (!small)
			prefetch_entry(table, b, w->mbufs[i + MCR_PREFETCH_AHEAD / 2]);
		if (unlikely((m->ol_flags & b->odd) != 0)) {
			if ((m->ol_flags & b->suspect) != 0)
				break;
			vlan = mcr_mbuf_stripped_vlan(m);
		}
		if (unlikely(!mcr_parse_plain(&p, &flow, head, m->data_len, vlan, b->own)))
			break;
		/* No entry has MCR_NO_INTERFACE. */
		interface = b->interface_of_vlan[vlan];
		entry = mcr_group_lookup(table, mcr_group_key_of_flow(interface, flow));
		if (unlikely(!entry) || is_broadcast(w, interface, mcr_packet_source(&p)))
			break;
		if (likely(mcr_group_takes(entry, mcr_packet_source(&p)))) {
			ring = w->outlets[entry->channel].ring;
			if (unlikely(mcr_packet_len(&p) > mcr_ring_max_payload(ring)))
				break;
			if (likely(b->plain_channels >> entry->channel & 1)) {
				put(ring, b, &p, entry->id, b->flags, 0, head + MCR_PLAIN_HEADERS,
				    m);
			} else {
				const struct mcr_target target = {entry->id, entry->channel};

				keep(&w->packets[i], p.words[0], p.words[1], p.words[2],
				     p.words[3]);
				deliver(w, b, i, &target);
			}
		} else {
			if (entry->kind != MCR_GROUP_EACH)
				break;
			keep(&w->packets[i], p.words[0], p.words[1], p.words[2], p.words[3]);
			if (!deliver_to_each(w, b, i, entry))
				break;
		}
		count(&w->group_counts[entry->membership], mcr_packet_len(&p), b->rx_ns);
	}
	w->totals.account.delivered += i - from;
	return i;
}

/* Calls the handler with the chunk's messages. Then, unless the handler is the only reader, puts
 * them into the ring. */
static __rte_noinline void publish_handled(struct mcr_worker *w, const struct mcr_burst *b,
					   struct mcr_outlet *out)
{
	struct mcr_inline *in = out->handler;
	unsigned n = in->n;
	uint16_t step;

	mcr_inline_call(in, w->clock_steps, w->index);
	if (in->only)
		return;
	step = mcr_rx_step_flag(w, out);
	for (unsigned k = 0; k < n; k++) {
		const struct mcr_inline_msg *m = &in->msgs[k];
		uint16_t flags = (uint16_t)((m->flags & ~MCR_FLAG_CLOCK_STEP) | step);

		put(out->ring, b, &in->packets[k], m->id, flags, m->hw_ns,
		    m->data_len == m->len ? m->data : NULL, m->packet);
		step = 0;
	}
	mcr_ring_publish(out->ring);
}

void mcr_rx_chunk(struct mcr_worker *w, struct mcr_burst *b, const struct mcr_queue *q,
		  unsigned from, unsigned to)
{
	b->channels = b->plain_channels = 0;
	for (unsigned i = from; i < to; i++) {
		if (likely(!b->verify))
			i = take_usual(w, b, i, to);
		if (unlikely(i < to))
			take_any(w, b, q, i);
	}
	for (uint64_t left = b->channels; left != 0; left &= left - 1) {
		struct mcr_outlet *out = &w->outlets[__builtin_ctzll(left)];

		if (likely(!out->handler))
			mcr_ring_publish(out->ring);
		else
			publish_handled(w, b, out);
	}
}
