/* SPDX-License-Identifier: BSD-3-Clause */
/* What each rx lcore has of the relay: its ways to the Tx queues, its counters, and the pool of
 * copies, which is for all. Thread: control, while no lcore runs. */
#ifndef MCR_ENGINE_RELAY_LCORES_H
#define MCR_ENGINE_RELAY_LCORES_H

struct mcr_engine;
struct mcr_error;

/* mcr_engine_create_relay_lcores: e->relay is there, and each port has its plan (tx_plan.h).
 * Returns 0, or -ENOMEM with err filled. What was made goes with the workers; e->relay->pool, after
 * them, with the relay. */
int mcr_engine_create_relay_lcores(struct mcr_engine *e, struct mcr_error *err);

/* mcr_engine_relay_rest sends what still waits for the owner of a Tx queue, as the last leaves may:
 * the lcores have run, and run no more; the ports are not stopped yet. What a queue does not take
 * is counted, or freed with the way that it is on. */
void mcr_engine_relay_rest(struct mcr_engine *e);

#endif
