/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "engine/why/why_evidence.h"

struct mcr_why_evidence *mcr_why_evidence_create(const struct mcr_why_query *query)
{
	struct mcr_why_evidence *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->query = *query;
	e->own_on = -1;
	return e;
}

void mcr_why_evidence_destroy(struct mcr_why_evidence *e)
{
	if (!e)
		return;
	free(e->consumers);
	mcr_join_list_clear(&e->joins);
	mcr_why_flows_clear(&e->flows);
	mcr_why_set_clear(&e->wanted);
	free(e);
}

void mcr_why_hear(struct mcr_why_evidence *e, uint16_t dpdk_port, uint64_t at_ns)
{
	for (size_t i = 0; i < e->n_ports; i++)
		if (e->ports[i].dpdk_port == dpdk_port && at_ns > e->heard_ns[i])
			e->heard_ns[i] = at_ns;
}

int mcr_why_interface_named(const struct mcr_why_evidence *e, const char *name)
{
	for (size_t i = 0; i < e->n_interfaces; i++)
		if (strcmp(e->interfaces[i].info.name, name) == 0)
			return (int)i;
	return -1;
}

const struct mcr_port_info *mcr_why_port_of(const struct mcr_why_evidence *e, int interface)
{
	if (interface < 0 || (size_t)interface >= e->n_interfaces ||
	    e->interfaces[interface].port < 0)
		return NULL;
	return &e->ports[e->interfaces[interface].port];
}

int mcr_why_channel_is(const char *channel, const char *name)
{
	const size_t len = strlen(name);

	return len == 0 ||
	       (strncmp(channel, name, len) == 0 && (channel[len] == '\0' || channel[len] == '/'));
}

const char *mcr_why_port_name(const struct mcr_why_evidence *e, uint16_t dpdk_port)
{
	for (size_t i = 0; i < e->n_ports; i++)
		if (e->ports[i].dpdk_port == dpdk_port)
			return e->ports[i].name;
	return "an unknown port";
}
