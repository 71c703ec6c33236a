/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "core/words.h"
#include "engine/rx/mbuf.h"
#include "engine/rx/rx_outlet.h"
#include "engine/rx/rx_plain.h"

/* Writes a plain packet, which is in one piece, into a ring. words: of the packet; tail: what only
 * the writer knows of word 4; hw: word 0. */
static __rte_always_inline void put_plain(struct mcr_ring_writer *ring, const struct mcr_packet *p,
					  uint32_t id, uint64_t hw, uint64_t rx_ns, uint64_t tail,
					  const uint8_t *payload)
{
	struct mcr_record record;

	record.words[0] = hw;
	record.words[1] = rx_ns;
	record.words[2] = p->words[0];
	record.words[3] = p->words[1] | MCR_WORD_AT(id, 0, 4);
	record.words[4] = p->words[2] | tail;
	mcr_ring_put(ring, &record, payload);
}

/* The same for IPv6, whose addresses stand in the frame. */
static __rte_always_inline void put_plain_ipv6(struct mcr_ring_writer *ring,
					       const struct mcr_packet *p, uint32_t id, uint64_t hw,
					       uint64_t rx_ns, uint64_t tail, const uint8_t *head)
{
	const uint32_t len = mcr_packet_len(p);
	struct mcr_record record;
	uint8_t *to = mcr_ring_begin(ring, len + MCR_IPV6_EXTRAS) + MCR_RECORD_BYTES;

	mcr_ring_put_addresses(to, head + MCR_ETHER_HEADER);
	mcr_ring_copy(to + MCR_IPV6_EXTRAS, head + MCR_PLAIN_IPV6_HEADERS, len);
	record.words[0] = hw;
	record.words[1] = rx_ns;
	record.words[2] = 0;
	record.words[3] = p->words[1] | MCR_WORD_AT(id, 0, 4);
	record.words[4] = p->words[2] | tail | MCR_WORD_AT(MCR_FORM_INET6, 6, 1);
	mcr_ring_end(ring, len + MCR_IPV6_EXTRAS, &record);
}

static __rte_always_inline void put_either(struct mcr_ring_writer *ring, const struct mcr_packet *p,
					   uint32_t id, uint64_t hw, uint64_t rx_ns, uint64_t tail,
					   const uint8_t *head, const int ipv6)
{
	if (ipv6)
		put_plain_ipv6(ring, p, id, hw, rx_ns, tail, head);
	else
		put_plain(ring, p, id, hw, rx_ns, tail, head + MCR_PLAIN_HEADERS);
}

/* Word 3 of a plain packet. */
#define PLAIN_WORD(ether_type, headers)                                        \
	(MCR_WORD_AT(ether_type, 0, 2) | MCR_WORD_AT(MCR_ETHER_HEADER, 2, 2) | \
	 MCR_WORD_AT(headers, 4, 2) | MCR_WORD_AT(MCR_PARSED_UDP, 6, 1))

/* Keeps plain packet i for the long way. By words: a packet whose address is taken would be put
 * into memory each time. */
static __rte_noinline void keep(struct mcr_worker *w, unsigned i, uint64_t word0, uint64_t word1,
				uint64_t word2, uint64_t word3, const struct mcr_arrival *a)
{
	w->packets[i] = (struct mcr_packet){.words = {word0, word1, word2, word3}};
	w->packets[i].vlan = a->vlan;
}

/* Prefetches the table's entry for a packet whose header was prefetched before. */
static inline void prefetch_ipv4(const struct mcr_group_table *table, const struct mcr_burst *b,
				 const struct rte_mbuf *m)
{
	const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);

	if (likely(m->data_len >= MCR_PLAIN_HEADERS))
		rte_prefetch0(mcr_group_first_look(
		    table, mcr_group_key_of_flow(b->interface_of_vlan[mcr_mbuf_stripped_vlan(m)],
						 mcr_plain_flow(head))));
}

static inline void prefetch_ipv6(const struct mcr_group_table *table, const struct mcr_burst *b,
				 const struct rte_mbuf *m)
{
	const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);

	if (likely(m->data_len >= MCR_PLAIN_IPV6_HEADERS))
		rte_prefetch0(mcr_group_first_look_ipv6(
		    table,
		    mcr_group_key_ipv6(b->interface_of_vlan[mcr_mbuf_stripped_vlan(m)],
				       mcr_plain_ipv6_port(head)),
		    mcr_group_load_ipv6(head + MCR_PLAIN_IPV6_GROUP)));
}

