/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is the querier (RFC 9776 §6.6.2, RFC 9777 §7.6.2, RFC 2236 §3), which version is in use (RFC
 * 9776 §7.3.1, RFC 9777 §8.3.1), and so which times hold. */
#include "core/querier/querier_state.h"

#include <string.h>

/* More counts as this: it only feeds our timeouts. */
#define ADOPTED_MAX_NS (3600 * MCR_QUERIER_SECOND_NS)

/* The times that hold follow from the role, the level in use, and what the querier says. */
static void settle(struct mcr_querier *q)
{
	int is_other = q->role != MCR_QUERIER_US && q->other.until_ns;

	mcr_querier_timing_at(&q->timing, &q->cfg, q->level, is_other ? &q->other : NULL);
}

static void become_querier(struct mcr_querier *q, uint64_t from_ns)
{
	q->role = MCR_QUERIER_US;
	q->yield_ns = 0;
	q->other = (struct mcr_querier_other){0};
	settle(q);
	q->next_query_ns = from_ns;
	q->startup_left = q->timing.startup_count;
}

/* Nothing is asked any more, whatever the new role. */
static void fall_silent(struct mcr_querier *q, enum mcr_querier_role role)
{
	q->role = (uint8_t)role;
	q->yield_ns = 0;
	q->next_query_ns = MCR_QUERIER_NEVER;
	q->startup_left = 0;
	mcr_members_stop_asking(q->members);
}

static void step_down(struct mcr_querier *q)
{
	q->stats.elections += q->role == MCR_QUERIER_US;
	fall_silent(q, MCR_QUERIER_OTHER);
}

void mcr_querier_start(struct mcr_querier *q, uint64_t now_ns)
{
	q->other = (struct mcr_querier_other){0};
	memset(q->older_until_ns, 0, sizeof(q->older_until_ns));
	q->level = q->configured_level;
	if (mcr_address_is_none(q->cfg.address)) {
		fall_silent(q, MCR_QUERIER_SILENT);
	} else if (q->cfg.is_auto) {
		fall_silent(q, MCR_QUERIER_WAITING);
	} else {
		become_querier(q, now_ns);
		return;
	}
	settle(q);
	if (q->role == MCR_QUERIER_WAITING)
		q->next_query_ns = now_ns + q->timing.other_querier_ns;
}

/* At level 1 nobody is asked about a group. */
static void set_level(struct mcr_querier *q, uint8_t level)
{
	if (level == q->level)
		return;
	q->level = level;
	if (level == 1)
		mcr_members_stop_asking(q->members);
	settle(q);
}

static void forget_older(struct mcr_querier *q, uint64_t now_ns)
{
	uint8_t level = q->configured_level;

	for (uint8_t older = MCR_GMP_LEVEL_NEWEST - 1; older > 0; older--) {
		if (q->older_until_ns[older] <= now_ns)
			q->older_until_ns[older] = 0;
		else if (older < level)
			level = older;
	}
	set_level(q, level);
}

/* §6.6.2: whoever is not heard for OQPI is the querier no longer, and we are. */
static void other_is_gone(struct mcr_querier *q)
{
	uint64_t from_ns = q->other.until_ns;

	if (q->role == MCR_QUERIER_OTHER) {
		q->stats.elections++;
		become_querier(q, from_ns);
		return;
	}
	q->other = (struct mcr_querier_other){0};
	q->yield_ns = 0;
	settle(q);
}

void mcr_querier_advance(struct mcr_querier *q, uint64_t now_ns)
{
	forget_older(q, now_ns);
	if (q->yield_ns && q->yield_ns <= now_ns) {
		step_down(q);
		settle(q);
	}
	if (q->other.until_ns && q->other.until_ns <= now_ns)
		other_is_gone(q);
	if (q->role == MCR_QUERIER_WAITING && q->next_query_ns <= now_ns)
		become_querier(q, q->next_query_ns);
}

/* The lowest address wins: numbers in network order (§6.6.2). Addresses of one family compare like
 * their octets. */
static int is_lower(const struct mcr_querier *q, struct mcr_address address)
{
	return memcmp(address.octets, q->cfg.address.octets, sizeof(address.octets)) < 0;
}

static uint64_t adopted(uint64_t said_ns)
{
	return said_ns < ADOPTED_MAX_NS ? said_ns : ADOPTED_MAX_NS;
}

/* RFC 9776 §4.1.6-7, RFC 9777 §5.1.8-9: 0 stands for the default. An old question about a group
 * tells no version, so it takes nothing back: pimd 2.3.2 mixes them with queries of version 3. */
