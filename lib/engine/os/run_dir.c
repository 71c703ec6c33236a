/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/error.h"
#include "engine/os/run_dir.h"

/* What an engine, or mcring-watch, makes in the directory beside its lock. */
static const struct {
	const char *name;
	int type;
} sockets[] = {{"attach", SOCK_SEQPACKET},
	       {"control", SOCK_STREAM},
	       {"stats", SOCK_STREAM},
	       {"snap", SOCK_STREAM}};

/* ---- the directory ---- */

static int make_parents(const char *path)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	strcpy(part, path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(part, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static int check_owner(const struct stat *st, const char *path, struct mcr_error *err)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return mcr_error_set(
		    err, -EPERM,
		    "the run directory %s belongs to user %u, who could put "
		    "another file in a socket's place: remove it, or choose another "
		    "with --run-dir DIR",
		    path, st->st_uid);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return mcr_error_set(
		    err, -EPERM,
		    "the run directory %s can be written by others (mode 0%o), who "
		    "could put another file in a socket's place: chmod go-w it, or "
		    "choose another with --run-dir DIR",
		    path, st->st_mode & 07777);
	return 0;
}

int mcr_run_dir_open(const char *path, struct mcr_error *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int ret = fd < 0 ? -errno : 0;
	struct stat st;

	if (ret == -ENOTDIR && lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		return mcr_error_set(err, -ELOOP,
				     "the run directory %s is a symbolic link: name the directory "
				     "itself with --run-dir DIR",
				     path);
	if (ret == 0 && fstat(fd, &st) < 0)
		ret = -errno;
	if (ret == 0)
		ret = check_owner(&st, path, err);
	else
		mcr_error_set(err, ret,
			      "the run directory %s: %s: choose another with --run-dir DIR", path,
			      strerror(-ret));
	if (ret == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return ret;
}

/* ---- the lock ---- */

static int is_lock(int dir_fd, int lock_fd)
{
	struct stat held, named;

	return fstat(lock_fd, &held) == 0 &&
	       fstatat(dir_fd, "lock", &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/* Its holder may remove the lock file between our open and our flock: then we try again. */
static int lock(int dir_fd)
{
	for (int tries = 0; tries < 100; tries++) {
		int fd = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			int ret = errno == EWOULDBLOCK ? -EBUSY : -errno;

			close(fd);
			return ret;
		}
		if (is_lock(dir_fd, fd))
			return fd;
		close(fd);
	}
	return -EAGAIN;
}

/* ---- what another engine left ---- */

/* Returns 1 when somebody listens there, 0 when nobody does, or -errno when we cannot find out. */
static int answers(int dir_fd, const char *name, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, ret;

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir_fd, name);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	ret = connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	close(fd);
	if (ret == 0 || ret == -EAGAIN)
		return 1;
	return ret == -ECONNREFUSED || ret == -ENOENT ? 0 : ret;
}

/* The lock makes its holder the only engine, unless somebody removed the lock file of a live one.
 * So the sockets are asked, too, before they are taken for a dead engine's. */
static int clear(int dir_fd, const char *path, struct mcr_error *err)
{
	struct stat st;

	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		const char *name = sockets[i].name;
		int ret = 0;

		if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode))
			ret = answers(dir_fd, name, sockets[i].type);
		if (ret > 0)
			return mcr_error_set(
			    err, -EBUSY,
			    "the run directory %s is taken by a live engine, which answers at its "
			    "socket `%s` though its lock is gone: stop it, or give this one "
			    "another --name or --run-dir",
			    path, name);
		if (ret < 0)
			return mcr_error_set(
			    err, ret, "%s/%s: cannot find out whether an engine runs there: %s",
			    path, name, strerror(-ret));
	}
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		unlinkat(dir_fd, sockets[i].name, 0);
	return 0;
}

static int take(int dir_fd, const char *path, struct mcr_error *err)
{
	int fd = lock(dir_fd), ret;

	if (fd == -EBUSY)
		return mcr_error_set(
		    err, fd,
		    "the run directory %s is taken by a live engine: stop it, or give "
		    "this one another --name or --run-dir",
		    path);
	if (fd < 0)
		return mcr_error_set(err, fd,
				     "cannot lock %s/lock: %s: start mcring as the user whose "
				     "directory it is, or choose another with --run-dir DIR",
				     path, strerror(-fd));
	ret = clear(dir_fd, path, err);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

int mcr_run_dir_take(const char *path, struct mcr_error *err)
{
	int ret, tries = 0;

	do { /* an engine that ends may remove the directory meanwhile: then we make it again */
		int dir_fd;

		ret = make_parents(path);
		if (ret < 0)
			return mcr_error_set(err, ret,
					     "cannot make the run directory %s: %s; start as "
					     "root, or choose another with --run-dir DIR",
					     path, strerror(-ret));
		ret = dir_fd = mcr_run_dir_open(path, err);
		if (dir_fd >= 0) {
			ret = take(dir_fd, path, err);
			close(dir_fd);
		}
	} while (ret == -ENOENT && ++tries < 100);
	return ret;
}

/* ---- files ---- */

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Makes the file under another name first. One that a dead engine left is removed, and O_EXCL
 * follows no link. */
static int replace_file(int dir_fd, const char *name, const char *text, size_t len)
{
	char made[NAME_MAX + 1];
	int fd, ret;

	snprintf(made, sizeof(made), "%s.new", name);
	if (unlinkat(dir_fd, made, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir_fd, made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, text, len);
	if (ret == 0 && fchmod(fd, 0644) < 0) /* the umask has no say */
		ret = -errno;
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	if (ret == 0 && renameat(dir_fd, made, dir_fd, name) < 0)
		ret = -errno;
	if (ret < 0)
		unlinkat(dir_fd, made, 0);
	return ret;
}

int mcr_run_dir_write(const char *path, const char *name, const char *text, size_t len,
		      struct mcr_error *err)
{
	int dir_fd = mcr_run_dir_open(path, err), ret;

	if (dir_fd < 0)
		return dir_fd;
	ret = replace_file(dir_fd, name, text, len);
	close(dir_fd);
	if (ret < 0)
		mcr_error_set(err, ret, "cannot write %s/%s: %s", path, name, strerror(-ret));
	return ret;
}

void mcr_run_dir_leave(const char *path, int lock_fd)
{
	int dir_fd = mcr_run_dir_open(path, NULL);

	if (dir_fd >= 0 &&
	    is_lock(dir_fd, lock_fd)) { /* another engine's if somebody removed ours */
		unlinkat(dir_fd, "lock", 0);
		rmdir(path);
	}
	if (dir_fd >= 0)
		close(dir_fd);
	close(lock_fd);
}
