/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces: the engine's and the kernel's. */
#ifndef MCR_SOCKET_INTERFACE_H
#define MCR_SOCKET_INTERFACE_H

#include <stdint.h>

#include <mcring/consumer.h>

/* mcr_interface_by_ifindex returns the engine's interface that the kernel knows by this index, as
 * the one below its port or as its device of `kernel=`; MCR_NO_INTERFACE if it is none of them. */
uint32_t mcr_interface_by_ifindex(uint32_t ifindex);

/* mcr_interface_ifindex returns the kernel's index of the engine's interface; 0 if the kernel knows
 * none. */
uint32_t mcr_interface_ifindex(uint32_t interface);

/* mcr_interface_ipv4_be returns the IPv4 address that the kernel has on it, or else the engine's
 * own, in network order; 0: none. For ipi_spec_dst. */
uint32_t mcr_interface_ipv4_be(uint32_t interface);

#endif