static inline int is_near(const struct mcr_burst *b, uint64_t hw_ns)
{
	const int64_t delta = (int64_t)(hw_ns - b->rx_ns);

	return delta == (int32_t)delta;
}

/* The time in a packet's trailer. It counts if the packet is delivered from here. By value, so that
 * the caller's words stay in registers. */
static __rte_noinline uint64_t time_of_trailer(const struct mcr_burst *b, const struct rte_mbuf *m,
					       uint32_t end)
{
	const uint64_t hw_ns = mcr_rx_time(b, m, end);

	if (hw_ns == 0 || is_near(b, hw_ns))
		mcr_rx_count_time(b);
	return hw_ns;
}

/* The time of a packet that is delivered, for word 0 of its record, and its flags. end: of its
 * datagram, in octets of the frame. Returns 0 when it is too far from the host's for that. */
static inline int time_of(const struct mcr_burst *b, const struct rte_mbuf *m, uint32_t end,
			  uint64_t *hw, uint64_t *tail)
{
	uint64_t hw_ns =
	    unlikely(b->trailers) ? time_of_trailer(b, m, end) : mcr_packet_clock_ns(b->clock, m);

	*hw = 0;
	if (hw_ns == 0)
		return 1;
	*hw = MCR_WORD_AT((uint32_t)(hw_ns - b->rx_ns), 4, 4);
	*tail |= MCR_WORD_AT(b->clock->flags, 7, 1);
	return is_near(b, hw_ns);
}

/* What went into words, as a number again. */
static inline uint64_t hw_ns_of(const struct mcr_burst *b, uint64_t hw, uint64_t flags)
{
	return flags != 0 ? b->rx_ns + (uint64_t)(int32_t)(hw >> MCR_WORD_SHIFT(4, 4)) : 0;
}

/* at: the current packet. Headers are fetched twice as far ahead as entries. */
static __rte_always_inline void fetch_ahead(const struct mcr_group_table *table,
					    const struct mcr_burst *b, struct rte_mbuf *const *at,
					    const int ahead, const int ipv6)
{
	rte_prefetch0(rte_pktmbuf_mtod(at[MCR_PREFETCH_AHEAD], const void *));
	if (ahead && ipv6)
		prefetch_ipv6(table, b, at[MCR_PREFETCH_AHEAD / 2]);
	else if (ahead)
		prefetch_ipv4(table, b, at[MCR_PREFETCH_AHEAD / 2]);
}

/* What packets have in common whose tag the NIC took out, when that is all that is odd about this
 * one; else NULL. Valid until the next call. */
static __rte_noinline const struct mcr_arrival *
arrival_of(struct mcr_worker *w, struct mcr_burst *b, const struct rte_mbuf *m)
{
	if (mcr_mbuf_oddness(m, b->pool) != 0 ||
	    (m->ol_flags & b->odd) != RTE_MBUF_F_RX_VLAN_STRIPPED)
		return NULL;
	mcr_rx_arrival(&b->tagged, w, b, mcr_mbuf_stripped_vlan(m));
	return &b->tagged;
}

/* What keeps a packet from the short way, but for a tag that the NIC took out; 0 = nothing. */
static inline uint64_t odd(const struct mcr_burst *b, const struct rte_mbuf *m)
{
	return mcr_mbuf_oddness(m, b->pool) | (m->ol_flags & b->odd);
}

/* What a packet is to be matched by: its entry, and whether that alone decides. */
static __rte_always_inline const struct mcr_group_entry *
entry_of(const struct mcr_group_table *table, uint64_t key, const uint8_t *head, const int ipv6)
{
	const struct mcr_group_entry_ipv6 *e;

	if (!ipv6)
		return mcr_group_lookup(table, key);
	e = mcr_group_lookup_ipv6(table, key, mcr_group_load_ipv6(head + MCR_PLAIN_IPV6_GROUP));
	return e ? &e->entry : NULL; /* its first member */
}

static __rte_always_inline int takes(const struct mcr_group_entry *entry,
				     const struct mcr_packet *p, const uint8_t *head,
				     const int ipv6)
{
	if (!ipv6)
		return mcr_group_takes(entry, mcr_packet_source(p));
	return mcr_group_takes_ipv6((const struct mcr_group_entry_ipv6 *)(const void *)entry,
				    mcr_group_load_ipv6(head + MCR_PLAIN_IPV6_SOURCE));
}

