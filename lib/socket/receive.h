/* SPDX-License-Identifier: BSD-3-Clause */
/* What a received datagram looks like to a program. */
#ifndef MCR_SOCKET_RECEIVE_H
#define MCR_SOCKET_RECEIVE_H

#include "socket/socket.h"

/* mcr_socket_address writes the sender's address as the kernel does: for a socket of IPv6, an IPv4
 * sender as ::ffff:a.b.c.d. Returns its true length. */
socklen_t mcr_socket_address(const struct mcr_socket *s, const struct mcr_msg *m,
			     struct sockaddr_storage *out);

/* mcr_socket_control writes the control messages that the program has asked for, and sets
 * msg->msg_controllen and MSG_CTRUNC (cmsg.c). */
void mcr_socket_control(struct mcr_socket *s, const struct mcr_msg *m, struct msghdr *msg);

/* mcr_socket_wants reads from the kernel what the program has asked to be told. Call it after
 * setsockopt. */
void mcr_socket_wants(struct mcr_socket *s);

/* mcr_socket_available returns the length of the next datagram, for FIONREAD; 0: there is none. */
long mcr_socket_available(struct mcr_socket *s);

#endif
