/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet's way from the driver's buffer into the rings. No system call, lock, log or allocation.
 *
 * Packets of the usual kind take a short way, rx_plain.c. All others take the long one, take_any,
 * one packet at a time, so that the order stays. */
#include <rte_ethdev.h>
#include <rte_ip.h>

#include "core/address.h"
#include "core/drop.h"
#include "engine/rx/mbuf.h"
#include "engine/rx/rx_chunk.h"
#include "engine/rx/rx_outlet.h"
#include "engine/rx/rx_plain.h"
#include "engine/rx/rx_relay.h"

static inline void drop(struct mcr_worker *w, struct mcr_burst *b, unsigned i, unsigned reason)
{
	w->totals.account.drops[reason]++;
	w->rare = 1;
	b->dropped |= UINT64_C(1) << reason | MCR_BURST_DROPPED(i);
	b->drop_packet[reason] = (uint8_t)i;
	b->reasons[i] = (uint8_t)reason;
}

/* Puts packet i into a ring to control. Returns 0 when that is full. What the relay wants, too, is
 * shared: control only reads it. */
static int hand_over(struct mcr_worker *w, struct mcr_burst *b, struct rte_ring *ring, unsigned i)
{
	const int is_shared = mcr_rx_relay_wants(w, i);
	struct rte_mbuf *m = w->mbufs[i];

	if (is_shared)
		rte_pktmbuf_refcnt_update(m, 1);
	if (unlikely(rte_ring_sp_enqueue(ring, m) != 0)) {
		if (is_shared)
			rte_pktmbuf_refcnt_update(m, -1);
		return 0;
	}
	if (!is_shared)
		w->mbufs[i] = NULL;
	b->mixed = 1;
	return 1;
}

/* Packet i was handed over, or not, and then this is the reason: it counts once. */
static void count_handed_over(struct mcr_worker *w, struct mcr_burst *b, unsigned i, int is_taken,
			      enum mcr_drop reason)
{
	if (mcr_rx_relay_wants(w, i)) {
		w->totals.account.relayed_only++;
	} else if (is_taken) {
		w->totals.account.punted++;
		w->rare = 1;
	} else {
		drop(w, b, i, reason);
	}
}

/* Hands packet i to control, or drops it when control does not keep up. */
static __rte_noinline void punt(struct mcr_worker *w, struct mcr_burst *b,
				const struct mcr_queue *q, unsigned i)
{
	w->mbufs[i]->port = q->port; /* not all drivers set it: net_ring, members of a bond */
	count_handed_over(w, b, i, hand_over(w, b, w->punt, i), MCR_DROP_PUNT_OVERFLOW);
}

/* Of a packet that counts elsewhere. */
static void count_lost_copy(struct mcr_worker *w, uint8_t interface)
{
	uint64_t *lost = &w->kernel_copies_lost[interface];

	__atomic_store_n(lost, *lost + 1, __ATOMIC_RELAXED);
}

/* Hands packet i to the kernel, by way of control, if the kernel wants it; else returns 0. */
static __rte_noinline int to_kernel(struct mcr_worker *w, struct mcr_burst *b,
				    const struct mcr_queue *q, unsigned i)
{
	uint8_t interface = b->interface_of_vlan[w->packets[i].vlan];
	struct rte_mbuf *m = w->mbufs[i];
	int is_taken;

	if (!mcr_view_kernel_wants(w->view, interface, rte_pktmbuf_mtod(m, const uint8_t *),
				   b->mac))
		return 0;
	m->port = q->port;
	mcr_mbuf_set_interface(m, interface);
	is_taken = hand_over(w, b, w->kernel, i);
	if (unlikely(!is_taken) && mcr_rx_relay_wants(w, i))
		count_lost_copy(w, interface);
	count_handed_over(w, b, i, is_taken, MCR_DROP_KERNEL_OVERFLOW);
	return 1;
}

/* Packet i was delivered. If the kernel has joined its group, it gets the same buffer: it counts as
 * delivered and no more. Handlers still look at it until the chunk's end, and the kernel only
 * reads it. By the group's MAC address, not by the frame's: what came to the port's own MAC address
 * or by broadcast is not for programs that have not joined. */
