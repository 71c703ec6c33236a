/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/why/why_state.h"
#include "engine/why/why_limits.h"

enum mcr_why_state mcr_why_state_of(uint64_t packets, uint64_t first_ns, uint64_t last_ns,
				    uint64_t since_ns, uint64_t now_ns)
{
	uint64_t patience = MCR_WHY_FLOWS_NS, gap = 0;

	if (last_ns == 0)
		return now_ns < since_ns + MCR_WHY_NEW_NS ? MCR_WHY_STATE_FRESH
							  : MCR_WHY_STATE_NEVER;
	if (packets > 1 && last_ns > first_ns)
		gap = (last_ns - first_ns) / (packets - 1);
	if (gap > patience / MCR_WHY_FLOWS_GAPS)
		patience = gap * MCR_WHY_FLOWS_GAPS;
	return now_ns < last_ns + patience ? MCR_WHY_STATE_FLOWS : MCR_WHY_STATE_STOPPED;
}

enum mcr_why_state mcr_why_group_state(const struct mcr_group_info *g, uint64_t now_ns)
{
	return mcr_why_state_of(g->packets, g->first_ns, g->last_ns, g->joined_ns, now_ns);
}

void mcr_why_tally_add(struct mcr_why_evidence *e, const struct mcr_group_info *g)
{
	const int i = mcr_why_interface_named(e, g->interface);
	struct mcr_why_tally *tally;

	if (i < 0)
		return;
	tally = &e->interfaces[i].tally[mcr_address_is_ipv6(g->group)];
	tally->groups++;
	tally->with_sources += g->n_sources > 0;
	if (tally->since_ns == 0 || g->joined_ns < tally->since_ns)
		tally->since_ns = g->joined_ns;
	switch (mcr_why_group_state(g, e->now_ns)) {
	case MCR_WHY_STATE_FLOWS:
		tally->flow++;
		if (!mcr_address_is_equal(g->group, e->query.group))
			tally->example = g->group;
		break;
	case MCR_WHY_STATE_STOPPED:
		tally->stopped++;
		break;
	case MCR_WHY_STATE_NEVER:
		tally->never++;
		break;
	case MCR_WHY_STATE_FRESH:
		tally->fresh++;
		break;
	}
}

int mcr_why_is_now(uint64_t at_ns, uint64_t now_ns)
{
	return at_ns != 0 && now_ns < at_ns + MCR_WHY_NOW_NS;
}
