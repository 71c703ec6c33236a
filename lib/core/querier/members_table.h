/* SPDX-License-Identifier: BSD-3-Clause */
/* How the membership table is kept: a hash finds a group by its address, two heaps have the group
 * whose timer and the one whose question is due first, and an array has all of them to be shown.
 * Private to members*.c. */
#ifndef MCR_CORE_MEMBERS_TABLE_H
#define MCR_CORE_MEMBERS_TABLE_H

#include <endian.h>
#include <string.h>

#include "core/address_hash.h"
#include "core/querier/members.h"

/* A source of a group. EXCLUDE: X of the RFC's tables while its timer runs, else Y. INCLUDE: its
 * timer runs. */
struct mcr_members_source {
	struct mcr_address address;
	uint64_t until_ns; /* 0 = the timer does not run */
	uint8_t left;      /* questions about it that are still to be sent */
	uint8_t waits;     /* of this round's questions, one with it is still to be sent */
	uint8_t asked;     /* it is in the question that next_question returned */
	uint8_t dropped;   /* it goes with mcr_members_drop */
};

struct mcr_members_group {
	struct mcr_address address;
	struct mcr_members_source *sources; /* ascending; owned */
	uint32_t n, cap;
	uint32_t n_blocked;         /* EXCLUDE: sources whose timers do not run */
	uint32_t serial;            /* order of creation: breaks ties of time */
	uint32_t place;             /* in the array of all */
	uint32_t slots[2];          /* in the heaps; MCR_MEMBERS_NO_SLOT */
	uint8_t mode;               /* enum mcr_filter_mode */
	uint8_t is_hidden;          /* it never leaves its link */
	uint8_t n_questions;        /* messages that the questions heap has it for */
	uint8_t left;               /* questions about the group that are still to be sent */
	uint8_t in_round;           /* questions about sources: the messages due at
				     * sources_due_ns have begun */
	uint64_t until_ns;          /* EXCLUDE: the group timer */
	uint64_t older_until_ns[2]; /* a host of level 1, of level 2 is present; 0 = none */
	uint64_t group_due_ns;      /* next question about the group, MCR_QUERIER_NEVER */
	uint64_t sources_due_ns;    /* ... about its sources */
	uint64_t since_ns, last_report_ns;
	struct mcr_address last_reporter;
	struct mcr_members_group *hash_next;
};

#define MCR_MEMBERS_NO_SLOT UINT32_MAX

enum mcr_members_heap {
	MCR_MEMBERS_TIMERS,    /* the time may be too early: refreshing a timer does not move it */
	MCR_MEMBERS_QUESTIONS, /* the time is right */
};

struct mcr_members_entry {
	uint64_t due_ns;
	struct mcr_members_group *group;
};

struct mcr_members {
	struct mcr_members_config cfg;
	struct mcr_address_hash hash;
	struct mcr_members_group **buckets, **all;
	struct mcr_members_entry *heaps[2];
	uint32_t n_heaps[2];
	uint32_t n, cap; /* groups, and for how many there is room: buckets too, a power of two */
	uint32_t next_serial;
	uint32_t n_sources;
	uint32_t n_questions; /* of all groups */
	uint8_t is_sorted;    /* all: by address */

	struct mcr_address *scratch; /* as large as the largest array of sources */
	uint32_t cap_scratch;

	struct mcr_members_group *asked; /* what the last next_question returned; or NULL */
	uint64_t asking_until_ns;

	uint64_t memory_bytes, refused_groups, refused_sources, refused_leaves, changes;
};

/* What mcr_members_filter says of a group, but for the sources. */
struct mcr_members_view {
	uint8_t mode;
	uint32_t n;
};

/* mcr_members_grow makes room for another group. Returns 0 or -ENOMEM. */
int mcr_members_grow(struct mcr_members *ms);

struct mcr_members_group *mcr_members_find(const struct mcr_members *ms,
					   struct mcr_address address);

/* mcr_members_add makes a group that is not there yet: INCLUDE{}. Returns NULL without memory. */
struct mcr_members_group *mcr_members_add(struct mcr_members *ms, struct mcr_address address,
					  uint64_t now_ns);

