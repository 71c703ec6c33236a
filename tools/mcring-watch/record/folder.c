/* SPDX-License-Identifier: BSD-3-Clause */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/error.h"

#include "utc.h"

#define WHOLE_END ".pcapng"
#define PART_END  ".part"
#define SAME_MAX  100u /* files of one time and cause */
#define ROOM_MIN  ((uint64_t)1 << 20)

/* ---- names ---- */

/* Of a file of this recording: "md-20261129T195211.123456789Z-gap.pcapng", and behind a dot, with
 * ".part" in the place of the end, while it is being written. */
static int is_named(const struct folder *f, const char *name, int is_part)
{
	const size_t len = strlen(f->config->name);
	const char *end = is_part ? PART_END : WHOLE_END, *word;

	if (is_part && *name++ != '.')
		return 0;
	if (strncmp(name, f->config->name, len) != 0 || name[len] != '-' ||
	    !utc_is_name(name + len + 1))
		return 0;
	word = name + len + UTC_NAME;
	if (*word++ != '-')
		return 0;
	word += strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return strcmp(word, end) == 0;
}

/* A regular file of this user, under no other name. Returns 1, and what it is like. */
static int is_ours(const struct folder *f, const char *name, struct stat *st)
{
	return fstatat(f->fd, name, st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st->st_mode) &&
	       st->st_uid == geteuid() && st->st_nlink == 1;
}

static void part_name(char out[FOLDER_NAME_MAX], const struct folder_file *file)
{
	snprintf(out, FOLDER_NAME_MAX, ".%s" PART_END, file->stem);
}

/* ---- the directory ---- */

