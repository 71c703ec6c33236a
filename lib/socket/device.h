/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel says of its network devices and routes. All of it works without privileges; what
 * cannot be found out is 0. */
#ifndef MCR_SOCKET_DEVICE_H
#define MCR_SOCKET_DEVICE_H

#include <net/if.h>
#include <stdint.h>

#include <mcring/address.h>

/* mcr_device_of_address returns the index of the device that has an IPv4 address, as the kernel
 * finds it for a join. */
uint32_t mcr_device_of_address(uint32_t address_be);

/* mcr_device_of_route returns the index of the device on which a join without an interface is made.
 */
uint32_t mcr_device_of_route(struct mcr_address group);

/* mcr_device_below fills in the device that a VLAN device stands on, and returns its VLAN; 0: it is
 * no VLAN device. */
uint16_t mcr_device_below(char below[IF_NAMESIZE], const char *name);

/* mcr_device_of_vlan returns the index of the VLAN device on a device. */
uint32_t mcr_device_of_vlan(const char *name, uint16_t vlan);

/* mcr_device_ipv4_be returns the first IPv4 address of a device, in network order. */
uint32_t mcr_device_ipv4_be(const char *name);

/* mcr_device_own_addresses fills in this host's addresses of a family, those of one device first,
 * and returns how many, at most n. */
uint32_t mcr_device_own_addresses(struct mcr_address *out, uint32_t n, int is_ipv4,
				  const char *first);

#endif
