/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of RFC 9776 §6.4.1, §6.4.2 and §6.5 as they stand there, on sets of three sources, and
 * every state that a group can be in before a record comes. */
#ifndef MCR_TEST_MEMBERS_MODEL_H
#define MCR_TEST_MEMBERS_MODEL_H

#include "members_rig.h"

#define MODEL_START  1u  /* when the record comes */
#define MODEL_SHORT  11u /* a timer that ends before LMQT has passed */
#define MODEL_FRESH  101u
#define MODEL_STATES (27 + 64 * 3)

struct model {
	int excludes;
	unsigned x, y; /* INCLUDE: x is A */
	uint64_t until[3], group_until;
	uint64_t older_until[2]; /* a host of level 1, of level 2 is present; 0 = none */
	unsigned asked_sources;  /* "Send Q(G,...)" */
	int asked_group;         /* "Send Q(G)" */
};

/* The states: of INCLUDE each source is absent, with a short timer or with a fresh one; of EXCLUDE
 * it is in Y as well, and the group timer is short, ends with a source's, or after all. */
static inline struct model model_state(unsigned number)
{
	struct model m = {.excludes = number >= 27};
	unsigned code = m.excludes ? (number - 27) / 3 : number;

	for (unsigned i = 0; i < 3; i++) {
		unsigned kinds = m.excludes ? 4 : 3, kind = code % kinds;

		code /= kinds;
		if (kind == 3)
			m.y |= 1u << i;
		else if (kind)
			m.x |= 1u << i;
		if (kind == 1 || kind == 2)
			m.until[i] = (kind == 1 ? MODEL_SHORT : MODEL_FRESH) + i;
	}
	if (m.excludes)
		m.group_until = (const uint64_t[]){MODEL_SHORT + 5, MODEL_FRESH + 1,
						   MODEL_FRESH + 50}[(number - 27) % 3];
	return m;
}

/* Leads a table to this state. Level 1 and 2: such a host has reported. */
static inline void model_enter(struct rig *r, struct model *m, unsigned level)
{
	uint64_t kept = r->rules.membership_ns;

	r->now = 0;
	if (m->excludes || level < 3) {
		r->rules.membership_ns = m->excludes ? m->group_until : MODEL_START;
		rig_record(r, MCR_RECORD_IS_EX, (uint8_t)level, 0);
		r->rules.membership_ns = kept;
		rig_record_for(r, MCR_RECORD_IS_IN, m->y, MODEL_START);
	}
	for (unsigned i = 0; i < 3; i++)
		if (m->x & 1u << i)
			rig_record_for(r, MCR_RECORD_IS_IN, 1u << i, m->until[i]);
	rig_at(r, MODEL_START);
	if (level < 3 && (m->excludes || m->x))
		m->older_until[level - 1] = OHPI;
	r->changes = 0;
}

static inline void model_timers(struct model *m, unsigned set, uint64_t until)
{
	for (unsigned i = 0; i < 3; i++)
		if (set & 1u << i)
			m->until[i] = until;
}

/* "Send Q(G,X)", §6.6.3.2. With fast_leave they end at once. */
static inline void model_ask(struct model *m, const struct mcr_members_rules *rules, unsigned set,
			     uint64_t now)
{
	if (!rules->may_ask || !rules->may_ask_groups)
		return;
	if (rules->fast_leave) {
		m->x &= ~set;
		if (m->excludes)
			m->y |= set;
		return;
	}
	for (unsigned i = 0; rules->may_ask_sources && i < 3; i++)
		if (set & 1u << i && m->until[i] > now + LMQT) {
			m->until[i] = now + LMQT;
			m->asked_sources |= 1u << i;
		}
}

/* "Send Q(G)", §6.6.3.1. */
static inline void model_ask_group(struct model *m, const struct mcr_members_rules *rules,
				   uint64_t now)
{
	if (!rules->may_ask || !rules->may_ask_groups)
		return;
	if (rules->fast_leave) {
		m->excludes = 0;
		m->y = 0;
		return;
	}
	if (m->group_until > now + LMQT)
		m->group_until = now + LMQT;
	m->asked_group = 1;
}

static inline void model_include(struct model *m, const struct mcr_members_rules *rules,
				 enum mcr_record type, unsigned b, uint64_t now)
{
	unsigned a = m->x;

	switch (type) {
	case MCR_RECORD_IS_IN:
	case MCR_RECORD_ALLOW:
		m->x = a | b;
		model_timers(m, b, now + GMI);
		break;
	case MCR_RECORD_IS_EX:
	case MCR_RECORD_TO_EX:
		m->excludes = 1;
		m->x = a & b;
		m->y = b & ~a;
		if (type == MCR_RECORD_TO_EX)
			model_ask(m, rules, a & b, now);
		m->group_until = now + GMI;
		break;
	case MCR_RECORD_TO_IN:
		m->x = a | b;
		model_timers(m, b, now + GMI);
		model_ask(m, rules, a & ~b, now);
		break;
	case MCR_RECORD_BLOCK:
		model_ask(m, rules, a & b, now);
		break;
	}
}

