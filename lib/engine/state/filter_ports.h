/* SPDX-License-Identifier: BSD-3-Clause */
/* What the joins mean to the filters of the NICs. Thread: control. */
#ifndef MCR_ENGINE_FILTER_PORTS_H
#define MCR_ENGINE_FILTER_PORTS_H

#include <stdint.h>

struct mcr_engine;

struct mcr_group;
struct mcr_port;

/* mcr_engine_filter_ports has the device thread program every started port for the groups of
 * e->joins. */
void mcr_engine_filter_ports(struct mcr_engine *e);

/* mcr_engine_joins_changed: the filters are to follow in the next round. */
void mcr_engine_joins_changed(struct mcr_engine *e, uint64_t now_ns);

/* mcr_engine_must_reports_wait: whether a port's reports wait for its filter, which they do for 100
 * ms at most. */
int mcr_engine_must_reports_wait(struct mcr_engine *e, const struct mcr_port *port,
				 uint64_t now_ns);

/* mcr_engine_group_queue: the queue of its port that a group keeps to where it can be steered. */
uint16_t mcr_engine_group_queue(const struct mcr_engine *e, const struct mcr_group *g);

#endif
