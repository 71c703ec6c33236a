/* SPDX-License-Identifier: BSD-3-Clause */
/* The world of the test: its groups and sources. And a membership table as the RFC's tables say it,
 * with fixed arrays, to compare the real one with. It knows no elections, and of questions only
 * which timers they lower, and how many there may be (RFC 9776 §6.4, §6.5, §6.6.3, §7.3.2). */
#ifndef QUERIER_MODEL_H
#define QUERIER_MODEL_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "check.h"
#include "core/address.h"
#include "core/gmp/gmp_wire.h"

#define SOURCES     14u
#define FIRST_SSM   4u /* groups before are any-source */
#define FIRST_LOCAL 6u /* from here on in the table only */
#define NEVER       7u /* all nodes */
#define GROUPS      8u

/* Of the family: that of IPv4, or its octets at the end of one of this prefix. */
static inline struct mcr_address address(const struct mcr_gmp_wire *wire, uint16_t prefix,
					 uint32_t ipv4)
{
	struct mcr_address a = mcr_address_from_ipv4(htonl(ipv4));

	if (mcr_address_is_ipv4(wire->all_nodes))
		return a;
	memset(a.octets, 0, 12);
	a.octets[0] = (uint8_t)(prefix >> 8);
	a.octets[1] = (uint8_t)prefix;
	return a;
}

static inline struct mcr_address group(const struct mcr_gmp_wire *wire, unsigned i)
{
	if (i < FIRST_SSM)
		return address(wire, 0xff15, 0xef010200u + i);
	if (i < FIRST_LOCAL)
		return address(wire, 0xff35, 0xe8010200u + i);
	if (i == NEVER)
		return wire->all_nodes;
	return address(wire, 0xff02, 0xe0000010u + i);
}

static inline unsigned group_index(const struct mcr_gmp_wire *wire, struct mcr_address a)
{
	unsigned i = 0;

	while (i < GROUPS && !mcr_address_is_equal(a, group(wire, i)))
		i++;
	CHECK(i < GROUPS);
	return i;
}

/* From SOURCES on: addresses that no host can have. */
static inline struct mcr_address source(const struct mcr_gmp_wire *wire, unsigned k)
{
	return k < SOURCES ? address(wire, 0x2001, 0x0a000001u + k)
	       : k & 1     ? group(wire, 0)
			   : address(wire, 0, 0);
}

static inline unsigned source_index(const struct mcr_gmp_wire *wire, struct mcr_address a)
{
	unsigned k = 0;

	while (k < SOURCES && !mcr_address_is_equal(a, source(wire, k)))
		k++;
	CHECK(k < SOURCES);
	return k;
}

/* What is forwarded: sources as bits. */
struct view {
	unsigned sources;
	int exclude;
};

struct model_group {
	int is_there, exclude;
	uint64_t until;        /* of EXCLUDE */
	uint64_t old_until[3]; /* by level: 1, 2; 0 = no such host */
	int is_listed[SOURCES];
	uint64_t source_until[SOURCES];                /* 0: has run out, blocked */
	unsigned questions, source_questions[SOURCES]; /* that may still be sent */
};

struct model {
	struct model_group groups[GROUPS];
	int is_heard; /* whether the message that comes now counts */
};

struct model_rules {
	uint64_t now, membership, older_host, last_member;
	int asks; /* we are the querier */
	unsigned level, count;
	int is_fast; /* a leave ends at once */
	unsigned groups_max, sources_max;
};

struct model_record {
	unsigned type, level, group, sources;
};

static inline void model_drop(struct model_group *g, unsigned k)
{
	g->source_questions[k] = 0;
	g->is_listed[k] = 0;
	g->source_until[k] = 0;
}

static inline int model_is_empty(const struct model_group *g)
{
	for (unsigned k = 0; k < SOURCES; k++)
		if (g->is_listed[k])
			return 0;
	return !g->exclude;
}

static inline int model_old(const struct model_group *g, uint64_t now)
{
	return g->old_until[1] > now || g->old_until[2] > now;
}

/* INCLUDE: sources whose timers have run out are gone. */
static inline void model_include(struct model_group *g)
{
	g->exclude = 0;
	g->until = 0;
	for (unsigned k = 0; k < SOURCES; k++)
		if (!g->source_until[k])
			model_drop(g, k);
}

/* §6.2.2, §6.3, §6.5 */
static inline void model_expire(struct model *m, uint64_t now)
{
	for (unsigned i = 0; i < GROUPS; i++) {
		struct model_group *g = &m->groups[i];

		for (unsigned k = 0; k < SOURCES; k++)
			if (g->source_until[k] <= now)
				g->source_until[k] = 0;
		if (!g->exclude || g->until <= now)
			model_include(g);
		for (unsigned level = 1; level < 3; level++)
			if (g->old_until[level] <= now)
				g->old_until[level] = 0;
		if (model_is_empty(g))
			*g = (struct model_group){0};
	}
}

/* §6.3, R-ST-5 */
static inline int model_forwards(const struct model_group *g, unsigned k, uint64_t now)
{
	return g->source_until[k] > now || (g->exclude && !g->is_listed[k]) || model_old(g, now);
}

static inline struct view model_view(const struct model_group *g, uint64_t now)
{
	struct view v = {.exclude = g->exclude || model_old(g, now)};

	for (unsigned k = 0; k < SOURCES; k++)
		if (model_forwards(g, k, now) != v.exclude)
			v.sources |= 1u << k;
	return v;
}

/* §6.6.3: timers of what is asked about come down to the last member query time. fast_leave: what
 * would be asked about ends. */
