/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/state/kernel_groups.h"
#include "engine/state/log.h"
#include "engine/state/publish.h"
#include "engine/state/state.h"

int mcr_engine_mark_shared(const struct mcr_engine *e, struct mcr_join_set *set)
{
	int changed = 0;

	for (size_t i = 0; i < set->n_joins; i++) {
		struct mcr_rule *rule = &set->rules[i];
		const struct mcr_kernel_path *k = e->interfaces[rule->interface].kernel;
		uint8_t is_shared = mcr_kernel_path_has_joined(k, rule->join->group) != 0;

		changed |= is_shared != rule->is_shared;
		rule->is_shared = is_shared;
	}
	return changed;
}

void mcr_engine_follow_kernel_groups(struct mcr_engine *e)
{
	struct mcr_group_table *table = NULL;

	if (!mcr_engine_mark_shared(e, e->joins)) {
		mcr_engine_publish_ports(e);
		return;
	}
	if (mcr_group_table_create(&table, e->joins->rules, e->joins->n_joins) == 0 &&
	    mcr_engine_publish(e, table, NULL) == 0)
		return;
	mcr_group_table_destroy(table);
	mcr_engine_log(e, MCR_LOG_ERROR,
		       "no memory to show rx lcores which groups the kernel has joined");
}
