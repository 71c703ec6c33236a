/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the sockets of a running engine are. */
#ifndef MCR_TOOLS_ENGINE_PATH_H
#define MCR_TOOLS_ENGINE_PATH_H

#include <sys/un.h>

#define ENGINE_PATH_MAX sizeof(((struct sockaddr_un *)0)->sun_path)

/* engine_path writes the path of a socket in the run directory that mcr_consumer_open finds with
 * the same run_dir and name. *origin: what an error says behind the path, static. Returns 0, or -1
 * when the path is too long. */
int engine_path(char path[ENGINE_PATH_MAX], const char *run_dir, const char *name,
		const char *socket, const char **origin);

#endif
