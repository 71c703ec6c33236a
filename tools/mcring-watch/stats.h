/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket `stats` of the watch. */
#ifndef MCR_WATCH_STATS_H
#define MCR_WATCH_STATS_H

#include "serve.h"
#include "watch.h"

/* ctx: the struct watch. */
extern const struct watch_server_calls watch_stats_calls;

#endif
