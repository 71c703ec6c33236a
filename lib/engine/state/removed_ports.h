/* SPDX-License-Identifier: BSD-3-Clause */
/* A port that goes while the engine runs. Thread: control. */
#ifndef MCR_ENGINE_REMOVED_PORTS_H
#define MCR_ENGINE_REMOVED_PORTS_H

struct mcr_engine;

struct mcr_port;

/* mcr_engine_begin_removal: from now on control does not use the port. */
void mcr_engine_begin_removal(struct mcr_engine *e, struct mcr_port *port);

/* mcr_engine_continue_removals does what remains as lcores let go; call it each round. */
void mcr_engine_continue_removals(struct mcr_engine *e);

#endif
