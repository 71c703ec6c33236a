/* SPDX-License-Identifier: BSD-3-Clause */
/* libc's own calls, for those that the preload takes over. The library never calls these names
 * itself. real_libc.c and preload/real_next.c fill the table. */
#ifndef MCR_SOCKET_REAL_H
#define MCR_SOCKET_REAL_H

#include "socket/calls.h"

struct mcr_real {
#define MCR_REAL_MEMBER(result, name, parameters, arguments) result(*name) parameters;
	MCR_CALLS(MCR_REAL_MEMBER)
#undef MCR_REAL_MEMBER
	int (*fcntl)(int fd, int command, ...);
	int (*ioctl)(int fd, unsigned long request, ...);
};

extern struct mcr_real mcr_real;

#endif
