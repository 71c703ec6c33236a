/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces that live beside the kernel (kernel=). Thread: control. */
#ifndef MCR_ENGINE_KERNEL_ROUND_H
#define MCR_ENGINE_KERNEL_ROUND_H

#include <stdint.h>

struct mcr_engine;

/* mcr_engine_kernel_round moves frames between the port and the kernel, a limited number. */
void mcr_engine_kernel_round(struct mcr_engine *e, uint64_t now_ns);

/* mcr_engine_hear_kernel reads what the kernel has sent of IGMP and MLD past a port: fd is the
 * leave_fd of one of them, or another descriptor. */
void mcr_engine_hear_kernel(struct mcr_engine *e, int fd, uint64_t now_ns);

/* mcr_engine_watch_kernel has the device thread show the kernel's devices the state of their ports
 * and ask which multicast they want; when it has, what changed is published. */
void mcr_engine_watch_kernel(struct mcr_engine *e);

#endif
