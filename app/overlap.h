/* SPDX-License-Identifier: BSD-3-Clause */
/* The joins that another host makes since a reload, and that this one leaves a while later, so that
 * the new owner is in before the old one leaves (docs/config.md, shard). Until then the engine
 * holds them as joins of the configuration. Times are those of the caller's clock. */
#ifndef MCR_APP_OVERLAP_H
#define MCR_APP_OVERLAP_H

#include <mcring/engine.h>

/* What one reload began to hand over. */
struct mcr_overlap_part {
	struct mcr_join_list joins;
	uint64_t leave_ns;
};

/* All zero: there is none. */
struct mcr_overlap {
	struct mcr_overlap_part *parts;
	size_t n;
};

/* mcr_overlap_make fills an empty *out with the joins `leaving`: those that `before` has keep their
 * time; the others have none until mcr_overlap_begin. Thread: any. Returns 0 or -ENOMEM. */
int mcr_overlap_make(struct mcr_overlap *out, const struct mcr_overlap *before,
		     const struct mcr_join_list *leaving);

/* mcr_overlap_begin: the joins that have no time yet are left at leave_ns. */
void mcr_overlap_begin(struct mcr_overlap *overlap, uint64_t leave_ns);

/* mcr_overlap_joins: how many joins wait. */
size_t mcr_overlap_joins(const struct mcr_overlap *overlap);

/* mcr_overlap_next: when the next ones are left; UINT64_MAX: there are none. */
uint64_t mcr_overlap_next(const struct mcr_overlap *overlap);

/* mcr_overlap_leave leaves the joins whose time has come and that the engine still holds:
 * mcring-ctl may have left some. If it cannot, they wait until retry_ns. *left: how many were left.
 * Thread: control. Returns 0, or -errno with err. */
int mcr_overlap_leave(struct mcr_overlap *overlap, struct mcr_engine *e, uint64_t now_ns,
		      uint64_t retry_ns, size_t *left, struct mcr_error *err);

/* mcr_overlap_clear frees; there is none afterwards. */
void mcr_overlap_clear(struct mcr_overlap *overlap);

#endif