static inline void model_exclude(struct model *m, const struct mcr_members_rules *rules,
				 enum mcr_record type, unsigned a, uint64_t now)
{
	unsigned x = m->x, y = m->y;

	switch (type) {
	case MCR_RECORD_IS_IN:
	case MCR_RECORD_ALLOW:
	case MCR_RECORD_TO_IN:
		m->x = x | a;
		m->y = y & ~a;
		model_timers(m, a, now + GMI);
		if (type == MCR_RECORD_TO_IN) {
			model_ask(m, rules, x & ~a, now);
			model_ask_group(m, rules, now);
		}
		break;
	case MCR_RECORD_IS_EX:
	case MCR_RECORD_TO_EX:
		m->x = a & ~y;
		m->y = y & a;
		model_timers(m, a & ~x & ~y, type == MCR_RECORD_IS_EX ? now + GMI : m->group_until);
		if (type == MCR_RECORD_TO_EX)
			model_ask(m, rules, a & ~y, now);
		m->group_until = now + GMI;
		break;
	case MCR_RECORD_BLOCK:
		m->x = x | (a & ~y);
		model_timers(m, a & ~x & ~y, m->group_until);
		model_ask(m, rules, a & ~y, now);
		break;
	}
}

static inline unsigned model_level(const struct model *m)
{
	return m->older_until[0] ? 1 : m->older_until[1] ? 2 : 3;
}

/* A record of level 3, translated as §7.3.2 says. */
static inline void model_record(struct model *m, const struct mcr_members_rules *rules,
				enum mcr_record type, unsigned list, uint64_t now)
{
	m->asked_sources = 0;
	m->asked_group = 0;
	if (model_level(m) < 3 && type == MCR_RECORD_BLOCK)
		return;
	if (model_level(m) < 3 && type == MCR_RECORD_TO_EX)
		list = 0;
	if (model_level(m) == 1 && type == MCR_RECORD_TO_IN)
		return;
	if (m->excludes)
		model_exclude(m, rules, type, list, now);
	else
		model_include(m, rules, type, list, now);
}

/* Time passes, §6.2.2, §6.3, §6.5. */
static inline void model_expire(struct model *m, uint64_t now)
{
	for (unsigned i = 0; i < 3; i++)
		if (m->x & 1u << i && m->until[i] <= now) {
			m->x &= ~(1u << i);
			if (m->excludes)
				m->y |= 1u << i;
		}
	if (m->excludes && m->group_until <= now) {
		m->excludes = 0;
		m->y = 0;
	}
	for (unsigned i = 0; i < 2; i++) /* without the group nothing is known of its hosts */
		if (m->older_until[i] <= now || (!m->excludes && !m->x))
			m->older_until[i] = 0;
}

/* §6.3, and everything while an older host is present. */
static inline unsigned model_filter(const struct model *m)
{
	if (!m->excludes && !m->x)
		return INCLUDES(0);
	if (model_level(m) < 3)
		return EXCLUDES(0);
	return m->excludes ? EXCLUDES(m->y) : INCLUDES(m->x);
}

/* The table is in this state, with these timers. */
static inline void model_compare(struct rig *r, const struct model *m)
{
	struct mcr_querier_source sources[8];
	struct mcr_querier_group group;
	unsigned n = 0;

	assert_int_equal(rig_filter(r), model_filter(m));
	if (!rig_get(r, &group)) {
		assert_false(m->excludes || m->x);
		return;
	}
	assert_true(m->excludes || m->x);
	assert_int_equal(group.mode, m->excludes ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE);
	assert_int_equal(group.until_ns, m->excludes ? m->group_until : 0);
	assert_int_equal(mcr_members_get_sources(r->ms, 0, sources, 8), group.n_sources);
	for (unsigned i = 0; i < 3; i++) {
		const struct mcr_querier_source *s = &sources[n];

		if (!((m->x | m->y) & 1u << i))
			continue;
		n++;
		assert_in_range(n, 1, group.n_sources);
		assert_true(mcr_address_is_equal(s->address, r->sources[i]));
		assert_int_equal(s->until_ns, m->x & 1u << i ? m->until[i] : 0);
		assert_int_equal(s->is_forwarded, model_level(m) < 3 || m->x & 1u << i ? 1 : 0);
	}
	assert_int_equal(group.n_sources, n);
}

#endif
