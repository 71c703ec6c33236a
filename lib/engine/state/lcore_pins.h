/* SPDX-License-Identifier: BSD-3-Clause */
/* Channels that want their groups on one rx lcore. Thread: control. */
#ifndef MCR_ENGINE_LCORE_PINS_H
#define MCR_ENGINE_LCORE_PINS_H

#include <mcring/engine.h>

struct mcr_engine;
struct mcr_group;

/* mcr_engine_pin_of: the worker that a group is to come to, or -1: any. When channels with several
 * lcores want the group, the first of them decides. */
int mcr_engine_pin_of(const struct mcr_engine *e, const struct mcr_group *g);

/* mcr_engine_log_pins logs, once for each channel and port, that the port cannot bring the
 * channel's groups to the lcore that it wants. After the filters were set. */
void mcr_engine_log_pins(struct mcr_engine *e);

#endif
