/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's ports: opened as their interfaces ask, their queues given to lcores. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "engine/plan/port_wish.h"
#include "engine/port/dpdk_compat.h"
#include "engine/port/port_netdev.h"
#include "engine/port/port_pool.h"
#include "engine/state/log.h"
#include "engine/state/port_capture.h"
#include "engine/state/ports.h"
#include "engine/state/state.h"

static int collect_wishes(const struct mcr_engine *e, const struct mcr_engine_config *cfg, int id,
			  struct mcr_port_wish *asked, struct mcr_error *err)
{
	int ret = 0;

	*asked = (struct mcr_port_wish){0};
	for (unsigned i = 0; ret == 0 && i < cfg->n_interfaces; i++)
		if (mcr_port_find(cfg->interfaces[i].port, NULL) == id)
			ret = mcr_port_wish_add(asked, &e->placement, &cfg->interfaces[i], err);
	return ret;
}

int mcr_engine_wish_of(struct mcr_engine *e, const struct mcr_engine_config *cfg, uint16_t id,
		       struct mcr_port_setup *out, struct mcr_error *err)
{
	int node = mcr_port_node(id);
	int ret = collect_wishes(e, cfg, id, &out->asked, err);

	if (ret < 0)
		return ret;
	out->candidates = mcr_placement_candidates(&e->placement, node, out->asked.lcores);
	out->wants = (struct mcr_port_wants){
	    .n_queues = out->asked.n_queues,
	    .n_lcores = (unsigned)__builtin_popcount(out->candidates),
	    .memory_node = mcr_placement_node(&e->placement, node, out->candidates),
	    .is_beside_kernel = out->asked.is_beside_kernel,
	    .hw_time = out->asked.hw_time,
	    .is_listed = cfg->list_ports,
	    .sockets_before = cfg->sockets_before,
	};
	return 0;
}

int mcr_engine_port_of(struct mcr_engine *e, const struct mcr_engine_config *cfg,
		       const struct mcr_interface_config *config, struct mcr_port **out,
		       struct mcr_error *err)
{
	int id = mcr_port_find(config->port, err);
	struct mcr_port_setup setup;
	int ret;

	if (id < 0)
		return id;
	*out = e->port_by_id[id];
	if (*out)
		return 0;
	ret = mcr_engine_wish_of(e, cfg, (uint16_t)id, &setup, err);
	if (ret < 0)
		return ret;
	if (setup.asked.is_relaying)
		setup.wants.relay = e->relay_hold;
	ret = mcr_port_open(out, (uint16_t)id, &setup.wants, err);
	if (ret < 0)
		return ret;
	(*out)->is_relaying = setup.asked.is_relaying;
	(*out)->candidates = setup.candidates;
	(*out)->has_chosen_lcores = setup.asked.lcores != 0;
	(*out)->udp_checksum = config->udp_checksum;
	(*out)->pieces = setup.asked.pieces == MCR_PIECES_ON;
	e->port_by_id[id] = *out;
	e->ports[e->n_ports++] = *out;
	return mcr_engine_check_captures(e, *out, err);
}

static int place_queue(struct mcr_engine *e, struct mcr_port *port, uint16_t q,
		       struct mcr_error *err)
{
	unsigned worker = mcr_placement_add(&e->placement, port->candidates);
	struct mcr_worker *w = e->workers[worker];

	if (w->n_queues == MCR_QUEUES_PER_WORKER)
		return mcr_error_set(err, -EINVAL,
				     "more than %d queues for rx lcore %u: give EAL more lcores",
				     MCR_QUEUES_PER_WORKER, w->lcore);
	w->queues[w->n_queues++] = (struct mcr_queue){.port = port->id,
						      .queue = q,
						      .udp_checksum = port->udp_checksum,
						      .pieces = port->pieces,
						      .clock = mcr_port_clock_of(port),
						      .trailers = mcr_port_trailers_of(port, q)};
	port->worker_of_queue[q] = (uint8_t)worker;
	port->pollers |= UINT32_C(1) << worker;
	return 0;
}

/* A bond takes its members when it is configured, whatever else they were opened for. */
static int check_members(const struct mcr_engine *e, struct mcr_error *err)
{
	for (size_t p = 0; p < e->n_ports; p++) {
		struct rte_eth_dev_info info;

		if (rte_eth_dev_info_get(e->ports[p]->id, &info) == 0 && info.dev_flags &&
		    (*info.dev_flags & RTE_ETH_DEV_BONDING_MEMBER) != 0)
			return mcr_error_set(err, -EBUSY,
					     "port %s is a member of a bond: name the bond instead",
					     e->ports[p]->name);
	}
	return 0;
}

