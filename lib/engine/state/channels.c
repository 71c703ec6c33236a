/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's channels: added, removed, shown to consumers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "engine/attach/attach_server.h"
#include "engine/state/channels.h"
#include "engine/state/config.h"
#include "engine/state/joins.h"
#include "engine/state/log.h"
#include "engine/state/publish.h"
#include "engine/state/state.h"

/* program: the id of the one that it was made for; 0 = it is for all. */
static int announce_channel(struct mcr_engine *e, struct mcr_channel *channel, uint64_t program,
			    struct mcr_error *err)
{
	const void *mems[MCR_LCORES_MAX];
	int fds[MCR_LCORES_MAX];
	int ret;

	mcr_rings_heartbeat(&channel->rings, mcr_clock_now_monotonic());
	if (channel->config.handler_only)
		return 0; /* there is nothing to attach to */
	mcr_rings_list(&channel->rings, fds, mems);
	if (channel->config.per_program)
		ret = mcr_attach_server_add_channel(e->attach, &channel->config, NULL, NULL,
						    e->n_workers, channel->rings.epoch);
	else if (program)
		ret = mcr_attach_server_add_program(e->attach, program, &channel->config, fds, mems,
						    channel->rings.n, channel->rings.epoch);
	else
		ret = mcr_attach_server_add_channel(e->attach, &channel->config, fds, mems,
						    channel->rings.n, channel->rings.epoch);
	return ret == 0 ? 0
			: mcr_error_set(err, ret, "channel \"%s\": %s", channel->config.name,
					strerror(-ret));
}

/* Where a new channel goes. Returns the place, or -EEXIST, -EINVAL, -ENOSPC. */
static int find_place(const struct mcr_engine *e, const struct mcr_channel_config *config,
		      struct mcr_error *err)
{
	int at = -1, ret = mcr_placement_check_pin(&e->placement, config, err);

	if (ret < 0)
		return ret;
	for (int i = MCR_CHANNELS_MAX; i-- > 0;) {
		if (!e->channels[i])
			at = i;
		else if (strcmp(e->channels[i]->config.name, config->name) == 0)
			return mcr_error_set(err, -EEXIST, "there is a channel \"%s\" already",
					     config->name);
	}
	if (at < 0)
		return mcr_error_set(err, -ENOSPC, "no more than %d channels", MCR_CHANNELS_MAX);
	return at;
}

static int put(struct mcr_engine *e, uint64_t program, struct mcr_channel *channel,
	       struct mcr_error *err)
{
	int ret, at = find_place(e, &channel->config, err);

	if (e->state >= MCR_ENGINE_STOPPING)
		return mcr_error_set(err, -ESHUTDOWN, "the engine is stopping");
	if (at < 0)
		return at;
	ret = announce_channel(e, channel, program, err);
	if (ret < 0)
		return ret;
	e->channels[at] = channel;
	ret = mcr_engine_publish(e, e->table, NULL);
	if (ret < 0) {
		e->channels[at] = NULL;
		mcr_attach_server_remove_channel(e->attach, channel->config.name);
		return mcr_error_set(err, ret, "no memory for channel \"%s\"",
				     channel->config.name);
	}
	if (channel->rings.regions[0].note[0] != '\0')
		mcr_engine_log(e, MCR_LOG_DEBUG, "channel %s: %s", channel->config.name,
			       channel->rings.regions[0].note);
	return 0;
}

int mcr_engine_channel_put(struct mcr_engine *e, struct mcr_channel *channel, struct mcr_error *err)
{
	return put(e, 0, channel, err);
}

int mcr_engine_program_put(struct mcr_engine *e, uint64_t id, struct mcr_channel *channel,
			   struct mcr_error *err)
{
	return put(e, id, channel, err);
}

