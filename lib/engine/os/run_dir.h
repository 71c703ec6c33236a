/* SPDX-License-Identifier: BSD-3-Clause */
/* The run directory: made, locked against a second engine, cleaned up. No other user may own or
 * write it, and its files are named through a descriptor of it. So nobody can put a link or another
 * directory in the place of what an engine changes as root. Thread: control. */
#ifndef MCR_ENGINE_RUN_DIR_H
#define MCR_ENGINE_RUN_DIR_H

#include <stddef.h>

#include <mcring/types.h>

/* mcr_run_dir_open returns a descriptor for the *at calls. Errors: -EPERM (it belongs to another
 * user that is not root, or others may write it), -ELOOP (a symbolic link), -ENOENT, -ENOTDIR or
 * what a system call gave, with err filled. */
int mcr_run_dir_open(const char *path, struct mcr_error *err);

/* mcr_run_dir_take makes the directory (0755, with its parents), locks it, and removes what a dead
 * engine left in it. Returns a descriptor for mcr_run_dir_leave or, with err filled, -EBUSY (a live
 * engine has it: it holds the lock, or its sockets answer), -EACCES, -ENAMETOOLONG, what
 * mcr_run_dir_open returns or what a system call gave. */
int mcr_run_dir_take(const char *path, struct mcr_error *err);

/* mcr_run_dir_write puts a file of mode 0644 and this text in the place of the one of that name:
 * readers find the old text or the new one, whole. The caller has taken the directory. Returns 0
 * or, with err filled and the old file as it was, what mcr_run_dir_open returns or what a system
 * call gave. May wait for a disk. Thread: any. */
int mcr_run_dir_write(const char *path, const char *name, const char *text, size_t len,
		      struct mcr_error *err);

/* mcr_run_dir_leave removes the lock, if it is still the one that was taken, and the directory, if
 * it is empty: what mcr_run_dir_write wrote stays. */
void mcr_run_dir_leave(const char *path, int lock_fd);

#endif
