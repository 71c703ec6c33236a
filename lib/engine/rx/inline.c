/* SPDX-License-Identifier: BSD-3-Clause */
/* Not in rx_outlet.c, so that a channel without a handler pays one branch for each chunk. */
#include "engine/rx/inline.h"

#include <string.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <mcring/consumer.h>

/* Finds the segment of the payload's first octet. An empty payload may lie behind the last one. */
static void place_payload(struct mcr_inline_msg *m, const struct rte_mbuf *segment)
{
	uint32_t offset = m->offset, left;

	while (offset >= segment->data_len && segment->next) {
		offset -= segment->data_len;
		segment = segment->next;
	}
	left = segment->data_len > offset ? segment->data_len - offset : 0;
	m->data = rte_pktmbuf_mtod_offset(segment, const uint8_t *, offset);
	m->data_len = m->len < left ? m->len : left;
}

static void add_to(uint64_t *word, uint64_t n)
{
	__atomic_store_n(word, *word + n, __ATOMIC_RELAXED);
}

static void watch(struct mcr_inline *in, uint64_t cycles, unsigned n)
{
	add_to(&in->calls, 1);
	add_to(&in->messages, n);
	if (cycles > in->slow_cycles)
		add_to(&in->slow, 1);
	if (cycles > in->longest_cycles)
		__atomic_store_n(&in->longest_cycles, cycles, __ATOMIC_RELAXED);
}

/* Into the message itself: an address that goes by way of the stack waits for its own stores. */
static inline void fill_ipv4(struct mcr_address *to, uint32_t ipv4_be)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	memcpy(to->octets, prefix, sizeof(prefix));
	memcpy(to->octets + 12, &ipv4_be, sizeof(ipv4_be));
}

static inline void fill_addresses(struct mcr_inline_msg *m, const struct mcr_packet *packet,
				  const struct rte_mbuf *mbuf)
{
	if (unlikely(mcr_packet_is_ipv6(packet))) {
		const uint8_t *ip =
		    rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, packet->l3_offset);

		memcpy(m->group.octets, ip + MCR_IPV6_GROUP, sizeof(m->group));
		memcpy(m->source.octets, ip + MCR_IPV6_SOURCE, sizeof(m->source));
	} else {
		fill_ipv4(&m->group, packet->group_be);
		fill_ipv4(&m->source, packet->source_be);
	}
}

void mcr_inline_take(struct mcr_inline *in, const struct mcr_packet *packet,
		     const struct rte_mbuf *mbuf, uint8_t interface, uint32_t id, uint64_t rx_ns,
		     uint64_t hw_ns, uint16_t flags)
{
	struct mcr_inline_msg *m = &in->msgs[in->n];

	if (!in->only)
		in->packets[in->n] = *packet;
	in->n++;
	m->len = packet->payload_len;
	m->rx_ns = rx_ns;
	m->hw_ns = hw_ns;
	fill_addresses(m, packet, mbuf);
	m->id = id;
	m->dst_port = packet->port;
	m->src_port = packet->source_port;
	m->vlan = packet->vlan;
	m->flags = flags;
	m->ttl = packet->ttl;
	m->traffic_class = packet->traffic_class;
	m->interface = interface;
	m->offset = packet->payload_offset;
	m->packet = mbuf;
	memset(m->reserved, 0, sizeof(m->reserved));
	place_payload(m, mbuf);
}

void mcr_inline_call(struct mcr_inline *in, uint64_t clock_steps, unsigned ring)
{
	unsigned n = in->n;
	uint64_t start;

	if (in->clock_steps != clock_steps && in->messages > 0)
		in->msgs[0].flags |= MCR_FLAG_CLOCK_STEP;
	in->clock_steps = clock_steps;
	in->n = 0;
	start = rte_rdtsc();
	in->handler(in->ctx, in->msgs, n, ring);
	watch(in, rte_rdtsc() - start, n);
}

void mcr_inline_add(const struct mcr_inline *in, struct mcr_channel_info *out)
{
	uint64_t cycles = __atomic_load_n(&in->longest_cycles, __ATOMIC_RELAXED);
	uint64_t ns = (uint64_t)((double)cycles * 1e9 / (double)rte_get_tsc_hz());

	out->has_handler = 1;
	out->handler_calls += __atomic_load_n(&in->calls, __ATOMIC_RELAXED);
	out->handler_messages += __atomic_load_n(&in->messages, __ATOMIC_RELAXED);
	out->handler_slow += __atomic_load_n(&in->slow, __ATOMIC_RELAXED);
	if (ns > out->handler_longest_ns)
		out->handler_longest_ns = ns;
}

uint32_t mcr_inline_copy(const struct mcr_inline_msg *m, void *buf, uint32_t cap)
{
	uint32_t n = m->len < cap ? m->len : cap;
	const void *at;

	if (n == 0)
		return 0;
	/* Copies into buf only what lies in several segments. */
	at = rte_pktmbuf_read(m->packet, m->offset, n, buf);
	if (!at)
		return 0;
	if (at != buf)
		memcpy(buf, at, n);
	return n;
}
