/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/state/relay_ports.h"
#include "engine/state/state.h"

/* Whether an interface on the port has a role. */
static int is_relaying(const struct mcr_engine *e, const struct mcr_port *port)
{
	for (size_t i = 0; i < e->n_interfaces; i++)
		if (e->interfaces[i].port == port && e->interfaces[i].config.role != MCR_RELAY_NONE)
			return 1;
	return 0;
}

void mcr_engine_plan_tx(struct mcr_engine *e)
{
	uint32_t senders = 0;

	for (size_t p = 0; p < e->n_ports; p++)
		if (is_relaying(e, e->ports[p]))
			senders |= e->ports[p]->pollers;
	for (size_t p = 0; p < e->n_ports; p++) {
		struct mcr_port *port = e->ports[p];

		mcr_tx_plan_make(&port->tx, port->n_tx_queues, is_relaying(e, port) ? senders : 0,
				 port->pollers);
	}
}