static inline void model_ask(struct model_group *g, unsigned sources, const struct model_rules *r)
{
	uint64_t until = r->now + r->last_member;

	for (unsigned k = 0; k < SOURCES && r->asks && r->level >= (r->is_fast ? 2u : 3u); k++) {
		if (!(sources >> k & 1) || !g->is_listed[k])
			continue;
		if (r->is_fast && !g->exclude) {
			model_drop(g, k);
		} else if (r->is_fast) {
			g->source_until[k] = 0;
		} else {
			g->source_questions[k] = r->count;
			if (g->source_until[k] > until)
				g->source_until[k] = until;
		}
	}
}

static inline void model_ask_group(struct model_group *g, const struct model_rules *r)
{
	uint64_t until = r->now + r->last_member;

	if (!r->asks || r->level < 2)
		return;
	if (r->is_fast) {
		model_include(g);
		return;
	}
	g->questions = r->count;
	if (g->until > until)
		g->until = until;
}

/* Of new sources the lowest that fit. */
static inline void model_add(struct model_group *g, unsigned sources, uint64_t until,
			     const struct model_rules *r)
{
	unsigned n = 0;

	for (unsigned k = 0; k < SOURCES; k++)
		n += (unsigned)g->is_listed[k];
	for (unsigned k = 0; k < SOURCES; k++) {
		if (!(sources >> k & 1) || (!g->is_listed[k] && n >= r->sources_max))
			continue;
		n += !g->is_listed[k];
		g->is_listed[k] = 1;
		g->source_until[k] = until;
	}
}

/* Listed sources, by whether their timers run. */
static inline unsigned model_set(const struct model_group *g, int runs)
{
	unsigned set = 0;

	for (unsigned k = 0; k < SOURCES; k++)
		if (g->is_listed[k] && !!g->source_until[k] == runs)
			set |= 1u << k;
	return set;
}

/* IS_EX and TO_EX. fresh: the timer of sources that were not listed. */
static inline void model_exclude(struct model_group *g, unsigned list, uint64_t fresh,
				 const struct model_rules *r)
{
	unsigned x = model_set(g, 1), y = model_set(g, 0);

	for (unsigned k = 0; k < SOURCES; k++)
		if (!(list >> k & 1))
			model_drop(g, k);
	model_add(g, list & ~x & ~y, g->exclude ? fresh : 0, r);
	g->exclude = 1;
	g->until = r->now + r->membership;
}

/* §6.4.1, §6.4.2 */
static inline void model_apply(struct model_group *g, unsigned type, unsigned list,
			       const struct model_rules *r)
{
	unsigned x = model_set(g, 1), y = model_set(g, 0);
	uint64_t gmi = r->now + r->membership, group_timer = g->until;
	int was_exclude = g->exclude;

	switch (type) {
	case MCR_RECORD_IS_IN:
	case MCR_RECORD_ALLOW:
		model_add(g, list, gmi, r);
		break;
	case MCR_RECORD_IS_EX:
		model_exclude(g, list, gmi, r);
		break;
	case MCR_RECORD_TO_EX:
		model_exclude(g, list, group_timer, r);
		model_ask(g, was_exclude ? list & ~y : list & x, r);
		break;
	case MCR_RECORD_TO_IN:
		model_ask(g, x & ~list, r);
		model_add(g, list, gmi, r);
		if (was_exclude)
			model_ask_group(g, r);
		break;
	case MCR_RECORD_BLOCK:
		if (was_exclude)
			model_add(g, list & ~x & ~y, group_timer, r);
		model_ask(g, was_exclude ? list & ~y : list & x, r);
		break;
	default:
		break;
	}
}

static inline unsigned model_groups(const struct model *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < GROUPS; i++)
		n += (unsigned)m->groups[i].is_there;
	return n;
}

static inline void model_hear(struct model *m, const struct model_rules *r,
			      const struct model_record *record)
{
	struct model_group *g = &m->groups[record->group];
	unsigned type = record->type, list = record->sources;
	int excludes = type == MCR_RECORD_IS_EX || type == MCR_RECORD_TO_EX;

	if (!m->is_heard || record->group == NEVER)
		return;
	if (record->group >= FIRST_SSM && record->group < FIRST_LOCAL &&
	    (excludes || record->level < 3)) /* RFC 4604 §2.2 */
		return;
	if (!g->is_there && model_groups(m) >= r->groups_max)
		return;
	if (record->level < 3 && type == MCR_RECORD_IS_EX)
		g->old_until[record->level] = r->now + r->older_host;
	if (model_old(g, r->now) && type == MCR_RECORD_BLOCK)
		return;
	if (model_old(g, r->now) && type == MCR_RECORD_TO_EX)
		list = 0;
	if (g->old_until[1] > r->now && type == MCR_RECORD_TO_IN)
		return;
	model_apply(g, type, list, r);
	if (model_is_empty(g))
		*g = (struct model_group){0};
	else
		g->is_there = 1;
}

static inline void model_check(const struct model_group *g, const struct model_group *found)
{
	CHECK(g->is_there && g->exclude == found->exclude);
	CHECK(!g->exclude || g->until == found->until);
	for (unsigned level = 1; level < 3; level++)
		CHECK(g->old_until[level] == found->old_until[level]);
	for (unsigned k = 0; k < SOURCES; k++) {
		CHECK(g->is_listed[k] == found->is_listed[k]);
		CHECK(g->source_until[k] == found->source_until[k]);
	}
}

/* Takes over timers that may be lower than the model's. */
static inline void model_lower(struct model_group *g, const struct model_group *found)
{
	CHECK(found->until <= g->until);
	g->until = found->until;
	for (unsigned k = 0; k < SOURCES; k++) {
		CHECK(found->source_until[k] <= g->source_until[k]);
		g->source_until[k] = found->source_until[k];
	}
}

#endif