static __rte_noinline void share_with_kernel(struct mcr_worker *w, struct mcr_burst *b,
					     uint8_t interface, unsigned i)
{
	struct rte_mbuf *m = w->mbufs[i];
	uint8_t mac[6];

	mcr_group_mac(mac, mcr_packet_group(&w->packets[i], rte_pktmbuf_mtod(m, const uint8_t *)));
	if (!mcr_view_kernel_wants(w->view, interface, mac, b->mac))
		return;
	mcr_mbuf_set_interface(m, interface);
	rte_pktmbuf_refcnt_update(m, 1);
	b->mixed = 1;
	if (likely(rte_ring_sp_enqueue(w->kernel, m) == 0))
		return;
	rte_pktmbuf_refcnt_update(m, -1);
	count_lost_copy(w, interface);
}

/* No channel takes packet i: it goes to the kernel, or the relay alone has it, or it is dropped. */
static inline void unwanted(struct mcr_worker *w, struct mcr_burst *b, const struct mcr_queue *q,
			    unsigned i, unsigned reason)
{
	if (likely(w->view->kernel_interfaces == 0) || (MCR_DROPS_FOR_KERNEL >> reason & 1) == 0 ||
	    !to_kernel(w, b, q, i)) {
		if (mcr_rx_relay_wants(w, i))
			w->totals.account.relayed_only++;
		else
			drop(w, b, i, mcr_rx_relay_reason(w, i, reason));
	}
}

/* RFC 768, RFC 8200 §8.1 over several segments: the pseudo header, then the datagram, as long as
 * its UDP length says. */
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
	sum += mcr_packet_is_ipv6(p) /* both addresses */
		   ? rte_raw_cksum(frame + p->l3_offset + MCR_IPV6_SOURCE, 32)
		   : rte_raw_cksum(frame + p->l3_offset + 12, 8);
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

/* Gives packet i to the channels that want it. Returns how many rings can hold it. */
static unsigned deliver_to_all(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
			       const struct mcr_target *targets, int n)
{
	const struct mcr_packet *p = &w->packets[i];
	const uint32_t room = p->payload_len + (mcr_packet_is_ipv6(p) ? MCR_IPV6_EXTRAS : 0);
	uint64_t hw_ns = 0;
	unsigned taken = 0;

	if (unlikely(b->clock))
		hw_ns = mcr_rx_time(b, w->mbufs[i], (uint32_t)p->payload_offset + p->payload_len);

	for (int t = 0; t < n; t++) {
		struct mcr_ring_writer *ring = w->outlets[targets[t].channel].ring;

		if (room > mcr_ring_max_payload(ring)) {
			__atomic_store_n(&ring->too_large, ring->too_large + 1, __ATOMIC_RELAXED);
			continue;
		}
		mcr_rx_deliver(w, b, i, &targets[t], hw_ns);
		taken++;
	}
	if (taken > 0)
		mcr_rx_count_time(b);
	return taken;
}

/* Asked here because the parser knows nothing about subnets. IPv6 has no broadcast, and here no
 * source. */
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

	if (mcr_packet_is_ipv6(p)) {
		const uint8_t *ip =
		    rte_pktmbuf_mtod_offset(w->mbufs[i], const uint8_t *, p->l3_offset);

		n = mcr_group_table_match_ipv6(w->view->table, interface, ip + MCR_IPV6_GROUP,
					       p->port, ip + MCR_IPV6_SOURCE, targets, &membership);
	} else {
		n = mcr_group_table_match(w->view->table, interface, p->group_be, p->port,
					  p->source_be, targets, &membership);
	}
	if (n <= 0)
		return (unsigned)-n;
	if (deliver_to_all(w, b, i, targets, n) == 0)
		return 1 + MCR_DROP_TOO_LARGE;
	w->totals.account.delivered++;
	mcr_rx_count(&w->group_counts[membership], p->payload_len, b->rx_ns);
	if (unlikely(w->view->kernel_interfaces != 0))
		share_with_kernel(w, b, interface, i);
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
	/* IGMP and MLD go to control in any case, which passes them on to the kernel. */
	if (w->view->kernel_interfaces == 0 || p->verdict == MCR_PARSED_MEMBERSHIP ||
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

	b->mixed |= mcr_mbuf_oddness(m, b->pool) != 0 ||
		    (m->ol_flags & (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)) != 0;
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

void mcr_rx_take(struct mcr_worker *w, struct mcr_queue *q, unsigned from, unsigned to)
{
	struct mcr_burst *b = &q->burst;

	for (unsigned i = from; i < to; i++) {
		if (likely(!b->verify))
			i = mcr_rx_plain(w, q, i, to);
		if (unlikely(i < to))
			take_any(w, b, q, i);
	}
}
