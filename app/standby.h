/* SPDX-License-Identifier: BSD-3-Clause */
/* A daemon that stands by: it has EAL, memory and rings, and waits for the end of the one that has
 * the run directory (docs/operating.md, "Restart"). Thread: control. */
#ifndef MCR_APP_STANDBY_H
#define MCR_APP_STANDBY_H

#include <stdint.h>

#include <mcring/types.h>

#include "log.h"
#include "service.h"

struct mcr_standby {
	int pidfd, pid; /* of the process that it stands by for; below 0 = none */
	int turn_fd;    /* the file whose lock says who takes the run directory next; -1 = none */
	int signal_fd;
	const char *run_dir;
	struct mcr_log *log;
	struct mcr_service *service;
	uint8_t is_told_to_end; /* while it waited */
};

/* mcr_standby_begin finds the process of the engine that answers in a run directory, or of the
 * daemon that is about to take it; where there is none, the daemon does not stand by. All arguments
 * but err are borrowed until mcr_standby_end, which is to be called in any case. signal_fd: of
 * SIGTERM, SIGINT and SIGHUP. Returns 0 or -errno with err. */
int mcr_standby_begin(struct mcr_standby *s, const char *run_dir, int signal_fd,
		      struct mcr_log *log, struct mcr_service *service, struct mcr_error *err);
void mcr_standby_end(struct mcr_standby *s);

static inline int mcr_standby_is_on(const struct mcr_standby *s)
{
	return s->pidfd >= 0;
}

/* mcr_standby_wait returns 0 when no engine has the run directory any more, -EINTR when the daemon
 * is told to end first, or -errno with err. */
int mcr_standby_wait(struct mcr_standby *s, struct mcr_error *err);

#endif
