/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the rings are. */
#include <errno.h>

#include "client/state.h"
#include "core/error.h"

int mcr_consumer_ring_info(const struct mcr_consumer *c, uint32_t ring,
			   struct mcr_consumer_ring *out, struct mcr_error *err)
{
	struct mcr_consumer_ring it = {.ring = ring};
	const struct mcr_client_ring *at;

	if (ring - c->first >= c->n_rings)
		return mcr_error_set(err, -ENOENT,
				     "no ring %u: this consumer reads %u rings from number %u on",
				     ring, c->n_rings, c->first);
	at = &c->rings[ring - c->first];
	it.epoch = at->reader.epoch;
	/* Before the head, which covers it. */
	it.watermark_ns = mcr_ring_reader_polled(&at->reader);
	it.host_lost = mcr_ring_reader_host_loss(&at->reader, &it.host_looked_ns);
	it.oldest = mcr_ring_reader_oldest(&at->reader).position + 1;
	it.next = mcr_client_next(at).position + 1;
	it.head = mcr_ring_reader_published(&at->reader) + 1;
	if (it.head < it.next) /* poll sees a message before it is counted */
		it.head = it.next;
	return mcr_client_give(out, &it, sizeof(it), err);
}

uint64_t mcr_consumer_until(const struct mcr_consumer *c, uint32_t ring)
{
	return ring - c->first < c->n_rings ? mcr_client_until(&c->rings[ring - c->first]) : 0;
}
