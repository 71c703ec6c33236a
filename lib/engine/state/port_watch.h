/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of the ports while the engine runs. Thread: control. */
#ifndef MCR_ENGINE_PORT_WATCH_H
#define MCR_ENGINE_PORT_WATCH_H

struct mcr_engine;

/* mcr_engine_watch_ports has the device thread look at every started port; when it has, what
 * changed is logged, published and reported. */
void mcr_engine_watch_ports(struct mcr_engine *e);

#endif
