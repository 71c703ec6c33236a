/* SPDX-License-Identifier: BSD-3-Clause */
/* Channels that want their groups on one rx lcore: which one, and whether their port can do it. */
#include "engine/state/lcore_pins.h"
#include "engine/state/interfaces.h"
#include "engine/state/log.h"
#include "engine/state/state.h"

int mcr_engine_pin_of(const struct mcr_engine *e, const struct mcr_group *g)
{
	for (uint64_t left = g->channels; left != 0; left &= left - 1) {
		const struct mcr_channel *c = e->channels[__builtin_ctzll(left)];

		if (c && c->config.has_lcore)
			return mcr_placement_find(&e->placement, c->config.lcore);
	}
	return -1;
}

/* Whether a group of this channel comes to the channel's lcore: nobody else polls the port, or a
 * flow rule brings it to one of the lcore's queues. */
static int is_kept(const struct mcr_engine *e, const struct mcr_group *g,
		   const struct mcr_channel *channel)
{
	const struct mcr_port *port = e->interfaces[g->interface].port;
	int wanted = mcr_placement_find(&e->placement, channel->config.lcore);
	struct mcr_filter_state state;

	if (port->pollers == UINT32_C(1) << wanted)
		return 1;
	mcr_engine_group_filter(e, g, &state);
	return state.queue >= 0 && port->worker_of_queue[state.queue] == wanted;
}

static void log_pin(const struct mcr_engine *e, const struct mcr_group *g,
		    const struct mcr_channel *channel)
{
	const struct mcr_port *port = e->interfaces[g->interface].port;
	struct mcr_filter_state state;
	char lcores[160];

	mcr_placement_list(&e->placement, port->pollers, lcores, sizeof(lcores));
	mcr_engine_group_filter(e, g, &state);
	if (state.queue >= 0)
		mcr_engine_log(e, MCR_LOG_WARNING,
			       "channel %s: it wants lcore %u, and another channel of the same "
			       "groups, or the lack of a queue of port %s there, brings some to "
			       "lcore %u",
			       channel->config.name, channel->config.lcore, port->name,
			       e->lcores[port->worker_of_queue[state.queue]]);
	else
		mcr_engine_log(e, MCR_LOG_WARNING,
			       "channel %s: port %s (%s) cannot bring its groups to lcore %u: they "
			       "come on %s%s%s",
			       channel->config.name, port->name, port->driver,
			       channel->config.lcore, lcores, state.reason[0] ? "; " : "",
			       state.reason);
}

void mcr_engine_log_pins(struct mcr_engine *e)
{
	uint64_t pinned = 0;

	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		if (e->channels[c] && e->channels[c]->config.has_lcore)
			pinned |= UINT64_C(1) << c;
	for (size_t i = 0; pinned != 0 && i < e->joins->n_groups; i++) {
		const struct mcr_group *g = &e->joins->groups[i];
		struct mcr_port *port = e->interfaces[g->interface].port;
		uint64_t left = g->channels & pinned & ~port->logged_pins;

		for (; left != 0 && !port->removed; left &= left - 1) {
			const struct mcr_channel *c = e->channels[__builtin_ctzll(left)];

			if (is_kept(e, g, c))
				continue;
			port->logged_pins |= left & -left;
			log_pin(e, g, c);
		}
	}
}
