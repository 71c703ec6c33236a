/* SPDX-License-Identifier: BSD-3-Clause */
/* What all public headers share. */
#ifndef MCRING_TYPES_H
#define MCRING_TYPES_H

#include <stdint.h>

#if defined(__GNUC__)
#define MCR_API __attribute__((visibility("default")))
#else
#define MCR_API
#endif

#define MCR_NAME_MAX  32 /* octets of an interface's, channel's or engine's name, with the NUL */
#define MCR_LABEL_MAX 32 /* octets of a consumer's label, with the NUL */

/* Why a call failed, for a person: one line that says what failed, where, and what to do. A
 * function fills it only when it fails, and accepts NULL in its place. */
struct mcr_error {
	char text[512];
};

#endif
