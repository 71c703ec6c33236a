/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket `stats` of the watch. */
#ifndef MCR_WATCH_STATS_H
#define MCR_WATCH_STATS_H

#include "../common/line_server.h"
#include "watch.h"

/* ctx: the struct watch. */
extern const struct line_server_calls watch_stats_calls;

#endif