/* So that the readers of other channels do not take the engine for dead meanwhile. */
static int keep_alive(void *ctx)
{
	const struct mcr_engine *e = ctx;

	for (size_t i = 0; e->state == MCR_ENGINE_RUNNING && i < MCR_CHANNELS_MAX; i++)
		if (e->channels[i])
			mcr_rings_heartbeat(&e->channels[i]->rings, mcr_clock_now_monotonic());
	return 0;
}

int mcr_engine_channel_make(struct mcr_engine *e, const struct mcr_channel_config *config,
			    struct mcr_channel **out, struct mcr_error *err)
{
	const struct mcr_pause pause = {keep_alive, e};
	struct mcr_channel_config clean;
	int ret = mcr_channel_config_take(&clean, config, err);

	if (ret == 0)
		ret = mcr_channel_check(&clean, err);
	if (ret == 0)
		ret = find_place(e, &clean, err);
	if (ret < 0)
		return ret;
	return mcr_channel_create(out, &clean, e->lcores, e->n_workers, &pause, err);
}

int mcr_engine_channel_add(struct mcr_engine *e, const struct mcr_channel_config *config,
			   struct mcr_error *err)
{
	struct mcr_channel *channel;
	int ret = mcr_engine_channel_make(e, config, &channel, err);

	if (ret < 0)
		return ret;
	ret = mcr_engine_channel_put(e, channel, err);
	if (ret < 0)
		mcr_channel_destroy(channel);
	return ret;
}

/* Nobody wants anything of it, so the joins and what follows from them stay as they are. */
static int drop_unused(struct mcr_engine *e, size_t at, struct mcr_error *err)
{
	struct mcr_channel *channel = e->channels[at];
	struct mcr_retired *r;

	if (e->state >= MCR_ENGINE_STOPPING)
		return mcr_error_set(err, -ESHUTDOWN, "the engine is stopping");
	r = calloc(1, sizeof(*r));
	e->channels[at] = NULL;
	if (r) {
		r->channel = channel;
		if (mcr_engine_publish(e, e->table, r) == 0)
			return 0;
	}
	free(r);
	return mcr_error_set(err, -ENOMEM, "no memory to remove channel \"%s\"",
			     channel->config.name);
}

int mcr_engine_channel_remove(struct mcr_engine *e, const char *name, struct mcr_error *err)
{
	struct mcr_channel *channel;
	size_t at;
	int ret;

	for (at = 0; at < MCR_CHANNELS_MAX; at++)
		if (e->channels[at] && strcmp(e->channels[at]->config.name, name) == 0)
			break;
	if (at == MCR_CHANNELS_MAX)
		return mcr_error_set(err, -ENOENT, "no channel \"%s\"", name);
	channel = e->channels[at];
	const struct mcr_join_change wanted = {.channels = UINT64_C(1) << at};

	ret = e->joins->joins_in[at] == 0 ? drop_unused(e, at, err)
					  : mcr_engine_change_joins(e, &wanted, channel, err);
	if (ret < 0) {
		e->channels[at] = channel;
		return ret;
	}
	mcr_attach_server_remove_channel(e->attach, name);
	for (size_t p = 0; p < e->n_ports; p++) /* the place may be another's */
		e->ports[p]->logged_pins &= ~(UINT64_C(1) << at);
	return 0;
}

int mcr_engine_channel_access(struct mcr_engine *e, const struct mcr_channel_config *config,
			      struct mcr_error *err)
{
	struct mcr_channel_config clean;
	int ret = mcr_channel_config_take(&clean, config, err);

	if (ret == 0)
		ret = mcr_channel_check_access(&clean, err);
	if (ret == 0 && mcr_attach_server_set_access(e->attach, &clean) < 0)
		ret = mcr_error_set(err, -ENOENT, "no channel \"%s\"", clean.name);
	return ret;
}

int mcr_engine_attach(struct mcr_engine *e, const char *channel, const char *label,
		      struct mcr_error *err)
{
	return mcr_attach_server_open(e->attach, channel ? channel : "default", label,
				      mcr_clock_now_monotonic(), err);
}
