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

#define FRAME_MIN      60 /* IEEE 802.3 §3.2.8, less the checksum */
#define HEADER_MAX     60 /* of IP: RFC 791 §3.1 */
#define VLAN_HEADER    4u
#define ETHER_TYPE_TAG 0x8100u

/* A packet and what all of its frames have in common. */
struct packet {
	struct rte_mbuf *m;
	uint8_t *ip;  /* its header, in m */
	uint16_t len; /* as in struct mcr_route_packet, with the four that follow */
	uint8_t l3_offset, header, ttl, is_ipv6;
	uint64_t outputs; /* that get it */
	uint64_t chains;  /* of these, whose drivers send frames of several buffers */
	uint64_t mac;     /* of the group, as its octets stand in memory */
};

static inline int has_several(uint64_t set)
{
	return (set & (set - 1)) != 0;
}

/* set: not empty */
static inline uint64_t last_of(uint64_t set)
{
	return UINT64_C(1) << (63 - __builtin_clzll(set));
}

/* Where it counts that an output does not take the packet; NULL: it does. */
static inline uint64_t *refusal(struct mcr_relay_counts *c, const struct packet *p,
				const struct mcr_relay_output *o)
{
	if (unlikely(p->ttl <= o->ttl_threshold))
		return &c->tx_ttl;
	if (unlikely(!o->is_up))
		return &c->tx_down;
	if (unlikely(p->len > o->mtu))
		return &c->tx_mtu;
	return NULL;
}

/* The outputs that get the packet. Why the others do not is counted. */
static inline void choose(struct mcr_relay_lcore *r, struct packet *p, uint64_t outputs)
{
	p->outputs = p->chains = 0;
	for (uint64_t left = outputs; left != 0; left &= left - 1) {
		const unsigned i = (unsigned)__builtin_ctzll(left);
		const struct mcr_relay_output *o = &r->view->outputs[i];
		struct mcr_relay_counts *c = &r->counts[i];

		uint64_t *refused = refusal(c, p, o);

		c->offered++;
		if (unlikely(refused)) {
			++*refused;
		} else {
			p->outputs |= left & -left;
			p->chains |= o->takes_chains ? left & -left : 0;
		}
	}
	r->touched |= outputs;
}

static inline uint16_t ether_octets(uint16_t vlan)
{
	return (uint16_t)(MCR_ETHER_HEADER + (vlan ? VLAN_HEADER : 0));
}

/* mac: of the group, as its octets stand in memory, and two octets that are written anew. */
static inline void put_ether(uint8_t *to, uint64_t mac, uint64_t ether, uint16_t vlan)
{
	memcpy(to, &mac, sizeof(mac));
	memcpy(to + 6, &ether, sizeof(ether));
	if (unlikely(vlan)) {
		const uint16_t tag[2] = {htons(ETHER_TYPE_TAG), htons(vlan)};

		memcpy(to + 12, tag, sizeof(tag));
		memcpy(to + 16, (const char *)&ether + 6, 2); /* the EtherType */
	}
}

/* Completes a frame in one piece, whose IP packet, with the TTL that it is sent with, stands behind
 * the Ethernet header. */
static inline void finish(struct rte_mbuf *m, uint8_t *frame, uint16_t packet_len, uint64_t mac,
			  uint64_t ether, uint16_t vlan)
{
	uint16_t len = (uint16_t)(ether_octets(vlan) + packet_len);

	put_ether(frame, mac, ether, vlan);
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
	const uint32_t ip = m->data_off + p->l3_offset;

	return m->nb_segs == 1 && rte_mbuf_refcnt_read(m) == 1 && RTE_MBUF_DIRECT(m) &&
	       ip >= MCR_ETHER_HEADER + VLAN_HEADER && ip + FRAME_MIN <= m->buf_len;
}

/* What the driver said of the received frame, which can be sent itself, is not true of the one that
 * is sent. */
static inline void forget_receipt(struct rte_mbuf *m)
{
	m->ol_flags = 0;
	m->packet_type = 0;
	m->vlan_tci = 0;
	m->tx_offload = 0;
}

/* The TTL is lowered already. All is read before an octet of the header is written, which could be
 * any for all that the compiler knows. */
static inline void send_in_place(struct mcr_relay_lcore *r, const struct packet *p,
				 const struct mcr_relay_output *o, unsigned output)
{
	const uint64_t ether = o->ether[p->is_ipv6];
	const uint16_t vlan = o->vlan, port = o->port, octets = ether_octets(vlan);
	struct rte_mbuf *m = p->m;

	m->data_off = (uint16_t)(m->data_off + p->l3_offset - octets);
	forget_receipt(m);
	finish(m, p->ip - octets, p->len, p->mac, ether, vlan);
	mcr_relay_queue(r, output, port, m);
}

_Static_assert(MCR_RELAY_SPARE >= MCR_INTERFACES_MAX, "room for any packet's");

