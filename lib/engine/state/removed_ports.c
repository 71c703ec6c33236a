/* SPDX-License-Identifier: BSD-3-Clause */
/* A port goes in three steps: control stops using it, the lcores let it go, the device is closed.
 */
#include "engine/state/removed_ports.h"
#include "engine/port/port_removal.h"
#include "engine/state/log.h"
#include "engine/state/publish.h"
#include "engine/state/routes.h"
#include "engine/state/state.h"

void mcr_engine_begin_removal(struct mcr_engine *e, struct mcr_port *port)
{
	if (port->removed)
		return;
	port->removed = 1;
	mcr_engine_log(e, MCR_LOG_ERROR, "port %s was removed; %u of %zu ports left", port->name,
		       mcr_engine_ports_left(e), e->n_ports);
	port->leaving = 1;
	port->started = 0;
	port->link_up = 0;
	port->link_since_ns = mcr_clock_now_realtime();
	port->link_changes++;
	port->look = (struct mcr_filter_look){0};
	mcr_engine_relay_port_gone(e, port->id);
}

static void run_shut(struct mcr_job *job)
{
	struct mcr_port *port = container_of(job, struct mcr_port, shut_job);

	mcr_port_shut(port);
	mcr_port_detach(port);
}

static void shut_done(struct mcr_job *job, void *ctx)
{
	struct mcr_port *port = container_of(job, struct mcr_port, shut_job);

	port->seen = port->found;
	port->leaving = 0;
}

/* When the view says so and no lcore polls the port any more, the device thread closes the device,
 * after what it was asked to do with it before. */
static void continue_removal(struct mcr_engine *e, struct mcr_port *port)
{
	if (!port->leave_published) {
		if (mcr_engine_publish(e, e->table, NULL) < 0)
			return; /* no memory: the next round tries again */
		port->leave_published = 1;
		port->leave_token = rte_rcu_qsbr_start(e->qsbr);
	}
	if (rte_rcu_qsbr_check(e->qsbr, port->leave_token, false) != 1)
		return;
	port->shut_job = (struct mcr_job){.run = run_shut, .done = shut_done};
	mcr_device_thread_submit(e->device, &port->shut_job);
}

void mcr_engine_continue_removals(struct mcr_engine *e)
{
	for (size_t p = 0; p < e->n_ports; p++)
		if (e->ports[p]->leaving && !e->ports[p]->shut_job.is_pending)
			continue_removal(e, e->ports[p]);
}
