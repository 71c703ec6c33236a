/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's interface under a port, if there is one: what the driver does not say about it, and
 * what is wrong with it. */
#ifndef MCR_ENGINE_PORT_NETDEV_H
#define MCR_ENGINE_PORT_NETDEV_H

#include "engine/port/port.h"

/* mcr_port_netdev_open looks at the interface for the first time. Where that can be done it keeps
 * senders on this host from handing over several datagrams as one (xdp_pass.h). Needs the
 * privileges of a start. device: NULL = unknown. Returns 0 or -errno with err filled. Thread:
 * control. */
int mcr_port_netdev_open(struct mcr_port *port, const struct rte_device *device,
			 struct mcr_error *err);
void mcr_port_netdev_close(struct mcr_port *port);

/* mcr_port_netdev_listen opens port->leave_fd, if the port and the interface are one host. Needs
 * the privileges of a start. Call it when the driver's own sockets have been found. Thread:
 * control. */
void mcr_port_netdev_listen(struct mcr_port *port);

/* mcr_port_netdev_look looks again: into port->found. Returns whether the interface lets frames
 * through: 1, 0, or -errno (it could not be seen). Thread: device. */
int mcr_port_netdev_look(struct mcr_port *port);

/* mcr_port_is_kernels: whether the driver receives by a socket on the kernel's interface, and that
 * is there. Then the kernel alone says whether the link is up: net_af_packet of DPDK 22.11 says
 * "up" for ever, and that of 24.11 asks by a name which may have changed. Thread: device. */
int mcr_port_is_kernels(const struct mcr_port *port);

/* mcr_port_has_kernel_joined: whether a program of the kernel's has joined the group on the
 * interface that the port sits on, which is one host with the port, or may have. As last seen.
 * Thread: control. */
int mcr_port_has_kernel_joined(const struct mcr_port *port, struct mcr_address group);

/* mcr_port_is_shared: whether the kernel, too, gets the multicast that the port receives, on the
 * interface that the port sits on. So with a packet socket. XDP and flow rules (net_af_xdp, mlx5)
 * take frames away from the kernel; a device under vfio has no interface there; at the other end of
 * net_tap and net_virtio_user the kernel is another host; and a bond has no interface of its own,
 * while its members' belong to none of ours. Thread: any. */
int mcr_port_is_shared(const struct mcr_port *port);

/* mcr_port_rx_frame_max: octets of the longest frame that the driver hands over whole, whether or
 * not there is an interface of the kernel's; 0 = unknown. A NIC takes what its MTU allows, which
 * fills several buffers if it scatters. What makes frames without a wire (net_ring, vhost) has no
 * limit that is known. Call it when the port has its buffers. Thread: control. */
uint32_t mcr_port_rx_frame_max(const struct mcr_port *port, const struct rte_eth_dev_info *info,
			       int is_scattering);

/* mcr_port_tx_mtu: the longest IP packet that may be sent now. Thread: control. */
uint16_t mcr_port_tx_mtu(const struct mcr_port *port);

/* mcr_port_netdev_warning writes what is wrong with the interface, one line for each `which` from 0
 * on; an empty line: nothing. Returns 0 past the last one, else 1. Thread: control. */
#define MCR_PORT_WARNING_MTU 0u
int mcr_port_netdev_warning(const struct mcr_port *port, unsigned which, char *line, size_t cap);

#endif
