/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages as poll gives them out, made of what a ring holds. */
#ifndef MCR_CLIENT_MESSAGE_H
#define MCR_CLIENT_MESSAGE_H

#include <stdint.h>
#include <sys/socket.h> /* AF_INET6 */

#include <mcring/consumer.h>

#include "core/ring_reader.h"

static inline void mcr_client_fill_data(const struct mcr_ring_reader *r, struct mcr_msg *m,
					const struct mcr_desc *d)
{
	*m = (struct mcr_msg){
	    .data = mcr_ring_reader_bytes(r, d->offset) +
		    (d->family == AF_INET6 ? MCR_RING_INET6_BYTES : 0),
	    .len = d->len,
	    .kind = d->kind,
	    .flags = d->flags,
	    .pos = {.epoch = r->epoch, .seq = d->seq, .ring = r->index},
	    .rx_ns = d->rx_ns,
	    .hw_ns = d->hw_ns,
	    .group_be = d->group_be,
	    .source_be = d->source_be,
	    .id = d->id,
	    .dst_port = d->port,
	    .src_port = d->source_port,
	    .vlan = d->vlan,
	    .ttl = d->ttl,
	    .family = d->family,
	    .offset = d->offset,
	};
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
