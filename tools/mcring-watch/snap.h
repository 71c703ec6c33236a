/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket `snap` of the watch: an operator asks for files of recordings, and gets their paths
 * when they are whole:
 *     {"ok":true,"schema":1,"files":[{"recording":"itch","file":"/x/itch-...pcapng"}]}
 *     {"ok":false,"schema":1,"error":"...","files":[...]}     the files that there are all the same
 */
#ifndef MCR_WATCH_SNAP_H
#define MCR_WATCH_SNAP_H

#include "../common/line_server.h"
#include "watch.h"

/* ctx: the struct watch. */
extern const struct line_server_calls watch_snap_calls;

#endif
