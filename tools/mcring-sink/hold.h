/* SPDX-License-Identifier: BSD-3-Clause */
/* What waits in the rings. While the broker takes units, nothing is read ahead of it: what has lain
 * in the memory of units for long is in no cache any more when it is sent. When a ring is nearly
 * full, or the broker takes nothing, all are read up to --memory. Thread: the sink's. */
#ifndef MCR_SINK_HOLD_H
#define MCR_SINK_HOLD_H

#include <stdint.h>

#include <mcring/consumer.h>

#include "sink.h"

/* hold_ring: whether what a ring has is left there for now. c: who reads it. */
int hold_ring(struct sink *s, const struct mcr_consumer *c, uint32_t ring);

/* hold_watch: whether a source's descriptor wakes the sink. was: what was said last. */
void hold_watch(const struct sink *s, int fd, int *was, int is_watched);

#endif
