/* SPDX-License-Identifier: BSD-3-Clause */
/* What the group table's files share. Private to group_table.c and group_table_build.c. */
#ifndef MCR_CORE_GROUP_CLAUSE_H
#define MCR_CORE_GROUP_CLAUSE_H

#include "core/group_table.h"

/* The filter of one rule. */
struct mcr_group_clause {
	uint32_t id;
	uint32_t source; /* the first of its ascending list, in the array of its group's family */
	uint16_t n_sources;
	uint16_t include; /* 1: listed sources match, 0: all others do */
};

/* mcr_group_place: an empty place for an entry in a table that is being built, or NULL when a
 * lookup would look at more than `most` entries. The caller fills it in; of IPv6 the group is
 * there. */
struct mcr_group_entry *mcr_group_place(const struct mcr_group_table *table, uint64_t key,
					uint32_t most);
struct mcr_group_entry *mcr_group_place_ipv6(const struct mcr_group_table *table, uint64_t key,
					     const struct mcr_address *group, uint32_t most);

#endif
