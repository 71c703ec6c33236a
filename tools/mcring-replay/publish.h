/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames are put into the rings when they are due. */
#ifndef MCR_REPLAY_PUBLISH_H
#define MCR_REPLAY_PUBLISH_H

#include <signal.h>

#include "capture.h"
#include "options.h"
#include "pace.h"
#include "serve.h"

struct replay {
	const struct replay_options *options;
	const volatile sig_atomic_t *stopped; /* by a signal */
	struct capture *capture;
	struct replay_served served;
	struct pace pace;
	uint64_t began_ns, ended_ns; /* CLOCK_MONOTONIC: the first frame was due, the last sent */
};

/* replay_publish waits for readers and the start as the options say, sends all frames, and serves
 * them for a while (--linger). Returns 0, or -errno with err filled: the captures cannot be read
 * any further. */
int replay_publish(struct replay *r, struct mcr_error *err);

#endif
