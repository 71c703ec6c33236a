/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_lcore.h>
#include <rte_malloc.h>

#include "core/seqlock.h"
#include "engine/relay/relay_lcore.h"

int mcr_relay_lcore_create(struct mcr_relay_lcore **out, unsigned lcore, uint64_t seed)
{
	struct mcr_relay_lcore *r = rte_zmalloc_socket("mcr_relay", sizeof(*r), RTE_CACHE_LINE_SIZE,
						       (int)rte_lcore_to_socket_id(lcore));

	if (!r)
		return -ENOMEM;
	if (mcr_flow_cache_create(&r->flows, seed) < 0) {
		rte_free(r);
		return -ENOMEM;
	}
	*out = r;
	return 0;
}

static void destroy_ring(struct mcr_handover *ring)
{
	void *m;

	while (ring && mcr_handover_look(ring, &m, 1) == 1) {
		mcr_handover_take(ring, 1);
		rte_pktmbuf_free(m);
	}
	mcr_handover_destroy(ring);
}

void mcr_relay_lcore_destroy(struct mcr_relay_lcore *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < r->n_owned; i++) {
		for (unsigned n = 0; n < r->owned[i].n; n++)
			destroy_ring(r->owned[i].from[n]);
		destroy_ring(r->owned[i].control);
	}
	mcr_flow_cache_destroy(r->flows);
	rte_free(r);
}

void mcr_relay_counts_read(const struct mcr_relay_lcore *r, unsigned interface,
			   struct mcr_relay_counts *out)
{
	mcr_seqlock_read(&r->shared[interface].version, out, &r->shared[interface].counts,
			 sizeof(*out));
}
