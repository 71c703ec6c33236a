/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups that both mcring and a program of the kernel's have joined on the interface that a port
 * sits on: mcring holds them in the kernel, too (netdev_hold.h). Then the kernel, which is one host
 * with the port, speaks for both: it sends no leave before mcring has left, and mcring none at all
 * (interface_send.c). Thread: control. */
#ifndef MCR_ENGINE_KERNEL_HOLDS_H
#define MCR_ENGINE_KERNEL_HOLDS_H

struct mcr_engine;
struct mcr_port;

/* mcr_engine_hold_groups has the device thread hold what follows from the joins and from what was
 * last seen of the port's interface, if that has changed. */
void mcr_engine_hold_groups(const struct mcr_engine *e, struct mcr_port *port);

#endif
