/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools of packet buffers: those of a port, and the one of the relay's copies. Thread: control. */
#ifndef MCR_ENGINE_PORT_POOL_H
#define MCR_ENGINE_PORT_POOL_H

#include "engine/plan/pool_plan.h"
#include "engine/port/port.h"

/* mcr_buffers_create: a pool of lack->buffers with lack->buffer_bytes each, on NUMA node *node or,
 * if there is no memory, anywhere: then *node becomes MCR_NODE_ANY. lack: what the error is to say
 * that the pool is for; the rest of it is filled in. Returns 0, or -ENOMEM with err filled. */
int mcr_buffers_create(struct rte_mempool **out, const char *name, struct mcr_pool_lack *lack,
		       int *node, struct mcr_error *err);

/* mcr_copy_pool_create makes the pool of the relay's copies and headers, as large as hold asks for,
 * for the n ports to which packets are relayed: open, one at least. Returns 0, or -ENOMEM with err
 * filled. rte_mempool_free it when no lcore runs and the ports are closed. */
int mcr_copy_pool_create(struct rte_mempool **out, const struct mcr_relay_hold *hold,
			 struct mcr_port *const *ports, size_t n, struct mcr_error *err);

/* mcr_port_pool_bytes: memory of a port's buffers, with their headers. */
uint64_t mcr_port_pool_bytes(const struct mcr_port *port);

#endif
