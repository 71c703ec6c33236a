/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay has to say in the log. Thread: control. */
#ifndef MCR_ENGINE_RELAY_WATCH_H
#define MCR_ENGINE_RELAY_WATCH_H

#include <stdint.h>

struct mcr_engine;

/* mcr_engine_watch_relay logs what somebody has to know or to put right. */
void mcr_engine_watch_relay(struct mcr_engine *e, uint64_t now_ns);

#endif
