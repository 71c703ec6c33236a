/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon: an engine and its signals. */
#ifndef MCR_APP_DAEMON_H
#define MCR_APP_DAEMON_H

#include "settings/settings.h"

#define MCR_EXIT_PORT_LOST 3 /* exit status: ended in order, but lost a port */

/* mcr_daemon_run starts EAL and the engine and serves until SIGTERM or SIGINT, or until no port is
 * left. is_standby: it waits for the end of the daemon that has the run directory, if one does,
 * with all ready but the ports. running: assembled settings, consumed. A reload starts from
 * command_line and config_path (NULL = none). Prints everything but the error to stderr. Returns 0,
 * MCR_EXIT_PORT_LOST, or -errno with err. */
int mcr_daemon_run(struct mcr_settings *running, const struct mcr_settings *command_line,
		   const char *config_path, int is_standby, struct mcr_error *err);

#endif
