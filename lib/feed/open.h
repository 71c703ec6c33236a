/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed for a program that may not wait. */
#ifndef MCR_FEED_OPEN_H
#define MCR_FEED_OPEN_H

#include <mcring/feed.h>

#include "feed/ask.h"

/* mcr_feed_open_asked is mcr_feed_open with what the engine of opts->run_dir has answered (ask,
 * which the feed takes over when it attaches to that engine; the caller closes ask in any case). It
 * waits for nobody: the lines are attached by mcr_feed_poll, as their engines answer, and until
 * then are neither up nor down. Errors: those of mcr_feed_open that no engine has to be waited for.
 */
int mcr_feed_open_asked(struct mcr_feed **out, const struct mcr_feed_opts *opts,
			struct mcr_feed_ask *ask, struct mcr_error *err);

#endif
