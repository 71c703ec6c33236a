/* SPDX-License-Identifier: BSD-3-Clause */
/* The route of one group, from what each output wants of it: for a source the outputs of which a
 * filter takes it. */
#ifndef MCR_CORE_ROUTE_MERGE_H
#define MCR_CORE_ROUTE_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "core/source_filter.h"

struct mcr_route_merged {
	struct mcr_address source;
	union {
		uint64_t included; /* until the end: outputs that list the source */
		uint64_t outputs;
	};
	uint64_t excluded;
};

/* All-zero is a good start. Its memory is used again for the next group. */
struct mcr_route_merge {
	uint64_t any;                  /* outputs of sources that are not in the list */
	struct mcr_route_merged *list; /* ascending, distinct */
	size_t n, cap;
};

void mcr_route_merge_begin(struct mcr_route_merge *m);

/* mcr_route_merge_add: an output, a word with one bit, also takes what this filter takes. Of one
 * output's filters one at most excludes. The filter is borrowed for the call. Returns 0 or -ENOMEM.
 */
int mcr_route_merge_add(struct mcr_route_merge *m, uint64_t output,
			const struct mcr_source_filter *filter);

/* mcr_route_merge_end makes the list that of the sources whose outputs are others than `any`,
 * ascending. Read as a filter it is the state of RFC 9776 §3.2: if any output excludes, EXCLUDE of
 * the listed sources that have no output; else INCLUDE of all of them. */
void mcr_route_merge_end(struct mcr_route_merge *m);

void mcr_route_merge_clear(struct mcr_route_merge *m);

#endif
