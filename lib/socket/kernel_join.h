/* SPDX-License-Identifier: BSD-3-Clause */
/* Memberships of the kernel's. */
#ifndef MCR_SOCKET_KERNEL_JOIN_H
#define MCR_SOCKET_KERNEL_JOIN_H

#include <stdint.h>
#include <sys/socket.h>

#include <mcring/address.h>

/* What a socket is to have of a group on an interface. is_ipv4 is the family of the option that was
 * used, whatever the socket is. At least one source if it is not is_exclude. */
struct mcr_kernel_join {
	uint8_t is_ipv4, is_exclude;
	uint32_t ifindex;
	struct mcr_address group;
	const struct mcr_address *sources;
	uint32_t n_sources;
};

/* mcr_kernel_join joins, mcr_kernel_change replaces the sources of what is joined. Both return 0 or
 * -errno, with nothing joined. */
int mcr_kernel_join(int fd, const struct mcr_kernel_join *join);
int mcr_kernel_change(int fd, const struct mcr_kernel_join *join);
void mcr_kernel_leave(int fd, const struct mcr_kernel_join *join);

/* mcr_kernel_address fills in a socket address without a port. */
void mcr_kernel_address(struct sockaddr_storage *out, struct mcr_address address, int is_ipv4);

#endif
