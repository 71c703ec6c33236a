/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include "core/error.h"
#include "engine/plan/placement.h"

static uint32_t bit(unsigned i)
{
	return UINT32_C(1) << i;
}

int mcr_placement_find(const struct mcr_placement *p, unsigned lcore)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->lcores[i] == lcore)
			return (int)i;
	return -1;
}

int mcr_placement_check_pin(const struct mcr_placement *p, const struct mcr_channel_config *config,
			    struct mcr_error *err)
{
	char lcores[160];

	if (!config->has_lcore || mcr_placement_find(p, config->lcore) >= 0)
		return 0;
	mcr_placement_list(p, UINT32_MAX, lcores, sizeof(lcores));
	return mcr_error_set(err, -EINVAL,
			     "channel \"%s\": lcore %u does not receive here: the rx lcores are %s",
			     config->name, config->lcore, lcores);
}

uint32_t mcr_placement_candidates(const struct mcr_placement *p, int port_node, uint32_t wanted)
{
	uint32_t all = 0, near = 0;

	for (unsigned i = 0; i < p->n; i++) {
		all |= bit(i);
		if (port_node != MCR_NODE_ANY && p->nodes[i] == port_node)
			near |= bit(i);
	}
	if (wanted != 0)
		return wanted & all;
	return near != 0 ? near : all;
}

unsigned mcr_placement_add(struct mcr_placement *p, uint32_t candidates)
{
	unsigned best = p->n;

	for (unsigned i = 0; i < p->n; i++)
		if ((candidates & bit(i)) && (best == p->n || p->queues[i] < p->queues[best]))
			best = i;
	p->queues[best]++;
	return best;
}

int mcr_placement_node(const struct mcr_placement *p, int port_node, uint32_t candidates)
{
	int node = MCR_NODE_ANY;

	if (port_node != MCR_NODE_ANY)
		return port_node;
	for (unsigned i = 0; i < p->n; i++) {
		if (!(candidates & bit(i)))
			continue;
		if (node != MCR_NODE_ANY && p->nodes[i] != node)
			return MCR_NODE_ANY;
		node = p->nodes[i];
	}
	return node;
}

void mcr_placement_list(const struct mcr_placement *p, uint32_t set, char *buf, size_t cap)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < p->n && len < cap; i++)
		if (set & bit(i))
			len += (size_t)snprintf(buf + len, cap - len, "%s%u", len ? ", " : "",
						p->lcores[i]);
}

int mcr_placement_warning(const struct mcr_placement *p, const char *port, int port_node,
			  uint32_t pollers, char *buf, size_t cap)
{
	char far[256] = "";
	size_t len = 0;

	for (unsigned i = 0; i < p->n && len < sizeof(far); i++) {
		if (!(pollers & bit(i)) || port_node == MCR_NODE_ANY ||
		    p->nodes[i] == MCR_NODE_ANY || p->nodes[i] == port_node)
			continue;
		len += (size_t)snprintf(far + len, sizeof(far) - len, "%slcore %u on node %d",
					len ? ", " : "", p->lcores[i], p->nodes[i]);
	}
	buf[0] = '\0';
	if (len == 0)
		return 0;
	snprintf(buf, cap,
		 "port %s is on NUMA node %d, and is polled by %s: each packet crosses between "
		 "nodes; give EAL lcores of node %d (-l), or the port's interfaces others (lcores)",
		 port, port_node, far, port_node);
	return 1;
}
