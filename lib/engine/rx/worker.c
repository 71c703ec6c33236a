/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_random.h>

#include "core/error.h"
#include "engine/relay/relay_lcore.h"
#include "engine/rx/sightings.h"
#include "engine/rx/worker.h"

static int no_memory(unsigned lcore, struct mcr_error *err)
{
	return mcr_error_set(err, -ENOMEM,
			     "no memory for rx lcore %u: give EAL more (-m MEGABYTES)", lcore);
}

int mcr_worker_create(struct mcr_worker **out, unsigned index, unsigned lcore,
		      struct mcr_error *err)
{
	int node = (int)rte_lcore_to_socket_id(lcore);
	struct mcr_worker *w;
	char name[RTE_RING_NAMESIZE];

	w = rte_zmalloc_socket("mcr_worker", sizeof(*w), RTE_CACHE_LINE_SIZE, node);
	if (!w)
		goto fail;
	w->index = index;
	w->lcore = lcore;
	/* calloc: the kernel gives a page when the first packet is counted in it, on the lcore's
	 * node. */
	w->group_counts = calloc(MCR_MEMBERSHIPS_MAX, sizeof(*w->group_counts));
	if (!w->group_counts)
		goto fail;
	w->sightings =
	    rte_zmalloc_socket("mcr_sightings", sizeof(*w->sightings), RTE_CACHE_LINE_SIZE, node);
	if (!w->sightings)
		goto fail;
	mcr_sightings_init(w->sightings, rte_rand());
	snprintf(name, sizeof(name), "mcr_punt_%u", lcore);
	w->punt = rte_ring_create(name, MCR_PUNT_RING, node, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (!w->punt && rte_errno == EEXIST) {
		mcr_worker_destroy(w);
		return mcr_error_set(err, -EBUSY, "lcore %u belongs to another engine", lcore);
	}
	if (!w->punt)
		goto fail;
	*out = w;
	return 0;

fail:
	mcr_worker_destroy(w);
	return no_memory(lcore, err);
}

int mcr_worker_serve_kernel(struct mcr_worker *w, struct mcr_error *err)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "mcr_kernel_%u", w->lcore);
	w->kernel = rte_ring_create(name, MCR_KERNEL_RING, (int)rte_lcore_to_socket_id(w->lcore),
				    RING_F_SP_ENQ | RING_F_SC_DEQ);
	return w->kernel ? 0 : no_memory(w->lcore, err);
}

static void free_ring(struct rte_ring *ring)
{
	struct rte_mbuf *m;

	while (ring && rte_ring_sc_dequeue(ring, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(ring);
}

void mcr_worker_destroy(struct mcr_worker *w)
{
	if (!w)
		return;
	free_ring(w->punt);
	free_ring(w->kernel);
	mcr_relay_lcore_destroy(w->relay);
	free(w->group_counts);
	rte_free(w->sightings);
	rte_free(w);
}
