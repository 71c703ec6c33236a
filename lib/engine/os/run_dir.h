/* SPDX-License-Identifier: BSD-3-Clause */
/* The run directory: made, locked against a second engine, cleaned up. Everything in it is named by
 * way of a descriptor of it, and it is no other user's, so that nobody can put a link or another
 * directory in the place of what an engine that runs as root changes. Thread: control. */
#ifndef MCR_ENGINE_RUN_DIR_H
#define MCR_ENGINE_RUN_DIR_H

#include <mcring/types.h>

/* mcr_run_dir_open gives a descriptor for the *at calls. Errors: -EPERM (it belongs to another user
 * that is not root, or others may write it), -ELOOP (a symbolic link), -ENOENT, -ENOTDIR or what a
 * system call gave, with err filled. */
int mcr_run_dir_open(const char *path, struct mcr_error *err);

/* mcr_run_dir_take makes the directory (0755, with its parents) and locks it. What a dead engine
 * left in it is removed. Returns a descriptor, to be given to mcr_run_dir_leave, or -EBUSY (a live
 * engine has it: it holds the lock, or its sockets answer), as mcr_run_dir_open, -EACCES,
 * -ENAMETOOLONG or what a system call gave, with err filled. */
int mcr_run_dir_take(const char *path, struct mcr_error *err);

/* mcr_run_dir_leave removes the lock, if it is still the one that was taken, and the directory,
 * when it is empty. */
void mcr_run_dir_leave(const char *path, int lock_fd);

#endif
