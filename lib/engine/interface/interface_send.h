/* SPDX-License-Identifier: BSD-3-Clause */
/* An interface's frames out. Thread: control. */
#ifndef MCR_ENGINE_INTERFACE_SEND_H
#define MCR_ENGINE_INTERFACE_SEND_H

#include "engine/interface/interface.h"

/* mcr_interface_transmit sends a whole frame, and becomes the owner of its mbuf. Returns 0, or
 * -EAGAIN: the Tx queue is full, and the frame is gone. */
int mcr_interface_transmit(struct mcr_interface *i, struct rte_mbuf *m);

#define MCR_REPORT_MAX 9216 /* octets; longer ones, of larger jumbo frames, go out as they are */

/* mcr_interface_spare_report takes out of a report of ours what would take something away from the
 * kernel (core/gmp/gmp_spare.h). Returns what is to go out, in copy or as it was, and its *len; or
 * NULL: nothing is left. */
const uint8_t *mcr_interface_spare_report(const struct mcr_interface *i,
					  uint8_t copy[MCR_REPORT_MAX], const uint8_t *packet,
					  size_t *len);

/* These send an IP packet in a frame of the interface's VLAN; they return 0 or -EAGAIN. interface:
 * struct mcr_interface. mcr_interface_send_packet sends to a multicast address. Its packets and
 * probes (mcr_nd_send) are tried again by who sends them, and counted in tx_retries; answers are
 * not, and counted in tx_dropped. */
int mcr_interface_send_packet(struct mcr_interface *i, const uint8_t *packet, size_t len);
int mcr_interface_send_probe(void *interface, const uint8_t mac[6], const uint8_t *packet,
			     size_t len);
int mcr_interface_send_answer(void *interface, const uint8_t mac[6], const uint8_t *packet,
			      size_t len);

/* mcr_interface_give_kernel gives the kernel's device an IP packet to a multicast address, as if it
 * had come from the network. Nothing happens where there is no such device. */
void mcr_interface_give_kernel(struct mcr_interface *i, const uint8_t *packet, size_t len);

#endif
