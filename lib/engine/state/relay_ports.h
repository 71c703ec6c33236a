/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay needs of the ports: buffers, Tx queues, and who sends by which of them. Thread:
 * control. */
#ifndef MCR_ENGINE_RELAY_PORTS_H
#define MCR_ENGINE_RELAY_PORTS_H

#include <mcring/engine.h>

struct mcr_engine;
struct rte_mempool;

/* mcr_engine_foresee_relay fills in relay_hold, before the ports are opened: their buffers and Tx
 * queues depend on it. Which lcores will poll a port is not known yet. So there are at most as many
 * that relay as may poll a port with a role, and as these ports have rx queues. Interfaces that
 * cannot be opened are left out. */
void mcr_engine_foresee_relay(struct mcr_engine *e, const struct mcr_engine_config *cfg);

/* mcr_engine_plan_tx makes each port's tx (plan/tx_plan.h): the queues are placed. */
void mcr_engine_plan_tx(struct mcr_engine *e);

/* mcr_engine_create_copy_pool makes the pool of the relay's copies: the engine relays, and its
 * ports are open. Returns 0, or -ENOMEM with err filled. rte_mempool_free it when the ports are
 * closed, whose Tx rings hold buffers of it. */
int mcr_engine_create_copy_pool(struct mcr_engine *e, struct rte_mempool **out,
				struct mcr_error *err);

#endif
