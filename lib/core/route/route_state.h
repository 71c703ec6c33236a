/* SPDX-License-Identifier: BSD-3-Clause */
/* A route set's fields, which route_set.c changes and route_table.c reads. */
#ifndef MCR_CORE_ROUTE_STATE_H
#define MCR_CORE_ROUTE_STATE_H

#include "core/route/route_groups.h"
#include "core/route/route_merge.h"
#include "core/route/route_scopes.h"
#include "core/route/route_set.h"

struct mcr_route_static {
	struct mcr_address group;
	struct mcr_address source; /* none = any; sorted before the others */
	unsigned interface;
};

struct mcr_route_set {
	void (*wants)(void *ctx, unsigned interface, struct mcr_address group,
		      struct mcr_source_filter *out);
	void *ctx;
	unsigned upstream;
	uint64_t downstream; /* bit per interface */
	size_t n_scopes;
	struct mcr_route_scope *scopes;
	size_t n_statics;
	struct mcr_route_static *statics; /* by group, interface and source; distinct */
	struct mcr_address *sources;      /* theirs, so that they are a filter's */
	struct mcr_route_groups groups;
	struct mcr_route_merge merge;
	struct mcr_route_group *taken;         /* last, to be told */
	size_t n_routes, n_sources, n_proxied; /* sources: of all routes */
	int changed;                           /* routes, since update said so */
	uint8_t is_lost;                       /* a group could not be noted */
	uint64_t seed;                         /* of the tables */
};

#endif
