/* SPDX-License-Identifier: BSD-3-Clause */
/* Three forms of a frame:
 * - in place: the received buffer, with another Ethernet header in front of its packet
 * - a copy
 * - a header of its own in front of the shared payload: the received buffers behind the header
 *
 * The latter two also for buffers that somebody else holds, whose octets, lengths and links nobody
 * may change: what is to be shared of them is attached to buffers of ours first. */
#include <netinet/in.h>

#include <rte_memcpy.h>

#include "core/address.h"
#include "core/parse.h"
#include "engine/relay/relay_copy.h"
#include "engine/relay/relay_tx.h"

#define SHARE_MIN      512 /* octets of IP packet: shorter ones are copied */
#define FRAME_MIN      60  /* IEEE 802.3 §3.2.8, less the checksum */
#define VLAN_HEADER    4u
#define ETHER_TYPE_TAG 0x8100u

/* A packet and what all of its frames have in common. */
struct packet {
	const struct mcr_route_packet *is;
	struct rte_mbuf *m;
	uint64_t outputs; /* that get it */
	uint64_t chains;  /* of these, whose drivers send frames of several buffers */
	uint8_t mac[6];   /* of the group */
};

static inline int has_several(uint64_t set)
{
	return (set & (set - 1)) != 0;
}

/* The outputs that get the packet. Why the others do not is counted. */
static inline void choose(struct mcr_relay_lcore *r, struct packet *p, uint64_t outputs)
{
	p->outputs = p->chains = 0;
	for (uint64_t left = outputs; left != 0; left &= left - 1) {
		const unsigned i = (unsigned)__builtin_ctzll(left);
		const struct mcr_relay_output *o = &r->view->outputs[i];
		struct mcr_relay_counts *c = &r->counts[i];

		c->offered++;
		if (unlikely(p->is->ttl <= o->ttl_threshold)) {
			c->tx_ttl++;
		} else if (unlikely(!o->is_up)) {
			c->tx_down++;
		} else if (unlikely(p->is->len > o->mtu)) {
			c->tx_mtu++;
		} else {
			p->outputs |= left & -left;
			p->chains |= o->takes_chains ? left & -left : 0;
		}
	}
	r->touched |= outputs;
}

static inline uint16_t ether_octets(const struct mcr_relay_output *o)
{
	return (uint16_t)(MCR_ETHER_HEADER + (o->vlan ? VLAN_HEADER : 0));
}

static inline void put_ether(uint8_t *to, const struct packet *p, const struct mcr_relay_output *o)
{
	const uint16_t type = htons(p->is->is_ipv6 ? MCR_ETHER_TYPE_IPV6 : MCR_ETHER_TYPE_IPV4);
	const uint16_t tag[2] = {htons(ETHER_TYPE_TAG), htons(o->vlan)};

	memcpy(to, p->mac, 6);
	memcpy(to + 6, o->mac, 6);
	to += 12;
	if (o->vlan) {
		memcpy(to, tag, sizeof(tag));
		to += sizeof(tag);
	}
	memcpy(to, &type, sizeof(type));
}

/* Completes a frame in one piece, whose IP packet, as received, stands behind the Ethernet header.
 */
static inline void finish(struct rte_mbuf *m, const struct packet *p,
			  const struct mcr_relay_output *o)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	uint16_t len = (uint16_t)(ether_octets(o) + p->is->len);

	put_ether(frame, p, o);
	mcr_route_decrement(frame + ether_octets(o), p->is->is_ipv6);
	if (unlikely(len < FRAME_MIN)) {
		memset(frame + len, 0, FRAME_MIN - len);
		len = FRAME_MIN;
	}
	m->data_len = len;
	m->pkt_len = len;
}

/* Whether the buffer itself can be sent: nobody else holds it, and there is room for any Ethernet
 * header and for padding. */
static inline int can_be_sent(const struct packet *p)
{
	const struct rte_mbuf *m = p->m;
	const uint32_t ip = m->data_off + p->is->l3_offset;

	return m->nb_segs == 1 && rte_mbuf_refcnt_read(m) == 1 && RTE_MBUF_DIRECT(m) &&
	       ip >= MCR_ETHER_HEADER + VLAN_HEADER && ip + FRAME_MIN <= m->buf_len;
}

/* What the driver said of the received frame is not true of the one that is sent. */
static inline void forget_receipt(struct rte_mbuf *m)
{
	m->ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	m->packet_type = 0;
	m->vlan_tci = 0;
	m->tx_offload = 0;
}

static inline void send_in_place(struct mcr_relay_lcore *r, const struct packet *p, unsigned output)
{
	const struct mcr_relay_output *o = &r->view->outputs[output];
	struct rte_mbuf *m = p->m;

	m->data_off = (uint16_t)(m->data_off + p->is->l3_offset - ether_octets(o));
	forget_receipt(m);
	finish(m, p, o);
	mcr_relay_queue(r, output, m);
}

/* Room for a packet in a buffer of ours. */
static inline uint32_t room(const struct mcr_relay_lcore *r)
{
	return rte_pktmbuf_data_room_size(r->pool) - RTE_PKTMBUF_HEADROOM - MCR_ETHER_HEADER -
	       VLAN_HEADER;
}

static __rte_noinline void copy_segments(uint8_t *to, const struct rte_mbuf *m, uint32_t offset,
					 uint32_t len)
{
	while (len > 0) {
		const uint32_t here = RTE_MIN(m->data_len - offset, len);

		rte_memcpy(to, rte_pktmbuf_mtod_offset(m, const uint8_t *, offset), here);
		to += here;
		len -= here;
		offset = 0;
		m = m->next;
	}
}

