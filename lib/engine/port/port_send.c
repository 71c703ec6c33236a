/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/port/port_send.h"
#include "core/handover.h"

uint16_t mcr_port_send(struct mcr_port *port, struct rte_mbuf **mbufs, uint16_t n)
{
	if (port->control_way)
		return (uint16_t)mcr_handover_put(port->control_way, (void *const *)mbufs, n);
	return rte_eth_tx_burst(port->id, 0, mbufs, n);
}
