/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages as poll gives them out, made of what a ring holds. */
#ifndef MCR_CLIENT_MESSAGE_H
#define MCR_CLIENT_MESSAGE_H

#include <stdint.h>
#include <string.h>

#include <mcring/consumer.h>

#include "core/ring_reader.h"
#include "core/words.h"

static inline uint64_t mcr_client_hw_ns(const struct mcr_ring_message *d)
{
	if ((d->record.flags & MCR_FLAG_HW_TIME) == 0)
		return 0;
	if (d->record.interface_form & MCR_FORM_FAR_TIME)
		return d->hw_ns;
	return d->record.rx_ns + (uint64_t)(int64_t)d->record.hw_delta;
}

static inline void mcr_client_fill_addresses(struct mcr_msg *m, const struct mcr_ring_message *d)
{
	if (__builtin_expect((d->record.interface_form & MCR_FORM_INET6) == 0, 1)) {
		mcr_words_fill_ipv4(&m->group, d->record.group_be);
		mcr_words_fill_ipv4(&m->source, d->record.source_be);
	} else {
		memcpy(&m->group, &d->addresses[0], sizeof(m->group));
		memcpy(&m->source, &d->addresses[2], sizeof(m->source));
	}
}

static inline __attribute__((always_inline)) void
mcr_client_fill_data(const struct mcr_ring_reader *r, struct mcr_msg *m,
		     const struct mcr_ring_message *d)
{
	const struct mcr_record *record = &d->record;

	m->data = mcr_ring_reader_payload(r, d);
	m->len = record->len;
	m->kind = (uint16_t)(record->vlan_kind >> MCR_KIND_SHIFT & MCR_KIND_MASK);
	m->flags = record->flags;
	m->pos = (struct mcr_pos){.epoch = r->epoch, .seq = d->at.position + 1, .ring = r->index};
	m->rx_ns = record->rx_ns;
	m->hw_ns = mcr_client_hw_ns(d);
	m->offset = d->at.offset;
	mcr_client_fill_addresses(m, d);
	m->id = record->id;
	m->dst_port = record->port;
	m->src_port = record->source_port;
	m->vlan = record->vlan_kind & MCR_VID_MASK;
	m->interface = record->interface_form & MCR_INTERFACE_MASK;
	m->ttl = record->ttl;
	m->traffic_class = record->traffic_class;
	m->pad[0] = m->pad[1] = 0;
	m->lost = 0;
	m->reserved = 0;
}

/* first: the position of the first of the messages that are gone. */
static inline void mcr_client_fill_lost(const struct mcr_ring_reader *r, struct mcr_msg *m,
					uint64_t first, uint64_t lost)
{
	*m = (struct mcr_msg){
	    .kind = MCR_LOST,
	    .pos = {.epoch = r->epoch, .seq = first + 1, .ring = r->index},
	    .lost = lost,
	};
}

#endif
