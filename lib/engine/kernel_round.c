/* SPDX-License-Identifier: BSD-3-Clause */
/* The control thread's work for interfaces that live beside the kernel. */
#include "engine/engine.h"

/* Returns how many frames went from one lcore's ring to the kernel's devices. */
static unsigned drain_kernel(struct mcr_engine *e, struct rte_ring *ring)
{
	struct rte_mbuf *burst[MCR_KERNEL_BURST];
	unsigned moved = 0, n;

	do {
		n = rte_ring_sc_dequeue_burst(ring, (void **)burst, MCR_KERNEL_BURST, NULL);
		for (unsigned i = 0; i < n; i++)
			mcr_kernel_path_give(e->interfaces[burst[i]->hash.usr].kernel, burst[i]);
		rte_pktmbuf_free_bulk(burst, n);
		moved += n;
	} while (n == MCR_KERNEL_BURST && moved < MCR_KERNEL_ROUND);
	return moved;
}

void mcr_engine_kernel_round(struct mcr_engine *e, uint64_t now_ns)
{
	unsigned moved = 0, n;

	e->is_kernel_behind = 0;
	for (unsigned i = 0; i < e->n_workers; i++) {
		if (e->workers[i]->kernel == NULL)
			return;
		n = drain_kernel(e, e->workers[i]->kernel);
		e->is_kernel_behind |= n >= MCR_KERNEL_ROUND;
		moved += n;
	}
	for (size_t i = 0; i < e->n_interfaces; i++)
		if (e->interfaces[i].kernel != NULL)
			moved += mcr_kernel_path_send(e->interfaces[i].kernel);
	if (moved > 0)
		e->kernel_moved_ns = now_ns;
}

int mcr_engine_watch_kernel(struct mcr_engine *e)
{
	int changed = 0;

	for (size_t i = 0; i < e->n_interfaces; i++) {
		struct mcr_kernel_path *k = e->interfaces[i].kernel;

		if (k == NULL || (e->kernel_lost >> i & 1) != 0)
			continue;
		changed |= mcr_kernel_path_watch(k);
		if (mcr_kernel_path_is_up(k))
			continue;
		e->kernel_lost |= UINT64_C(1) << i;
		changed = 1;
		mcr_engine_log(e, MCR_LOG_ERROR,
			       "interface %s: somebody removed its device %s from the kernel: what "
			       "is not multicast is dropped from now on, and ARP and ICMP echo are "
			       "answered here; start again to have it back",
			       e->interfaces[i].config.name, k->device.name);
	}
	return changed;
}
