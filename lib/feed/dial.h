/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection to an engine's attach socket. */
#ifndef MCR_FEED_DIAL_H
#define MCR_FEED_DIAL_H

#include <stdint.h>

#include <mcring/types.h>

/* mcr_feed_dial connects to the engine in run_dir. It waits at most wait_ns until the engine takes
 * the connection; 0 = not at all. Returns the socket, which is the caller's. Errors: -ENOENT (no
 * engine), -ECONNREFUSED, -EACCES, -ETIMEDOUT (its backlog is full), -EPROTO, or another error of a
 * system call. */
int mcr_feed_dial(const char *run_dir, uint64_t wait_ns, struct mcr_error *err);

#endif
