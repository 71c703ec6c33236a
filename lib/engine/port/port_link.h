/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking at a device: its link, MAC address and counters. The device thread looks, control takes
 * over what it found. */
#ifndef MCR_ENGINE_PORT_LINK_H
#define MCR_ENGINE_PORT_LINK_H

#include "engine/port/port.h"

#define MCR_PORT_LINK      1u   /* the link went up or down */
#define MCR_PORT_MAC       2u   /* the port has another MAC address */
#define MCR_PORT_GONE      4u   /* the device was removed */
#define MCR_PORT_UNSEEN    8u   /* its link cannot be seen from now on: link_error says why */
#define MCR_PORT_FLAP      16u  /* the link was down meanwhile, and is up again */
#define MCR_PORT_MTU       32u  /* the kernel's interface has another MTU */
#define MCR_PORT_NAME      64u  /* the kernel's interface has another name */
#define MCR_PORT_DEAF      128u /* its driver receives nothing any more */
#define MCR_PORT_ADDRESSES 256u /* the kernel has other IPv6 addresses on the interface */

/* mcr_port_look asks the device: into port->found. May wait for the kernel. Thread: device. */
void mcr_port_look(struct mcr_port *port);

/* mcr_port_count reads the counters alone: into port->found. Thread: device. */
void mcr_port_count(struct mcr_port *port);

/* mcr_port_take takes over what the last look found. Returns what changed: MCR_PORT_ bits. Thread:
 * control. */
unsigned mcr_port_take(struct mcr_port *port);

#endif
