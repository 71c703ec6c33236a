/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/state/relay_ports.h"
#include "engine/port/port_pool.h"
#include "engine/port/port_queues.h"
#include "engine/state/ports.h"
#include "engine/state/state.h"

struct foreseen {
	uint32_t candidates; /* workers that may poll one of the ports */
	unsigned n_queues;   /* of all of them, for receiving */
	unsigned n_ports;
	uint16_t tx_descs[MCR_INTERFACES_MAX]; /* of each */
};

static void foresee_port(struct mcr_engine *e, const struct mcr_engine_config *cfg, uint16_t id,
			 struct foreseen *f)
{
	struct mcr_port_setup setup;
	uint16_t n_queues;

	if (mcr_engine_wish_of(e, cfg, id, &setup, NULL) < 0 ||
	    mcr_port_foresee(id, &setup.wants, &n_queues, &f->tx_descs[f->n_ports]) < 0)
		return;
	f->candidates |= setup.candidates;
	f->n_queues += n_queues;
	f->n_ports++;
}

void mcr_engine_foresee_relay(struct mcr_engine *e, const struct mcr_engine_config *cfg)
{
	uint8_t is_seen[RTE_MAX_ETHPORTS] = {0};
	struct foreseen f = {0};

	for (unsigned i = 0; i < cfg->n_interfaces; i++) {
		int id = cfg->interfaces[i].role == MCR_RELAY_NONE
			     ? -1
			     : mcr_port_find(cfg->interfaces[i].port, NULL);

		if (id < 0 || is_seen[id])
			continue;
		is_seen[id] = 1;
		foresee_port(e, cfg, (uint16_t)id, &f);
	}
	e->relay_hold.n_lcores = RTE_MIN((unsigned)__builtin_popcount(f.candidates), f.n_queues);
	for (unsigned p = 0; p < f.n_ports; p++)
		mcr_relay_hold_add(&e->relay_hold, f.tx_descs[p]);
}

void mcr_engine_plan_tx(struct mcr_engine *e)
{
	uint32_t senders = 0;

	for (size_t p = 0; p < e->n_ports; p++)
		if (e->ports[p]->is_relaying)
			senders |= e->ports[p]->pollers;
	for (size_t p = 0; p < e->n_ports; p++) {
		struct mcr_port *port = e->ports[p];

		mcr_tx_plan_make(&port->tx, port->n_tx_queues, port->is_relaying ? senders : 0,
				 port->pollers);
	}
}

int mcr_engine_create_copy_pool(struct mcr_engine *e, struct rte_mempool **out,
				struct mcr_error *err)
{
	struct mcr_port *ports[MCR_INTERFACES_MAX];
	size_t n = 0;

	for (size_t p = 0; p < e->n_ports; p++)
		if (e->ports[p]->is_relaying)
			ports[n++] = e->ports[p];
	return mcr_copy_pool_create(out, &e->relay_hold, ports, n, err);
}