/* Gives packet i, which has several channels or one with a handler, to each of them. It comes by
 * words, in registers. */
static __rte_always_inline void put_each(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
					 const struct mcr_group_list *list, unsigned n,
					 uint64_t word0, uint64_t word1, uint64_t word2,
					 uint64_t hw, uint64_t flags, const struct mcr_arrival *a,
					 const int ipv6)
{
	const uint64_t word3 = ipv6 ? PLAIN_WORD(MCR_ETHER_TYPE_IPV6, MCR_PLAIN_IPV6_HEADERS)
				    : PLAIN_WORD(MCR_ETHER_TYPE_IPV4, MCR_PLAIN_HEADERS);
	const struct mcr_group_list *end = list + n;
	const uint8_t *head = rte_pktmbuf_mtod(w->mbufs[i], const uint8_t *);
	struct mcr_packet p;

	p.words[0] = word0;
	p.words[1] = word1;
	p.words[2] = word2;
	for (; list < end; list++) {
		const struct mcr_target *to = &list->any;

		if (likely(mcr_rx_opens(w, b, to->channel))) {
			put_either(w->outlets[to->channel].ring, &p, to->id, hw, b->rx_ns,
				   a->tail | flags, head, ipv6);
		} else {
			keep(w, i, word0, word1, word2, word3, a);
			mcr_rx_deliver(w, b, i, to, hw_ns_of(b, hw, flags));
		}
	}
}

static __rte_noinline void put_each_ipv4(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
					 const struct mcr_group_list *list, unsigned n,
					 uint64_t word0, uint64_t word1, uint64_t word2,
					 uint64_t hw, uint64_t flags, const struct mcr_arrival *a)
{
	put_each(w, b, i, list, n, word0, word1, word2, hw, flags, a, 0);
}

static __rte_noinline void put_each_ipv6(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
					 const struct mcr_group_list *list, unsigned n,
					 uint64_t word1, uint64_t word2, uint64_t hw,
					 uint64_t flags, const struct mcr_arrival *a)
{
	put_each(w, b, i, list, n, 0, word1, word2, hw, flags, a, 1);
}

/* Looks at a plain packet; *key: of the table, but for the interface. */
static __rte_always_inline int parse(struct mcr_packet *p, uint64_t *key, const uint8_t *head,
				     uint16_t len, const struct mcr_burst *b, const int ipv6)
{
	uint64_t flow;

	if (ipv6) {
		if (!mcr_parse_plain_ipv6(p, head, len, b->own_ipv6))
			return 0;
		*key = mcr_group_key_ipv6(0, mcr_packet_port(p));
		return 1;
	}
	if (!mcr_parse_plain(p, &flow, head, len, 0, b->own))
		return 0;
	*key = mcr_group_key_of_flow(0, flow);
	return 1;
}

/* timed: packets may bear the NIC's time. ahead: the table is so large that its entries are fetched
 * before their turn. ipv6: packets of this family are taken, and no others. */