static void note_values(struct mcr_querier_other *other, const struct mcr_gmp_message *query,
			int is_general)
{
	if (query->level < MCR_GMP_LEVEL_NEWEST) {
		if (is_general) {
			other->robustness = 0;
			other->interval_ns = other->response_ns = 0;
		}
		return;
	}
	uint32_t s = query->interval_s ? query->interval_s : MCR_QUERIER_INTERVAL_S;

	other->robustness = query->qrv ? query->qrv : MCR_QUERIER_ROBUSTNESS;
	other->interval_ns = adopted(s * MCR_QUERIER_SECOND_NS);
	if (is_general)
		other->response_ns = adopted(query->response_ns);
}

/* RFC 2236 §3: below level 3 a querier that waits for answers to a leave goes on for as long. Later
 * leaves do not prolong that. */
static void lose(struct mcr_querier *q, uint64_t now_ns)
{
	uint64_t asking_until_ns = mcr_members_asking_until(q->members);

	if (q->role == MCR_QUERIER_SILENT || q->role == MCR_QUERIER_OTHER || q->yield_ns)
		return;
	if (q->role == MCR_QUERIER_US && q->level < MCR_GMP_LEVEL_NEWEST &&
	    asking_until_ns > now_ns)
		q->yield_ns = asking_until_ns;
	else
		step_down(q);
}

/* OQPI by what the other one says, though we may still be the querier for a moment: lose. */
static uint64_t patience_ns(const struct mcr_querier *q)
{
	struct mcr_querier_timing timing;

	mcr_querier_timing_at(&timing, &q->cfg, q->level, &q->other);
	return timing.other_querier_ns;
}

/* Two in auto that ask at the same time silence each other. The one with the lower address is to be
 * the first to ask again. */
static uint64_t courtesy_ns(const struct mcr_querier *q, struct mcr_address address, int was_us,
			    uint64_t now_ns)
{
	int is_tie = q->cfg.is_auto && was_us &&
		     now_ns - q->last_general_ns < MCR_QUERIER_SECOND_NS && is_lower(q, address);

	return is_tie ? MCR_QUERIER_SECOND_NS : 0;
}

void mcr_querier_hear(struct mcr_querier *q, const struct mcr_gmp_message *query, int is_general,
		      uint64_t now_ns)
{
	int is_older = is_general && query->level < q->configured_level;
	int was_us = q->role == MCR_QUERIER_US;
	int wins = q->cfg.is_auto || q->role == MCR_QUERIER_SILENT || is_lower(q, query->source);

	if (query->level > q->configured_level) {
		q->stats.newer_queries++;
		q->stats.last_newer = query->source;
	} else if (is_older) {
		q->stats.older_queries++;
		q->stats.last_older = query->source;
	}
	if (is_older && query->level < q->level)
		set_level(q, query->level);
	if (wins) {
		if (!mcr_address_is_equal(q->other.address, query->source))
			q->other = (struct mcr_querier_other){.address = query->source};
		note_values(&q->other, query, is_general);
		q->other.until_ns = MCR_QUERIER_NEVER; /* until it is known below */
		lose(q, now_ns);
		settle(q);
		q->other.until_ns =
		    now_ns + patience_ns(q) + courtesy_ns(q, query->source, was_us, now_ns);
	}
	if (is_older)
		q->older_until_ns[query->level] = now_ns + q->timing.other_querier_ns;
}

static void earlier(uint64_t *deadline, uint64_t other)
{
	if (other && other < *deadline)
		*deadline = other;
}

uint64_t mcr_querier_role_due(const struct mcr_querier *q)
{
	uint64_t due_ns = q->role == MCR_QUERIER_WAITING ? q->next_query_ns : MCR_QUERIER_NEVER;

	earlier(&due_ns, q->yield_ns);
	earlier(&due_ns, q->other.until_ns);
	for (unsigned level = 1; level < MCR_GMP_LEVEL_NEWEST; level++)
		earlier(&due_ns, q->older_until_ns[level]);
	return due_ns;
}

struct mcr_members_rules mcr_querier_rules(const struct mcr_querier *q)
{
	uint8_t may_ask = q->role == MCR_QUERIER_US;
	uint64_t ticks = q->timing.last_member_interval_ns / MCR_GMP_TICK_NS;
	uint64_t questions_max = q->cfg.burst * (ticks ? ticks : 1);

	return (struct mcr_members_rules){
	    .membership_ns = q->timing.membership_ns,
	    .older_host_ns = q->timing.older_host_ns,
	    .last_member_ns = q->timing.last_member_ns,
	    .last_member_interval_ns = q->timing.last_member_interval_ns,
	    .last_member_count = q->timing.last_member_count,
	    .questions_max = (uint32_t)(questions_max < UINT32_MAX ? questions_max : UINT32_MAX),
	    .may_ask = may_ask,
	    .may_ask_sources = may_ask && q->level == MCR_GMP_LEVEL_NEWEST,
	    .may_ask_groups = may_ask && q->level > 1,
	    .fast_leave = q->cfg.fast_leave,
	};
}
