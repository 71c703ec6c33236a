/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "core/error.h"
#include "engine/worker.h"

int mcr_worker_create(struct mcr_worker **out, unsigned index, unsigned lcore,
		      struct mcr_error *err)
{
	int node = (int)rte_lcore_to_socket_id(lcore);
	struct mcr_worker *w;
	char name[RTE_RING_NAMESIZE];

	w = rte_zmalloc_socket("mcr_worker", sizeof(*w), RTE_CACHE_LINE_SIZE, node);
	if (w == NULL)
		goto no_memory;
	w->index = index;
	w->lcore = lcore;
	/* calloc: its pages come when a membership's first packet does, on that lcore's node. */
	w->group_counts = calloc(MCR_MEMBERSHIPS_MAX, sizeof(*w->group_counts));
	if (w->group_counts == NULL)
		goto no_memory;
	snprintf(name, sizeof(name), "mcr_punt_%u", lcore);
	w->punt = rte_ring_create(name, MCR_PUNT_RING, node, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (w->punt == NULL && rte_errno == EEXIST) {
		mcr_worker_destroy(w);
		return mcr_error_set(err, -EBUSY, "lcore %u belongs to another engine", lcore);
	}
	if (w->punt == NULL)
		goto no_memory;
	*out = w;
	return 0;

no_memory:
	mcr_worker_destroy(w);
	return mcr_error_set(err, -ENOMEM,
			     "no memory for rx lcore %u: give EAL more (-m MEGABYTES)", lcore);
}

void mcr_worker_destroy(struct mcr_worker *w)
{
	struct rte_mbuf *m;

	if (w == NULL)
		return;
	while (w->punt != NULL && rte_ring_sc_dequeue(w->punt, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(w->punt);
	free(w->group_counts);
	rte_free(w);
}
