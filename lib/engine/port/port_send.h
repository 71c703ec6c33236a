/* SPDX-License-Identifier: BSD-3-Clause */
/* Control's frames out of a port: by Tx queue 0, or, where an rx lcore owns that (plan/tx_plan.h),
 * by way of that lcore. Thread: control. */
#ifndef MCR_ENGINE_PORT_SEND_H
#define MCR_ENGINE_PORT_SEND_H

#include "engine/port/port.h"

/* mcr_port_send takes over the first of n frames, as many as there is room for; the rest stay the
 * caller's. Returns how many. What the owner's queue does not take at once it sends later. */
uint16_t mcr_port_send(struct mcr_port *port, struct rte_mbuf **mbufs, uint16_t n);

#endif
