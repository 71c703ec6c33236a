/* SPDX-License-Identifier: BSD-3-Clause */
/* Sends queries that are due at a limited pace (RFC 9776 §6.1, §6.6.3, §8.6, RFC 9777 §7.1,
 * §7.6.3): the general one first, then those about groups and sources in the order of their time.
 * Times are nominal: a message that goes out late moves nothing. */
#include "core/querier/querier_state.h"

/* Completes a query and hands it to the port. Returns 1, or 0 when it has to wait. */
static int put(struct mcr_querier *q, struct mcr_gmp_query *query, uint64_t now_ns,
	       mcr_gmp_send send, void *ctx)
{
	if (!mcr_gmp_pace_allows(&q->pace, q->cfg.burst, now_ns))
		return 0;
	query->source = q->cfg.address;
	query->level = q->level;
	query->qrv = q->timing.qrv;
	query->qqic = q->timing.qqic;
	if (send(ctx, q->packet, q->wire->write_query(q->packet, query)) != 0) {
		q->stats.tx_retries++;
		mcr_gmp_pace_refused(&q->pace, now_ns);
		return 0;
	}
	q->pace.sent++;
	return 1;
}

/* RFC 9776 §8.6, §8.7. What was missed for longer than an interval is not made up for. */
static void schedule_general(struct mcr_querier *q, uint64_t now_ns)
{
	uint64_t interval_ns;

	if (q->startup_left)
		q->startup_left--;
	interval_ns = q->startup_left ? q->timing.startup_interval_ns : q->timing.interval_ns;
	q->next_query_ns += interval_ns;
	if (q->next_query_ns <= now_ns)
		q->next_query_ns = now_ns + interval_ns;
}

static int ask_all(struct mcr_querier *q, uint64_t now_ns, mcr_gmp_send send, void *ctx)
{
	struct mcr_gmp_query query = {.code = q->timing.response_code};

	if (q->next_query_ns > now_ns)
		return 1;
	if (!put(q, &query, now_ns, send, ctx))
		return 0;
	q->stats.tx_general++;
	q->last_general_ns = now_ns;
	schedule_general(q, now_ns);
	return 1;
}

/* Since an older querier is heard, nobody can be asked about sources: that question is over. */
static int ask_group(struct mcr_querier *q, const struct mcr_members_question *question,
		     uint64_t now_ns, mcr_gmp_send send, void *ctx)
{
	struct mcr_gmp_query query = {.group = question->group,
				      .sources = question->sources,
				      .n_sources = question->n,
				      .code = q->timing.last_member_code,
				      .suppress = question->suppress};

	if (question->n && q->level < MCR_GMP_LEVEL_NEWEST)
		return 1;
	if (!put(q, &query, now_ns, send, ctx))
		return 0;
	if (question->n)
		q->stats.tx_sources++;
	else
		q->stats.tx_group++;
	return 1;
}

void mcr_querier_ask(struct mcr_querier *q, uint64_t now_ns, mcr_gmp_send send, void *ctx)
{
	const struct mcr_members_rules rules = mcr_querier_rules(q);
	size_t sources_max = rules.may_ask_sources ? mcr_gmp_query_sources(q->wire, q->cfg.mtu)
						   : SIZE_MAX; /* no message: see ask_group */
	struct mcr_members_question question;

	if (!rules.may_ask || now_ns < q->pace.blocked_ns || !ask_all(q, now_ns, send, ctx))
		return;
	while (mcr_members_next_question(q->members, &rules, sources_max, now_ns, &question)) {
		if (!ask_group(q, &question, now_ns, send, ctx))
			return;
		mcr_members_asked(q->members, &rules);
	}
}

/* What is due and still there has to wait. */
uint64_t mcr_querier_ask_due(const struct mcr_querier *q, uint64_t now_ns)
{
	uint64_t due_ns = mcr_members_due(q->members);

	if (q->role == MCR_QUERIER_US && q->next_query_ns < due_ns)
		due_ns = q->next_query_ns;
	return due_ns <= now_ns && q->pace.blocked_ns > now_ns ? q->pace.blocked_ns : due_ns;
}
