/* SPDX-License-Identifier: BSD-3-Clause */
/* What a captured packet begins with, by its link type (tcpdump.org/linktypes.html), and how it
 * becomes an Ethernet frame. */
#ifndef MCR_REPLAY_CAPTURE_LINK_H
#define MCR_REPLAY_CAPTURE_LINK_H

#include <stdint.h>

#define LINK_ROOM 14 /* octets before a packet that link_to_ethernet may write to */

/* link_is_known: of a link type that link_to_ethernet takes. */
int link_is_known(uint32_t link_type);

/* link_to_ethernet makes *data, *len an Ethernet frame, in place. The frame goes to the MAC address
 * of its group, from none. One that is too short for its link type becomes a frame of EtherType 0,
 * which is not IP. */
void link_to_ethernet(uint32_t link_type, uint8_t **data, uint32_t *len);

#endif
