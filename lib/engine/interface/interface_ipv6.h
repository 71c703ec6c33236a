/* SPDX-License-Identifier: BSD-3-Clause */
/* An interface as an IPv6 host: what core/nd is told, and what follows from it for MLD and for the
 * port's filter. Thread: control. */
#ifndef MCR_ENGINE_INTERFACE_IPV6_H
#define MCR_ENGINE_INTERFACE_IPV6_H

#include "engine/interface/interface.h"

/* mcr_interface_ipv6_init: the interface speaks IPv6 from now on if it has an address6. mtu: of
 * mcr_interface_ipv6_tell. */
void mcr_interface_ipv6_init(struct mcr_interface *i, uint64_t seed, uint16_t mtu, uint64_t now_ns);

/* mcr_interface_ipv6_tell: addresses, the kernel's among them, or the MTU (longest packet) may be
 * others. is_wanted: there is a join of an IPv6 group. */
void mcr_interface_ipv6_tell(struct mcr_interface *i, int is_wanted, uint16_t mtu, uint64_t now_ns);

/* mcr_interface_ipv6_restart: the link came up. */
void mcr_interface_ipv6_restart(struct mcr_interface *i, uint64_t now_ns);

/* mcr_interface_ipv6_poll sends the probes that are due. Returns the next deadline. */
uint64_t mcr_interface_ipv6_poll(struct mcr_interface *i, uint64_t now_ns);

/* mcr_interface_ipv6_input: an ICMPv6 message to this host that is not MLD's. */
void mcr_interface_ipv6_input(struct mcr_interface *i, const struct mcr_nd_frame *frame,
			      uint64_t now_ns);

/* mcr_interface_ipv6_has_joined: whether the host itself is a member of the group. */
int mcr_interface_ipv6_has_joined(const struct mcr_interface *i, struct mcr_address group);

#endif