static inline void send_copy(struct mcr_relay_lcore *r, const struct packet *p, unsigned output)
{
	const struct mcr_relay_output *o = &r->view->outputs[output];
	struct rte_mbuf *copy;
	uint8_t *ip;

	if (unlikely(p->is->len > room(r)) || unlikely(!(copy = rte_pktmbuf_alloc(r->pool)))) {
		r->counts[output].tx_no_buffer++;
		return;
	}
	ip = rte_pktmbuf_mtod_offset(copy, uint8_t *, ether_octets(o));
	if (likely(p->m->nb_segs == 1))
		rte_memcpy(ip, rte_pktmbuf_mtod_offset(p->m, uint8_t *, p->is->l3_offset),
			   p->is->len);
	else
		copy_segments(ip, p->m, p->is->l3_offset, p->is->len);
	finish(copy, p, o);
	mcr_relay_queue(r, output, copy);
}

static void send_copies(struct mcr_relay_lcore *r, const struct packet *p, uint64_t outputs)
{
	for (; outputs != 0; outputs &= outputs - 1)
		send_copy(r, p, (unsigned)__builtin_ctzll(outputs));
}

/* ---- headers and a shared payload ---- */

/* Makes of a received frame the len octets of payload that stand behind `offset`. Its buffers are
 * ours alone, and the first one holds all of the headers. Returns the first buffer with payload. */
static struct rte_mbuf *cut(struct rte_mbuf *m, uint32_t offset, uint32_t len)
{
	struct rte_mbuf *last;
	uint16_t segments = 1;

	m->data_off = (uint16_t)(m->data_off + offset);
	m->data_len = (uint16_t)(m->data_len - offset);
	if (m->data_len == 0) {
		struct rte_mbuf *headers = m;

		m = m->next;
		headers->next = NULL;
		headers->nb_segs = 1;
		rte_pktmbuf_free(headers);
	}
	for (last = m; last->data_len < len; last = last->next, segments++)
		len -= last->data_len;
	last->data_len = (uint16_t)len;
	rte_pktmbuf_free(last->next); /* padding alone */
	last->next = NULL;
	m->nb_segs = segments;
	return m;
}

static int is_ours(const struct rte_mbuf *m)
{
	for (; m; m = m->next)
		if (rte_mbuf_refcnt_read(m) != 1)
			return 0;
	return 1;
}

/* Gives the packet to outputs whose drivers take chains. Takes over its buffers. */
static __rte_noinline void share(struct mcr_relay_lcore *r, const struct packet *p,
				 uint64_t outputs)
{
	const uint16_t header = p->is->header;
	struct rte_mbuf *m = p->m;
	uint8_t ip[60]; /* the longest header */

	if (unlikely(!is_ours(m))) {
		m = rte_pktmbuf_clone(p->m, r->pool);
		rte_pktmbuf_free(p->m);
	}
	if (m) {
		memcpy(ip, rte_pktmbuf_mtod_offset(m, uint8_t *, p->is->l3_offset), header);
		mcr_route_decrement(ip, p->is->is_ipv6);
		m = cut(m, p->is->l3_offset + header, p->is->len - header);
		rte_pktmbuf_refcnt_update(m, (int16_t)(__builtin_popcountll(outputs) - 1));
	}
	for (; outputs != 0; outputs &= outputs - 1) {
		const unsigned output = (unsigned)__builtin_ctzll(outputs);
		const struct mcr_relay_output *o = &r->view->outputs[output];
		struct rte_mbuf *h = m ? rte_pktmbuf_alloc(r->pool) : NULL;
		uint8_t *frame;

		if (unlikely(!h)) {
			r->counts[output].tx_no_buffer++;
			rte_pktmbuf_free(m);
			continue;
		}
		frame = rte_pktmbuf_mtod(h, uint8_t *);
		put_ether(frame, p, o);
		memcpy(frame + ether_octets(o), ip, header);
		h->data_len = (uint16_t)(ether_octets(o) + header);
		h->pkt_len = (uint32_t)(ether_octets(o) + p->is->len);
		h->nb_segs = (uint16_t)(1 + m->nb_segs);
		h->next = m;
		mcr_relay_queue(r, output, h);
	}
}

/* What is not of the usual kind: a long packet for several outputs, or a buffer that cannot be sent
 * itself. */
static __rte_noinline void send_otherwise(struct mcr_relay_lcore *r, struct packet *p)
{
	const int in_place = can_be_sent(p);

	if (p->is->len < SHARE_MIN)
		p->chains = 0;
	if (in_place && !has_several(p->chains)) {
		const uint64_t last = p->chains ? p->chains : p->outputs & -p->outputs;

		send_copies(r, p, p->outputs & ~last);
		send_in_place(r, p, (unsigned)__builtin_ctzll(last));
		return;
	}
	send_copies(r, p, p->outputs & ~p->chains);
	if (p->chains)
		share(r, p, p->chains);
	else
		rte_pktmbuf_free(p->m);
}

void mcr_relay_copy(struct mcr_relay_lcore *r, struct rte_mbuf *m,
		    const struct mcr_relay_verdict *verdict)
{
	struct packet p = {.is = &verdict->packet, .m = m};

	choose(r, &p, verdict->outputs);
	if (unlikely(p.outputs == 0)) {
		rte_pktmbuf_free(m);
		return;
	}
	mcr_group_mac(p.mac, mcr_route_address_back(p.is->group));
	if (unlikely(!can_be_sent(&p)) || (has_several(p.outputs) && p.is->len >= SHARE_MIN)) {
		send_otherwise(r, &p);
		return;
	}
	for (; has_several(p.outputs); p.outputs &= p.outputs - 1)
		send_copy(r, &p, (unsigned)__builtin_ctzll(p.outputs));
	send_in_place(r, &p, (unsigned)__builtin_ctzll(p.outputs));
}
