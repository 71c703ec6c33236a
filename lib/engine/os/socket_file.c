/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode and group are set through a descriptor of the file that bind made: by name they would go to
 * whatever stands there by then, say a link to another of root's files. mcr_run_dir_open has seen
 * that nobody else can write the directory; this is the second fence. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "engine/os/run_dir.h"
#include "engine/os/socket_file.h"

static const char *name_in(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int open_dir_of(const char *path, struct mcr_error *err)
{
	char dir[sizeof(((struct mcr_socket_file *)NULL)->path) + 2];
	size_t len = (size_t)(name_in(path) - path);

	snprintf(dir, sizeof(dir), "%.*s", (int)len, path);
	if (len == 0)
		strcpy(dir, ".");
	else if (len > 1)
		dir[len - 1] = '\0';
	return mcr_run_dir_open(dir, err);
}

/* Finds the file that bind made. Returns a descriptor of it (O_PATH) or -errno. */
static int find(struct mcr_socket_file *out, int dir_fd, const char *path)
{
	int file = openat(dir_fd, name_in(path), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (file < 0)
		return -errno;
	if (fstat(file, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_nlink != 1) {
		close(file);
		return -ESTALE; /* somebody put something else there */
	}
	strcpy(out->path, path);
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	return file;
}

static int give(int file, uint32_t mode, uint32_t gid)
{
	char link[32];

	if (gid != UINT32_MAX && fchownat(file, "", (uid_t)-1, gid, AT_EMPTY_PATH) < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	return chmod(link, (mode_t)mode) < 0 ? -errno : 0;
}

static int fail(int code, const char *what, const char *path, uint32_t gid, struct mcr_error *err)
{
	if (code == -EADDRINUSE)
		return mcr_error_set(err, code,
				     "%s %s exists: an engine runs there, or a dead one left it "
				     "behind",
				     what, path);
	if (code == -EPERM && gid != UINT32_MAX)
		return mcr_error_set(
		    err, code,
		    "%s %s: cannot give it to group %u: %s; start as root, or as a "
		    "member of that group",
		    what, path, gid, strerror(-code));
	return mcr_error_set(err, code, "%s %s: %s", what, path, strerror(-code));
}

int mcr_socket_file_bind(struct mcr_socket_file *out, int fd, const char *path, uint32_t mode,
			 uint32_t gid, const char *what, struct mcr_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int dir_fd, file, ret;

	memset(out, 0, sizeof(*out));
	if (strlen(path) >= sizeof(address.sun_path))
		return mcr_error_set(err, -ENAMETOOLONG,
				     "%s %s: the path is longer than %zu characters: use a shorter "
				     "run directory",
				     what, path, sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	dir_fd = open_dir_of(path, err);
	if (dir_fd < 0)
		return dir_fd;
	/* bind makes the file with these bits, less the umask, so it is never open to more. */
	ret = fchmod(fd, (mode_t)mode) < 0 ||
		      bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0
		  ? -errno
		  : 0;
	if (ret == 0) {
		file = find(out, dir_fd, path);
		ret = file < 0 ? file : give(file, mode, gid);
		if (file >= 0)
			close(file);
	}
	close(dir_fd);
	return ret < 0 ? fail(ret, what, path, gid, err) : 0;
}

void mcr_socket_file_touch(const struct mcr_socket_file *file)
{
	utimensat(AT_FDCWD, file->path, NULL, AT_SYMLINK_NOFOLLOW); /* IN_ATTRIB (inotify(7)) */
}

void mcr_socket_file_remove(struct mcr_socket_file *file)
{
	int dir_fd = file->path[0] != '\0' ? open_dir_of(file->path, NULL) : -1;
	const char *name = name_in(file->path);
	struct stat st;

	if (dir_fd >= 0 && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == file->dev && st.st_ino == file->ino)
		unlinkat(dir_fd, name, 0);
	if (dir_fd >= 0)
		close(dir_fd);
	file->path[0] = '\0';
}
