/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/sized.h"
#include "engine/rx/worker.h"
#include "engine/state/config.h"

#define STATS_DEFAULT                           \
	{                                       \
		.mode = 0660, .gid = UINT32_MAX \
	}

void mcr_engine_config_init(struct mcr_engine_config *cfg, size_t size)
{
	struct mcr_engine_config defaults = {
	    .name = "mcring",
	    .attach = {.mode = 0660, .gid = UINT32_MAX},
	    .stats = STATS_DEFAULT,
	    .first_chunk = MCR_FIRST_CHUNK,
	};

	cfg->size = (uint32_t)size;
	mcr_sized_give(cfg, &defaults, sizeof(defaults));
}

static int take(void *to, uint32_t n, const void *from, const char *what, struct mcr_error *err)
{
	if (mcr_sized_take(to, n, from) == 0)
		return 0;
	return mcr_error_set(err, -EINVAL,
			     "struct %s says that it has %u octets, this library's has %u: set its "
			     "size to sizeof(struct %s), and all that is not used to 0",
			     what, mcr_sized_of(from), n, what);
}

int mcr_channel_config_take(struct mcr_channel_config *to, const struct mcr_channel_config *from,
			    struct mcr_error *err)
{
	return take(to, sizeof(*to), from, "mcr_channel_config", err);
}

/* An array of n structures of the program's size, as one of `size` octets each. */
static int take_all(void **to, uint32_t size, const void *from, size_t n, const char *what,
		    struct mcr_error *err)
{
	const uint32_t stride = n > 0 ? mcr_sized_of(from) : 0;
	int ret = 0;

	*to = calloc(n + 1, size);
	if (!*to)
		return mcr_error_set(err, -ENOMEM, "no memory for the configuration");
	for (size_t i = 0; ret == 0 && i < n; i++) {
		const char *at = (const char *)from + i * stride;

		if (mcr_sized_of(at) != stride)
			ret = mcr_error_set(err, -EINVAL,
					    "struct %s number %zu says that it has %u octets, the "
					    "first %u",
					    what, i, mcr_sized_of(at), stride);
		else
			ret = take((char *)*to + i * size, size, at, what, err);
	}
	return ret;
}

int mcr_engine_config_take(struct mcr_engine_config *to, const struct mcr_engine_config *from,
			   struct mcr_error *err)
{
	void *interfaces = NULL, *channels = NULL;
	int ret = take(to, sizeof(*to), from, "mcr_engine_config", err);

	if (ret < 0) {
		memset(to, 0, sizeof(*to));
		return ret;
	}
	if (mcr_sized_of(from) <= offsetof(struct mcr_engine_config, stats)) /* an older program */
		to->stats = (struct mcr_stats_config)STATS_DEFAULT;
	if (to->n_interfaces > MCR_INTERFACES_MAX || to->n_channels > MCR_CHANNELS_MAX)
		ret = mcr_error_set(err, -EINVAL, "at most %d interfaces and %d channels",
				    MCR_INTERFACES_MAX, MCR_CHANNELS_MAX);
	if (ret == 0)
		ret = take_all(&interfaces, sizeof(*to->interfaces), from->interfaces,
			       to->n_interfaces, "mcr_interface_config", err);
	if (ret == 0)
		ret = take_all(&channels, sizeof(*to->channels), from->channels, to->n_channels,
			       "mcr_channel_config", err);
	to->interfaces = interfaces;
	to->channels = channels;
	return ret;
}

void mcr_engine_config_clear(struct mcr_engine_config *config)
{
	free((void *)(uintptr_t)config->interfaces);
	free((void *)(uintptr_t)config->channels);
	config->interfaces = NULL;
	config->channels = NULL;
}
