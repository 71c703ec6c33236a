/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's sockets, and the descriptors that they may come to need. Thread: control. */
#ifndef MCR_ENGINE_SOCKETS_H
#define MCR_ENGINE_SOCKETS_H

#include <mcring/engine.h>

struct mcr_engine;

/* mcr_engine_create_sockets makes the run directory, and the sockets attach, control and stats. */
int mcr_engine_create_sockets(struct mcr_engine *e, struct mcr_error *err);

/* mcr_engine_log_descriptors logs when the process may open fewer files than its consumers may come
 * to need. */
void mcr_engine_log_descriptors(const struct mcr_engine *e);

#endif
