/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers that end by themselves, or earlier because another querier asks (RFC 9776 §6.2.2, §6.3,
 * §6.5, §6.6.1). */
#include "core/querier/members_table.h"

static int has_run_out(uint64_t until_ns, uint64_t now_ns)
{
	return until_ns && until_ns <= now_ns;
}

/* Sources first: those that end together with the group timer are not wanted in INCLUDE. Returns
 * whether a source came into or left the list that is shown. */
static int end_sources(struct mcr_members_group *g, uint64_t now_ns)
{
	int ended = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		struct mcr_members_source *s = &g->sources[i];

		if (!has_run_out(s->until_ns, now_ns))
			continue;
		if (g->mode == MCR_FILTER_EXCLUDE)
			mcr_members_block(g, s);
		else
			s->dropped = 1;
		ended = 1;
	}
	return ended;
}

/* When the next timer of a group runs out. */
static uint64_t next_end(const struct mcr_members_group *g)
{
	uint64_t due = g->mode == MCR_FILTER_EXCLUDE ? g->until_ns : MCR_QUERIER_NEVER;

	for (unsigned i = 0; i < 2; i++)
		if (g->older_until_ns[i] && g->older_until_ns[i] < due)
			due = g->older_until_ns[i];
	for (uint32_t i = 0; i < g->n; i++)
		if (g->sources[i].until_ns && g->sources[i].until_ns < due)
			due = g->sources[i].until_ns;
	return due;
}

void mcr_members_end_exclude(struct mcr_members *ms, struct mcr_members_group *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		g->sources[i].dropped = !g->sources[i].until_ns;
	g->mode = MCR_FILTER_INCLUDE;
	g->until_ns = 0;
	g->n_blocked = 0;
	g->left = 0;
	g->group_due_ns = MCR_QUERIER_NEVER;
	mcr_members_set_due(ms, MCR_MEMBERS_QUESTIONS, g, g->sources_due_ns);
	mcr_members_drop(ms, g);
}

static void expire_group(struct mcr_members *ms, struct mcr_members_group *g, uint64_t now_ns)
{
	struct mcr_members_view before = mcr_members_view_of(g);
	int ended = end_sources(g, now_ns);

	ms->asked = NULL;
	for (unsigned i = 0; i < 2; i++)
		if (has_run_out(g->older_until_ns[i], now_ns))
			g->older_until_ns[i] = 0;
	if (g->mode == MCR_FILTER_EXCLUDE && has_run_out(g->until_ns, now_ns))
		mcr_members_end_exclude(ms, g);
	else if (ended && g->mode == MCR_FILTER_INCLUDE)
		mcr_members_drop(ms, g);
	mcr_members_set_due(ms, MCR_MEMBERS_TIMERS, g, next_end(g));
	mcr_members_settle(ms, g, before, ended);
}

void mcr_members_expire(struct mcr_members *ms, uint64_t now_ns)
{
	while (mcr_members_first_due(ms, MCR_MEMBERS_TIMERS) <= now_ns)
		expire_group(ms, ms->heaps[MCR_MEMBERS_TIMERS][0].group, now_ns);
	if (ms->asking_until_ns <= now_ns)
		ms->asking_until_ns = 0;
}

uint64_t mcr_members_due(const struct mcr_members *ms)
{
	uint64_t timer = mcr_members_first_due(ms, MCR_MEMBERS_TIMERS);
	uint64_t question = mcr_members_first_due(ms, MCR_MEMBERS_QUESTIONS);

	return timer < question ? timer : question;
}

void mcr_members_lower(struct mcr_members *ms, struct mcr_address group,
		       const struct mcr_address *sources, size_t n, uint64_t left_ns,
		       uint64_t now_ns)
{
	struct mcr_members_group *g = mcr_members_find(ms, group);
	uint64_t until = now_ns + left_ns ? now_ns + left_ns : 1; /* 0 = it does not run */
	size_t j = 0;
	int lowered = 0;

	if (!g)
		return;
	if (n == 0 && g->until_ns > until) {
		g->until_ns = until;
		lowered = 1;
	}
	for (uint32_t i = 0; i < g->n && j < n; i++) {
		struct mcr_members_source *s = &g->sources[i];

		while (j < n && mcr_members_compare(&sources[j], &s->address) < 0)
			j++;
		if (j < n && mcr_address_is_equal(sources[j], s->address) && s->until_ns > until) {
			s->until_ns = until;
			lowered = 1;
		}
	}
	if (lowered)
		mcr_members_set_due_by(ms, MCR_MEMBERS_TIMERS, g, until);
}
