/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "engine/plan/channel_config.h"

#define BYTES_DEFAULT (UINT64_C(16) << 20)

static int is_power_of_two(uint64_t v)
{
	return v != 0 && (v & (v - 1)) == 0;
}

void mcr_channel_fill(struct mcr_channel_config *config)
{
	if (config->handler_only) /* nobody reads its rings */
		config->bytes = MCR_CHANNEL_BYTES_MIN;
	if (!config->bytes)
		config->bytes = BYTES_DEFAULT;
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

int mcr_channel_check_programs(const struct mcr_channel_config *config, struct mcr_error *err)
{
	if (config->programs_max >= MCR_CHANNELS_MAX)
		return mcr_error_set(err, -EINVAL, "channel \"%.31s\": at most %d programs",
				     config->name, MCR_CHANNELS_MAX - 1);
	if (!config->per_program)
		return 0;
	if (strnlen(config->name, sizeof(config->name)) > MCR_TEMPLATE_NAME_MAX)
		return mcr_error_set(err, -EINVAL,
				     "channel \"%.31s\": the name of one with per_program has at "
				     "most %d octets",
				     config->name, MCR_TEMPLATE_NAME_MAX);
	if (config->handler || config->consumers_max)
		return mcr_error_set(
		    err, -EINVAL, "channel \"%s\": with per_program it takes no %s", config->name,
		    config->handler ? "handler" : "`consumers`: `programs` says how many");
	return 0;
}

int mcr_channel_check(struct mcr_channel_config *config, struct mcr_error *err)
{
	int ret;

	if (!config->name[0] || !memchr(config->name, '\0', sizeof(config->name)))
		return mcr_error_set(err, -EINVAL, "a channel needs a name of 1 to %d octets",
				     MCR_NAME_MAX - 1);
	if (config->handler_only && !config->handler)
		return mcr_error_set(err, -EINVAL,
				     "channel \"%s\": handler_only without a handler would deliver "
				     "to nobody",
				     config->name);
	mcr_channel_fill(config);
	if (!is_power_of_two(config->bytes) || config->bytes < MCR_CHANNEL_BYTES_MIN ||
	    config->bytes > MCR_CHANNEL_BYTES_MAX)
		return mcr_error_set(
		    err, -EINVAL,
		    "channel \"%s\": %llu bytes is not a power of two in 64 KiB..64 GiB",
		    config->name, (unsigned long long)config->bytes);
	ret = mcr_channel_check_programs(config, err);
	return ret < 0 ? ret : mcr_channel_check_access(config, err);
}

void mcr_channel_copy_access(struct mcr_channel_config *to, const struct mcr_channel_config *from)
{
	to->consumers_max = from->consumers_max;
	to->readers = from->readers;
	to->joiners = from->joiners;
	to->joins_max = from->joins_max;
	to->programs_max = from->programs_max;
}
