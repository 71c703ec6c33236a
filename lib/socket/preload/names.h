/* SPDX-License-Identifier: BSD-3-Clause */
/* How a function gets one of libc's names. Here it has a C name of its own, since libc's headers
 * declare some of them in ways that cannot be repeated. */
#ifndef MCR_SOCKET_PRELOAD_NAMES_H
#define MCR_SOCKET_PRELOAD_NAMES_H

#include "socket/calls.h"

#define MCR_NAME(result, name, parameters) \
	__attribute__((visibility("default"))) result mcr_name_##name parameters __asm__(#name);

/* Another name of it, in the same file. */
#define MCR_NAME_TOO(other, name)                                         \
	extern __typeof(mcr_name_##name) mcr_name_##other __asm__(#other) \
	    __attribute__((alias(#name), visibility("default")));

/* On machines of 32 bits libc has a second name for each call that passes a time, for programs that
 * are compiled for times of 64 bits. */
#if defined(__TIMESIZE) && __TIMESIZE == 32 && !defined(__USE_TIME_BITS64)
#define MCR_NAMES_TIME64 1
#endif

/* What fortified calls end with. */
_Noreturn void mcr_libc_fail(void) __asm__("__chk_fail");

#endif
