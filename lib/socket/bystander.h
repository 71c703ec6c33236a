/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets that join nothing and live off what others of the program join: Linux gives a socket the
 * groups that anybody has joined, unless its IP_MULTICAST_ALL is 0. */
#ifndef MCR_SOCKET_BYSTANDER_H
#define MCR_SOCKET_BYSTANDER_H

#include "socket/socket.h"

/* mcr_bystander_begin: the program has joined a group on the engine. From now on its UDP sockets
 * that are bound to any address, or to a group, are ours. The caller holds no lock. */
void mcr_bystander_begin(const struct mcr_socket_owner *owner);

/* mcr_bystander_bound: this descriptor was bound. */
void mcr_bystander_bound(int fd);

#endif
