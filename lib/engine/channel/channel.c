/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "core/error.h"
#include "engine/channel/channel.h"

static int create_handler(struct mcr_inline **out, const struct mcr_channel_config *config,
			  int node)
{
	uint64_t slow_ns = config->handler_slow_ns ? config->handler_slow_ns : MCR_HANDLER_SLOW_NS;
	struct mcr_inline *in =
	    rte_zmalloc_socket("mcr_inline", sizeof(*in), RTE_CACHE_LINE_SIZE, node);

	if (!in)
		return -ENOMEM;
	in->handler = config->handler;
	in->ctx = config->handler_ctx;
	in->only = config->handler_only;
	in->slow_cycles = (uint64_t)((double)slow_ns * (double)rte_get_tsc_hz() / 1e9);
	*out = in;
	return 0;
}

/* A writer for each ring, and a handler if the channel has one. */
static int create_writer(struct mcr_channel *channel, unsigned i, int node)
{
	const struct mcr_channel_config *config = &channel->config;

	channel->writers[i] = rte_zmalloc_socket("mcr_ring_writer", sizeof(struct mcr_ring_writer),
						 RTE_CACHE_LINE_SIZE, node);
	if (!channel->writers[i] ||
	    (config->handler && create_handler(&channel->handlers[i], config, node) < 0))
		return -ENOMEM;
	mcr_ring_writer_attach(channel->writers[i], channel->rings.regions[i].mem);
	if (config->handler_only)
		channel->writers[i]->max_payload = UINT32_MAX; /* nothing is put there */
	return 0;
}

int mcr_channel_create(struct mcr_channel **out, const struct mcr_channel_config *config,
		       const unsigned *lcores, unsigned n_lcores, const struct mcr_pause *pause,
		       struct mcr_error *err)
{
	struct mcr_channel *channel = calloc(1, sizeof(*channel));
	int nodes[MCR_LCORES_MAX] = {0}, ret;

	if (!channel)
		return mcr_error_set(err, -ENOMEM, "no memory for channel \"%s\"", config->name);
	if (config->per_program) /* its rings are those of the channels that are made of it */
		n_lcores = 0;
	channel->config = *config;
	for (unsigned i = 0; i < n_lcores; i++)
		nodes[i] = (int)rte_lcore_to_socket_id(lcores[i]);
	ret = mcr_rings_create(&channel->rings, config, nodes, n_lcores, pause, err);
	for (unsigned i = 0; ret == 0 && i < n_lcores; i++)
		if (create_writer(channel, i, nodes[i]) < 0)
			ret = mcr_error_set(err, -ENOMEM, "no EAL memory for channel \"%s\"",
					    config->name);
	if (ret == 0)
		*out = channel;
	else
		mcr_channel_destroy(channel);
	return ret;
}

void mcr_channel_release(struct mcr_channel *channel)
{
	for (unsigned i = 0; i < MCR_LCORES_MAX; i++) {
		rte_free(channel->writers[i]);
		rte_free(channel->handlers[i]);
		channel->writers[i] = NULL;
		channel->handlers[i] = NULL;
	}
	mcr_rings_release(&channel->rings);
}

void mcr_channel_destroy(struct mcr_channel *channel)
{
	if (!channel)
		return;
	mcr_channel_release(channel);
	free(channel);
}
