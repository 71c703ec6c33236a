/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's interfaces. Thread: control. */
#ifndef MCR_ENGINE_INTERFACES_H
#define MCR_ENGINE_INTERFACES_H

#include <mcring/engine.h>

struct mcr_engine;

struct mcr_filter_state;
struct mcr_group;
struct mcr_wire_interface;

/* mcr_engine_create_interfaces makes the interfaces of cfg, and opens their ports.
 * mcr_engine_destroy takes away what was made before an error. */
int mcr_engine_create_interfaces(struct mcr_engine *e, const struct mcr_engine_config *cfg,
				 struct mcr_error *err);

/* mcr_engine_follow_mtus: reports are of the size that their ports' MTU allows now. Returns 0 or
 * -ENOMEM. */
int mcr_engine_follow_mtus(struct mcr_engine *e);

/* mcr_engine_wire_interface is the mcr_attach_interface of an engine. */
int mcr_engine_wire_interface(void *engine, uint32_t index, struct mcr_wire_interface *out);

/* mcr_engine_group_filter: how a group stands with its port. */
void mcr_engine_group_filter(const struct mcr_engine *e, const struct mcr_group *g,
			     struct mcr_filter_state *out);

#endif
