/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "core/error.h"
#include "core/handover.h"
#include "engine/relay/relay_lcore.h"
#include "engine/relay/relay_tx.h"
#include "engine/rx/rx_relay.h"
#include "engine/state/relay.h"
#include "engine/state/relay_lcores.h"
#include "engine/state/relay_ports.h"
#include "engine/state/state.h"

#define NOWHERE UINT16_MAX /* of mcr_tx_plan.queue_of */

/* ---- the ways out ---- */

/* The queue that a worker sends on for others. */
static struct mcr_relay_owned *owned_of(struct mcr_relay_lcore *r, uint16_t port, uint16_t queue)
{
	for (unsigned i = 0; i < r->n_owned; i++)
		if (r->owned[i].port == port && r->owned[i].queue == queue)
			return &r->owned[i];
	r->owned[r->n_owned] = (struct mcr_relay_owned){.port = port, .queue = queue};
	return &r->owned[r->n_owned++];
}

static int lead_worker(struct mcr_engine *e, const struct mcr_port *port, unsigned worker)
{
	struct mcr_relay_way *way = &e->workers[worker]->relay->ways[port->id];
	struct mcr_relay_owned *owned;
	unsigned owner;

	way->queue = port->tx.queue_of[worker];
	if (way->queue == NOWHERE)
		return 0;
	owner = port->tx.owner_of[way->queue];
	if (owner == worker)
		return 0;
	owned = owned_of(e->workers[owner]->relay, port->id, way->queue);
	if (mcr_handover_create(&way->ring, MCR_RELAY_HANDOVER) < 0)
		return -ENOMEM;
	owned->from[owned->n++] = way->ring;
	return 0;
}

static int lead_control(struct mcr_engine *e, struct mcr_port *port)
{
	const uint16_t queue = port->tx.queue_of[MCR_TX_CONTROL];
	const unsigned owner = port->tx.owner_of[queue];

	if (owner == MCR_TX_CONTROL)
		return 0;
	if (mcr_handover_create(&port->control_way, MCR_RELAY_CONTROL) < 0)
		return -ENOMEM;
	owned_of(e->workers[owner]->relay, port->id, queue)->control = port->control_way;
	return 0;
}

static int lead_all(struct mcr_engine *e)
{
	int ret = 0;

	for (size_t p = 0; ret == 0 && p < e->n_ports; p++) {
		for (unsigned w = 0; ret == 0 && w < e->n_workers; w++)
			ret = lead_worker(e, e->ports[p], w);
		if (ret == 0)
			ret = lead_control(e, e->ports[p]);
	}
	return ret;
}

/* ---- life ---- */

int mcr_engine_create_relay_lcores(struct mcr_engine *e, struct mcr_error *err)
{
	int ret = mcr_engine_create_copy_pool(e, &e->relay->pool, err);

	if (ret < 0)
		return ret;
	for (unsigned w = 0; ret == 0 && w < e->n_workers; w++) {
		struct mcr_relay_lcore *r;

		ret = mcr_relay_lcore_create(&r, e->lcores[w], e->relay->seed + w);
		if (ret < 0)
			break;
		r->pool = e->relay->pool;
		e->workers[w]->relay = r;
	}
	if (ret == 0)
		ret = lead_all(e);
	return ret < 0 ? mcr_error_set(err, ret,
				       "no EAL memory for the relay: give EAL more "
				       "(-m MEGABYTES)")
		       : 0;
}

/* In the place of its owner, who may not have seen the newest view. */
void mcr_engine_relay_rest(struct mcr_engine *e)
{
	for (unsigned w = 0; e->relay && w < e->n_workers; w++) {
		e->workers[w]->view = e->view;
		mcr_rx_relay_adopt(e->workers[w]);
		while (mcr_relay_drain(e->workers[w]->relay, MCR_RELAY_HANDOVER) > 0)
			;
	}
}
