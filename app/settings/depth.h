/* SPDX-License-Identifier: BSD-3-Clause */
/* `depth` of a channel, the messages of a ring, which configurations had until rings were of octets
 * alone: what to write in its place. */
#ifndef MCR_APP_DEPTH_H
#define MCR_APP_DEPTH_H

#include <mcring/types.h>

/* mcr_depth_refuse reports that a channel has a `depth`, and names the `bytes` that hold as much.
 * channel: its name. depth, bytes: what stands there, whatever it is; NULL = nothing. between: a
 * key and its value, ": " or "=". Returns -EINVAL. */
int mcr_depth_refuse(const char *channel, const char *depth, const char *bytes, const char *between,
		     struct mcr_error *err);

#endif
