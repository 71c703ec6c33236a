/* SPDX-License-Identifier: BSD-3-Clause */
/* What is served, and where: options, the configuration file and the captures make an engine. */
#ifndef MCR_REPLAY_SERVE_H
#define MCR_REPLAY_SERVE_H

#include "capture.h"
#include "engine/portless/portless.h"
#include "options.h"

struct replay_served {
	struct mcr_portless *portless;
	char run_dir[4096];
	/* By the capture's interfaces. */
	unsigned ports[CAPTURE_INTERFACES_MAX];
	unsigned n_ports; /* that are known: those that were when the captures were opened */
};

/* replay_serve starts the engine: consumers may attach. The caller owns out->portless. Returns 0,
 * or -errno with err filled. */
int replay_serve(struct replay_served *out, const struct replay_options *options,
		 const struct capture *capture, struct mcr_error *err);

/* replay_port: the port by which frames of one of the capture's interfaces come. One that a file
 * names behind its first frame is taken for the first of that file. */
unsigned replay_port(struct replay_served *served, const struct capture *capture,
		     unsigned interface);

#endif
