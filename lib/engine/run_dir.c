/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "engine/run_dir.h"

static int make_parents(const char *path)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	strcpy(part, path);
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(part, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* The lock file may be removed by its holder between our open and our flock: then try anew. */
static int lock(const char *file)
{
	struct stat held, named;
	int fd;

	for (;;) {
		fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			int ret = errno == EWOULDBLOCK ? -EBUSY : -errno;

			close(fd);
			return ret;
		}
		if (fstat(fd, &held) == 0 && stat(file, &named) == 0 &&
		    held.st_ino == named.st_ino && held.st_dev == named.st_dev)
			return fd;
		close(fd);
	}
}

int mcr_run_dir_take(const char *path, struct mcr_error *err)
{
	char file[PATH_MAX];
	int ret, tries = 0;

	do { /* its holder may remove the directory between the two: it is ours to make then */
		ret = make_parents(path);
		if (ret < 0)
			return mcr_error_set(err, ret,
					     "cannot make the run directory %s: %s; start as "
					     "root, or choose another with --run-dir DIR",
					     path, strerror(-ret));
		if (snprintf(file, sizeof(file), "%s/control", path) >= (int)sizeof(file))
			return mcr_error_set(err, -ENAMETOOLONG, "the run directory %s: %s", path,
					     strerror(ENAMETOOLONG));
		snprintf(file, sizeof(file), "%s/lock", path);
		ret = lock(file);
	} while (ret == -ENOENT && ++tries < 100);
	if (ret == -EBUSY)
		return mcr_error_set(
		    err, ret,
		    "the run directory %s is taken by a live engine: stop it, or give "
		    "this one another --name or --run-dir",
		    path);
	if (ret < 0)
		return mcr_error_set(err, ret, "cannot lock %s: %s", file, strerror(-ret));
	/* We hold the lock, so whoever made these is dead. */
	snprintf(file, sizeof(file), "%s/attach", path);
	unlink(file);
	snprintf(file, sizeof(file), "%s/control", path);
	unlink(file);
	return ret;
}

void mcr_run_dir_leave(const char *path, int lock_fd)
{
	char file[PATH_MAX];

	snprintf(file, sizeof(file), "%s/lock", path);
	unlink(file);
	rmdir(path);
	close(lock_fd);
}
