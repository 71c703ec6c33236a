/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of --set-file: KEY=VALUE a line; empty lines and those that begin with # mean nothing.
 */
#ifndef MCR_SINK_SETS_H
#define MCR_SINK_SETS_H

#include <mcring/types.h>

/* sets_read appends the lines of a file to the *n texts at sets, of which there may be max; they
 * are allocated for good. An error never shows a line, which may be a secret. Returns 0 or -errno
 * with err filled. */
int sets_read(const char *path, const char **sets, unsigned *n, unsigned max,
	      struct mcr_error *err);

#endif
