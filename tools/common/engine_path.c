/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_path.h"

#include <string.h>

#include "client/run_dir.h"

int engine_path(char path[ENGINE_PATH_MAX], const char *run_dir, const char *name,
		const char *socket, const char **origin)
{
	const size_t len = mcr_run_dir(path, ENGINE_PATH_MAX, run_dir, name, origin);

	if (len + 1 + strlen(socket) + 1 > ENGINE_PATH_MAX)
		return -1;
	path[len] = '/';
	strcpy(path + len + 1, socket);
	return 0;
}
