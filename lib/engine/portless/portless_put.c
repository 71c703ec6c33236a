/* SPDX-License-Identifier: BSD-3-Clause */
/* A frame's way into the rings: as in lib/engine/rx, one by one and in one piece. */
#include <errno.h>

#include <mcring/consumer.h>

#include "core/address.h"
#include "core/ring_packet.h"
#include "engine/portless/portless_state.h"

/* Frames of nobody: no host has this address, so no frame is taken for one of our own. */
static const uint8_t own_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void mcr_portless_begin(struct mcr_portless *p, uint64_t started_ns)
{
	pthread_mutex_lock(&p->view);
	if (p->seen_serial == p->view_serial || started_ns == 0)
		return;
	p->seen_serial = p->view_serial;
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		if (p->writers[c])
			mcr_ring_set_started(p->writers[c], started_ns);
}

/* A frame that has come. */
struct arrival {
	const uint8_t *frame;
	uint32_t len;
	uint64_t rx_ns, captured_ns;
};

static uint32_t extras_of(const struct mcr_packet *packet)
{
	return mcr_packet_is_ipv6(packet) ? MCR_IPV6_EXTRAS : 0;
}

/* hw_ns: 0 = it has none. One that is far from rx_ns stands before the payload, if there is room.
 */
static void put(struct mcr_ring_writer *ring, const struct mcr_packet *packet,
		const struct arrival *a, uint8_t interface, uint32_t id, uint64_t hw_ns)
{
	const uint32_t len = packet->payload_len, addresses = extras_of(packet);
	const int64_t delta = (int64_t)(hw_ns - a->rx_ns);
	int is_far = hw_ns != 0 && delta != (int32_t)delta;
	struct mcr_record record;
	uint32_t extras;
	uint8_t *to;

	if (is_far && len + addresses + sizeof(hw_ns) > mcr_ring_max_payload(ring))
		hw_ns = is_far = 0;
	extras = addresses + (is_far ? sizeof(hw_ns) : 0);
	to = mcr_ring_begin(ring, len + extras) + MCR_RECORD_BYTES;
	if (addresses > 0)
		mcr_ring_put_addresses(to, a->frame + packet->l3_offset);
	if (is_far)
		mcr_ring_store((uint64_t *)(void *)(to + addresses), 0, hw_ns);
	mcr_ring_copy(to + extras, a->frame + packet->payload_offset, len);
	record.words[0] = hw_ns != 0 ? MCR_WORD_AT((uint32_t)delta, 4, 4) : 0;
	record.words[1] = a->rx_ns;
	record.words[2] = packet->words[0];
	record.words[3] = packet->words[1] | MCR_WORD_AT(id, 0, 4);
	record.words[4] = packet->words[2] | MCR_WORD_AT(hw_ns != 0 ? MCR_FLAG_HW_TIME : 0, 7, 1) |
			  MCR_WORD_AT(interface | (addresses > 0 ? MCR_FORM_INET6 : 0) |
					  (is_far ? MCR_FORM_FAR_TIME : 0),
				      6, 1);
	mcr_ring_end(ring, len + extras, &record);
}

static uint64_t time_of(struct mcr_portless_port *port, const struct mcr_packet *packet,
			const struct arrival *a)
{
	const struct mcr_piece piece = {a->frame, a->len};
	const uint32_t end = (uint32_t)packet->payload_offset + packet->payload_len;

	if (!port->has_trailers)
		return 0;
	return mcr_trailer_read(&port->trailers, &(struct mcr_frame){&piece, 1}, a->len - end,
				a->captured_ns);
}

/* The channels that have joined it, and the one that takes all. Returns as mcr_group_table_match
 * does. */
static int match(const struct mcr_portless *p, const struct mcr_packet *packet,
		 const uint8_t *frame, uint8_t interface, struct mcr_target *targets)
{
	const uint8_t *ip = frame + packet->l3_offset;
	uint32_t membership;
	int n;

	if (mcr_packet_is_ipv6(packet))
		n = mcr_group_table_match_ipv6(p->table, interface, ip + MCR_IPV6_GROUP,
					       packet->port, ip + MCR_IPV6_SOURCE, targets,
					       &membership);
	else
		n = mcr_group_table_match(p->table, interface, packet->group_be, packet->port,
					  packet->source_be, targets, &membership);
	if (!p->takes_all)
		return n;
	n = n < 0 ? 0 : n;
	for (int i = 0; i < n; i++)
		if (targets[i].channel == 0)
			return n;
	targets[n] = (struct mcr_target){.channel = 0};
	return n + 1;
}

