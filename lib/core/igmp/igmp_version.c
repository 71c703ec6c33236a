/* SPDX-License-Identifier: BSD-3-Clause */
/* Follows the timers of older queriers; a change of version converts the groups (RFC 9776 §7.2.1).
 */
#include "core/igmp/igmp_state.h"

/* After a change of version the group sends nothing of the old version any more, but reports in the
 * new one a change that has not gone out once. D4: back in v3, it reports its whole state at once.
 */
static void convert_group(struct mcr_igmp *igmp, struct mcr_igmp_group *g)
{
	mcr_igmp_forget_answer(igmp, g);
	mcr_membership_cancel(&g->membership);
	if (!g->unsent) {
		g->change_due_ns = MCR_IGMP_NEVER;
		g->copies = 0;
	}
	if (!g->unsent && !mcr_membership_wanted(&g->membership))
		mcr_igmp_drop_group(igmp, g);
	else if (igmp->version == 3)
		mcr_igmp_announce_group(igmp, g);
	else
		mcr_igmp_groups_wake(&igmp->groups, g);
}

static void switch_version(struct mcr_igmp *igmp, uint8_t version)
{
	struct mcr_igmp_group *next;

	igmp->version = version;
	igmp->stats.version_changes++;
	igmp->stats.tx_cancelled += igmp->queue.n - igmp->queue.head;
	igmp->queue.n = igmp->queue.head = 0;
	igmp->sweep.due_ns = MCR_IGMP_NEVER;
	igmp->last_old_general_ns = 0;
	for (struct mcr_igmp_group *g = igmp->groups.first; g; g = next) {
		next = g->next;
		convert_group(igmp, g);
	}
}

void mcr_igmp_refresh_version(struct mcr_igmp *igmp, uint64_t now_ns)
{
	uint8_t version = igmp->cfg.version;

	if (now_ns >= igmp->v1_until_ns)
		igmp->v1_until_ns = 0;
	if (now_ns >= igmp->v2_until_ns)
		igmp->v2_until_ns = 0;
	if (!version)
		version = igmp->v1_until_ns ? 1 : igmp->v2_until_ns ? 2 : 3;
	if (version != igmp->version)
		switch_version(igmp, version);
}
