/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "core/error.h"
#include "engine/engine.h"
#include "engine/pins.h"

int mcr_engine_check_pin(const struct mcr_engine *e, const struct mcr_channel_config *config,
			 struct mcr_error *err)
{
	char lcores[160];

	if (!config->has_lcore || mcr_placement_find(&e->placement, config->lcore) >= 0)
		return 0;
	mcr_placement_list(&e->placement, UINT32_MAX, lcores, sizeof(lcores));
	return mcr_error_set(err, -EINVAL,
			     "channel \"%s\": lcore %u does not receive here: the rx lcores are %s",
			     config->name, config->lcore, lcores);
}

static uint32_t wanted_lcore(const struct mcr_engine *e, const struct mcr_channel *channel)
{
	return UINT32_C(1) << mcr_placement_find(&e->placement, channel->config.lcore);
}

static void tell(const struct mcr_engine *e, const struct mcr_port *port,
		 const struct mcr_channel *channel)
{
	uint32_t wanted = wanted_lcore(e, channel);
	char lcores[160];

	mcr_placement_list(&e->placement, port->pollers, lcores, sizeof(lcores));
	if ((port->pollers & wanted) == 0)
		mcr_engine_log(e, MCR_LOG_WARNING,
			       "channel %s: it wants lcore %u, which has no queue of port %s: that "
			       "is polled by %s; give the port's interfaces other lcores",
			       channel->config.name, channel->config.lcore, port->name, lcores);
	else
		mcr_engine_log(e, MCR_LOG_WARNING,
			       "channel %s: port %s (%s) cannot bring its groups to lcore %u: they "
			       "come on %s",
			       channel->config.name, port->name, port->driver,
			       channel->config.lcore, lcores);
}

void mcr_engine_tell_pins(struct mcr_engine *e)
{
	uint64_t pinned = 0;

	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		if (e->channels[c] != NULL && e->channels[c]->config.has_lcore)
			pinned |= UINT64_C(1) << c;
	for (size_t i = 0; pinned != 0 && i < e->joins->n_joins; i++) {
		const struct mcr_rule *rule = &e->joins->rules[i];
		struct mcr_port *port = e->interfaces[rule->interface].port;
		uint64_t channel = UINT64_C(1) << rule->channel;

		if ((pinned & channel) == 0 || (port->told_pins & channel) != 0 || port->removed ||
		    port->pollers == wanted_lcore(e, e->channels[rule->channel]))
			continue;
		port->told_pins |= channel;
		tell(e, port, e->channels[rule->channel]);
	}
}