/* mcr_members_remove takes a group out and frees it. */
void mcr_members_remove(struct mcr_members *ms, struct mcr_members_group *g);

/* mcr_members_sort puts `all` in the order of the addresses. */
void mcr_members_sort(struct mcr_members *ms);

/* mcr_members_reserve makes room for n sources of a group, and for showing them. Returns 0 or
 * -ENOMEM. */
int mcr_members_reserve(struct mcr_members *ms, struct mcr_members_group *g, uint32_t n);

/* mcr_members_drop takes out the sources that are marked so, and gives back memory that became too
 * much. */
void mcr_members_drop(struct mcr_members *ms, struct mcr_members_group *g);

/* mcr_members_set_due: when the heap is to show this group; MCR_QUERIER_NEVER: not. */
void mcr_members_set_due(struct mcr_members *ms, enum mcr_members_heap heap,
			 struct mcr_members_group *g, uint64_t due_ns);

/* mcr_members_set_due_by: not later than this. */
void mcr_members_set_due_by(struct mcr_members *ms, enum mcr_members_heap heap,
			    struct mcr_members_group *g, uint64_t due_ns);

static inline uint64_t mcr_members_first_due(const struct mcr_members *ms,
					     enum mcr_members_heap heap)
{
	return ms->n_heaps[heap] ? ms->heaps[heap][0].due_ns : MCR_QUERIER_NEVER;
}

/* mcr_members_level: of the oldest host that is present (RFC 9776 §7.3.2). */
static inline uint8_t mcr_members_level(const struct mcr_members_group *g)
{
	return g->older_until_ns[0] ? 1 : g->older_until_ns[1] ? 2 : MCR_GMP_LEVEL_NEWEST;
}

/* mcr_members_view_of: while an older host is present, all sources are forwarded. */
static inline struct mcr_members_view mcr_members_view_of(const struct mcr_members_group *g)
{
	struct mcr_members_view view = {MCR_FILTER_INCLUDE, 0};

	if (g->is_hidden)
		return view;
	view.mode = g->mode;
	view.n = g->mode == MCR_FILTER_INCLUDE ? g->n : g->n_blocked;
	if (mcr_members_level(g) != MCR_GMP_LEVEL_NEWEST) {
		view.mode = MCR_FILTER_EXCLUDE;
		view.n = 0;
	}
	return view;
}

/* mcr_members_settle: a group has changed. Removes it if nothing is left of it, and says so if what
 * is to be forwarded is not as it was. list_changed: sources came into or left the list of that. */
void mcr_members_settle(struct mcr_members *ms, struct mcr_members_group *g,
			struct mcr_members_view before, int list_changed);

/* mcr_members_block: the source's timer has run out, in EXCLUDE. */
static inline void mcr_members_block(struct mcr_members_group *g, struct mcr_members_source *s)
{
	s->until_ns = 0;
	s->left = s->waits = s->asked = 0;
	g->n_blocked++;
}

/* mcr_members_end_exclude: the group timer has run out (RFC 9776 §6.5). */
void mcr_members_end_exclude(struct mcr_members *ms, struct mcr_members_group *g);

/* mcr_members_ask_group, mcr_members_ask_sources: the first question is due now, or since what
 * was still to be asked is due. Of the sources those are asked for that have some left. */
void mcr_members_ask_group(struct mcr_members *ms, const struct mcr_members_rules *rules,
			   struct mcr_members_group *g, uint64_t now_ns);
void mcr_members_ask_sources(struct mcr_members *ms, const struct mcr_members_rules *rules,
			     struct mcr_members_group *g, uint64_t now_ns);

/* mcr_members_compare: as memcmp of the octets, without a call. */
static inline int mcr_members_compare(const struct mcr_address *a, const struct mcr_address *b)
{
	uint64_t x[2], y[2];
	unsigned i;

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	i = x[0] == y[0];
	if (x[i] == y[i])
		return 0;
	return be64toh(x[i]) < be64toh(y[i]) ? -1 : 1;
}

#endif
