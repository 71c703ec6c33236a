/* SPDX-License-Identifier: BSD-3-Clause */
/* All joins of the engine, and what follows from them: the rules of the group table and the groups
 * that each interface is a member of. A set is made from the one before and replaces it whole, so a
 * change takes effect wholly or not at all. No DPDK, no I/O. Thread: control. */
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
	uint32_t group_be;
	uint32_t slot; /* of its counters, < MCR_MEMBERSHIPS_MAX */
	uint16_t interface;
	uint16_t udp_port; /* of all joins; 0 = any, or they differ */
	unsigned joins, joins_of[MCR_JOIN_MAKERS];
	uint64_t channels;                      /* of the joins: a mask */
	struct mcr_source_filter source_filter; /* sources_be owned, ascending */
	uint64_t joined_ns;                     /* CLOCK_REALTIME */
};

struct mcr_join_set {
	struct mcr_join *joins;        /* names resolved, in the order they were added */
	struct mcr_rule *rules;        /* n_joins, in the same order */
	struct mcr_join_owner *owners; /* likewise */
	size_t n_joins;
	size_t joins_in[MCR_CHANNELS_MAX], groups_on[MCR_INTERFACES_MAX];
	struct mcr_group *groups; /* ascending by interface, then group */
	size_t n_groups;
};

/* What is to become of the joins. All zero: nothing. */
struct mcr_join_change {
	struct mcr_join_owner owner; /* of what is removed and added */
	const struct mcr_join *remove, *add;
	size_t n_remove, n_add;
	uint64_t channels;      /* a mask: every join into them goes, whosever it is */
	const uint64_t *living; /* not NULL: of consumers only the joins of these stay; ascending */
	size_t n_living;
};

/* mcr_join_change_drops: 1 when join i of the set goes by its channel or its consumer's end. */
int mcr_join_change_drops(const struct mcr_join_change *change, const struct mcr_join_set *set,
			  size_t i);

/* mcr_join_set_change makes the set after a change. Groups that stay keep slot and joined_ns. A
 * join is removed from its owner's only; the operator's own come first, then the configuration's.
 * Costs n log n of the joins before and after. Errors, with err filled and nothing changed:
 * -EINVAL, -ENOENT, -ENOSPC, -ENOMEM. */
int mcr_join_set_change(struct mcr_join_set **out, const struct mcr_join_set *old,
			const struct mcr_join_change *change, const struct mcr_join_names *names,
			struct mcr_slots *slots, uint64_t realtime_ns, struct mcr_error *err);

/* mcr_join_set_undo frees a set that never came into use and gives its new slots back. */
void mcr_join_set_undo(struct mcr_join_set *set, const struct mcr_join_set *old,
		       struct mcr_slots *slots);

/* mcr_join_set_destroy frees. Slots are the caller's business. NULL is allowed. */
void mcr_join_set_destroy(struct mcr_join_set *set);

/* mcr_join_set_find: the group of this interface, or NULL. */
const struct mcr_group *mcr_join_set_find(const struct mcr_join_set *set, uint16_t interface,
					  uint32_t group_be);

#endif
