/* SPDX-License-Identifier: BSD-3-Clause */
/* An interface's frames out. Thread: control. */
#ifndef MCR_ENGINE_INTERFACE_SEND_H
#define MCR_ENGINE_INTERFACE_SEND_H

#include "engine/interface/interface.h"

/* mcr_interface_transmit sends a whole frame, and becomes the owner of its mbuf. Returns 0, or
 * -EAGAIN: the Tx queue is full, and the frame is gone. */
int mcr_interface_transmit(struct mcr_interface *i, struct rte_mbuf *m);

/* These send an IP packet in a frame of the interface's VLAN; they return 0 or -EAGAIN. interface:
 * struct mcr_interface. A report (mcr_gmp_send) goes to its group's MAC address. Reports and probes
 * (mcr_nd_send) are tried again by who sends them, and counted in tx_retries; answers are not, and
 * counted in tx_dropped. */
int mcr_interface_send_report(void *interface, const uint8_t *packet, size_t len);
int mcr_interface_send_probe(void *interface, const uint8_t mac[6], const uint8_t *packet,
			     size_t len);
int mcr_interface_send_answer(void *interface, const uint8_t mac[6], const uint8_t *packet,
			      size_t len);

#endif
