/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "engine/state/filter_ports.h"
#include "engine/state/relay.h"
#include "engine/state/routes.h"
#include "engine/state/state.h"
#include "engine/state/upstream.h"

static const struct mcr_source_filter nothing = {.mode = MCR_FILTER_INCLUDE};

static int is_nothing(const struct mcr_source_filter *filter)
{
	return filter->mode == MCR_FILTER_INCLUDE && filter->n == 0;
}

/* Both were whole joins, they could not be merged in another way (RFC 9776 §3.2). */
static int set_both(struct mcr_interface *it, struct mcr_address group,
		    const struct mcr_source_filter *a, const struct mcr_source_filter *b,
		    uint64_t now_ns)
{
	const struct mcr_join joins[] = {
	    {.mode = (uint8_t)a->mode, .sources = a->sources, .n_sources = (uint32_t)a->n},
	    {.mode = (uint8_t)b->mode, .sources = b->sources, .n_sources = (uint32_t)b->n},
	};
	const struct mcr_join *const both[] = {&joins[0], &joins[1]};
	struct mcr_source_filter merged;
	int ret = mcr_source_filter_merge(&merged, both, 2);

	if (ret < 0)
		return ret;
	ret = mcr_interface_set_filter(it, group, &merged, now_ns);
	free((void *)(uintptr_t)merged.sources);
	return ret;
}

int mcr_engine_set_membership(struct mcr_engine *e, unsigned interface, struct mcr_address group,
			      const struct mcr_source_filter *joined, uint64_t now_ns)
{
	struct mcr_interface *it = &e->interfaces[interface];
	struct mcr_source_filter proxied = nothing;
	int ret;

	if (e->relay && interface == e->relay->upstream)
		mcr_route_set_proxied(e->relay->routes, group, &proxied);
	if (is_nothing(&proxied))
		return mcr_interface_set_filter(it, group, joined, now_ns);
	ret = is_nothing(joined) ? mcr_interface_set_filter(it, group, &proxied, now_ns)
				 : set_both(it, group, joined, &proxied, now_ns);
	if (ret == -ENOMEM) /* also of a leave, which the caller does not try again */
		mcr_route_set_give_back(e->relay->routes, group);
	return ret;
}

int mcr_engine_tell_upstream(struct mcr_engine *e, uint64_t now_ns)
{
	const uint16_t upstream = (uint16_t)e->relay->upstream;
	struct mcr_route_set *routes = e->relay->routes;
	struct mcr_address group;
	int ret = 0, any = 0;

	if (e->state >= MCR_ENGINE_STOPPING) /* all are left */
		return 0;
	while (ret != -ENOMEM && mcr_route_set_take_proxied(routes, &group)) {
		const struct mcr_group *g = mcr_join_set_find(e->joins, upstream, group);

		ret = mcr_engine_set_membership(e, upstream, group,
						g ? &g->source_filter : &nothing, now_ns);
		if (ret == -ENOMEM)
			mcr_route_set_give_back(routes, group);
		any = 1;
	}
	if (any)
		mcr_engine_joins_changed(e, now_ns);
	return ret == -ENOMEM ? ret : 0;
}
