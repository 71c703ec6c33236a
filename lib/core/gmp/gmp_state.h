/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the membership machine share. A file calls those above it:
 *
 *     gmp_state.c    the machine's memory, and what several of them do to a group
 *     gmp_version.c  which version is in use
 *     gmp_answer.c   when a query is answered
 *     gmp_send.c     what is due becomes messages
 *     gmp_input.c    what arrives
 *     gmp.c          joins, and the machine's life
 *     gmp_info.c     statistics
 *
 * Private to lib/core/gmp/. */
#ifndef MCR_CORE_GMP_STATE_H
#define MCR_CORE_GMP_STATE_H

#include "core/address.h"
#include "core/gmp/gmp.h"
#include "core/gmp/gmp_groups.h"
#include "core/gmp/gmp_pace.h"
#include "core/gmp/gmp_wire.h"
#include "core/rng.h"

#define MCR_GMP_SECOND_NS          1000000000ull
#define MCR_GMP_QI_S               125u /* RFC 9776 §8.2; RFC 9777 §9 has the same values */
#define MCR_GMP_QI_MAX_S           3600u /* a larger QQIC counts as this: it only feeds our timeouts */
#define MCR_GMP_QRI_NS             (10 * MCR_GMP_SECOND_NS)  /* §8.3 */
#define MCR_GMP_URI_NS             MCR_GMP_SECOND_NS         /* §8.11 */
#define MCR_GMP_URI_OLD_NS         (10 * MCR_GMP_SECOND_NS)  /* RFC 2236 §8.10, RFC 2710 §7.10 */
#define MCR_GMP_LEVEL_1_NS         (400 * MCR_GMP_SECOND_NS) /* RFC 2236 §8.11; D1 */
#define MCR_GMP_RECORDED_MAX       65536u /* recorded sources of all groups: 1 MiB */
#define MCR_GMP_RECORDED_GROUP_MAX 4096u  /* of one: each query walks over them */

/* Messages that are built and wait to be sent: fixed slots of one MTU. A group's records are built
 * all at once, so there is room for those of the largest group. */
struct mcr_gmp_queue {
	uint8_t *bytes;    /* slots * stride */
	uint16_t *lengths; /* of each slot */
	size_t stride;
	uint32_t slots, head, n; /* n built, head of them sent */
	uint16_t records;        /* in the slot being filled */
};

/* A general answer of the newest version: the groups in turn, one message to a slot of the response
 * time (RFC 9776 §5.2 recommends to spread them). The cursor goes round the list; a group whose
 * `swept` is `number` has been reported. */
struct mcr_gmp_sweep {
	uint64_t due_ns;  /* of the next message; MCR_GMP_NEVER: no answer under way */
	uint64_t end_ns;  /* all must be out by then */
	uint64_t from_ns; /* begin of the slot in which due_ns lies */
	uint64_t slot_ns;
	uint32_t number;
	uint32_t left;                /* groups still to be reported */
	uint32_t messages;            /* estimated, in all */
	struct mcr_gmp_group *cursor; /* next to be looked at; NULL: the first */
};

struct mcr_gmp {
	struct mcr_gmp_config cfg;
	const struct mcr_gmp_wire *wire;
	struct mcr_rng rng;
	struct mcr_address address, other_address;
	uint8_t level; /* of the version in use: gmp_wire.h */
	uint8_t robustness;
	uint8_t querier_level; /* 0: none was heard */
	uint32_t query_interval_s;
	struct mcr_address querier;
	uint64_t last_query_ns, querier_until_ns;
	uint64_t until_ns[MCR_GMP_LEVEL_NEWEST];    /* a querier of the level is present; 0: none */
	uint64_t old_queries[MCR_GMP_LEVEL_NEWEST]; /* general queries by level */
	uint64_t last_old_general_ns, last_old_response_ns; /* see schedule_old_general */
	uint64_t repeat_due_ns;

	struct mcr_gmp_groups groups;
	uint32_t n_wanted;     /* groups with interest */
	uint32_t n_recorded;   /* recorded sources of all groups */
	uint64_t record_bytes; /* of a general answer */

