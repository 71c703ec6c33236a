/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "engine/plan/limits.h"
#include "engine/plan/pool_plan.h"

#define MIB             (1u << 20)
#define HUGE_PAGE_BYTES (2 * MIB)
#define CACHE_FULL      (MCR_POOL_CACHE * 3 / 2) /* rte_mempool flushes a cache above this */
#define SPARE_PERCENT   5 /* what EAL's heap loses to its own headers and to gaps */

uint32_t mcr_pool_plan(const struct mcr_pool_wants *wants)
{
	uint32_t n = wants->n_queues * wants->rx_descs;

	/* For each lcore: a burst in hand, punted packets that wait for control, and a cache. */
	n += wants->n_lcores * (MCR_BURST + MCR_PUNT_RING + CACHE_FULL);
	if (wants->is_beside_kernel)
		n += wants->n_lcores * MCR_KERNEL_RING;
	/* For the control thread: what waits to be sent, and a cache. */
	n += wants->tx_descs + CACHE_FULL;
	/* What is being sent, and a cache for each lcore that sends it and does not poll the
	 * queues.
	 */
	n += wants->relay.frames;
	if (wants->relay.n_lcores > wants->n_lcores)
		n += (wants->relay.n_lcores - wants->n_lcores) * CACHE_FULL;
	return n;
}

void mcr_relay_hold_add(struct mcr_relay_hold *hold, unsigned tx_descs)
{
	unsigned ring = tx_descs > MCR_RELAY_HANDOVER ? tx_descs : MCR_RELAY_HANDOVER;

	hold->frames += hold->n_lcores * ring;
	hold->n_ports++;
}

uint32_t mcr_copy_pool_plan(const struct mcr_relay_hold *hold)
{
	return hold->frames + hold->n_lcores * (hold->n_ports * MCR_RELAY_BATCH + CACHE_FULL);
}

uint64_t mcr_pool_bytes(uint32_t n, size_t object_bytes, size_t page_bytes)
{
	size_t a_page = page_bytes / object_bytes;
	size_t pages;

	if (page_bytes == 0)
		return (uint64_t)n * object_bytes;
	pages = (object_bytes + page_bytes - 1) / page_bytes; /* of one object */
	if (a_page == 0)
		return (uint64_t)n * pages * page_bytes;
	return (uint64_t)((n + a_page - 1) / a_page) * page_bytes;
}

void mcr_pool_lack_text(char *buf, size_t cap, const struct mcr_pool_lack *lack)
{
	uint64_t used = lack->heap_bytes - lack->free_bytes;
	uint64_t need = lack->need_bytes + lack->need_bytes * SPARE_PERCENT / 100 + MIB;
	char node[32] = "", give[96], what[160] = "relay: no memory for its copies";

	if (lack->node >= 0)
		snprintf(node, sizeof(node), " on NUMA node %d", lack->node);
	if (lack->has_hugepages)
		snprintf(give, sizeof(give), "reserve %llu more hugepages of 2 MiB%s",
			 (unsigned long long)((need + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES),
			 node);
	else
		snprintf(give, sizeof(give), "give EAL -m %llu or more",
			 (unsigned long long)((used + need + MIB - 1) / MIB));
	if (lack->port)
		snprintf(what, sizeof(what),
			 "port %s: no memory for %u receive queue%s of %u descriptors", lack->port,
			 lack->n_queues, lack->n_queues > 1 ? "s" : "", lack->rx_descs);
	snprintf(buf, cap,
		 "%s: %u buffers of %u octets need %.1f MiB%s, and EAL has %.1f MiB of %.1f left "
		 "there: %s",
		 what, lack->buffers, lack->buffer_bytes, (double)lack->need_bytes / MIB, node,
		 (double)lack->free_bytes / MIB, (double)lack->heap_bytes / MIB, give);
}
