/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's state as JSON values: addresses are dotted strings, times and durations are
 * nanoseconds, unknown values are null. docs/control.md lists the members. */
#ifndef MCR_ENGINE_CONTROL_INFO_H
#define MCR_ENGINE_CONTROL_INFO_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <mcring/engine.h>

#include "engine/why/why.h"

/* What answers are made from. */
struct mcr_control_source {
	struct mcr_engine *engine;
	const char *name, *version;
	uint64_t started_ns; /* CLOCK_REALTIME */
};

/* What one answer keeps from its beginning: all that its pieces say of this is of one instant. */
struct mcr_control_snapshot {
	struct mcr_account account;
	uint64_t now_ns; /* CLOCK_REALTIME */
	size_t *groups;  /* those to show, by mcr_engine_group_info, ascending; NULL = all */
	size_t n_groups;
	struct mcr_group_info group; /* mcr_control_by_group keeps it */
	struct mcr_why *why;         /* of an answer to `why`, else NULL */
	int is_looking;              /* it has begun ... */
	int has_verdict;             /* ... and come to its end */
	int awaits_routes;           /* an answer to `routes`: they are not collected yet */
	uint64_t ticket;             /* of mcr_engine_routes_collect */
};

/* How an array goes on in a later call. keep remembers the last item that was written, i - 1, and
 * find tells where the first one behind it stands by now; NULL = at index i, whatever came or went.
 */
struct mcr_control_array {
	void (*keep)(const struct mcr_control_source *src, struct mcr_control_snapshot *snapshot,
		     size_t i);
	size_t (*find)(const struct mcr_control_source *src,
		       const struct mcr_control_snapshot *snapshot, size_t i);
};

static const struct mcr_control_array mcr_control_by_index = {NULL, NULL};
extern const struct mcr_control_array mcr_control_by_group;

/* A member of an answer. An array's item i is NULL past the end (or when there is no memory). */
struct mcr_control_section {
	const char *name;                      /* NULL ends a list of sections */
	const struct mcr_control_array *array; /* NULL = it is none: the value is item 0 */
	json_t *(*item)(const struct mcr_control_source *src,
			const struct mcr_control_snapshot *snapshot, size_t i);
};

/* Begins the definition of such an item. */
#define MCR_CONTROL_ITEM(fn)                             \
	json_t *fn(const struct mcr_control_source *src, \
		   const struct mcr_control_snapshot *snapshot, size_t i)

extern const struct mcr_control_section mcr_control_status[];
extern const struct mcr_control_section mcr_control_groups[];
extern const struct mcr_control_section mcr_control_stats[];
extern const struct mcr_control_section mcr_control_sockets[];
extern const struct mcr_control_section mcr_control_feeds[];
extern const struct mcr_control_section mcr_control_members[];
extern const struct mcr_control_section mcr_control_routes[];
extern const struct mcr_control_section mcr_control_why[];

/* Items of several answers: of "queriers", "relay" and "groups", and how many groups there are. */
MCR_CONTROL_ITEM(mcr_control_querier);
MCR_CONTROL_ITEM(mcr_control_relay);
MCR_CONTROL_ITEM(mcr_control_group);
MCR_CONTROL_ITEM(mcr_control_groups_total);

/* mcr_control_querier_role: how an interface's querier stands, or null when it has none. */
json_t *mcr_control_querier_role(const struct mcr_control_source *src, const char *interface,
				 int is_mld);

#endif
