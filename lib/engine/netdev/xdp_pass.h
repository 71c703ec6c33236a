/* SPDX-License-Identifier: BSD-3-Clause */
/* An XDP program that passes every frame, on one end of a veth pair. While one is there the kernel
 * has the other end cut what a sender hands over as one (UDP_SEGMENT) into the datagrams that it
 * stands for: XDP takes no frame that is several. Without it a packet socket gets ten datagrams as
 * one, and nothing in the frame says so. Nothing on our own end but XDP has this effect, and the
 * generic kind has not. */
#ifndef MCR_ENGINE_XDP_PASS_H
#define MCR_ENGINE_XDP_PASS_H

#include <stdint.h>

/* mcr_xdp_pass_attach puts the program on an interface, in its driver. It goes when the descriptor
 * is closed, so at the latest with the process, and never takes another's place.
 * Returns the descriptor, or -errno: -EPERM (CAP_NET_ADMIN and CAP_BPF are wanted), -EBUSY or
 * -EEXIST (there is one already), -EOPNOTSUPP (the driver takes none), -ERANGE (its MTU is too
 * large for XDP), -ENODEV, -EINVAL (a kernel before 5.9). May wait for the kernel. */
int mcr_xdp_pass_attach(uint32_t interface);

#endif