static __rte_always_inline unsigned take(struct mcr_worker *w, struct mcr_burst *b, unsigned from,
					 unsigned to, const int timed, const int ahead,
					 const int ipv6)
{
	const struct mcr_group_table *table = w->view->table;
	struct rte_mbuf **at = &w->mbufs[from], **end = &w->mbufs[to];
	const uint32_t headers = ipv6 ? MCR_PLAIN_IPV6_HEADERS : MCR_PLAIN_HEADERS;
	struct mcr_ring_writer *ring = NULL;
	uint32_t taking = MCR_GROUP_NO_TARGET; /* goes into `ring` */
	unsigned taken;

	for (; at < end; at++) {
		const struct rte_mbuf *m = *at;
		const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);
		const struct mcr_arrival *a = &b->untagged;
		const struct mcr_group_entry *entry;
		uint64_t key, hw = 0, flags = 0;
		struct mcr_packet p;
		uint32_t target;

		fetch_ahead(table, b, at, ahead, ipv6);
		if (unlikely(odd(b, m) != 0) && !(a = arrival_of(w, b, m)))
			break;
		if (unlikely(!parse(&p, &key, head, m->data_len, b, ipv6)))
			break;
		/* No entry has MCR_NO_INTERFACE. */
		entry = entry_of(table, key | a->key, head, ipv6);
		if (unlikely(!entry || (!ipv6 && mcr_packet_source(&p) == a->broadcast_be) ||
			     mcr_packet_len(&p) > (ipv6 ? b->all_take_ipv6 : b->all_take)))
			break;
		target = mcr_group_target(entry);
		if (unlikely(target != taking) && target != mcr_group_each_target() &&
		    !takes(entry, &p, head, ipv6))
			break;
		if (timed && unlikely(!time_of(b, m, headers + mcr_packet_len(&p), &hw, &flags)))
			break;
		if (unlikely(target != taking)) {
			const unsigned i = (unsigned)(at - w->mbufs);

			ring = w->outlets[entry->channel].ring;
			taking = mcr_group_any_target(entry->channel);
			if (target == mcr_group_each_target() ||
			    unlikely(!mcr_rx_opens(w, b, entry->channel))) {
				taking = MCR_GROUP_NO_TARGET;
				if (ipv6)
					put_each_ipv6(w, b, i, table->lists + entry->list,
						      entry->n_lists, p.words[1], p.words[2], hw,
						      flags, a);
				else
					put_each_ipv4(w, b, i, table->lists + entry->list,
						      entry->n_lists, p.words[0], p.words[1],
						      p.words[2], hw, flags, a);
				goto counted;
			}
		}
		put_either(ring, &p, entry->id, hw, b->rx_ns, a->tail | flags, head, ipv6);
	counted:
		mcr_rx_count(&w->group_counts[entry->membership], mcr_packet_len(&p), b->rx_ns);
	}
	taken = (unsigned)(at - w->mbufs);
	w->totals.account.delivered += taken - from;
	return taken;
}

/* Each variant by itself, so that most packets pay nothing for what others need. */
static __rte_noinline unsigned take_untimed(struct mcr_worker *w, struct mcr_burst *b,
					    unsigned from, unsigned to)
{
	return take(w, b, from, to, 0, 0, 0);
}

static __rte_noinline unsigned take_untimed_ahead(struct mcr_worker *w, struct mcr_burst *b,
						  unsigned from, unsigned to)
{
	return take(w, b, from, to, 0, 1, 0);
}

static __rte_noinline unsigned take_timed(struct mcr_worker *w, struct mcr_burst *b, unsigned from,
					  unsigned to)
{
	return take(w, b, from, to, 1, 1, 0);
}

static __rte_noinline unsigned take_ipv6(struct mcr_worker *w, struct mcr_burst *b, unsigned from,
					 unsigned to)
{
	return take(w, b, from, to, 0, 0, 1);
}

static __rte_noinline unsigned take_ipv6_ahead(struct mcr_worker *w, struct mcr_burst *b,
					       unsigned from, unsigned to)
{
	return take(w, b, from, to, 0, 1, 1);
}

static __rte_noinline unsigned take_ipv6_timed(struct mcr_worker *w, struct mcr_burst *b,
					       unsigned from, unsigned to)
{
	return take(w, b, from, to, 1, 1, 1);
}

/* Of one family, as far as they come. */
static inline unsigned take_family(struct mcr_worker *w, struct mcr_burst *b, unsigned from,
				   unsigned to, const int ipv6)
{
	if (unlikely(b->clock))
		return ipv6 ? take_ipv6_timed(w, b, from, to) : take_timed(w, b, from, to);
	if (mcr_group_table_is_small(w->view->table))
		return ipv6 ? take_ipv6(w, b, from, to) : take_untimed(w, b, from, to);
	return ipv6 ? take_ipv6_ahead(w, b, from, to) : take_untimed_ahead(w, b, from, to);
}

/* Whether a frame that is not plain IPv4 may be plain IPv6. */
static inline int may_be_ipv6(const struct rte_mbuf *m)
{
	return m->data_len >= MCR_PLAIN_IPV6_HEADERS &&
	       mcr_load16(rte_pktmbuf_mtod(m, const uint8_t *) + 12) ==
		   rte_cpu_to_be_16(MCR_ETHER_TYPE_IPV6);
}

unsigned mcr_rx_plain(struct mcr_worker *w, struct mcr_queue *q, unsigned from, unsigned to)
{
	struct mcr_burst *b = &q->burst;

	for (;;) {
		unsigned i = take_family(w, b, from, to, 0);

		if (likely(i == to) || !may_be_ipv6(w->mbufs[i]))
			return i;
		from = take_family(w, b, i, to, 1);
		if (from == i || from == to)
			return from;
	}
}
