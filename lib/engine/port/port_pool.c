/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ether.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>

#include "core/error.h"
#include "engine/port/port_pool.h"

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

/* All that create_pool takes from EAL's memory: buffers, the list of the free ones, and
 * a cache for each lcore that EAL could have. */
static uint64_t pool_footprint(uint32_t n, uint16_t buffer)
{
	size_t object =
	    rte_mempool_calc_obj_size((uint32_t)sizeof(struct rte_mbuf) + buffer, 0, NULL);
	size_t page = rte_eal_has_hugepages() ? HUGE_PAGE_BYTES : 0;

	return mcr_pool_bytes(n, object, page) + rte_align32pow2(n + 1) * sizeof(void *) +
	       RTE_MAX_LCORE * sizeof(struct rte_mempool_cache);
}

/* EAL's memory on a node; below 0, on all. */
static void measure_heap(struct mcr_pool_lack *lack, int node)
{
	for (unsigned i = 0; i < rte_socket_count(); i++) {
		struct rte_malloc_socket_stats stats;
		int id = rte_socket_id_by_idx(i);

		if (id < 0 || (node >= 0 && lack->has_hugepages && id != node) ||
		    rte_malloc_get_socket_stats(id, &stats) < 0)
			continue;
		lack->heap_bytes += stats.heap_totalsz_bytes;
		lack->free_bytes += stats.heap_freesz_bytes;
	}
}

static int no_memory(struct mcr_pool_lack *lack, struct mcr_error *err)
{
	char text[sizeof(err->text)];

	lack->need_bytes = pool_footprint(lack->buffers, lack->buffer_bytes);
	lack->has_hugepages = rte_eal_has_hugepages();
	measure_heap(lack, lack->node);
	mcr_pool_lack_text(text, sizeof(text), lack);
	return mcr_error_set(err, -ENOMEM, "%s", text);
}

/* As rte_pktmbuf_pool_create. But without hugepages no device reads or writes the buffers by
 * itself, so they may cross pages. Otherwise each would begin a page of its own, and all of them
 * would share the few sets of the first-level cache where pages begin: half of what a packet costs.
 */
static struct rte_mempool *create_pool(const char *name, uint32_t n, uint16_t buffer, int node)
{
	struct rte_pktmbuf_pool_private private = {.mbuf_data_room_size = buffer};
	struct rte_mempool *pool;
	int ret;

	if (rte_eal_has_hugepages())
		return rte_pktmbuf_pool_create(name, n, MCR_POOL_CACHE, 0, buffer, node);
	pool = rte_mempool_create_empty(name, n, (unsigned)sizeof(struct rte_mbuf) + buffer,
					MCR_POOL_CACHE, sizeof(private), node,
					RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	if (!pool)
		return NULL;
	ret = rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL);
	if (ret == 0) {
		rte_pktmbuf_pool_init(pool, &private);
		ret = rte_mempool_populate_default(pool);
	}
	if (ret < 0) {
		rte_mempool_free(pool);
		rte_errno = -ret;
		return NULL;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

int mcr_buffers_create(struct rte_mempool **out, const char *name, struct mcr_pool_lack *lack,
		       int *node, struct mcr_error *err)
{
	lack->node = *node;
	*out = create_pool(name, lack->buffers, lack->buffer_bytes, *node);
	if (!*out && *node != MCR_NODE_ANY) {
		/* A far node works, if slower. It is logged. */
		*node = MCR_NODE_ANY;
		*out = create_pool(name, lack->buffers, lack->buffer_bytes, SOCKET_ID_ANY);
	}
	return *out ? 0 : no_memory(lack, err);
}

/* A driver that takes no chains needs a whole frame in one buffer. */
static uint16_t octets_of_a_copy(struct mcr_port *const *ports, size_t n)
{
	unsigned octets = RTE_MBUF_DEFAULT_BUF_SIZE;

	for (size_t p = 0; p < n; p++)
		if (!ports[p]->takes_chains)
			octets = RTE_MAX(octets, RTE_PKTMBUF_HEADROOM + RTE_ETHER_HDR_LEN +
						     sizeof(struct rte_vlan_hdr) + ports[p]->mtu);
	return (uint16_t)RTE_MIN(octets, (unsigned)UINT16_MAX);
}

int mcr_copy_pool_create(struct rte_mempool **out, const struct mcr_relay_hold *hold,
			 struct mcr_port *const *ports, size_t n, struct mcr_error *err)
{
	struct mcr_pool_lack lack = {.buffers = mcr_copy_pool_plan(hold),
				     .buffer_bytes = octets_of_a_copy(ports, n)};
	char name[RTE_MEMPOOL_NAMESIZE];
	int node = ports[0]->memory_node;

	for (size_t p = 1; p < n; p++)
		if (ports[p]->memory_node != node)
			node = MCR_NODE_ANY;
	snprintf(name, sizeof(name), "mcr_copies%u", ports[0]->id);
	return mcr_buffers_create(out, name, &lack, &node, err);
}

uint64_t mcr_port_pool_bytes(const struct mcr_port *port)
{
	const struct rte_mempool_memhdr *chunk;
	uint64_t bytes = 0;

	STAILQ_FOREACH(chunk, &port->mempool->mem_list, next)
	bytes += chunk->len;
	return bytes;
}
