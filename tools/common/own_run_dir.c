/* SPDX-License-Identifier: BSD-3-Clause */
#include "own_run_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/run_dir.h"
#include "core/error.h"
#include "engine/os/run_dir.h"

#define ROOT "/run/mcring"

static int can_write(const char *dir)
{
	return access(dir, W_OK | X_OK) == 0;
}

/* A service manager may have made the directory for this user. */
static int can_write_below_root(const char *name)
{
	char path[sizeof(ROOT) + MCR_NAME_MAX + 1];

	snprintf(path, sizeof(path), ROOT "/%.*s", MCR_NAME_MAX - 1, name ? name : "mcring");
	return can_write(path) || can_write(ROOT) || (access(ROOT, F_OK) < 0 && can_write("/run"));
}

/* Makes the user's own folder of run directories. Somebody else may have made it before. */
static int make_own(const char *path, struct mcr_error *err)
{
	int fd;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return mcr_error_set(err, -errno, "cannot make %s: %s", path, strerror(errno));
	fd = mcr_run_dir_open(path, err);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int own(char *out, size_t cap, const char *name, struct mcr_error *err)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	char folder[4096];
	int ret;

	if (runtime && runtime[0] == '/' && can_write(runtime))
		snprintf(folder, sizeof(folder), "%s/mcring", runtime);
	else
		snprintf(folder, sizeof(folder), "/tmp/mcring-%u", geteuid());
	ret = make_own(folder, err);
	if (ret == 0 && (size_t)snprintf(out, cap, "%s/%s", folder, name) >= cap)
		ret = mcr_error_set(err, -ENAMETOOLONG, "%s: the path is too long", folder);
	return ret;
}

int own_run_dir_is_given(const char *run_dir, const char *name)
{
	const char *variable = secure_getenv(MCR_RUN_DIR_VARIABLE);

	return run_dir || name || (variable && variable[0] != '\0');
}

int own_run_dir(char *out, size_t cap, const char *run_dir, const char *name, struct mcr_error *err)
{
	const char *origin;

	if (!run_dir && (name || !own_run_dir_is_given(run_dir, name)) &&
	    !can_write_below_root(name))
		return own(out, cap, name ? name : "mcring", err);
	if (mcr_run_dir(out, cap, run_dir, name, &origin) >= cap)
		return mcr_error_set(err, -ENAMETOOLONG, "the run directory%s: too long a path",
				     origin);
	return 0;
}
