/* SPDX-License-Identifier: BSD-3-Clause */
/* Hears the IGMP and MLD that the kernel sends on an interface, by a packet socket with a filter
 * that lets nothing else through: of what is received it looks at the direction alone. What a
 * packet socket of ours sends there is heard, too. Frames with a VLAN tag are not. */
#ifndef MCR_ENGINE_LEAVE_WATCH_H
#define MCR_ENGINE_LEAVE_WATCH_H

#include <stddef.h>
#include <stdint.h>

#define MCR_LEAVE_WATCH_HEADER 14 /* octets of Ethernet in front of the packet */

/* mcr_leave_watch_open returns a descriptor that never blocks, or -errno: it needs CAP_NET_RAW. */
int mcr_leave_watch_open(uint32_t index);

/* mcr_leave_watch_read takes the next frame; what is longer than cap is cut. Returns its octets,
 * or 0: there is none, or its packet is shorter than an IP header. */
size_t mcr_leave_watch_read(int fd, uint8_t *frame, size_t cap);

#endif
