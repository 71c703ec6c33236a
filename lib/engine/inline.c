/* SPDX-License-Identifier: BSD-3-Clause */
/* Apart from the rx loop: a channel without a handler pays one branch for each burst. */
#include "engine/inline.h"

#include <string.h>

#include <rte_cycles.h>

#include <mcring/consumer.h>

#include "engine/worker.h"

/* The segment of the payload's first octet; an empty payload may lie behind the last one. */
static void place_payload(struct mcr_inline_msg *m, const struct rte_mbuf *segment)
{
	uint32_t offset = m->offset, left;

	while (offset >= segment->data_len && segment->next != NULL) {
		offset -= segment->data_len;
		segment = segment->next;
	}
	left = segment->data_len > offset ? segment->data_len - offset : 0;
	m->data = rte_pktmbuf_mtod_offset(segment, const uint8_t *, offset);
	m->data_len = m->len < left ? m->len : left;
}

static void fill(struct mcr_inline_msg *m, const struct mcr_packet *p, const struct rte_mbuf *mbuf)
{
	*m = (struct mcr_inline_msg){
	    .len = p->payload_len,
	    .group_be = p->group_be,
	    .source_be = p->source_be,
	    .dst_port = p->port,
	    .src_port = p->source_port,
	    .vlan = p->vlan,
	    .ttl = p->ttl,
	    .offset = p->payload_offset,
	    .packet = mbuf,
	};
	place_payload(m, mbuf);
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

/* Apart, because few queues have timestamps. */
static void fill_hw_times(const struct mcr_worker *w, const struct mcr_batch *batch,
			  const struct mcr_port_clock *clock, struct mcr_inline_msg *msgs)
{
	for (unsigned k = 0; k < batch->n; k++) {
		msgs[k].hw_ns = w->hw_ns[batch->packet[k]];
		if (msgs[k].hw_ns != 0)
			msgs[k].flags |= clock->flags;
	}
}

int mcr_inline_hand_over(struct mcr_worker *w, unsigned channel, uint64_t rx_ns, uint16_t flags,
			 const struct mcr_port_clock *clock)
{
	struct mcr_batch *batch = &w->batches[channel];
	struct mcr_inline *in = batch->handler;
	struct mcr_inline_msg msgs[MCR_BURST];
	unsigned n = batch->n;
	uint64_t start;

	for (unsigned k = 0; k < n; k++) {
		fill(&msgs[k], &w->packets[batch->packet[k]], w->mbufs[batch->packet[k]]);
		msgs[k].id = batch->id[k];
		msgs[k].rx_ns = rx_ns;
		msgs[k].flags = flags;
	}
	if (clock != NULL)
		fill_hw_times(w, batch, clock, msgs);
	if (in->clock_steps != w->clock_steps && in->messages > 0)
		msgs[0].flags |= MCR_FLAG_CLOCK_STEP;
	in->clock_steps = w->clock_steps;
	start = rte_rdtsc();
	in->handler(in->ctx, msgs, n, w->index);
	watch(in, rte_rdtsc() - start, n);
	if (!in->only)
		return 0;
	mcr_ring_cancel(w->view->rings[channel][w->index]);
	batch->n = 0;
	return 1;
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
	/* Copies into buf only what is in several segments. */
	at = rte_pktmbuf_read(m->packet, m->offset, n, buf);
	if (at == NULL)
		return 0;
	if (at != buf)
		memcpy(buf, at, n);
	return n;
}
