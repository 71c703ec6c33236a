/* SPDX-License-Identifier: BSD-3-Clause */
/* Which thread sends on which Tx queue of a port. Decisions only: no DPDK.
 *
 * A driver's Tx queue may be used by one thread at a time. Control sends on each port: reports,
 * answers, the kernel's frames. An rx lcore that relays sends as well. With a queue for each of
 * them control has queue 0 and the lcores one each behind it. With fewer, control keeps queue 0 if
 * there are two at least, and the others belong to one lcore each; lcores without a queue hand
 * their frames to an owner. With one queue, an lcore owns it, and control hands over, too. */
#ifndef MCR_ENGINE_TX_PLAN_H
#define MCR_ENGINE_TX_PLAN_H

#include <stdint.h>

#include <mcring/engine.h>

#include "engine/plan/placement.h"

#define MCR_TX_CONTROL MCR_LCORES_MAX /* the place of control among the senders */

struct mcr_tx_plan {
	uint16_t n_queues; /* that somebody may use; others of the device are idle */
	/* By worker index, then control: the queue that its frames leave by; UINT16_MAX = it sends
	 * nothing there. */
	uint16_t queue_of[MCR_LCORES_MAX + 1];
	uint8_t owner_of[MCR_LCORES_MAX + 1]; /* by queue: worker index, or MCR_TX_CONTROL */
};

/* mcr_tx_plan_queues: how many Tx queues to configure. n_senders: how many workers relay to the
 * port, at most; max: what the device has. */
uint16_t mcr_tx_plan_queues(unsigned n_senders, uint16_t max);

/* mcr_tx_plan_make: senders: workers that may relay to the port; pollers: those that poll its rx
 * queues. A queue that is shared belongs to one of the latter, if one of them relays, so that the
 * device stays with one thread. A queue that nobody needs is control's. */
void mcr_tx_plan_make(struct mcr_tx_plan *plan, uint16_t n_queues, uint32_t senders,
		      uint32_t pollers);

/* mcr_tx_plan_shared: how many of the senders, control among them, have no queue of their own. */
unsigned mcr_tx_plan_shared(const struct mcr_tx_plan *plan);

/* mcr_tx_plan_describe writes into buf how many queues there are for whom, and who sends for
 * others, as "2 Tx queues for control and 3 rx lcores: rx lcore 4 sends for 5, 6". */
void mcr_tx_plan_describe(const struct mcr_tx_plan *plan, const struct mcr_placement *placement,
			  char *buf, size_t cap);

#endif