/* Those whose lcores are given come first, so that the others take what is free. */
int mcr_engine_place_queues(struct mcr_engine *e, struct mcr_error *err)
{
	int ret = check_members(e, err);

	for (unsigned chosen = 2; chosen-- > 0;)
		for (size_t p = 0; p < e->n_ports; p++)
			for (uint16_t q = 0; ret == 0 && q < e->ports[p]->n_queues &&
					     e->ports[p]->has_chosen_lcores == chosen;
			     q++)
				ret = place_queue(e, e->ports[p], q, err);
	return ret;
}

static void log_clock(const struct mcr_engine *e, struct mcr_port *port)
{
	char line[256];
	int said = mcr_port_clock_describe(port, line, sizeof(line));

	if (said != 0)
		mcr_engine_log(e, said < 0 ? MCR_LOG_WARNING : MCR_LOG_INFO, "%s", line);
}

static void log_port(const struct mcr_engine *e, const struct mcr_port *port)
{
	char lcores[160], warning[512], node[32] = "";

	if (port->memory_node != MCR_NODE_ANY)
		snprintf(node, sizeof(node), " on node %d", port->memory_node);

	mcr_placement_list(&e->placement, port->pollers, lcores, sizeof(lcores));
	mcr_engine_log(e, MCR_LOG_INFO, "port %s (%s): %u receive queue%s on lcore%s %s",
		       port->name, port->driver, port->n_queues, port->n_queues > 1 ? "s" : "",
		       __builtin_popcount(port->pollers) > 1 ? "s" : "", lcores);
	mcr_engine_log(e, MCR_LOG_INFO,
		       "port %s: %u buffers of %u octets for %u descriptors a queue, %.1f MiB%s",
		       port->name, port->mempool->size, rte_pktmbuf_data_room_size(port->mempool),
		       port->rx_descs, (double)mcr_port_pool_bytes(port) / (1 << 20), node);
	if (port->node != MCR_NODE_ANY && port->memory_node != port->node)
		mcr_engine_log(e, MCR_LOG_WARNING,
			       "port %s: no memory for its buffers on NUMA node %d, where it is: "
			       "they are elsewhere",
			       port->name, port->node);
	if (mcr_placement_warning(&e->placement, port->name, port->node, port->pollers, warning,
				  sizeof(warning)))
		mcr_engine_log(e, MCR_LOG_WARNING, "%s", warning);
	if (port->n_queues < port->queues_of_device)
		mcr_engine_log(e, MCR_LOG_WARNING,
			       "port %s (%s): its driver has no RSS, so the other side chooses "
			       "among %u queues, and only %u are polled: what goes to the others "
			       "is lost",
			       port->name, port->driver, port->queues_of_device, port->n_queues);
}

static void log_tx(const struct mcr_engine *e, const struct mcr_port *port)
{
	char line[512];

	if (!port->is_relaying)
		return;
	mcr_tx_plan_describe(&port->tx, &e->placement, line, sizeof(line));
	mcr_engine_log(e, MCR_LOG_INFO, "port %s (%s): %s", port->name, port->driver, line);
}

static void log_kernel(const struct mcr_engine *e, const struct mcr_port *port)
{
	char line[512];

	for (unsigned i = 0; mcr_port_netdev_warning(port, i, line, sizeof(line)); i++)
		if (line[0] != '\0')
			mcr_engine_log(e, MCR_LOG_WARNING, "%s", line);
}

void mcr_engine_log_ports(const struct mcr_engine *e)
{
	for (size_t p = 0; p < e->n_ports; p++)
		if (!e->ports[p]->removed) {
			log_port(e, e->ports[p]);
			log_tx(e, e->ports[p]);
			log_kernel(e, e->ports[p]);
			log_clock(e, e->ports[p]);
		}
}

struct mcr_port *mcr_engine_find_port(const struct mcr_engine *e, const char *text)
{
	for (size_t p = 0; p < e->n_ports; p++) {
		struct mcr_port *port = e->ports[p];
		char number[8];

		snprintf(number, sizeof(number), "%u", port->id);
		if (!port->removed && (strcmp(port->name, text) == 0 || strcmp(number, text) == 0))
			return port;
	}
	return NULL;
}

unsigned mcr_engine_ports_left(const struct mcr_engine *e)
{
	unsigned n = 0;

	for (size_t p = 0; p < e->n_ports; p++)
		n += !e->ports[p]->removed;
	return n;
}
