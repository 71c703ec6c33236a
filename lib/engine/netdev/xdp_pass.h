/* SPDX-License-Identifier: BSD-3-Clause */
/* An XDP program that passes every frame, on one end of a veth pair. XDP takes no frame that stands
 * for several datagrams, so while the program is there, the kernel has the other end split what a
 * sender hands over as one (UDP_SEGMENT). Without it, a packet socket gets ten datagrams as one
 * frame, and nothing in the frame says so. Nothing else on our own end has this effect, nor has
 * generic XDP. */
#ifndef MCR_ENGINE_XDP_PASS_H
#define MCR_ENGINE_XDP_PASS_H

#include <stdint.h>

/* mcr_xdp_pass_attach puts the program on an interface, in driver mode, and never replaces another
 * program. It is removed when the descriptor is closed, so at the latest when the process ends.
 * Returns the descriptor, or -errno: -EPERM (it needs CAP_NET_ADMIN and CAP_BPF), -EBUSY or -EEXIST
 * (the interface has a program), -EOPNOTSUPP (the driver takes none), -ERANGE (the MTU is too large
 * for XDP), -ENODEV, -EINVAL (a kernel before 5.9). May wait for the kernel. */
int mcr_xdp_pass_attach(uint32_t interface);

#endif
