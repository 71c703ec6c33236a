/* SPDX-License-Identifier: BSD-3-Clause */
/* The control thread's round. Thread: control. */
#ifndef MCR_ENGINE_ROUND_H
#define MCR_ENGINE_ROUND_H

#include <stdint.h>

struct mcr_engine;

/* mcr_engine_round does one round of control's work, and never waits. */
void mcr_engine_round(struct mcr_engine *e, uint64_t now_ns);

#endif
