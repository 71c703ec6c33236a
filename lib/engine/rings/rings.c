/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/rings/rings.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "core/error.h"
#include "core/ring.h"
#include "engine/os/memory_limit.h"

static uint64_t random_epoch(void)
{
	uint64_t epoch = 0;

	while (epoch == 0)
		if (getrandom(&epoch, sizeof(epoch), 0) != sizeof(epoch))
			epoch = 0;
	return epoch;
}

/* Checks for all of them before the first is made. */
static int check_memory(const struct mcr_channel_config *config, size_t len, unsigned n,
			struct mcr_error *err)
{
	const struct mcr_ring_need rings = {.bytes = len, .n = n};
	char who[MCR_NAME_MAX + 16];

	snprintf(who, sizeof(who), "channel \"%s\"", config->name);
	return mcr_memory_check(
	    &(struct mcr_memory_need){.who = who, .rings = &rings, .n_rings = 1}, "", err);
}

int mcr_rings_create(struct mcr_rings *rings, const struct mcr_channel_config *config,
		     const int *nodes, unsigned n, const struct mcr_pause *pause,
		     struct mcr_error *err)
{
	const size_t len = mcr_ring_footprint(config->bytes);
	int ret = check_memory(config, len, n, err);
	char name[64];

	memset(rings, 0, sizeof(*rings));
	rings->epoch = random_epoch();
	for (unsigned i = 0; ret == 0 && i < n; i++) {
		snprintf(name, sizeof(name), "mcring-%s-%u", config->name, i);
		ret = mcr_region_create(&rings->regions[i], len, nodes[i], name, pause, err);
		if (ret < 0)
			break;
		mcr_ring_format(rings->regions[i].mem, config->bytes, rings->epoch, i, n);
		rings->n++;
	}
	if (ret < 0)
		mcr_rings_release(rings);
	return ret;
}

void mcr_rings_release(struct mcr_rings *rings)
{
	for (unsigned i = 0; i < rings->n; i++)
		mcr_region_destroy(&rings->regions[i]);
	rings->n = 0;
}

void mcr_rings_stop(struct mcr_rings *rings)
{
	for (unsigned i = 0; i < rings->n; i++)
		mcr_ring_set_state(rings->regions[i].mem, MCR_RING_STOPPED);
}

void mcr_rings_heartbeat(struct mcr_rings *rings, uint64_t monotonic_ns)
{
	for (unsigned i = 0; i < rings->n; i++)
		mcr_ring_set_heartbeat(rings->regions[i].mem, monotonic_ns);
}

void mcr_rings_list(const struct mcr_rings *rings, int fds[MCR_LCORES_MAX],
		    const void *mems[MCR_LCORES_MAX])
{
	for (unsigned i = 0; i < rings->n; i++) {
		fds[i] = rings->regions[i].fd;
		mems[i] = rings->regions[i].mem;
	}
}
