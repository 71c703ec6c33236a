/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "socket/real.h"

/* The casts: libc declares its pointers restrict, and its addresses as a transparent union. */
#define CALL(result, name, parameters, arguments) \
	.name = (result(*) parameters)(void (*)(void))name,
struct mcr_real mcr_real = {MCR_CALLS(CALL).fcntl = fcntl, .ioctl = ioctl};
