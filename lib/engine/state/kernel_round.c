/* SPDX-License-Identifier: BSD-3-Clause */
/* The control thread's work for interfaces that live beside the kernel. */
#include "engine/state/kernel_round.h"
#include "engine/netdev/leave_watch.h"
#include "engine/rx/mbuf.h"
#include "engine/state/kernel_groups.h"
#include "engine/state/log.h"
#include "engine/state/state.h"

#define READ_MAX 9216 /* octets of a packet */

/* Returns how many frames went from one lcore's ring to the kernel's devices. */
static unsigned drain_kernel(struct mcr_engine *e, struct rte_ring *ring)
{
	struct rte_mbuf *burst[MCR_KERNEL_BURST];
	unsigned moved = 0, n;

	do {
		n = rte_ring_sc_dequeue_burst(ring, (void **)burst, MCR_KERNEL_BURST, NULL);
		for (unsigned i = 0; i < n; i++) {
			uint8_t interface = mcr_mbuf_interface(burst[i]);

			mcr_kernel_path_give(e->interfaces[interface].kernel, burst[i]);
		}
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
		if (!e->workers[i]->kernel)
			return;
		n = drain_kernel(e, e->workers[i]->kernel);
		e->is_kernel_behind |= n >= MCR_KERNEL_ROUND;
		moved += n;
	}
	for (size_t i = 0; i < e->n_interfaces; i++) {
		struct mcr_kernel_path *k = e->interfaces[i].kernel;

		moved += k ? mcr_kernel_path_send(k, now_ns) : 0;
		if (mcr_kernel_path_is_up(k) && k->is_news)
			e->watch_due_ns = 0;
	}
	if (moved > 0)
		e->kernel_moved_ns = now_ns;
}

/* They may come from a program that has the kernel leave one group after the other. */
#define LEAVES_A_CALL 64

static void hear_port(struct mcr_engine *e, const struct mcr_port *port, uint64_t now_ns)
{
	uint8_t frame[MCR_LEAVE_WATCH_HEADER + READ_MAX];
	size_t len;

	for (unsigned n = 0; n < LEAVES_A_CALL; n++) {
		len = mcr_leave_watch_read(port->leave_fd, frame, sizeof(frame));
		if (len == 0)
			return;
		e->watch_due_ns = 0; /* it has other groups now */
		for (size_t i = 0; i < e->n_interfaces; i++)
			if (e->interfaces[i].port == port && e->interfaces[i].config.vlan == 0)
				mcr_interface_hear_kernel(&e->interfaces[i],
							  frame + MCR_LEAVE_WATCH_HEADER,
							  len - MCR_LEAVE_WATCH_HEADER, now_ns);
	}
}

void mcr_engine_hear_kernel(struct mcr_engine *e, int fd, uint64_t now_ns)
{
	for (size_t p = 0; p < e->n_ports; p++)
		if (e->ports[p]->started && e->ports[p]->leave_fd == fd)
			hear_port(e, e->ports[p], now_ns);
}

static void log_loss(struct mcr_engine *e, size_t i)
{
	e->kernel_lost |= UINT64_C(1) << i;
	mcr_engine_log(e, MCR_LOG_ERROR,
		       "interface %s: somebody removed its device %s from the kernel: what is not "
		       "multicast is dropped from now on, and ARP and ICMP echo are answered here; "
		       "start again to have it back",
		       e->interfaces[i].config.name, e->interfaces[i].kernel->device.name);
	mcr_engine_follow_kernel_groups(e);
	e->filter_due = 1; /* the multicast that the kernel wanted */
	mcr_interface_follow_addresses(&e->interfaces[i], mcr_clock_now_monotonic());
}

static void run_sync(struct mcr_job *job)
{
	mcr_kernel_path_sync(container_of(job, struct mcr_kernel_path, sync.job));
}

static void sync_done(struct mcr_job *job, void *ctx)
{
	struct mcr_engine *e = ctx;

	struct mcr_kernel_path *k = container_of(job, struct mcr_kernel_path, sync.job);
	unsigned what = mcr_kernel_path_take(k);

	if (what & MCR_KERNEL_GROUPS) {
		mcr_engine_follow_kernel_groups(e);
		e->filter_due = 1; /* the multicast that the kernel wants */
	}
	for (size_t i = 0; (what & MCR_KERNEL_ADDRESSES) != 0 && i < e->n_interfaces; i++)
		if (e->interfaces[i].kernel == k)
			mcr_interface_follow_addresses(&e->interfaces[i],
						       mcr_clock_now_monotonic());
}

void mcr_engine_watch_kernel(struct mcr_engine *e)
{
	for (size_t i = 0; i < e->n_interfaces; i++) {
		struct mcr_kernel_path *k = e->interfaces[i].kernel;

		if (!k || k->sync.job.is_pending || (e->kernel_lost >> i & 1) != 0)
			continue;
		if (!mcr_kernel_path_is_up(k))
			log_loss(e, i);
		k->is_news = 0;
		mcr_kernel_path_prepare(k);
		k->sync.job = (struct mcr_job){.run = run_sync, .done = sync_done};
		mcr_device_thread_submit(e->device, &k->sync.job);
	}
}
