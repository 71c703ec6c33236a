/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's ports: opened as their interfaces ask, their queues given to lcores. Thread:
 * control. */
#ifndef MCR_ENGINE_PORTS_H
#define MCR_ENGINE_PORTS_H

#include <mcring/engine.h>

#include "engine/plan/port_wish.h"
#include "engine/port/port.h"

struct mcr_engine;

/* What a port is to be, by the interfaces on it. */
struct mcr_port_setup {
	struct mcr_port_wish asked;
	uint32_t candidates; /* workers that may poll it */
	struct mcr_port_wants wants;
};

/* mcr_engine_wish_of: the setup of a DPDK port, all but wants.relay. Returns 0, or -EINVAL with err
 * filled: cfg's interfaces on it do not agree. */
int mcr_engine_wish_of(struct mcr_engine *e, const struct mcr_engine_config *cfg, uint16_t id,
		       struct mcr_port_setup *out, struct mcr_error *err);

/* mcr_engine_port_of: the port of one of cfg's interfaces, opened when it is the first on it. */
int mcr_engine_port_of(struct mcr_engine *e, const struct mcr_engine_config *cfg,
		       const struct mcr_interface_config *config, struct mcr_port **out,
		       struct mcr_error *err);

/* mcr_engine_place_queues gives every queue of every port to a worker. Errors: -EINVAL (too many
 * for one), -EBUSY (a port is a member of a bond). */
int mcr_engine_place_queues(struct mcr_engine *e, struct mcr_error *err);

/* mcr_engine_log_ports logs what each port was given, and what is wrong with it. */
void mcr_engine_log_ports(const struct mcr_engine *e);

/* mcr_engine_find_port: the port of this name or DPDK number that has not been removed; NULL when
 * there is none. */
struct mcr_port *mcr_engine_find_port(const struct mcr_engine *e, const char *text);

#endif
