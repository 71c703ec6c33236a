/* SPDX-License-Identifier: BSD-3-Clause */
/* The membership table of one interface and family: what its hosts want of each group, with the
 * timers of RFC 9776 §6.2 to §6.5 and RFC 9777 §7.2 to §7.5, and which questions are to be asked
 * because somebody left. It knows no octets, no election, and no clock. Private to
 * lib/core/querier/.
 *
 * Thread: control. */
#ifndef MCR_CORE_MEMBERS_H
#define MCR_CORE_MEMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "core/gmp/gmp_wire.h"
#include "core/querier/querier.h"
#include "core/source_filter.h"

struct mcr_members;

struct mcr_members_config {
	uint64_t seed;
	const struct mcr_gmp_wire *wire;
	uint32_t groups_max, sources_max, sources_all;
	void (*changed)(void *ctx, struct mcr_address group); /* querier.h; NULL = nobody asks */
	void *changed_ctx;
};

/* What holds at the moment; the querier sets it before each call. */
struct mcr_members_rules {
	uint64_t membership_ns;           /* GMI */
	uint64_t older_host_ns;           /* OHPI */
	uint64_t last_member_ns;          /* LMQT */
	uint64_t last_member_interval_ns; /* LMQI */
	uint32_t last_member_count;       /* LMQC */
	uint32_t questions_max;  /* that are sent in LMQI: with more before it, a leave is not
				  * heeded, as nobody could answer before LMQT has passed */
	uint8_t may_ask;         /* we are the querier: leaves lower timers and raise questions */
	uint8_t may_ask_sources; /* ... and speak a version that can ask for sources */
	uint8_t may_ask_groups;  /* ... or for groups: above IGMPv1 */
	uint8_t fast_leave;
};

/* mcr_members_create. Returns 0 or -ENOMEM. */
int mcr_members_create(struct mcr_members **out, const struct mcr_members_config *cfg);
void mcr_members_destroy(struct mcr_members *ms); /* NULL is allowed */

/* One record of a report. An old report is IS_EX{} of level 1 or 2, a leave TO_IN{} of level 2. */
struct mcr_members_record {
	enum mcr_record type;
	uint8_t level; /* gmp_wire.h: of the message */
	struct mcr_address group, reporter;
	const struct mcr_address *sources; /* n, ascending and distinct */
	size_t n;
};

/* mcr_members_apply: the tables of RFC 9776 §6.4.1 and §6.4.2, and §7.3.2 for older hosts. The
 * caller has judged group and sources. What does not fit the limits is refused and counted; what is
 * there stays as it is. Without memory a record is refused like one beyond a limit. */
void mcr_members_apply(struct mcr_members *ms, const struct mcr_members_rules *rules,
		       const struct mcr_members_record *record, uint64_t now_ns);

/* mcr_members_lower: another querier has asked (S flag clear) about a group, or about n of its
 * sources, ascending: timers that have more left are lowered to left_ns (RFC 9776 §6.6.1). */
void mcr_members_lower(struct mcr_members *ms, struct mcr_address group,
		       const struct mcr_address *sources, size_t n, uint64_t left_ns,
		       uint64_t now_ns);

/* mcr_members_expire lets end what has timed out (§6.2.2, §6.3, §6.5). Call it before apply and
 * before next_question, so that these see the state of now. */
void mcr_members_expire(struct mcr_members *ms, uint64_t now_ns);

/* mcr_members_due: when the next timer or question is due; MCR_QUERIER_NEVER: none. */
uint64_t mcr_members_due(const struct mcr_members *ms);

/* A question that is due (RFC 9776 §6.6.3). */
struct mcr_members_question {
	struct mcr_address group;
	uint8_t suppress;                  /* the S flag */
	const struct mcr_address *sources; /* n; 0 = about the group. Valid until the next call */
	size_t n;
};

/* mcr_members_next_question: the question that is due first, of at most sources_max sources (as
 * many as a message holds). The same again until mcr_members_asked says that it was sent; then the
 * next one of the group's. Returns 1, or 0: none is due. */
int mcr_members_next_question(struct mcr_members *ms, const struct mcr_members_rules *rules,
			      size_t sources_max, uint64_t now_ns,
			      struct mcr_members_question *out);
void mcr_members_asked(struct mcr_members *ms, const struct mcr_members_rules *rules);

/* mcr_members_asking_until: until when questions about a leave are under way, or their last answers
 * are (RFC 2236 §3: a querier does not step down before); 0 if none are. */
uint64_t mcr_members_asking_until(const struct mcr_members *ms);

/* mcr_members_stop_asking: we are not the querier any more. */
void mcr_members_stop_asking(struct mcr_members *ms);

void mcr_members_filter(struct mcr_members *ms, struct mcr_address group,
			struct mcr_source_filter *out); /* querier.h */

struct mcr_members_counts {
	size_t groups, sources;
	uint64_t memory_bytes;
	uint64_t refused_groups, refused_sources, refused_leaves, changes;
};

void mcr_members_get_counts(const struct mcr_members *ms, struct mcr_members_counts *out);

/* As of querier.h; until_ns and the like as they are at now. */
int mcr_members_get_group(struct mcr_members *ms, size_t i, struct mcr_querier_group *out);
int mcr_members_get_sources(struct mcr_members *ms, size_t i, struct mcr_querier_source *out,
			    size_t cap);

#endif
