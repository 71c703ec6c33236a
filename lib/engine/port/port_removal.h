/* SPDX-License-Identifier: BSD-3-Clause */
/* How a port goes while the engine runs. There are three ways to hear of it: the driver or the bus
 * reports it to EAL, in a thread of EAL's; the kernel's interface under the port is gone for good
 * (its index does not come back); the application says so. Thread: control, where nothing else
 * stands. */
#ifndef MCR_ENGINE_PORT_REMOVAL_H
#define MCR_ENGINE_PORT_REMOVAL_H

#include "engine/port/port.h"

/* mcr_port_listen has EAL report when the device goes, until mcr_port_unlisten. device: NULL =
 * unknown. Unlisten: thread as mcr_port_shut. */
void mcr_port_listen(struct mcr_port *port, struct rte_device *device);
void mcr_port_unlisten(struct mcr_port *port);

/* mcr_port_is_gone: whether EAL reported it, or the last look found no interface. Thread: device.
 */
int mcr_port_is_gone(const struct mcr_port *port);

/* mcr_port_detach gives the device of a closed port back, if its bus asked for it: a hot unplug
 * waits for that. Thread: device. */
void mcr_port_detach(struct mcr_port *port);

#endif
