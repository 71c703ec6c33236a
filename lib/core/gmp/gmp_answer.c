/* SPDX-License-Identifier: BSD-3-Clause */
/* When we answer a query, and about what (RFC 9776 §5.2, RFC 2236 §6; RFC 9777 §6.2, RFC
 * 2710 §4). */
#include "core/gmp/gmp_state.h"

#include <stdlib.h>

#include "core/source_set.h"

/* Older general queries that are closer together than this count as one: each costs a walk over all
 * groups, which may be thousands, and a storm of them must not take the control thread's time. */
#define SAME_QUERY_NS 10000000u

/* RFC 2236 §6: one timer per group, drawn again only if it would run longer than is allowed now. */
static void schedule_old_group(struct mcr_gmp *gmp, struct mcr_gmp_group *g, uint64_t response_ns,
			       uint64_t now_ns)
{
	if (g->answer_due_ns != MCR_GMP_NEVER && g->answer_due_ns <= now_ns + response_ns)
		return;
	g->answer_due_ns = now_ns + mcr_gmp_delay(gmp, response_ns);
	mcr_gmp_groups_wake(&gmp->groups, g);
}

static void schedule_old_general(struct mcr_gmp *gmp, uint64_t response_ns, uint64_t now_ns)
{
	if (gmp->last_old_general_ns && now_ns - gmp->last_old_general_ns < SAME_QUERY_NS &&
	    gmp->last_old_response_ns <= response_ns) {
		gmp->stats.absorbed++;
		return;
	}
	gmp->last_old_general_ns = now_ns;
	gmp->last_old_response_ns = response_ns;
	for (struct mcr_gmp_group *g = gmp->groups.first; g; g = g->next)
		if (mcr_membership_wanted(&g->membership))
			schedule_old_group(gmp, g, response_ns, now_ns);
}

/* A delay that a query of the newest version allows. Code 0 means at once, which is the next tick
 * (H-QR-3). */
static uint64_t draw_response(struct mcr_gmp *gmp, uint64_t response_ns)
{
	return response_ns ? mcr_gmp_delay(gmp, response_ns) : MCR_GMP_TICK_NS;
}

/* RFC 9776 §5.2 rules 1 and 2, for an answer that may take several messages: the pending schedule
 * stays if it is sooner, and goes on until every group has been reported once more. */
static void schedule_sweep(struct mcr_gmp *gmp, uint64_t response_ns, uint64_t now_ns)
{
	struct mcr_gmp_sweep *s = &gmp->sweep;
	/* A record does not cross messages: allow for the octets that stay unused. */
	uint64_t room = mcr_gmp_capacity(gmp);
	uint64_t messages = gmp->record_bytes / room + (gmp->record_bytes % room != 0);
	uint64_t slot_ns =
	    (response_ns ? response_ns : MCR_GMP_TICK_NS) / (messages ? messages : 1);

	if (!gmp->n_wanted)
		return;
	if (slot_ns == 0)
		slot_ns = 1;
	uint64_t due_ns = now_ns + (response_ns ? mcr_gmp_delay(gmp, slot_ns) : slot_ns);
	int is_running = s->due_ns != MCR_GMP_NEVER;

	s->end_ns = now_ns + (response_ns ? response_ns : MCR_GMP_TICK_NS);
	s->from_ns = now_ns;
	if (is_running) {
		gmp->stats.absorbed++;
		due_ns = due_ns < s->due_ns ? due_ns : s->due_ns;
		slot_ns = slot_ns < s->slot_ns ? slot_ns : s->slot_ns;
		s->from_ns = due_ns > slot_ns ? due_ns - slot_ns : 0;
	}
	s->due_ns = due_ns;
	s->slot_ns = slot_ns;
	s->messages = (uint32_t)messages;
	s->number++;
	s->left = gmp->groups.n;
}

void mcr_gmp_schedule_general(struct mcr_gmp *gmp, uint64_t response_ns, uint64_t now_ns)
{
	if (gmp->level == MCR_GMP_LEVEL_NEWEST)
		schedule_sweep(gmp, response_ns, now_ns);
	else
		schedule_old_general(gmp, response_ns ? response_ns : MCR_GMP_TICK_NS, now_ns);
}

/* Adds n sources (in scratch) to those that the group's answer is about. Returns 0 when there is no
 * room: then the whole state is the answer. */
static int record_sources(struct mcr_gmp *gmp, struct mcr_gmp_group *g, size_t n)
{
	size_t cap = g->n_recorded + n;

	if (cap > MCR_GMP_RECORDED_GROUP_MAX ||
	    gmp->n_recorded - g->cap_recorded + cap > MCR_GMP_RECORDED_MAX ||
	    mcr_gmp_reserve(gmp, g->membership.n + cap) < 0)
		return 0;
	struct mcr_address *recorded = realloc(g->recorded, cap * sizeof(*recorded));

	if (!recorded)
		return 0;
	gmp->n_recorded += (uint32_t)cap - g->cap_recorded;
	g->recorded = recorded;
	g->cap_recorded = (uint32_t)cap;
	g->n_recorded = (uint32_t)mcr_source_set_union(recorded, g->n_recorded, gmp->scratch, n);
	return 1;
}

/* RFC 9776 §5.2 rule 1: the general answer comes soon enough, and this group is in it. */
static int is_absorbed(const struct mcr_gmp *gmp, const struct mcr_gmp_group *g, uint64_t due_ns)
{
	const struct mcr_gmp_sweep *s = &gmp->sweep;

	if (s->due_ns == MCR_GMP_NEVER || g->swept == s->number)
		return 0;
	return (s->messages <= 1 ? s->due_ns : s->end_ns) <= due_ns;
}

/* Rules 3 to 5. */
static void schedule_group(struct mcr_gmp *gmp, struct mcr_gmp_group *g, size_t n,
			   uint64_t response_ns, uint64_t now_ns)
{
	uint64_t due_ns = now_ns + draw_response(gmp, response_ns);
	int is_pending = g->answer_due_ns != MCR_GMP_NEVER;

	if (is_absorbed(gmp, g, due_ns)) {
		gmp->stats.absorbed++;
		return;
	}
	if (is_pending && g->answer_due_ns < due_ns)
		due_ns = g->answer_due_ns;
	if (n == 0 || (is_pending && g->n_recorded == 0) || !record_sources(gmp, g, n))
		mcr_gmp_forget_answer(gmp, g);
	g->answer_due_ns = due_ns;
	mcr_gmp_groups_wake(&gmp->groups, g);
}

void mcr_gmp_schedule_group(struct mcr_gmp *gmp, struct mcr_gmp_group *g, size_t n,
			    uint64_t response_ns, uint64_t now_ns)
{
	if (gmp->level == MCR_GMP_LEVEL_NEWEST)
		schedule_group(gmp, g, n, response_ns, now_ns);
	else
		schedule_old_group(gmp, g, response_ns ? response_ns : MCR_GMP_TICK_NS, now_ns);
}
