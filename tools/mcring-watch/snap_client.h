/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-watch snap: asks a watch that runs for files of its recordings. */
#ifndef MCR_WATCH_SNAP_CLIENT_H
#define MCR_WATCH_SNAP_CLIENT_H

#include "options.h"

/* snap_client waits until the files are whole and prints their paths, one a line. Returns the
 * program's exit status. */
int snap_client(const struct watch_options *o);

#endif
