/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay needs of the ports: Tx queues, and who sends by which of them. Thread: control. */
#ifndef MCR_ENGINE_RELAY_PORTS_H
#define MCR_ENGINE_RELAY_PORTS_H

struct mcr_engine;

/* mcr_engine_plan_tx makes each port's tx (plan/tx_plan.h): the queues are placed. */
void mcr_engine_plan_tx(struct mcr_engine *e);

#endif