static DIR *list(const struct folder *f)
{
	const int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* Counts the files, and finds the oldest one ("" = there is none). */
static int look(struct folder *f, char oldest[FOLDER_NAME_MAX])
{
	DIR *dir = list(f);
	struct dirent *entry;
	struct stat st;

	if (!dir)
		return -errno;
	f->files = f->octets = 0;
	oldest[0] = '\0';
	while ((entry = readdir(dir))) {
		if (strlen(entry->d_name) >= FOLDER_NAME_MAX || !is_named(f, entry->d_name, 0) ||
		    !is_ours(f, entry->d_name, &st))
			continue;
		f->files++;
		f->octets += (uint64_t)st.st_size;
		if (oldest[0] == '\0' || strcmp(entry->d_name, oldest) < 0)
			strcpy(oldest, entry->d_name);
	}
	closedir(dir);
	return 0;
}

static int is_over(const struct folder *f, uint64_t more)
{
	const struct recorder_config *c = f->config;

	return (c->files_max > 0 && f->files > c->files_max) ||
	       (c->all_octets_max > 0 && f->octets + more > c->all_octets_max);
}

int folder_rotate(struct folder *f, uint64_t more)
{
	char oldest[FOLDER_NAME_MAX];
	int ret;

	if (!is_over(f, more))
		return 0;
	while ((ret = look(f, oldest)) == 0 && is_over(f, more)) {
		if (oldest[0] == '\0')
			return -EDQUOT;
		if (unlinkat(f->fd, oldest, 0) < 0)
			return -errno;
	}
	return ret;
}

int folder_has_room(const struct folder *f)
{
	struct statvfs st;

	return fstatvfs(f->fd, &st) < 0 || (uint64_t)st.f_bavail * st.f_frsize >= ROOM_MIN;
}

/* The one who holds a lock may remove its file between our open and our flock: then we try again.
 */
static int lock(struct folder *f)
{
	char name[FOLDER_NAME_MAX];
	struct stat there, ours;

	snprintf(name, sizeof(name), ".%s.lock", f->config->name);
	for (;;) {
		f->lock_fd = openat(f->fd, name,
				    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
		if (f->lock_fd < 0)
			return -errno;
		if (flock(f->lock_fd, LOCK_EX | LOCK_NB) < 0)
			return errno == EWOULDBLOCK ? -EBUSY : -errno;
		if (fstat(f->lock_fd, &ours) == 0 &&
		    fstatat(f->fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
		    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
			return 0;
		close(f->lock_fd);
	}
}

static int open_text(const struct recorder_config *c, int ret, struct mcr_error *err)
{
	if (ret == -EBUSY)
		return mcr_error_set(err, ret,
				     "recording %s: another mcring-watch records it in %s", c->name,
				     c->dir);
	if (ret == -EPERM)
		return mcr_error_set(err, ret,
				     "recording %s: files in %s cannot be given to group %u: this "
				     "user is not in it",
				     c->name, c->dir, c->gid);
	return mcr_error_set(err, ret, "recording %s: cannot write to %s: %s", c->name, c->dir,
			     strerror(-ret));
}

int folder_open(struct folder *f, const struct recorder_config *config, struct mcr_error *err)
{
	char oldest[FOLDER_NAME_MAX];
	int ret;

	*f = (struct folder){.config = config, .lock_fd = -1};
	f->fd = open(config->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd < 0)
		return open_text(config, -errno, err);
	ret = lock(f);
	if (ret == 0 && config->gid != UINT32_MAX && fchown(f->lock_fd, (uid_t)-1, config->gid) < 0)
		ret = -errno;
	if (ret == 0)
		ret = look(f, oldest);
	if (ret == 0)
		return 0;
	if (ret == -EBUSY) {
		close(f->lock_fd); /* its file is the other one's */
		f->lock_fd = -1;
	}
	folder_close(f);
	return open_text(config, ret, err);
}

void folder_close(struct folder *f)
{
	char name[FOLDER_NAME_MAX];

	if (f->lock_fd >= 0) {
		snprintf(name, sizeof(name), ".%s.lock", f->config->name);
		unlinkat(f->fd, name, 0);
		close(f->lock_fd);
	}
	if (f->fd >= 0)
		close(f->fd);
	f->fd = f->lock_fd = -1;
}

/* ---- a file ---- */

static void write_stem(struct folder_file *file, const char *recording, uint64_t ns,
		       const char *word)
{
	char utc[UTC_NAME];
	char *at;
	int len = snprintf(file->stem, sizeof(file->stem), "%s-%s-", recording, utc_name(utc, ns));

	at = file->stem + len;
	snprintf(at, 24, "%s", word[0] ? word : "file");
	for (; *at; at++)
		if ((*at < 'a' || *at > 'z') && (*at < '0' || *at > '9'))
			*at = '-';
}

/* Nobody but this user may open it before its mode and group are right. */
int folder_create(struct folder *f, struct folder_file *file, uint64_t ns, const char *word)
{
	char name[FOLDER_NAME_MAX];
	int ret = 0;

	write_stem(file, f->config->name, ns, word);
	part_name(name, file);
	file->fd = openat(f->fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd < 0)
		return -errno;
	if (f->config->gid != UINT32_MAX &&
	    (fchown(file->fd, (uid_t)-1, f->config->gid) < 0 || fchmod(file->fd, 0640) < 0))
		ret = -errno;
	if (ret < 0)
		folder_drop(f, file);
	return ret;
}

/* Whether a name still means the file that we write: others may be able to change the directory. */
static int is_same(const struct folder *f, const char *name, int fd)
{
	struct stat there, ours;

	return is_ours(f, name, &there) && fstat(fd, &ours) == 0 && ours.st_dev == there.st_dev &&
	       ours.st_ino == there.st_ino;
}

static int rename_once(const struct folder *f, const char *from, const char *to)
{
	struct stat st;

	if (renameat2(f->fd, from, f->fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (fstatat(f->fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) /* a file system without it */
		return -EEXIST;
	return renameat(f->fd, from, f->fd, to) < 0 ? -errno : 0;
}

int folder_publish(struct folder *f, struct folder_file *file, const char *suffix,
		   char name[FOLDER_NAME_MAX])
{
	int sync = fdatasync(file->fd) < 0 ? -errno : 0, ret = -ESTALE;
	char part[FOLDER_NAME_MAX], number[16] = "";
	struct stat st;

	part_name(part, file);
	if (is_same(f, part, file->fd)) {
		ret = -EEXIST;
		for (unsigned i = 2; ret == -EEXIST && i < SAME_MAX; i++) {
			snprintf(name, FOLDER_NAME_MAX, "%s%s%s" WHOLE_END, file->stem, suffix,
				 number);
			ret = rename_once(f, part, name);
			snprintf(number, sizeof(number), "-%u", i);
		}
	}
	if (ret == 0 && fstat(file->fd, &st) == 0) {
		f->files++;
		f->octets += (uint64_t)st.st_size;
	}
	if (ret == 0 && fsync(f->fd) < 0)
		ret = -errno;
	close(file->fd);
	file->fd = -1;
	return ret < 0 ? ret : sync;
}

void folder_drop(struct folder *f, struct folder_file *file)
{
	char part[FOLDER_NAME_MAX];

	part_name(part, file);
	if (is_same(f, part, file->fd))
		unlinkat(f->fd, part, 0);
	close(file->fd);
	file->fd = -1;
}

int folder_leftover(struct folder *f, struct folder_file *file)
{
	DIR *dir = list(f);
	struct dirent *entry;
	struct stat st;
	size_t len;
	int ret = 0;

	if (!dir)
		return -errno;
	while (ret == 0 && (entry = readdir(dir))) {
		len = strlen(entry->d_name);
		if (len >= sizeof(file->stem) || !is_named(f, entry->d_name, 1) ||
		    !is_ours(f, entry->d_name, &st))
			continue;
		file->fd =
		    openat(f->fd, entry->d_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (file->fd < 0)
			continue;
		snprintf(file->stem, sizeof(file->stem), "%.*s", (int)(len - 1 - strlen(PART_END)),
			 entry->d_name + 1);
		ret = is_same(f, entry->d_name, file->fd);
		if (!ret)
			close(file->fd);
	}
	closedir(dir);
	return ret;
}
