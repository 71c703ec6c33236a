/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket `stats` of the sink, as an engine's: {"command":"stats"} is answered with all that the
 * sink knows (docs/sink.md). Thread: the sink's. */
#ifndef MCR_SINK_STATS_H
#define MCR_SINK_STATS_H

#include <mcring/types.h>

#include "../common/line_server.h"
#include "sink.h"

/* sink_stats_listen opens STATE_DIR/stats, with the mode and group of s->options; s->epoll_fd wakes
 * for it, with the descriptor as data. s has to live as long. Then call line_server_poll, also ten
 * times a second, and line_server_destroy at the end. Errors, with err filled: those of
 * line_server_create, of epoll_ctl, -ENAMETOOLONG. */
int sink_stats_listen(struct line_server **out, struct sink *s, const char *state_dir,
		      struct mcr_error *err);

/* What answers; ctx: the struct sink. */
extern const struct line_server_calls sink_stats_calls;

#endif
