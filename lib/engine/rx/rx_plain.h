/* SPDX-License-Identifier: BSD-3-Clause */
/* The short way of a packet, for those that come in millions. Thread: the rx lcore. */
#ifndef MCR_ENGINE_RX_PLAIN_H
#define MCR_ENGINE_RX_PLAIN_H

#include "engine/rx/worker.h"

/* mcr_rx_arrival fills in what plain packets of a VLAN have in common. */
static inline void mcr_rx_arrival(struct mcr_arrival *a, const struct mcr_worker *w,
				  const struct mcr_burst *b, uint16_t vlan)
{
	uint8_t interface = b->interface_of_vlan[vlan];

	a->tail = MCR_WORD_AT(vlan, 2, 2) | MCR_WORD_AT(interface & MCR_INTERFACE_MASK, 6, 1) |
		  MCR_WORD_AT(b->flags, 7, 1);
	a->key = mcr_group_key(interface, 0, 0);
	a->broadcast_be = w->broadcast_be[interface & MCR_INTERFACE_MASK];
	a->vlan = vlan;
}

/* mcr_rx_plain takes mbufs[from..to) as far as they are of the usual kind: plain UDP in a usual
 * buffer that a channel wants, with or without a tag that the NIC took out, with or without the
 * NIC's time, for one channel or several. Does what the long way would do, without looking at
 * anything twice. Returns the index of the first packet that is not of the kind, or `to`. */
unsigned mcr_rx_plain(struct mcr_worker *w, struct mcr_queue *q, unsigned from, unsigned to);

#endif
