/* SPDX-License-Identifier: BSD-3-Clause */
/* Joins and leaves of all five families of options, and where they go: to the engine, to the
 * kernel, or into an error. */
#ifndef MCR_SOCKET_JOIN_H
#define MCR_SOCKET_JOIN_H

#include "socket/choose.h"
#include "socket/membership.h"
#include "socket/socket.h"

/* mcr_join_option handles a socket option that joins, leaves or filters sources. Returns 1: it was
 * one, *result and errno are those of the call; 0: it is none of these, or the kernel has to
 * decide.
 */
int mcr_join_option(int fd, int level, int name, const void *value, socklen_t len, int *result);

/* mcr_join_find returns the socket's membership of a group, on an interface as the program names
 * it, or by_index: on the one of this index only. NULL: none but the kernel's. The caller holds it.
 */
struct mcr_joined *mcr_join_find(struct mcr_socket *s, struct mcr_address group, int is_ipv4,
				 const struct mcr_interface_asked *asked, int by_index);

/* mcr_join_hand_over puts all memberships of a socket into the kernel, where they stay, and logs
 * those that the kernel cannot receive: a process without the library is to read the socket.
 * mcr_join_take_back: it is not. The caller holds the socket. */
void mcr_join_hand_over(struct mcr_socket *s);
void mcr_join_take_back(struct mcr_socket *s);

#endif
