/* SPDX-License-Identifier: BSD-3-Clause */
/* What a request on the control socket may hold before it is parsed: jansson takes 0.4 s of the
 * control thread for 1 MiB of small values. */
#ifndef MCR_ENGINE_CONTROL_LIMITS_H
#define MCR_ENGINE_CONTROL_LIMITS_H

#include <stddef.h>

#include <mcring/engine.h>

#define MCR_CONTROL_DEPTH_MAX  8 /* nested lists and objects; two are of use */
#define MCR_CONTROL_VALUES_MAX (MCR_MEMBERSHIPS_MAX + 64) /* a join text each, and some members */

/* mcr_control_limits_check counts in text (len octets), which need not be JSON. Returns 0,
 * or -E2BIG with the limit and the column in err. */
int mcr_control_limits_check(const char *text, size_t len, struct mcr_error *err);

#endif
