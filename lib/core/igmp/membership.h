/* SPDX-License-Identifier: BSD-3-Clause */
/* The reception state of one group on one interface, and what of its changes is still to be told
 * (RFC 3376 §3.2, §5.1). It knows neither time nor bytes on the wire: IGMPv3 and MLDv2 share these
 * rules. Addresses are in host byte order, so that sorted lists ascend as people read them.
 *
 * The sources array holds every source that is in the current list (`listed`) or that left it and
 * has still to be reported (`left` > 0), ascending. */
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
	uint32_t address;
	uint8_t listed; /* in the current list */
	uint8_t left;   /* state-change reports that have still to tell of it */
};

struct mcr_membership {
	struct mcr_source *sources; /* ascending; owned */
	uint32_t n, cap;            /* entries in use, entries allocated */
	uint32_t n_listed;          /* of them in the current list */
	uint8_t mode;               /* enum mcr_filter_mode; INCLUDE{} is "not a member" */
	uint8_t mode_left; /* reports that have still to carry TO_IN or TO_EX with the whole list */
};

/* mcr_membership_init: INCLUDE{}, nothing to tell. */
void mcr_membership_init(struct mcr_membership *m);
void mcr_membership_clear(struct mcr_membership *m);

/* mcr_membership_set makes list (n addresses, ascending, distinct; copied) and mode the current
 * state, and marks the difference to be told `copies` times (0: not at all). Going to INCLUDE{}
 * allocates nothing and cannot fail. Returns 1: changed, 0: the same state, or -ENOMEM (unchanged).
 */
int mcr_membership_set(struct mcr_membership *m, enum mcr_filter_mode mode, const uint32_t *list,
		       size_t n, unsigned copies);

/* mcr_membership_wanted: 1 when anything at all is wanted of the group. */
int mcr_membership_wanted(const struct mcr_membership *m);

/* mcr_membership_pending: 1 when a state-change report is still to be sent. */
int mcr_membership_pending(const struct mcr_membership *m);

/* mcr_membership_announce marks the whole state to be told `copies` times, as if it had just come
 * about; leaves that are still being told start over. */
void mcr_membership_announce(struct mcr_membership *m, unsigned copies);

/* mcr_membership_cancel: nothing is to be told any more. */
void mcr_membership_cancel(struct mcr_membership *m);

/* mcr_membership_told: one state-change report with all of it has been sent. */
void mcr_membership_told(struct mcr_membership *m);

/* mcr_membership_select writes the addresses that a record of this type carries (RFC 3376 §5.1
 * table of contents) to out, ascending; out may be NULL to count only. Returns their number. */
size_t mcr_membership_select(const struct mcr_membership *m, enum mcr_record type, uint32_t *out);

/* mcr_membership_answer reduces the recorded sources of a group-and-source query, in place, to
 * those that the answer carries as IS_IN (RFC 3376 §5.2): INCLUDE(A) -> A*B, EXCLUDE(A) -> B-A.
 * asked: ascending. Returns how many remain. */
size_t mcr_membership_answer(const struct mcr_membership *m, uint32_t *asked, size_t n);

#endif
