/* SPDX-License-Identifier: BSD-3-Clause */
/* Carries out what was decided about memberships, in the order in which nothing is lost: the new
 * one is received before the old one is left. */
#ifndef MCR_SOCKET_TRANSFER_H
#define MCR_SOCKET_TRANSFER_H

#include "socket/membership.h"
#include "socket/socket.h"

/* mcr_transfer puts next in the place of old. old = NULL: it is new; next = NULL: it is left.
 * next->m says where, and from a success on it is the socket's. A socket of ours whose memberships
 * are all in the kernel gets from it also what others have joined there, if the program wants that.
 * Errors: -errno as the kernel's or mcr_link_join's, with err; all is as before. */
int mcr_transfer(struct mcr_socket *s, struct mcr_joined *old, struct mcr_joined *next,
		 struct mcr_error *err);

/* mcr_transfer_set_all puts the program's IP_MULTICAST_ALL and IPV6_MULTICAST_ALL into force. */
void mcr_transfer_set_all(struct mcr_socket *s);

/* mcr_transfer_end leaves all on the engine: the socket ends. What is joined in the kernel ends
 * with the kernel's socket, which another process may have, too. */
void mcr_transfer_end(struct mcr_socket *s);

#endif
