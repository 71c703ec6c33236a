/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/address.h"
#include "engine/state/kernel_holds.h"
#include "engine/state/state.h"

static int speaks_of(const struct mcr_interface *i, struct mcr_address group)
{
	return mcr_address_is_ipv6(group) ? i->mld != NULL : i->igmp != NULL;
}

/* The kernel bounds the sources of a socket. Where there are more, all are held, or of a
 * source-specific group as many as there may be. */
static void want(struct mcr_kernel_holds *h, const struct mcr_group *g)
{
	const struct mcr_source_filter *f = &g->source_filter;
	struct mcr_held_group *held = &h->wants[h->n_wants];
	int is_specific = mcr_group_fault(g->group, MCR_FILTER_EXCLUDE) == MCR_GROUP_NEEDS_SOURCES;
	size_t n = f->mode == MCR_FILTER_INCLUDE ? f->n : 0;

	if (h->n_wants == MCR_HELD_GROUPS_MAX)
		return;
	if (n > MCR_HELD_SOURCES_MAX)
		n = is_specific ? MCR_HELD_SOURCES_MAX : 0;
	*held = (struct mcr_held_group){.group = g->group, .n = (uint32_t)n};
	for (size_t i = 0; i < n; i++)
		held->sources[i] = f->sources[i];
	h->n_wants++;
}

static void list_wants(const struct mcr_engine *e, struct mcr_port *port)
{
	const struct mcr_netdev_groups *kernels = &port->seen.groups;

	port->holds.n_wants = 0;
	for (size_t i = 0; i < e->n_interfaces; i++) {
		const struct mcr_interface *it = &e->interfaces[i];

		/* The kernel has another interface for a VLAN. */
		if (it->port != port || it->config.vlan != 0 || it->is_leaving)
			continue;
		for (size_t k = 0; k < kernels->n; k++) {
			const struct mcr_group *g =
			    mcr_join_set_find(e->joins, (uint16_t)i, kernels->list[k]);

			if (g && speaks_of(it, g->group))
				want(&port->holds, g);
		}
	}
}

static void run(struct mcr_job *job)
{
	struct mcr_port *port = container_of(job, struct mcr_port, holds.job);

	mcr_netdev_hold_set(&port->holds.held, port->netdev_index, port->holds.wants,
			    port->holds.n_wants);
}

static void done(struct mcr_job *job, void *ctx)
{
	(void)job;
	(void)ctx;
}

void mcr_engine_hold_groups(const struct mcr_engine *e, struct mcr_port *port)
{
	struct mcr_kernel_holds *h = &port->holds;
	const struct mcr_netdev_hold *held = &h->held;

	if (!port->has_netdev_mac || h->job.is_pending)
		return;
	list_wants(e, port);
	if (h->n_wants == held->n &&
	    memcmp(h->wants, held->groups, held->n * sizeof(held->groups[0])) == 0)
		return;
	h->job = (struct mcr_job){.run = run, .done = done};
	mcr_device_thread_submit(e->device, &h->job);
}
