/* SPDX-License-Identifier: BSD-3-Clause */
/* The reception state of one group on one interface, and those of its changes that are still to be
 * reported (RFC 3376 §3.2, §5.1). No time and no bytes on the wire are in it: IGMPv3 and MLDv2
 * share these rules.
 *
 * The sources array holds, ascending, each source that is in the current list (`listed`) and each
 * whose change is still to be reported (`left` > 0). */
#ifndef MCR_CORE_MEMBERSHIP_H
#define MCR_CORE_MEMBERSHIP_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/join.h>

/* Group record types (RFC 3376 §4.2.12). */
enum mcr_record {
	MCR_RECORD_IS_IN = 1,
	MCR_RECORD_IS_EX = 2,
	MCR_RECORD_TO_IN = 3,
	MCR_RECORD_TO_EX = 4,
	MCR_RECORD_ALLOW = 5,
	MCR_RECORD_BLOCK = 6,
};

struct mcr_source {
	struct mcr_address address;
	uint8_t listed; /* in the current list */
	uint8_t left;   /* state-change reports that still have to show its change */
};

struct mcr_membership {
	struct mcr_source *sources; /* ascending; owned */
	uint32_t n, cap;            /* entries in use, entries allocated */
	uint32_t n_listed;          /* of them in the current list */
	uint8_t mode;               /* enum mcr_filter_mode; INCLUDE{} is "not a member" */
	uint8_t
	    mode_left; /* reports that still have to carry TO_IN or TO_EX, with the whole list */
};

/* mcr_membership_init: INCLUDE{}, with nothing to report. */
void mcr_membership_init(struct mcr_membership *m);
void mcr_membership_clear(struct mcr_membership *m);

/* mcr_membership_set makes list (n addresses, ascending, distinct; copied) and mode the current
 * state, and marks the difference to be reported `copies` times (0: not at all). Going to INCLUDE{}
 * allocates nothing and cannot fail. Returns 1: changed, 0: the same state, or -ENOMEM (unchanged).
 */
int mcr_membership_set(struct mcr_membership *m, enum mcr_filter_mode mode,
		       const struct mcr_address *list, size_t n, unsigned copies);

/* mcr_membership_wanted: 1 when anything at all is wanted of the group. */
int mcr_membership_wanted(const struct mcr_membership *m);

/* mcr_membership_pending: 1 when a state-change report is still to be sent. */
int mcr_membership_pending(const struct mcr_membership *m);

/* mcr_membership_announce marks the whole state to be reported `copies` times, as if it were new;
 * leaves that are still being reported start over. */
void mcr_membership_announce(struct mcr_membership *m, unsigned copies);

/* mcr_membership_cancel: nothing is to be reported any more. */
void mcr_membership_cancel(struct mcr_membership *m);

/* mcr_membership_reported: one state-change report with all that was pending has been built. */
void mcr_membership_reported(struct mcr_membership *m);

/* mcr_membership_select writes the addresses that a record of this type carries (RFC 3376 §5.1
 * table of contents) to out, ascending; out may be NULL to count only. Returns their number. */
size_t mcr_membership_select(const struct mcr_membership *m, enum mcr_record type,
			     struct mcr_address *out);

/* mcr_membership_answer reduces the recorded sources of a group-and-source query, in place, to
 * those that the answer carries as IS_IN (RFC 3376 §5.2): INCLUDE(A) -> A*B, EXCLUDE(A) -> B-A.
 * asked: ascending. Returns how many remain. */
size_t mcr_membership_answer(const struct mcr_membership *m, struct mcr_address *asked, size_t n);

#endif
