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

/* Keeps plain packet i for the long way. By words: a packet whose address is taken would be put
 * into memory each time. */
static __rte_noinline void keep(struct mcr_worker *w, unsigned i, uint64_t word0, uint64_t word1,
				uint64_t word2, const struct mcr_arrival *a)
{
	w->packets[i] = (struct mcr_packet){.words = {word0, word1, word2}};
	w->packets[i].vlan = a->vlan;
	w->packets[i].ether_type = MCR_ETHER_TYPE_IPV4;
	w->packets[i].l3_offset = MCR_ETHER_HEADER;
	w->packets[i].payload_offset = MCR_PLAIN_HEADERS;
	w->packets[i].verdict = MCR_PARSED_UDP;
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

/* The NIC's time of a packet, for word 0 of its record, and its flags. Returns 0 when it is too far
 * from the host's for that. */
static inline int time_of(const struct mcr_burst *b, const struct rte_mbuf *m, uint64_t *hw,
			  uint64_t *tail)
{
	uint64_t hw_ns = mcr_packet_clock_ns(b->clock, m);
	int64_t delta = (int64_t)(hw_ns - b->rx_ns);

	*hw = 0;
	if (hw_ns == 0)
		return 1;
	*hw = MCR_WORD_AT((uint32_t)delta, 4, 4);
	*tail |= MCR_WORD_AT(b->clock->flags, 7, 1);
	return delta == (int32_t)delta;
}

/* What packets have in common whose tag the NIC took out. Valid until the next call. */
static __rte_noinline const struct mcr_arrival *
arrival_of(struct mcr_worker *w, struct mcr_burst *b, const struct rte_mbuf *m)
{
	mcr_rx_arrival(&b->tagged, w, b, mcr_mbuf_stripped_vlan(m));
	return &b->tagged;
}

/* What keeps a packet from the short way, but for a tag that the NIC took out; 0 = nothing. */
static inline uint64_t odd(const struct mcr_burst *b, const struct rte_mbuf *m)
{
	return mcr_mbuf_oddness(m, b->pool) | (m->ol_flags & b->odd);
}

/* Gives packet i, which has several channels or one with a handler, to each of them. It comes by
 * words, in registers. */
static __rte_noinline void put_each(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
				    const struct mcr_group_list *list, unsigned n, uint64_t word0,
				    uint64_t word1, uint64_t word2, uint64_t hw, uint64_t flags,
				    const struct mcr_arrival *a)
{
	const struct mcr_group_list *end = list + n;
	const uint8_t *payload =
	    rte_pktmbuf_mtod_offset(w->mbufs[i], const uint8_t *, MCR_PLAIN_HEADERS);
	struct mcr_packet p;

	p.words[0] = word0;
	p.words[1] = word1;
	p.words[2] = word2;
	for (; list < end; list++) {
		const struct mcr_target *to = &list->any;

		if (likely(mcr_rx_opens(w, b, to->channel))) {
			put_plain(w->outlets[to->channel].ring, &p, to->id, hw, b->rx_ns,
				  a->tail | flags, payload);
		} else {
			keep(w, i, word0, word1, word2, a);
			mcr_rx_deliver(w, b, i, to);
		}
	}
}

/* timed: packets may bear the NIC's time. ahead: the table is so large that its entries are fetched
 * before their turn. */
static __rte_always_inline unsigned take(struct mcr_worker *w, struct mcr_burst *b, unsigned from,
					 unsigned to, const int timed, const int ahead)
{
	const struct mcr_group_table *table = w->view->table;
	struct rte_mbuf **at = &w->mbufs[from], **end = &w->mbufs[to];
	struct mcr_ring_writer *ring = NULL;
	uint32_t taking = MCR_GROUP_NO_TARGET; /* goes into `ring` */
	unsigned taken;

	for (; at < end; at++) {
		const struct rte_mbuf *m = *at;
		const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);
		const struct mcr_arrival *a = &b->untagged;
		const struct mcr_group_entry *entry;
		uint64_t flow, hw = 0, flags = 0;
		struct mcr_packet p;
		uint32_t target;

		rte_prefetch0(rte_pktmbuf_mtod(at[MCR_PREFETCH_AHEAD], const void *));
		if (ahead)
			prefetch_entry(table, b, at[MCR_PREFETCH_AHEAD / 2]);
		if (unlikely(odd(b, m) != 0)) {
			if (mcr_mbuf_oddness(m, b->pool) != 0 ||
			    (m->ol_flags & b->odd) != RTE_MBUF_F_RX_VLAN_STRIPPED)
				break;
			a = arrival_of(w, b, m);
		}
		if (unlikely(!mcr_parse_plain(&p, &flow, head, m->data_len, 0, b->own)))
			break;
		/* No entry has MCR_NO_INTERFACE. */
		entry = mcr_group_lookup(table, mcr_group_key_of_flow(0, flow) | a->key);
		if (unlikely(!entry || mcr_packet_source(&p) == a->broadcast_be ||
			     mcr_packet_len(&p) > b->all_take))
			break;
		if (timed && unlikely(!time_of(b, m, &hw, &flags)))
			break;
		target = mcr_group_target(entry);
		if (unlikely(target != taking)) {
			const unsigned i = (unsigned)(at - w->mbufs);

			if (target != mcr_group_each_target() &&
			    !mcr_group_takes(entry, mcr_packet_source(&p)))
				break;
			ring = w->outlets[entry->channel].ring;
			taking = mcr_group_any_target(entry->channel);
			if (target == mcr_group_each_target() ||
			    unlikely(!mcr_rx_opens(w, b, entry->channel))) {
				taking = MCR_GROUP_NO_TARGET;
				put_each(w, b, i, table->lists + entry->list, entry->n_lists,
					 p.words[0], p.words[1], p.words[2], hw, flags, a);
				goto counted;
			}
		}
		put_plain(ring, &p, entry->id, hw, b->rx_ns, a->tail | flags,
			  head + MCR_PLAIN_HEADERS);
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
	return take(w, b, from, to, 0, 0);
}

static __rte_noinline unsigned take_untimed_ahead(struct mcr_worker *w, struct mcr_burst *b,
						  unsigned from, unsigned to)
{
	return take(w, b, from, to, 0, 1);
}

static __rte_noinline unsigned take_timed(struct mcr_worker *w, struct mcr_burst *b, unsigned from,
					  unsigned to)
{
	return take(w, b, from, to, 1, 1);
}

unsigned mcr_rx_plain(struct mcr_worker *w, struct mcr_queue *q, unsigned from, unsigned to)
{
	if (unlikely(q->burst.clock))
		return take_timed(w, &q->burst, from, to);
	if (mcr_group_table_is_small(w->view->table))
		return take_untimed(w, &q->burst, from, to);
	return take_untimed_ahead(w, &q->burst, from, to);
}
