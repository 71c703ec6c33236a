/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of joins, in which a join may stand several times. Each function costs n log n and returns
 * 0 or -ENOMEM. Thread: any, but for the engine's. */
#ifndef MCR_APP_JOIN_LISTS_H
#define MCR_APP_JOIN_LISTS_H

#include <mcring/engine.h>

/* mcr_joins_subtract appends to out the joins that a has more often than b. */
int mcr_joins_subtract(struct mcr_join_list *out, const struct mcr_join_list *a,
		       const struct mcr_join_list *b);

/* mcr_joins_divide appends each join of a to common, as often as b has it, too, and else to rest.
 * rest may be NULL. */
int mcr_joins_divide(struct mcr_join_list *common, struct mcr_join_list *rest,
		     const struct mcr_join_list *a, const struct mcr_join_list *b);

/* mcr_joins_held lists the configuration's joins that the engine holds: mcring-ctl may have left
 * some. Thread: control. */
int mcr_joins_held(struct mcr_join_list *out, const struct mcr_engine *e);

#endif
