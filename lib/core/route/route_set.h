/* SPDX-License-Identifier: BSD-3-Clause */
/* All routes, as control keeps them: what each downstream interface wants of each group, merged
 * into the outputs of the forwarding table (route_table.h) and into what the proxy wants upstream
 * (RFC 4605 §4.1). Pure: it asks a callback what an interface wants of a group.
 *
 * The routes of a group do not depend on who is the querier: RFC 4605 §4.1 makes the proxy a member
 * of what its downstreams want, whoever forwards there. Groups that never leave their link
 * (224.0.0.0/24, ff01::/16, ff02::/16 and the like with other flags) have no route.
 *
 * Thread: control, for every call. */
#ifndef MCR_CORE_ROUTE_SET_H
#define MCR_CORE_ROUTE_SET_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include <mcring/config.h>

#include "core/source_filter.h"

struct mcr_route_set;

#define MCR_ROUTE_NO_INTERFACE UINT_MAX

/* mcr_route_set_create: the routes among interfaces that have a role, with their scopes and static
 * groups. configs: n, borrowed for the call; an interface's number is its index. wants: what
 * interface i, a downstream one, wants of a group; its sources are borrowed until the next call of
 * anything. seed: of hashes. Returns 0 or -ENOMEM. */
int mcr_route_set_create(struct mcr_route_set **out, const struct mcr_interface_config *configs,
			 size_t n,
			 void (*wants)(void *ctx, unsigned interface, struct mcr_address group,
				       struct mcr_source_filter *out),
			 void *ctx, uint64_t seed);
void mcr_route_set_destroy(struct mcr_route_set *set);

/* mcr_route_set_note: what an interface wants of a group may be another than before. Asks nothing
 * yet, so a querier may call it from `changed`. Returns 0, or -ENOMEM: then mcr_route_set_update
 * says so, too, and all groups of all interfaces are to be noted again. */
int mcr_route_set_note(struct mcr_route_set *set, struct mcr_address group);

/* mcr_route_set_is_noted: 1 when there is something to update. */
int mcr_route_set_is_noted(const struct mcr_route_set *set);

/* mcr_route_set_update asks again about at most max of the groups that were noted, the oldest
 * first, and makes their routes. Returns how many routes have changed since it last returned a
 * number (0: the table stays as it is), or -ENOMEM: nothing is lost that was noted, but what
 * mcr_route_set_note had no memory for. */
int mcr_route_set_update(struct mcr_route_set *set, size_t max);

/* mcr_route_set_remove: the interface is gone, with all that it wanted; its groups are noted. If it
 * is the upstream one, nothing goes there any more, and nothing is proxied. */
void mcr_route_set_remove(struct mcr_route_set *set, unsigned interface);

/* ---- the proxy ---- */

/* mcr_route_set_upstream: the upstream interface, MCR_ROUTE_NO_INTERFACE if there is none, or none
 * any more. */
unsigned mcr_route_set_upstream(const struct mcr_route_set *set);

/* mcr_route_set_proxied: what the downstream interfaces want of a group together (RFC 4605 §4.1),
 * for the host's side of the upstream interface: INCLUDE{} also of groups in its scopes. Valid
 * until the next update. */
void mcr_route_set_proxied(const struct mcr_route_set *set, struct mcr_address group,
			   struct mcr_source_filter *out);

/* mcr_route_set_take_proxied gives a group of which mcr_route_set_proxied is another since it was
 * last given, once. Returns 1, or 0: there is none. */
int mcr_route_set_take_proxied(struct mcr_route_set *set, struct mcr_address *group);

/* mcr_route_set_give_back: the group that was taken last could not be told. It is given again,
 * after all others: so stop taking at the first that fails, or do not go on beyond it. */
void mcr_route_set_give_back(struct mcr_route_set *set, struct mcr_address group);

/* ---- to look at ---- */

/* A route as it is shown: of (*, G) the outputs of any source that has no entry of its own, of (S,
 * G) those of a listed source, maybe none. */
struct mcr_route_entry {
	struct mcr_address group, source; /* source: none = (*, G) */
	uint64_t outputs;
};

/* mcr_route_set_groups: how many groups have a route. */
size_t mcr_route_set_groups(const struct mcr_route_set *set);
/* mcr_route_set_proxied_groups: how many groups are wanted upstream. */
size_t mcr_route_set_proxied_groups(const struct mcr_route_set *set);

/* mcr_route_set_each calls each() with (*, G) of every group that has a route, then with the (S, G)
 * of the group, ascending; groups in no order. */
void mcr_route_set_each(const struct mcr_route_set *set,
			void (*each)(void *ctx, const struct mcr_route_entry *entry), void *ctx);

/* mcr_route_set_some does the same in pieces: from *at (0 at first), which it moves on, until it
 * has looked at `enough` entries or a few more. Routes that come or go between two calls may be
 * missing or come twice. Returns 1 at the end, else 0. */
int mcr_route_set_some(const struct mcr_route_set *set, size_t *at, size_t enough,
		       void (*each)(void *ctx, const struct mcr_route_entry *entry), void *ctx);

#endif