	struct mcr_gmp_sweep sweep;
	struct mcr_gmp_queue queue;
	struct mcr_address *scratch; /* sources of one record, or of one call: n_scratch entries */
	size_t n_scratch;

	/* Groups whose change was due at the same time stay together: one draw for all. */
	uint64_t wave_from_ns, wave_next_ns;
	uint8_t wave_valid;

	struct mcr_gmp_pace pace;

	struct mcr_gmp_info stats; /* counters only */
};

/* ---- gmp_state.c ---- */

/* mcr_gmp_delay: a delay in (0, max_ns]. */
uint64_t mcr_gmp_delay(struct mcr_gmp *gmp, uint64_t max_ns);

/* mcr_gmp_forget_answer drops the group's pending answer; the caller wakes the group. */
void mcr_gmp_forget_answer(struct mcr_gmp *gmp, struct mcr_gmp_group *g);

/* mcr_gmp_drop_group frees a group and keeps the sweep whole. */
void mcr_gmp_drop_group(struct mcr_gmp *gmp, struct mcr_gmp_group *g);

/* mcr_gmp_announce_group: the group's whole state is to be reported as if it were new, a leave
 * that is still being reported included. */
void mcr_gmp_announce_group(struct mcr_gmp *gmp, struct mcr_gmp_group *g);

/* mcr_gmp_reserve makes room for a record of n sources, so that polling never allocates. Returns 0
 * or -ENOMEM. */
int mcr_gmp_reserve(struct mcr_gmp *gmp, size_t n);

/* mcr_gmp_headers: octets in front of the records of a message. */
static inline size_t mcr_gmp_headers(const struct mcr_gmp *gmp)
{
	return gmp->wire->ip_octets + MCR_GMP_REPORT_HEADER;
}

/* mcr_gmp_capacity: octets that the records of one message may take. */
static inline size_t mcr_gmp_capacity(const struct mcr_gmp *gmp)
{
	return gmp->cfg.mtu - mcr_gmp_headers(gmp);
}

/* mcr_gmp_sources_max: sources that one record may hold. */
static inline size_t mcr_gmp_sources_max(const struct mcr_gmp *gmp)
{
	return (mcr_gmp_capacity(gmp) - mcr_gmp_record_octets(gmp->wire, 0)) /
	       gmp->wire->address_octets;
}

/* ---- gmp_version.c ---- */

/* mcr_gmp_refresh_version follows the older-querier timers; a change of version cancels what is
 * pending (RFC 9776 §7.2.1). */
void mcr_gmp_refresh_version(struct mcr_gmp *gmp, uint64_t now_ns);

/* ---- gmp_answer.c; response_ns: the longest delay that the query allows, 0: at once ---- */

/* mcr_gmp_schedule_general: as if a general query had come. */
void mcr_gmp_schedule_general(struct mcr_gmp *gmp, uint64_t response_ns, uint64_t now_ns);

/* mcr_gmp_schedule_group: a query asks about a group that we want, or about n of its sources,
 * which are in scratch, ascending; n is 0 for the group itself. */
void mcr_gmp_schedule_group(struct mcr_gmp *gmp, struct mcr_gmp_group *g, size_t n,
			    uint64_t response_ns, uint64_t now_ns);

/* ---- gmp_send.c ---- */

/* mcr_gmp_pump sends and builds what is due, as far as pacing and the Tx queue allow. */
void mcr_gmp_pump(struct mcr_gmp *gmp, uint64_t now_ns, mcr_gmp_send send, void *ctx);

/* mcr_gmp_deadline: when to poll next. */
uint64_t mcr_gmp_deadline(const struct mcr_gmp *gmp, uint64_t now_ns);

/* mcr_gmp_is_querier_present: a general query was heard and has not timed out. */
static inline int mcr_gmp_is_querier_present(const struct mcr_gmp *gmp, uint64_t now_ns)
{
	return gmp->querier_level && now_ns < gmp->querier_until_ns;
}

#endif
