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

#define DEPTH_DEFAULT 65536u
#define DEPTH_MIN     64u
#define DEPTH_MAX     (1u << 24)
#define BYTES_MIN     (UINT64_C(64) << 10)
#define BYTES_MAX     (UINT64_C(1) << 36)
#define BYTES_PER_MSG 256u /* default: room for market data's usual payloads */

static int is_power_of_two(uint64_t v)
{
	return v != 0 && (v & (v - 1)) == 0;
}

static int fits(const struct mcr_access *access)
{
	return access->n_uids <= MCR_ACCESS_IDS_MAX && access->n_gids <= MCR_ACCESS_IDS_MAX;
}

int mcr_channel_check_access(const struct mcr_channel_config *config, struct mcr_error *err)
{
	if (fits(&config->readers) && fits(&config->joiners))
		return 0;
	return mcr_error_set(err, -EINVAL, "channel \"%.31s\": at most %d users and %d groups",
			     config->name, MCR_ACCESS_IDS_MAX, MCR_ACCESS_IDS_MAX);
}

int mcr_channel_check(struct mcr_channel_config *config, struct mcr_error *err)
{
	if (config->name[0] == '\0' || memchr(config->name, '\0', sizeof(config->name)) == NULL)
		return mcr_error_set(err, -EINVAL, "a channel needs a name of 1 to %d octets",
				     MCR_NAME_MAX - 1);
	if (config->handler_only && config->handler == NULL)
		return mcr_error_set(err, -EINVAL,
				     "channel \"%s\": handler_only without a handler would deliver "
				     "to nobody",
				     config->name);
	if (config->handler_only) { /* nobody reads its rings: they are as small as can be */
		config->depth = DEPTH_MIN;
		config->bytes = BYTES_MIN;
	}
	if (config->depth == 0)
		config->depth = DEPTH_DEFAULT;
	if (!is_power_of_two(config->depth) || config->depth < DEPTH_MIN ||
	    config->depth > DEPTH_MAX)
		return mcr_error_set(err, -EINVAL,
				     "channel \"%s\": depth %u is not a power of two in %u..%u",
				     config->name, config->depth, DEPTH_MIN, DEPTH_MAX);
	if (config->bytes == 0) {
		config->bytes = (uint64_t)config->depth * BYTES_PER_MSG;
		if (config->bytes < BYTES_MIN)
			config->bytes = BYTES_MIN;
	}
	if (!is_power_of_two(config->bytes) || config->bytes < BYTES_MIN ||
	    config->bytes > BYTES_MAX)
		return mcr_error_set(
		    err, -EINVAL,
		    "channel \"%s\": %llu bytes is not a power of two in 64 KiB..64 GiB",
		    config->name, (unsigned long long)config->bytes);
	return mcr_channel_check_access(config, err);
}

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

	if (in == NULL)
		return -ENOMEM;
	in->handler = config->handler;
	in->ctx = config->handler_ctx;
	in->only = config->handler_only;
	in->slow_cycles = (uint64_t)((double)slow_ns * (double)rte_get_tsc_hz() / 1e9);
	*out = in;
	return 0;
}

/* All of its rings before the first is made. */
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
	size_t len = mcr_ring_footprint(config->depth, config->bytes);
	char name[64];
	int ret;

	if (channel == NULL)
		return mcr_error_set(err, -ENOMEM, "no memory for channel \"%s\"", config->name);
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
		if (channel->writers[i] == NULL ||
		    (config->handler != NULL &&
		     create_handler(&channel->handlers[i], config, node) < 0)) {
			ret = mcr_error_set(err, -ENOMEM, "no EAL memory for channel \"%s\"",
					    config->name);
			goto fail;
		}
		mcr_ring_format(region->mem, config->depth, config->bytes, channel->epoch, i,
				n_lcores);
		mcr_ring_writer_attach(channel->writers[i], region->mem);
		if (config->handler_only)
			channel->writers[i]->max_payload = UINT32_MAX; /* it is never put */
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
	if (channel == NULL)
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