/* Takes n spare buffers at least out of the pool, or as many as there are. */
static __rte_noinline void get_spare(struct mcr_relay_lcore *r, unsigned n)
{
	const unsigned all = RTE_MAX(n, RTE_MIN(r->wanted, MCR_RELAY_SPARE)) - r->n_spare;

	if (likely(rte_pktmbuf_alloc_bulk(r->pool, r->spare + r->n_spare, all) == 0)) {
		r->n_spare += all;
		return;
	}
	while (r->n_spare < n && (r->spare[r->n_spare] = rte_pktmbuf_alloc(r->pool)))
		r->n_spare++;
}

/* Takes n buffers, or as many as there are: *mbufs. Returns how many. They are there until more are
 * taken. */
static inline unsigned take_buffers(struct mcr_relay_lcore *r, struct rte_mbuf ***mbufs, unsigned n)
{
	if (unlikely(r->n_spare < n)) {
		get_spare(r, n);
		n = RTE_MIN(n, r->n_spare);
	}
	r->wanted -= RTE_MIN(r->wanted, n);
	r->n_spare -= n;
	*mbufs = r->spare + r->n_spare;
	return n;
}

void mcr_relay_copy_done(struct mcr_relay_lcore *r)
{
	if (unlikely(r->n_spare > 0))
		rte_pktmbuf_free_bulk(r->spare, r->n_spare);
	r->wanted = r->n_spare = 0;
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

/* is_lowered: the TTL of what is copied. */
static __rte_always_inline void fill_copy(struct rte_mbuf *copy, const struct packet *p,
					  const struct mcr_relay_output *o, int is_lowered)
{
	const uint64_t ether = o->ether[p->is_ipv6];
	const uint16_t vlan = o->vlan;
	uint8_t *frame = rte_pktmbuf_mtod(copy, uint8_t *), *ip = frame + ether_octets(vlan);

	if (likely(p->m->nb_segs == 1))
		rte_memcpy(ip, p->ip, p->len);
	else
		copy_segments(ip, p->m, p->l3_offset, p->len);
	if (!is_lowered)
		mcr_route_decrement(ip, p->is_ipv6);
	finish(copy, frame, p->len, p->mac, ether, vlan);
}

/* Not to outputs for which there is no buffer, or none that is large enough. */
static __rte_always_inline void send_copies(struct mcr_relay_lcore *r, const struct packet *p,
					    uint64_t outputs, int is_lowered)
{
	const uint32_t room = rte_pktmbuf_data_room_size(r->pool) - RTE_PKTMBUF_HEADROOM;
	struct rte_mbuf **copies;
	unsigned n = 0;

	if (likely(p->len + MCR_ETHER_HEADER + VLAN_HEADER <= room))
		n = take_buffers(r, &copies, (unsigned)__builtin_popcountll(outputs));
	for (unsigned i = 0; outputs != 0; outputs &= outputs - 1, i++) {
		const unsigned output = (unsigned)__builtin_ctzll(outputs);

		if (unlikely(i >= n)) {
			r->counts[output].tx_no_buffer++;
			continue;
		}
		fill_copy(copies[i], p, &r->view->outputs[output], is_lowered);
		mcr_relay_queue(r, output, r->view->outputs[output].port, copies[i]);
	}
}

/* ---- headers and a shared payload ---- */

/* Makes of a received frame the len octets of payload that stand behind `offset`. Its buffers are
 * ours alone, and the first one holds all of the headers. Returns the first buffer with payload,
 * which another one may stand before, by itself then. */
static struct rte_mbuf *cut(struct rte_mbuf *m, uint32_t offset, uint32_t len)
{
	struct rte_mbuf *first = m, *last;
	uint16_t segments = 1;

	m->data_off = (uint16_t)(m->data_off + offset);
	m->data_len = (uint16_t)(m->data_len - offset);
	if (unlikely(m->data_len == 0)) {
		first = m->next;
		m->next = NULL;
		m->nb_segs = 1;
	}
	for (last = first; last->data_len < len; last = last->next, segments++)
		len -= last->data_len;
	last->data_len = (uint16_t)len;
	if (unlikely(last->next)) {
		rte_pktmbuf_free(last->next); /* padding alone */
		last->next = NULL;
	}
	first->nb_segs = segments;
	return first;
}

static int is_ours(const struct rte_mbuf *m)
{
	for (; m; m = m->next)
		if (rte_mbuf_refcnt_read(m) != 1)
			return 0;
	return 1;
}

/* A header that is sent in front of a payload. ip: as received. */
static inline void fill_header(struct rte_mbuf *h, const struct packet *p,
			       const struct mcr_relay_output *o, const uint8_t *ip,
			       struct rte_mbuf *payload)
{
	const uint16_t octets = ether_octets(o->vlan);
	uint8_t *to = rte_pktmbuf_mtod(h, uint8_t *);

	put_ether(to, p->mac, o->ether[p->is_ipv6], o->vlan);
	to += octets;
	if (likely(p->header == MCR_IPV4_HEADER_MIN)) /* no call for so few octets */
		memcpy(to, ip, MCR_IPV4_HEADER_MIN);
	else
		memcpy(to, ip, p->header);
	mcr_route_decrement(to, p->is_ipv6);
	h->data_len = (uint16_t)(octets + p->header);
	h->pkt_len = (uint32_t)(octets + p->len);
	h->nb_segs = (uint16_t)(1 + payload->nb_segs);
	h->next = payload;
}

/* Gives the packet, whose buffers are ours alone, to outputs whose drivers take chains. */
static void share_ours(struct mcr_relay_lcore *r, const struct packet *p, uint64_t outputs,
		       struct rte_mbuf *m)
{
	const uint32_t header = p->l3_offset + (uint32_t)p->header;
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, p->l3_offset);
	struct rte_mbuf *payload = cut(m, header, (uint32_t)p->len - p->header);
	struct rte_mbuf **headers;
	unsigned n = take_buffers(r, &headers, (unsigned)__builtin_popcountll(outputs));

	/* The header stands there until the last frame has a copy of it. */
	if (likely(n > 0))
		rte_pktmbuf_refcnt_update(payload, (int16_t)(n - 1));
	else
		rte_pktmbuf_free(payload);
	for (unsigned i = 0; outputs != 0; outputs &= outputs - 1, i++) {
		const unsigned output = (unsigned)__builtin_ctzll(outputs);

		if (unlikely(i >= n)) {
			r->counts[output].tx_no_buffer++;
			continue;
		}
		fill_header(headers[i], p, &r->view->outputs[output], ip, payload);
		mcr_relay_queue(r, output, r->view->outputs[output].port, headers[i]);
	}
	if (unlikely(payload != m))
		rte_pktmbuf_free(m);
}

