/* SPDX-License-Identifier: BSD-3-Clause */
/* A membership table with one group that is played with, and a few sources. Times are so short that
 * a test can go through each of them: a nanosecond is the unit. */
#ifndef MCR_TEST_MEMBERS_RIG_H
#define MCR_TEST_MEMBERS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "core/querier/members.h"

#define GMI  200u
#define OHPI 170u
#define LMQI 10u
#define LMQC 2u
#define LMQT (LMQI * LMQC)

struct rig {
	struct mcr_members *ms;
	struct mcr_members_config cfg;
	struct mcr_members_rules rules;
	uint64_t now;
	struct mcr_address group, sources[8], reporter;
	unsigned changes; /* calls of changed */
	struct mcr_address changed_group;
};

static inline struct mcr_address rig_address(unsigned family, uint8_t kind, uint8_t number)
{
	struct mcr_address address = {{kind == 0xef ? 0xff : 0x20, 0x15, [14] = kind, number}};

	return family == MCR_GMP_MLD
		   ? address
		   : mcr_address_from_ipv4(htonl((uint32_t)kind << 24 | 0x10200 | number));
}

static inline struct mcr_address rig_group(unsigned family, uint8_t number)
{
	return rig_address(family, 0xef, number);
}

static inline void rig_changed(void *ctx, struct mcr_address group)
{
	struct rig *r = ctx;

	r->changes++;
	r->changed_group = group;
}

static inline void rig_begin_with(struct rig *r, unsigned family, uint32_t groups_max,
				  uint32_t sources_max, uint32_t sources_all)
{
	*r = (struct rig){
	    .cfg = {.seed = 4711,
		    .wire = mcr_gmp_wire_of(family),
		    .groups_max = groups_max,
		    .sources_max = sources_max,
		    .sources_all = sources_all,
		    .changed = rig_changed,
		    .changed_ctx = r},
	    .rules = {.membership_ns = GMI,
		      .older_host_ns = OHPI,
		      .last_member_ns = LMQT,
		      .last_member_interval_ns = LMQI,
		      .last_member_count = LMQC,
		      .questions_max = 1000,
		      .may_ask = 1,
		      .may_ask_sources = 1,
		      .may_ask_groups = 1},
	};
	r->group = rig_group(family, 3);
	r->reporter = rig_address(family, 10, 99);
	for (uint8_t i = 0; i < 8; i++)
		r->sources[i] = rig_address(family, 10, (uint8_t)(i + 1));
	assert_int_equal(mcr_members_create(&r->ms, &r->cfg), 0);
}

static inline void rig_begin(struct rig *r, unsigned family)
{
	rig_begin_with(r, family, 16, 16, 64);
}

static inline void rig_end(struct rig *r)
{
	mcr_members_destroy(r->ms);
}

/* Sets of sources are bits: source i is 1 << i. */
static inline size_t rig_list(const struct rig *r, unsigned set, struct mcr_address list[8])
{
	size_t n = 0;

	for (unsigned i = 0; i < 8; i++)
		if (set & 1u << i)
			list[n++] = r->sources[i];
	return n;
}

static inline unsigned rig_set(const struct rig *r, const struct mcr_address *list, size_t n)
{
	unsigned set = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned j = 0;

		while (j < 8 && !mcr_address_is_equal(list[i], r->sources[j]))
			j++;
		assert_in_range(j, 0, 7);
		assert_true(set < 1u << j); /* ascending and distinct */
		set |= 1u << j;
	}
	return set;
}

static inline void rig_record(struct rig *r, enum mcr_record type, uint8_t level, unsigned set)
{
	struct mcr_address list[8];
	struct mcr_members_record record = {.type = type,
					    .level = level,
					    .group = r->group,
					    .reporter = r->reporter,
					    .sources = list,
					    .n = rig_list(r, set, list)};

	mcr_members_expire(r->ms, r->now);
	mcr_members_apply(r->ms, &r->rules, &record, r->now);
}

/* A record of level 3 with another GMI: sets timers to any time. */
static inline void rig_record_for(struct rig *r, enum mcr_record type, unsigned set,
				  uint64_t membership_ns)
{
	uint64_t kept = r->rules.membership_ns;

	r->rules.membership_ns = membership_ns;
	rig_record(r, type, 3, set);
	r->rules.membership_ns = kept;
}

static inline void rig_at(struct rig *r, uint64_t now)
{
	r->now = now;
	mcr_members_expire(r->ms, now);
}

/* mode * 256 + the set: what mcr_members_filter says. */
static inline unsigned rig_filter(struct rig *r)
{
	struct mcr_source_filter filter;

	mcr_members_filter(r->ms, r->group, &filter);
	return filter.mode * 256u + rig_set(r, filter.sources, filter.n);
}

#define EXCLUDES(set) (MCR_FILTER_EXCLUDE * 256u + (set))
#define INCLUDES(set) (MCR_FILTER_INCLUDE * 256u + (set))

/* Entry of the group, or 0 if there is none. */
static inline int rig_get(struct rig *r, struct mcr_querier_group *out)
{
	for (size_t i = 0; mcr_members_get_group(r->ms, i, out) == 0; i++)
		if (mcr_address_is_equal(out->group, r->group))
			return 1;
	return 0;
}

/* The questions that are due, as text: "G" is about the group, "G+" the same with S, "012" about
 * sources 0, 1, 2, in the order in which they are asked. */
static inline const char *rig_questions(struct rig *r, size_t sources_max, char text[64])
{
	struct mcr_members_question question, again;
	size_t len = 0;

	text[0] = '\0';
	while (mcr_members_next_question(r->ms, &r->rules, sources_max, r->now, &question)) {
		unsigned set = rig_set(r, question.sources, question.n);

		assert_true(mcr_address_is_equal(question.group, r->group));
		assert_true(question.n <= sources_max);
		assert_true(
		    mcr_members_next_question(r->ms, &r->rules, sources_max, r->now, &again));
		assert_int_equal(again.n, question.n); /* the same until it is sent */
		assert_int_equal(again.suppress, question.suppress);
		assert_in_range(len, 0, 50);
		if (len)
			text[len++] = ' ';
		if (question.n == 0)
			text[len++] = 'G';
		for (unsigned i = 0; i < 8; i++)
			if (set & 1u << i)
				text[len++] = (char)('0' + i);
		if (question.suppress)
			text[len++] = '+';
		text[len] = '\0';
		mcr_members_asked(r->ms, &r->rules);
	}
	return text;
}

#define assert_questions(r, expected)                                      \
	do {                                                               \
		char asked[64];                                            \
		assert_string_equal(rig_questions(r, 8, asked), expected); \
	} while (0)

#endif
