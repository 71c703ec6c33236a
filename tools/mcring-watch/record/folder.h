/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of one recording in its directory, which others may use too, and whose other contents
 * are nothing of ours: only regular files of this user with names that a recorder of this name
 * gives are ever counted, finished or removed, and no link is followed. A file is hidden and ends
 * in ".part" until it is whole. Thread: the writer's, but for open and close. */
#ifndef MCR_WATCH_FOLDER_H
#define MCR_WATCH_FOLDER_H

#include <stdint.h>
#include <sys/types.h>

#include <mcring/types.h>

#include "recorder.h"

#define FOLDER_STEM_MAX (MCR_NAME_MAX + 64) /* "md-20261129T195211.123456789Z-gap" */
#define FOLDER_NAME_MAX (FOLDER_STEM_MAX + 24)

struct folder {
	const struct recorder_config *config; /* borrowed */
	int fd, lock_fd;                      /* lock_fd: keeps other recorders of this name away */
	uint64_t files, octets;               /* whole ones, since the last look */
};

/* A file that is being written. */
struct folder_file {
	int fd; /* -1 = none */
	char stem[FOLDER_STEM_MAX];
};

/* folder_open takes the directory. Errors: as of recorder_create. */
int folder_open(struct folder *f, const struct recorder_config *config, struct mcr_error *err);
void folder_close(struct folder *f);

/* folder_create makes a hidden file with the mode and group of the recording. ns, word: for its
 * name. */
int folder_create(struct folder *f, struct folder_file *file, uint64_t ns, const char *word);

/* folder_publish brings a file to the disk, gives it its name, which it writes, and closes it.
 * folder_drop removes it. Both leave file->fd at -1. */
int folder_publish(struct folder *f, struct folder_file *file, const char *suffix,
		   char name[FOLDER_NAME_MAX]);
void folder_drop(struct folder *f, struct folder_file *file);

/* folder_rotate removes the oldest files until there are at most config->files_max, and no more
 * than config->all_octets_max octets with `more` to come. Returns 0, -EDQUOT when it cannot be, or
 * what failed. */
int folder_rotate(struct folder *f, uint64_t more);

/* folder_has_room: whether the disk takes anything to speak of. */
int folder_has_room(const struct folder *f);

/* folder_leftover opens a file that was being written when its writer ended. Returns 1, 0 when
 * there is none, or -errno. */
int folder_leftover(struct folder *f, struct folder_file *file);

#endif
