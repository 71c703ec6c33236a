/* SPDX-License-Identifier: BSD-3-Clause */
/* The questions after somebody left (RFC 9776 §6.6.3). The schedule of a group's sources is one: a
 * new question about some of them asks for all that are still to be asked for.
 *
 * Leaves out the option of §6.6.3.2 not to ask for sources that have been heard of when the group
 * is asked for at the same time. */
#include "core/querier/members_table.h"

static void arrange(struct mcr_members *ms, struct mcr_members_group *g)
{
	uint64_t due = g->group_due_ns < g->sources_due_ns ? g->group_due_ns : g->sources_due_ns;

	mcr_members_set_due(ms, MCR_MEMBERS_QUESTIONS, g, due);
}

static void begin(struct mcr_members *ms, const struct mcr_members_rules *rules,
		  struct mcr_members_group *g, uint64_t now_ns)
{
	uint64_t until = now_ns + rules->last_member_ns;

	if (ms->asking_until_ns < until)
		ms->asking_until_ns = until;
	arrange(ms, g);
}

/* One that is overdue keeps its turn: whoever repeats leaves must not put it off until what it is
 * about has ended unasked. */
static void hurry(uint64_t *due_ns, uint64_t now_ns)
{
	if (*due_ns > now_ns)
		*due_ns = now_ns;
}

void mcr_members_ask_group(struct mcr_members *ms, const struct mcr_members_rules *rules,
			   struct mcr_members_group *g, uint64_t now_ns)
{
	g->left = (uint8_t)rules->last_member_count;
	hurry(&g->group_due_ns, now_ns);
	begin(ms, rules, g, now_ns);
}

void mcr_members_ask_sources(struct mcr_members *ms, const struct mcr_members_rules *rules,
			     struct mcr_members_group *g, uint64_t now_ns)
{
	g->in_round = 0;
	hurry(&g->sources_due_ns, now_ns);
	begin(ms, rules, g, now_ns);
}

/* All that are to be asked for at this time wait for a message. */
static void begin_round(struct mcr_members_group *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		g->sources[i].waits = g->sources[i].left > 0;
	g->in_round = 1;
}

/* When every message of this time is sent, the next is due an interval after it. */
static void end_round(const struct mcr_members_rules *rules, struct mcr_members_group *g)
{
	uint64_t next = MCR_QUERIER_NEVER;

	for (uint32_t i = 0; i < g->n; i++) {
		if (g->sources[i].waits)
			return;
		if (g->sources[i].left)
			next = g->sources_due_ns + rules->last_member_interval_ns;
	}
	g->in_round = 0;
	g->sources_due_ns = next;
}

/* Marks the sources of the next message, and lists them. */
static size_t choose(struct mcr_members *ms, struct mcr_members_group *g, int suppress,
		     size_t sources_max, uint64_t lowered_ns)
{
	size_t n = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		struct mcr_members_source *s = &g->sources[i];

		s->asked = n < sources_max && s->waits && (s->until_ns > lowered_ns) == suppress;
		if (s->asked)
			ms->scratch[n++] = s->address;
	}
	return n;
}

int mcr_members_next_question(struct mcr_members *ms, const struct mcr_members_rules *rules,
			      size_t sources_max, uint64_t now_ns, struct mcr_members_question *out)
{
	uint64_t lowered_ns = now_ns + rules->last_member_ns;

	ms->asked = NULL;
	while (mcr_members_first_due(ms, MCR_MEMBERS_QUESTIONS) <= now_ns) {
		struct mcr_members_group *g = ms->heaps[MCR_MEMBERS_QUESTIONS][0].group;

		*out = (struct mcr_members_question){.group = g->address, .sources = ms->scratch};
		ms->asked = g;
		if (g->group_due_ns <= g->sources_due_ns) {
			out->suppress = g->until_ns > lowered_ns;
			return 1;
		}
		if (!g->in_round)
			begin_round(g);
		for (int suppress = 1; suppress >= 0; suppress--) {
			out->suppress = (uint8_t)suppress;
			out->n = choose(ms, g, suppress, sources_max, lowered_ns);
			if (out->n)
				return 1;
		}
		ms->asked = NULL;
		end_round(rules, g); /* the sources that waited are gone */
		arrange(ms, g);
	}
	return 0;
}

void mcr_members_asked(struct mcr_members *ms, const struct mcr_members_rules *rules)
{
	struct mcr_members_group *g = ms->asked;

	if (!g)
		return;
	ms->asked = NULL;
	if (g->group_due_ns <= g->sources_due_ns) {
		g->left--;
		g->group_due_ns =
		    g->left ? g->group_due_ns + rules->last_member_interval_ns : MCR_QUERIER_NEVER;
	} else {
		for (uint32_t i = 0; i < g->n; i++) {
			struct mcr_members_source *s = &g->sources[i];

			s->left = (uint8_t)(s->left - s->asked);
			s->waits = s->waits && !s->asked;
			s->asked = 0;
		}
		end_round(rules, g);
	}
	arrange(ms, g);
}

uint64_t mcr_members_asking_until(const struct mcr_members *ms)
{
	return ms->asking_until_ns;
}

void mcr_members_stop_asking(struct mcr_members *ms)
{
	while (ms->n_heaps[MCR_MEMBERS_QUESTIONS] > 0) {
		struct mcr_members_group *g = ms->heaps[MCR_MEMBERS_QUESTIONS][0].group;

		for (uint32_t i = 0; i < g->n; i++)
			g->sources[i].left = g->sources[i].waits = g->sources[i].asked = 0;
		g->left = g->in_round = 0;
		g->group_due_ns = g->sources_due_ns = MCR_QUERIER_NEVER;
		arrange(ms, g);
	}
	ms->asked = NULL;
	ms->asking_until_ns = 0;
}
