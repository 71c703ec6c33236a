/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_mbuf.h>

#include "core/address.h"
#include "core/parse.h"
#include "engine/rx/mbuf.h"
#include "engine/rx/rx_look.h"
#include "engine/rx/sightings.h"

/* Of the frame, as far as it goes. */
static void copy_macs(uint8_t destination[6], uint8_t source[6], const struct rte_mbuf *m)
{
	const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);

	if (m->data_len >= 6)
		memcpy(destination, head, 6);
	if (m->data_len >= 12)
		memcpy(source, head + 6, 6);
}

static void keep_sample(struct mcr_worker *w, const struct mcr_queue *q, unsigned i,
			unsigned reason)
{
	const struct mcr_packet *p = &w->packets[i];
	const struct rte_mbuf *m = w->mbufs[i];
	const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);
	uint8_t interface = q->burst.interface_of_vlan[p->vlan];
	struct mcr_drop_sample sample = {
	    .time_ns = q->burst.rx_ns,
	    .group = mcr_packet_group(p, head),
	    .source = mcr_packet_source_address(p, head),
	    .port = p->port,
	    .source_port = p->source_port,
	    .vlan = p->vlan,
	    .dpdk_port = q->port,
	    .ether_type = p->ether_type,
	    .interface = interface == MCR_NO_INTERFACE ? MCR_DROP_NO_INTERFACE : interface,
	    .len = m->pkt_len,
	};

	copy_macs(sample.destination_mac, sample.source_mac, m);
	mcr_seqlock_write(&w->shared.drops[reason].version, &w->shared.drops[reason].sample,
			  &sample, sizeof(sample));
}

static int is_multicast(struct mcr_address address)
{
	return mcr_address_is_ipv4(address) ? mcr_ipv4_is_multicast(mcr_address_ipv4_be(address))
					    : mcr_ipv6_is_multicast(address.octets);
}

/* dropped: why packet i, of which p was parsed, was dropped; MCR_DROP_NONE = it was not. IGMP and
 * its like are no flows. */
static void see(struct mcr_worker *w, const struct mcr_queue *q, unsigned i,
		const struct mcr_packet *p, uint8_t dropped)
{
	const struct rte_mbuf *m = w->mbufs[i];
	const uint8_t *head = rte_pktmbuf_mtod(m, const uint8_t *);
	struct mcr_sight sight = {
	    .group = mcr_packet_group(p, head),
	    .source = mcr_packet_source_address(p, head),
	    .port = p->port,
	    .vlan = p->vlan,
	    .dpdk_port = q->port,
	    .last_ns = q->burst.rx_ns,
	    .len = m->pkt_len,
	    .source_port = p->source_port,
	    .ttl = p->ttl,
	    .dropped = dropped,
	};

	if (!is_multicast(sight.group) ||
	    (p->verdict != MCR_PARSED_UDP && p->verdict != MCR_PARSED_DROP))
		return;
	copy_macs(sight.destination_mac, sight.source_mac, m);
	mcr_sightings_see(w->sightings, &sight);
}

/* All packets of the burst. The short way has parsed most of them, and kept nothing; what was
 * handed to control is not there any more. */
static void see_all(struct mcr_worker *w, const struct mcr_queue *q, unsigned n)
{
	const struct mcr_burst *b = &q->burst;

	for (unsigned i = 0; i < n; i++) {
		const struct rte_mbuf *m = w->mbufs[i];
		struct mcr_packet p;

		if (!m)
			continue;
		mcr_parse(&p, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len,
			  mcr_mbuf_stripped_vlan(m), b->mac);
		see(w, q, i, &p, b->dropped & MCR_BURST_DROPPED(i) ? b->reasons[i] : MCR_DROP_NONE);
	}
}

void mcr_rx_look(struct mcr_worker *w, const struct mcr_queue *q, unsigned n)
{
	const struct mcr_burst *b = &q->burst;
	const int is_all = (b->dropped & MCR_BURST_LOOK) != 0;

	for (uint32_t left = (uint32_t)(b->dropped & MCR_BURST_REASONS); left != 0;
	     left &= left - 1) {
		const unsigned reason = (unsigned)__builtin_ctz(left);
		const unsigned i = b->drop_packet[reason];

		keep_sample(w, q, i, reason);
		if (!is_all)
			see(w, q, i, &w->packets[i], (uint8_t)reason);
	}
	if (is_all) {
		w->look = 0;
		see_all(w, q, n);
	}
}
