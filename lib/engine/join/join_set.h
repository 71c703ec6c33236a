/* SPDX-License-Identifier: BSD-3-Clause */
/* All joins of the engine, and what follows from them: the rules of the group table, and the groups
 * of which each interface is a member. A set is made from the one before it and replaces it as a
 * whole, so a change takes effect as a whole or not at all. No DPDK, no I/O. Thread: control. */
#ifndef MCR_ENGINE_JOIN_SET_H
#define MCR_ENGINE_JOIN_SET_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/engine.h>

#include "core/group_table.h"
#include "core/source_filter.h"
#include "engine/join/join_resolve.h"
#include "engine/join/slots.h"

/* A membership: the union of the joins of one group on one interface. */
struct mcr_group {
	struct mcr_address group;
	uint32_t slot; /* of its counters, < MCR_MEMBERSHIPS_MAX */
	uint16_t interface;
	uint16_t udp_port; /* that all joins name; 0 = any, or several */
	unsigned joins, joins_of[MCR_JOIN_MAKERS];
	uint64_t channels;                      /* that the joins are for: a mask */
	struct mcr_source_filter source_filter; /* sources owned, ascending */
	uint64_t joined_ns;                     /* CLOCK_REALTIME */
};

struct mcr_join_set {
	struct mcr_join *joins;        /* names resolved, in the order they were added */
	struct mcr_address *sources;   /* those of all joins */
	struct mcr_rule *rules;        /* n_joins, in the same order */
	struct mcr_join_owner *owners; /* likewise */
	size_t n_joins;
	size_t joins_in[MCR_CHANNELS_MAX], groups_on[MCR_INTERFACES_MAX];
	struct mcr_group *groups; /* ascending by interface, then group */
	size_t n_groups;
};

/* A change of the joins. All zero: no change. */
struct mcr_join_change {
	struct mcr_join_owner owner; /* of the joins that are removed and added */
	const struct mcr_join *remove, *add;
	size_t n_remove, n_add;
	uint64_t channels;      /* a mask: every join into them is removed, whoever owns it */
	const uint64_t *living; /* not NULL: of all consumers' joins only theirs stay; ascending */
	size_t n_living;
};

/* mcr_join_change_drops: 1 when join i of the set is removed because its channel or its consumer
 * ends. */
int mcr_join_change_drops(const struct mcr_join_change *change, const struct mcr_join_set *set,
			  size_t i);

/* mcr_join_set_change makes the set after a change. Groups that stay keep slot and joined_ns. Only
 * joins of change->owner are removed; the operator's own first, and then the configuration's, too.
 * Costs n log n of the joins before and after. Errors, with err filled and nothing changed:
 * -EINVAL, -ENOENT, -ENOSPC, -ENOMEM. */
int mcr_join_set_change(struct mcr_join_set **out, const struct mcr_join_set *old,
			const struct mcr_join_change *change, const struct mcr_join_names *names,
			struct mcr_slots *slots, uint64_t realtime_ns, struct mcr_error *err);

/* mcr_join_set_undo frees a set that was never used and gives its new slots back. */
void mcr_join_set_undo(struct mcr_join_set *set, const struct mcr_join_set *old,
		       struct mcr_slots *slots);

/* mcr_join_set_destroy frees a set. The caller gives its slots back. NULL is allowed. */
void mcr_join_set_destroy(struct mcr_join_set *set);

/* mcr_join_set_find: the group on this interface, or NULL. */
const struct mcr_group *mcr_join_set_find(const struct mcr_join_set *set, uint16_t interface,
					  struct mcr_address group);

#endif