/* Returns 0, or 1 + the reason why no channel has it. */
static unsigned deliver(struct mcr_portless *p, struct mcr_portless_port *port,
			const struct mcr_packet *packet, const struct arrival *a, uint8_t interface)
{
	struct mcr_target targets[MCR_CHANNELS_MAX];
	int n = match(p, packet, a->frame, interface, targets);
	unsigned taken = 0;
	uint64_t hw_ns;

	if (n <= 0)
		return (unsigned)-n;
	hw_ns = time_of(port, packet, a);
	for (int i = 0; i < n; i++) {
		struct mcr_ring_writer *ring = p->writers[targets[i].channel];

		if (packet->payload_len + extras_of(packet) > mcr_ring_max_payload(ring)) {
			ring->too_large++;
			continue;
		}
		put(ring, packet, a, interface, targets[i].id, hw_ns);
		p->touched |= UINT64_C(1) << targets[i].channel;
		taken++;
	}
	if (taken == 0)
		return 1 + MCR_DROP_TOO_LARGE;
	if (port->has_trailers)
		mcr_trailer_count(&port->trailers);
	return 0;
}

/* Returns 0, or 1 + the reason why it is dropped. */
static unsigned classify(struct mcr_portless *p, struct mcr_portless_port *port,
			 const struct mcr_packet *packet, const struct arrival *a)
{
	const uint8_t interface = port->interface_of_vlan[packet->vlan];
	unsigned reason;

	if (packet->verdict == MCR_PARSED_DROP)
		return 1u + packet->drop;
	if (interface == MCR_NO_INTERFACE)
		return 1 + MCR_DROP_VLAN_UNKNOWN;
	if (packet->verdict != MCR_PARSED_UDP) { /* IGMP, ARP: nobody is here to answer */
		p->account.punted++;
		return 0;
	}
	if (port->verifies && !mcr_udp_checksum_ok(packet, a->frame))
		return 1 + MCR_DROP_BAD_UDP_CHECKSUM;
	if (!mcr_packet_is_ipv6(packet) && packet->source_be == p->broadcast_be[interface])
		return 1 + MCR_DROP_BAD_SOURCE;
	reason = deliver(p, port, packet, a, interface);
	p->account.delivered += reason == 0;
	return reason;
}

void mcr_portless_put(struct mcr_portless *p, unsigned port, const uint8_t *frame, uint32_t len,
		      uint64_t rx_ns, uint64_t captured_ns)
{
	const struct arrival a = {frame, len, rx_ns, captured_ns};
	struct mcr_packet packet;
	unsigned reason;

	mcr_parse(&packet, frame, len, len, 0, own_mac);
	reason = classify(p, &p->ports[port], &packet, &a);
	p->account.received++;
	if (reason != 0)
		p->account.drops[reason - 1]++;
}

void mcr_portless_publish(struct mcr_portless *p, uint64_t polled_ns)
{
	for (uint64_t left = p->touched; left != 0; left &= left - 1)
		mcr_ring_publish(p->writers[__builtin_ctzll(left)]);
	p->touched = 0;
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		if (p->writers[c])
			mcr_ring_set_polled(p->writers[c], polled_ns);
	pthread_mutex_unlock(&p->view);
}

void mcr_portless_account(const struct mcr_portless *p, struct mcr_account *out)
{
	*out = p->account;
}

int mcr_portless_trailers(const struct mcr_portless *p, size_t i,
			  struct mcr_portless_trailers_info *out)
{
	const struct mcr_portless_port *port;

	if (i >= p->n_ports)
		return -ENOENT;
	port = &p->ports[i];
	*out = (struct mcr_portless_trailers_info){
	    .name = port->name,
	    .has_trailers = port->has_trailers,
	    .ok = port->trailers.counts[MCR_TRAILER_OK],
	    .none = port->trailers.counts[MCR_TRAILER_NONE],
	    .bad = port->trailers.counts[MCR_TRAILER_BAD],
	};
	return 0;
}
