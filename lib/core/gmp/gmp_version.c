/* SPDX-License-Identifier: BSD-3-Clause */
/* Follows the timers of older queriers; a change of version converts the groups (RFC 9776 §7.2.1).
 */
#include "core/gmp/gmp_state.h"

/* After a change of version the group sends nothing of the old version any more, but reports in the
 * new one a change that has not gone out once. D4: back in v3, it reports its whole state at once.
 */
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
	else if (gmp->version == 3)
		mcr_gmp_announce_group(gmp, g);
	else
		mcr_gmp_groups_wake(&gmp->groups, g);
}

static void switch_version(struct mcr_gmp *gmp, uint8_t version)
{
	struct mcr_gmp_group *next;

	gmp->version = version;
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
	uint8_t version = gmp->cfg.version;

	if (now_ns >= gmp->v1_until_ns)
		gmp->v1_until_ns = 0;
	if (now_ns >= gmp->v2_until_ns)
		gmp->v2_until_ns = 0;
	if (!version)
		version = gmp->v1_until_ns ? 1 : gmp->v2_until_ns ? 2 : 3;
	if (version != gmp->version)
		switch_version(gmp, version);
}
