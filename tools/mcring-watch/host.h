/* SPDX-License-Identifier: BSD-3-Clause */
/* The engines of the host and their channels: found, attached, lost, attached again. It waits for
 * nobody. Thread: the watch's. */
#ifndef MCR_WATCH_HOST_H
#define MCR_WATCH_HOST_H

#include <stdint.h>

#include "watch.h"

/* host_look looks for engines and channels, once a second, and takes the steps that are due towards
 * those that are not attached. now_ns: CLOCK_MONOTONIC. */
void host_look(struct watch *w, uint64_t now_ns);

/* host_is_settled: all engines that there are have said what they have, or that they do not. */
int host_is_settled(const struct watch *w);

/* host_read reads what the channels have. Returns how many messages and events there were. */
int host_read(struct watch *w);

/* host_arm announces that the watch is about to sleep. Returns 0, or 1: there is something. */
int host_arm(struct watch *w);

/* host_judge finds the groups that are silent. */
void host_judge(struct watch *w);

/* host_renew: lines are others now. */
void host_renew(struct watch *w);

void host_destroy(struct watch *w);

#endif
