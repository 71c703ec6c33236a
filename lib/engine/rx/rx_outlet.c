/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_mbuf.h>

#include "core/words.h"
#include "engine/rx/rx_outlet.h"

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

/* payload: NULL = it lies in several segments of m. Before it stand the addresses of IPv6, and a
 * time that is far from the host's. Where there is no room for such a time, the message has none.
 */
static __rte_always_inline void put_family(struct mcr_ring_writer *ring, const struct mcr_burst *b,
					   const struct mcr_packet *p, uint8_t interface,
					   uint32_t id, uint64_t flags, uint64_t hw_ns,
					   const uint8_t *payload, const struct rte_mbuf *m,
					   const int ipv6)
{
	const uint32_t len = mcr_packet_len(p), addresses = ipv6 ? MCR_IPV6_EXTRAS : 0;
	int64_t delta = (int64_t)(hw_ns - b->rx_ns);
	int far = hw_ns != 0 && delta != (int32_t)delta;
	uint32_t extras = addresses + (unlikely(far) ? sizeof(hw_ns) : 0);
	struct mcr_record record;
	uint8_t *to;

	if (unlikely(len + extras > mcr_ring_max_payload(ring))) {
		hw_ns = far = 0;
		extras = addresses;
		flags &= ~(uint64_t)(MCR_FLAG_HW_TIME | MCR_FLAG_HW_TIME_SYNCED);
	}
	to = mcr_ring_begin(ring, len + extras) + MCR_RECORD_BYTES;
	if (ipv6) {
		mcr_ring_put_addresses(to,
				       rte_pktmbuf_mtod_offset(m, const uint8_t *, p->l3_offset));
		to += MCR_IPV6_EXTRAS;
	}
	if (unlikely(far)) {
		mcr_ring_store((uint64_t *)(void *)to, 0, hw_ns);
		to += sizeof(hw_ns);
	}
	if (likely(payload))
		mcr_ring_copy(to, payload, len);
	else
		copy_segments(to, m, p->payload_offset, len);
	record.words[0] = hw_ns != 0 ? MCR_WORD_AT((uint32_t)delta, 4, 4) : 0;
	record.words[1] = b->rx_ns;
	record.words[2] = p->words[0];
	record.words[3] = p->words[1] | MCR_WORD_AT(id, 0, 4);
	record.words[4] =
	    p->words[2] | MCR_WORD_AT(flags, 7, 1) |
	    MCR_WORD_AT(interface | (far ? MCR_FORM_FAR_TIME : 0) | (ipv6 ? MCR_FORM_INET6 : 0), 6,
			1);
	mcr_ring_end(ring, len + extras, &record);
}

static __rte_noinline void put_ipv6(struct mcr_ring_writer *ring, const struct mcr_burst *b,
				    const struct mcr_packet *p, uint8_t interface, uint32_t id,
				    uint64_t flags, uint64_t hw_ns, const uint8_t *payload,
				    const struct rte_mbuf *m)
{
	put_family(ring, b, p, interface, id, flags, hw_ns, payload, m, 1);
}

static __rte_always_inline void put(struct mcr_ring_writer *ring, const struct mcr_burst *b,
				    const struct mcr_packet *p, uint8_t interface, uint32_t id,
				    uint64_t flags, uint64_t hw_ns, const uint8_t *payload,
				    const struct rte_mbuf *m)
{
	if (unlikely(mcr_packet_is_ipv6(p)))
		put_ipv6(ring, b, p, interface, id, flags, hw_ns, payload, m);
	else
		put_family(ring, b, p, interface, id, flags, hw_ns, payload, m, 0);
}

void mcr_rx_deliver(struct mcr_worker *w, struct mcr_burst *b, unsigned i,
		    const struct mcr_target *target, uint64_t hw_ns)
{
	struct mcr_outlet *out = &w->outlets[target->channel];
	const struct mcr_packet *p = &w->packets[i];
	const struct rte_mbuf *m = w->mbufs[i];
	const uint8_t *payload = NULL;
	uint16_t flags = b->flags;

	if (unlikely(hw_ns != 0))
		flags |= b->clock->flags;
	b->channels |= UINT64_C(1) << target->channel;
	if (!out->handler)
		flags |= mcr_rx_step_flag(w, out);
	if (unlikely(out->handler)) {
		b->handled = 1;
		mcr_inline_take(out->handler, p, m, b->interface_of_vlan[p->vlan], target->id,
				b->rx_ns, hw_ns, flags);
		return;
	}
	if (likely(m->nb_segs == 1))
		payload = rte_pktmbuf_mtod_offset(m, const uint8_t *, p->payload_offset);
	put(out->ring, b, p, b->interface_of_vlan[p->vlan], target->id, flags, hw_ns, payload, m);
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

		put(out->ring, b, &in->packets[k], b->interface_of_vlan[in->packets[k].vlan], m->id,
		    flags, m->hw_ns, m->data_len == m->len ? m->data : NULL, m->packet);
		step = 0;
	}
	mcr_ring_publish(out->ring);
}

void mcr_rx_publish(struct mcr_worker *w, struct mcr_burst *b)
{
	for (uint64_t left = b->channels; left != 0; left &= left - 1) {
		struct mcr_outlet *out = &w->outlets[__builtin_ctzll(left)];

		if (likely(!out->handler))
			mcr_ring_publish(out->ring);
		else
			publish_handled(w, b, out);
	}
	b->channels = 0;
	b->handled = 0;
}
