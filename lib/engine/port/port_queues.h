/* SPDX-License-Identifier: BSD-3-Clause */
/* How a port is configured: its queues, their buffers, its offloads. Thread: control. */
#ifndef MCR_ENGINE_PORT_QUEUES_H
#define MCR_ENGINE_PORT_QUEUES_H

#include "engine/port/port.h"

/* mcr_port_queues_open configures the device and sets up its queues: rx queues as wanted, Tx queues
 * for control and those who relay. Fills in port->n_queues, n_tx_queues, tx_descs, takes_chains and
 * mempool; after an error the pool, if there is
 * one, is the port's to free. Errors: -EINVAL (more queues than there are), -ENOMEM, what the
 * driver gave. */
int mcr_port_queues_open(struct mcr_port *port, const struct rte_eth_dev_info *info,
			 const struct mcr_port_wants *wants, struct mcr_error *err);

/* mcr_port_foresee: how many rx queues a port will have if it is opened as wanted, and how many
 * descriptors a Tx queue. Returns 0, or what the driver gave. */
int mcr_port_foresee(uint16_t id, const struct mcr_port_wants *wants, uint16_t *n_queues,
		     uint16_t *tx_descs);

#endif
