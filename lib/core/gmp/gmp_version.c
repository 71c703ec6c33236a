/* SPDX-License-Identifier: BSD-3-Clause */
/* Follows the timers of older queriers; a change of version converts the groups (RFC 9776 §7.2.1,
 * RFC 9777 §8.2.1). */
#include "core/gmp/gmp_state.h"

/* After a change of version the group sends nothing of the old version any more, but reports in the
 * new one a change that has not gone out once. D4: back at the newest, it reports its whole state
 * at once. */
static void convert_group(struct mcr_gmp *gmp, struct mcr_gmp_group *g)
{
	mcr_gmp_forget_answer(gmp, g);
	mcr_membership_cancel(&g->membership);
	if (!g->unsent) {
		g->change_due_ns = MCR_GMP_NEVER;
		g->copies = 0;
	}
	if (!g->unsent && !mcr_membership_wanted(&g->membership))
		mcr_gmp_drop_group(gmp, g);
	else if (gmp->level == MCR_GMP_LEVEL_NEWEST)
		mcr_gmp_announce_group(gmp, g);
	else
		mcr_gmp_groups_wake(&gmp->groups, g);
}

static void switch_version(struct mcr_gmp *gmp, uint8_t level)
{
	struct mcr_gmp_group *next;

	gmp->level = level;
	gmp->stats.version_changes++;
	gmp->stats.tx_cancelled += gmp->queue.n - gmp->queue.head;
	gmp->queue.n = gmp->queue.head = 0;
	gmp->sweep.due_ns = MCR_GMP_NEVER;
	gmp->last_old_general_ns = 0;
	for (struct mcr_gmp_group *g = gmp->groups.first; g; g = next) {
		next = g->next;
		convert_group(gmp, g);
	}
}

void mcr_gmp_refresh_version(struct mcr_gmp *gmp, uint64_t now_ns)
{
	uint8_t level = MCR_GMP_LEVEL_NEWEST; /* the oldest querier present gives it */

	for (uint8_t older = MCR_GMP_LEVEL_NEWEST - 1; older > 0; older--) {
		if (now_ns >= gmp->until_ns[older])
			gmp->until_ns[older] = 0;
		if (gmp->until_ns[older])
			level = older;
	}
	if (gmp->cfg.version)
		level = mcr_gmp_level_of(gmp->wire, gmp->cfg.version);
	if (level != gmp->level)
		switch_version(gmp, level);
}
