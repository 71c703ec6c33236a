/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces: the engine's and the kernel's, and which of them a join means. */
#ifndef MCR_SOCKET_INTERFACE_H
#define MCR_SOCKET_INTERFACE_H

#include <net/if.h>
#include <stdint.h>

#include <mcring/consumer.h>

#include "socket/join_parse.h"

/* mcr_interface_by_ifindex returns the engine's interface that the kernel knows by this index, as
 * the one below its port, as a VLAN device on that or as its device of `kernel=`; MCR_NO_INTERFACE
 * if it is none of them. */
uint32_t mcr_interface_by_ifindex(uint32_t ifindex);

/* mcr_interface_ifindex returns the kernel's index of the engine's interface; 0 if the kernel knows
 * none. */
uint32_t mcr_interface_ifindex(uint32_t interface);

/* mcr_interface_ipv4_be returns the IPv4 address that the kernel has on it, or else the engine's
 * own, in network order; 0: none. For ipi_spec_dst. */
uint32_t mcr_interface_ipv4_be(uint32_t interface);

/* Where a join is to be made. */
struct mcr_place {
	uint32_t ifindex;         /* the kernel's; 0 = it knows none */
	uint32_t interface;       /* the engine's; MCR_NO_INTERFACE: none is attached, or not its */
	char name[MCR_NAME_MAX];  /* the engine's, also of one that does not run; "" = none */
	char device[IF_NAMESIZE]; /* the kernel's name; "" = none */
	uint8_t is_unknown;       /* nobody can tell: no engine has left a list */
};

/* mcr_interface_find: asked is how the program names the interface; with none, what the socket is
 * bound to (SO_BINDTODEVICE); with none, the engine's interface if it has only one; else the one of
 * the route, which is also the answer if by_route. */
void mcr_interface_find(struct mcr_place *out, int fd, struct mcr_address group,
			const struct mcr_interface_asked *asked, int by_route);

/* mcr_interface_find_named finds an interface of the engine that is attached, by its name. */
void mcr_interface_find_named(struct mcr_place *out, const char *name);

/* mcr_interface_is_kernels: whether the kernel receives multicast there. */
int mcr_interface_is_kernels(const struct mcr_place *place);

#endif
