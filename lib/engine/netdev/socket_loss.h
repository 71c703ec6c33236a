/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts what the kernel drops because the ring of a driver's packet socket is full. net_af_packet
 * before DPDK 25.03 does not report it. The process that holds the socket can ask
 * (PACKET_STATISTICS), but that resets the count, so only the driver's own sockets are asked: those
 * that are bound to the port's interface and appeared while its device was probed. No DPDK in here.
 * Thread: the device thread, or control before the engine runs. */
#ifndef MCR_ENGINE_SOCKET_LOSS_H
#define MCR_ENGINE_SOCKET_LOSS_H

#include <stdint.h>

#include <mcring/engine.h>

struct mcr_socket_loss {
	int fds[MCR_QUEUES_MAX]; /* the driver's: valid until it stops the device */
	unsigned n;
	uint64_t dropped; /* since mcr_socket_loss_begin */
};

/* mcr_socket_loss_claim takes up to max packet sockets that are bound to the interface and are not
 * in `before`, and adds them there, so that no other port claims them. before: NULL = nobody knows
 * whose sockets are whose, so none is taken. Returns 0, or -errno with nothing taken. */
int mcr_socket_loss_claim(struct mcr_socket_loss *loss, struct mcr_sockets *before,
			  uint32_t interface, unsigned max);

/* mcr_socket_loss_begin forgets what was lost until now. */
void mcr_socket_loss_begin(struct mcr_socket_loss *loss);

/* mcr_socket_loss_read adds what was lost since the last call and returns the sum. It costs a
 * getsockopt for each socket, which waits for no lock that others hold for long. */
uint64_t mcr_socket_loss_read(struct mcr_socket_loss *loss);

/* mcr_socket_loss_end reads once more and forgets the sockets. Call it before the driver stops. */
void mcr_socket_loss_end(struct mcr_socket_loss *loss);

#endif
