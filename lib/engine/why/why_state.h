/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a group flows. */
#ifndef MCR_ENGINE_WHY_STATE_H
#define MCR_ENGINE_WHY_STATE_H

#include "engine/why/why_evidence.h"

enum mcr_why_state {
	MCR_WHY_STATE_FLOWS,
	MCR_WHY_STATE_STOPPED,
	MCR_WHY_STATE_NEVER, /* nothing has come */
	MCR_WHY_STATE_FRESH, /* joined a moment ago, and nothing has come yet */
};

/* mcr_why_state_of: of packets of which the first and the last came then; 0 = none did. since_ns:
 * when it was joined. */
enum mcr_why_state mcr_why_state_of(uint64_t packets, uint64_t first_ns, uint64_t last_ns,
				    uint64_t since_ns, uint64_t now_ns);

enum mcr_why_state mcr_why_group_state(const struct mcr_group_info *group, uint64_t now_ns);

/* mcr_why_tally_add counts a membership at its interface. */
void mcr_why_tally_add(struct mcr_why_evidence *evidence, const struct mcr_group_info *group);

/* mcr_why_is_now: something that happened then is a loss of now. */
int mcr_why_is_now(uint64_t at_ns, uint64_t now_ns);

#endif