static void share(struct mcr_relay_lcore *r, const struct packet *p, uint64_t outputs)
{
	struct rte_mbuf *m = p->m;

	if (unlikely(!is_ours(m))) {
		m = rte_pktmbuf_clone(p->m, r->pool);
		rte_pktmbuf_free(p->m);
	}
	if (likely(m)) {
		share_ours(r, p, outputs, m);
		return;
	}
	for (; outputs != 0; outputs &= outputs - 1)
		r->counts[__builtin_ctzll(outputs)].tx_no_buffer++;
}

static inline struct packet packet_of(struct rte_mbuf *m, const struct mcr_relay_verdict *verdict)
{
	const struct mcr_route_packet *is = &verdict->packet;
	uint32_t group;

	memcpy(&group, (const char *)is->group.words + 12, sizeof(group));
	return (struct packet){.m = m,
			       .ip = rte_pktmbuf_mtod_offset(m, uint8_t *, is->l3_offset),
			       .len = is->len,
			       .l3_offset = is->l3_offset,
			       .header = is->header,
			       .ttl = is->ttl,
			       .is_ipv6 = is->is_ipv6,
			       .mac = htole64(mcr_group_mac_number(group, is->is_ipv6))};
}

/* To several outputs, or not to the one that it has, or with a buffer that cannot be sent itself.
 */
static __rte_noinline void send_any(struct mcr_relay_lcore *r, struct rte_mbuf *m,
				    const struct mcr_relay_verdict *verdict)
{
	struct packet p = packet_of(m, verdict);

	choose(r, &p, verdict->outputs);
	if (p.len < MCR_RELAY_SHARE_MIN)
		p.chains = 0;
	if (likely(p.outputs != 0 && can_be_sent(&p) && !has_several(p.chains))) {
		const uint64_t last = p.chains ? p.chains : last_of(p.outputs);
		const unsigned output = (unsigned)__builtin_ctzll(last);

		mcr_route_decrement(p.ip, p.is_ipv6);
		send_copies(r, &p, p.outputs & ~last, 1);
		send_in_place(r, &p, &r->view->outputs[output], output);
		return;
	}
	if (p.outputs != p.chains)
		send_copies(r, &p, p.outputs & ~p.chains, 0);
	if (p.chains)
		share(r, &p, p.chains);
	else
		rte_pktmbuf_free(m);
}

/* The usual packet has one output, which takes it. */
static __rte_noinline void send_to_one(struct mcr_relay_lcore *r, struct rte_mbuf *m,
				       const struct mcr_relay_verdict *verdict)
{
	const unsigned output = (unsigned)__builtin_ctzll(verdict->outputs);
	const struct mcr_relay_output *o = &r->view->outputs[output];
	struct mcr_relay_counts *c = &r->counts[output];
	const struct packet p = packet_of(m, verdict);

	if (unlikely(refusal(c, &p, o) || !can_be_sent(&p))) {
		send_any(r, m, verdict);
		return;
	}
	c->offered++;
	r->touched |= verdict->outputs;
	mcr_route_decrement(p.ip, p.is_ipv6);
	send_in_place(r, &p, o, output);
}

void mcr_relay_copy(struct mcr_relay_lcore *r, struct rte_mbuf *m,
		    const struct mcr_relay_verdict *verdict)
{
	if (has_several(verdict->outputs))
		send_any(r, m, verdict);
	else
		send_to_one(r, m, verdict);
}
