/* SPDX-License-Identifier: BSD-3-Clause */
/* The groups of one machine: a hash finds them by address, a list keeps the order in which
 * they were joined, and a heap has the one that is due first. */
#ifndef MCR_CORE_GMP_GROUPS_H
#define MCR_CORE_GMP_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "core/address_hash.h"
#include "core/gmp/membership.h"

struct mcr_gmp_group {
	struct mcr_address address;
	uint32_t serial; /* order of creation: breaks ties of time */
	struct mcr_membership membership;

	/* Level 3: next state-change report. Below: the join's first report or the leave.
	 * 0 = at once, MCR_GMP_NEVER = none. */
	uint64_t change_due_ns;
	/* Level 3: answer to a group query. Below: the group's one timer (RFC 2236 §6). */
	uint64_t answer_due_ns;
	struct mcr_address
	    *recorded; /* sources asked for by group-and-source queries, ascending; owned */
	uint32_t n_recorded, cap_recorded; /* 0 recorded while an answer is due: the whole state */

	uint64_t last_report_ns, last_query_ns;
	uint32_t swept;        /* number of the last sweep that reported this group */
	uint32_t heap_slot;    /* MCR_GMP_NO_SLOT: not in the heap */
	uint8_t unsent;        /* the last change has not gone out once */
	uint8_t copies;        /* below level 3: unsolicited reports still to be sent */
	uint8_t last_reporter; /* nobody else reported after us */

	struct mcr_gmp_group *hash_next, *next, *prev;
};

#define MCR_GMP_NO_SLOT UINT32_MAX

struct mcr_gmp_groups {
	struct mcr_gmp_group **buckets, **heap;
	struct mcr_gmp_group *first, *last;
	uint32_t n, n_buckets, n_heap, cap_heap, next_serial;
	struct mcr_address_hash hash;
};

/* mcr_gmp_groups_init makes an empty set. seed: of the hash. Keep it secret from those who choose
 * groups, or they can choose groups that share a bucket. */
void mcr_gmp_groups_init(struct mcr_gmp_groups *gs, uint64_t seed);

/* mcr_gmp_groups_clear frees everything. Call init before you use gs again. */
void mcr_gmp_groups_clear(struct mcr_gmp_groups *gs);

struct mcr_gmp_group *mcr_gmp_groups_find(const struct mcr_gmp_groups *gs,
					  struct mcr_address address);

/* mcr_gmp_groups_add makes a group that is not there yet: INCLUDE{}, no timers. Returns NULL when
 * there is no memory. */
struct mcr_gmp_group *mcr_gmp_groups_add(struct mcr_gmp_groups *gs, struct mcr_address address);

/* mcr_gmp_groups_remove takes the group out and frees it. */
void mcr_gmp_groups_remove(struct mcr_gmp_groups *gs, struct mcr_gmp_group *g);

/* mcr_gmp_groups_wake restores the order by time after change_due_ns or answer_due_ns changed. */
void mcr_gmp_groups_wake(struct mcr_gmp_groups *gs, struct mcr_gmp_group *g);

/* mcr_gmp_group_due: the earlier of both times. */
static inline uint64_t mcr_gmp_group_due(const struct mcr_gmp_group *g)
{
	return g->change_due_ns < g->answer_due_ns ? g->change_due_ns : g->answer_due_ns;
}

/* mcr_gmp_groups_first_due: the group with the earliest time, or NULL. */
static inline struct mcr_gmp_group *mcr_gmp_groups_first_due(const struct mcr_gmp_groups *gs)
{
	return gs->n_heap ? gs->heap[0] : NULL;
}

/* mcr_gmp_groups_memory: octets held, groups and indexes. */
size_t mcr_gmp_groups_memory(const struct mcr_gmp_groups *gs);

#endif
