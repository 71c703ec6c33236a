/* SPDX-License-Identifier: BSD-3-Clause */
/* Why is there no data? A question about one group, a channel or the whole host, and its verdict.
 * It asks the engine as any program can, through mcring/info.h. Thread: control. */
#ifndef MCR_ENGINE_WHY_H
#define MCR_ENGINE_WHY_H

#include <stdint.h>

#include <mcring/engine.h>

#include "engine/why/why_query.h"
#include "engine/why/why_verdict.h"

struct mcr_why;

/* mcr_why_create begins to look for an answer; engine is borrowed, query copied. Returns 0, or with
 * err filled -ENOENT (no such channel) or -ENOMEM. */
int mcr_why_create(struct mcr_why **out, struct mcr_engine *engine,
		   const struct mcr_why_query *query, struct mcr_error *err);

/* mcr_why_step does about a millisecond of it. From the first to the last it holds what it has
 * collected, which may be many MB. now_ns: CLOCK_REALTIME. Returns 1 when the verdict is there, 0
 * when there is more to do, or -ENOMEM: nothing but mcr_why_destroy may follow. */
int mcr_why_step(struct mcr_why *why, uint64_t now_ns);

/* Of a why whose last step returned 1; both live as long as it. */
const struct mcr_why_verdict *mcr_why_verdict(const struct mcr_why *why);
const struct mcr_why_query *mcr_why_asked(const struct mcr_why *why);

/* mcr_why_destroy: NULL is allowed. */
void mcr_why_destroy(struct mcr_why *why);

#endif
