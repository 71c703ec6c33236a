/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "core/error.h"
#include "engine/channel/channel.h"
#include "engine/os/memory_limit.h"
#include "engine/plan/channel_config.h"

static uint64_t random_epoch(void)
{
	uint64_t epoch = 0;

	while (epoch == 0)
		if (getrandom(&epoch, sizeof(epoch), 0) != sizeof(epoch))
			epoch = 0;
	return epoch;
}

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

/* Checks for all of its rings before the first is made. */
static int check_memory(const struct mcr_channel_config *config, size_t len, unsigned n,
			struct mcr_error *err)
{
	const struct mcr_ring_need rings = {.bytes = len, .n = n};
	char who[MCR_NAME_MAX + 16];

	snprintf(who, sizeof(who), "channel \"%s\"", config->name);
	return mcr_memory_check(
	    &(struct mcr_memory_need){.who = who, .rings = &rings, .n_rings = 1}, "", err);
}

int mcr_channel_create(struct mcr_channel **out, const struct mcr_channel_config *config,
		       const unsigned *lcores, unsigned n_lcores, const struct mcr_pause *pause,
		       struct mcr_error *err)
{
	struct mcr_channel *channel = calloc(1, sizeof(*channel));
	size_t len = mcr_ring_footprint(config->bytes);
	char name[64];
	int ret;

	if (!channel)
		return mcr_error_set(err, -ENOMEM, "no memory for channel \"%s\"", config->name);
	if (config->per_program) /* its rings are those of the channels that are made of it */
		n_lcores = 0;
	ret = check_memory(config, len, n_lcores, err);
	if (ret < 0)
		goto fail;
	channel->config = *config;
	channel->epoch = random_epoch();
	for (unsigned i = 0; i < n_lcores; i++) {
		int node = (int)rte_lcore_to_socket_id(lcores[i]);
		struct mcr_region *region = &channel->regions[i];

		snprintf(name, sizeof(name), "mcring-%s-%u", config->name, i);
		ret = mcr_region_create(region, len, node, name, pause, err);
		if (ret < 0)
			goto fail;
		channel->n_rings++;
		channel->writers[i] = rte_zmalloc_socket(
		    "mcr_ring_writer", sizeof(struct mcr_ring_writer), RTE_CACHE_LINE_SIZE, node);
		if (!channel->writers[i] ||
		    (config->handler && create_handler(&channel->handlers[i], config, node) < 0)) {
			ret = mcr_error_set(err, -ENOMEM, "no EAL memory for channel \"%s\"",
					    config->name);
			goto fail;
		}
		mcr_ring_format(region->mem, config->bytes, channel->epoch, i, n_lcores);
		mcr_ring_writer_attach(channel->writers[i], region->mem);
		if (config->handler_only)
			channel->writers[i]->max_payload = UINT32_MAX; /* nothing is put there */
	}
	*out = channel;
	return 0;

fail:
	mcr_channel_destroy(channel);
	return ret;
}

void mcr_channel_release(struct mcr_channel *channel)
{
	for (unsigned i = 0; i < channel->n_rings; i++) {
		rte_free(channel->writers[i]);
		rte_free(channel->handlers[i]);
		mcr_region_destroy(&channel->regions[i]);
	}
	channel->n_rings = 0;
}

void mcr_channel_destroy(struct mcr_channel *channel)
{
	if (!channel)
		return;
	mcr_channel_release(channel);
	free(channel);
}

void mcr_channel_stop(struct mcr_channel *channel)
{
	for (unsigned i = 0; i < channel->n_rings; i++)
		mcr_ring_set_state(channel->regions[i].mem, MCR_RING_STOPPED);
}

void mcr_channel_heartbeat(struct mcr_channel *channel, uint64_t monotonic_ns)
{
	for (unsigned i = 0; i < channel->n_rings; i++)
		mcr_ring_set_heartbeat(channel->regions[i].mem, monotonic_ns);
}
